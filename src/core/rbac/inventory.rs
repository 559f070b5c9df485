//! Every binding of a cluster, kept small: 100,000 of them fit in a few tens of megabytes.
//!
//! Names that repeat (namespaces, roles, what kind of subject) are stored once and shared.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::binding::{BindingItem, BindingKind, RBAC_GROUP, Subject};
use super::binding_object::BindingRef;
use crate::core::ids::split_subject_name;

/// The bindings that were read, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Inventory {
    bindings: Vec<Binding>,
    namespaces: Shared<str>,
    roles: Shared<Role>,
    classes: Shared<SubjectClass>,
}

/// One RoleBinding or ClusterRoleBinding.
#[derive(Debug)]
pub struct Binding {
    kind: BindingKind,
    namespace: Arc<str>,
    name: Box<str>,
    role: Arc<Role>,
    created: Option<Timestamp>,
    subjects: Box<[BoundSubject]>,
}

/// A role by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// `ClusterRole` or `Role`.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// A subject of a binding.
#[derive(Clone, Debug)]
pub struct BoundSubject {
    class: Arc<SubjectClass>,
    name: Box<str>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SubjectClass {
    kind: Box<str>,
    api_group: Box<str>,
    namespace: Box<str>,
}

impl Inventory {
    /// Adds a binding.
    ///
    /// A subject that a binding holds twice is kept once: it is one grant, and taking it away takes both entries.
    pub fn add(&mut self, kind: BindingKind, item: &BindingItem<'_>) {
        let (namespace, role) = (item.metadata.namespace.as_str(), &item.role_ref);
        let binding = Binding {
            kind,
            namespace: self.namespaces.get([namespace], || namespace.into()),
            name: item.metadata.name.as_str().into(),
            role: self.roles.get([role.kind.as_str(), role.name.as_str()], || {
                Arc::new(Role { kind: role.kind.as_str().into(), name: role.name.as_str().into() })
            }),
            created: item.metadata.creation_timestamp,
            subjects: self.subjects(item.subjects.as_deref().unwrap_or_default()),
        };
        self.bindings.push(binding);
    }

    fn subjects(&mut self, subjects: &[Subject<'_>]) -> Box<[BoundSubject]> {
        let mut bound: Vec<BoundSubject> = Vec::with_capacity(subjects.len());
        let mut known = (subjects.len() > 16).then(HashSet::new);
        for subject in subjects {
            let next = BoundSubject { class: self.class(subject), name: subject.name.as_str().into() };
            let is_new = match &mut known {
                None => !bound.contains(&next),
                Some(known) => known.insert((Arc::as_ptr(&next.class), subject.name.as_str())),
            };
            if is_new {
                bound.push(next);
            }
        }
        bound.into_boxed_slice()
    }

    fn class(&mut self, subject: &Subject<'_>) -> Arc<SubjectClass> {
        let (kind, namespace) = (subject.kind.as_str(), subject.namespace.as_str());
        // What the API server fills in: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-binding-v1/
        let api_group = match (kind, subject.api_group.as_str()) {
            ("User" | "Group", "") => RBAC_GROUP,
            (_, given) => given,
        };
        self.classes.get([kind, api_group, namespace], || {
            Arc::new(SubjectClass { kind: kind.into(), api_group: api_group.into(), namespace: namespace.into() })
        })
    }

    /// Adds all of another inventory's bindings.
    pub fn append(&mut self, mut other: Self) {
        self.bindings.append(&mut other.bindings);
    }

    /// Forgets every binding, when a list has to be read anew.
    pub fn clear(&mut self) {
        self.bindings.clear();
    }

    /// Forgets the bindings that are needed no more.
    pub fn retain(&mut self, is_needed: impl Fn(&Binding) -> bool) {
        self.bindings.retain(is_needed);
        *self = Self { bindings: std::mem::take(&mut self.bindings).into_boxed_slice().into_vec(), ..Self::default() };
    }

    /// How many bindings a namespace has; without one, how many ClusterRoleBindings there are.
    pub fn count_in(&self, namespace: Option<&str>) -> usize {
        self.bindings.iter().filter(|binding| binding.namespace() == namespace).count()
    }

    /// The bindings, in the order in which they were read.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }
}

impl Binding {
    /// Which binding it is.
    pub fn reference(&self) -> BindingRef {
        BindingRef { kind: self.kind, namespace: self.namespace().map(str::to_owned), name: self.name().to_owned() }
    }

    /// Which of the two kinds it is.
    pub fn kind(&self) -> BindingKind {
        self.kind
    }

    /// Its namespace; `None` for a ClusterRoleBinding.
    pub fn namespace(&self) -> Option<&str> {
        (!self.namespace.is_empty()).then_some(&*self.namespace)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role that it grants.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// When it was created.
    pub fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// To whom it grants the role, each once, in the binding's order.
    pub fn subjects(&self) -> &[BoundSubject] {
        &self.subjects
    }
}

impl BoundSubject {
    /// `User`, `Group` or `ServiceAccount`.
    pub fn kind(&self) -> &str {
        &self.class.kind
    }

    /// Namespace of a service account.
    pub fn namespace(&self) -> Option<&str> {
        (!self.class.namespace.is_empty()).then_some(&*self.class.namespace)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The UID, if the subject is a RAM identity: a `User` of the RBAC group with a name in ACK's manner.
    pub fn ram_uid(&self) -> Option<&str> {
        self.user_name().and_then(split_subject_name).map(|(uid, _)| uid)
    }

    /// The user name, if the subject is a `User` of the RBAC group.
    pub fn user_name(&self) -> Option<&str> {
        self.is_rbac("User").then_some(&*self.name)
    }

    /// Whether it is a `User` or `Group` of the RBAC group.
    pub(crate) fn is_rbac(&self, kind: &str) -> bool {
        &*self.class.kind == kind && &*self.class.api_group == RBAC_GROUP
    }
}

impl PartialEq for BoundSubject {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.class == other.class
    }
}

impl Eq for BoundSubject {}

impl fmt::Display for BoundSubject {
    /// `User/alice`, `ServiceAccount/namespace/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            None => write!(formatter, "{}/{}", self.kind(), self.name),
            Some(namespace) => write!(formatter, "{}/{namespace}/{}", self.kind(), self.name),
        }
    }
}

/// Values that are made once for each path of keys and shared from then on.
#[derive(Debug)]
struct Shared<T: ?Sized> {
    value: Option<Arc<T>>,
    children: HashMap<Box<str>, Shared<T>>,
}

impl<T: ?Sized> Shared<T> {
    fn get<const LENGTH: usize>(&mut self, path: [&str; LENGTH], make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let mut node = self;
        for key in path {
            node = node.children.entry(key.into()).or_default();
        }
        Arc::clone(node.value.get_or_insert_with(make))
    }
}

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self { value: None, children: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::rbac::fixtures::inventory;

    #[test]
    fn a_list_that_is_read_anew_begins_empty() {
        let subjects = json!([{"kind": "User", "name": "200-1"}]);
        let mut inventory = inventory(&[("shop", "team", "ClusterRole/view", subjects)]);
        assert_eq!(inventory.bindings().len(), 1);
        inventory.clear();
        assert_eq!(inventory.bindings().len(), 0);
    }
}
