//! The flags of `status`.

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::{ClusterArgs, OTHER_CLUSTERS, OWN_ACCESS, parse_uid_of_ram};
use crate::core::credential::duration;
use crate::core::ids::Uid;

pub(super) const STATUS_EXAMPLES: &str = "Examples:
  kubectl ackcred status --activity              # this cluster, with the last access of each identity
  kubectl ackcred status 200000000000000103      # one identity in every cluster
  kubectl ackcred status --all-contexts          # every cluster of the kubeconfig
  kubectl ackcred status --max-lifetime 24h --fail-on longlived,residue   # a gate: exit with 3 if there are any";

pub(super) const STATUS_ABOUT: &str = "List the state of issued kubeconfigs, of a cluster or of an identity

Without a UID: every identity with a kubeconfig of the cluster or a binding in it. With a UID: that identity in every cluster.

The cloud's state Effective also covers a kubeconfig that was deleted while its bindings remain; the two look the \
same. RESIDUE means bindings without a kubeconfig that works. LONG-LIVED means that a kubeconfig has longer to live than \
--max-lifetime allows, counted from now: ACK says when a kubeconfig ends, not when it was issued.";

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The identity whose clusters to show
    #[arg(value_name = "UID", value_parser = parse_uid_of_ram, conflicts_with_all = ["cluster_id", "in_cluster", "all_contexts", "all_clusters"])]
    pub uid: Option<Uid>,
    /// Search the audit log of the last 7 days for each identity's access
    #[arg(long)]
    pub activity: bool,
    /// Show a kubeconfig as long-lived if it has longer to live than this, such as 24h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub max_lifetime: Option<SignedDuration>,
    /// Exit with 3 when a row is one of these (comma-separated); with 4 when it is unknown whether a row is
    #[arg(long, value_name = "FINDING", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<StatusFailOn>,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = OTHER_CLUSTERS)]
    pub in_cluster: bool,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

/// What `status --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFailOn {
    /// The kubeconfig has longer to live than --max-lifetime allows
    #[value(name = "longlived")]
    LongLived,
    /// There are bindings without a kubeconfig that works
    Residue,
    /// The identity is deleted, and holds a binding or an issued kubeconfig
    Deleted,
}
