//! The journal of revocations on disk: under `$ACKCRED_HOME`, else in the platform's state folder.
//!
//! ```text
//! operations/<id>/operation.json   what is to be done, written and synced before the first change
//!                 summary.json     what lists of operations need to know of it
//!                 originals/*.yaml the bindings as they were
//!                 SHA256SUMS       of all these
//!                 journal.jsonl    what was sent and answered, synced line by line, chained by hashes to the line before
//!                 report.json      what came of it; the journal's last line holds its hash
//! audit.jsonl                      two lines an operation, only ever appended to, each with the hash of the journal's last line
//! operations.index                 what was last seen of thousands of operations; derived from them
//! locks/<key>.lock                 one operation a cluster at a time
//! ```
//!
//! A program that is killed between any two of its system calls leaves an operation's folder whole or none: it is built
//! under a hidden name that no reader looks at, and gets its own name last.

mod audit;
mod begin;
pub(super) mod durable;
mod folder;
mod glance;
mod index;
mod lock;
mod operation;
mod salvage;
mod scratch;
mod stored;
#[cfg(test)]
pub(crate) mod testing;

use std::io;
use std::path::PathBuf;

use crate::core::json_fault::JsonFault;
use crate::core::revocation::journal::{LineError, OperationId};
use crate::core::revocation::record::RecordError;

pub use folder::StateFolder;
pub use glance::Glance;
pub use index::{Index, IndexLine};
pub use lock::{LOCK_POLL, Lock};
pub use operation::OperationJournal;
pub use salvage::SalvagedOperation;
pub use scratch::ScratchFolder;

/// Files longer than this, in bytes, are neither written nor read.
const LONGEST: u64 = 64 << 20;

/// The files of an operation.
const RECORD: &str = "operation.json";
const SUMMARY: &str = "summary.json";
const EVENTS: &str = "journal.jsonl";
const REPORT: &str = "report.json";

/// Why the journal can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Where it is to be is unknown.
    #[error("there is no folder for the journal: neither ACKCRED_HOME nor a home folder is known")]
    NoFolder,
    /// The system refuses to write.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refuses to read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a folder, a link, a pipe, a socket or a device.
    #[error("cannot use {}: not a regular file", .path.display())]
    NotRegular {
        /// What should be a file.
        path: PathBuf,
    },
    /// It is a link or a file.
    #[error("cannot use {}: not a folder", .path.display())]
    NotAFolder {
        /// What should be a folder.
        path: PathBuf,
    },
    /// It is longer than it may be.
    #[error("cannot use {}: longer than {} MiB", .path.display(), LONGEST >> 20)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// What should be written has no form.
    #[error("cannot make {}", .path.display())]
    Encode {
        /// The file that would hold it.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An earlier line was not written, so that no later one may be: the journal would have a gap.
    #[error("nothing more is written to {}: an earlier write failed", .path.display())]
    Stopped {
        /// The journal.
        path: PathBuf,
    },
    /// There is no operation of that ID.
    #[error("there is no operation {id} in {}", .folder.display())]
    Missing {
        /// The operation.
        id: OperationId,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A document of an operation isn't JSON.
    #[error("cannot use {}", .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: JsonFault,
    },
    /// A file of an operation is not what was written.
    #[error("{} is not what was written there: it was changed or damaged since", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The checksums of an operation are none.
    #[error("cannot use {}: no list of checksums", .path.display())]
    Checksums {
        /// The file.
        path: PathBuf,
    },
    /// A record is none, or one of a newer version.
    #[error("cannot use {}", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The files in an operation's folder are those of another one.
    #[error("{} holds another plan than the one that was agreed to", .path.display())]
    OtherPlan {
        /// The folder.
        path: PathBuf,
    },
    /// A journal lacks lines that it had.
    #[error("{} has lost lines at its end: audit.jsonl knows of more", .path.display())]
    Cut {
        /// The journal.
        path: PathBuf,
    },
    /// A journal holds something else than events.
    #[error("cannot use {}", .path.display())]
    Events {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        source: LineError,
    },
    /// Another process is at work on the cluster.
    #[error("another operation on this cluster is under way: it holds {}", .path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// The system can't lock.
    #[error("cannot lock {}", .path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
