//! The journal of a revocation: what it looks like in its files, and what can be read from them again.
//!
//! It is written before each change and after each answer, so that an operation that was killed anywhere can be shown,
//! finished and undone from its journal alone. Where and how durably it is written is `adapters::journal`'s matter.

mod audit;
pub mod chain;
pub mod checksums;
mod event;
mod operation_id;
mod origin;
pub mod originals;
mod risk;
mod summary;
mod verified;
mod writes;

use crate::core::ids::Uid;

pub use audit::{Action, AuditLine, AuditResult, Phase};
pub use chain::Chain;
pub use event::{
    CleanCall, Ending, Event, Journal, LineError, RequestAnswer, StepResult, follow, read_first_lines, read_journal,
    whole_lines,
};
pub use operation_id::OperationId;
pub use origin::RestoreOrigin;
pub use risk::at_risk;
pub use summary::{OperationSummary, SummaryPurpose};
pub use verified::is_verified;
pub use writes::{BindingWrite, Fate, State, labels, later_plans, state, writes};

/// What an operation that was begun with a leaked file remembers of its credential: a restore of that name would arm the
/// file again. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The common name of the certificate, by which bindings name its holder.
    pub common_name: String,
    /// Whose it is.
    pub uid: Uid,
    /// SHA-256 of the public key's SubjectPublicKeyInfo, hex.
    pub key_sha256: String,
    /// SHA-256 of the certificate, hex.
    pub certificate_sha256: String,
}
