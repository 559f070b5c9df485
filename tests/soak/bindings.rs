//! The bindings of a cluster as the soak knows them: who is bound to what, and what follows from that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ackcred_sandbox::binding::BindingRef;
use serde_json::{Value, json};

const RBAC: &str = "rbac.authorization.k8s.io";

/// Groups of everyone whose certificate is ACK's.
pub(crate) const GROUPS: [&str; 2] = ["system:users", "system:authenticated"];

/// The namespaces of RoleBindings.
pub(crate) const NAMESPACES: [&str; 2] = ["billing", "shop"];

/// The ClusterRoles that bindings grant, each with the one resource that it lets its holder get.
pub(crate) const ROLES: [(&str, &str); 3] =
    [("soak:reader", "pods"), ("soak:developer", "configmaps"), ("soak:operator", "services")];

/// Who is bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

/// A binding, but for what is new in each that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) role: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) subjects: Vec<Subject>,
}

/// A cluster's bindings, without those that an API server makes for itself.
pub(crate) type Bindings = BTreeMap<BindingRef, Bound>;

impl Subject {
    pub(crate) fn user(name: &str) -> Self {
        Self { kind: "User".to_owned(), namespace: None, name: name.to_owned() }
    }

    pub(crate) fn group(name: &str) -> Self {
        Self { kind: "Group".to_owned(), namespace: None, name: name.to_owned() }
    }

    pub(crate) fn service_account(namespace: &str, name: &str) -> Self {
        Self { kind: "ServiceAccount".to_owned(), namespace: Some(namespace.to_owned()), name: name.to_owned() }
    }

    pub(crate) fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Self {
            kind: text("kind").unwrap_or_default(),
            namespace: text("namespace"),
            name: text("name").unwrap_or_default(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        match &self.namespace {
            Some(namespace) => json!({"kind": self.kind, "namespace": namespace, "name": self.name}),
            None => json!({"kind": self.kind, "apiGroup": RBAC, "name": self.name}),
        }
    }

    /// Whether it is a user name of this identity. Written anew here, not to repeat a mistake of the plugin's.
    pub(crate) fn is_of(&self, uid: &str) -> bool {
        let Some(rest) = self.name.strip_prefix(uid).filter(|_| self.kind == "User") else { return false };
        let is_suffix = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        rest.is_empty() || rest.strip_prefix('-').is_some_and(is_suffix)
    }

    pub(crate) fn is_of_any(&self, uids: &[&str]) -> bool {
        uids.iter().any(|uid| self.is_of(uid))
    }
}

impl fmt::Display for Subject {
    /// As reports name subjects: `User/name`, `ServiceAccount/namespace/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{}/{}", self.kind, self.name),
        }
    }
}

/// The binding of this `namespace` and `name`; `None` where there is no name.
pub(crate) fn binding_ref(place: &Value) -> Option<BindingRef> {
    let name = place["name"].as_str()?;
    Some(match place["namespace"].as_str() {
        Some(namespace) => BindingRef::role_binding(namespace, name),
        None => BindingRef::cluster_role_binding(name),
    })
}

impl Bound {
    /// The binding that an API server shows; `None` of one that it makes for itself.
    pub(crate) fn read(object: &Value) -> Option<(BindingRef, Self)> {
        let metadata = &object["metadata"];
        if !metadata["labels"]["kubernetes.io/bootstrapping"].is_null() {
            return None;
        }
        let place = binding_ref(metadata)?;
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let bound = Self {
            role: object["roleRef"]["name"].as_str()?.to_owned(),
            labels: labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
            subjects: object["subjects"].as_array().into_iter().flatten().map(Subject::read).collect(),
        };
        Some((place, bound))
    }

    /// What is posted to make it.
    pub(crate) fn object(&self, place: &BindingRef) -> Value {
        json!({
            "metadata": {"name": place.name, "labels": self.labels},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": self.role},
            "subjects": self.subjects.iter().map(Subject::json).collect::<Vec<_>>(),
        })
    }

    /// Those of its subjects that are user names of these identities, or are not.
    pub(crate) fn of(&self, uids: &[&str], are_theirs: bool) -> Vec<Subject> {
        self.subjects.iter().filter(|subject| subject.is_of_any(uids) == are_theirs).cloned().collect()
    }

    pub(crate) fn set(&self) -> BTreeSet<&Subject> {
        self.subjects.iter().collect()
    }

    /// The same binding with other subjects.
    pub(crate) fn with(&self, subjects: Vec<Subject>) -> Self {
        Self { subjects, ..self.clone() }
    }
}

/// What is left when these identities leave: others keep their places, and a binding that is empty then goes.
pub(crate) fn without(bindings: &Bindings, uids: &[&str]) -> Bindings {
    let left = bindings.iter().filter_map(|(place, bound)| {
        let others = bound.of(uids, false);
        let goes = others.is_empty() && !bound.subjects.is_empty();
        (!goes).then(|| (place.clone(), bound.with(others)))
    });
    left.collect()
}

/// Whether a binding names the identity.
pub(crate) fn names(bindings: &Bindings, uid: &str) -> bool {
    bindings.values().any(|bound| bound.subjects.iter().any(|subject| subject.is_of(uid)))
}

/// Whether a binding gives something to everyone whose certificate is ACK's.
pub(crate) fn gives_to_all(bindings: &Bindings) -> bool {
    let is_all = |subject: &Subject| subject.kind == "Group" && GROUPS.contains(&subject.name.as_str());
    bindings.values().any(|bound| bound.subjects.iter().any(is_all))
}

/// Whether a user whose certificate is ACK's may get this resource in a namespace.
pub(crate) fn allows(bindings: &Bindings, user: &str, resource: &str, namespace: &str) -> bool {
    let is_theirs = |subject: &Subject| match subject.kind.as_str() {
        "User" => subject.name == user,
        "Group" => GROUPS.contains(&subject.name.as_str()),
        _ => false,
    };
    bindings.iter().any(|(place, bound)| {
        let is_here = place.namespace.as_deref().is_none_or(|own| own == namespace);
        let grants = bound.role == "cluster-admin" || ROLES.contains(&(bound.role.as_str(), resource));
        is_here && grants && bound.subjects.iter().any(is_theirs)
    })
}

/// The same with subjects as a set.
pub(crate) fn unordered(bindings: &Bindings) -> Bindings {
    let sorted = |bound: &Bound| {
        let mut subjects = bound.subjects.clone();
        subjects.sort();
        bound.with(subjects)
    };
    bindings.iter().map(|(place, bound)| (place.clone(), sorted(bound))).collect()
}

/// What differs, for people.
pub(crate) fn difference(expected: &Bindings, seen: &Bindings) -> String {
    let places: BTreeSet<&BindingRef> = expected.keys().chain(seen.keys()).collect();
    let differing = places.into_iter().filter(|place| expected.get(place) != seen.get(place));
    let shown = |bound: Option<&Bound>| match bound {
        Some(Bound { role, labels, subjects }) => {
            let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            format!("{role} to [{}] {labels:?}", subjects.join(", "))
        }
        None => "nothing".to_owned(),
    };
    let lines = differing.map(|place| {
        let name = format!("{}/{}/{}", place.kind(), place.namespace.as_deref().unwrap_or("-"), place.name);
        format!("{name}: expected {}, seen {}", shown(expected.get(place)), shown(seen.get(place)))
    });
    lines.collect::<Vec<_>>().join("\n")
}
