//! Asks every voice whether access is gone: once before the change for what can be compared, and after it for the proof.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::cloud::{self, CloudVoice};
use super::leaked::Leaked;
use super::revocation::SIDE_BY_SIDE;
use crate::adapters::cluster::{ApiServer, BindingScope, CallError, WatchEvent, WatchedChange};
use crate::core::ack::CertificateState;
use crate::core::binding_object::{BindingObject, ram_uid};
use crate::core::case::{Case, CaseCluster, TargetCase};
use crate::core::evidence::{Answer, Listing};
use crate::core::ids::{Region, Uid};
use crate::core::inventory::{Binding, Inventory};
use crate::core::managed_by::field_manager_of_subjects;
use crate::core::mapping::Mapping;
use crate::core::plan::{Plan, access, mapping_of};
use crate::core::rbac::{Attributes, Bearer, PolicyRule, Roles, allows, path_of, probes};
use crate::core::target::Target;
use crate::core::verification::{
    Probe, Reviewed, Verification, Voice, VoiceAnswer, outcome, read_leaked_status, read_review,
};
use crate::error::chain;

/// The most questions that are asked before the change, and again after it.
const MOST_PROBES: usize = 200;
/// How long the API server's own decisions may lag behind its store.
const REVIEWS_SETTLE_WITHIN: Duration = Duration::from_secs(5);
/// How long the cloud's record may lag behind its answer.
const CLOUD_SETTLES_WITHIN: Duration = Duration::from_secs(10);
/// Waits between two looks.
const REVIEW_STEP: Duration = Duration::from_millis(100);
const CLOUD_STEP: Duration = Duration::from_millis(500);

/// What was agreed to and what is to be asked about it.
pub struct Question<'a> {
    /// The way to the API server.
    pub api: &'a ApiServer,
    /// The way to the cloud.
    pub cloud: &'a CloudVoice,
    /// The cluster's region.
    pub region: Option<&'a Region>,
    /// The cluster.
    pub cluster: &'a CaseCluster,
    /// The identities that were to lose their access.
    pub targets: Vec<&'a TargetCase>,
    /// What was agreed to.
    pub plan: &'a Plan,
    /// The questions that were answered with yes before.
    pub probes: &'a [Probe],
    /// The leaked credential.
    pub leaked: Option<&'a Leaked>,
    /// How long to watch for what comes back.
    pub settle: Duration,
    /// The time, where the API server's own is not known.
    pub now: Timestamp,
}

/// Asks what the bindings to be taken away allow, and keeps what is answered with yes: these are the questions that must be
/// answered with no afterwards.
pub async fn probes_that_work(api: &ApiServer, case: &Case) -> Result<Vec<Probe>, CallError> {
    let inventory = case.scan.grants.inventory();
    let references: BTreeSet<_> = case.bindings.iter().map(BindingObject::reference).collect();
    let is_leaving = |binding: &&Binding| {
        references.iter().any(|reference| {
            (reference.kind, reference.namespace.as_deref(), reference.name.as_str())
                == (binding.kind(), binding.namespace(), binding.name())
        })
    };
    let leaving: Vec<&Binding> = inventory.bindings().iter().filter(is_leaving).collect();
    let names: usize = case.targets.iter().map(|target| target.target.names.len()).sum();
    let limit = MOST_PROBES / names.max(1);
    let mut questions = Vec::new();
    for TargetCase { target, .. } in &case.targets {
        let own: Vec<(&Binding, &[PolicyRule])> = leaving
            .iter()
            .filter(|binding| binding.subjects().iter().any(|subject| subject.ram_uid() == Some(target.uid.as_str())))
            .filter_map(|binding| {
                Some((*binding, case.roles.of(binding.namespace(), binding.role())?.rules.as_slice()))
            })
            .collect();
        // What everybody in its groups may do proves nothing.
        let nobody = Bearer { name: String::new(), groups: target.groups.clone() };
        let by_group = |attributes: &Attributes| allows(inventory, &case.roles, &nobody, attributes).is_some();
        for attributes in probes(&own, by_group, limit.max(1)) {
            questions.extend(target.names.iter().map(|name| Probe {
                name: name.clone(),
                groups: target.groups.clone(),
                attributes: attributes.clone(),
            }));
        }
    }
    let asked = stream::iter(questions)
        .map(async |probe| Ok((api.subject_access_review(&probe.bearer(), &probe.attributes).await?, probe)));
    let answers: Vec<Result<_, CallError>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let mut working = Vec::new();
    for answer in answers {
        let (review, probe) = answer?;
        if review.allowed {
            working.push(probe);
        }
    }
    Ok(working)
}

