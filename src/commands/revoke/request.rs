//! What is asked for, and whether a plan or an operation that was given still fits.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::super::operation;
use super::super::stop::Stop;
use crate::adapters::files;
use crate::adapters::journal::StateFolder;
use crate::cli::RevokeArgs;
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::json_fault::JsonFault;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::plan::{Flags, Plan, PlannedTarget};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::history::{self, Past};
use crate::gather::leaked::Leaked;
use crate::gather::revocation::{Gathered, Wanted};
use crate::output::views::{LeakedView, RevocationPlan, TargetView};
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
    pub(super) fn of(args: &RevokeArgs, leaked: &[Leaked], world: &World) -> Result<Self, Stop> {
        if let Some(path) = &args.plan {
            let agreed = read_plan(&world.cwd.join(path))?;
            agreed.is_about(leaked)?;
            return Ok(Self::of_agreed(agreed));
        }
        if let Some(id) = &args.resume {
            let resumed = Self::of_operation(id, args, world)?;
            resumed.is_about(leaked)?;
            return Ok(resumed);
        }
        if let Some(name) = args.also_name.iter().find(|name| args.accept_name.contains(name)) {
            let message = format!("{name} is either the identity's, --also-name, or another's, --accept-name");
            return Err(Error::usage(message).into());
        }
        Ok(Self {
            flags: flags(args),
            uids: distinct(args.uids.iter().chain(leaked.iter().map(|one| &one.uid)).cloned()),
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
        let resumed = Self { resumed: Some(past), hash: None, ..Self::of_agreed(Agreed::of(&plan)) };
        // The flags that a refusal advises are of use here, too: the plan that consent is asked for has them.
        let flags = resumed.flags.clone().and(flags(args));
        Ok(Self { flags, remembered: plan.targets, ..resumed })
    }

    /// What the operation that is gone on with knew of the credentials that leaked; their files may not be given again.
    pub(super) fn leaked_before(&self) -> &[LeakedFacts] {
        self.plan_before().map(|plan| plan.leaked.as_slice()).unwrap_or_default()
    }

    /// The plan of the operation that is gone on with.
    pub(super) fn plan_before(&self) -> Option<&Plan> {
        self.resumed.as_ref()?.record.revocation()
    }

    /// Whatever is in the file of another, no identity is revoked that the operation is not about.
    fn is_about(&self, leaked: &[Leaked]) -> Result<()> {
        let (Some(past), known) = (&self.resumed, self.leaked_before()) else { return Ok(()) };
        let is_known =
            |one: &&Leaked| known.iter().any(|known| known.certificate_sha256 == one.facts.certificate_sha256);
        let Some(other) = leaked.iter().find(|one| !is_known(one)) else { return Ok(()) };
        let names: Vec<&str> = distinct(known.iter().map(|known| known.common_name.as_str()));
        Err(Error::usage(match names.as_slice() {
            [] => format!("operation {} is about no file: leave out -f", past.id),
            names => {
                let file = other.facts.label();
                format!("operation {} is about another file than {file}: that of {}", past.id, names.join(", "))
            }
        }))
    }

    fn of_agreed(agreed: Agreed) -> Self {
        let Agreed { hash, flags, leaked: _, targets } = agreed;
        let mut planned: BTreeMap<ClusterId, (Vec<Uid>, Option<String>)> = BTreeMap::new();
        for target in &targets {
            if let Some(id) = &target.cluster_id {
                let (uids, context) = planned.entry(id.clone()).or_default();
                uids.push(target.uid.clone());
                context.clone_from(&target.context);
            }
        }
        Self {
            uids: distinct(targets.into_iter().map(|target| target.uid)),
            planned,
            flags,
            hash: Some(hash),
            resumed: None,
            remembered: Vec::new(),
        }
    }

    /// The clusters that a plan or an operation is about, each with the context that led there.
    pub(super) fn clusters(&self) -> Vec<(&ClusterId, Option<&String>)> {
        self.planned.iter().map(|(id, (_, context))| (id, context.as_ref())).collect()
    }

    /// Who is to be revoked in a cluster.
    pub(super) fn wanted(&self, cluster: Option<&ClusterId>) -> Wanted<'_> {
        if self.flags.all_deleted && self.resumed.is_none() {
            return Wanted::Deleted { accept_inferred: self.flags.accept_inferred };
        }
        // Of one cluster a plan may know no ID, or the context may lead to another one: that is refused elsewhere.
        if self.planned.len() > 1 {
            let own = cluster.and_then(|id| self.planned.get(id));
            return Wanted::Named(own.map(|(uids, _)| uids.as_slice()).unwrap_or_default());
        }
        Wanted::Named(&self.uids)
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
    /// The leaked certificates that the plan is about.
    leaked: Vec<AgreedCertificate>,
    targets: Vec<AgreedTarget>,
}

struct AgreedCertificate {
    common_name: String,
    sha256: String,
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
        let certificate = |leaked: &LeakedFacts| AgreedCertificate {
            common_name: leaked.common_name.clone(),
            sha256: leaked.certificate_sha256.clone(),
        };
        Self {
            hash: plan.hash.clone(),
            flags: plan.flags.clone(),
            leaked: plan.leaked.iter().map(certificate).collect(),
            targets: plan.targets.iter().map(target).collect(),
        }
    }

    /// The files must be those that the plan was made with, all of them.
    fn is_about(&self, given: &[Leaked]) -> Result<()> {
        let is = |agreed: &AgreedCertificate, one: &Leaked| agreed.sha256 == one.facts.certificate_sha256;
        if let Some(missing) = self.leaked.iter().find(|agreed| !given.iter().any(|one| is(agreed, one))) {
            let name = &missing.common_name;
            let message = format!("the plan is about the leaked certificate of {name}: give its file with -f");
            return Err(Error::usage(message));
        }
        match given.iter().find(|one| !self.leaked.iter().any(|agreed| is(agreed, one))) {
            None => Ok(()),
            Some(_) if self.leaked.is_empty() => Err(Error::usage("the plan is about no file: leave out -f")),
            Some(other) => {
                let file = other.facts.label();
                Err(Error::usage(format!("the plan is not about {file}: leave it out")))
            }
        }
    }
}

