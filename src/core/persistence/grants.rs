//! Grants that hardly anybody looks for: to ServiceAccounts under another spelling, to all of them, to identities that don't exist.

use super::{ClusterFacts, Finding, FoundObject, Method, Remedy, Since, Undo};
use crate::core::access::scan::StateKind;
use crate::core::ids::Uid;
use crate::core::rbac::inventory::{Binding, BoundSubject};
use crate::core::rbac::reach::Certainty;
use crate::core::rbac::user_info::service_account_of;
use crate::core::shell::kubectl_on;
use crate::core::system_groups::SERVICE_ACCOUNTS;

/// The API server's own binding for all ServiceAccounts: it lets them read how tokens are checked.
const ISSUER_DISCOVERY: &str = "system:service-account-issuer-discovery";

/// Whether a binding may hold such a grant: only of these it is asked when their subjects were written.
pub fn is_candidate(binding: &Binding) -> bool {
    binding.subjects().iter().any(|subject| subject.ram_uid().is_some() || method_of(binding, subject).is_some())
}

/// What a grant is of which no RAM identity is the subject.
fn method_of(binding: &Binding, subject: &BoundSubject) -> Option<Method> {
    let is_own = binding.name() == ISSUER_DISCOVERY && &*binding.role().name == ISSUER_DISCOVERY;
    match subject.kind() {
        "User" if service_account_of(subject.name()).is_some() => Some(Method::AccountAsUser),
        "Group" if is_all_accounts(subject.name()) && !is_own => Some(Method::AllAccounts),
        _ => None,
    }
}

fn is_all_accounts(group: &str) -> bool {
    group.strip_prefix(SERVICE_ACCOUNTS).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// What a grant to a RAM identity of this state is; none for one that exists.
fn method_by_state(state: StateKind) -> Option<Method> {
    match state {
        StateKind::Deleted => Some(Method::DeletedIdentity),
        StateKind::Recycled => Some(Method::RecycledIdentity),
        StateKind::Unknown => Some(Method::UnknownIdentity),
        StateKind::Active | StateKind::Frozen => None,
    }
}

/// The grants of a cluster.
pub(super) fn grants(facts: &ClusterFacts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for binding in facts.scan.grants.inventory().bindings() {
        for subject in binding.subjects() {
            found.extend(finding(facts, binding, subject));
        }
    }
    found
}

fn finding(facts: &ClusterFacts<'_>, binding: &Binding, subject: &BoundSubject) -> Option<Finding> {
    let reference = binding.reference();
    let role = binding.role();
    let uid = subject.ram_uid().and_then(Uid::parse);
    let state = uid.as_ref().map(|uid| StateKind::of(facts.scan.verdict(Some(uid)).state));
    let method = match state {
        Some(state) => method_by_state(state),
        None => method_of(binding, subject),
    }?;
    let whom = match state {
        Some(state) => format!("User {}, whose state is {}", subject.name(), state.as_str()),
        None => format!("{} {}", subject.kind(), subject.name()),
    };
    let since = match (binding.created(), facts.changed.get(&reference)) {
        (Some(created), Some(changed)) if *changed > created => Since::Changed(*changed),
        (created, _) => Since::created(created),
    };
    Some(Finding {
        method,
        object: FoundObject::of_binding(binding),
        leads_to: format!("{}/{} for {whom}", role.kind, role.name),
        since,
        source: Vec::new(),
        remedy: remedy(binding, uid.as_ref()),
        certainty: Certainty::Exact,
    })
}

fn remedy(binding: &Binding, uid: Option<&Uid>) -> Remedy {
    if let Some(uid) = uid {
        let command = Some(format!("kubectl ackcred revoke {uid}"));
        return Remedy { text: "revoke the identity".to_owned(), command, undo: Undo::Yes };
    }
    Remedy {
        text: "take the subject out of the binding, if it is not meant".to_owned(),
        command: kubectl_on("edit", binding.kind().as_str(), binding.namespace(), binding.name(), &[]),
        undo: Undo::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_has_the_word_of_the_state() {
        for (state, method) in [
            (StateKind::Active, None),
            (StateKind::Frozen, None),
            (StateKind::Recycled, Some(Method::RecycledIdentity)),
            (StateKind::Deleted, Some(Method::DeletedIdentity)),
            (StateKind::Unknown, Some(Method::UnknownIdentity)),
        ] {
            assert_eq!(method_by_state(state), method, "{state:?}");
        }
    }
}
