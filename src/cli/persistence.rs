//! The flags of `scan --persistence`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::Timestamp;

use super::parse_uid;
use super::revocation::parse_operation;
use super::trace::time_or_day;
use crate::core::ids::Uid;
use crate::core::revocation::journal::OperationId;

/// What `scan --persistence` takes beside the other flags of `scan`.
#[derive(Debug, Args)]
pub struct PersistenceArgs {
    /// List what would let someone in again after a revocation (a heuristic)
    #[arg(long, conflicts_with_all = ["all_users", "uid", "state", "namespace", "all_namespaces"])]
    pub persistence: bool,
    /// With --persistence: the identities, instead of everybody
    #[arg(value_name = "UID", value_delimiter = ',', value_parser = parse_uid, requires = "persistence")]
    pub uids: Vec<Uid>,
    /// With --persistence: the identity that the certificate of this kubeconfig file names; nothing that the file names is contacted
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath, requires = "persistence", conflicts_with_all = ["uids", "all_contexts", "all_clusters"])]
    pub file: Option<PathBuf>,
    /// Context of that file, where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// With --persistence: leave out what was there before this time, such as 2026-11-22 or 2026-11-22T03:10:02Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "persistence")]
    pub since: Option<Timestamp>,
    /// With --persistence: the revocation before which the identity had its rights, and since which findings are shown
    #[arg(long, value_name = "OPERATION", value_parser = parse_operation, requires = "persistence", conflicts_with = "file")]
    pub operation: Option<OperationId>,
    /// With --persistence: a document of trace -o json, which says who made what
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "persistence")]
    pub trace: Option<PathBuf>,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    time_or_day(text).ok_or_else(|| "give a time such as 2026-11-22T03:10:02Z, or a day".to_owned())
}