impl TryFrom<RevocationPlan> for Agreed {
    type Error = anyhow::Error;

    fn try_from(plan: RevocationPlan) -> anyhow::Result<Self> {
        let cluster_id = |id: String| ClusterId::parse(&id).context("the clusterId of a target is no cluster ID");
        let target = |target: TargetView| {
            Ok(AgreedTarget {
                cluster_id: target.cluster_id.map(cluster_id).transpose()?,
                uid: Uid::parse(&target.uid)
                    .filter(|uid| !uid.begins_with_zero())
                    .context("the uid of a target is no UID")?,
                context: target.context,
            })
        };
        let certificate = |leaked: LeakedView| AgreedCertificate {
            common_name: leaked.common_name,
            sha256: leaked.certificate_sha256,
        };
        Ok(Self {
            hash: plan.hash,
            flags: plan.flags.into(),
            leaked: plan.leaked.into_iter().map(certificate).collect(),
            targets: plan.targets.into_iter().map(target).collect::<anyhow::Result<_>>()?,
        })
    }
}

fn read_plan(path: &Path) -> Result<Agreed> {
    let read = || -> anyhow::Result<Agreed> {
        let document: serde_json::Value =
            serde_json::from_slice(&files::load_document(path)?).map_err(JsonFault::from)?;
        if document["apiVersion"] != "ackcred/v1" || document["kind"] != "RevocationPlan" {
            anyhow::bail!("it is no RevocationPlan of ackcred/v1");
        }
        serde_json::from_value::<RevocationPlan>(document).map_err(JsonFault::from)?.try_into()
    };
    read().map_err(|error| {
        Error::failed(error.context(format!("cannot use {}", path.display())))
            .hint("a plan is what revoke --dry-run -o json prints")
    })
}
