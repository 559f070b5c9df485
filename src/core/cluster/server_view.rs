//! What the API server says: who one is to it, and which cluster it belongs to.

use std::collections::BTreeMap;

use jiff::Timestamp;

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

/// What matters of a namespace before something is put into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// The object's own ID, which differs from that of a later object of the same name.
    pub uid: String,
    /// When it was created; `None` where the server doesn't say.
    pub created: Option<Timestamp>,
    /// Whether it is going: nothing new can be created in it.
    pub terminating: bool,
}

/// The answer to an access review.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/#SubjectAccessReviewStatus>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessReview {
    /// Whether an authorizer allows it.
    pub allowed: bool,
    /// Whether an authorizer denies it, so that no other is asked. Without either none had an opinion, which is a no as well.
    pub denied: bool,
    /// Why; empty if no reason is given.
    pub reason: String,
    /// What went wrong meanwhile: the answer may rest on a part of the facts.
    pub evaluation_error: Option<String>,
}

impl AccessReview {
    /// Whether it is RBAC that gives the reason. An allowance with another reason or none is another authorizer's.
    pub fn is_rbac(&self) -> bool {
        self.reason.starts_with("RBAC:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rbac_says_so_in_its_reasons() {
        for (reason, expected) in [
            ("RBAC: allowed by ClusterRoleBinding \"a\" of ClusterRole \"b\" to User \"c\"", true),
            ("RBAC: clusterrole.rbac.authorization.k8s.io \"b\" not found", true),
            ("", false),
            ("allowed by webhook, not RBAC: allowed", false),
        ] {
            assert_eq!(
                AccessReview { reason: reason.into(), ..AccessReview::default() }.is_rbac(),
                expected,
                "{reason}"
            );
        }
    }
}