/// What the cloud still remembers of each identity. Asked again for a while where it remembers something: it answers
/// before it is done.
pub async fn ask_cloud(question: &Question<'_>) -> Vec<VoiceAnswer> {
    join_all(question.targets.iter().map(|target| ask_cloud_of(question, target))).await
}

async fn ask_cloud_of(question: &Question<'_>, target: &TargetCase) -> VoiceAnswer {
    let (Some(cloud), false) = (question.cloud.ready(), question.plan.flags.rbac_only) else {
        return VoiceAnswer::not_asked(Voice::Cloud, "the cloud was not asked: its record stays as it is");
    };
    let Some(id) = question.cluster.id() else {
        return VoiceAnswer::failed(Voice::Cloud, "the cluster's ID is not known");
    };
    let until = Instant::now() + CLOUD_SETTLES_WITHIN;
    loop {
        let (kubeconfigs, permissions) = tokio::join!(
            cloud::kubeconfigs(cloud, id, question.region),
            cloud::permissions(cloud, question.region, &target.target.uid),
        );
        let answer = read_cloud(question, target, &kubeconfigs, &permissions);
        let settled = answer.residual.is_empty() || Instant::now() >= until;
        if settled {
            return answer;
        }
        sleep(CLOUD_STEP).await;
    }
}

fn read_cloud(
    question: &Question<'_>,
    target: &TargetCase,
    kubeconfigs: &Listing<crate::core::ack::KubeconfigState>,
    permissions: &Answer<Vec<crate::core::ack::Permission>>,
) -> VoiceAnswer {
    let uid = &target.target.uid;
    let rows = kubeconfigs.items().iter().filter(|state| state.uid == *uid);
    let mut left: Vec<String> = rows
        .filter_map(|state| match state.certificate {
            CertificateState::Unexpired => Some("ACK still lists the kubeconfig as Effective".to_owned()),
            CertificateState::Expired => Some("ACK still lists the kubeconfig, as Expired".to_owned()),
            CertificateState::Unknown => Some("ACK lists the kubeconfig and doesn't know its state".to_owned()),
            CertificateState::Unissued | CertificateState::Removed => None,
        })
        .collect();
    let here = |record: &&crate::core::ack::Permission| {
        question.cluster.id().is_some_and(|cluster| record.is_of_cluster(cluster))
    };
    let records = permissions.known().map(Vec::as_slice).unwrap_or_default();
    left.extend(records.iter().filter(here).map(|record| {
        format!("ACK still remembers a permission: {} {} on {}", record.role_type, record.role_name, record.resource_id)
    }));
    let failed: Vec<&str> = [kubeconfigs.failure(), permissions.failure()].into_iter().flatten().collect();
    if left.is_empty() && !failed.is_empty() {
        return VoiceAnswer::failed(Voice::Cloud, format!("the cloud's record is unknown: {}", failed.join("; ")));
    }
    let told = if left.is_empty() { "no kubeconfig, no permission record" } else { "a record is left" };
    VoiceAnswer::of(Voice::Cloud, told, left)
}

