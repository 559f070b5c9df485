//! What is asked of many operations at once: a small file beside each record, written with it and covered by its checksums.

use jiff::Timestamp;

use super::{OperationId, RestoreOrigin, Tombstone};
use crate::core::ids::{ClusterId, Uid};

/// What the list of operations, and the protection of revoked credentials, need to know of a record. A record
/// holds a whole plan: to read thousands of them takes too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationSummary {
    /// When the operation began, by this machine's clock.
    pub begun: Timestamp,
    /// The hash of its plan.
    pub plan_hash: String,
    /// What it is for.
    pub purpose: SummaryPurpose,
    /// Its clusters; null for one whose ID is not known.
    pub cluster_ids: Vec<Option<ClusterId>>,
    /// The identities.
    pub uids: Vec<Uid>,
    /// The number of steps that were agreed to.
    pub steps: usize,
    /// `--reason`.
    pub reason: Option<String>,
    /// Who approved it beside the operator; `None`: no approval was asked for.
    pub approved_by: Option<String>,
    /// The length of the record, in bytes. A record of another length is damaged, which can be seen without reading it.
    pub record_length: u64,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SummaryPurpose {
    /// Access is taken away.
    Revoke {
        /// The credentials that must not come back to life unnoticed.
        tombstones: Vec<Tombstone>,
    },
    /// Access is given back.
    Restore {
        /// Where it is known from.
        of: RestoreOrigin,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
    /// The operator's own kubeconfig is revoked and replaced.
    Rotate {
        /// The credentials that must not come back to life unnoticed.
        tombstones: Vec<Tombstone>,
    },
}

impl OperationSummary {
    /// Whether an operation may bear this name: it holds part of the hash of what was agreed to.
    pub fn belongs_to(&self, id: &OperationId) -> bool {
        self.plan_hash.get(..6).is_some_and(|digits| id.digits() == digits)
    }
}
