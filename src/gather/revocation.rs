//! Everything that a revocation in one cluster is decided from, read from the API server and the cloud side by side. Nothing is
//! changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::account::AccountReading;
use super::cloud::{self, CloudAccess};
use super::cluster_access::{ClusterReading, Route, reach};
use super::leaked::Leaked;
use crate::adapters::cloud::Cloud;
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::access::holder::{DeletedHolders, LastAccess, deleted};
use crate::core::access::likeness::ram_name;
use crate::core::cluster::authority::key_fingerprints;
use crate::core::cluster::cluster_id::KnownCluster;
use crate::core::distinct::distinct;
use crate::core::failure::Failure;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::{Permission, UserKubeconfigState};
use crate::core::identity::evidence::{Answer, Listing};
use crate::core::identity::trace::Trace;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::kubeconfig::{Impersonate, ResolvedContext};
use crate::core::rbac::Roles;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::Binding;
use crate::core::revocation::input::{
    Confirmation, DryRun, DryRuns, InputCluster, InputTarget, KubeconfigFact, Operator, RevocationInput,
};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::plan::{self, PlannedTarget, TokenStep};
use crate::core::revocation::target::{Target, TargetNames};
use crate::error::{Error, Result, chain};
use crate::world::World;

mod static_tokens;
mod traces;

/// How many questions to the API server are under way at a time.
pub(super) const SIDE_BY_SIDE: usize = 16;

/// What is to be found out.
#[derive(Clone)]
pub struct RevocationQuery<'a> {
    /// The machine.
    pub world: &'a World,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// Who is to be revoked.
    pub wanted: Wanted<'a>,
    /// The leaked credentials that were given.
    pub leaked: &'a [Leaked],
    /// What an operation that is gone on with knew of its identities.
    pub remembered: &'a [PlannedTarget],
    /// What ACK's lists of several clusters call identities: where one list leaves an identity out, another may have it.
    pub account_names: &'a BTreeSet<(Uid, String)>,
    /// `--also-name`: user names that the operator asserts to be an identity's.
    pub also_names: &'a [String],
    /// `--cluster-id`, for the one cluster that was chosen.
    pub asserted_id: Option<&'a ClusterId>,
    /// Whether the API server is to be asked by dry run what it would say.
    pub dry_run: bool,
    /// `--end-static-tokens`.
    pub end_static_tokens: bool,
    /// The static tokens that an operation which is gone on with ends.
    pub remembered_tokens: Vec<TokenStep>,
}

/// Who is to be revoked.
#[derive(Clone, Copy)]
pub enum Wanted<'a> {
    /// These identities.
    Named(&'a [Uid]),
    /// Every deleted identity; also those whose deletion is inferred, if that is accepted.
    Deleted {
        /// `--accept-inferred`.
        accept_inferred: bool,
    },
}

/// One cluster, read and ready for a plan.
pub struct Gathered {
    /// What to decide from.
    pub input: RevocationInput,
    /// What the API server would say.
    pub dry_runs: DryRuns,
    /// The leaked credentials, held against the cluster's CA.
    pub leaked: Vec<LeakedFacts>,
    /// The way to the API server.
    pub api: ApiServer,
    /// The cluster's region.
    pub region: Option<Region>,
    /// Sources of this cluster that failed; none of them prevents a plan by itself.
    pub failed: Vec<Failure>,
    /// How far this machine's clock is off, where that is worth a warning.
    pub skew: Option<String>,
    /// Further notes for the user.
    pub notes: Vec<String>,
    /// How many identities are left out because their end is only inferred.
    pub inferred: usize,
    /// What was not asked although more identities could be found by it.
    pub not_asked: Vec<String>,
}

/// A cluster, and the account that it is asked about.
#[derive(Clone, Copy)]
struct Sources<'a> {
    reading: &'a ClusterReading<ApiServer>,
    account: &'a AccountReading,
}

