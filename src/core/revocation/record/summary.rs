//! `summary.json`: what lists of operations, and the protection of revoked credentials, need to know of a record.

use serde::{Deserialize, Serialize};

use super::several::Several;
use super::{FORMAT, OnDisk as _, RecordError, all, many, one, text, texts, under};
use crate::core::revocation::journal::{OperationSummary, RestoreOrigin, SummaryPurpose, Tombstone};

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryV1 {
    /// [`FORMAT`].
    pub format: u32,
    /// When the operation began, by this machine's clock, as RFC 3339 has it.
    pub begun: String,
    /// The hash of its plan.
    pub plan_hash: String,
    /// What it is for.
    pub purpose: SummaryPurposeV1,
    /// Its clusters; null for one whose ID is not known.
    pub cluster_ids: Vec<Option<String>>,
    /// The identities.
    pub uids: Vec<String>,
    /// The number of steps.
    pub steps: usize,
    /// `--reason`. May be missing: none.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it beside the operator. May be missing: no approval was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The length of `operation.json`, in bytes.
    pub record_length: u64,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all_fields = "camelCase")]
pub enum SummaryPurposeV1 {
    /// Access is taken away.
    Revoke {
        /// The credentials that must not work again without notice: null, the one, or a list of two and more.
        tombstone: Several<TombstoneV1>,
    },
    /// Access is given back.
    Restore {
        /// The operation that took it away.
        of: String,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
    /// Access is given back by the backups that another tool left.
    RestoreFrom {
        /// The path of the folder that holds the clusters' folders.
        from: String,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
    /// The operator's own kubeconfig is revoked and replaced.
    Rotate {
        /// The credentials that must not work again without notice.
        tombstones: Vec<TombstoneV1>,
    },
}

/// What is kept of a leaked credential that was revoked. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TombstoneV1 {
    /// The common name of the certificate.
    pub common_name: String,
    /// Whose it is.
    pub uid: String,
    /// SHA-256 of the public key, in hexadecimal digits.
    pub key_sha256: String,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub certificate_sha256: String,
}

/// Reads the file.
///
/// # Errors
/// Where it is no summary, or one of a newer format.
pub fn read(json: &[u8]) -> Result<OperationSummary, RecordError> {
    super::read::<SummaryV1>(json)?.try_into()
}

impl From<&OperationSummary> for SummaryV1 {
    fn from(summary: &OperationSummary) -> Self {
        let OperationSummary {
            begun,
            plan_hash,
            purpose,
            cluster_ids,
            uids,
            steps,
            reason,
            approved_by,
            record_length,
        } = summary;
        Self {
            format: FORMAT,
            begun: begun.write(),
            plan_hash: plan_hash.clone(),
            purpose: match purpose {
                SummaryPurpose::Revoke { tombstones } => {
                    SummaryPurposeV1::Revoke { tombstone: Several::write(tombstones) }
                }
                SummaryPurpose::Restore { of: RestoreOrigin::Operation(of), rearmed } => {
                    SummaryPurposeV1::Restore { of: of.write(), rearmed: rearmed.clone() }
                }
                SummaryPurpose::Restore { of: RestoreOrigin::Folder(from), rearmed } => {
                    SummaryPurposeV1::RestoreFrom { from: from.clone(), rearmed: rearmed.clone() }
                }
                SummaryPurpose::Rotate { tombstones } => {
                    SummaryPurposeV1::Rotate { tombstones: tombstones.iter().map(TombstoneV1::from).collect() }
                }
            },
            cluster_ids: cluster_ids.iter().map(|id| text(id.as_ref())).collect(),
            uids: texts(uids),
            steps: *steps,
            reason: reason.clone(),
            approved_by: approved_by.clone(),
            record_length: *record_length,
        }
    }
}

impl TryFrom<SummaryV1> for OperationSummary {
    type Error = RecordError;

    fn try_from(summary: SummaryV1) -> Result<Self, RecordError> {
        let cluster_ids = summary.cluster_ids.iter().map(|id| super::maybe("clusterIds", id.as_deref()));
        Ok(Self {
            begun: one("begun", &summary.begun)?,
            plan_hash: summary.plan_hash,
            cluster_ids: cluster_ids.collect::<Result<_, _>>()?,
            purpose: under("purpose", summary.purpose)?,
            uids: many("uids", &summary.uids)?,
            steps: summary.steps,
            reason: summary.reason,
            approved_by: summary.approved_by,
            record_length: summary.record_length,
        })
    }
}

impl TryFrom<SummaryPurposeV1> for SummaryPurpose {
    type Error = RecordError;

    fn try_from(purpose: SummaryPurposeV1) -> Result<Self, RecordError> {
        Ok(match purpose {
            SummaryPurposeV1::Revoke { tombstone } => Self::Revoke { tombstones: tombstone.read("tombstone")? },
            SummaryPurposeV1::Restore { of, rearmed } => {
                Self::Restore { of: RestoreOrigin::Operation(one("of", &of)?), rearmed }
            }
            SummaryPurposeV1::RestoreFrom { from, rearmed } => {
                Self::Restore { of: RestoreOrigin::Folder(from), rearmed }
            }
            SummaryPurposeV1::Rotate { tombstones } => Self::Rotate { tombstones: all("tombstones", tombstones)? },
        })
    }
}

impl From<&Tombstone> for TombstoneV1 {
    fn from(tombstone: &Tombstone) -> Self {
        let Tombstone { common_name, uid, key_sha256, certificate_sha256 } = tombstone.clone();
        Self { common_name, uid: uid.write(), key_sha256, certificate_sha256 }
    }
}

impl TryFrom<TombstoneV1> for Tombstone {
    type Error = RecordError;

    fn try_from(tombstone: TombstoneV1) -> Result<Self, RecordError> {
        let TombstoneV1 { common_name, uid, key_sha256, certificate_sha256 } = tombstone;
        Ok(Self { common_name, uid: one("uid", &uid)?, key_sha256, certificate_sha256 })
    }
}
