//! What the API server says: who one is to it, and which cluster it belongs to.

use std::collections::BTreeMap;

/// Who the API server takes the asker for.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerIdentity {
    /// User name.
    pub username: String,
    /// The API server's own ID for the user; RAM UIDs stand in the user name instead.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Further attributes, such as `authentication.kubernetes.io/credential-id`.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl ServerIdentity {
    /// The credential's ID as the API server knows it: `X509SHA256=` and the certificate's fingerprint in hex.
    pub fn credential_id(&self) -> Option<&str> {
        self.extra.get("authentication.kubernetes.io/credential-id")?.first().map(String::as_str)
    }
}

/// What ConfigMap kube-system/ack-cluster-profile tells of the cluster, unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterProfile {
    /// The cluster's ID.
    pub cluster_id: Option<String>,
    /// The UID of the account that owns the cluster.
    pub owner: Option<String>,
}