/// Asks about one cluster what goes beyond who holds access.
///
/// # Errors
/// Where the API server can't be reached any more or doesn't say who is asking.
pub async fn gather(
    question: RevocationQuery<'_>,
    route: &Route,
    reading: ClusterReading<ApiServer>,
    account: &AccountReading,
) -> Result<Gathered> {
    let RevocationQuery { world, timeout, wanted, .. } = question;
    let sources = Sources { reading: &reading, account };
    let named = |uids: &[Uid]| DeletedHolders { uids: uids.to_vec(), ..DeletedHolders::default() };
    let DeletedHolders { uids, left_out, not_asked } = match wanted {
        Wanted::Named(uids) => named(uids),
        Wanted::Deleted { accept_inferred } => deleted(&reading.scan, accept_inferred),
    };
    let authority = reading.api.certificate_authority();
    let leaked: Vec<LeakedFacts> = question.leaked.iter().map(|one| one.facts_under(authority)).collect();
    let own: Vec<Target> = uids.iter().map(|uid| target(sources, uid, uids.len() == 1, &question)).collect();
    let (references, beside) = (references(&reading, &TargetNames::of(&own)), named_for(&reading, &own));
    let inventory = reading.scan.grants.inventory();
    let (operator, bindings, same_named, roles, version, targets) = tokio::join!(
        operator(world, &route.context, timeout, &reading.api, account),
        reading.api.whole_bindings(&references, |place| inventory.count_in(place)),
        reading.api.whole_bindings(&beside, |place| inventory.count_in(place)),
        reading.api.roles(),
        reading.api.minor_version(),
        targets(sources, own, question.remembered, &leaked),
    );
    let operator = operator?;
    let server_time = reading.api.time().map(|server| (server, world.clock().time()));
    let mut unread: Vec<String> = reading.unread_bindings.clone();
    unread.extend(bindings.iter().filter_map(|answer| answer.as_ref().err()).map(|error| chain(error)));
    let bindings: Vec<BindingObject> = bindings.into_iter().filter_map(Result::ok).flatten().collect();
    let unread_access = reading.unread.iter().map(|text| Failure::from(text.as_str()));
    let mut failed: Vec<Failure> = reading.failed.iter().cloned().chain(unread_access).collect();
    failed.extend(targets.iter().flat_map(unread_of));
    let (same_named, unread_same_named) = read_and_unread(same_named);
    failed.extend(unread_same_named.into_iter().map(Failure::from));
    let roles = roles.unwrap_or_else(|error| {
        unread.push(chain(&error));
        Roles::unread()
    });
    let minor_version = version.unwrap_or_else(|error| {
        // What depends on it is then said to depend on it.
        tracing::info!(error = chain(&error), "the server's version is not known");
        None
    });
    let (namespaces, unread_namespaces) = namespaces(&reading.api, &bindings).await;
    failed.extend(unread_namespaces.into_iter().map(Failure::from));
    let cluster = cluster(&reading, &route.context, question.asserted_id);
    let cloud = cloud_is_ready(&account.cloud, &cluster.known);
    let mut input = RevocationInput {
        cluster,
        scan: reading.scan,
        roles,
        minor_version,
        targets,
        bindings,
        same_named,
        namespaces,
        operator,
        cloud,
        unread,
        static_tokens: None,
    };
    if question.end_static_tokens {
        let remembered = &question.remembered_tokens;
        let read = static_tokens::read(&reading.api, &input, remembered, question.dry_run, world.now).await;
        input.static_tokens = Some(read);
    }
    let dry_runs = if question.dry_run { dry_runs(&reading.api, &input).await } else { DryRuns::new() };
    Ok(Gathered {
        input,
        dry_runs,
        leaked,
        api: reading.api,
        region: reading.region,
        skew: server_time.and_then(|(server, here)| skew(server, here)),
        failed: distinct(failed),
        notes: reading.notes,
        inferred: left_out,
        not_asked,
    })
}

