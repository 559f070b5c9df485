//! Asks every voice whether access is gone: once before the change for what can be compared, and after it for the proof.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::cloud::CloudAccess;
use super::leaked::Leaked;
use crate::adapters::cluster::{ApiServer, BindingScope, CallError};
use crate::core::ids::Region;
use crate::core::rbac::Roles;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping::Mapping;
use crate::core::revocation::input::{InputCluster, InputTarget};
use crate::core::revocation::plan::{Flags, Plan, RemainKind, access, mapping_of, masters};
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Check, CheckReport, Verification, outcome};
use crate::error::chain;

mod cloud_record;
mod leaked_file;
mod reviews;
mod settling;

pub use cloud_record::ask_cloud;
pub use reviews::{Before, probes_that_work};
pub use settling::settle_time;

use leaked_file::present_leaked;
use reviews::review;
use settling::watch;

/// How many identities are asked about at a time; each has many questions of its own.
const TARGETS_SIDE_BY_SIDE: usize = 4;
/// How long the API server's own decisions may lag behind its store.
const REVIEWS_SETTLE_WITHIN: Duration = Duration::from_secs(5);
/// The wait between two looks.
const REVIEW_STEP: Duration = Duration::from_millis(100);

/// What was agreed to and what is to be asked about it.
pub struct VerificationQuery<'a> {
    /// The way to the API server.
    pub api: &'a ApiServer,
    /// The way to the cloud.
    pub cloud: &'a CloudAccess,
    /// The cluster's region.
    pub region: Option<&'a Region>,
    /// The cluster.
    pub cluster: &'a InputCluster,
    /// The identities that were to lose their access.
    pub targets: Vec<&'a InputTarget>,
    /// What was agreed to.
    pub plan: &'a Plan,
    /// What the access reviews are compared with.
    pub before: &'a Before,
    /// The leaked credential.
    pub leaked: Option<&'a Leaked>,
    /// How long to watch for what comes back.
    pub settle: Duration,
    /// The time, where the API server's own is not known.
    pub now: Timestamp,
}

/// Asks all voices but the cloud, and weighs them with what the cloud said.
pub async fn verify(question: &VerificationQuery<'_>, cloud: Vec<CheckReport>) -> Vec<Verification> {
    let (read, mappings) = tokio::join!(Reading::of(question.api), MappingsRead::of(question.api));
    let settled = async {
        match &read {
            Ok(read) => watch(question, read).await,
            Err(_) => vec![
                CheckReport::error(Check::Settled, "without a list there is nothing to watch from");
                question.targets.len()
            ],
        }
    };
    let asked = stream::iter(&question.targets).map(|target| ask_about(question, target, &read, &mappings));
    let asked = asked.buffered(TARGETS_SIDE_BY_SIDE).collect::<Vec<_>>();
    let (asked, settled) = tokio::join!(asked, settled);
    let at = question.api.time().unwrap_or(question.now);
    let mut verifications = Vec::new();
    for (((target, mut checks), cloud), settled) in question.targets.iter().zip(asked).zip(cloud).zip(settled) {
        checks.extend([cloud, settled]);
        checks.sort_by_key(|answer| answer.check);
        verifications.push(weigh(question, target, checks, at));
    }
    verifications
}

fn weigh(
    question: &VerificationQuery<'_>,
    target: &InputTarget,
    checks: Vec<CheckReport>,
    at: Timestamp,
) -> Verification {
    let uid = &target.target.uid;
    let mut not_checked = question.plan.not_checked.clone();
    if question.plan.leaked.is_some() && question.leaked.is_none() {
        not_checked.insert(0, "the leaked file itself: give it again with -f".to_owned());
    }
    if question.before.allowed.is_empty() {
        not_checked.insert(0, "access reviews: nothing that the roles allow was seen to work before".to_owned());
    }
    let own = question.plan.remains.iter().filter(|remain| remain.uid.as_ref().is_none_or(|about| about == uid));
    Verification {
        cluster_id: question.cluster.id().cloned(),
        uid: uid.clone(),
        outcome: outcome(&checks),
        at,
        groups_from: target.target.groups_from,
        checks,
        remains: own.cloned().collect(),
        not_checked,
    }
}

/// What the API server holds after the change.
struct Reading {
    inventory: Inventory,
    roles: Roles,
    versions: [(BindingScope, String); 2],
    since: Instant,
}

