//! The command line: clap types only. What a flag means is decided where it is used.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

use crate::core::access::scan::StateKind;
use crate::core::credential::duration;
use crate::core::ids::{ClusterId, Region, Uid, split_subject_name};
use crate::core::secret::Secret;

mod arguments;
mod clusters;
mod expiry;
mod format;
mod help;
mod lint;
mod persistence;
mod revocation;
mod rights;
mod rotation;
mod status;
mod suggest;
mod trace;
mod verify;

pub use arguments::{has_use_for, parse};
pub use clusters::ClusterArgs;
pub use expiry::ExpiryArgs;
use expiry::{EXPIRY_ABOUT, EXPIRY_EXAMPLES};
use format::FormatParser;
pub use format::{Format, RequestedFormat};
pub use help::options;
use lint::{LINT_ABOUT, LINT_EXAMPLES};
pub use lint::{LintArgs, LintFailOn};
pub use persistence::PersistenceArgs;
pub use revocation::{DryRun, HistoryArgs, RestoreArgs, RevokeArgs};
use revocation::{HISTORY_EXAMPLES, RESTORE_ABOUT, RESTORE_EXAMPLES, REVOKE_ABOUT, REVOKE_EXAMPLES};
use rights::{RIGHTS_ABOUT, RIGHTS_EXAMPLES, WHO_CAN_ABOUT, WHO_CAN_EXAMPLES};
pub use rights::{RightsArgs, RightsFailOn, WhoCanArgs, WhoCanFailOn};
pub use rotation::RotateArgs;
use rotation::{ROTATE_ABOUT, ROTATE_EXAMPLES};
use status::{STATUS_ABOUT, STATUS_EXAMPLES};
pub use status::{StatusArgs, StatusFailOn};
use suggest::{SUGGEST_ABOUT, SUGGEST_EXAMPLES};
pub use suggest::{SuggestArgs, SuggestDryRun, Widen};
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

/// The flags that say how one's own cluster is reached, `--context` aside. They make no sense for a file from elsewhere, nor
/// for a pod's service account.
const OWN_ACCESS: [&str; 13] = [
    "kubeconfig",
    "cluster",
    "user",
    "server",
    "token",
    "client_certificate",
    "client_key",
    "certificate_authority",
    "as_user",
    "as_group",
    "as_uid",
    "as_user_extra",
    "insecure_skip_tls_verify",
];

/// The flags that choose other clusters than the one that a pod runs in.
const OTHER_CLUSTERS: [&str; 4] = ["context", "cluster_id", "all_contexts", "all_clusters"];

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
    #[command(long_about = RESTORE_ABOUT, after_help = RESTORE_EXAMPLES)]
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

/// Flags of `scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Show living identities, too: Active and Frozen
    #[arg(long)]
    pub all_users: bool,
    /// Show these identities only (repeatable, or comma-separated)
    #[arg(long, value_name = "UID", value_delimiter = ',', value_parser = parse_uid)]
    pub uid: Vec<Uid>,
    /// Show identities in these states only (repeatable, or comma-separated)
    #[arg(long, value_name = "STATE", value_delimiter = ',', ignore_case = true, value_parser = one_of(STATES))]
    pub state: Vec<StateKind>,
    /// Read the RoleBindings of this namespace only
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Read the RoleBindings of all namespaces, which is the default
    #[arg(short = 'A', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, action = ArgAction::Set, value_name = "BOOL")]
    pub all_namespaces: bool,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = OTHER_CLUSTERS)]
    pub in_cluster: bool,
    /// Exit with 3 when a shown identity is in one of these states (comma-separated); with --persistence, when there is any finding
    #[arg(long, value_name = "STATE", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<FailOn>,
    /// What would let someone in again.
    #[command(flatten)]
    pub persistence: PersistenceArgs,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

const WHOAMI_EXAMPLES: &str = "Examples:
  kubectl ackcred whoami                  # your own context: file, API server and cloud
  kubectl ackcred whoami -f leaked.yaml   # another file, without contacting what it names";

const SCAN_ABOUT: &str = "List who holds access to the cluster, and whether they still exist

An identity is Deleted only with evidence: ACK reports the account as deleted, or the complete lists of the account that owns the \
cluster don't have the identity. Recycled identities can be restored. Everything else is Unknown, and -o wide shows why.";

const SCAN_EXAMPLES: &str = "Examples:
  kubectl ackcred scan                        # deleted identities that still hold access
  kubectl ackcred scan --all-users -o wide    # all identities, with the evidence
  kubectl ackcred scan --all-contexts         # every cluster of the kubeconfig
  kubectl ackcred scan --persistence -f leaked.yaml   # what would let someone in again";

