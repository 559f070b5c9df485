//! What is asked for, and whether a plan or an operation that was given still fits.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::operation;
use crate::adapters::files;
use crate::adapters::journal::StateFolder;
use crate::cli::RevokeArgs;
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::plan::{Flags, Plan, PlannedTarget};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::history::{self, Past};
use crate::gather::leaked::Leaked;
use crate::gather::revocation::{Gathered, Wanted};
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
    pub(super) fn of(args: &RevokeArgs, world: &World) -> Result<Result<Self, Refusal>> {
        if let Some(path) = &args.plan {
            return Self::of_plan(read_plan(&world.cwd.join(path))?, args).map(Ok);
        }
        if let Some(id) = &args.resume {
            return Self::of_operation(id, args, world);
        }
        if let Some(name) = args.also_name.iter().find(|name| args.accept_name.contains(name)) {
            return Err(Error::usage(format!(
                "{name} is either the identity's, --also-name, or another's, --accept-name"
            )));
        }
        Ok(Ok(Self {
            flags: flags(args),
            uids: distinct(args.uids.iter().cloned()),
            planned: BTreeMap::new(),
            hash: None,
            resumed: None,
            remembered: Vec::new(),
        }))
    }

    fn of_operation(id: &OperationId, args: &RevokeArgs, world: &World) -> Result<Result<Self, Refusal>> {
        let folder = StateFolder::of(world).map_err(Error::failed)?;
        let past = match history::load(&folder, id) {
            Ok(past) => past,
            Err(error) if error.is_missing() => return Err(operation::unknown(error)),
            Err(error) => {
                let hint = "revoke what is left by a new operation: kubectl ackcred revoke UID";
                return Ok(Err(error.refusal(id).hint(hint)));
            }
        };
        let Some(plan) = past.record.revocation().cloned() else {
            return Err(Error::usage(format!("{id} is a restore; run the restore again instead")));
        };
        let resumed = Self { resumed: Some(past), hash: None, ..Self::of_plan(plan.clone(), args)? };
        // The flags that a refusal advises are of use here, too: the plan that consent is asked for has them.
        let flags = resumed.flags.clone().and(flags(args));
        Ok(Ok(Self { flags, remembered: plan.targets, ..resumed }))
    }

    /// Why the file can't be used for the operation that is gone on with, where it can't.
    pub(super) fn other_file(&self, leaked: Option<&Leaked>) -> Option<Error> {
        let (past, leaked) = self.resumed.as_ref().zip(leaked)?;
        let known = past.record.revocation().and_then(|plan| plan.leaked.as_ref());
        let is_same = known.is_some_and(|known| known.certificate_sha256 == leaked.facts.certificate_sha256);
        (!is_same).then(|| {
            Error::usage(match known {
                Some(known) => format!("operation {} is about another file: that of {}", past.id, known.common_name),
                None => format!("operation {} is about no file: leave out -f", past.id),
            })
        })
    }

    fn of_plan(plan: Plan, args: &RevokeArgs) -> Result<Self> {
        if args.resume.is_none() && plan.leaked.is_some() != args.file.is_some() {
            return Err(Error::usage(match &plan.leaked {
                Some(leaked) => {
                    format!("the plan is about the leaked certificate of {}: give its file with -f", leaked.common_name)
                }
                None => "the plan is about no file: leave out -f".to_owned(),
            }));
        }
        let mut planned: BTreeMap<ClusterId, (Vec<Uid>, Option<String>)> = BTreeMap::new();
        for target in &plan.targets {
            if let Some(id) = &target.cluster_id {
                let (uids, context) = planned.entry(id.clone()).or_default();
                uids.push(target.uid.clone());
                context.clone_from(&target.context);
            }
        }
        Ok(Self {
            uids: distinct(plan.targets.iter().map(|target| target.uid.clone())),
            planned,
            flags: plan.flags,
            hash: Some(plan.hash),
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
    }
}

fn read_plan(path: &Path) -> Result<Plan> {
    let unusable = |error: anyhow::Error| {
        Error::failed(error.context(format!("cannot use {}", path.display())))
            .hint("a plan is what revoke --dry-run -o json prints")
    };
    let bytes = files::load(path).map_err(|error| unusable(error.into()))?;
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| unusable(error.into()))?;
    let fields = document.as_object_mut().ok_or_else(|| unusable(anyhow::anyhow!("it is no JSON object")))?;
    let (version, kind) = (fields.remove("apiVersion"), fields.remove("kind"));
    if version != Some("ackcred/v1".into()) || kind != Some("RevocationPlan".into()) {
        return Err(unusable(anyhow::anyhow!("it is no RevocationPlan of ackcred/v1")));
    }
    serde_json::from_value(document).map_err(|error| unusable(error.into()))
}