/// Asks all voices but the cloud, and weighs them with what the cloud said.
pub async fn verify(question: &Question<'_>, cloud: Vec<VoiceAnswer>) -> Vec<Verification> {
    let read = Reading::of(question.api).await;
    let settled = async {
        match &read {
            Ok(read) => watch(question, read).await,
            Err(_) => vec![
                VoiceAnswer::failed(Voice::Settled, "without a list there is nothing to watch from");
                question.targets.len()
            ],
        }
    };
    let asked = join_all(question.targets.iter().map(|target| ask_about(question, target, &read)));
    let (asked, settled) = tokio::join!(asked, settled);
    let at = question.api.time().unwrap_or(question.now);
    let mut verifications = Vec::new();
    for (((target, mut voices), cloud), settled) in question.targets.iter().zip(asked).zip(cloud).zip(settled) {
        voices.extend([cloud, settled]);
        voices.sort_by_key(|answer| answer.voice);
        verifications.push(weigh(question, target, voices, at));
    }
    verifications
}

fn weigh(question: &Question<'_>, target: &TargetCase, voices: Vec<VoiceAnswer>, at: Timestamp) -> Verification {
    let uid = &target.target.uid;
    let mut not_checked = question.plan.not_checked.clone();
    if question.plan.leaked.is_some() && question.leaked.is_none() {
        not_checked.insert(0, "the leaked file itself: give it again with -f".to_owned());
    }
    if question.probes.is_empty() {
        not_checked.insert(0, "access reviews: nothing that the roles allow was seen to work before".to_owned());
    }
    let own = question.plan.remains.iter().filter(|remain| remain.uid.as_ref().is_none_or(|about| about == uid));
    Verification {
        cluster_id: question.cluster.id().cloned(),
        uid: uid.clone(),
        outcome: outcome(&voices),
        at,
        groups_from: target.target.groups_from,
        residual: voices.iter().flat_map(|answer| answer.residual.clone()).collect(),
        voices,
        remains: own.cloned().collect(),
        not_checked,
    }
}

/// What the API server holds after the change.
struct Reading {
    inventory: Inventory,
    roles: Roles,
    mappings: Result<Vec<Mapping>, String>,
    versions: [(BindingScope, String); 2],
    since: Instant,
}

impl Reading {
    async fn of(api: &ApiServer) -> Result<Self, CallError> {
        let scopes = (BindingScope::Cluster, BindingScope::AllNamespaces);
        let (cluster, namespaced, roles, mappings, config_map) = tokio::join!(
            api.bindings_at(&scopes.0),
            api.bindings_at(&scopes.1),
            api.roles(),
            api.ram_identity_mappings(),
            api.auth_config_map(),
        );
        let ((mut inventory, cluster), (others, namespaced)) = (cluster?, namespaced?);
        inventory.append(others);
        Ok(Self {
            inventory,
            roles: roles?,
            mappings: all_mappings(mappings, config_map),
            versions: [(scopes.0, cluster), (scopes.1, namespaced)],
            since: Instant::now(),
        })
    }
}

/// Without the authenticator its ConfigMap maps nobody.
fn all_mappings(
    objects: Result<Option<Vec<Mapping>>, CallError>,
    entries: Result<Option<Vec<Mapping>>, CallError>,
) -> Result<Vec<Mapping>, String> {
    let objects = objects.map_err(|error| chain(&error))?;
    let inert = objects.is_none();
    let entries = match entries {
        Err(error) if inert && error.is_forbidden() => None,
        other => other.map_err(|error| chain(&error))?,
    };
    Ok(objects.into_iter().chain(entries).flatten().collect())
}

async fn ask_about(
    question: &Question<'_>,
    target: &TargetCase,
    read: &Result<Reading, CallError>,
) -> Vec<VoiceAnswer> {
    let (reviews, leaked) = tokio::join!(review(question, &target.target), present_leaked(question, target));
    let (rbac, others) = match read {
        Ok(read) => (evaluate(&target.target, read), others(question, target, read)),
        Err(error) => (
            VoiceAnswer::failed(Voice::Rbac, chain(error)),
            VoiceAnswer::failed(Voice::MappingsAndGroups, "bindings and roles could not be read"),
        ),
    };
    vec![rbac, reviews, leaked, others]
}

