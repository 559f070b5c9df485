//! Asks whether access is gone: once before the change for what can be compared, and after it for the proof. What the answers
//! mean is decided in `core::revocation::verification`.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::cloud::CloudAccess;
use super::grants::source_error;
use super::leaked::Leaked;
use crate::adapters::cluster::{ApiServer, BindingScope, CallError};
use crate::core::ids::{ClusterId, Region};
use crate::core::rbac::Roles;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping_sources::{MappingReading, MappingSources};
use crate::core::revocation::input::InputTarget;
use crate::core::revocation::leaked::{LeakedFacts, at_hand};
use crate::core::revocation::plan::Plan;
use crate::core::revocation::static_tokens::SecretRef;
use crate::core::revocation::verification::{
    Answers, Assembly, Before, Check, CheckReport, Verification, evaluate, weigh_mappings, weigh_static_tokens,
};
use crate::error::chain;

mod cloud_record;
mod leaked_file;
mod reviews;
mod rotation;
mod static_tokens;
mod watch;

pub use cloud_record::ask_cloud;
pub use reviews::{Again, allowed_again, probes_that_work};
pub use rotation::{Asked, RotationQuery, ask_before, verify_rotation};

use leaked_file::present_leaked;
use reviews::review;
use watch::watch;

/// How many identities are asked about at a time; each has many questions of its own.
const TARGETS_SIDE_BY_SIDE: usize = 4;
/// How long the API server's own decisions may lag behind its store.
const REVIEWS_SETTLE_WITHIN: Duration = Duration::from_secs(5);
/// The wait between two looks.
const REVIEW_STEP: Duration = Duration::from_millis(100);

/// What was agreed to, and what the checks need.
pub struct VerificationQuery<'a> {
    /// The API server.
    pub api: &'a ApiServer,
    /// The cloud.
    pub cloud: &'a CloudAccess,
    /// The cluster's region.
    pub region: Option<&'a Region>,
    /// The cluster's ID, where it is known.
    pub cluster_id: Option<&'a ClusterId>,
    /// The identities that were to lose their access.
    pub targets: Vec<&'a InputTarget>,
    /// What was agreed to.
    pub plan: &'a Plan,
    /// What the access reviews are compared with.
    pub before: &'a Before,
    /// The leaked credentials that are at hand.
    pub leaked: Vec<&'a Leaked>,
    /// How long to watch for what comes back.
    pub settle: Duration,
    /// Whether something was changed just now: then the API server may need a while to say so.
    pub has_just_changed: bool,
    /// The time, where the API server's own is not known.
    pub now: Timestamp,
}

/// Makes all checks but the one of the cloud, and weighs them with that one's reports. Gives the answers of the access reviews, too.
pub async fn verify(question: &VerificationQuery<'_>, cloud: Vec<CheckReport>) -> (Vec<Verification>, Vec<Answers>) {
    let facts = ClusterFacts::read(question.api).await;
    let (checks, settled) = tokio::join!(question.checks(&facts), question.settled(&facts.first));
    let assembly = question.assembly();
    let (mut verifications, mut answers) = (Vec::new(), Vec::new());
    let checks = question.targets.iter().zip(checks).zip(cloud).zip(settled);
    for (((target, (mut checks, answered)), cloud), settled) in checks {
        checks.extend([cloud, settled]);
        verifications.push(assembly.verification(&target.target, checks));
        answers.extend(answered);
    }
    (verifications, answers)
}

/// Makes the checks anew of which the cluster was read before, that of the cloud and no watching among them: nothing was changed now.
pub async fn verify_again(
    question: &VerificationQuery<'_>,
    facts: &ClusterFacts,
    cloud: Vec<CheckReport>,
) -> Vec<Verification> {
    let checks = question.checks(facts).await;
    let assembly = question.assembly();
    let checks = question.targets.iter().zip(checks).zip(cloud);
    let verification = |((target, (mut checks, _)), cloud): ((&&InputTarget, (Vec<CheckReport>, _)), CheckReport)| {
        checks.push(cloud);
        assembly.verification(&target.target, checks)
    };
    checks.map(verification).collect()
}

