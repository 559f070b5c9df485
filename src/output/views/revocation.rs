use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ApiVersion, distance, time};
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::revocation::journal::{OperationId, StepResult};
use crate::core::revocation::operation::{EndedStep, LostBinding, OperationReport};
use crate::core::revocation::plan::{Action, Plan, PlannedTarget, Step};
use crate::core::revocation::target::GroupsFrom;
use crate::core::revocation::verification::{CheckResult, Verification};
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `revoke --dry-run` prints, and what `revoke --plan` takes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct RevocationPlan<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// The plan.
    #[serde(flatten)]
    pub plan: &'a Plan,
    /// The time that distances are counted from.
    #[serde(skip)]
    pub now: Timestamp,
    /// Whether identities or steps may be missing from it because a list was not read.
    #[serde(skip)]
    pub is_incomplete: bool,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::DeleteBinding => "delete",
            Self::RemoveSubjects => "remove",
            Self::EmptyBinding => "empty",
            Self::DeleteKubeconfig => "cloud",
        }
    }
}

/// A step of a plan in one line; where the plan is about several clusters, with its own.
fn step_in_words(plan: &Plan, id: u32) -> String {
    let Some(step) = plan.step(id) else { return String::new() };
    let text = step_text(step);
    if !plan.is_of_several() {
        return text;
    }
    let cluster = plan.targets.iter().find(|target| target.cluster_id == step.cluster_id);
    let name = cluster.and_then(|cluster| cluster.cluster_name.as_deref());
    match (name, &step.cluster_id) {
        (Some(name), Some(id)) => format!("{text} in {name} ({id})"),
        (None, Some(id)) => format!("{text} in {id}"),
        (_, None) => text,
    }
}

fn step_text(step: &Step) -> String {
    let uids: Vec<&str> = step.identities.iter().map(|uid| uid.as_str()).collect();
    match (&step.object, step.action) {
        (Some(object), Action::RemoveSubjects) => {
            let all = step.subjects.len() + step.shared_with_count;
            format!("remove {} of {all} subjects of {object}", step.subjects.len())
        }
        (Some(object), Action::EmptyBinding) => format!("empty {object}"),
        (Some(object), _) => format!("delete {object}"),
        (None, _) => format!("delete the kubeconfig of {}", uids.join(", ")),
    }
}

