//! What an identity could become, within a plan. It is for people: nothing is decided by it.

use serde::{Deserialize, Serialize};

use super::kubernetes::{AttributesV1, BindingRefV1};
use super::{OnDisk as _, RecordError, all, maybe, nullable, one, text, under, under_maybe, unexpected};
use crate::core::rbac::inventory::Role;
use crate::core::rbac::reach::{KnownPath, KnownStep, Primitive, Target};
use crate::core::revocation::plan::PlannedPath;

/// How an identity could become something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// The user name that goes the path.
    pub user: String,
    /// What is become.
    pub target: PathTargetV1,
    /// The steps, in their order.
    pub steps: Vec<PathStepV1>,
    /// What else must be the case. May be missing: nothing.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// What can be become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathTargetV1 {
    /// `Administrator`, `Masters`, `AllSecrets`, `NamespaceAdmin`, `Identity`, `ServiceAccount` or `Role`.
    pub kind: String,
    /// The namespace; null for the whole cluster, or for any.
    #[serde(deserialize_with = "nullable")]
    pub namespace: Option<String>,
    /// The name of a user or service account, or `Kind/name` of a role; null for any.
    #[serde(deserialize_with = "nullable")]
    pub name: Option<String>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathStepV1 {
    /// By what.
    pub primitive: String,
    /// The requests that it takes.
    pub attributes: Vec<AttributesV1>,
    /// The bindings that allowed them.
    pub bindings: Vec<BindingRefV1>,
    /// Who one is after it; null where that is the same user with more rights.
    #[serde(deserialize_with = "nullable")]
    pub becomes: Option<PathTargetV1>,
}

impl From<&PlannedPath> for PathV1 {
    fn from(PlannedPath { cluster_id, uid, user, path }: &PlannedPath) -> Self {
        Self {
            cluster_id: text(cluster_id.as_ref()),
            uid: uid.write(),
            user: user.clone(),
            target: (&path.target).into(),
            steps: path.steps.iter().map(PathStepV1::from).collect(),
            depends_on: path.depends_on.clone(),
        }
    }
}

impl TryFrom<PathV1> for PlannedPath {
    type Error = RecordError;

    fn try_from(PathV1 { cluster_id, uid, user, target, steps, depends_on }: PathV1) -> Result<Self, RecordError> {
        Ok(Self {
            cluster_id: maybe("clusterId", cluster_id.as_deref())?,
            uid: one("uid", &uid)?,
            user,
            path: KnownPath { target: under("target", target)?, steps: all("steps", steps)?, depends_on },
        })
    }
}

impl From<&KnownStep> for PathStepV1 {
    fn from(KnownStep { primitive, attributes, bindings, becomes }: &KnownStep) -> Self {
        Self {
            primitive: primitive.write(),
            attributes: attributes.iter().cloned().map(AttributesV1::from).collect(),
            bindings: bindings.iter().map(BindingRefV1::from).collect(),
            becomes: becomes.as_ref().map(PathTargetV1::from),
        }
    }
}

impl TryFrom<PathStepV1> for KnownStep {
    type Error = RecordError;

    fn try_from(PathStepV1 { primitive, attributes, bindings, becomes }: PathStepV1) -> Result<Self, RecordError> {
        Ok(Self {
            primitive: one::<Primitive>("primitive", &primitive)?,
            attributes: attributes.into_iter().map(Into::into).collect(),
            bindings: all("bindings", bindings)?,
            becomes: under_maybe("becomes", becomes)?,
        })
    }
}

impl From<&Target> for PathTargetV1 {
    fn from(target: &Target) -> Self {
        let (kind, namespace, name) = match target.clone() {
            Target::Administrator => ("Administrator", None, None),
            Target::Masters => ("Masters", None, None),
            Target::AllSecrets => ("AllSecrets", None, None),
            Target::NamespaceAdmin(namespace) => ("NamespaceAdmin", namespace, None),
            Target::Identity(name) => ("Identity", None, name),
            Target::ServiceAccount { namespace, name } => ("ServiceAccount", namespace, name),
            Target::Role { namespace, role } => ("Role", namespace, Some(format!("{}/{}", role.kind, role.name))),
        };
        Self { kind: kind.to_owned(), namespace, name }
    }
}

impl TryFrom<PathTargetV1> for Target {
    type Error = RecordError;

    fn try_from(PathTargetV1 { kind, namespace, name }: PathTargetV1) -> Result<Self, RecordError> {
        Ok(match kind.as_str() {
            "Administrator" => Self::Administrator,
            "Masters" => Self::Masters,
            "AllSecrets" => Self::AllSecrets,
            "NamespaceAdmin" => Self::NamespaceAdmin(namespace),
            "Identity" => Self::Identity(name),
            "ServiceAccount" => Self::ServiceAccount { namespace, name },
            "Role" => {
                let role = name.as_deref().and_then(|name| name.split_once('/'));
                let (kind, name) = role.ok_or_else(|| RecordError::field("name", "it is not a role, as Kind/name"))?;
                Self::Role { namespace, role: Role { kind: kind.into(), name: name.into() } }
            }
            _ => return Err(unexpected("kind", "what can be become")),
        })
    }
}
