//! What is kept of an operation so that it can be gone on with, and taken back: written before the first change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::case::{Confirmation, LeakedFacts, RoleThen};
use super::ids::{ClusterId, Region};
use super::journal::{OperationId, Tombstone};
use super::plan::Plan;
use super::restoration::RestorePlan;
use super::verification::Probe;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OperationRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
    /// Everybody that the operator is known as.
    pub operator: Vec<String>,
    /// `--reason`.
    pub reason: Option<String>,
    /// The clusters that it is about.
    pub clusters: Vec<ClusterRecord>,
    /// What was agreed to.
    pub purpose: Purpose,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "operation", rename_all_fields = "camelCase")]
pub enum Purpose {
    /// Access is taken away.
    Revoke {
        /// The plan.
        plan: Box<Plan>,
        /// The credential that must not come back to life unnoticed.
        tombstone: Option<Tombstone>,
    },
    /// Access is given back.
    Restore {
        /// The operation that took it away.
        of: OperationId,
        /// The plan.
        plan: Box<RestorePlan>,
        /// The names whose leaked credentials may work again: `--rearm`.
        rearmed: Vec<String>,
    },
}

/// A cluster of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClusterRecord {
    /// Its ID.
    pub id: Option<ClusterId>,
    /// What tells it apart on this machine.
    pub key: String,
    /// Its name in the account.
    pub name: Option<String>,
    /// The context that led to it.
    pub context: Option<String>,
    /// The API server's URL.
    pub server: String,
    /// SHA-256 fingerprints of the keys of its CA.
    pub ca_keys: Vec<String>,
    /// Its region.
    pub region: Option<Region>,
    /// What confirmed its ID.
    pub confirmation: Confirmation,
    /// The roles of the bindings, as they were.
    pub roles: Vec<RoleThen>,
    /// The questions that were answered with yes before the change.
    pub probes: Vec<Probe>,
}

impl OperationRecord {
    /// The plan of a revocation.
    pub fn revocation(&self) -> Option<&Plan> {
        match &self.purpose {
            Purpose::Revoke { plan, .. } => Some(plan),
            Purpose::Restore { .. } => None,
        }
    }
}

/// What is kept of a credential that leaked.
pub fn tombstone_of(leaked: &LeakedFacts, uid: &super::ids::Uid) -> Tombstone {
    Tombstone {
        common_name: leaked.common_name.clone(),
        uid: uid.clone(),
        key_sha256: leaked.key_sha256.clone(),
        certificate_sha256: leaked.certificate_sha256.clone(),
    }
}
