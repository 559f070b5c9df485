//! What a restore is decided from: what was taken away, and what is there now.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::account::AccountReading;
use super::backups::ClusterBackups;
use super::cluster_access::{ClusterReading, Route};
use super::history::{Mark, Operations, Past};
use super::revocation::{self, SIDE_BY_SIDE, operator};
use crate::adapters::cluster::ApiServer;
use crate::core::cluster::authority::key_fingerprints;
use crate::core::cluster::server_view::NamespaceFacts;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::RoleFacts;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::Role;
use crate::core::revocation::input::{Operator, RoleThen};
use crate::core::revocation::journal::{RestoreOrigin, Tombstone, at_risk, labels, later_plans, writes};
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::plan::Plan;
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::restoration::{
    Present, RestoreFlags, RestorePlan, RestoreToken, Taken, not_the_cluster_of_backups, plan, taken,
};
use crate::core::revocation::static_tokens::{LabelChange, SecretRef};
use crate::error::{Error, Result, chain};
use crate::world::World;

/// What is to be found out.
#[derive(Clone, Copy)]
pub struct RestoreQuery<'a> {
    /// The machine.
    pub world: &'a World,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// What was done from this machine before: earlier restores, and leaked credentials that were revoked.
    pub earlier: &'a Operations<Mark>,
    /// The flags.
    pub flags: &'a RestoreFlags,
}

/// Who knows what was taken in one cluster.
pub enum Source<'a> {
    /// The record of a revocation.
    Record(&'a Past),
    /// Backups that another tool left.
    Folder {
        /// The folder.
        origin: RestoreOrigin,
        /// The identities that held something by them.
        uids: Vec<Uid>,
        /// What they say.
        backups: ClusterBackups,
    },
}

/// A cluster in which something is given back.
pub struct Place<'a> {
    /// The cluster, as an operation keeps it.
    pub cluster: ClusterRecord,
    /// Who knows what was taken there.
    pub source: Source<'a>,
    /// The way that it was read by.
    pub route: Route,
    /// What it said.
    pub reading: ClusterReading<ApiServer>,
}

/// A restore in one cluster, planned.
pub struct Gathered {
    /// The plan.
    pub plan: RestorePlan,
    /// The way to the API server.
    pub api: ApiServer,
    /// Who asks.
    pub operator: Operator,
    /// The cluster, as an operation keeps it.
    pub cluster: ClusterRecord,
}

/// Asks the API server of one cluster what is there; the cloud was asked who the identities are.
///
/// # Errors
/// Where the API server can't be reached or read.
pub async fn gather(
    question: RestoreQuery<'_>,
    Place { cluster, source, route, reading }: Place<'_>,
    account: &AccountReading,
) -> Result<Gathered> {
    let RestoreQuery { world, timeout, .. } = question;
    let id: Option<&ClusterId> = cluster.id.as_ref();
    let operator = operator(world, &route.context, timeout, &reading.api, account).await?;
    let (uids, taken) = source.taken(question.earlier, &cluster);
    let was_cut_off = question.earlier.has_unfinished_restore(&source.origin());
    let beneath = Beneath::read(&reading.api, &taken).await?;
    let references: Vec<BindingRef> = taken.iter().map(|taken| taken.binding.clone()).collect();
    let inventory = reading.scan.grants.inventory();
    let bindings = reading.api.whole_bindings(&references, |place| inventory.count_in(place)).await;
    let present = taken.iter().zip(bindings).map(|(taken, binding)| {
        let binding = binding.map_err(Error::failed)?;
        Ok(beneath.present(taken, binding, was_cut_off))
    });
    let present: Vec<Present> = present.collect::<Result<_>>()?;
    let pairs: Vec<(Taken, Present)> = taken.into_iter().zip(present).collect();
    let identities: Vec<_> =
        uids.into_iter().map(|uid| (uid.clone(), account.verdict(&uid, &reading.scan, None))).collect();
    let revoked_credentials = question.earlier.tombstones();
    let here = revoked_credentials.iter().filter(|dead| dead.is_of(id));
    let tombstones: Vec<Tombstone> = here.map(|dead| dead.tombstone.clone()).collect();
    let mut plan = plan(id, &pairs, &identities, &tombstones, question.flags.clone());
    match &source {
        Source::Record(past) => {
            plan = plan.with_tokens(tokens(&reading.api, past, id).await?);
            plan.refusals.extend(made_in_another_cluster(past, &cluster, &reading.api));
        }
        Source::Folder { backups, .. } => {
            let unsure = not_the_cluster_of_backups(&reading.cluster, cluster.confirmation);
            plan.refusals.extend(unsure.map(|refusal| refusal.in_cluster(id)));
            plan.not_restored.clone_from(&backups.not_restored);
        }
    }
    plan.refusals.extend(missing_rights(&reading.api, &plan, &pairs).await);
    plan.refusals.extend(missing_rights_on_tokens(&reading.api, &plan, world.now).await);
    Ok(Gathered { plan, api: reading.api, operator, cluster })
}

