//! What was done from this machine before: operations, as far as their files can be read.
//!
//! Whether a record can be trusted is judged in two places, and nowhere else: [`load`] for one operation that something is decided
//! from, [`glance`] and [`marks`] for all of them. One that can't be read is never taken for absent.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

use jiff::Timestamp;

use crate::adapters::journal::{Glance, Index, IndexLine, JournalError, StateFolder};
use crate::core::ids::ClusterId;
use crate::core::revocation::journal::{
    Ending, Event, OperationId, RestoreOrigin, State, SummaryPurpose, Tombstone, at_risk, is_verified, state,
};
use crate::core::revocation::operation::{OperationRecord, Purpose};
use crate::core::revocation::plan::PlannedTarget;
use crate::core::revocation::record::operation::OperationV1;
use crate::core::revocation::record::{self, RecordError};
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::verification::Verification;
use crate::error::chain;

/// An operation of before. All of it is what was written then.
pub struct Past {
    /// Its ID.
    pub id: OperationId,
    /// What was agreed to.
    pub record: OperationRecord,
    /// What was sent and answered.
    pub events: Vec<Event>,
    /// What it printed; `None` where it was cut off.
    pub report: Option<serde_json::Value>,
    /// Files that were changed since they were written and are not used: bindings, or the report.
    pub damaged: Vec<String>,
}

/// Why an operation can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// Its files can't be read, or are not what was written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its record is not one that this version can read.
    #[error("the record of operation {id} can't be read")]
    Record {
        /// The operation.
        id: OperationId,
        /// Why.
        source: RecordError,
    },
    /// Its record contradicts itself.
    #[error("the record of operation {id} can't be trusted: {reason}")]
    Contradiction {
        /// The operation.
        id: OperationId,
        /// Why.
        reason: &'static str,
    },
}

impl PastError {
    /// Whether there is no such operation.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Missing { .. }))
    }

    /// The refusal to decide anything from it.
    pub fn refusal(&self, id: &OperationId) -> Refusal {
        damaged(id, chain(self))
    }
}

impl Past {
    /// How far it came.
    pub fn state(&self) -> State {
        state(&self.events)
    }

    /// Whether a run that goes on with the operation leaves some of it open: an identity that it did not look at, and whose access no
    /// earlier run found gone or whose cluster has bindings of others that the cloud may have taken along.
    pub fn is_left_open(&self, looked_at: &[Verification]) -> bool {
        let targets = match &self.record.purpose {
            Purpose::Revoke { plan, .. } => plan.targets.as_slice(),
            Purpose::Rotate { plan } => plan.plan.targets.as_slice(),
            Purpose::Restore { .. } => &[],
        };
        // The ID of an operation's one cluster may have become known since, or may not be known any more.
        let is_of_one_cluster = self.record.clusters.len() == 1;
        let is_looked_at = |target: &PlannedTarget| {
            looked_at
                .iter()
                .any(|one| one.uid == target.uid && (is_of_one_cluster || one.cluster_id == target.cluster_id))
        };
        targets.iter().filter(|target| !is_looked_at(target)).any(|target| {
            let cluster = target.cluster_id.as_ref();
            !is_verified(&self.events, cluster, &target.uid) || !at_risk(&self.events, cluster).is_empty()
        })
    }
}

/// Reads one operation, and holds it against its checksums, its plan's hash, its name and the chain of its journal.
///
/// # Errors
/// Where there is none of this ID, its files can't be read, or they can't be trusted.
pub fn load(folder: &StateFolder, id: &OperationId) -> Result<Past, PastError> {
    let stored = folder.open(id)?;
    let record = record::read_value::<OperationV1>(stored.record)
        .and_then(OperationRecord::try_from)
        .map_err(|source| PastError::Record { id: id.clone(), source })?;
    if let Some(reason) = record.contradiction(&stored.summary) {
        return Err(PastError::Contradiction { id: id.clone(), reason });
    }
    Ok(Past { id: stored.id, record, events: stored.events, report: stored.report, damaged: stored.damaged })
}

/// How closely all operations are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrutiny {
    /// Fast enough for every scan of thousands; of few operations all is read.
    Glance,
    /// All that checksums and chains cover, of each: something is given back by what is found.
    Full,
}

