use serde::Serialize;

use super::words::{CertaintyWord, PrimitiveWord};
use crate::core::rbac::Attributes;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::reach::{Certainty, KnownPath, Target};

/// A request, as authorizers see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// The verb.
    pub verb: String,
    /// The API group, empty for the core group; null for a path.
    pub api_group: Option<String>,
    /// The kind in the plural; null for a path.
    pub resource: Option<String>,
    /// The subresource.
    pub subresource: Option<String>,
    /// The object's name; null for any, or for one that has none yet.
    pub name: Option<String>,
    /// The namespace; null for the whole cluster.
    pub namespace: Option<String>,
    /// A path outside the resources.
    pub path: Option<String>,
}

impl RequestView {
    /// `get secrets/db in namespace shop`, `get /metrics`.
    pub(in crate::output) fn text(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let attributes = Attributes {
            verb: self.verb.clone(),
            group: text(&self.api_group),
            resource: text(&self.resource),
            subresource: text(&self.subresource),
            name: text(&self.name),
            namespace: text(&self.namespace),
            path: self.path.clone(),
        };
        attributes.to_string()
    }

    /// The view of a request.
    pub fn of(attributes: &Attributes) -> Self {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let is_path = attributes.path.is_some();
        Self {
            verb: attributes.verb.clone(),
            api_group: (!is_path).then(|| attributes.group.clone()),
            resource: given(&attributes.resource),
            subresource: given(&attributes.subresource),
            name: given(&attributes.name),
            namespace: given(&attributes.namespace),
            path: attributes.path.clone(),
        }
    }
}

/// How one user could become another.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PathView {
    /// What is become.
    pub target: PathTarget,
    /// Whether it holds by the API server alone.
    pub certainty: CertaintyWord,
    /// The steps, in their order; none for a member of `system:masters`.
    pub steps: Vec<PathStep>,
    /// What else must be the case, in words for people.
    pub depends_on: Vec<String>,
    /// The same in a sentence.
    #[serde(skip)]
    pub sentence: String,
    /// What is become, in words.
    #[serde(skip)]
    pub becomes: String,
    /// The steps, in words.
    #[serde(skip)]
    pub how: String,
}

/// What can be become.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PathTarget {
    /// What it is.
    pub kind: TargetKind,
    /// The namespace; null for the whole cluster, or for any.
    pub namespace: Option<String>,
    /// The name of a user or service account, or `Kind/name` of a role; null for any.
    pub name: Option<String>,
}

/// What kind of thing can be become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TargetKind {
    /// Full rights in the whole cluster.
    Administrator,
    /// A member of `system:masters`.
    Masters,
    /// A reader of every Secret.
    AllSecrets,
    /// Full rights in a namespace.
    NamespaceAdmin,
    /// Another user.
    Identity,
    /// A service account.
    ServiceAccount,
    /// The holder of a role.
    Role,
}

/// One step of a path.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PathStep {
    /// By what.
    pub primitive: PrimitiveWord,
    /// The requests that it takes.
    pub attributes: Vec<RequestView>,
    /// The bindings that allow them; none where an earlier step gave the right.
    pub bindings: Vec<PathBinding>,
    /// Who one is after it; null where that is the same user with more rights.
    pub becomes: Option<PathTarget>,
}

/// A binding that allows a step.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PathBinding {
    /// `ClusterRoleBinding` or `RoleBinding`.
    pub kind: &'static str,
    /// Its namespace; null for a ClusterRoleBinding.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl PathBinding {
    fn of(BindingRef { kind, namespace, name }: &BindingRef) -> Self {
        Self { kind: kind.as_str(), namespace: namespace.clone(), name: name.clone() }
    }
}

impl PathTarget {
    fn of(target: &Target) -> Self {
        let (kind, namespace, name) = match target {
            Target::Administrator => (TargetKind::Administrator, None, None),
            Target::Masters => (TargetKind::Masters, None, None),
            Target::AllSecrets => (TargetKind::AllSecrets, None, None),
            Target::NamespaceAdmin(namespace) => (TargetKind::NamespaceAdmin, namespace.clone(), None),
            Target::Identity(name) => (TargetKind::Identity, None, name.clone()),
            Target::ServiceAccount { namespace, name } => (TargetKind::ServiceAccount, namespace.clone(), name.clone()),
            Target::Role { namespace, role } => {
                (TargetKind::Role, namespace.clone(), Some(format!("{}/{}", role.kind, role.name)))
            }
        };
        Self { kind, namespace, name }
    }
}

impl PathView {
    /// Whether the API server alone lets it lead to full rights in the whole cluster.
    pub fn leads_to_full_rights(&self) -> bool {
        self.is_at_the_top() && self.is_exact()
    }

    /// Whether it leads to full rights in the whole cluster, whatever it depends on.
    pub fn is_at_the_top(&self) -> bool {
        matches!(self.target.kind, TargetKind::Administrator | TargetKind::Masters)
    }

    /// Whether it holds by the API server alone.
    pub fn is_exact(&self) -> bool {
        self.certainty == CertaintyWord::Exact
    }

    /// The view of a path; `who` is one that could go it, in words.
    pub fn of(who: &str, path: &KnownPath) -> Self {
        let steps = path.steps.iter().map(|step| PathStep {
            primitive: PrimitiveWord::from(step.primitive),
            attributes: step.attributes.iter().map(RequestView::of).collect(),
            bindings: step.bindings.iter().map(PathBinding::of).collect(),
            becomes: step.becomes.as_ref().map(PathTarget::of),
        });
        Self {
            target: PathTarget::of(&path.target),
            certainty: CertaintyWord::from(path.certainty()),
            steps: steps.collect(),
            depends_on: path.depends_on.clone(),
            sentence: sentence(who, path),
            becomes: path.target.to_string(),
            how: path.steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then "),
        }
    }
}

/// `ann can become administrator of the cluster: create serviceaccounts/root …`, or `ann could become …, if …: …`.
fn sentence(who: &str, path: &KnownPath) -> String {
    match path.certainty() {
        _ if path.steps.is_empty() => format!("{who} is a {path}"),
        Certainty::Exact => format!("{who} can become {path}"),
        Certainty::Depends => {
            let steps: Vec<String> = path.steps.iter().map(ToString::to_string).collect();
            let (depends_on, steps) = (path.depends_on.join(", and if "), steps.join(", then "));
            format!("{who} could become {}, if {depends_on}: {steps}", path.target)
        }
    }
}
