//! `report.json`: what came of an operation. What was to be done is in `operation.json`, so the document that is printed is made of
//! both.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::ClusterAnswersV1;
use super::kubernetes::BindingRefV1;
use super::plan::RemainV1;
use super::{FORMAT, OnDisk as _, RecordError, all, maybe, nullable, one, read_value, text, under};
use crate::core::revocation::operation::{EndedStep, LostBinding, OperationReport};
use crate::core::revocation::verification::{CheckReport, Verification};

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportV1 {
    /// [`FORMAT`].
    pub format: u32,
    /// The steps that were begun.
    pub steps: Vec<EndedStepV1>,
    /// What was verified; empty for a restore.
    pub verification: Vec<VerificationV1>,
    /// Shared bindings that the cloud deleted. May be missing: none.
    #[serde(default)]
    pub collateral: Vec<LostBindingV1>,
    /// The questions that were asked after the change, with their answers. May be missing: they were not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<ClusterAnswersV1>>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndedStepV1 {
    /// Its number in the plan.
    pub id: u32,
    /// How it ended.
    pub result: String,
    /// What went wrong. May be missing: nothing.
    #[serde(default)]
    pub error: Option<String>,
    /// The cloud's ID of the request. May be missing: none.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The ID of the request in the API server's audit log. May be missing: none.
    #[serde(default)]
    pub audit_id: Option<String>,
}

/// What was verified of one identity in one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The identity.
    pub uid: String,
    /// `Verified`, `Residual` or `Unverifiable`.
    pub outcome: String,
    /// When, as RFC 3339 has it.
    pub at: String,
    /// `Certificate` or `Assumed`.
    pub groups_from: String,
    /// The checks.
    pub checks: Vec<CheckV1>,
    /// What the revocation was never to end.
    pub remains: Vec<RemainV1>,
    /// What can't be seen.
    pub not_checked: Vec<String>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckV1 {
    /// Which one.
    pub check: String,
    /// `Passed`, `Failed`, `Error` or `Skipped`.
    pub result: String,
    /// What was evaluated, or why not.
    pub detail: String,
    /// What it found that gives access. May be missing: nothing.
    #[serde(default)]
    pub findings: Vec<String>,
}

/// A shared binding that the cloud deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LostBindingV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The binding.
    pub binding: BindingRefV1,
    /// Whether the others have it back.
    pub whole: bool,
    /// What was done about it.
    pub what: String,
}

/// Reads the file.
///
/// # Errors
/// Where it is no report, or one of a newer format.
pub fn read(json: Value) -> Result<OperationReport, RecordError> {
    let ReportV1 { format: _, steps, verification, collateral, answers } = read_value(json)?;
    Ok(OperationReport {
        steps: all("steps", steps)?,
        verification: all("verification", verification)?,
        collateral: all("collateral", collateral)?,
        answers: answers.map(|answers| all("answers", answers)).transpose()?,
    })
}

impl From<&OperationReport> for ReportV1 {
    fn from(OperationReport { steps, verification, collateral, answers }: &OperationReport) -> Self {
        Self {
            format: FORMAT,
            steps: steps.iter().map(EndedStepV1::from).collect(),
            verification: verification.iter().map(VerificationV1::from).collect(),
            collateral: collateral.iter().map(LostBindingV1::from).collect(),
            answers: answers.as_ref().map(|answers| answers.iter().map(ClusterAnswersV1::from).collect()),
        }
    }
}

impl From<&EndedStep> for EndedStepV1 {
    fn from(EndedStep { id, result, error, request_id, audit_id }: &EndedStep) -> Self {
        Self {
            id: *id,
            result: result.write(),
            error: error.clone(),
            request_id: request_id.clone(),
            audit_id: audit_id.clone(),
        }
    }
}

impl TryFrom<EndedStepV1> for EndedStep {
    type Error = RecordError;

    fn try_from(EndedStepV1 { id, result, error, request_id, audit_id }: EndedStepV1) -> Result<Self, RecordError> {
        Ok(Self { id, result: one("result", &result)?, error, request_id, audit_id })
    }
}

impl From<&Verification> for VerificationV1 {
    fn from(verification: &Verification) -> Self {
        let check = |CheckReport { check, result, detail, findings }: &CheckReport| CheckV1 {
            check: check.write(),
            result: result.write(),
            detail: detail.clone(),
            findings: findings.clone(),
        };
        Self {
            cluster_id: text(verification.cluster_id.as_ref()),
            uid: verification.uid.write(),
            outcome: verification.outcome.write(),
            at: verification.at.write(),
            groups_from: verification.groups_from.write(),
            checks: verification.checks.iter().map(check).collect(),
            remains: verification.remains.iter().map(RemainV1::from).collect(),
            not_checked: verification.not_checked.clone(),
        }
    }
}

impl TryFrom<VerificationV1> for Verification {
    type Error = RecordError;

    fn try_from(verification: VerificationV1) -> Result<Self, RecordError> {
        Ok(Self {
            cluster_id: maybe("clusterId", verification.cluster_id.as_deref())?,
            uid: one("uid", &verification.uid)?,
            outcome: one("outcome", &verification.outcome)?,
            at: one("at", &verification.at)?,
            groups_from: one("groupsFrom", &verification.groups_from)?,
            checks: all("checks", verification.checks)?,
            remains: all("remains", verification.remains)?,
            not_checked: verification.not_checked,
        })
    }
}

impl TryFrom<CheckV1> for CheckReport {
    type Error = RecordError;

    fn try_from(CheckV1 { check, result, detail, findings }: CheckV1) -> Result<Self, RecordError> {
        Ok(Self { check: one("check", &check)?, result: one("result", &result)?, detail, findings })
    }
}

impl From<&LostBinding> for LostBindingV1 {
    fn from(LostBinding { cluster_id, binding, is_whole, what }: &LostBinding) -> Self {
        Self { cluster_id: text(cluster_id.as_ref()), binding: binding.into(), whole: *is_whole, what: what.clone() }
    }
}

impl TryFrom<LostBindingV1> for LostBinding {
    type Error = RecordError;

    fn try_from(LostBindingV1 { cluster_id, binding, whole, what }: LostBindingV1) -> Result<Self, RecordError> {
        let cluster_id = maybe("clusterId", cluster_id.as_deref())?;
        Ok(Self { cluster_id, binding: under("binding", binding)?, is_whole: whole, what })
    }
}