impl Source<'_> {
    /// Where it is known from.
    fn origin(&self) -> RestoreOrigin {
        match self {
            Self::Record(past) => RestoreOrigin::Operation(past.id.clone()),
            Self::Folder { origin, .. } => origin.clone(),
        }
    }

    /// The identities, and what was taken from which binding.
    fn taken(&self, earlier: &Operations<Mark>, cluster: &ClusterRecord) -> (Vec<Uid>, Vec<Taken>) {
        let past = match self {
            Self::Record(past) => past,
            Self::Folder { uids, backups, .. } => return (uids.clone(), backups.taken.clone()),
        };
        let id = cluster.id.as_ref();
        let revoked = past.record.revocation().map(|plan| plan.in_cluster(id));
        let uids = revoked.as_ref().map(Plan::uids).unwrap_or_default();
        let names = revoked.as_ref().map(Plan::names).unwrap_or_default();
        let mut writes = writes(&past.events);
        writes.retain(|write| write.cluster_id == cluster.id);
        let is_restored = earlier.has_restored(&past.id, id);
        let at_risk = if is_restored { Vec::new() } else { at_risk(&past.events, id) };
        // What others bound anew before a later run, that run has recorded.
        let later = later_plans(&past.events).flat_map(|later| &later.roles).filter(|one| one.cluster_id == cluster.id);
        let roles: Vec<RoleThen> = cluster.roles.iter().chain(later.flat_map(|one| &one.roles)).cloned().collect();
        (uids, taken(&writes, &names, &roles, &at_risk))
    }
}

/// That a revocation was made in another cluster than was read.
fn made_in_another_cluster(past: &Past, cluster: &ClusterRecord, api: &ApiServer) -> Option<Refusal> {
    let own_keys = key_fingerprints(api.certificate_authority().unwrap_or_default());
    (!cluster.is_reached_by(&own_keys, api.server())).then(|| {
        let message = format!("{} was made in another cluster than this context leads to", past.id);
        Refusal::new(RefusalCode::OtherCluster, message)
            .of(RefusalScope::Cluster(None))
            .in_cluster(cluster.id.as_ref())
            .hint("name its context with --context")
    })
}

/// A cluster that was read, as an operation keeps it. `asserted` is the ID that the operator gives.
pub fn cluster_record(
    reading: &ClusterReading<ApiServer>,
    route: &Route,
    asserted: Option<&ClusterId>,
) -> ClusterRecord {
    let cluster = revocation::cluster(reading, &route.context, asserted);
    ClusterRecord {
        id: cluster.id().cloned(),
        key: cluster.key,
        name: cluster.name,
        context: cluster.context,
        server: cluster.server,
        ca_keys: cluster.ca_keys,
        region: reading.region.clone(),
        confirmation: cluster.confirmation,
        roles: Vec::new(),
        probes: Vec::new(),
        answers: Some(Vec::new()),
    }
}

