use serde::{Deserialize, Serialize};

use super::ApiVersion;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::subject_text;
use crate::core::revocation::journal::{OperationId, StepResult};
use crate::core::revocation::operation::EndedStep;
use crate::core::revocation::refusal::Refusal;
use crate::core::revocation::restoration::{RestorePlan, RestoreStep};
use crate::core::revocation::verification::Verification;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};
use crate::output::views::CollateralView;

/// What `restore` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct RestoreReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// The restore's own ID; null for a dry run, and where it was refused.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub operation: Option<OperationId>,
    /// The revocation that is taken back.
    #[cfg_attr(test, schemars(with = "String"))]
    pub restores: OperationId,
    /// What became of each step; null results for a dry run.
    pub steps: Vec<RestoredStep>,
    /// Always empty: nothing is to be gone.
    pub verification: Vec<Verification>,
    /// Shared bindings that the cloud took away whole when access was revoked, and that are given back to the others as well.
    pub collateral: Vec<CollateralView>,
    /// What changes, line by line.
    pub diff: Vec<String>,
    /// Why nothing is done.
    pub refusals: Vec<Refusal>,
}

/// What became of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestoredStep {
    /// Its number in the plan.
    pub id: u32,
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// The step in words.
    pub what: String,
    /// How it ended; null where it was not begun.
    pub result: Option<StepResult>,
    /// Why it ended so.
    pub error: Option<String>,
    /// Always null: the cloud is not called.
    pub request_id: Option<String>,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
}

impl RestoredStep {
    /// The steps of a plan, none of which was begun; where it is about several clusters, each with its own.
    pub fn all(plan: &RestorePlan) -> Vec<Self> {
        let are_several = plan.is_of_several();
        let planned = plan.steps.iter().map(|step| {
            let cluster = step.cluster_id.as_ref().filter(|_| are_several);
            let place = cluster.map(|id| format!(" in {id}")).unwrap_or_default();
            let planned = Self::planned(step);
            Self { what: format!("{}{place}", planned.what), ..planned }
        });
        planned.collect()
    }

    /// The steps of a plan that have ended.
    pub fn ended(plan: &RestorePlan, steps: Vec<EndedStep>) -> Vec<Self> {
        let planned = Self::all(plan);
        let ended = steps.into_iter().map(|EndedStep { id, result, error, request_id, audit_id }| {
            let step = planned.iter().find(|step| step.id == id);
            let (cluster_id, what) = step.map(|step| (step.cluster_id.clone(), step.what.clone())).unwrap_or_default();
            Self { id, cluster_id, what, result: Some(result), error, request_id, audit_id }
        });
        ended.collect()
    }

    fn planned(step: &RestoreStep) -> Self {
        let subjects: Vec<String> = step.subjects.iter().chain(&step.others).map(subject_text).collect();
        let how = if step.create.is_some() { "create" } else { "add to" };
        Self {
            id: step.id,
            cluster_id: step.cluster_id.clone(),
            what: format!("{how} {}: {}", step.object, subjects.join(", ")),
            result: None,
            error: None,
            request_id: None,
            audit_id: None,
        }
    }
}

impl Report for RestoreReport {
    fn heading(&self) -> Vec<String> {
        let mut lines = vec![format!("Restore of {}", self.restores)];
        lines.extend(self.diff.iter().cloned());
        lines.push(String::new());
        lines
    }

    fn table(&self, _wide: bool) -> Table<'_> {
        let rows = self.steps.iter().map(|step| {
            let (word, tone) = match step.result {
                None => ("planned", Tone::Plain),
                Some(StepResult::Done) => ("done", Tone::Good),
                Some(StepResult::AlreadyDone) => ("there already", Tone::Plain),
                Some(StepResult::Skipped) => ("skipped", Tone::Attention),
                Some(StepResult::Failed) => ("failed", Tone::Danger),
                Some(StepResult::Unknown) => ("unknown", Tone::Danger),
            };
            vec![
                Cell::new(step.id.to_string()),
                Cell::new(step.what.as_str()),
                Cell::new(word).tone(tone),
                Cell::maybe(step.error.as_deref()),
            ]
        });
        Table { headers: vec!["STEP", "WHAT", "RESULT", "ERROR"], rows: Box::new(rows) }
    }

    fn footing(&self) -> Vec<String> {
        self.operation.iter().map(|operation| format!("Operation {operation}")).collect()
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.operation.iter().map(ToString::to_string))
    }
}