impl Reading {
    async fn of(api: &ApiServer) -> Result<Self, CallError> {
        let scopes = (BindingScope::Cluster, BindingScope::AllNamespaces);
        let (cluster, namespaced, roles) =
            tokio::join!(api.bindings_at(&scopes.0), api.bindings_at(&scopes.1), api.roles());
        let ((mut inventory, cluster), (others, namespaced)) = (cluster?, namespaced?);
        inventory.append(others);
        Ok(Self {
            inventory,
            roles: roles?,
            versions: [(scopes.0, cluster), (scopes.1, namespaced)],
            since: Instant::now(),
        })
    }
}

/// What ack-ram-authenticator maps, and what of it could not be read.
struct MappingsRead {
    mappings: Vec<Mapping>,
    unread: Vec<String>,
}

impl MappingsRead {
    async fn of(api: &ApiServer) -> Self {
        let (objects, entries) = tokio::join!(api.ram_identity_mappings(), api.auth_config_map());
        let mut read = Self { mappings: Vec::new(), unread: Vec::new() };
        read.take(objects, "list ramidentitymappings.ramauthenticator.k8s.alibabacloud");
        read.take(entries, "get configmaps/alibabacloud-auth in namespace kube-system");
        read
    }

    /// A scan takes a denied ConfigMap for none where the API group is absent; a proof may not: the authenticator may run on
    /// the ConfigMap alone.
    fn take(&mut self, answer: Result<Option<Vec<Mapping>>, CallError>, right: &str) {
        match answer {
            Ok(mappings) => self.mappings.extend(mappings.into_iter().flatten()),
            Err(error) if error.is_forbidden() => {
                self.unread.push(format!("{}; missing right: {right}", chain(&error)));
            }
            Err(error) => self.unread.push(chain(&error)),
        }
    }
}

async fn ask_about(
    question: &VerificationQuery<'_>,
    target: &InputTarget,
    read: &Result<Reading, CallError>,
    mappings: &MappingsRead,
) -> Vec<CheckReport> {
    let (reviews, leaked) = tokio::join!(review(question, &target.target), present_leaked(question, target));
    let rbac = match read {
        Ok(read) => evaluate(&target.target, read, &question.plan.flags),
        Err(error) => CheckReport::error(Check::Rbac, chain(error)),
    };
    vec![rbac, reviews, leaked, others(target, mappings, &question.plan.flags)]
}

/// Every binding that still names the identity, or gives something to one of its groups or to a name that resembles its own.
fn evaluate(target: &Target, read: &Reading, flags: &Flags) -> CheckReport {
    let named = read.inventory.bindings().iter().filter_map(|binding| {
        let subject = binding.subjects().iter().find(|subject| is_named(subject.user_name(), target))?;
        let (role, by) = (binding.role(), binding.reference());
        Some(format!("{by} gives {}/{} to {}", role.kind, role.name, subject.name()))
    });
    let beside_its_names = |flags: &Flags| -> Vec<String> {
        let found = access(&read.inventory, &read.roles, target, flags).into_iter();
        found.filter(|(kind, _)| *kind != RemainKind::Masters).map(|(_, what)| what).collect()
    };
    let beside = beside_its_names(flags);
    let accepted = beside_its_names(&Flags::default()).len().saturating_sub(beside.len());
    let left: Vec<String> = named.chain(beside).collect();
    let (names, groups, bindings) = (target.names.len(), target.groups.len(), read.inventory.bindings().len());
    let beyond = match accepted {
        0 => "the API server's own defaults".to_owned(),
        count => format!("the API server's own defaults and {count} that you accepted"),
    };
    let detail = match left.len() {
        0 => format!("no grant left for {names} names and {groups} groups beyond {beyond}, {bindings} bindings read"),
        count => format!("{count} grants left, {bindings} bindings read"),
    };
    CheckReport::of(Check::Rbac, detail, left)
}

fn is_named(user_name: Option<&str>, target: &Target) -> bool {
    user_name.is_some_and(|name| target.bears(name))
}

/// The ways in that are no bindings.
fn others(target: &InputTarget, read: &MappingsRead, flags: &Flags) -> CheckReport {
    let name = target.verdict.name.as_deref();
    let mapped = read.mappings.iter().filter_map(|mapping| mapping_of(mapping, &target.target, name, flags));
    let found = mapped.chain(masters(&target.target)).filter(|(kind, _)| kind.is_access());
    let left: Vec<String> = found.map(|(_, what)| what).collect();
    match (left.is_empty(), read.unread.is_empty()) {
        (true, false) => CheckReport::error(Check::MappingsAndGroups, read.unread.join("; ")),
        (true, true) => {
            CheckReport::passed(Check::MappingsAndGroups, "no mapping, and none of its groups is system:masters")
        }
        (false, _) => CheckReport::failed(Check::MappingsAndGroups, "another way in is left", left),
    }
}
