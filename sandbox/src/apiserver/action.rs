//! What RBAC is asked about: a verb on a resource or on a path.

use super::status::StatusError;
use super::user::User;

/// What a user wants to do: the attributes of a request that RBAC decides on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// A path outside the resources; the fields above other than the verb are then empty.
    pub(crate) path: Option<String>,
}

impl Action {
    /// The error by which the server refuses this action.
    pub(crate) fn forbidden(&self, user: &User, reason: &str) -> StatusError {
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        if let Some(path) = &self.path {
            return StatusError::forbidden_path(&format!(
                "User {:?} cannot {} path {path:?}{because}",
                user.name, self.verb
            ));
        }
        let place = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {:?}", self.namespace)
        };
        let detail = format!(
            "User {:?} cannot {} resource {:?} in API group {:?} {place}{because}",
            user.name,
            self.verb,
            self.combined(),
            self.group
        );
        StatusError::forbidden(&self.group, &self.resource, &self.name, &detail)
    }

    /// `<resource>/<subresource>`, or the resource alone.
    pub(crate) fn combined(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}
