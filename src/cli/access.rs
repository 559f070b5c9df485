//! The flags that say how clusters are reached: kubectl's own.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueHint};

use super::CLUSTER_ACCESS;
use crate::core::credential::duration;
use crate::core::secret::Secret;

/// The flags that say how one's own cluster is reached, `--context` aside. They make no sense for a file from elsewhere, nor
/// for a pod's service account.
pub(super) const OWN_ACCESS: [&str; 13] = [
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

/// How long one exchange may take; `None` means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTimeout(pub Option<Duration>);

fn parse_secret(text: &str) -> Result<Secret<String>, String> {
    Ok(Secret::new(text.to_owned()))
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
