//! Why a source of credentials can't be used.

use std::path::PathBuf;

use super::super::error::Error;
use crate::adapters::files::FileError;

/// A source that has something which can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file is there and can't be read.
    #[error("cannot read {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: FileError,
    },
    /// A file is not what it should be. The reason quotes nothing of it.
    #[error("cannot understand {}: {reason}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Where it stops making sense.
        reason: String,
    },
    /// Half an access key in one set of variables, the other half in another.
    #[error("{have} is set without {lacks}; {other} belongs to another set of variables, and sources are never mixed")]
    Mixed {
        /// The variable that is set.
        have: &'static str,
        /// Its missing counterpart.
        lacks: &'static str,
        /// The counterpart of another set.
        other: &'static str,
    },
    /// A mode of config.json or a type of the ini file that can't be used here.
    #[error("{place}: mode {mode} cannot be used: {reason}")]
    RefusedMode {
        /// The profile and its file.
        place: String,
        /// The mode, as the file spells it.
        mode: String,
        /// Why not.
        reason: &'static str,
    },
    /// A session that has ended and that only its owner can renew.
    #[error("{place}: the {session} session has expired")]
    SessionExpired {
        /// The profile and its file.
        place: String,
        /// `CloudSSO` or `OAuth`.
        session: &'static str,
        /// What renews it.
        renew: String,
    },
    /// `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS` stands against this source.
    #[error("{place}: ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids it")]
    Disabled {
        /// The source.
        place: String,
    },
    /// Profiles that are each other's source.
    #[error("{place}: its source profiles lead back to itself ({chain})")]
    Cycle {
        /// The profile that was met twice, and its file.
        place: String,
        /// The way round.
        chain: String,
    },
    /// A source that has something which can't be used, for another reason.
    #[error("{place}: {reason}")]
    Failed {
        /// The source.
        place: String,
        /// What is wrong. Never quotes an answer.
        reason: String,
    },
    /// A call to the cloud on the way to the credentials failed.
    #[error("{place}: cannot become {role}")]
    AssumeRole {
        /// The source.
        place: String,
        /// The role's ARN.
        role: String,
        /// The call's error.
        source: Error,
    },
}

impl CredentialsError {
    pub(super) fn failed(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Failed { place: place.into(), reason: reason.into() }
    }

    /// The command that puts things right, where there is one: worth a hint.
    pub fn renewing_command(&self) -> Option<&str> {
        match self {
            Self::SessionExpired { renew, .. } => Some(renew),
            _ => None,
        }
    }
}
