//! What was done from this machine before: operations, as far as their files can be read.

use std::cmp::Reverse;

use crate::adapters::journal::{JournalError, StateFolder};
use crate::core::ids::ClusterId;
use crate::core::journal::{Event, OperationId, State, Tombstone, state};
use crate::core::operation::{OperationRecord, Purpose};
use crate::world::World;

/// An operation of before.
pub struct Past {
    /// Its ID.
    pub id: OperationId,
    /// What was agreed to.
    pub record: OperationRecord,
    /// What was sent and answered.
    pub events: Vec<Event>,
    /// What it printed; `None` where it was cut off.
    pub report: Option<serde_json::Value>,
    /// Files that were changed since they were written.
    pub damaged: Vec<String>,
}

/// Why an operation can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// Its files can't be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its record is not one of this version.
    #[error("the record of operation {id} can't be read")]
    Record {
        /// The operation.
        id: OperationId,
        /// Why.
        source: serde_json::Error,
    },
}

/// An operation by its name, and what can be read of it.
pub type Entry = (OperationId, Result<Past, PastError>);

impl Past {
    /// How far it came.
    pub fn state(&self) -> State {
        state(&self.events)
    }
}

/// Reads one operation.
///
/// # Errors
/// Where there is none of this ID, or its files can't be read.
pub fn load(folder: &StateFolder, id: &OperationId) -> Result<Past, PastError> {
    let stored = folder.open(id)?;
    let record =
        serde_json::from_value(stored.record).map_err(|source| PastError::Record { id: id.clone(), source })?;
    Ok(Past { id: stored.id, record, events: stored.events, report: stored.report, damaged: stored.damaged })
}

/// Reads all operations, the last first. One that can't be read is named and doesn't stand in the others' way.
///
/// # Errors
/// Where the folder can't be read.
pub fn all(folder: &StateFolder) -> Result<Vec<Entry>, JournalError> {
    let mut all: Vec<_> = folder.operations()?.into_iter().map(|id| (id.clone(), load(folder, &id))).collect();
    // Names tell the second; within one the records know better.
    all.sort_by_key(|(_, past)| past.as_ref().ok().map(|past| Reverse(past.record.begun)));
    Ok(all)
}

/// A leaked credential that was revoked from this machine and not armed again since.
pub struct Dead {
    /// The operation that did it.
    pub operation: OperationId,
    /// What is kept of the credential.
    pub tombstone: Tombstone,
    clusters: Vec<Option<ClusterId>>,
}

impl Dead {
    /// Whether it was of this cluster, as far as both are known.
    pub fn is_of(&self, cluster: Option<&ClusterId>) -> bool {
        self.clusters.iter().any(|own| own.as_ref().zip(cluster).is_none_or(|(own, cluster)| own == cluster))
    }
}

/// The leaked credentials that were revoked from this machine and not armed again since.
///
/// # Errors
/// Where the state folder can't be read: then nobody can tell.
pub fn tombstones(world: &World) -> Result<Vec<Dead>, JournalError> {
    let folder = StateFolder::of(world)?;
    // Every scan asks this: journals and reports, which grow, are not read for it.
    let read = |id: OperationId| {
        let record = serde_json::from_value::<OperationRecord>(folder.record(&id).ok()?).ok()?;
        Some((id, record))
    };
    let mut past: Vec<(OperationId, OperationRecord)> = folder.operations()?.into_iter().filter_map(read).collect();
    past.sort_by_key(|(_, record)| Reverse(record.begun));
    let mut standing: Vec<Dead> = Vec::new();
    // The last first: what a later restore has armed again is no longer dead.
    let mut rearmed: Vec<String> = Vec::new();
    for (operation, record) in past {
        match record.purpose {
            Purpose::Restore { rearmed: names, .. } => rearmed.extend(names),
            Purpose::Revoke { tombstone: Some(tombstone), .. } if !rearmed.contains(&tombstone.common_name) => {
                let clusters = record.clusters.into_iter().map(|cluster| cluster.id).collect();
                standing.push(Dead { operation, tombstone, clusters });
            }
            Purpose::Revoke { .. } => {}
        }
    }
    Ok(standing)
}
