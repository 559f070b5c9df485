//! The flags that say which clusters a command is about, and how far it may go for them.

use clap::Args;
use jiff::SignedDuration;

use super::parse_cluster_id;
use crate::core::credential::duration;
use crate::core::ids::ClusterId;

/// The heading of the flags that say how several clusters are read.
pub(super) const SIDE_BY_SIDE: &str = "Several clusters";

/// Flags that are about one API server or one credential, and make no sense for several clusters. Shells know it from this list;
/// for repeated contexts and IDs, which it can't express, `commands::clusters` decides.
pub(super) const OF_ONE_CLUSTER: [&str; 9] = [
    "cluster",
    "user",
    "server",
    "token",
    "client_certificate",
    "client_key",
    "certificate_authority",
    "tls_server_name",
    "insecure_skip_tls_verify",
];

/// The flags that choose other clusters than the one that a pod runs in.
pub(super) const OTHER_CLUSTERS: [&str; 4] = ["context", "cluster_id", "all_contexts", "all_clusters"];

/// Which clusters, and how far for them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clusters")]
pub struct ClusterArgs {
    /// The cluster with this ID, by the context that leads to it (repeatable, or comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = parse_cluster_id)]
    pub cluster_id: Vec<ClusterId>,
    /// The clusters of all contexts
    #[arg(long, conflicts_with_all = OF_ONE_CLUSTER, conflicts_with_all = ["context", "cluster_id", "all_clusters"])]
    pub all_contexts: bool,
    /// All clusters of the account that its policies show you, by the contexts that lead to them
    #[arg(long, conflicts_with_all = OF_ONE_CLUSTER, conflicts_with_all = ["context", "cluster_id"])]
    pub all_clusters: bool,
    /// Let the cloud issue a kubeconfig for a cluster that no context leads to, valid for 15 minutes and kept only in memory
    #[arg(long, help_heading = SIDE_BY_SIDE)]
    pub temporary_credentials: bool,
    /// How many clusters are read, and how many steps carried out, at a time
    #[arg(long, help_heading = SIDE_BY_SIDE, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
    /// How long each of several clusters may take, and how long to wait for another operation in a cluster [default: 60s] and for a busy cloud [default: 120s]
    #[arg(long, help_heading = SIDE_BY_SIDE, value_name = "DURATION", value_parser = duration::parse)]
    pub cluster_timeout: Option<SignedDuration>,
}