/// The static tokens that the revocation ended, as long as their label is the one that it set.
async fn tokens(api: &ApiServer, past: &Past, cluster: Option<&ClusterId>) -> Result<Vec<RestoreToken>> {
    let here = labels(&past.events).into_iter().filter(|(of, change)| *of == cluster && change.sets);
    // Of two of one Secret the later one is there.
    let set: BTreeMap<&SecretRef, &String> = here.map(|(_, change)| (&change.secret, &change.value)).collect();
    let asked = stream::iter(set).map(async |(secret, value)| {
        let is_there = api.is_token_ended(secret, Some(value)).await.map_err(Error::failed)?;
        let (cluster_id, secret, value) = (cluster.cloned(), secret.clone(), value.clone());
        Ok(is_there.then_some(RestoreToken { id: 0, cluster_id, secret, value }))
    });
    let answers: Vec<Result<Option<RestoreToken>>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    Ok(answers.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// What the API server would refuse about static tokens.
async fn missing_rights_on_tokens(api: &ApiServer, plan: &RestorePlan, now: Timestamp) -> Vec<Refusal> {
    if !plan.refusals.is_empty() {
        return Vec::new();
    }
    let asked = stream::iter(&plan.tokens).map(async |RestoreToken { cluster_id, secret, value, .. }| {
        let version = api.secret_version(secret, now).await.ok()??;
        let (resource_version, value) = (version.resource_version, value.clone());
        let change = LabelChange { secret: secret.clone(), resource_version, value, sets: false };
        let error = api.may_label_secret(&change).await.err().filter(|error| error.is_forbidden())?;
        let message = format!("{secret} can't be changed: {}", chain(&error));
        let refusal = Refusal::new(RefusalCode::MissingRight, message).of(RefusalScope::Cluster(None));
        Some(refusal.hint("ask for get, list and patch on secrets there").in_cluster(cluster_id.as_ref()))
    });
    let refusals: Vec<Option<Refusal>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    refusals.into_iter().flatten().collect()
}

/// What bindings stand on, each read once however many bindings there are.
struct Beneath<'a> {
    roles: BTreeMap<(Option<&'a str>, Role), Option<RoleFacts>>,
    namespaces: BTreeMap<&'a str, Option<NamespaceFacts>>,
}

impl<'a> Beneath<'a> {
    async fn read(api: &ApiServer, taken: &'a [Taken]) -> Result<Self> {
        let roles: BTreeSet<_> = taken.iter().map(role_of).collect();
        let roles = stream::iter(roles).map(async |(namespace, role)| {
            let facts = api.role(namespace, &role).await.map_err(Error::failed)?;
            Ok(((namespace, role), facts))
        });
        let namespaces: BTreeSet<&str> = taken.iter().filter_map(|taken| taken.binding.namespace.as_deref()).collect();
        let namespaces = stream::iter(namespaces).map(async |name| match api.namespace(name).await {
            // A right to change bindings does not include one to read namespaces.
            Err(error) if error.is_forbidden() => Ok(None),
            answer => Ok(Some((name, answer.map_err(Error::failed)?))),
        });
        let (roles, namespaces) = tokio::join!(
            roles.buffered(SIDE_BY_SIDE).collect::<Vec<Result<_>>>(),
            namespaces.buffered(SIDE_BY_SIDE).collect::<Vec<Result<_>>>(),
        );
        let namespaces = namespaces.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        Ok(Self { roles: roles.into_iter().collect::<Result<_>>()?, namespaces })
    }

    fn present(&self, taken: &Taken, binding: Option<BindingObject>, by_unfinished_restore: bool) -> Present {
        let namespace = taken.binding.namespace.as_deref();
        Present {
            binding,
            role: self.roles.get(&role_of(taken)).cloned().flatten(),
            namespace: namespace.and_then(|name| self.namespaces.get(name)).cloned(),
            by_unfinished_restore,
        }
    }
}

/// The role of a binding, as it is looked up.
fn role_of(taken: &Taken) -> (Option<&str>, Role) {
    let role_ref = &taken.before.role_ref;
    let role = Role { kind: role_ref.kind.as_str().into(), name: role_ref.name.as_str().into() };
    (taken.binding.namespace.as_deref().filter(|_| &*role.kind == "Role"), role)
}

/// What the API server would refuse.
async fn missing_rights(api: &ApiServer, plan: &RestorePlan, pairs: &[(Taken, Present)]) -> Vec<Refusal> {
    if !plan.refusals.is_empty() {
        return Vec::new();
    }
    let present: BTreeMap<&BindingRef, &Present> =
        pairs.iter().map(|(taken, present)| (&taken.binding, present)).collect();
    let asked = stream::iter(&plan.steps).map(async |step| {
        let present = present.get(&step.binding).and_then(|present| present.binding.as_ref());
        let change = step.change(present)?;
        let error = api.dry_run(&step.binding, &change).await.err()?;
        let message = format!("{} can't be changed: {}", step.binding, chain(&error));
        let refusal = Refusal::new(RefusalCode::MissingRight, message).of(RefusalScope::Binding(step.binding.clone()));
        Some(refusal.hint("ask an administrator who may bind its role").in_cluster(step.cluster_id.as_ref()))
    });
    let refusals: Vec<Option<Refusal>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    refusals.into_iter().flatten().collect()
}
