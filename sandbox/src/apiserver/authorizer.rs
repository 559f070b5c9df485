//! RBAC: what the stored bindings and roles allow, with the reasons that the server gives.

use std::sync::Arc;

use super::action::Action;
use super::object::{BindingContent, PolicyRule, RbacSubject, RoleRef};
use super::resources::{RBAC, rbac};
use super::store::{Store, StoredObject};
use super::user::{User, service_account};

/// Whether an action is allowed, and the reason as reviews give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
}

/// A role that a binding refers to and that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MissingRole {
    kind: &'static str,
    name: String,
}

impl MissingRole {
    /// As in the reasons of reviews and refusals.
    fn in_reason(&self) -> String {
        format!("{}.{RBAC} {:?} not found", self.kind, self.name)
    }

    /// As in the refusals of the escalation check.
    pub(crate) fn in_escalation(&self) -> String {
        format!("{}s.{RBAC} {:?} not found", self.kind, self.name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// RBAC over one store.
pub(crate) struct Authorizer<'a> {
    store: &'a Store,
}

/// A binding's rule as it applies to a user: with the sentence that names where it comes from.
struct Granted {
    source: String,
    rules: Vec<PolicyRule>,
}

impl<'a> Authorizer<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store }
    }

    pub(crate) fn decide(&self, user: &User, action: &Action) -> Decision {
        if user.is_master() {
            return Decision { allowed: true, reason: String::new() };
        }
        let mut missing = Vec::new();
        for bindings in [self.cluster_wide(), self.namespaced(&action.namespace)] {
            // The second list is not looked at where the first allows it.
            let granted = self.granted_by(bindings, user, &mut missing);
            if let Some(grant) = granted.iter().find(|grant| grant.rules.iter().any(|rule| allows(rule, action))) {
                return Decision { allowed: true, reason: format!("RBAC: allowed by {}", grant.source) };
            }
        }
        Decision { allowed: false, reason: reason_of(&missing) }
    }

    /// All rules that apply to a user in a namespace, and the roles that were not there.
    pub(crate) fn rules_for(&self, user: &User, namespace: &str) -> (Vec<PolicyRule>, Vec<MissingRole>) {
        let (granted, missing) = self.granted(user, namespace);
        (granted.into_iter().flat_map(|grant| grant.rules).collect(), missing)
    }

    /// The rules of the role that a binding names.
    pub(crate) fn rules_of(&self, role: &RoleRef, namespace: &str) -> Result<Vec<PolicyRule>, MissingRole> {
        let (resource, kind, namespace) = match role.kind.as_str() {
            "Role" => (rbac("roles"), "role", namespace),
            _ => (rbac("clusterroles"), "clusterrole", ""),
        };
        match self.store.get(resource, namespace, &role.name) {
            Some(stored) => Ok(stored.object.rules().to_vec()),
            None => Err(MissingRole { kind, name: role.name.clone() }),
        }
    }

    fn granted(&self, user: &User, namespace: &str) -> (Vec<Granted>, Vec<MissingRole>) {
        let mut missing = Vec::new();
        let bindings = self.cluster_wide().chain(self.namespaced(namespace));
        (self.granted_by(bindings, user, &mut missing), missing)
    }

    /// The ClusterRoleBindings, listed when they are looked at.
    fn cluster_wide(&self) -> Box<dyn Iterator<Item = Arc<StoredObject>> + '_> {
        Box::new(std::iter::once_with(|| self.store.list(rbac("clusterrolebindings"), None).0).flatten())
    }

    /// The RoleBindings of a namespace, listed when they are looked at; outside of one there are none.
    fn namespaced<'n>(&'n self, namespace: &'n str) -> Box<dyn Iterator<Item = Arc<StoredObject>> + 'n> {
        let list = move || self.store.list(rbac("rolebindings"), Some(namespace)).0;
        Box::new(std::iter::once(list).filter(move |_| !namespace.is_empty()).flat_map(|list| list()))
    }

    fn granted_by(
        &self,
        bindings: impl Iterator<Item = Arc<StoredObject>>,
        user: &User,
        missing: &mut Vec<MissingRole>,
    ) -> Vec<Granted> {
        let mut granted = Vec::new();
        for stored in bindings {
            let Some(binding) = stored.object.binding() else { continue };
            let metadata = &stored.object.metadata;
            let Some(subject) = applying(user, binding, &metadata.namespace) else { continue };
            match self.rules_of(&binding.role_ref, &metadata.namespace) {
                Ok(rules) => {
                    let source = describe(&metadata.name, &metadata.namespace, &binding.role_ref, subject);
                    granted.push(Granted { source, rules });
                }
                Err(role) => missing.push(role),
            }
        }
        granted
    }
}

fn reason_of(missing: &[MissingRole]) -> String {
    // Like Go's aggregate, which lists each message once.
    let mut texts: Vec<String> = Vec::new();
    for role in missing {
        let text = role.in_reason();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")),
    }
}

fn applying<'b>(user: &User, binding: &'b BindingContent, namespace: &str) -> Option<&'b RbacSubject> {
    binding.subjects.iter().find(|subject| match subject.kind.as_str() {
        "User" => subject.name == user.name,
        "Group" => user.groups.contains(&subject.name),
        "ServiceAccount" => {
            let of = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
            !of.is_empty() && service_account(&user.name) == Some((of, subject.name.as_str()))
        }
        _ => false,
    })
}

fn describe(name: &str, namespace: &str, role: &RoleRef, subject: &RbacSubject) -> String {
    let binding = if namespace.is_empty() {
        format!("ClusterRoleBinding {name:?}")
    } else {
        format!("RoleBinding {:?}", format!("{name}/{namespace}"))
    };
    let who = if subject.kind == "ServiceAccount" {
        let of = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
        format!("{}/{of}", subject.name)
    } else {
        subject.name.clone()
    };
    format!("{binding} of {} {:?} to {} {who:?}", role.kind, role.name, subject.kind)
}

/// Whether a rule allows an action.
pub(crate) fn allows(rule: &PolicyRule, action: &Action) -> bool {
    if !has(&rule.verbs, &action.verb) {
        return false;
    }
    if let Some(path) = &action.path {
        return rule.non_resource_urls.iter().any(|url| url_matches(url, path));
    }
    has(&rule.api_groups, &action.group)
        && rule.resources.iter().any(|resource| resource_matches(resource, action))
        && (rule.resource_names.is_empty() || rule.resource_names.contains(&action.name))
}

fn has(set: &[String], wanted: &str) -> bool {
    set.iter().any(|one| one == "*" || one == wanted)
}

fn resource_matches(resource: &str, action: &Action) -> bool {
    resource == "*"
        || resource == action.combined()
        || (!action.subresource.is_empty() && resource.strip_prefix("*/") == Some(&action.subresource))
}

fn url_matches(url: &str, path: &str) -> bool {
    url == "*" || url == path || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*')))
}