impl VerificationQuery<'_> {
    async fn checks(&self, facts: &ClusterFacts) -> Vec<(Vec<CheckReport>, Vec<Answers>)> {
        let checks = stream::iter(&self.targets).map(|target| check(self, target, facts));
        let checks = checks.buffered(TARGETS_SIDE_BY_SIDE).collect::<Vec<_>>();
        let (mut checks, tokens) = tokio::join!(checks, static_tokens::still_taken(self.api, self.plan, self.now));
        for (target, (checks, _)) in self.targets.iter().zip(&mut checks) {
            let steps = self.plan.token_steps().filter(|(_, step)| step.identities.contains(&target.target.uid));
            let ended: Vec<&SecretRef> = steps.map(|(_, step)| &step.secret).collect();
            checks.extend(weigh_static_tokens(&ended, tokens.as_ref().map_err(String::as_str)));
        }
        checks
    }

    /// Watches what comes back, from the list on.
    async fn settled(&self, first: &Result<FirstList, CallError>) -> Vec<CheckReport> {
        match first {
            Ok(first) => watch(self, first).await,
            Err(_) => {
                let report = CheckReport::error(Check::Settled, "without a list there is nothing to watch from");
                vec![report; self.targets.len()]
            }
        }
    }

    fn assembly(&self) -> Assembly<'_> {
        Assembly {
            cluster_id: self.cluster_id,
            plan: self.plan,
            before: self.before,
            missing_files: self
                .files()
                .into_iter()
                .filter(|(_, file)| file.is_none())
                .map(|(facts, _)| facts)
                .collect(),
            at: self.api.time().unwrap_or(self.now),
        }
    }

    /// Each credential that the plan is about, with its file where that is at hand.
    fn files(&self) -> Vec<(&LeakedFacts, Option<&Leaked>)> {
        let given: Vec<&LeakedFacts> = self.leaked.iter().map(|leaked| &leaked.facts).collect();
        let places = at_hand(&self.plan.leaked, &given);
        let file = |place: Option<usize>| place.map(|place| self.leaked[place]);
        self.plan.leaked.iter().zip(places.into_iter().map(file)).collect()
    }

    /// How long the API server may need to say what was changed.
    fn lag(&self) -> Duration {
        if self.has_just_changed { REVIEWS_SETTLE_WITHIN } else { Duration::ZERO }
    }
}

/// What one cluster holds: it is read once for all identities.
pub struct ClusterFacts {
    first: Result<FirstList, CallError>,
    mappings: MappingReading,
}

impl ClusterFacts {
    /// Reads the bindings, the roles and the mappings.
    pub async fn read(api: &ApiServer) -> Self {
        let (first, mappings) = tokio::join!(FirstList::read(api), mappings(api));
        Self { first, mappings }
    }

    /// The bindings; `None` where they can't be read.
    pub fn inventory(&self) -> Option<&Inventory> {
        self.first.as_ref().ok().map(|first| &first.inventory)
    }
}

/// What the API server holds after the change.
struct FirstList {
    inventory: Inventory,
    roles: Roles,
    versions: [(BindingScope, String); 2],
    since: Instant,
}

impl FirstList {
    async fn read(api: &ApiServer) -> Result<Self, CallError> {
        let (bindings, roles) = tokio::join!(api.all_bindings_at(), api.roles());
        let ((inventory, versions), roles) = (bindings?, roles?);
        Ok(Self { inventory, roles, versions, since: Instant::now() })
    }
}

/// What ack-ram-authenticator maps.
async fn mappings(api: &ApiServer) -> MappingReading {
    let (objects, config_map) = tokio::join!(api.ram_identity_mappings(), api.auth_config_map());
    let (objects, config_map) = (objects.map_err(source_error), config_map.map_err(source_error));
    MappingSources { objects, config_map }.for_proof()
}

async fn check(
    question: &VerificationQuery<'_>,
    target: &InputTarget,
    facts: &ClusterFacts,
) -> (Vec<CheckReport>, Vec<Answers>) {
    let ((reviews, answers), leaked) = tokio::join!(review(question, &target.target), present_leaked(question, target));
    let flags = &question.plan.flags;
    let rbac = match &facts.first {
        Ok(first) => evaluate(&target.target, &first.inventory, &first.roles, flags),
        Err(error) => CheckReport::error(Check::Rbac, chain(error)),
    };
    let mappings = weigh_mappings(&target.target, target.verdict.name.as_deref(), &facts.mappings, flags);
    (vec![rbac, reviews, leaked, mappings], answers)
}
