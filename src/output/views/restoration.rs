//! What a restore would do, and what it came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::approval::ApprovalView;
use super::refusal::RefusalView;
use super::revocation::CollateralView;
use super::step::{BindingView, StepAction, StepOutcome, StepView};
use super::verification::VerificationView;
use super::{ApiVersion, Kind};
use crate::core::rbac::PolicyRule;
use crate::core::rbac::binding_object::subject_text;
use crate::core::rbac::others::{Others, and_more};
use crate::core::revocation::approval::Approval;
use crate::core::revocation::journal::{OperationId, RestoreOrigin};
use crate::core::revocation::operation::EndedStep;
use crate::core::revocation::restoration::{NotRestored, RestoreChange, RestorePlan, RestoreStep, RoleChange};
use crate::output::report::Report;
use crate::output::steps::StepLines;
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
    /// The revocation that is taken back; of a restore from a folder that folder.
    pub restores: String,
    /// The folder of backups that another tool left, which holds the clusters' folders; null where a revocation is taken back.
    pub from: Option<String>,
    /// SHA-256 over all that is agreed to, in hexadecimal digits; empty where there is no plan.
    pub plan_hash: String,
    /// Who approved the plan beside the operator; null where no approval was asked for.
    pub approval: Option<ApprovalView>,
    /// The steps.
    pub steps: Vec<StepView>,
    /// Always empty: no access is to be gone.
    pub verification: Vec<VerificationView>,
    /// Shared bindings that the cloud deleted when access was revoked, and that are given back to the others as well.
    pub collateral: Vec<CollateralView>,
    /// What the steps mean, binding by binding.
    pub changes: Vec<ChangeView>,
    /// What could not be restored from the folder.
    pub not_restored: Vec<NotRestoredView>,
    /// Why nothing is done.
    pub refusals: Vec<RefusalView>,
}

/// Something that was to be restored from a folder and is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotRestoredView {
    /// The cluster; null where it is about all of them.
    pub cluster_id: Option<String>,
    /// A file of the cluster's folder, that folder by the cluster's ID, or the UID of an identity.
    pub what: String,
    /// Why.
    pub why: String,
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
    /// Others who lost the binding with them, and come back too: it was deleted since the cloud's call.
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
    /// Says who approved it.
    #[must_use]
    pub fn approved(self, approval: Option<&Approval>) -> Self {
        Self { approval: approval.map(ApprovalView::of), ..self }
    }

    /// The document of a plan of which no step was started.
    pub fn planned(restores: &RestoreOrigin, plan: &RestorePlan) -> Self {
        let tokens = plan.tokens.iter().map(StepView::planned_token);
        Self::of(None, restores, plan, plan.steps.iter().map(StepView::planned_restore).chain(tokens).collect())
    }

    /// The report of a restore that has ended, by what is kept of it.
    pub fn ended(operation: &OperationId, restores: &RestoreOrigin, plan: &RestorePlan, kept: Vec<EndedStep>) -> Self {
        let steps = kept.into_iter().filter_map(|step| StepView::of_restore(plan, step)).collect();
        Self { refusals: Vec::new(), ..Self::of(Some(operation), restores, plan, steps) }
    }

    fn of(operation: Option<&OperationId>, restores: &RestoreOrigin, plan: &RestorePlan, steps: Vec<StepView>) -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RestoreReport,
            operation: operation.map(ToString::to_string),
            restores: restores.to_string(),
            from: restores.folder().map(str::to_owned),
            plan_hash: plan.hash.clone(),
            approval: None,
            verification: Vec::new(),
            collateral: collateral(plan, &steps),
            steps,
            changes: plan.changes_with_steps().map(|(change, step)| ChangeView::of(change, step)).collect(),
            not_restored: plan.not_restored.iter().map(NotRestoredView::of).collect(),
            refusals: plan.refusals.iter().map(RefusalView::of).collect(),
        }
    }

    fn is_of_several_clusters(&self) -> bool {
        self.steps.windows(2).any(|pair| pair[0].cluster_id != pair[1].cluster_id)
    }
}

