//! Bindings that actors wrote, and whose requests came after them.

use super::actors::LinkSource;
use super::body::BoundSubject;
use super::event::Event;
use super::reason::granting_binding;
use crate::core::rbac::user_info::service_account_name;
use crate::core::system_groups::{AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED};

/// A binding that an actor wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenBinding {
    /// The actor: an index.
    pub actor: u32,
    /// The request.
    pub source: LinkSource,
    /// The binding, as tables write it: `RoleBinding/shop/team`.
    pub binding: String,
    /// Whom it names afterwards; `None`: the log doesn't say, and only what the API server itself allowed by it is known.
    pub subjects: Option<Vec<BoundSubject>>,
}

impl WrittenBinding {
    /// What the log must be searched for to find the requests.
    pub fn names(&self) -> Vec<String> {
        match &self.subjects {
            Some(subjects) => subjects.iter().filter(|subject| is_followed(subject)).map(user_or_group).collect(),
            None => self.binding.rsplit('/').next().map(str::to_owned).into_iter().collect(),
        }
    }

    /// The groups that everyone or every ServiceAccount is in: whose requests come after is no sign of anything.
    pub fn groups_of_everyone(&self) -> impl Iterator<Item = &str> {
        let subjects = self.subjects.iter().flatten();
        subjects.filter(|subject| subject.kind == "Group" && !is_followed(subject)).map(|subject| subject.name.as_str())
    }

    /// Whether a request may have been made by this grant.
    pub fn is_used_by(&self, event: &Event<'_>) -> bool {
        if event.received < self.source.time {
            return false;
        }
        let Some(subjects) = &self.subjects else {
            let binding = event.annotations.reason.as_deref().and_then(granting_binding);
            return binding.as_deref() == Some(self.binding.as_str());
        };
        subjects.iter().filter(|subject| is_followed(subject)).any(|subject| {
            let name = user_or_group(subject);
            match subject.kind.as_str() {
                "Group" => event.user.groups.iter().any(|group| **group == *name),
                _ => *event.user.username == *name,
            }
        })
    }
}

fn is_followed(subject: &BoundSubject) -> bool {
    let name = subject.name.as_str();
    let is_of_all = matches!(name, AUTHENTICATED | UNAUTHENTICATED | MASTERS) || name.starts_with(SERVICE_ACCOUNTS);
    let is_everyone = subject.kind == "Group" && is_of_all;
    !name.is_empty() && !is_everyone
}

fn user_or_group(subject: &BoundSubject) -> String {
    match subject.kind.as_str() {
        "ServiceAccount" => service_account_name(&subject.namespace, &subject.name),
        _ => subject.name.clone(),
    }
}