/// Which of the cloud's lists about one identity were not read.
fn unread_of(target: &InputTarget) -> impl Iterator<Item = Failure> {
    [target.permissions.failure(), target.elsewhere.failure()].into_iter().flatten().cloned()
}

/// Further off than this, in seconds, a clock is worth a warning.
const MOST_SKEW: i64 = 60;

/// Times by the API server's clock may look wrong beside this machine's.
fn skew(server: Timestamp, here: Timestamp) -> Option<String> {
    let seconds = here.as_second() - server.as_second();
    let direction = if seconds < 0 { "behind" } else { "ahead of" };
    (seconds.abs() > MOST_SKEW).then(|| {
        format!("this machine's clock is {}s {direction} the API server's, whose time counts here", seconds.abs())
    })
}

/// The operator, as the API server, the certificate in use and the cloud show it. `--as` hides no identity.
pub(super) async fn operator(
    world: &World,
    context: &ResolvedContext,
    timeout: Option<Duration>,
    api: &ApiServer,
    account: &AccountReading,
) -> Result<Operator> {
    let mut operator = Operator::default();
    let mut seen = vec![api.self_subject_review().await];
    let impersonates = context.user.as_ref().is_some_and(|user| user.value.impersonate != Impersonate::default());
    if impersonates {
        let mut oneself = context.clone();
        if let Some(user) = &mut oneself.user {
            user.value.impersonate = Impersonate::default();
        }
        seen.push(reach(world, &oneself, timeout).await?.self_subject_review().await);
    }
    for review in seen {
        let Some(identity) = review.map_err(|error| {
            Error::failed(error).hint("without it, it is unknown whether you would revoke your own access")
        })?
        else {
            continue;
        };
        if let Some(uid) = Uid::of_user_name(&identity.username) {
            operator.uids.push((uid, format!("the API server sees you as {}", identity.username)));
        }
        operator.names.push(identity.username);
        operator.groups.extend(identity.groups);
    }
    let certificate = api.client_certificate().map_err(|error| {
        let cause = anyhow::Error::new(error).context("your own client certificate can't be read");
        Error::failed(cause).hint("without it, it is unknown whether you would revoke your own access")
    })?;
    if let Some(certificate) = certificate {
        let name = certificate.subject.common_name.unwrap_or_default();
        let context = context.name.as_deref().unwrap_or("given by flags");
        operator
            .uids
            .extend(Uid::of_user_name(&name).map(|uid| (uid, format!("the certificate of context {context:?}"))));
        operator.key = Some(certificate.key_sha256);
        operator.serial = Some(certificate.serial);
        if operator.names.is_empty() {
            operator.names.push(name);
        }
    }
    if let Some(caller) = account.people.sources().caller.known() {
        let uid = match caller.kind {
            IdentityType::Root => Some(caller.account_id.clone()),
            _ => caller.uid.clone(),
        };
        let name = caller.name().unwrap_or("the account itself").to_owned();
        operator.uids.extend(uid.map(|uid| (uid, format!("the cloud's caller, {name}"))));
        operator.caller_arn = Some(caller.arn.clone());
    }
    operator.names.dedup();
    Ok(operator)
}

/// The bindings that name one of the identities, in a scan's order.
fn references(reading: &ClusterReading<ApiServer>, names: &TargetNames) -> Vec<BindingRef> {
    let bindings = reading.scan.grants.inventory().bindings().iter();
    let is_meant = |binding: &&Binding| users(binding).any(|name| names.contain(name));
    let mut references: Vec<BindingRef> = bindings.filter(is_meant).map(Binding::reference).collect();
    references.sort();
    references.dedup();
    references
}

fn users(binding: &Binding) -> impl Iterator<Item = &str> {
    binding.subjects().iter().filter_map(|subject| subject.user_name())
}

