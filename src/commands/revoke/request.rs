//! What is asked for, and whether a plan or an operation that was given still fits.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::super::stop::Stop;
use super::super::{leaked_file, operation};
use crate::adapters::files;
use crate::adapters::journal::StateFolder;
use crate::cli::RevokeArgs;
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::input::LeakedFacts;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::plan::{Flags, Plan, PlannedTarget};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::history::{self, Past};
use crate::gather::leaked::Leaked;
use crate::gather::revocation::{Gathered, Wanted};
use crate::output::views::{RevocationPlan, TargetView};
use crate::world::World;

/// What is asked for: on the command line, by a plan, or by an operation that was cut off.
pub(super) struct Request {
    pub(super) flags: Flags,
    pub(super) uids: Vec<Uid>,
    /// Whom a plan or an operation is about in which cluster, and the context that led there.
    planned: BTreeMap<ClusterId, (Vec<Uid>, Option<String>)>,
    /// The hash of the plan that was given.
    hash: Option<String>,
    /// The operation to go on with.
    pub(super) resumed: Option<Past>,
    /// What that operation knew of its identities.
    pub(super) remembered: Vec<PlannedTarget>,
}

impl Request {
    /// What is asked for. An operation whose record can't be trusted is refused.
    pub(super) fn of(args: &RevokeArgs, world: &World) -> Result<Self, Stop> {
        if let Some(path) = &args.plan {
            return Ok(Self::of_agreed(read_plan(&world.cwd.join(path))?, args)?);
        }
        if let Some(id) = &args.resume {
            return Self::of_operation(id, args, world);
        }
        if let Some(name) = args.also_name.iter().find(|name| args.accept_name.contains(name)) {
            let message = format!("{name} is either the identity's, --also-name, or another's, --accept-name");
            return Err(Error::usage(message).into());
        }
        Ok(Self {
            flags: flags(args),
            uids: distinct(args.uids.iter().cloned()),
            planned: BTreeMap::new(),
            hash: None,
            resumed: None,
            remembered: Vec::new(),
        })
    }

    fn of_operation(id: &OperationId, args: &RevokeArgs, world: &World) -> Result<Self, Stop> {
        let folder = StateFolder::of(world).map_err(Error::failed)?;
        let past = match history::load(&folder, id) {
            Ok(past) => past,
            Err(error) if error.is_missing() => return Err(operation::unknown(error).into()),
            Err(error) => {
                let hint = "revoke what is left by a new operation: kubectl ackcred revoke UID";
                return Err(error.refusal(id).hint(hint).into());
            }
        };
        if past.record.rotation().is_some() {
            let error = Error::usage(format!("{id} is a rotation of your own kubeconfig"));
            return Err(error.hint(format!("resume it: kubectl ackcred rotate --resume {id}")).into());
        }
        let Some(plan) = past.record.revocation().cloned() else {
            return Err(Error::usage(format!("{id} is a restore; run the restore again instead")).into());
        };
        let resumed = Self { resumed: Some(past), hash: None, ..Self::of_agreed(Agreed::of(&plan), args)? };
        // The flags that a refusal advises are of use here, too: the plan that consent is asked for has them.
        let flags = resumed.flags.clone().and(flags(args));
        Ok(Self { flags, remembered: plan.targets, ..resumed })
    }

    /// The credential in the file of `-f`, which must be the one that a resumed operation is about.
    pub(super) fn leaked(&self, args: &RevokeArgs, world: &World) -> Result<Option<Leaked>, Stop> {
        let leaked = leaked_file::read_or_refuse(args.file.as_deref(), args.leaked_context.as_deref(), world)?;
        if let Some(leaked) = &leaked {
            self.is_about(leaked)?;
        }
        Ok(leaked)
    }

    /// What the operation that is gone on with knew of the credential that leaked; its file may not be given again.
    pub(super) fn leaked_before(&self) -> Option<&LeakedFacts> {
        self.plan_before()?.leaked.as_ref()
    }

    /// The plan of the operation that is gone on with.
    pub(super) fn plan_before(&self) -> Option<&Plan> {
        self.resumed.as_ref()?.record.revocation()
    }

    fn is_about(&self, leaked: &Leaked) -> Result<()> {
        let Some(past) = &self.resumed else { return Ok(()) };
        match self.leaked_before() {
            Some(known) if known.certificate_sha256 == leaked.facts.certificate_sha256 => Ok(()),
            Some(known) => {
                let message = format!("operation {} is about another file: that of {}", past.id, known.common_name);
                Err(Error::usage(message))
            }
            None => Err(Error::usage(format!("operation {} is about no file: leave out -f", past.id))),
        }
    }

    fn of_agreed(agreed: Agreed, args: &RevokeArgs) -> Result<Self> {
        let Agreed { hash, flags, leaked, targets } = agreed;
        if args.resume.is_none() && leaked.is_some() != args.file.is_some() {
            return Err(Error::usage(match &leaked {
                Some(name) => format!("the plan is about the leaked certificate of {name}: give its file with -f"),
                None => "the plan is about no file: leave out -f".to_owned(),
            }));
        }
        let mut planned: BTreeMap<ClusterId, (Vec<Uid>, Option<String>)> = BTreeMap::new();
        for target in &targets {
            if let Some(id) = &target.cluster_id {
                let (uids, context) = planned.entry(id.clone()).or_default();
                uids.push(target.uid.clone());
                context.clone_from(&target.context);
            }
        }
        Ok(Self {
            uids: distinct(targets.into_iter().map(|target| target.uid)),
            planned,
            flags,
            hash: Some(hash),
            resumed: None,
            remembered: Vec::new(),
        })
    }

