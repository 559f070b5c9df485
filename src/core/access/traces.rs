//! Which holders of access are shown to be RAM identities by what gives them access: by bindings that ACK made, and by mappings in
//! which ack-ram-authenticator recorded them.

use crate::core::identity::trace::Trace;
use crate::core::ids::Uid;
use crate::core::rbac::ack_binding::is_made_by_ack;
use crate::core::rbac::grants::{Grant, GrantSource, Grants};

/// Every trace in a cluster's grants; of an identity there can be several.
pub fn traces(grants: &Grants) -> impl Iterator<Item = (Uid, Trace)> {
    let made_by_ack = grants.iter().filter_map(|grant: Grant<'_>| {
        let uid = grant.uid?;
        let GrantSource::Binding { binding, .. } = grant.source else { return None };
        is_made_by_ack(binding, uid).then(|| Uid::parse(uid)).flatten()
    });
    let made_by_ack = made_by_ack.map(|uid| (uid, Trace::AckBinding));
    made_by_ack.chain(grants.recorded_uids().map(|uid| (uid.clone(), Trace::Mapping)))
}
