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
use crate::core::ids::Region;
use crate::core::rbac::Roles;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping_sources::{MappingReading, MappingSources};
use crate::core::revocation::input::{InputCluster, InputTarget};
use crate::core::revocation::plan::Plan;
use crate::core::revocation::verification::{
    Assembly, Before, Check, CheckReport, Verification, evaluate, weigh_mappings,
};
use crate::error::chain;

mod cloud_record;
mod leaked_file;
mod reviews;
mod rotation;
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

/// Makes all checks but the one of the cloud, and weighs them with that one's reports.
pub async fn verify(question: &VerificationQuery<'_>, cloud: Vec<CheckReport>) -> Vec<Verification> {
    let (first, mappings) = tokio::join!(FirstList::read(question.api), mappings(question.api));
    let settled = async {
        match &first {
            Ok(first) => watch(question, first).await,
            Err(_) => vec![
                CheckReport::error(Check::Settled, "without a list there is nothing to watch from");
                question.targets.len()
            ],
        }
    };
    let checks = stream::iter(&question.targets).map(|target| check(question, target, &first, &mappings));
    let checks = checks.buffered(TARGETS_SIDE_BY_SIDE).collect::<Vec<_>>();
    let (checks, settled) = tokio::join!(checks, settled);
    let assembly = Assembly {
        cluster_id: question.cluster.id(),
        plan: question.plan,
        before: question.before,
        has_leaked_file: question.leaked.is_some(),
        at: question.api.time().unwrap_or(question.now),
    };
    let mut verifications = Vec::new();
    for (((target, mut checks), cloud), settled) in question.targets.iter().zip(checks).zip(cloud).zip(settled) {
        checks.extend([cloud, settled]);
        verifications.push(assembly.verification(&target.target, checks));
    }
    verifications
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
    first: &Result<FirstList, CallError>,
    mappings: &MappingReading,
) -> Vec<CheckReport> {
    let (reviews, leaked) = tokio::join!(review(question, &target.target), present_leaked(question, target));
    let flags = &question.plan.flags;
    let rbac = match first {
        Ok(first) => evaluate(&target.target, &first.inventory, &first.roles, flags),
        Err(error) => CheckReport::error(Check::Rbac, chain(error)),
    };
    vec![rbac, reviews, leaked, weigh_mappings(&target.target, target.verdict.name.as_deref(), mappings, flags)]
}