/// Every binding that still names the identity.
fn evaluate(target: &Target, read: &Reading) -> VoiceAnswer {
    let named = read.inventory.bindings().iter().filter_map(|binding| {
        let subject = binding.subjects().iter().find(|subject| is_named(subject.ram_uid(), subject.name(), target))?;
        let (role, place) = (binding.role(), binding.namespace().unwrap_or("-"));
        let by = format!("{}/{place}/{}", binding.kind(), binding.name());
        Some(format!("{by} gives {}/{} to {}", role.kind, role.name, subject.name()))
    });
    let left: Vec<String> = named.collect();
    let (names, groups, bindings) = (target.names.len(), target.groups.len(), read.inventory.bindings().len());
    let told = match left.len() {
        0 => format!("no grant left for {names} names and {groups} groups, {bindings} bindings read"),
        count => format!("{count} grants left, {bindings} bindings read"),
    };
    VoiceAnswer::of(Voice::Rbac, told, left)
}

fn is_named(ram_uid: Option<&str>, name: &str, target: &Target) -> bool {
    ram_uid == Some(target.uid.as_str()) || (ram_uid.is_some() && target.names.contains(name))
}

/// The ways in that are no bindings of the identity's own.
fn others(question: &Question<'_>, target: &TargetCase, read: &Reading) -> VoiceAnswer {
    let found = access(&read.inventory, &read.roles, &target.target, &question.plan.flags);
    let mut left: Vec<String> = found.into_iter().map(|(_, what)| what).collect();
    let name = target.verdict.name.as_deref();
    match &read.mappings {
        Err(reason) if left.is_empty() => return VoiceAnswer::failed(Voice::MappingsAndGroups, reason.clone()),
        Err(_) => {}
        Ok(mappings) => {
            let mapped = mappings.iter().filter_map(|mapping| mapping_of(mapping, &target.target, name));
            left.extend(mapped.filter(|(kind, _)| kind.is_access()).map(|(_, what)| what));
        }
    }
    let told = if left.is_empty() { "no mapping, no group that gives it anything" } else { "another way in is left" };
    VoiceAnswer::of(Voice::MappingsAndGroups, told, left)
}

/// The API server's own decision on every question that it had answered with yes.
async fn review(question: &Question<'_>, target: &Target) -> VoiceAnswer {
    let own: Vec<&Probe> = question.probes.iter().filter(|probe| target.names.contains(&probe.name)).collect();
    if own.is_empty() {
        return VoiceAnswer::not_asked(Voice::AccessReviews, "nothing was seen to work before");
    }
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    let answers: Vec<Option<Reviewed>> =
        stream::iter(&own).map(|probe| review_until(question.api, probe, until)).buffered(SIDE_BY_SIDE).collect().await;
    let (mut left, mut unclear) = (Vec::new(), Vec::new());
    for (probe, answer) in own.iter().zip(answers) {
        let may = format!("{} may {}", probe.name, probe.attributes);
        match answer {
            Some(Reviewed::No) => {}
            Some(Reviewed::ByRbac(reason)) => left.push(format!("{may}: {reason}")),
            Some(Reviewed::ByAnother(reason)) => left.push(format!("{may}, by another authorizer: {reason}")),
            Some(Reviewed::Unclear(reason)) => unclear.push(format!("{may}? {reason}")),
            None => unclear.push(format!("{may}? no answer")),
        }
    }
    let asked = own.len();
    match (left.len(), unclear.first()) {
        (0, Some(first)) => VoiceAnswer::failed(
            Voice::AccessReviews,
            format!("{} of {asked} without a clear answer, such as {first}", unclear.len()),
        ),
        (0, None) => VoiceAnswer::clean(Voice::AccessReviews, format!("{asked} asked before: yes; after: no")),
        (count, _) => {
            left.truncate(MOST_SHOWN);
            VoiceAnswer::residual(Voice::AccessReviews, format!("{count} of {asked} are still answered with yes"), left)
        }
    }
}