impl Report for RevocationPlan<'_> {
    fn heading(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(leaked) = &self.plan.leaked {
            let end = leaked.not_after.map_or("without an end".to_owned(), |end| {
                format!("valid until {} ({})", time(end), distance(end.as_second() - self.now.as_second()))
            });
            lines.push(format!("Credential    certificate CN={}, {end}", leaked.common_name));
        }
        for uid in self.plan.uids() {
            let own: Vec<&PlannedTarget> = self.plan.targets.iter().filter(|target| target.uid == uid).collect();
            lines.extend(own.first().map(|target| who(target)));
            lines.extend(own.into_iter().flat_map(place));
        }
        if !self.plan.targets.is_empty() {
            lines.push(String::new());
        }
        lines.push(match self.plan.steps.len() {
            0 if self.is_incomplete => format!(
                "Plan {}: nothing was found that is left to take away, but not everything could be read",
                self.plan.short_hash()
            ),
            0 => format!("Plan {}: nothing is left to take away, what is gone is verified", self.plan.short_hash()),
            _ => format!("Plan {}", self.plan.short_hash()),
        });
        lines
    }

    fn table(&self, wide: bool) -> Table<'_> {
        if self.plan.steps.is_empty() {
            return Table { headers: Vec::new(), rows: Box::new(std::iter::empty()) };
        }
        let mut headers = vec!["STEP", "ACTION", "OBJECT", "REMOVES", "KEEPS", "UNDO"];
        let are_several = self.plan.is_of_several();
        if are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        if wide {
            headers.extend(["MANAGED-BY", "UID", "VERSION"]);
        }
        let rows = self.plan.steps.iter().map(move |step| {
            let object = match &step.object {
                Some(object) => object.to_string(),
                None => "kubeconfig".to_owned(),
            };
            let leaves = match step.subjects.as_slice() {
                [] => step.identities.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
                subjects => subjects.join(","),
            };
            let mut cells = Vec::new();
            if are_several {
                let cluster = self.plan.targets.iter().find(|target| target.cluster_id == step.cluster_id);
                let name = cluster.and_then(|cluster| cluster.cluster_name.as_deref().or(cluster.context.as_deref()));
                cells.extend([Cell::maybe(step.cluster_id.as_ref().map(ClusterId::as_str)), Cell::maybe(name)]);
            }
            cells.extend([
                Cell::new(step.id.to_string()),
                Cell::new(step.action.word()),
                Cell::new(object),
                Cell::new(leaves),
                Cell::new(step.others().to_string()),
                Cell::new(step.undo.as_str()),
            ]);
            if wide {
                cells.extend([
                    Cell::new(step.managed_by.join("; ")),
                    Cell::maybe(step.uid.as_deref()),
                    Cell::maybe(step.resource_version.as_deref()),
                ]);
            }
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn footing(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        lines.extend(each_once("Remains       ", self.plan.remains.iter().map(|remain| remain.what.as_str())));
        lines.extend(self.plan.not_checked.iter().map(|what| format!("Not checked   {what}")));
        lines
    }

    fn nothing_found(&self) -> Option<String> {
        self.plan.targets.is_empty().then(|| match self.plan.refusals.is_empty() {
            true if self.is_incomplete => "no deleted identity was found, but not every list could be read".to_owned(),
            true => "there is no identity to revoke".to_owned(),
            false => "there is no plan".to_owned(),
        })
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.plan.steps.iter().filter_map(|step| step.object.as_ref()).map(ToString::to_string))
    }
}

/// Lines with this in front; what is the same in several clusters stands once, with their number.
fn each_once<'a>(heading: &str, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match counted.iter_mut().find(|(detail, _)| *detail == text) {
            Some((_, count)) => *count += 1,
            None => counted.push((text, 1)),
        }
    }
    let line = |(text, count): (&str, usize)| match count {
        1 => format!("{heading}{text}"),
        many => format!("{heading}{text} ({many} times)"),
    };
    counted.into_iter().map(line).collect()
}

fn who(target: &PlannedTarget) -> String {
    let name = target.name.as_deref().map(|name| format!("{name}   ")).unwrap_or_default();
    let state = target.state.as_str();
    format!("Identity      {name}{} {}, {state} ({})", target.kind.as_str(), target.uid, target.evidence)
}

fn place(target: &PlannedTarget) -> Vec<String> {
    let cluster = [target.cluster_name.as_deref(), target.cluster_id.as_ref().map(ClusterId::as_str)];
    let cluster: Vec<&str> = cluster.into_iter().flatten().collect();
    let context = target.context.as_deref().map(|context| format!(", context {context:?}")).unwrap_or_default();
    let mut lines = vec![format!(
        "Cluster       {}{context}",
        if cluster.is_empty() { "unknown".into() } else { cluster.join("   ") }
    )];
    lines.extend(target.last_access.as_ref().map(|access| format!("Last access   {access}")));
    lines
}

/// What `revoke` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct RevocationReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// The operation's ID.
    #[cfg_attr(test, schemars(with = "String"))]
    pub operation: OperationId,
    /// What was agreed to.
    pub plan_hash: String,
    /// What became of each step.
    pub steps: Vec<StepView>,
    /// What became of each identity.
    pub verification: Vec<Verification>,
    /// Shared bindings that the cloud took away whole.
    pub collateral: Vec<CollateralView>,
}

/// What became of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Its number in the plan.
    pub id: u32,
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// The step in words.
    pub what: String,
    /// How it ended.
    pub result: StepResult,
    /// Why it ended so.
    pub error: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
}

