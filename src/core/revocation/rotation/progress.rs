//! How far the rotation in one cluster came, as its journal tells.

use std::path::PathBuf;

use crate::core::ids::ClusterId;
use crate::core::revocation::journal::{Event, RequestAnswer};

/// How far it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether ACK has revoked the old kubeconfig.
    pub revoke: RevokeState,
    /// Where the new kubeconfig was written last.
    pub written: Option<Written>,
}

/// Whether ACK has revoked a kubeconfig.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevokeState {
    /// It was not asked to, or it refused.
    #[default]
    NotDone,
    /// It was asked, and its answer is missing or leaves it open.
    InDoubt,
    /// It said that it has.
    Done,
}

/// Where a new kubeconfig was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The file; `None` for standard output.
    pub path: Option<PathBuf>,
    /// The old file, kept beside it; `None` where there was none.
    pub backup: Option<PathBuf>,
}

/// How far the rotation in one cluster came.
pub fn progress(events: &[Event], cluster: Option<&ClusterId>) -> Progress {
    let mut progress = Progress::default();
    let mut sent = None;
    for event in events {
        match event {
            Event::SendingRevoke { audit_id, cluster_id, .. } if Some(cluster_id) == cluster => {
                sent = Some(audit_id);
                // What was done before stays done.
                if progress.revoke == RevokeState::NotDone {
                    progress.revoke = RevokeState::InDoubt;
                }
            }
            Event::Answered { audit_id, answer, .. } if sent == Some(audit_id) => match answer {
                RequestAnswer::Done { .. } => progress.revoke = RevokeState::Done,
                RequestAnswer::Failed { status: Some(400..=499), .. } if progress.revoke != RevokeState::Done => {
                    progress.revoke = RevokeState::NotDone;
                }
                RequestAnswer::Failed { .. } => {}
            },
            Event::Issued { cluster_id, .. } if Some(cluster_id) == cluster => progress.revoke = RevokeState::Done,
            Event::Written { written, .. } if written.cluster_id.as_ref() == cluster => {
                progress.written = Some(written.clone());
            }
            _ => {}
        }
    }
    progress
}