/// What was wanted of all operations, the last first, and those that can't be read.
pub struct Operations<T> {
    /// What was wanted of those that can be read.
    pub read: Vec<T>,
    /// Those that can't.
    pub unread: Vec<(OperationId, JournalError)>,
}

/// Of fewer operations than this all is read, by one thread; an index is written where so many are not in it.
const FEW: usize = 128;
/// The most threads: what they wait for is one disk.
const MOST_THREADS: usize = 4;

/// Looks at all operations and keeps of each what is wanted: there can be thousands. One that can't be read is named and doesn't
/// stand in the others' way.
///
/// # Errors
/// Where the folder can't be read.
pub fn glance<T: Send>(
    folder: &StateFolder,
    scrutiny: Scrutiny,
    keep: impl Fn(&OperationId, Glance) -> Option<T> + Sync,
) -> Result<Operations<T>, JournalError> {
    let ids = folder.operations()?;
    let are_few = ids.len() < FEW;
    let index = (scrutiny == Scrutiny::Glance && !are_few).then(|| folder.index());
    let threads = if are_few { 1 } else { available_parallelism().map_or(1, usize::from).min(MOST_THREADS) };
    let look = |ids: &[OperationId]| Part::look(folder, ids, index.as_ref(), &keep);
    let parts: Vec<Part<T>> = scope(|scope| {
        let parts = ids.chunks(ids.len().div_ceil(threads).max(1));
        let looking: Vec<_> = parts.map(|ids| scope.spawn(|| look(ids))).collect();
        looking.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let (mut read, mut unread, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        read.extend(part.read);
        unread.extend(part.unread);
        lines.extend(part.lines);
    }
    let new = lines.iter().filter(|line| matches!(line, IndexLine::New(_))).count();
    if let Some(index) = index.filter(|_| new >= FEW) {
        folder.write_index(&index, &lines);
    }
    // Names tell the second; within one the records know better.
    read.sort_by_key(|(begun, _)| Reverse(*begun));
    Ok(Operations { read: read.into_iter().map(|(_, kept)| kept).collect(), unread })
}

/// What one thread has seen, with the times at which the operations began.
struct Part<T> {
    read: Vec<(Timestamp, T)>,
    unread: Vec<(OperationId, JournalError)>,
    lines: Vec<IndexLine>,
}

impl<T> Part<T> {
    /// Without an index all is read that checksums and chains cover.
    fn look(
        folder: &StateFolder,
        ids: &[OperationId],
        index: Option<&Index>,
        keep: impl Fn(&OperationId, Glance) -> Option<T>,
    ) -> Self {
        let mut part = Self { read: Vec::new(), unread: Vec::new(), lines: Vec::new() };
        for id in ids {
            let looked = match index {
                Some(index) => folder.glance_by(index, id).map(|(glance, line)| (glance, Some(line))),
                None => folder.examine(id).map(|glance| (glance, None)),
            };
            match looked {
                Ok((glance, line)) => {
                    let begun = glance.summary.begun;
                    part.lines.extend(line);
                    part.read.extend(keep(id, glance).map(|kept| (begun, kept)));
                }
                // Moved away since the folder was listed.
                Err(JournalError::Missing { .. }) => {}
                Err(error) => part.unread.push((id.clone(), error)),
            }
        }
        part
    }
}

/// What the protection of revoked credentials asks of an operation.
pub enum Mark {
    /// A leaked credential was revoked.
    Revoked(RevokedCredential),
    /// Access was given back.
    Restored {
        /// Where it is known from.
        of: RestoreOrigin,
        /// In these clusters.
        clusters: Vec<Option<ClusterId>>,
        /// The names whose leaked credentials may work again.
        rearmed: Vec<String>,
        /// How far it came.
        state: State,
    },
}

impl Mark {
    /// The marks that an operation leaves; none of a revocation that was not about a leaked credential.
    fn of(id: &OperationId, Glance { summary, state }: Glance) -> Vec<Self> {
        let revoked = |tombstone| {
            let (operation, clusters) = (id.clone(), summary.cluster_ids.clone());
            Self::Revoked(RevokedCredential { operation, tombstone, clusters })
        };
        match summary.purpose {
            SummaryPurpose::Restore { of, rearmed } => {
                vec![Self::Restored { of, clusters: summary.cluster_ids, rearmed, state }]
            }
            SummaryPurpose::Revoke { tombstones } => tombstones.into_iter().map(revoked).collect(),
            // Of a rotation that ACK refused the old certificate is still the one to work with.
            SummaryPurpose::Rotate { tombstones } => match state {
                State::Ended(Ending::Verified | Ending::Residual | Ending::Unverifiable) => {
                    tombstones.into_iter().map(revoked).collect()
                }
                State::Ended(_) | State::Unfinished => Vec::new(),
            },
        }
    }
}

/// Looks at all operations for the credentials that they revoked.
///
/// # Errors
/// Where the folder can't be read.
pub fn marks(folder: &StateFolder, scrutiny: Scrutiny) -> Result<Operations<Mark>, JournalError> {
    let Operations { read, unread } = glance(folder, scrutiny, |id, glance| Some(Mark::of(id, glance)))?;
    Ok(Operations { read: read.into_iter().flatten().collect(), unread })
}

/// A leaked credential that was revoked from this machine and not armed again since.
pub struct RevokedCredential {
    /// The operation that did it.
    pub operation: OperationId,
    /// What is kept of the credential.
    pub tombstone: Tombstone,
    clusters: Vec<Option<ClusterId>>,
}

impl RevokedCredential {
    /// Whether it was of this cluster, as far as both are known.
    pub fn is_of(&self, cluster: Option<&ClusterId>) -> bool {
        self.clusters.iter().any(|own| own.as_ref().zip(cluster).is_none_or(|(own, cluster)| own == cluster))
    }
}

impl Operations<Mark> {
    /// The leaked credentials that were revoked from this machine and not armed again since, as far as the operations can be read.
    pub fn tombstones(&self) -> Vec<&RevokedCredential> {
        let mut active: Vec<&RevokedCredential> = Vec::new();
        // The last first: what a later restore has armed again is no longer dead.
        let mut armed: BTreeSet<&str> = BTreeSet::new();
        for mark in &self.read {
            match mark {
                Mark::Restored { rearmed, .. } => armed.extend(rearmed.iter().map(String::as_str)),
                Mark::Revoked(dead) if !armed.contains(dead.tombstone.common_name.as_str()) => active.push(dead),
                Mark::Revoked(_) => {}
            }
        }
        active
    }

    /// Whether an earlier restore of the same was cut off.
    pub fn has_unfinished_restore(&self, origin: &RestoreOrigin) -> bool {
        self.read.iter().any(|mark| match mark {
            Mark::Restored { of, state, .. } => of == origin && *state != State::Ended(Ending::Restored),
            Mark::Revoked(_) => false,
        })
    }

    /// Whether what a revocation took in this cluster was given back to the end: what is gone there since, others have taken.
    pub fn has_restored(&self, revocation: &OperationId, cluster: Option<&ClusterId>) -> bool {
        self.read.iter().any(|mark| match mark {
            Mark::Restored { of, clusters, state, .. } => {
                let is_here = clusters.iter().any(|own| own.as_ref() == cluster);
                of.operation() == Some(revocation) && is_here && *state == State::Ended(Ending::Restored)
            }
            Mark::Revoked(_) => false,
        })
    }

    /// Why nothing is given back while some operations can't be read: one of them may have revoked a leaked credential that
    /// would work again.
    pub fn refusals(&self, folder: &StateFolder) -> Vec<Refusal> {
        let refusal = |(id, error): &(OperationId, JournalError)| {
            let message = format!("{}; it may have revoked a leaked credential, which would work again", chain(error));
            let path = folder.operation_folder(id);
            let hint =
                format!("look at {}; if you can do without it, move that folder away, then try again", path.display());
            damaged(id, message).hint(hint)
        };
        self.unread.iter().map(refusal).collect()
    }
}

fn damaged(id: &OperationId, why: String) -> Refusal {
    Refusal::new(RefusalCode::JournalDamaged, format!("operation {id} can't be trusted: {why}"))
        .of(RefusalScope::Operation(Some(id.clone())))
}
