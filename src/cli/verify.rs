//! `verify`: asks again whether what was revoked is still gone.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::SignedDuration;

use super::OWN_ACCESS;
use super::revocation::parse_operation;
use crate::core::credential::duration;
use crate::core::revocation::journal::OperationId;

pub(super) const VERIFY_ABOUT: &str = "Check whether what was revoked from this machine is still gone

The checks that follow a revocation are made again, in all clusters of the operations; nothing is changed there. Access that came back is \
named with who put it back and when, and ends with exit code 3. What could not be checked ends with 4. What restore gave back is no finding.";

pub(super) const VERIFY_EXAMPLES: &str = "Examples:
  kubectl ackcred verify --all                    # everything that was revoked from this machine
  kubectl ackcred verify 20261122-031002-3f9a2c   # one operation
  kubectl ackcred verify --all -o prometheus      # for an alert";

/// Flags of `verify`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["operations", "all"]))]
pub struct VerifyArgs {
    /// The revocations to check
    #[arg(value_name = "OPERATION", value_delimiter = ',', value_parser = parse_operation)]
    pub operations: Vec<OperationId>,
    /// Check every revocation that was made from this machine
    #[arg(long)]
    pub all: bool,
    /// Check only the cluster, not the cloud's record
    #[arg(long)]
    pub rbac_only: bool,
    /// A leaked kubeconfig file, to try it out again (repeatable); it is sent nowhere but to your own server
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Vec<PathBuf>,
    /// Context of the file, where there is one file and it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// Use the service account of the pod that this runs in, and check only what was revoked in its cluster
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = ["context", "temporary_credentials"])]
    pub in_cluster: bool,
    /// Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory
    #[arg(long)]
    pub temporary_credentials: bool,
    /// How long each cluster may take
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::parse)]
    pub cluster_timeout: SignedDuration,
}
