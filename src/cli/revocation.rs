//! The verbs that change something, and the one that lists what was changed.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, ValueHint};
use jiff::SignedDuration;

use super::{ApprovalArgs, ClusterArgs, parse_cluster_id, parse_uid_of_ram};
use crate::core::credential::duration;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::journal::OperationId;

/// The heading of what keeps several operators apart.
pub(super) const SEVERAL_MACHINES: &str = "Several machines";

pub(super) const REVOKE_ABOUT: &str = "Revoke an identity's access to the cluster, and prove that it is gone

The identity is removed from the bindings, the cloud deletes its kubeconfig, and the API server, the cloud and the leaked file are \
checked for access that is left. Everything is recorded first; kubectl ackcred restore restores it. With --approval, a second person \
has to have signed the plan.";

pub(super) const REVOKE_EXAMPLES: &str = "Examples:
  kubectl ackcred revoke 200000000000000103 --dry-run          # show what would be done
  kubectl ackcred revoke -f leaked.yaml                        # revoke the identity that this file names
  kubectl ackcred revoke 200000000000000103 --all-contexts     # in every cluster of the kubeconfig";

pub(super) const RESTORE_ABOUT: &str = "Restore what a revocation removed

With --from it is restored by the backups that ack-ram-tool's cleanup left. Every holder of the identity's certificate has access \
again until it expires. ACK's record of the kubeconfig comes back only through its recycle bin, in the console, within 30 days. With \
--approval, a second person has to have signed the plan.";

/// Each of the two ways has its own line.
pub(super) const RESTORE_USAGE: &str = "kubectl ackcred restore [OPTIONS] OPERATION
       kubectl ackcred restore [OPTIONS] --from DIR UID...";

pub(super) const RESTORE_EXAMPLES: &str = "Examples:
  kubectl ackcred history
  kubectl ackcred restore 20261122-031002-3f9a2c
  kubectl ackcred restore --from backups 200000000000000103   # what ack-ram-tool's cleanup removed";

pub(super) const HISTORY_EXAMPLES: &str = "Examples:
  kubectl ackcred history                                 # all, newest first
  kubectl ackcred history 20261122-031002-3f9a2c -o json  # the report of one
  kubectl ackcred history 20261122-031002-3f9a2c -o md    # the same for a ticket, with timeline and evidence";

/// Flags of `revoke`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(true).args(["uids", "file", "all_deleted", "plan", "resume"]))]
pub struct RevokeArgs {
    /// The identities
    #[arg(value_name = "UID", value_delimiter = ',', value_parser = parse_uid_to_revoke, conflicts_with_all = ["all_deleted", "plan", "resume"])]
    pub uids: Vec<Uid>,
    /// The identity that the certificate of this kubeconfig file names (repeatable); the file is sent nowhere but to your own server
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["all_deleted", "all_contexts", "all_clusters"])]
    pub file: Vec<PathBuf>,
    /// Context of the file, where there is one file and it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// Every identity that ACK reports as deleted and that holds a binding or a kubeconfig here
    #[arg(long, conflicts_with_all = ["plan", "resume"])]
    pub all_deleted: bool,
    /// Include identities whose deletion is inferred from complete lists
    #[arg(long, requires = "all_deleted")]
    pub accept_inferred: bool,
    /// Carry out this plan (from --dry-run -o json) if a plan made now is the same
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["resume", "force", "rbac_only", "leave_no_admin", "accept_group_grant", "also_name", "accept_name", "end_static_tokens", "all_contexts", "all_clusters"])]
    pub plan: Option<PathBuf>,
    /// Resume an interrupted operation
    #[arg(long, value_name = "OPERATION", value_parser = parse_operation, conflicts_with_all = ["dry_run", "approval", "also_name", "accept_name", "all_contexts", "all_clusters"])]
    pub resume: Option<OperationId>,
    /// Only show the plan: client only reads; server also checks every step by a dry run of the API server
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "client", default_value = "none", hide_default_value = true)]
    pub dry_run: DryRun,
    /// Don't ask for consent
    #[arg(short, long)]
    pub yes: bool,
    /// Revoke although the identity was active in the last 7 days, or that is unknown
    #[arg(long)]
    pub force: bool,
    /// Change only the bindings, nothing in the cloud
    #[arg(long)]
    pub rbac_only: bool,
    /// Revoke although no identity would hold full rights afterwards
    #[arg(long)]
    pub leave_no_admin: bool,
    /// A binding of a group that may stay, as scan writes it (repeatable)
    #[arg(long, value_name = "BINDING")]
    pub accept_group_grant: Vec<String>,
    /// A user name that resembles the identity's and is its own: revoke it, too (repeatable)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub also_name: Vec<String>,
    /// A user name that resembles the identity's and is another's: it stays and is no finding (repeatable)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub accept_name: Vec<String>,
    /// Also end static tokens of ServiceAccounts that the identity could read, by a label of their Secrets; no token is read
    #[arg(long)]
    pub end_static_tokens: bool,
    /// Hold a Lease in kube-system meanwhile, so that only one machine at a time changes bindings with it
    #[arg(long, help_heading = SEVERAL_MACHINES)]
    pub lease: bool,
    /// Reason, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How long to watch whether access comes back; 0 to not watch [default: 2s, or 15s if a controller manages a binding]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub settle: Option<SignedDuration>,
    /// Whose approval it takes.
    #[command(flatten)]
    pub approval: ApprovalArgs,
    /// Refused: a pod's service account can't revoke
    #[arg(long, hide = true)]
    pub in_cluster: bool,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

