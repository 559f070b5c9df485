//! What a restore would do, and what it came to.

use serde::{Deserialize, Serialize};

use super::refusal::RefusalView;
use super::revocation::CollateralView;
use super::step::{BindingView, StepAction, StepOutcome, StepView};
use super::verification::VerificationView;
use super::{ApiVersion, Kind};
use crate::core::rbac::PolicyRule;
use crate::core::rbac::binding_object::subject_text;
use crate::core::rbac::others::and_more;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::operation::EndedStep;
use crate::core::revocation::restoration::{RestoreChange, RestorePlan, RoleChange};
use crate::output::report::Report;
use crate::output::table::{Cell, Table};

/// How many names are shown of those who are left out.
const FEW: usize = 3;

/// What `restore` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RestoreReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RestoreReport")))]
    pub kind: Kind,
    /// The restore's own ID; null for a dry run, and where it was refused.
    pub operation: Option<String>,
    /// The revocation that is taken back.
    pub restores: String,
    /// The steps.
    pub steps: Vec<StepView>,
    /// Always empty: no access is to be gone.
    pub verification: Vec<VerificationView>,
    /// Shared bindings that the cloud deleted when access was revoked, and that are given back to the others as well.
    pub collateral: Vec<CollateralView>,
    /// What the steps mean, binding by binding.
    pub changes: Vec<ChangeView>,
    /// Why nothing is done.
    pub refusals: Vec<RefusalView>,
}

/// What a restore means for one binding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// `CreateBinding` or `AddSubjects`; null where all subjects are there already.
    pub action: Option<StepAction>,
    /// The binding.
    pub binding: BindingView,
    /// Its role.
    pub role: RoleView,
    /// The subjects that a revocation took out and that come back, `Kind/name`.
    pub subjects: Vec<String>,
    /// Others who lost the binding with them, and come back too: the cloud deleted it whole.
    pub others: Vec<String>,
    /// Who held the binding and is not put back: it was deleted after the revocation.
    pub left_out: Vec<String>,
    /// Whether the binding's owners are left out: a dead owner would have it deleted again.
    pub loses_owners: bool,
    /// What the role allows by now; null where that is what it allowed then.
    pub role_change: Option<RoleChangeView>,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoleView {
    /// `ClusterRole` or `Role`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// How what a role allows has changed since access was taken away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleChangeView {
    /// The rules that it has no more, as JSON.
    pub removed: Vec<String>,
    /// The rules that it has got, as JSON.
    pub added: Vec<String>,
}

impl RestoreReport {
    /// The document of a plan of which no step was started.
    pub fn planned(restores: &OperationId, plan: &RestorePlan) -> Self {
        Self::of(None, restores, plan, plan.steps.iter().map(StepView::planned_restore).collect())
    }

    /// The report of a restore that has ended, by what is kept of it.
    pub fn ended(operation: &OperationId, restores: &OperationId, plan: &RestorePlan, kept: Vec<EndedStep>) -> Self {
        let steps = kept.into_iter().filter_map(|step| StepView::of_restore(plan, step)).collect();
        Self { refusals: Vec::new(), ..Self::of(Some(operation), restores, plan, steps) }
    }

    fn of(operation: Option<&OperationId>, restores: &OperationId, plan: &RestorePlan, steps: Vec<StepView>) -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RestoreReport,
            operation: operation.map(ToString::to_string),
            restores: restores.to_string(),
            verification: Vec::new(),
            collateral: collateral(plan, &steps),
            steps,
            changes: plan.changes.iter().map(|change| ChangeView::of(plan, change)).collect(),
            refusals: plan.refusals.iter().map(RefusalView::of).collect(),
        }
    }

    fn is_of_several_clusters(&self) -> bool {
        self.steps.windows(2).any(|pair| pair[0].cluster_id != pair[1].cluster_id)
    }
}

/// The bindings that the others get back too. They are whole once their step is done.
fn collateral(plan: &RestorePlan, steps: &[StepView]) -> Vec<CollateralView> {
    let lost = plan.steps.iter().filter(|step| !step.others().is_empty());
    lost.map(|step| {
        let result = steps.iter().find(|one| one.id == step.id).map(|one| one.result);
        let whole = matches!(result, Some(StepOutcome::Done | StepOutcome::AlreadyDone));
        let what = match whole {
            true => "the cloud deleted it whole; it was created anew, for the other subjects, too",
            false => "the cloud deleted it whole; its other subjects have no access by it",
        };
        CollateralView {
            cluster_id: step.cluster_id.as_ref().map(ToString::to_string),
            binding: BindingView::of(&step.binding),
            whole,
            what: what.to_owned(),
        }
    })
    .collect()
}