/// How many answers of a kind are shown.
const MOST_SHOWN: usize = 5;

/// Asks until the answer is no, or for as long as the API server may need to hear of its own change.
async fn review_until(api: &ApiServer, probe: &Probe, until: Instant) -> Option<Reviewed> {
    loop {
        let answer = api.subject_access_review(&probe.bearer(), &probe.attributes).await;
        let read = answer.as_ref().ok().map(read_review);
        if read == Some(Reviewed::No) || Instant::now() >= until {
            return read;
        }
        sleep(REVIEW_STEP).await;
    }
}

/// Presents the leaked credential to the operator's own server, with one question that was allowed before.
async fn present_leaked(question: &Question<'_>, target: &TargetCase) -> VoiceAnswer {
    let Some(leaked) = question.leaked.filter(|leaked| leaked.uid == target.target.uid) else {
        return VoiceAnswer::not_asked(Voice::LeakedFile, "none was given");
    };
    let bearer = match question.api.with_login(&leaked.login) {
        Ok(bearer) => bearer,
        Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
    };
    match bearer.self_subject_review().await {
        Err(error) if error.status() == Some(401) => {
            return VoiceAnswer::clean(Voice::LeakedFile, "the API server doesn't accept the certificate (401)");
        }
        Ok(Some(seen)) => {
            let expected = format!("X509SHA256={}", leaked.facts.certificate_sha256);
            if seen.credential_id().is_some_and(|id| id != expected) {
                return VoiceAnswer::failed(
                    Voice::LeakedFile,
                    "the API server sees another certificate than the file's",
                );
            }
        }
        Ok(None) | Err(_) => {}
    }
    let own = || question.probes.iter().filter(|probe| probe.name == leaked.facts.common_name);
    match own().find_map(|probe| Some((probe, path_of(&probe.attributes)?))) {
        Some((probe, path)) => get_as_leaked(&bearer, &probe.attributes, &path).await,
        None => match own().next() {
            Some(probe) => review_as_leaked(&bearer, &probe.attributes).await,
            None => VoiceAnswer::not_asked(Voice::LeakedFile, "nothing was seen to work before"),
        },
    }
}

async fn get_as_leaked(bearer: &ApiServer, attributes: &Attributes, path: &str) -> VoiceAnswer {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        match bearer.status_of_get(path).await {
            Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
            Ok(status) => match read_leaked_status(status) {
                Ok(()) => {
                    let told = format!("GET {path}: {status} (the review had said yes before)");
                    return VoiceAnswer::clean(Voice::LeakedFile, told);
                }
                Err(_) if Instant::now() < until => sleep(REVIEW_STEP).await,
                Err(reason) if matches!(status, 200..=299 | 404) => {
                    let left = format!("the leaked file may {attributes}: {reason}");
                    return VoiceAnswer::residual(Voice::LeakedFile, format!("GET {path}: {status}"), vec![left]);
                }
                Err(reason) => return VoiceAnswer::failed(Voice::LeakedFile, format!("GET {path}: {reason}")),
            },
        }
    }
}

async fn review_as_leaked(bearer: &ApiServer, attributes: &Attributes) -> VoiceAnswer {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        match bearer.self_subject_access_review(attributes).await {
            Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
            Ok(review) if read_review(&review) == Reviewed::No => {
                return VoiceAnswer::clean(Voice::LeakedFile, format!("may it {attributes}? No, says its own review"));
            }
            Ok(_) if Instant::now() < until => sleep(REVIEW_STEP).await,
            Ok(review) => {
                let left = format!("the leaked file may {attributes}: {}", review.reason);
                return VoiceAnswer::residual(Voice::LeakedFile, "its own review still says yes", vec![left]);
            }
        }
    }
}