/// The bindings that the others get back too. They are whole once their step is done.
fn collateral(plan: &RestorePlan, steps: &[StepView]) -> Vec<CollateralView> {
    let results: BTreeMap<u32, StepOutcome> = steps.iter().map(|step| (step.id, step.result)).collect();
    let lost = plan.steps.iter().filter(|step| !step.others().is_empty());
    lost.map(|step| {
        let result = results.get(&step.id).copied();
        let whole = matches!(result, Some(StepOutcome::Done | StepOutcome::AlreadyDone));
        let what = match whole {
            true => "it was deleted since the cloud's call; it was created anew, for the other subjects, too",
            false => "it was deleted since the cloud's call; its other subjects have no access by it",
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

impl NotRestoredView {
    fn of(NotRestored { cluster_id, what, why }: &NotRestored) -> Self {
        let cluster_id = cluster_id.as_ref().map(ToString::to_string);
        Self { cluster_id, what: what.clone(), why: why.clone() }
    }
}

impl ChangeView {
    fn of(change: &RestoreChange, step: Option<&RestoreStep>) -> Self {
        let texts = |subjects: &[_]| subjects.iter().map(subject_text).collect::<Vec<_>>();
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

    /// What has to be seen of it beside who gets what back.
    fn notes(&self, is_from_folder: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(RoleChangeView { removed, added }) = &self.role_change {
            lines.push(format!("! {}/{} allows something else by now", self.role.kind, self.role.name));
            lines.extend(removed.iter().map(|rule| format!("  - {rule}")));
            lines.extend(added.iter().map(|rule| format!("  + {rule}")));
        }
        if !self.left_out.is_empty() {
            let others = and_more(&self.left_out[..self.left_out.len().min(FEW)], ", ", self.left_out.len());
            lines.push(match is_from_folder {
                false => format!("! {others} held it too and are not put back: it was deleted after the revocation"),
                true => {
                    format!("! {others} held it too, as the backup says, and are not put back: they were not asked for")
                }
            });
        }
        if self.loses_owners {
            lines.push("! without its ownerReferences: a dead owner would have it deleted again".to_owned());
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
        let preposition = if self.from.is_some() { "from" } else { "of" };
        let mut lines = vec![format!("Restore {preposition} {}", self.restores)];
        // Those with a step stand at it.
        let without_step = self.changes.iter().filter(|change| change.action.is_none());
        lines.extend(without_step.flat_map(|change| change.notes(self.from.is_some())));
        lines
    }

    fn steps(&self, _wide: bool) -> Option<Vec<StepLines<'_>>> {
        let are_several = self.is_of_several_clusters();
        let place = |change: &ChangeView| (change.cluster_id.clone(), change.binding.to_string());
        let changes: BTreeMap<_, &ChangeView> = self.changes.iter().map(|change| (place(change), change)).collect();
        let lines = self.steps.iter().map(|step| {
            let object = step.object.as_ref().map(ToString::to_string).unwrap_or_default();
            let change = changes.get(&(step.cluster_id.clone(), object.clone()));
            let others = change.map(|change| change.others.as_slice()).unwrap_or_default();
            let back: Vec<&String> = step.subjects.iter().filter(|subject| !others.contains(subject)).collect();
            let role = change.map(|change| format!("{}/{}", change.role.kind, change.role.name));
            let (word, tone) = step.result.word();
            let result = (step.result != StepOutcome::Planned).then_some(word);
            StepLines {
                group: step.cluster_id.as_ref().filter(|_| are_several).map(|id| format!("Cluster       {id}")),
                number: step.id,
                action: step.action.word(),
                what: vec![Cell::new(object), Cell::maybe(role), Cell::maybe(result).tone(tone)],
                details: vec![
                    ("gives back", Cell::new(Others::new(back.iter().copied().cloned(), back.len()).to_string())),
                    ("and, as it was deleted since the cloud's call,", Cell::new(others.join(", "))),
                    ("error:", Cell::maybe(step.error.as_deref())),
                ],
                notes: change.map(|change| change.notes(self.from.is_some())).unwrap_or_default(),
            }
        });
        Some(lines.collect())
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
        let approval = self.approval.iter().map(ApprovalView::line);
        approval.chain(self.operation.iter().map(|operation| format!("Operation {operation}"))).collect()
    }

    fn list(&self) -> Option<&'static str> {
        Some("steps")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.operation.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::Format;
    use crate::output::report::{self, Style};

    /// What a step means stands at the step: who gets what back, and what is not as it was.
    #[test]
    fn a_step_tells_what_it_means() {
        let names = |names: &[&str]| names.iter().map(|name| format!("User/{name}")).collect::<Vec<_>>();
        let report: RestoreReport = serde_json::from_value(json!({
            "apiVersion": "ackcred/v1", "kind": "RestoreReport", "operation": "20261122-031002-3f9a2c",
            "restores": "20261121-031002-3f9a2c", "from": null, "planHash": "3f9a2c", "approval": null, "verification": [], "collateral": [], "refusals": [],
            "notRestored": [],
            "steps": [{
                "id": 1, "clusterId": null, "action": "CreateBinding", "identities": ["200"], "subjects": names(&["200-1", "bo"]),
                "object": {"kind": "RoleBinding", "namespace": "shop", "name": "team", "uid": null, "resourceVersion": null},
                "result": "Failed", "error": "the API server refuses it", "requestId": null, "auditId": null,
            }],
            "changes": [{
                "clusterId": null, "action": "CreateBinding", "role": {"kind": "ClusterRole", "name": "dev"},
                "binding": {"kind": "RoleBinding", "namespace": "shop", "name": "team"},
                "subjects": names(&["200-1"]), "others": names(&["bo"]), "leftOut": names(&["eve", "finn", "gus", "hal"]),
                "losesOwners": true, "roleChange": {"removed": ["{\"verbs\":[\"get\"]}"], "added": ["{\"verbs\":[\"delete\"]}"]},
            }],
        }))
        .unwrap();
        let mut text = Vec::new();
        let (headers, colored, columns, is_for_terminal) = (true, false, Some(100), true);
        let style = Style { format: Format::Table, headers, colored, columns, is_for_terminal };
        report::write(&report, &style, &mut text).unwrap();
        let lines = [
            "Restore of 20261121-031002-3f9a2c",
            "  1  create  RoleBinding/shop/team   ClusterRole/dev   failed",
            "             gives back User/200-1   and, as it was deleted since the cloud's call, User/bo",
            "             error: the API server refuses it",
            "             ! ClusterRole/dev allows something else by now",
            r#"               - {"verbs":["get"]}"#,
            r#"               + {"verbs":["delete"]}"#,
            "             ! User/eve, User/finn, User/gus and 1 more held it too and are not put back: it was deleted after the \
             revocation",
            "             ! without its ownerReferences: a dead owner would have it deleted again",
            "Operation 20261122-031002-3f9a2c",
        ];
        assert_eq!(String::from_utf8(text).unwrap().lines().collect::<Vec<_>>(), lines);
    }
}
