//! A rotation: what RevokeK8sClusterKubeConfig is to do in a cluster.

use std::time::Duration;

/// What the call does. Its documents say that the caller's kubeconfig is revoked and a new one with its binding made, and leave open
/// when, and in which bindings; a client must handle each of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotateBehaviour {
    /// Before the answer there is a new certificate, and the bindings that ACK made for the caller have its name.
    #[default]
    AtOnce,
    /// The new certificate is there before the answer, ACK's bindings have its name only this long after.
    RebindsLater(Duration),
    /// The new certificate is there before the answer, and no binding ever has its name.
    NeverRebinds,
    /// As [`Self::AtOnce`], and the bindings of others that name the caller have the new name, too.
    RebindsAll,
    /// As [`Self::AtOnce`], but only this long after the answer: until then nothing has changed, and a failure is not reported.
    Later(Duration),
    /// As [`Self::AtOnce`], but DescribeClusterUserKubeconfig goes on to issue for the old name so many times.
    IssuesOldName(u32),
    /// As [`Self::AtOnce`], but the new certificate has the old name, so that no binding changes.
    KeepsName,
}

/// What is to be done in a cluster on behalf of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The cluster.
    pub cluster_id: String,
    /// The caller.
    pub uid: String,
    /// The common name of the new certificate.
    pub new_name: String,
    /// Which bindings get it.
    pub behaviour: RotateBehaviour,
}
