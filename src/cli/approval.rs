//! The approval of a second person.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// The heading of the flags.
pub(super) const SECOND_PERSON: &str = "A second person";

/// Flags of the verbs that change something by a plan.
#[derive(Debug, Args)]
pub struct ApprovalArgs {
    /// Change nothing unless this is a second person's SSH signature of the plan's hash; consent is needed beside it
    #[arg(long, help_heading = SECOND_PERSON, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "allowed_signers")]
    pub approval: Option<PathBuf>,
    /// Who may approve: a file of allowed signers, as ssh-keygen has it
    #[arg(long, help_heading = SECOND_PERSON, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "approval")]
    pub allowed_signers: Option<PathBuf>,
}