/// Watches both kinds of binding for a name that comes back.
async fn watch(question: &Question<'_>, read: &Reading) -> Vec<VoiceAnswer> {
    let nothing = |told: &str| vec![VoiceAnswer::not_asked(Voice::Settled, told); question.targets.len()];
    if question.settle.is_zero() {
        return nothing("--settle 0");
    }
    let seen = std::cell::RefCell::new(Vec::new());
    let follow = |scope: &'_ BindingScope, since: &'_ str| {
        let (scope, since, seen) = (scope.clone(), since.to_owned(), &seen);
        async move {
            question
                .api
                .watch_bindings(&scope, &since, question.settle, |event: WatchEvent| {
                    if event.change != WatchedChange::Deleted {
                        seen.borrow_mut().push((read.since.elapsed(), event.object));
                    }
                })
                .await
        }
    };
    let [(cluster, from), (namespaced, namespaced_from)] = &read.versions;
    let (one, other) = tokio::join!(follow(cluster, from), follow(namespaced, namespaced_from));
    let mut back = seen.into_inner();
    if let Err(error) = one.and(other) {
        tracing::debug!(error = chain(&error), "can't watch, listing once more");
        match list_again(question, &question.targets, read).await {
            Ok(objects) => back.extend(objects),
            Err(error) => return vec![VoiceAnswer::failed(Voice::Settled, chain(&error)); question.targets.len()],
        }
    }
    question.targets.iter().map(|target| came_back(question, &target.target, &back)).collect()
}

/// Where no watch is to be had: what names an identity after the time has passed and did not before.
async fn list_again(
    question: &Question<'_>,
    targets: &[&TargetCase],
    read: &Reading,
) -> Result<Vec<(Duration, BindingObject)>, CallError> {
    let passed = read.since.elapsed();
    sleep(question.settle.saturating_sub(passed)).await;
    let again = Reading::of(question.api).await?;
    let mut back = Vec::new();
    for binding in again.inventory.bindings() {
        let names = |target: &&&TargetCase| {
            binding.subjects().iter().any(|subject| is_named(subject.ram_uid(), subject.name(), &target.target))
        };
        if targets.iter().any(|target| names(&target)) {
            let reference = crate::core::binding_object::BindingRef {
                kind: binding.kind(),
                namespace: binding.namespace().map(str::to_owned),
                name: binding.name().to_owned(),
            };
            back.extend(question.api.binding(&reference).await?.map(|object| (read.since.elapsed(), object)));
        }
    }
    Ok(back)
}

fn came_back(question: &Question<'_>, target: &Target, seen: &[(Duration, BindingObject)]) -> VoiceAnswer {
    let own = |object: &BindingObject| {
        object.subjects.iter().any(|subject| {
            let uid: Option<Uid> = ram_uid(subject);
            is_named(uid.as_ref().map(Uid::as_str), &subject.name, target)
        })
    };
    let mut left = Vec::new();
    for (after, object) in seen.iter().filter(|(_, object)| own(object)) {
        let by = field_manager_of_subjects(object).unwrap_or_else(|| "somebody".to_owned());
        left.push(format!("{}: put back by {by} after {:.1} s", object.reference(), after.as_secs_f64()));
    }
    let told = match left.len() {
        0 => format!("{} s, nothing came back", question.settle.as_secs_f64()),
        _ => "something came back".to_owned(),
    };
    VoiceAnswer::of(Voice::Settled, told, left)
}

/// How long to watch: longer where somebody's marks stand on a binding.
pub fn settle_time(flag: Option<Duration>, plan: &Plan) -> Duration {
    flag.unwrap_or(if plan.is_managed() { Duration::from_secs(15) } else { Duration::from_secs(2) })
}
