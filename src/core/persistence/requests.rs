//! Client certificates that were asked for. API servers forget requests after an hour to a day: that there is none says nothing.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#request-signing-process>

use super::facts::RequestState;
use super::{
    CertificateRequest, ClusterFacts, Finding, FoundObject, Method, Remedy, Since, SourceFact, SourceFrom, Undo, Whose,
};
use crate::core::ids::Uid;
use crate::core::rbac::reach::Certainty;
use crate::core::shell::kubectl;

/// The signer of certificates with which clients log in.
const CLIENTS: &str = "kubernetes.io/kube-apiserver-client";
/// Machines that ask for their own certificates.
const MACHINES: [&str; 2] = ["system:node:", "system:bootstrap:"];

/// The requests for certificates that API servers would take; of an identity those that it made, or that are for its names.
pub(super) fn requests(facts: &ClusterFacts<'_>, whose: &Whose) -> Vec<Finding> {
    let is_meant = |request: &&CertificateRequest| {
        if whose.is_everybody() {
            !MACHINES.iter().any(|prefix| request.requester.starts_with(prefix))
        } else {
            is_of(request, whose)
        }
    };
    let would_do = |request: &&CertificateRequest| request.signer == CLIENTS && request.state != RequestState::Ended;
    facts.requests.iter().filter(would_do).filter(is_meant).map(finding).collect()
}

fn is_of(request: &CertificateRequest, whose: &Whose) -> bool {
    let by_name = whose.has_name(&request.requester);
    let fingerprint = whose.fingerprint.as_ref().map(|digits| format!("X509SHA256={digits}"));
    let by_credential = fingerprint.is_some() && request.credential_id == fingerprint;
    let common_name = request.subject.as_ref().and_then(|subject| subject.common_name.as_deref());
    by_name || by_credential || common_name.is_some_and(|name| whose.has_name(name))
}

fn finding(request: &CertificateRequest) -> Finding {
    let subject = request.subject.clone().unwrap_or_default();
    let name = subject.common_name.as_deref();
    let groups = subject.organizations.join(", ");
    let leads_to = match (name, groups.as_str()) {
        (None, _) => "a user whose name can't be read".to_owned(),
        (Some(name), "") => format!("User {name}"),
        (Some(name), groups) => format!("User {name} in groups {groups}"),
    };
    let state = match request.state {
        RequestState::Issued => "issued",
        RequestState::Approved => "approved, not signed",
        RequestState::Pending | RequestState::Ended => "not approved",
    };
    let with = request.credential_id.as_ref().map(|id| format!(" with {id}")).unwrap_or_default();
    let mut source = vec![SourceFact {
        what: format!("{state}; asked for by {}{with}", request.requester),
        from: SourceFrom::ServerSet,
    }];
    if let Some(name) = name {
        source.push(SourceFact { what: format!("for {name}"), from: SourceFrom::ClientClaim });
    }
    let command = name.and_then(|name| match Uid::of_user_name(name) {
        Some(uid) => kubectl(&["ackcred", "revoke", uid.as_str()]),
        None => kubectl(&["ackcred", "rights", "--subject", &format!("User/{name}")]),
    });
    Finding {
        method: Method::CertificateRequest,
        object: FoundObject::new("CertificateSigningRequest", None, &request.name),
        leads_to,
        since: Since::created(request.created),
        source,
        remedy: Remedy {
            text: "nothing ends a certificate that was issued: take away the bindings of its name and groups"
                .to_owned(),
            command,
            undo: Undo::Partly,
        },
        certainty: if request.state == RequestState::Issued { Certainty::Exact } else { Certainty::Depends },
    }
}
