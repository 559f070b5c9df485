//! `rotate`: the operator's own kubeconfig.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::SignedDuration;

use super::clusters::OF_ONE_CLUSTER;
use super::revocation::parse_operation;
use super::{ApprovalArgs, DryRun, parse_cluster_id};
use crate::core::credential::duration;
use crate::core::ids::ClusterId;
use crate::core::revocation::journal::OperationId;

pub(super) const ROTATE_ABOUT: &str = "Replace your own kubeconfig because it leaked, and prove that the old one is dead

ACK revokes the kubeconfig of the identity whose cloud credentials you use, and issues another. The new one is tried on your own API \
server and written where --in-place or --write says, and the old file is kept beside it. Bindings that others made for the old \
certificate get the new name. Then the old certificate is tried: it must be refused.

A rotation can't be undone: ACK gives no revoked certificate back. With --approval, a second person has to have signed the plan.";

pub(super) const ROTATE_EXAMPLES: &str = "Examples:
  kubectl ackcred rotate --dry-run --in-place     # show what would be done
  kubectl ackcred rotate --in-place               # change your user entry in the kubeconfig, and nothing else in it
  kubectl ackcred rotate -f stolen.yaml --write ~/.kube/new.yaml
  kubectl ackcred rotate --all-contexts --in-place";

/// Flags of `rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// A leaked kubeconfig file of yours whose certificate may differ from the context's; it is sent nowhere but to your own server
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["all_contexts"])]
    pub file: Option<PathBuf>,
    /// Context of that file, where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// Write the new kubeconfig to this file; one that is there is kept beside it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["in_place", "all_contexts", "resume"])]
    pub write: Option<PathBuf>,
    /// Put the new certificate into your user entry of the kubeconfig and change nothing else in it; the old file is kept beside it
    #[arg(long, conflicts_with = "resume")]
    pub in_place: bool,
    /// Leave bindings that others made with the old name: the old certificate keeps their access
    #[arg(long, conflicts_with = "resume")]
    pub keep_others: bool,
    /// Reason, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Don't ask for consent
    #[arg(short, long)]
    pub yes: bool,
    /// Only show the plan: client only reads; server also checks every step by a dry run of the API server
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "client", default_value = "none", hide_default_value = true)]
    pub dry_run: DryRun,
    /// Resume an interrupted rotation
    #[arg(long, value_name = "OPERATION", value_parser = parse_operation, conflicts_with_all = ["dry_run", "approval", "all_contexts"])]
    pub resume: Option<OperationId>,
    /// How long to wait for the new certificate, and then until it works
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "120s")]
    pub wait: SignedDuration,
    /// How long to watch whether the old name comes back; 0 to not watch [default: 2s, or 15s if a controller manages a binding]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub settle: Option<SignedDuration>,
    /// Whose approval it takes.
    #[command(flatten)]
    pub approval: ApprovalArgs,
    /// The cluster with this ID, by the context that leads to it
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id, conflicts_with = "all_contexts", help_heading = "Clusters")]
    pub cluster_id: Option<ClusterId>,
    /// The clusters of all contexts that hold a certificate of yours
    #[arg(long, conflicts_with_all = OF_ONE_CLUSTER, conflicts_with_all = ["context", "as_user", "as_group", "as_uid", "as_user_extra", "offline"], help_heading = "Clusters")]
    pub all_contexts: bool,
    /// How long to wait for another operation in a cluster [default: 60s] and for a busy cloud [default: 120s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Clusters")]
    pub cluster_timeout: Option<SignedDuration>,
}