/// The bindings that the cloud may take for one of the identities' own: by their names alone, `<uid>-…`, or for a subject that
/// resembles the identity.
fn named_for(reading: &ClusterReading<ApiServer>, targets: &[Target]) -> Vec<BindingRef> {
    let bindings = reading.scan.grants.inventory().bindings().iter();
    let is_named_for = |binding: &&Binding, target: &Target| {
        let named = binding.name().strip_prefix(target.uid.as_str()).is_some_and(|rest| rest.starts_with('-'));
        (named || users(binding).any(|name| target.resembles(name))) && !users(binding).any(|name| target.bears(name))
    };
    let is_beside = |binding: &&Binding| targets.iter().any(|target| is_named_for(binding, target));
    bindings.filter(is_beside).map(Binding::reference).collect()
}

/// The bindings that were read, and a message for each of the others: those could not be restored if the cloud deleted them.
fn read_and_unread(read: Vec<Result<Option<BindingObject>, CallError>>) -> (Vec<BindingObject>, Vec<String>) {
    let (mut objects, mut failed) = (Vec::new(), Vec::new());
    for answer in read {
        match answer {
            Ok(object) => objects.extend(object),
            Err(error) => failed.push(format!("it can't be restored if the cloud deletes it: {}", chain(&error))),
        }
    }
    (objects, failed)
}

