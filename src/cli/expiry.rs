//! The flags of `expiry`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::SignedDuration;

use super::{OWN_ACCESS, one_of};
use crate::core::credential::duration;
use crate::core::credential::expiry::CredentialStatus;

pub(super) const EXPIRY_EXAMPLES: &str = "Examples:
  kubectl ackcred expiry -A                                # every context
  kubectl ackcred expiry ~/Downloads --fail-on expired     # the kubeconfig files of a folder
  kubectl ackcred expiry -R /mnt/backup -o wide            # all credentials in a backup, in any file";

pub(super) const EXPIRY_ABOUT: &str = "List when credentials expire, and which never do

-R finds kubeconfigs of any name, and kubeconfigs and client certificates inside of other text: Terraform state, Helm values, shell history, \
strings within strings, base64 values. Hidden folders are searched, too; symbolic links are not followed, and compressed files, archives and \
files over 64 MiB are not read. With -o name it prints the files, one a line. Nothing is contacted or run, whatever is found.";

/// Flags of `expiry`.
#[derive(Debug, Args)]
pub struct ExpiryArgs {
    /// Kubeconfig files, or folders with kubeconfig files; without any, the current context
    #[arg(value_name = "FILE|DIR", value_hint = ValueHint::AnyPath, conflicts_with_all = OWN_ACCESS, conflicts_with = "context")]
    pub paths: Vec<PathBuf>,
    /// Read every context
    #[arg(short = 'A', long, conflicts_with_all = ["paths", "context"])]
    pub all_contexts: bool,
    /// Search folders for credentials in any file, as deep as they go
    #[arg(short = 'R', long, requires = "paths", conflicts_with = "all_contexts")]
    pub recursive: bool,
    /// Search other file systems, too, that are mounted below a folder
    #[arg(long, requires = "recursive")]
    pub cross_file_systems: bool,
    /// Show a credential as Expiring from this long before its end
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration::parse)]
    pub within: SignedDuration,
    /// Show a credential as LongLived if its lifetime is longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub max_lifetime: Option<SignedDuration>,
    /// Exit with 3 when a credential has one of these statuses (comma-separated)
    #[arg(long, value_name = "STATUS", value_delimiter = ',', ignore_case = true, value_parser = one_of(STATUSES))]
    pub fail_on: Vec<CredentialStatus>,
}

const STATUSES: &[(&str, CredentialStatus)] = &[
    ("invalid", CredentialStatus::Invalid),
    ("missing", CredentialStatus::Missing),
    ("expired", CredentialStatus::Expired),
    ("notyetvalid", CredentialStatus::NotYetValid),
    ("expiring", CredentialStatus::Expiring),
    ("longlived", CredentialStatus::LongLived),
    ("static", CredentialStatus::Static),
    ("effective", CredentialStatus::Effective),
    ("dynamic", CredentialStatus::Dynamic),
];
