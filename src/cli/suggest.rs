//! The flags of `suggest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::parse_uid;
use super::rights::parse_subject;
use super::time_bound::{TimeBound, parse_bound};
use crate::core::ids::Uid;
use crate::core::rbac::user_info::NamedSubject;

pub(super) const SUGGEST_ABOUT: &str = "Suggest the smallest roles for what an identity was seen to use

An audit log says which requests were allowed. Each of them is allowed by the suggested roles, and nothing else is, which is proven before \
they are printed: verbs, names and namespaces are kept as they were used. Below them stands what the identity holds today and was not \
seen to use. Nothing is applied. What was not seen may be wanted all the same: the longer the log, the better.";

pub(super) const SUGGEST_EXAMPLES: &str = "Examples:
  kubectl ackcred suggest 200000000000000103 --audit-log audit.log         # the roles, and what would be lost
  kubectl ackcred suggest 200000000000000103 --audit-log a.gz,b.gz -o yaml > roles.yaml
  kubectl ackcred suggest --subject ServiceAccount/ci/robot --audit-log - --widen names --dry-run=server";

/// Flags of `suggest`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("for_whom").required(true).args(["uid", "subject"]))]
pub struct SuggestArgs {
    /// The identity, under all its names
    #[arg(value_name = "UID", value_parser = parse_uid)]
    pub uid: Option<Uid>,
    /// A user, group or service account: User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME
    #[arg(long, value_name = "KIND/NAME", value_parser = parse_subject)]
    pub subject: Option<NamedSubject>,
    /// The cluster's audit log: files, gzip files too, or - for standard input (repeatable, or comma-separated)
    #[arg(long, value_name = "FILE", value_delimiter = ',', required = true, value_hint = ValueHint::FilePath)]
    pub audit_log: Vec<PathBuf>,
    /// Count no request before this: a time, a date (UTC), or how long ago, such as 24h
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub since: Option<TimeBound>,
    /// Count no request after this
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub until: Option<TimeBound>,
    /// Allow more than was seen, and say what that adds (comma-separated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',', ignore_case = true)]
    pub widen: Vec<Widen>,
    /// server: have the API server check the roles and bindings, too, without storing them
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "client", default_value = "none", hide_default_value = true, conflicts_with = "log_only")]
    pub dry_run: SuggestDryRun,
    /// Read no cluster: what would be lost is not known
    #[arg(long)]
    pub log_only: bool,
}

/// What `suggest --widen` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Widen {
    /// All objects of a kind instead of those that were used
    Names,
    /// All namespaces instead of those that were used
    Namespaces,
    /// get, list and watch where one of them was used
    Reads,
}

/// What `suggest --dry-run` takes, as in kubectl. Nothing is ever applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SuggestDryRun {
    /// Send nothing
    None,
    /// Send nothing
    Client,
    /// Have the API server check what is suggested
    Server,
}
