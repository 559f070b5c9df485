//! The flags of `scan`.

use clap::{ArgAction, Args, ValueEnum};

use super::{ClusterArgs, OTHER_CLUSTERS, OWN_ACCESS, PersistenceArgs, one_of, parse_uid};
use crate::core::access::scan::StateKind;
use crate::core::ids::Uid;

pub(super) const SCAN_ABOUT: &str = "List who holds access to the cluster, and whether they still exist

An identity is Deleted only with evidence: ACK reports the account as deleted, or the complete lists of the account that owns the \
cluster don't have the identity. Recycled identities can be restored. Everything else is Unknown, and -o wide shows why.";

pub(super) const SCAN_EXAMPLES: &str = "Examples:
  kubectl ackcred scan                        # deleted identities that still hold access
  kubectl ackcred scan --all-users -o wide    # all identities, with the evidence
  kubectl ackcred scan --all-contexts         # every cluster of the kubeconfig
  kubectl ackcred scan --persistence -f leaked.yaml   # what would let someone in again";

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

const STATES: &[(&str, StateKind)] = &[
    ("deleted", StateKind::Deleted),
    ("recycled", StateKind::Recycled),
    ("unknown", StateKind::Unknown),
    ("frozen", StateKind::Frozen),
    ("active", StateKind::Active),
];
