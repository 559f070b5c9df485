//! The command line: clap types only. What a flag means is decided where it is used.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use crate::core::ids::{ClusterId, Uid, split_subject_name};

mod access;
mod approval;
mod arguments;
mod cloud;
mod clusters;
mod expiry;
mod format;
mod help;
mod lint;
mod persistence;
mod revocation;
mod rights;
mod rotation;
mod scan;
mod status;
mod suggest;
mod time_bound;
mod trace;
mod verify;

pub use access::AccessArgs;
use access::OWN_ACCESS;
pub use approval::ApprovalArgs;
pub use arguments::{has_use_for, parse};
pub use cloud::CloudArgs;
pub use clusters::ClusterArgs;
use clusters::OTHER_CLUSTERS;
pub use expiry::ExpiryArgs;
use expiry::{EXPIRY_ABOUT, EXPIRY_EXAMPLES};
use format::FormatParser;
pub use format::{Format, RequestedFormat};
pub use help::options;
use lint::{LINT_ABOUT, LINT_EXAMPLES};
pub use lint::{LintArgs, LintFailOn};
pub use persistence::PersistenceArgs;
pub use revocation::{DryRun, HistoryArgs, RestoreArgs, Restored, RevokeArgs};
use revocation::{HISTORY_EXAMPLES, RESTORE_ABOUT, RESTORE_EXAMPLES, RESTORE_USAGE, REVOKE_ABOUT, REVOKE_EXAMPLES};
use rights::{RIGHTS_ABOUT, RIGHTS_EXAMPLES, WHO_CAN_ABOUT, WHO_CAN_EXAMPLES};
pub use rights::{RightsArgs, RightsFailOn, WhoCanArgs, WhoCanFailOn};
pub use rotation::RotateArgs;
use rotation::{ROTATE_ABOUT, ROTATE_EXAMPLES};
pub use scan::{FailOn, ScanArgs};
use scan::{SCAN_ABOUT, SCAN_EXAMPLES};
use status::{STATUS_ABOUT, STATUS_EXAMPLES};
pub use status::{StatusArgs, StatusFailOn};
use suggest::{SUGGEST_ABOUT, SUGGEST_EXAMPLES};
pub use suggest::{SuggestArgs, SuggestDryRun, Widen};
pub use time_bound::TimeBound;
use trace::{TRACE_ABOUT, TRACE_EXAMPLES};
pub use trace::{TraceArgs, TraceFailOn};
pub use verify::VerifyArgs;
use verify::{VERIFY_ABOUT, VERIFY_EXAMPLES};

/// Whose kubeconfig credential is this, when does it expire, and who still holds access to the cluster?
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-ackcred",
    bin_name = "kubectl ackcred",
    version,
    disable_version_flag = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print the version
    #[arg(long, action = ArgAction::Version)]
    pub version: Option<bool>,
    /// How clusters are reached.
    #[command(flatten)]
    pub access: AccessArgs,
    /// How the cloud is reached.
    #[command(flatten)]
    pub cloud: CloudArgs,
    /// How results are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What the flags are about that more than one verb takes.
const CLUSTER_ACCESS: &str = "Cluster access";
const ALIBABA_CLOUD: &str = "Alibaba Cloud";
const OUTPUT: &str = "Output";