/// Flags of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The revocation to undo; with --from, the identities
    #[arg(value_name = "OPERATION|UID", required = true, value_delimiter = ',', value_parser = parse_restored)]
    pub what: Vec<Restored>,
    /// Restore what ack-ram-tool's cleanup removed, by the backups in this folder: the one that it ran in, or a cluster's in it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "accept_role_change")]
    pub from: Option<PathBuf>,
    /// Only show what would be restored
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask for consent
    #[arg(short, long)]
    pub yes: bool,
    /// Restore although the identity is deleted, recycled or unknown
    #[arg(long)]
    pub force: bool,
    /// Restore although a role was replaced, or allows something else by now
    #[arg(long)]
    pub accept_role_change: bool,
    /// Let a leaked credential of this name work again (repeatable)
    #[arg(long, value_name = "NAME")]
    pub rearm: Vec<String>,
    /// Hold a Lease in kube-system meanwhile, so that only one machine at a time changes bindings with it
    #[arg(long, help_heading = SEVERAL_MACHINES)]
    pub lease: bool,
    /// Reason, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Whose approval it takes.
    #[command(flatten)]
    pub approval: ApprovalArgs,
    /// Restore only in this cluster (repeatable, or comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = parse_cluster_id)]
    pub cluster_id: Vec<ClusterId>,
    /// Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory
    #[arg(long)]
    pub temporary_credentials: bool,
    /// How long to wait for another operation in the same cluster
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::parse)]
    pub cluster_timeout: SignedDuration,
}

/// Flags of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The operation whose report to show
    #[arg(value_name = "OPERATION", value_parser = parse_operation)]
    pub operation: Option<OperationId>,
    /// With -o md or -o html: put what trace -o json printed into the report (repeatable)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "operation")]
    pub trace: Vec<PathBuf>,
    /// With -o md or -o html: put what scan --persistence -o json printed into the report (repeatable)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "operation")]
    pub persistence: Vec<PathBuf>,
}

/// What `--dry-run` takes, as in kubectl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Carry the plan out
    None,
    /// Read, and show the plan
    Client,
    /// Have the API server check every step, and show the plan
    Server,
}

/// What `restore` is given to restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// What an operation took.
    Operation(OperationId),
    /// What an identity held, beside `--from`.
    Identity(Uid),
}

fn parse_restored(text: &str) -> Result<Restored, String> {
    match (OperationId::parse(text), parse_uid_of_ram(text)) {
        (Some(id), _) => Ok(Restored::Operation(id)),
        (None, Ok(uid)) => Ok(Restored::Identity(uid)),
        (None, Err(_)) => {
            Err("give an operation's ID as history shows it, 20261122-031002-3f9a2c, or beside --from a UID".to_owned())
        }
    }
}

/// Of several files behind one `-f`, as `xargs` gives them, all but the first would be taken for UIDs.
fn parse_uid_to_revoke(text: &str) -> Result<Uid, String> {
    let is_path = text.contains(['/', '.']);
    parse_uid_of_ram(text).map_err(|why| if is_path { format!("{why}; a file needs an -f of its own") } else { why })
}

pub(super) fn parse_operation(text: &str) -> Result<OperationId, String> {
    OperationId::parse(text)
        .ok_or_else(|| "give an operation's ID as history shows it: 20261122-031002-3f9a2c".to_owned())
}