/// A shared binding that the cloud took away whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CollateralView {
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// The binding.
    pub binding: BindingRef,
    /// Whether the others have it back.
    pub whole: bool,
    /// What was done about it.
    pub what: String,
}

impl StepView {
    /// A step of a plan that has ended.
    pub fn of(plan: &Plan, EndedStep { id, result, error, request_id, audit_id }: EndedStep) -> Self {
        let cluster_id = plan.step(id).and_then(|step| step.cluster_id.clone());
        Self { id, cluster_id, what: step_in_words(plan, id), result, error, request_id, audit_id }
    }
}

impl From<LostBinding> for CollateralView {
    fn from(LostBinding { cluster_id, binding, is_whole, what }: LostBinding) -> Self {
        Self { cluster_id, binding, whole: is_whole, what }
    }
}

impl Report for RevocationReport {
    fn heading(&self) -> Vec<String> {
        self.verification.iter().map(result_line).collect()
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["UID", "CHECK", "RESULT", "DETAIL"];
        let shows_cluster = wide || self.clusters() > 1;
        if shows_cluster {
            headers.insert(0, "CLUSTER-ID");
        }
        let rows = self.verification.iter().flat_map(move |verification| {
            verification.checks.iter().map(move |answer| {
                let (word, tone) = match answer.result {
                    CheckResult::Passed => ("passed", Tone::Good),
                    CheckResult::Failed => ("failed", Tone::Danger),
                    CheckResult::Error => ("error", Tone::Attention),
                    CheckResult::Skipped => ("skipped", Tone::Plain),
                };
                let mut cells = vec![
                    Cell::new(verification.uid.as_str()),
                    Cell::new(answer.check.describe()),
                    Cell::new(word).tone(tone),
                    Cell::new(answer.detail.as_str()),
                ];
                if shows_cluster {
                    cells.insert(0, Cell::maybe(verification.cluster_id.as_ref().map(ClusterId::as_str)));
                }
                cells
            })
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn footing(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let several = self.clusters() > 1;
        for verification in &self.verification {
            let place = verification.cluster_id.as_ref().filter(|_| several).map(|id| format!(" in {id}"));
            let place = place.unwrap_or_default();
            lines.extend(verification.findings().map(|what| format!("Found         {what}{place}")));
        }
        let remains = self.verification.iter().flat_map(|verification| &verification.remains);
        lines.extend(each_once("Remains       ", remains.map(|remain| remain.what.as_str())));
        lines.extend(self.collateral.iter().map(|one| format!("Collateral    {}: {}", one.binding, one.what)));
        let unseen = distinct(self.verification.iter().flat_map(|one| &one.not_checked));
        lines.extend(unseen.into_iter().map(|what| format!("Not checked   {what}")));
        lines
            .push(format!("Operation {}   report: kubectl ackcred history {} -o json", self.operation, self.operation));
        lines
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::once(self.operation.to_string()))
    }
}

impl RevocationReport {
    /// The report of an operation, by what is kept of it.
    pub fn of(operation: OperationId, plan: &Plan, kept: OperationReport) -> Self {
        let OperationReport { steps, verification, collateral } = kept;
        Self {
            api_version: ApiVersion::V1,
            operation,
            plan_hash: plan.hash.clone(),
            steps: steps.into_iter().map(|step| StepView::of(plan, step)).collect(),
            verification,
            collateral: collateral.into_iter().map(CollateralView::from).collect(),
        }
    }

    fn clusters(&self) -> usize {
        let ids = self.verification.iter().map(|one| one.cluster_id.as_ref());
        ids.collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn result_line(verification: &Verification) -> String {
    let Verification { outcome, at, uid, groups_from, .. } = verification;
    let cluster = verification.cluster_id.as_ref().map(|id| format!(" in {id}")).unwrap_or_default();
    let groups = match groups_from {
        GroupsFrom::Certificate => "groups from the certificate",
        GroupsFrom::Assumed => "groups assumed",
    };
    format!("{} at {}: {uid}{cluster} ({groups})", outcome.as_str(), time(*at))
}
