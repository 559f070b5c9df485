//! What a restore is decided from: what was taken away, and what is there now.

use futures_util::{StreamExt as _, stream};

use super::history::Past;
use super::holders;
use super::revocation::{SIDE_BY_SIDE, operator};
use crate::adapters::cluster::ApiServer;
use crate::core::authority::key_fingerprints;
use crate::core::case::Operator;
use crate::core::ids::ClusterId;
use crate::core::inventory::Role;
use crate::core::journal::{Tombstone, writes};
use crate::core::operation::ClusterRecord;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::restoration::{Present, RestoreFlags, RestorePlan, Taken, plan, taken};
use crate::error::{Error, Result, chain};

/// What is to be found out.
pub struct Question<'a> {
    /// The cluster and the account.
    pub holders: holders::Question<'a>,
    /// The revocation to take back.
    pub past: &'a Past,
    /// Whether an earlier restore of it was cut off.
    pub unfinished_restore: bool,
    /// The leaked credentials that are dead.
    pub tombstones: &'a [Tombstone],
    /// The flags.
    pub flags: RestoreFlags,
}

/// A restore, planned.
pub struct Gathered {
    /// The plan.
    pub plan: RestorePlan,
    /// The way to the API server.
    pub api: ApiServer,
    /// Who asks.
    pub operator: Operator,
    /// The cluster, as the record has it.
    pub cluster: ClusterRecord,
    /// Voices that failed.
    pub failed: Vec<String>,
}

/// Asks the API server what is there, and the cloud who the identities are.
///
/// # Errors
/// Where the API server can't be reached or read.
pub async fn gather(question: Question<'_>) -> Result<Gathered> {
    let (world, context, timeout) = (question.holders.world, question.holders.context, question.holders.timeout);
    let past = question.past;
    let Some(cluster) = past.record.clusters.first().cloned() else {
        return Err(Error::failed(anyhow::anyhow!("operation {} is about no cluster", past.id)));
    };
    let heard = holders::hear(question.holders).await?;
    let operator = operator(world, context, timeout, &heard).await?;
    let uids = past.record.revocation().map(|plan| plan.uids()).unwrap_or_default();
    let taken = taken(&writes(&past.events), &uids, &cluster.roles);
    let present = stream::iter(&taken).map(|taken| present(&heard.api, taken, question.unfinished_restore));
    let present: Vec<Result<Present>> = present.buffered(SIDE_BY_SIDE).collect().await;
    let present: Vec<Present> = present.into_iter().collect::<Result<_>>()?;
    let pairs: Vec<(Taken, Present)> = taken.into_iter().zip(present).collect();
    let identities: Vec<_> = uids.into_iter().map(|uid| (uid.clone(), heard.verdict(&uid))).collect();
    let id: Option<&ClusterId> = cluster.id.as_ref();
    let mut plan = plan(id, &pairs, &identities, question.tombstones, question.flags);
    if !key_fingerprints(heard.api.certificate_authority().unwrap_or_default())
        .iter()
        .any(|key| cluster.ca_keys.contains(key))
        && !cluster.ca_keys.is_empty()
    {
        let message = format!("{} was made in another cluster than this context leads to", past.id);
        let refusal = Refusal::new(RefusalCode::OtherCluster, message).in_cluster(id);
        plan.refusals.push(refusal.hint("name its context with --context"));
    }
    plan.refusals.extend(missing_rights(&heard.api, &plan, &pairs).await);
    Ok(Gathered { plan, api: heard.api, operator, cluster, failed: heard.failed })
}

async fn present(api: &ApiServer, taken: &Taken, by_unfinished_restore: bool) -> Result<Present> {
    let role_ref = &taken.before.role_ref;
    let role = Role { kind: role_ref.kind.as_str().into(), name: role_ref.name.as_str().into() };
    let namespace = taken.binding.namespace.as_deref();
    let namespace_facts = async {
        match namespace {
            None => Ok(None),
            Some(name) => match api.namespace(name).await {
                // Whoever may change bindings need not be able to read namespaces.
                Err(error) if error.is_forbidden() => Ok(None),
                other => other.map(Some),
            },
        }
    };
    let (binding, role, namespace) =
        tokio::join!(api.binding(&taken.binding), api.role(namespace, &role), namespace_facts);
    Ok(Present {
        binding: binding.map_err(Error::failed)?,
        role: role.map_err(Error::failed)?,
        namespace: namespace.map_err(Error::failed)?,
        by_unfinished_restore,
    })
}

/// What the API server would refuse.
async fn missing_rights(api: &ApiServer, plan: &RestorePlan, pairs: &[(Taken, Present)]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if !plan.refusals.is_empty() {
        return refusals;
    }
    for step in &plan.steps {
        let present = pairs.iter().find(|(taken, _)| taken.binding == step.object).map(|(_, present)| present);
        let Some(change) = step.change(present.and_then(|present| present.binding.as_ref())) else { continue };
        if let Err(error) = api.dry_run(&step.object, &change).await {
            let message = format!("you may not change {}: {}", step.object, chain(&error));
            let refusal = Refusal::new(RefusalCode::MissingRight, message).of(step.object.to_string());
            refusals.push(refusal.hint("ask somebody who may bind its role").in_cluster(step.cluster_id.as_ref()));
        }
    }
    refusals
}
