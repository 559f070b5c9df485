//! The plan of a restore, within `operation.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kubernetes::{BindingRefV1, object, object_json, rules, rules_json, subjects, subjects_json};
use super::plan::RefusalV1;
use super::{RecordError, all, many, maybe, nullable, text, texts, under, under_maybe};
use crate::core::rbac::inventory::Role;
use crate::core::revocation::restoration::{
    NotRestored, RestoreAction, RestoreChange, RestoreFlags, RestorePlan, RestoreStep, RestoreToken, RoleChange,
};

/// What was agreed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestorePlanV1 {
    /// SHA-256 over all that is agreed to: see `revocation::seal`.
    pub hash: String,
    /// The flags.
    pub flags: RestoreFlagsV1,
    /// The identities.
    pub uids: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<RestoreStepV1>,
    /// Static tokens that are taken again. May be missing: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<RestoreTokenV1>,
    /// What the steps mean, binding by binding. May be missing: it was not kept.
    #[serde(default)]
    pub changes: Vec<RestoreChangeV1>,
    /// What could not be restored from a folder. May be missing: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_restored: Vec<NotRestoredV1>,
    /// What was left out. May be missing: nothing was.
    #[serde(default)]
    pub refusals: Vec<RefusalV1>,
}

/// Something that was to be restored from a folder and is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotRestoredV1 {
    /// The cluster. May be missing: it is about all of them.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// A file, or the UID of an identity.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A static token that is taken again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreTokenV1 {
    /// Its number, behind those of the steps.
    pub id: u32,
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The Secret.
    pub object: BindingRefV1,
    /// The value that the label has.
    pub value: String,
}

/// The flags of a restore. Each may be missing: it was not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoreFlagsV1 {
    /// `--force`.
    pub force: bool,
    /// `--accept-role-change`.
    pub accept_role_change: bool,
    /// `--rearm`.
    pub rearm: Vec<String>,
}

/// A binding that gets its subjects back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreStepV1 {
    /// Its number, from 1.
    pub id: u32,
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The binding.
    pub object: BindingRefV1,
    /// The subjects that come back.
    pub subjects: Vec<Value>,
    /// Others who come back with them.
    pub others: Vec<Value>,
    /// The object's own ID; null where it is created.
    #[serde(deserialize_with = "nullable")]
    pub uid: Option<String>,
    /// The version that was seen; null where it is created.
    #[serde(deserialize_with = "nullable")]
    pub resource_version: Option<String>,
    /// The object that is created; null where it is there.
    #[serde(deserialize_with = "nullable")]
    pub create: Option<Value>,
}

/// What was shown of one binding beside its step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreChangeV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The binding.
    pub binding: BindingRefV1,
    /// The kind of its role.
    pub role_kind: String,
    /// The name of its role.
    pub role_name: String,
    /// What the role allows by now. May be missing: the same as then.
    #[serde(default)]
    pub role_change: Option<RoleChangeV1>,
    /// Who held the binding and is not put back. May be missing: none.
    #[serde(default)]
    pub left_out: Vec<Value>,
    /// Whether the binding's owners are left out. May be missing: it had none.
    #[serde(default)]
    pub loses_owners: bool,
}

/// How what a role allows has changed, in rules as the API server writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleChangeV1 {
    /// What it has no more.
    pub removed: Vec<Value>,
    /// What it has got.
    pub added: Vec<Value>,
}

impl From<&RestorePlan> for RestorePlanV1 {
    fn from(plan: &RestorePlan) -> Self {
        let RestorePlan { hash, flags, uids, steps, tokens, changes, not_restored, refusals } = plan;
        let RestoreFlags { force, accept_role_change, rearm } = flags.clone();
        Self {
            hash: hash.clone(),
            flags: RestoreFlagsV1 { force, accept_role_change, rearm },
            uids: texts(uids),
            steps: steps.iter().map(RestoreStepV1::from).collect(),
            tokens: tokens.iter().map(RestoreTokenV1::from).collect(),
            changes: changes.iter().map(RestoreChangeV1::from).collect(),
            not_restored: not_restored.iter().map(NotRestoredV1::from).collect(),
            refusals: refusals.iter().map(RefusalV1::from).collect(),
        }
    }
}

impl TryFrom<RestorePlanV1> for RestorePlan {
    type Error = RecordError;

    fn try_from(plan: RestorePlanV1) -> Result<Self, RecordError> {
        let RestoreFlagsV1 { force, accept_role_change, rearm } = plan.flags;
        Ok(Self {
            hash: plan.hash,
            flags: RestoreFlags { force, accept_role_change, rearm },
            uids: many("uids", &plan.uids)?,
            steps: all("steps", plan.steps)?,
            tokens: all("tokens", plan.tokens)?,
            changes: all("changes", plan.changes)?,
            not_restored: all("notRestored", plan.not_restored)?,
            refusals: all("refusals", plan.refusals)?,
        })
    }
}