impl ChangeView {
    fn of(plan: &RestorePlan, change: &RestoreChange) -> Self {
        let texts = |subjects: &[_]| subjects.iter().map(subject_text).collect::<Vec<_>>();
        let step = plan.step_of(change);
        Self {
            cluster_id: change.cluster_id.as_ref().map(ToString::to_string),
            action: step.map(|step| StepAction::of_restore(&step.action)),
            binding: BindingView::of(&change.binding),
            role: RoleView { kind: change.role.kind.to_string(), name: change.role.name.to_string() },
            subjects: step.map(|step| texts(&step.subjects)).unwrap_or_default(),
            others: step.map(|step| texts(step.others())).unwrap_or_default(),
            left_out: texts(&change.left_out),
            loses_owners: change.loses_owners,
            role_change: change.role_change.as_ref().map(RoleChangeView::of),
        }
    }

    /// The change in lines, as a diff has them.
    fn lines(&self) -> Vec<String> {
        let (role, binding) = (format!("{}/{}", self.role.kind, self.role.name), &self.binding);
        let mut lines = Vec::new();
        if let Some(RoleChangeView { removed, added }) = &self.role_change {
            lines.push(format!("! {role} allows something else by now"));
            lines.extend(removed.iter().map(|rule| format!("  - {rule}")));
            lines.extend(added.iter().map(|rule| format!("  + {rule}")));
        }
        lines.extend(self.action.map(|action| match action {
            StepAction::CreateBinding => format!("+ {binding} ({role})"),
            _ => format!("~ {binding} ({role})"),
        }));
        lines.extend(self.subjects.iter().map(|subject| format!("  + {subject}")));
        lines.extend(self.others.iter().map(|subject| format!("  + {subject} (the cloud deleted the binding whole)")));
        if !self.left_out.is_empty() {
            let others = and_more(&self.left_out[..self.left_out.len().min(FEW)], ", ", self.left_out.len());
            lines.push(format!("  ! {others} held it too and are not put back: it was deleted after the revocation"));
        }
        if self.loses_owners {
            lines.push("  - ownerReferences: a dead owner would have it deleted again".to_owned());
        }
        lines
    }
}

impl RoleChangeView {
    fn of(RoleChange { removed, added }: &RoleChange) -> Self {
        let json = |rule: &PolicyRule| serde_json::to_string(rule).unwrap_or_default();
        Self { removed: removed.iter().map(json).collect(), added: added.iter().map(json).collect() }
    }
}

impl Report for RestoreReport {
    fn heading(&self) -> Vec<String> {
        let mut lines = vec![format!("Restore of {}", self.restores)];
        let are_several = self.is_of_several_clusters();
        let mut last = None;
        for change in &self.changes {
            if are_several && last != Some(&change.cluster_id) {
                lines.extend(change.cluster_id.as_ref().map(|id| format!("in cluster {id}:")));
                last = Some(&change.cluster_id);
            }
            lines.extend(change.lines());
        }
        lines.push(String::new());
        lines
    }

    fn table(&self, _wide: bool) -> Table<'_> {
        let are_several = self.is_of_several_clusters();
        let rows = self.steps.iter().map(move |step| {
            let (word, tone) = step.result.word();
            vec![
                Cell::new(step.id.to_string()),
                Cell::new(step.sentence_among(are_several)),
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
        Box::new(self.operation.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        format!("User/{name}")
    }

    #[test]
    fn a_change_reads_like_a_diff() {
        let change = ChangeView {
            cluster_id: None,
            action: Some(StepAction::CreateBinding),
            binding: BindingView { kind: "RoleBinding".into(), namespace: Some("shop".into()), name: "team".into() },
            role: RoleView { kind: "ClusterRole".into(), name: "dev".into() },
            subjects: vec![text("200-1")],
            others: vec![text("bo")],
            left_out: ["eve", "finn", "gus", "hal"].map(text).into(),
            loses_owners: true,
            role_change: Some(RoleChangeView {
                removed: vec![r#"{"verbs":["get"]}"#.into()],
                added: vec![r#"{"verbs":["delete"]}"#.into()],
            }),
        };
        let lines = [
            "! ClusterRole/dev allows something else by now",
            r#"  - {"verbs":["get"]}"#,
            r#"  + {"verbs":["delete"]}"#,
            "+ RoleBinding/shop/team (ClusterRole/dev)",
            "  + User/200-1",
            "  + User/bo (the cloud deleted the binding whole)",
            "  ! User/eve, User/finn, User/gus and 1 more held it too and are not put back: it was deleted after the revocation",
            "  - ownerReferences: a dead owner would have it deleted again",
        ];
        assert_eq!(change.lines(), lines);
        let there = ChangeView { action: Some(StepAction::AddSubjects), ..change };
        assert_eq!(there.lines()[3], "~ RoleBinding/shop/team (ClusterRole/dev)");
    }
}
