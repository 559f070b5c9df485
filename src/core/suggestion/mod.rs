//! What was used, by an audit log, and the smallest roles that allow it.
//!
//! Events are counted (`usage_log`, `usage`: `whose` they are, what was `asked`, and what the API server asked beside it: `impersonation`,
//! `authority`), rights that were used become rules (`widening`, `rules`, `draft`), and the result is judged by the authorizer itself
//! (`proof`). `unseen` is the other side: what is held today and the drafted roles don't give.

mod asked;
pub mod authority;
pub mod draft;
mod impersonation;
pub mod proof;
mod rules;
pub mod uncovered;
pub mod unseen;
pub mod usage;
pub mod usage_log;
pub mod whose;
pub mod widening;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::core::rbac::Attributes;

/// Rights. One without a name holds for every name, one without a namespace for the whole cluster.
pub type Rights = BTreeSet<Attributes>;

/// Whether who holds a right may make a request.
pub fn covers(right: &Attributes, request: &Attributes) -> bool {
    let is_in = |held: &str, asked: &str| held.is_empty() || held == asked;
    right.verb == request.verb
        && right.group == request.group
        && right.resource == request.resource
        && right.subresource == request.subresource
        && right.path == request.path
        && is_in(&right.name, &request.name)
        && is_in(&right.namespace, &request.namespace)
}

/// The rights without those that others of them give.
pub fn fewest(rights: &Rights) -> Rights {
    let wider = |right: &Attributes| {
        let without_name = Attributes { name: String::new(), ..right.clone() };
        let everywhere = Attributes { namespace: String::new(), ..right.clone() };
        let both = Attributes { name: String::new(), ..everywhere.clone() };
        [without_name, everywhere, both]
    };
    let is_given = |right: &&Attributes| wider(right).iter().any(|wide| wide != *right && rights.contains(wide));
    rights.iter().filter(|right| !is_given(right)).cloned().collect()
}