impl From<&NotRestored> for NotRestoredV1 {
    fn from(NotRestored { cluster_id, what, why }: &NotRestored) -> Self {
        Self { cluster_id: text(cluster_id.as_ref()), what: what.clone(), why: why.clone() }
    }
}

impl TryFrom<NotRestoredV1> for NotRestored {
    type Error = RecordError;

    fn try_from(NotRestoredV1 { cluster_id, what, why }: NotRestoredV1) -> Result<Self, RecordError> {
        Ok(Self { cluster_id: maybe("clusterId", cluster_id.as_deref())?, what, why })
    }
}

impl From<&RestoreToken> for RestoreTokenV1 {
    fn from(RestoreToken { id, cluster_id, secret, value }: &RestoreToken) -> Self {
        let (cluster_id, object) = (text(cluster_id.as_ref()), BindingRefV1::of_secret(secret));
        Self { id: *id, cluster_id, object, value: value.clone() }
    }
}

impl TryFrom<RestoreTokenV1> for RestoreToken {
    type Error = RecordError;

    fn try_from(RestoreTokenV1 { id, cluster_id, object, value }: RestoreTokenV1) -> Result<Self, RecordError> {
        Ok(Self { id, cluster_id: maybe("clusterId", cluster_id.as_deref())?, secret: object.secret()?, value })
    }
}

impl From<&RestoreStep> for RestoreStepV1 {
    fn from(step: &RestoreStep) -> Self {
        let (uid, resource_version, create) = match step.action.clone() {
            RestoreAction::AddSubjects { uid, resource_version } => (Some(uid), Some(resource_version), None),
            RestoreAction::CreateBinding { object, .. } => (None, None, Some(object_json(&object))),
        };
        Self {
            id: step.id,
            cluster_id: text(step.cluster_id.as_ref()),
            object: (&step.binding).into(),
            subjects: subjects_json(&step.subjects),
            others: subjects_json(step.others()),
            uid,
            resource_version,
            create,
        }
    }
}

impl TryFrom<RestoreStepV1> for RestoreStep {
    type Error = RecordError;

    fn try_from(step: RestoreStepV1) -> Result<Self, RecordError> {
        let others = subjects("others", step.others)?;
        let action = match (step.uid, step.resource_version, step.create) {
            (Some(uid), Some(resource_version), None) if others.is_empty() => {
                RestoreAction::AddSubjects { uid, resource_version }
            }
            (None, None, Some(json)) => {
                RestoreAction::CreateBinding { object: Box::new(object("create", json)?), others }
            }
            _ => return Err(RecordError::field("create", "a binding is created, or has a UID and a version")),
        };
        Ok(Self {
            id: step.id,
            cluster_id: maybe("clusterId", step.cluster_id.as_deref())?,
            binding: under("object", step.object)?,
            subjects: subjects("subjects", step.subjects)?,
            action,
        })
    }
}

impl From<&RestoreChange> for RestoreChangeV1 {
    fn from(RestoreChange { cluster_id, binding, role, role_change, left_out, loses_owners }: &RestoreChange) -> Self {
        Self {
            cluster_id: text(cluster_id.as_ref()),
            binding: binding.into(),
            role_kind: role.kind.to_string(),
            role_name: role.name.to_string(),
            role_change: role_change.as_ref().map(|RoleChange { removed, added }| RoleChangeV1 {
                removed: rules_json(removed),
                added: rules_json(added),
            }),
            left_out: subjects_json(left_out),
            loses_owners: *loses_owners,
        }
    }
}

impl TryFrom<RestoreChangeV1> for RestoreChange {
    type Error = RecordError;

    fn try_from(change: RestoreChangeV1) -> Result<Self, RecordError> {
        Ok(Self {
            cluster_id: maybe("clusterId", change.cluster_id.as_deref())?,
            binding: under("binding", change.binding)?,
            role: Role { kind: change.role_kind.into(), name: change.role_name.into() },
            role_change: under_maybe("roleChange", change.role_change)?,
            left_out: subjects("leftOut", change.left_out)?,
            loses_owners: change.loses_owners,
        })
    }
}

impl TryFrom<RoleChangeV1> for RoleChange {
    type Error = RecordError;

    fn try_from(RoleChangeV1 { removed, added }: RoleChangeV1) -> Result<Self, RecordError> {
        Ok(Self { removed: rules("removed", removed)?, added: rules("added", added)? })
    }
}
