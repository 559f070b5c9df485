//! What the answers about one identity, and the record of an operation that is gone on with, show of a number: that it is, or was, a
//! RAM identity's.

use crate::core::access::scan::StateKind;
use crate::core::identity::ack::{CertificateState, Permission, UserKubeconfigState};
use crate::core::identity::evidence::{Answer, Listing};
use crate::core::identity::trace::Trace;
use crate::core::ids::Uid;
use crate::core::revocation::plan::PlannedTarget;

/// The first trace of an identity.
pub(super) fn of(
    uid: &Uid,
    permissions: &Answer<Vec<Permission>>,
    of_all_clusters: &Listing<UserKubeconfigState>,
    remembered: &[PlannedTarget],
) -> Option<Trace> {
    by_permission(permissions).or_else(|| by_kubeconfig(of_all_clusters)).or_else(|| by_record(uid, remembered))
}

fn by_permission(permissions: &Answer<Vec<Permission>>) -> Option<Trace> {
    permissions.known().is_some_and(|records| !records.is_empty()).then_some(Trace::Permission)
}

fn by_kubeconfig(of_all_clusters: &Listing<UserKubeconfigState>) -> Option<Trace> {
    let was_issued =
        |certificate: CertificateState| certificate.is_issued() || certificate == CertificateState::Removed;
    of_all_clusters.items().iter().any(|state| was_issued(state.certificate)).then_some(Trace::IssuedKubeconfig)
}

fn by_record(uid: &Uid, remembered: &[PlannedTarget]) -> Option<Trace> {
    let was_deleted = |known: &PlannedTarget| known.uid == *uid && known.state == StateKind::Deleted;
    remembered.iter().any(was_deleted).then_some(Trace::Operation)
}