    /// The clusters that a plan or an operation is about, each with the context that led there.
    pub(super) fn clusters(&self) -> Vec<(&ClusterId, Option<&String>)> {
        self.planned.iter().map(|(id, (_, context))| (id, context.as_ref())).collect()
    }

    /// Who is to be revoked in a cluster.
    pub(super) fn wanted<'a>(&'a self, leaked: Option<&'a Leaked>, cluster: Option<&ClusterId>) -> Wanted<'a> {
        match leaked {
            Some(leaked) => Wanted::Leaked(leaked),
            None if self.flags.all_deleted && self.resumed.is_none() => {
                Wanted::Deleted { accept_inferred: self.flags.accept_inferred }
            }
            // Of one cluster a plan may know no ID, or the context may lead to another one: that is refused elsewhere.
            None if self.planned.len() > 1 => {
                let own = cluster.and_then(|id| self.planned.get(id));
                Wanted::Named(own.map(|(uids, _)| uids.as_slice()).unwrap_or_default())
            }
            None => Wanted::Named(&self.uids),
        }
    }

    /// Holds a plan made now against the one that was given, or against the operation that is gone on with.
    pub(super) fn hold_against(&self, plan: &mut Plan, clusters: &[Gathered]) {
        if let Some(hash) = self.hash.as_ref().filter(|hash| **hash != plan.hash) {
            let message = format!(
                "a plan made now is {}, not {}: something has changed since",
                plan.short_hash(),
                hash.chars().take(6).collect::<String>()
            );
            plan.refusals.push(
                Refusal::new(RefusalCode::PlanChanged, message)
                    .hint("make a new plan with --dry-run -o json, and look at it"),
            );
        }
        let Some(past) = &self.resumed else { return };
        let is_of_record = |gathered: &Gathered| {
            let now = &gathered.input.cluster;
            past.record.clusters.iter().any(|then| then.is_reached_by(&now.ca_keys, &now.server))
        };
        if !clusters.iter().all(is_of_record) {
            let message = format!("{} was started in another cluster than this context leads to", past.id);
            plan.refusals
                .push(Refusal::new(RefusalCode::OtherCluster, message).hint("name its context with --context"));
        }
    }
}

fn flags(args: &RevokeArgs) -> Flags {
    Flags {
        force: args.force,
        rbac_only: args.rbac_only,
        all_deleted: args.all_deleted,
        accept_inferred: args.accept_inferred,
        leave_no_admin: args.leave_no_admin,
        accept_group_grants: args.accept_group_grant.clone(),
        also_names: distinct(args.also_name.iter().cloned()),
        accept_names: distinct(args.accept_name.iter().cloned()),
        end_static_tokens: args.end_static_tokens,
    }
}

/// What of a plan decides what a new one must come to. Its steps are made anew, and its hash says whether they are the same.
struct Agreed {
    hash: String,
    flags: Flags,
    /// The name in the leaked certificate, where the plan is about one.
    leaked: Option<String>,
    targets: Vec<AgreedTarget>,
}

struct AgreedTarget {
    cluster_id: Option<ClusterId>,
    uid: Uid,
    context: Option<String>,
}

impl Agreed {
    fn of(plan: &Plan) -> Self {
        let target = |target: &PlannedTarget| AgreedTarget {
            cluster_id: target.cluster_id.clone(),
            uid: target.uid.clone(),
            context: target.context.clone(),
        };
        Self {
            hash: plan.hash.clone(),
            flags: plan.flags.clone(),
            leaked: plan.leaked.as_ref().map(|leaked| leaked.common_name.clone()),
            targets: plan.targets.iter().map(target).collect(),
        }
    }
}

impl TryFrom<RevocationPlan> for Agreed {
    type Error = anyhow::Error;

    fn try_from(plan: RevocationPlan) -> anyhow::Result<Self> {
        let cluster_id = |id: String| ClusterId::parse(&id).with_context(|| format!("{id:?} is no cluster ID"));
        let target = |target: TargetView| {
            Ok(AgreedTarget {
                cluster_id: target.cluster_id.map(cluster_id).transpose()?,
                uid: Uid::parse(&target.uid)
                    .filter(|uid| !uid.begins_with_zero())
                    .with_context(|| format!("{:?} is no UID", target.uid))?,
                context: target.context,
            })
        };
        Ok(Self {
            hash: plan.hash,
            flags: plan.flags.into(),
            leaked: plan.leaked.map(|leaked| leaked.common_name),
            targets: plan.targets.into_iter().map(target).collect::<anyhow::Result<_>>()?,
        })
    }
}

fn read_plan(path: &Path) -> Result<Agreed> {
    let read = || -> anyhow::Result<Agreed> {
        let document: serde_json::Value = serde_json::from_slice(&files::load_document(path)?)?;
        if document["apiVersion"] != "ackcred/v1" || document["kind"] != "RevocationPlan" {
            anyhow::bail!("it is no RevocationPlan of ackcred/v1");
        }
        serde_json::from_value::<RevocationPlan>(document)?.try_into()
    };
    read().map_err(|error| {
        Error::failed(error.context(format!("cannot use {}", path.display())))
            .hint("a plan is what revoke --dry-run -o json prints")
    })
}
