//! The plan of a restore, within `operation.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kubernetes::{BindingRefV1, object, object_json, subjects, subjects_json};
use super::plan::RefusalV1;
use super::{RecordError, all, many, maybe, nullable, text, texts, under};
use crate::core::revocation::restoration::{RestoreFlags, RestorePlan, RestoreStep};

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
    /// What changes, line by line. May be missing: nothing was shown.
    #[serde(default)]
    pub diff: Vec<String>,
    /// What was left out. May be missing: nothing was.
    #[serde(default)]
    pub refusals: Vec<RefusalV1>,
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

impl From<&RestorePlan> for RestorePlanV1 {
    fn from(RestorePlan { hash, flags, uids, steps, diff, refusals }: &RestorePlan) -> Self {
        let RestoreFlags { force, accept_role_change, rearm } = flags.clone();
        Self {
            hash: hash.clone(),
            flags: RestoreFlagsV1 { force, accept_role_change, rearm },
            uids: texts(uids),
            steps: steps.iter().map(RestoreStepV1::from).collect(),
            diff: diff.clone(),
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
            diff: plan.diff,
            refusals: all("refusals", plan.refusals)?,
        })
    }
}

impl From<&RestoreStep> for RestoreStepV1 {
    fn from(step: &RestoreStep) -> Self {
        Self {
            id: step.id,
            cluster_id: text(step.cluster_id.as_ref()),
            object: (&step.object).into(),
            subjects: subjects_json(&step.subjects),
            others: subjects_json(&step.others),
            uid: step.uid.clone(),
            resource_version: step.resource_version.clone(),
            create: step.create.as_deref().map(object_json),
        }
    }
}

impl TryFrom<RestoreStepV1> for RestoreStep {
    type Error = RecordError;

    fn try_from(step: RestoreStepV1) -> Result<Self, RecordError> {
        Ok(Self {
            id: step.id,
            cluster_id: maybe("clusterId", step.cluster_id.as_deref())?,
            object: under("object", step.object)?,
            subjects: subjects("subjects", step.subjects)?,
            others: subjects("others", step.others)?,
            uid: step.uid,
            resource_version: step.resource_version,
            create: step.create.map(|json| object("create", json)).transpose()?.map(Box::new),
        })
    }
}
