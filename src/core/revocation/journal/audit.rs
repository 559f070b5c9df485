//! The log of all operations: who did what, when, and how it ended.

use jiff::Timestamp;

use super::event::{Ending, StepResult};
use super::operation_id::OperationId;

/// A line of `audit.jsonl`. Every operation has two: when it begins and when it ends. A credential that is issued has one,
/// before it is asked for; a verification of operations has one, after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub time: Timestamp,
    /// The operation; null for a credential that is issued, and for a verification, which is of several.
    pub operation: Option<OperationId>,
    /// What it does.
    pub action: Action,
    /// Whether it begins or ends.
    pub phase: Phase,
    /// Who does it, by each name that is known: the API server's user, the cloud's caller, the name on this machine.
    pub who: Vec<String>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// The clusters, by ID where there is one.
    pub clusters: Vec<String>,
    /// Whose access.
    pub uids: Vec<String>,
    /// How each step ended; empty at the beginning.
    pub results: Vec<AuditResult>,
    /// How all of it ended; null at the beginning.
    pub outcome: Option<Ending>,
    /// The chain of the journal's last line at that time, in hexadecimal digits: a journal without it was cut. Null where
    /// there is no journal.
    pub journal: Option<String>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditResult {
    /// The step's ID in the plan.
    pub step: String,
    /// How it ended.
    pub result: StepResult,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes access away.
    Revoke,
    /// Gives back what an operation took.
    Restore,
    /// Revokes the operator's own kubeconfig and replaces it.
    Rotate,
    /// Goes on with an operation that had stopped.
    Resume,
    /// Checks again whether what was taken away is still gone.
    Verify,
    /// Has the cloud issue a credential of fifteen minutes: `--temporary-credentials`.
    IssueTemporaryCredential,
}

/// Which end of an operation a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is changed yet.
    Begun,
    /// Nothing will be changed any more.
    Ended,
}
