//! A line of `audit.jsonl`: who did what, when, and how it ended.

use serde::{Deserialize, Serialize};

use super::{FORMAT, OnDisk as _, RecordError, maybe, text};
use crate::core::revocation::journal::{AuditLine, AuditResult, OperationId};

/// A line as it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditV1 {
    /// [`FORMAT`].
    pub format: u32,
    /// When, as RFC 3339 has it.
    pub time: String,
    /// The operation; null for a credential that is issued, and for a verification.
    pub operation: Option<String>,
    /// `revoke`, `restore`, `rotate`, `resume`, `verify` or `issueTemporaryCredential`.
    pub action: String,
    /// `begun` or `ended`.
    pub phase: String,
    /// All names of who does it.
    pub who: Vec<String>,
    /// Why, as the operator gave it.
    pub reason: Option<String>,
    /// The clusters.
    pub clusters: Vec<String>,
    /// Whose access.
    pub uids: Vec<String>,
    /// How each step ended, or what each check came to; empty at the beginning.
    pub results: Vec<AuditResultV1>,
    /// How all of it ended; null at the beginning.
    pub outcome: Option<String>,
    /// The chain of the journal's last line at that time; null where there is no journal.
    pub journal: Option<String>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditResultV1 {
    /// The step in words.
    pub step: String,
    /// How it ended.
    pub result: String,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
}

/// What is read of a line: all else is for people.
#[derive(Deserialize)]
struct LoggedV1 {
    /// May be missing: a line that is about no operation.
    #[serde(default)]
    operation: Option<String>,
    /// May be missing: there was no journal.
    #[serde(default)]
    journal: Option<String>,
}

/// The line as the file has it, its end included.
///
/// # Errors
/// None that is known: every line can be written as JSON.
pub fn line(line: &AuditLine) -> Result<String, serde_json::Error> {
    serde_json::to_string(&AuditV1::from(line)).map(|line| line + "\n")
}

/// The operation that a line is about, and the chain of its journal at that time.
///
/// # Errors
/// Where it is no line, or one of a newer format.
pub fn logged(line: &[u8]) -> Result<(Option<OperationId>, Option<String>), RecordError> {
    let LoggedV1 { operation, journal } = super::read(line)?;
    Ok((maybe("operation", operation.as_deref())?, journal))
}

impl From<&AuditLine> for AuditV1 {
    fn from(line: &AuditLine) -> Self {
        let result = |AuditResult { step, result, audit_id, request_id }: &AuditResult| AuditResultV1 {
            step: step.clone(),
            result: result.write(),
            audit_id: audit_id.clone(),
            request_id: request_id.clone(),
        };
        Self {
            format: FORMAT,
            time: line.time.write(),
            operation: text(line.operation.as_ref()),
            action: line.action.write(),
            phase: line.phase.write(),
            who: line.who.clone(),
            reason: line.reason.clone(),
            clusters: line.clusters.clone(),
            uids: line.uids.clone(),
            results: line.results.iter().map(result).collect(),
            outcome: text(line.outcome.as_ref()),
            journal: line.journal.clone(),
        }
    }
}