/// What `scan --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// The identity is deleted
    Deleted,
    /// The identity is in the recycle bin
    Recycled,
    /// Whether the identity exists is unknown
    Unknown,
    /// Deleted or recycled
    Orphaned,
    /// Any finding of --persistence
    Any,
}

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

/// kubectl's own flags, with kubectl's own meanings.
#[derive(Debug, Args)]
#[command(next_help_heading = CLUSTER_ACCESS)]
pub struct AccessArgs {
    /// Kubeconfig file to use, instead of KUBECONFIG and ~/.kube/config
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub kubeconfig: Option<PathBuf>,
    /// Context to use (repeatable for scan, status, rights, who-can, lint, revoke and verify)
    #[arg(long, global = true, value_name = "NAME", action = ArgAction::Append)]
    pub context: Vec<String>,
    /// Cluster entry to use
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// User entry to use
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, value_name = "TOKEN", value_parser = parse_secret)]
    pub token: Option<Secret<String>>,
    /// Client certificate file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_certificate: Option<PathBuf>,
    /// Private key file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_key: Option<PathBuf>,
    /// CA file to verify the API server with
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub certificate_authority: Option<PathBuf>,
    /// User to act as
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Group to act as (repeatable)
    #[arg(long, global = true, value_name = "GROUP")]
    pub as_group: Vec<String>,
    /// User ID to act as
    #[arg(long, global = true, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Extra field to act with (repeatable)
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = parse_key_value)]
    pub as_user_extra: Vec<(String, String)>,
    /// How long one exchange with a server may take, such as 1s, 2m or 3h; 0 means no limit
    #[arg(long, global = true, value_name = "DURATION", default_value = "30s", value_parser = parse_timeout)]
    pub request_timeout: RequestTimeout,
    /// Name to verify the API server's certificate against
    #[arg(long, global = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// Don't verify the API server's certificate
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Don't contact the cloud; with whoami, don't contact the API server either
    #[arg(long, global = true)]
    pub offline: bool,
}

/// How Alibaba Cloud is reached: whose credentials, which endpoints.
#[derive(Debug, Args)]
#[command(next_help_heading = ALIBABA_CLOUD)]
pub struct CloudArgs {
    /// Profile of the credentials file; no other source is used
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Credentials file, instead of ~/.aliyun/config.json
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub profile_file: Option<PathBuf>,
    /// Don't take credentials from environment variables
    #[arg(long, global = true)]
    pub ignore_env_credentials: bool,
    /// Role to assume with the credentials
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Region of the cluster; with --all-clusters, only the clusters of this region
    #[arg(long, global = true, value_name = "REGION", value_parser = parse_region)]
    pub region: Option<Region>,
    /// Use the endpoints inside the VPC
    #[arg(long, global = true)]
    pub vpc: bool,
    /// Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub cs_endpoint: Option<String>,
    /// Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub ram_endpoint: Option<String>,
    /// Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub sts_endpoint: Option<String>,
    /// Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub ims_endpoint: Option<String>,
}

/// How long one exchange may take; `None` means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTimeout(pub Option<Duration>);

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

const STATES: &[(&str, StateKind)] = &[
    ("deleted", StateKind::Deleted),
    ("recycled", StateKind::Recycled),
    ("unknown", StateKind::Unknown),
    ("frozen", StateKind::Frozen),
    ("active", StateKind::Active),
];

fn one_of<T: Copy + Send + Sync + 'static>(words: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(|given| {
        let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&given));
        known.map(|(_, value)| *value).ok_or("not one of the possible values")
    })
}

fn parse_secret(text: &str) -> Result<Secret<String>, String> {
    Ok(Secret::new(text.to_owned()))
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

fn parse_cluster_id(text: &str) -> Result<ClusterId, String> {
    ClusterId::parse(text).ok_or_else(|| "an ACK cluster ID is c and 32 lower-case hexadecimal digits".to_owned())
}

fn parse_region(text: &str) -> Result<Region, String> {
    Region::parse(text).ok_or_else(|| "a region ID is expected, such as cn-hangzhou".to_owned())
}

fn parse_key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn parse_timeout(text: &str) -> Result<RequestTimeout, String> {
    // A bare number means seconds, as in kubectl.
    let duration = match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => duration::parse_exact(text).ok().map(|duration| duration.unsigned_abs()),
    };
    let duration = duration.ok_or("a duration is expected, such as 1s, 500ms, 2m or 3h, or a number of seconds")?;
    if duration > LONGEST_TIMEOUT {
        return Err("at most a year is possible; 0 means no limit".to_owned());
    }
    Ok(RequestTimeout((!duration.is_zero()).then_some(duration)))
}