/// The grammar of command lines.
pub fn grammar() -> clap::Command {
    Cli::command()
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 findings (with --fail-on), 4 incomplete, \
5 refused, 70 a bug, 130 interrupted.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show whose credential this is, and for which cluster
    #[command(after_help = WHOAMI_EXAMPLES)]
    Whoami(WhoamiArgs),
    /// List when credentials expire, and which never do
    #[command(long_about = EXPIRY_ABOUT, after_help = EXPIRY_EXAMPLES)]
    Expiry(ExpiryArgs),
    /// List who holds access to the cluster, and whether they still exist
    #[command(long_about = SCAN_ABOUT, after_help = SCAN_EXAMPLES)]
    Scan(ScanArgs),
    /// List the state of issued kubeconfigs, of a cluster or of an identity
    #[command(long_about = STATUS_ABOUT, after_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// List what an identity may do, and what it could become
    #[command(long_about = RIGHTS_ABOUT, after_help = RIGHTS_EXAMPLES)]
    Rights(Box<RightsArgs>),
    /// List who may do something, and whether they still exist
    #[command(long_about = WHO_CAN_ABOUT, after_help = WHO_CAN_EXAMPLES)]
    WhoCan(Box<WhoCanArgs>),
    /// List what gives more than is needed, and how to end it
    #[command(long_about = LINT_ABOUT, after_help = LINT_EXAMPLES)]
    Lint(Box<LintArgs>),
    /// List what a credential was used for, from the audit log
    #[command(long_about = TRACE_ABOUT, after_help = TRACE_EXAMPLES)]
    Trace(Box<TraceArgs>),
    /// Suggest the smallest roles for what an identity was seen to use
    #[command(long_about = SUGGEST_ABOUT, after_help = SUGGEST_EXAMPLES)]
    Suggest(Box<SuggestArgs>),
    /// Revoke an identity's access to the cluster, and prove that it is gone
    #[command(long_about = REVOKE_ABOUT, after_help = REVOKE_EXAMPLES)]
    Revoke(Box<RevokeArgs>),
    /// Replace your own kubeconfig because it leaked, and prove that the old one is dead
    #[command(long_about = ROTATE_ABOUT, after_help = ROTATE_EXAMPLES)]
    Rotate(Box<RotateArgs>),
    /// Restore what a revocation removed
    #[command(override_usage = RESTORE_USAGE, long_about = RESTORE_ABOUT, after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArgs),
    /// Check whether what was revoked from this machine is still gone
    #[command(long_about = VERIFY_ABOUT, after_help = VERIFY_EXAMPLES)]
    Verify(Box<VerifyArgs>),
    /// List the revocations, rotations and restores that were made from this machine
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryArgs),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
    /// List the flags that many commands take
    Options,
    /// Print the version
    Version,
}

/// Flags of `whoami`.
#[derive(Debug, Args)]
pub struct WhoamiArgs {
    /// Read this kubeconfig file, such as a leaked one, and contact, run or use nothing that it names
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = OWN_ACCESS)]
    pub file: Option<PathBuf>,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = ["file", "context"])]
    pub in_cluster: bool,
}

const WHOAMI_EXAMPLES: &str = "Examples:
  kubectl ackcred whoami                  # your own context: file, API server and cloud
  kubectl ackcred whoami -f leaked.yaml   # another file, without contacting what it names";

/// Flags of `completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell to print a script for
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// The shells that there is a completion script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash, from version 3.2
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

/// How results are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub struct OutputArgs {
    /// Format of the result
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "table", value_parser = FormatParser)]
    pub output: RequestedFormat,
    /// Leave out the header line of tables and CSV
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, action = ArgAction::Set, value_name = "BOOL")]
    pub no_headers: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", ignore_case = true)]
    pub color: Color,
    /// Write only errors and warnings to standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log what is done to standard error; repeat it, or give a number, for more
    #[arg(short, global = true, value_name = "N", action = ArgAction::Append, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub verbose: Vec<u8>,
}

impl OutputArgs {
    /// The level that all `-v` add up to.
    pub fn verbosity(&self) -> u8 {
        self.verbose.iter().fold(0, |sum, level| sum.saturating_add(*level))
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn one_of<T: Copy + Send + Sync + 'static>(words: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(|given| {
        let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&given));
        known.map(|(_, value)| *value).ok_or("not one of the possible values")
    })
}

fn parse_uid(text: &str) -> Result<Uid, String> {
    if let Some(uid) = Uid::parse(text) {
        return Ok(uid);
    }
    Err(match split_subject_name(text) {
        Some((uid, Some(_))) => format!("an identity is expected: give its UID, {uid}"),
        _ => "a UID is a number".to_owned(),
    })
}

/// A UID that the cloud is asked about, or that is revoked: `0200` could be read as 200 there.
fn parse_uid_of_ram(text: &str) -> Result<Uid, String> {
    let uid = parse_uid(text)?;
    if uid.begins_with_zero() { Err("no UID in RAM begins with 0".to_owned()) } else { Ok(uid) }
}

/// A time, or the beginning of a day (UTC).
fn time_of(text: &str) -> Option<Timestamp> {
    let beginning = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse().ok().or_else(beginning)
}

fn parse_cluster_id(text: &str) -> Result<ClusterId, String> {
    ClusterId::parse(text).ok_or_else(|| "an ACK cluster ID is c and 32 lower-case hexadecimal digits".to_owned())
}
