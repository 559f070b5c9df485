//! What DescribeClusterUserKubeconfig asks of a cluster, and what it gets.

use jiff::Timestamp;

/// A request to issue a kubeconfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueRequest {
    /// The cluster.
    pub cluster_id: String,
    /// The caller, in whose name it is issued.
    pub uid: String,
    /// The common name for its certificate: the caller's earlier one, so that its bindings stay valid, else a new one.
    pub common_name: String,
    /// Whether the server is to be named by its private address.
    pub private: bool,
    /// The lifetime in minutes; `None` for the default of three years.
    pub minutes: Option<u32>,
    /// The time of issue.
    pub now: Timestamp,
}

/// An issued kubeconfig.
#[derive(Clone)]
pub struct IssuedKubeconfig {
    /// The file's text.
    pub config: String,
    /// When its certificate expires.
    pub expires: Timestamp,
}
