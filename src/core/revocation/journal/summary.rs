//! What is asked of many operations at once: a small file beside each record, written with it and covered by its checksums.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationId, Tombstone};
use crate::core::ids::{ClusterId, Uid};

/// The version of an operation's files.
pub const FORMAT: u32 = 1;

/// `summary.json`: what the list of operations, and the protection of revoked credentials, need to know of a record. A record
/// holds a whole plan: with thousands of them nobody could wait until all are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationSummary {
    /// [`FORMAT`].
    pub format: u32,
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
    /// The length of the record, in bytes. A record of another length is damaged, which can be seen without reading it.
    pub record_length: u64,
}

/// What an operation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all_fields = "camelCase")]
pub enum SummaryPurpose {
    /// Access is taken away.
    Revoke {
        /// The credential that must not come back to life unnoticed.
        tombstone: Option<Tombstone>,
    },
    /// Access is given back.
    Restore {
        /// The operation that took it away.
        of: OperationId,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
    },
}

/// Why a summary can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    /// A later version wrote it, and may mean something else by it.
    #[error("written by a newer kubectl-ackcred, in format {0}")]
    Newer(u32),
    /// It is no summary.
    #[error("no summary of an operation")]
    Invalid(#[source] serde_json::Error),
}

impl OperationSummary {
    /// Reads the file.
    ///
    /// # Errors
    /// Where it is no summary, or one of a later version.
    pub fn read(json: &[u8]) -> Result<Self, SummaryError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let read: Result<Self, _> = serde_json::from_slice(json);
        match &read {
            Ok(summary) if summary.format == FORMAT => read.map_err(SummaryError::Invalid),
            _ => match serde_json::from_slice::<Format>(json) {
                Ok(Format { format }) if format != FORMAT => Err(SummaryError::Newer(format)),
                Ok(_) | Err(_) => read.map_err(SummaryError::Invalid),
            },
        }
    }

    /// Whether an operation may bear this name: it holds part of the hash of what was agreed to.
    pub fn belongs_to(&self, id: &OperationId) -> bool {
        self.plan_hash.get(..6).is_some_and(|digits| id.digits() == digits)
    }

    /// What is kept of the leaked credential that it revoked.
    pub fn tombstone(&self) -> Option<&Tombstone> {
        match &self.purpose {
            SummaryPurpose::Revoke { tombstone } => tombstone.as_ref(),
            SummaryPurpose::Restore { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = concat!(
        r#"{"format":1,"begun":"2026-11-22T03:10:02Z","planHash":"3f9a2cdead","purpose":{"operation":"Restore","#,
        r#""of":"20261122-031002-3f9a2c","rearmed":["200-1"]},"clusterIds":[null],"uids":["200"],"steps":3,"#,
        r#""reason":null,"recordLength":7}"#
    );

    #[test]
    fn a_summary_comes_back_as_it_was() {
        let summary = OperationSummary::read(TEXT.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&summary).unwrap(), TEXT);
        let belongs = |id| summary.belongs_to(&OperationId::parse(id).unwrap());
        assert!(belongs("20261122-031002-3f9a2c") && belongs("20261122-031002-3f9a2c-2"));
        assert!(!belongs("20261122-031002-3f9a2d"));
    }

    #[test]
    fn one_of_a_later_version_is_named_as_such() {
        for later in [TEXT.replace("\"format\":1", "\"format\":2"), r#"{"format":3}"#.to_owned()] {
            let error = OperationSummary::read(later.as_bytes()).unwrap_err();
            assert!(matches!(error, SummaryError::Newer(2 | 3)), "{error}");
        }
        for broken in ["", "{", "null", "[]", r#"{"format":1}"#, &TEXT.replace("Restore", "Else")] {
            let error = OperationSummary::read(broken.as_bytes()).unwrap_err();
            assert!(matches!(error, SummaryError::Invalid(_)), "{broken}: {error}");
        }
    }
}