/// The UIDs of the bindings' namespaces, and why some can't be read: a restore would not notice that they are others by then.
async fn namespaces(api: &ApiServer, bindings: &[BindingObject]) -> (BTreeMap<String, String>, Vec<String>) {
    let mut names: Vec<&str> = bindings.iter().filter_map(|object| object.metadata.namespace.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let read = stream::iter(names).map(async |name| (name, api.namespace(name).await));
    let (mut known, mut failed) = (BTreeMap::new(), Vec::new());
    for (name, answer) in read.buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await {
        match answer {
            Ok(facts) => known.extend(facts.map(|facts| (name.to_owned(), facts.uid))),
            Err(error) => failed.extend(failure_beside_rights(&error)),
        }
    }
    (known, failed)
}

/// What went wrong; `None` if only a right is missing that a revocation does not need.
fn failure_beside_rights(error: &CallError) -> Option<String> {
    (!error.is_forbidden()).then(|| chain(error))
}

async fn targets(
    sources: Sources<'_>,
    own: Vec<Target>,
    remembered: &[PlannedTarget],
    leaked: &[LeakedFacts],
) -> Vec<InputTarget> {
    let uids: Vec<Uid> = own.iter().map(|target| target.uid.clone()).collect();
    let details = stream::iter(&uids).map(|uid| of_the_cloud(sources, uid)).buffered(cloud::SIDE_BY_SIDE);
    let (activity, details) = tokio::join!(activity(sources, &uids), details.collect::<Vec<_>>());
    own.into_iter()
        .zip(activity)
        .zip(details)
        .map(|((target, activity), (permissions, elsewhere))| InputTarget {
            verdict: sources.account.verdict(
                &target.uid,
                &sources.reading.scan,
                by_certificate(leaked, &target.uid)
                    .or_else(|| traces::of(&target.uid, &permissions, &elsewhere, remembered)),
            ),
            kubeconfig: kubeconfig(sources.reading, &target.uid),
            is_resumed: is_remembered(sources.reading, &target.uid, remembered),
            target,
            permissions,
            activity,
            elsewhere,
        })
        .collect()
}

/// What a certificate shows that the cluster's CA signed.
fn by_certificate(leaked: &[LeakedFacts], uid: &Uid) -> Option<Trace> {
    let is_signed = |one: &LeakedFacts| one.is_of(uid) && one.signed_by_ca == Some(true);
    leaked.iter().any(is_signed).then_some(Trace::Certificate)
}

/// Whether an operation that is gone on with is about this identity in this cluster, as far as both know which it is.
fn is_remembered(reading: &ClusterReading<ApiServer>, uid: &Uid, remembered: &[PlannedTarget]) -> bool {
    let is_here =
        |then: Option<&ClusterId>| then.zip(reading.cluster.id.as_ref()).is_none_or(|(then, now)| then == now);
    remembered.iter().any(|known| known.uid == *uid && is_here(known.cluster_id.as_ref()))
}

fn target(sources: Sources<'_>, uid: &Uid, is_alone: bool, question: &RevocationQuery<'_>) -> Target {
    let Sources { reading, account } = sources;
    let mut target = Target::new(uid.clone());
    let known_to_ram = account.people.ram_names().chain(reading.scan.directory.account_names());
    let known_to_ram = known_to_ram.chain(question.account_names.iter().map(|(owner, name)| (owner, name.as_str())));
    target.learn_ram_names(known_to_ram.filter(|(owner, _)| *owner == uid).map(|(_, name)| name));
    for known in question.remembered.iter().filter(|known| known.uid == *uid) {
        target.learn(known.names.iter().map(String::as_str));
        target.learn_ram_names(known.name.as_deref());
        target.assert_names(known.also_names.iter().map(String::as_str));
        (target.groups, target.groups_from) = (known.groups.clone(), known.groups_from);
    }
    let given = question.also_names.iter().map(String::as_str);
    let is_meant = |name: &&str| {
        // Without a name in RAM it is only clear whose the name is where one identity alone is revoked.
        target.resembles(name) || (is_alone && target.may_bear(name) && !is_known_as_anothers(account, uid, name))
    };
    let meant: Vec<&str> = given.filter(is_meant).collect();
    target.assert_names(meant);
    target.learn(reading.scan.grants.iter().filter(|grant| grant.uid == Some(uid.as_str())).map(|grant| grant.subject));
    let own = question.leaked.iter().map(|leaked| &leaked.facts).filter(|facts| facts.is_of(uid));
    own.fold(target, |target, facts| target.with_certificate(&facts.common_name, &facts.organizations))
}

fn is_known_as_anothers(account: &AccountReading, uid: &Uid, name: &str) -> bool {
    let key = ram_name(name);
    account.people.ram_names().any(|(owner, known)| owner != uid && known.eq_ignore_ascii_case(&key))
}

fn kubeconfig(reading: &ClusterReading<ApiServer>, uid: &Uid) -> KubeconfigFact {
    match (reading.scan.directory.kubeconfig(uid), &reading.scan.directory.sources().kubeconfigs) {
        (Some(state), _) => KubeconfigFact::Listed(state.clone()),
        (None, Listing::Complete(_)) => KubeconfigFact::NotListed,
        (None, Listing::Failed { reason, .. }) => KubeconfigFact::Unknown(reason.to_string()),
        (None, Listing::NotAsked) => KubeconfigFact::NotAsked,
    }
}

/// Each identity's last access; `None` for all where the cloud can't be asked.
async fn activity(Sources { reading, account }: Sources<'_>, uids: &[Uid]) -> Vec<Option<LastAccess>> {
    let (Some(cloud), Some(id)) = (account.cloud.ready(), &reading.cluster.id) else { return vec![None; uids.len()] };
    let questions = uids.iter().map(|uid| (id.clone(), uid.clone())).collect();
    let answers = cloud::activities(cloud, reading.region.as_ref(), questions).await;
    // Only a failed check needs a reason. Where ACK doesn't say either, the check's own words stand.
    let failed = answers.iter().any(|(_, access)| access.is_failed());
    let is_off = failed && auditing_is_off(cloud, reading.region.as_ref(), id).await;
    let explained = |access: LastAccess| if is_off { access.without_audit_log() } else { access };
    let mut accesses: BTreeMap<Uid, LastAccess> =
        answers.into_iter().map(|((_, uid), access)| (uid, explained(access))).collect();
    uids.iter().map(|uid| accesses.remove(uid)).collect()
}

async fn auditing_is_off(cloud: &Cloud, region: Option<&Region>, cluster: &ClusterId) -> bool {
    let said = cloud::audit_project(cloud, region, cluster).await;
    said.known().is_some_and(|project| !project.is_enabled)
}

async fn of_the_cloud(
    Sources { reading, account }: Sources<'_>,
    uid: &Uid,
) -> (Answer<Vec<Permission>>, Listing<UserKubeconfigState>) {
    let Some(cloud) = account.cloud.ready() else { return (Answer::NotAsked, Listing::NotAsked) };
    tokio::join!(cloud::permissions(cloud, reading.region.as_ref(), uid), cloud::clusters_of(cloud, uid))
}

/// Which cluster was read, and how sure that is. `asserted` is the ID that the operator gives.
pub(super) fn cluster(
    reading: &ClusterReading<ApiServer>,
    context: &ResolvedContext,
    asserted: Option<&ClusterId>,
) -> InputCluster {
    let known = reading.cluster.clone();
    let server = context.cluster.as_ref().map(|cluster| cluster.value.server.as_str()).unwrap_or_default();
    let confirmation = Confirmation::of(&known, server, reading.listed.as_ref(), asserted);
    let ca_keys = key_fingerprints(reading.api.certificate_authority().unwrap_or_default());
    let key = match &known.id {
        Some(id) => id.to_string(),
        None => format!("{} {}", reading.api.server(), ca_keys.first().map(String::as_str).unwrap_or_default()),
    };
    InputCluster {
        known,
        key,
        name: reading.scan.name.clone(),
        context: context.name.clone(),
        server: reading.api.server().to_owned(),
        ca_keys,
        state: reading.listed.as_ref().map(|listed| listed.state.clone()),
        confirmation,
    }
}

fn cloud_is_ready(cloud: &CloudAccess, known: &KnownCluster) -> Result<(), String> {
    match cloud {
        CloudAccess::Ready(_) if known.id.is_some() => Ok(()),
        CloudAccess::Ready(_) => Err("the cluster's ID is not known".to_owned()),
        CloudAccess::NotWanted => Err("--offline".to_owned()),
        CloudAccess::NoCredentials => Err("there are no cloud credentials".to_owned()),
        unusable @ CloudAccess::Unusable { .. } => Err(unusable.failure().unwrap_or_default()),
    }
}

/// Asks what the API server would say to each step, and to what would undo it.
async fn dry_runs(api: &ApiServer, input: &RevocationInput) -> DryRuns {
    let asked = stream::iter(plan::questions(input)).map(async |(object, change, undo)| {
        let reference = object.reference();
        let undone = async {
            match &undo {
                None => None,
                Some(undo) => Some(may_create(api.dry_run(&reference, undo).await)),
            }
        };
        let (step, undo) = tokio::join!(api.dry_run(&reference, &change), undone);
        let step = match step {
            // Gone or changed since it was read: the step itself will find out.
            Err(error) if error.status() == Some(409) || error.is_not_found() => Ok(()),
            answer => answer.map_err(|error| chain(&error)),
        };
        (reference, DryRun { step, undo })
    });
    asked.buffer_unordered(SIDE_BY_SIDE).collect().await
}

/// With the right to create, the API server answers that the object exists; without it, it answers that first.
fn may_create(answer: Result<(), CallError>) -> Result<(), String> {
    match answer {
        Err(error) if error.status() == Some(409) => Ok(()),
        answer => answer.map_err(|error| chain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_more_than_a_minute_is_reported() {
        let server: Timestamp = "2026-11-22T03:10:00Z".parse().unwrap();
        let at = |text: &str| skew(server, text.parse().unwrap());
        assert_eq!((at("2026-11-22T03:11:00Z"), at("2026-11-22T03:09:00Z")), (None, None));
        assert!(at("2026-11-22T03:11:01Z").unwrap().contains("61s ahead of the API server's"));
        assert!(at("2026-11-22T03:00:00Z").unwrap().contains("600s behind the API server's"));
    }
}
