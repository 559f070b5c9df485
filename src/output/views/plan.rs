//! The plan of a revocation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::leaked::{self, LeakedView};
use super::paths::PathView;
use super::refusal::RefusalView;
use super::step::{ObjectView, StepAction, StepView};
use super::verification::RemainView;
use super::words::{GroupsFromWord, IdentityTypeWord, StateWord, Word as _};
use super::{ApiVersion, Kind, each_once};
use crate::core::distinct::distinct;
use crate::core::rbac::others::Others;
use crate::core::rbac::reach::Certainty;
use crate::core::revocation::plan::{Flags, Plan, PlannedPath, PlannedTarget, Step};
use crate::output::report::Report;
use crate::output::steps::StepLines;
use crate::output::table::{Cell, Table};

const CAN_BECOME: &str = "Can become    ";

/// How many lines say what the identities can become.
const MOST_PATHS: usize = 10;

/// What `revoke --dry-run` prints, and what `revoke --plan` takes.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevocationPlan {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RevocationPlan`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RevocationPlan")))]
    pub kind: Kind,
    /// SHA-256 over all that is agreed to, in hexadecimal digits.
    pub hash: String,
    /// The flags.
    pub flags: FlagsView,
    /// The credentials that leaked, in the order of their files; none where no file was given.
    pub leaked: Vec<LeakedView>,
    /// The identities.
    pub targets: Vec<TargetView>,
    /// The steps, in order.
    pub steps: Vec<PlannedStepView>,
    /// What the identities can become by the rights that they have, the worst first. Of what anyone of a kind stands for, no single
    /// one is named. It is no part of what is agreed to, and not looked at in a plan that is given.
    #[serde(skip_deserializing)]
    pub paths: Vec<PlannedPathView>,
    /// What the plan can't end.
    pub remains: Vec<RemainView>,
    /// What can't be checked.
    pub not_checked: Vec<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Why nothing will be done; in bulk, why something is left out.
    pub refusals: Vec<RefusalView>,
    /// The time that distances are counted from.
    #[serde(skip)]
    now: Timestamp,
    /// Whether identities or steps may be missing from it because a list was not read.
    #[serde(skip)]
    is_incomplete: bool,
}

/// The flags that decide what a revocation does. Each may be missing in a plan that is read: it was not given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct FlagsView {
    /// `--force`.
    pub force: bool,
    /// `--rbac-only`.
    pub rbac_only: bool,
    /// `--all-deleted`.
    pub all_deleted: bool,
    /// `--accept-inferred`.
    pub accept_inferred: bool,
    /// `--leave-no-admin`.
    pub leave_no_admin: bool,
    /// `--accept-group-grant`.
    pub accept_group_grants: Vec<String>,
    /// `--also-name`.
    pub also_names: Vec<String>,
    /// `--accept-name`.
    pub accept_names: Vec<String>,
    /// `--end-static-tokens`.
    pub end_static_tokens: bool,
}

/// An identity of a plan, in one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The cluster's name in the account.
    pub cluster_name: Option<String>,
    /// The context that leads to it.
    pub context: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// Its name in RAM.
    pub name: Option<String>,
    /// Whether it exists.
    pub state: StateWord,
    /// What that is known from.
    pub evidence: String,
    /// Its user names in the cluster.
    pub names: Vec<String>,
    /// Those of them that only the operator says are its own: `--also-name`.
    pub also_names: Vec<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: GroupsFromWord,
    /// Its last access to the cluster, as far as that is known.
    pub last_access: Option<String>,
}

/// What an identity can become by the rights that it has.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedPathView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// The user name that goes the path.
    pub user: String,
    /// The path.
    #[serde(flatten)]
    pub path: PathView,
    /// What is become and how, where the API server alone lets it happen.
    #[serde(skip)]
    exact: Option<String>,
}

/// A step of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlannedStepView {
    /// Its number in the plan, from 1.
    pub id: u32,
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// What it does.
    pub action: StepAction,
    /// The binding; null for a step of the cloud.
    pub object: Option<ObjectView>,
    /// The RAM UIDs that it is about.
    pub identities: Vec<String>,
    /// The subjects that leave, `Kind/name`.
    pub subjects: Vec<String>,
    /// The first of the subjects that stay, in the binding's order.
    pub shared_with: Vec<String>,
    /// How many subjects stay.
    pub shared_with_count: usize,
    /// SHA-256 over all subjects that stay, in hexadecimal digits: also those that are not named are agreed to. Null where none stays.
    pub shared_with_sha256: Option<String>,
    /// Who manages the binding, and will or may put the subjects back.
    pub managed_by: Vec<String>,
    /// How the step is taken back, or that it can't be.
    pub undo: String,
}

impl RevocationPlan {
    /// The document of a plan.
    pub fn of(plan: &Plan, now: Timestamp) -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RevocationPlan,
            hash: plan.hash.clone(),
            flags: FlagsView::of(&plan.flags),
            leaked: plan.leaked.iter().map(LeakedView::of).collect(),
            targets: plan.targets.iter().map(TargetView::of).collect(),
            steps: plan.steps.iter().map(PlannedStepView::of).collect(),
            paths: plan.paths.iter().map(PlannedPathView::of).collect(),
            remains: plan.remains.iter().map(RemainView::of).collect(),
            not_checked: plan.not_checked.clone(),
            warnings: plan.warnings.clone(),
            refusals: plan.refusals.iter().map(RefusalView::of).collect(),
            now,
            is_incomplete: false,
        }
    }

    /// Says whether something may be missing from it because a list was not read.
    #[must_use]
    pub fn incomplete(self, is_incomplete: bool) -> Self {
        Self { is_incomplete, ..self }
    }

    fn short_hash(&self) -> &str {
        self.hash.get(..6).unwrap_or(&self.hash)
    }

    fn is_of_several_clusters(&self) -> bool {
        self.targets.windows(2).any(|pair| pair[0].cluster_id != pair[1].cluster_id)
    }

    fn cluster_name_of(&self, step: &PlannedStepView) -> Option<&str> {
        let cluster = self.targets.iter().find(|target| target.cluster_id == step.cluster_id)?;
        cluster.cluster_name.as_deref().or(cluster.context.as_deref())
    }

    /// What the identities can become for certain, a line each; of very many the worst.
    fn becoming(&self) -> Vec<String> {
        let are_several = self.targets.windows(2).any(|pair| pair[0].uid != pair[1].uid);
        let exact = self.paths.iter().filter_map(|path| {
            let exact = path.exact.as_ref()?;
            Some(if are_several { format!("{}: {exact}", path.uid) } else { exact.clone() })
        });
        let exact: Vec<String> = exact.collect();
        let mut lines = each_once(CAN_BECOME, exact.iter().map(String::as_str));
        if let Some(more) = lines.len().checked_sub(MOST_PATHS).filter(|more| *more > 0) {
            lines.truncate(MOST_PATHS);
            lines.push(format!("{CAN_BECOME}and {more} more: kubectl ackcred rights UID shows them"));
        }
        lines
    }

    fn cluster_of(&self, step: &PlannedStepView) -> String {
        let cluster = [self.cluster_name_of(step), step.cluster_id.as_deref()];
        cluster.into_iter().flatten().collect::<Vec<_>>().join("   ")
    }
}

impl FlagsView {
    fn of(flags: &Flags) -> Self {
        let Flags {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        } = flags.clone();
        Self {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        }
    }
}

impl From<FlagsView> for Flags {
    fn from(flags: FlagsView) -> Self {
        let FlagsView {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        } = flags;
        Self {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        }
    }
}

impl TargetView {
    pub(super) fn of(target: &PlannedTarget) -> Self {
        let target = target.clone();
        Self {
            cluster_id: target.cluster_id.map(|id| id.to_string()),
            cluster_name: target.cluster_name,
            context: target.context,
            uid: target.uid.to_string(),
            kind: target.kind.into(),
            name: target.name,
            state: target.state.into(),
            evidence: target.evidence,
            names: target.names,
            also_names: target.also_names,
            groups: target.groups,
            groups_from: target.groups_from.into(),
            last_access: target.last_access,
        }
    }
}

impl PlannedPathView {
    fn of(PlannedPath { cluster_id, uid, user, path }: &PlannedPath) -> Self {
        // Who is something without any step does not become it.
        let is_shown = path.certainty() == Certainty::Exact && !path.steps.is_empty();
        Self {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            uid: uid.to_string(),
            user: user.clone(),
            path: PathView::of(user, path),
            exact: is_shown.then(|| path.to_string()),
        }
    }
}

impl PlannedStepView {
    pub(super) fn of(step: &Step) -> Self {
        let StepView { id, cluster_id, action, object, identities, subjects, .. } = StepView::planned(step);
        let binding = step.of_binding();
        let others = binding.map(|step| step.shared_with.clone()).unwrap_or_default();
        Self {
            id,
            cluster_id,
            action,
            object,
            identities,
            subjects,
            shared_with: others.named,
            shared_with_count: others.count,
            shared_with_sha256: binding.and_then(|step| step.shared_with_sha256.clone()),
            managed_by: binding.map(|step| step.managed_by.clone()).unwrap_or_default(),
            undo: step.undo.clone(),
        }
    }

    /// What it changes.
    fn what(&self) -> String {
        match &self.object {
            Some(object) => object.to_string(),
            None if self.action == StepAction::RotateKubeconfig => {
                "your kubeconfig: ACK revokes it; a new one is tried and written".to_owned()
            }
            None => format!("the kubeconfig of {}", self.identities.join(", ")),
        }
    }

    /// Who leaves by it; of very many a few.
    fn leaving(&self) -> String {
        if self.action == StepAction::EndStaticToken {
            return String::new();
        }
        let leaving = if self.subjects.is_empty() { &self.identities } else { &self.subjects };
        Others::new(leaving.iter().cloned(), leaving.len()).to_string()
    }

    fn others(&self) -> Others {
        Others { named: self.shared_with.clone(), count: self.shared_with_count }
    }

    /// What people see of it; `leaves` says what becomes of those who leave.
    pub(super) fn lines(&self, leaves: &'static str, wide: bool) -> StepLines<'_> {
        let mut details = vec![
            (leaves, Cell::new(self.leaving())),
            ("keeps", Cell::new(self.others().to_string())),
            ("undo:", Cell::new(self.undo.as_str())),
        ];
        if wide {
            details.extend([
                ("managed by", Cell::new(self.managed_by.join("; "))),
                ("UID", Cell::maybe(self.object.as_ref().and_then(|object| object.uid.as_deref()))),
                ("version", Cell::maybe(self.object.as_ref().and_then(|object| object.resource_version.as_deref()))),
            ]);
        }
        match self.action {
            // The identity is named already.
            StepAction::DeleteKubeconfig | StepAction::RotateKubeconfig => drop(details.remove(0)),
            // No subject is taken out of it.
            StepAction::EndStaticToken => drop(details.drain(..2)),
            _ => {}
        }
        StepLines {
            number: self.id,
            action: self.action.word(),
            what: vec![Cell::new(self.what())],
            details,
            ..StepLines::default()
        }
    }

    /// What a table has of it.
    pub(super) fn cells(&self, wide: bool) -> Vec<Cell<'_>> {
        let mut cells = vec![
            Cell::new(self.id.to_string()),
            Cell::new(self.action.word()),
            Cell::new(self.object.as_ref().map_or_else(|| "kubeconfig".to_owned(), ToString::to_string)),
            Cell::new(self.leaving()),
            Cell::new(self.others().to_string()),
            Cell::new(self.undo.as_str()),
        ];
        if wide {
            cells.extend([
                Cell::new(self.managed_by.join("; ")),
                Cell::maybe(self.object.as_ref().and_then(|object| object.uid.as_deref())),
                Cell::maybe(self.object.as_ref().and_then(|object| object.resource_version.as_deref())),
            ]);
        }
        cells
    }
}

impl Report for RevocationPlan {
    fn heading(&self) -> Vec<String> {
        let mut lines = leaked::lines(&self.leaked, self.now);
        for uid in distinct(self.targets.iter().map(|target| target.uid.as_str())) {
            let own: Vec<&TargetView> = self.targets.iter().filter(|target| target.uid == uid).collect();
            lines.extend(own.first().map(|target| who(target)));
            lines.extend(own.into_iter().flat_map(place));
        }
        if !self.targets.is_empty() {
            lines.push(String::new());
        }
        lines.push(match self.steps.len() {
            0 if self.is_incomplete => format!(
                "Plan {}: nothing was found that is left to take away, but not everything could be read",
                self.short_hash()
            ),
            0 => format!("Plan {}: nothing is left to take away, what is gone is verified", self.short_hash()),
            _ => format!("Plan {}", self.short_hash()),
        });
        lines
    }

    fn steps(&self, wide: bool) -> Option<Vec<StepLines<'_>>> {
        let are_several = self.is_of_several_clusters();
        let lines = self.steps.iter().map(|step| {
            let group = are_several.then(|| format!("Cluster       {}", self.cluster_of(step)));
            StepLines { group, ..step.lines("removes", wide) }
        });
        Some(lines.collect())
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["STEP", "ACTION", "OBJECT", "REMOVES", "KEEPS", "UNDO"];
        let are_several = self.is_of_several_clusters();
        if are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        if wide {
            headers.extend(["MANAGED-BY", "UID", "VERSION"]);
        }
        let rows = self.steps.iter().map(move |step| {
            let mut cells = Vec::new();
            if are_several {
                cells.extend([Cell::maybe(step.cluster_id.as_deref()), Cell::maybe(self.cluster_name_of(step))]);
            }
            cells.extend(step.cells(wide));
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn footing(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.becoming();
        lines.extend(each_once("Remains       ", self.remains.iter().map(|remain| remain.what.as_str())));
        lines.extend(self.not_checked.iter().map(|what| format!("Not checked   {what}")));
        lines
    }

    fn nothing_found(&self) -> Option<String> {
        self.targets.is_empty().then(|| match self.refusals.is_empty() {
            true if self.is_incomplete => "no deleted identity was found, but not every list could be read".to_owned(),
            true => "there is no identity to revoke".to_owned(),
            false => "there is no plan".to_owned(),
        })
    }

    fn list(&self) -> Option<&'static str> {
        Some("steps")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.steps.iter().filter_map(|step| step.object.as_ref()).map(ToString::to_string))
    }
}

pub(super) fn who(target: &TargetView) -> String {
    let name = target.name.as_deref().map(|name| format!("{name}   ")).unwrap_or_default();
    let state = target.state.as_str();
    format!("Identity      {name}{} {}, {state} ({})", target.kind.as_str(), target.uid, target.evidence)
}

pub(super) fn place(target: &TargetView) -> Vec<String> {
    let cluster = [target.cluster_name.as_deref(), target.cluster_id.as_deref()];
    let cluster: Vec<&str> = cluster.into_iter().flatten().collect();
    let context = target.context.as_deref().map(|context| format!(", context {context:?}")).unwrap_or_default();
    let mut lines = vec![format!(
        "Cluster       {}{context}",
        if cluster.is_empty() { "unknown".into() } else { cluster.join("   ") }
    )];
    lines.extend(target.last_access.as_ref().map(|access| format!("Last access   {access}")));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::Format;
    use crate::core::ids::Uid;
    use crate::core::rbac::Attributes;
    use crate::core::rbac::reach::{KnownPath, KnownStep, Primitive, Target};
    use crate::output::report::{self, Style};

    #[test]
    fn what_can_be_become_is_shown_where_it_holds_by_the_api_server_alone_and_of_very_much_a_part() {
        let path = |number: usize, depends_on: &[&str]| {
            let target = Target::Identity(Some(format!("user-{number:02}")));
            let step = KnownStep {
                primitive: Primitive::Impersonate,
                attributes: vec![Attributes::on("impersonate", "", "users", &format!("user-{number:02}"), "")],
                bindings: Vec::new(),
                becomes: Some(target.clone()),
            };
            let depends_on = depends_on.iter().map(|text| (*text).to_owned()).collect();
            let path = KnownPath { target, steps: vec![step], depends_on };
            let uid = Uid::parse("200").unwrap();
            PlannedPathView::of(&PlannedPath { cluster_id: None, uid, user: "200-1".into(), path })
        };
        let mut plan: RevocationPlan = serde_json::from_value(json!({
            "apiVersion": "ackcred/v1", "kind": "RevocationPlan", "hash": "3f9a2c", "flags": {}, "leaked": [], "steps": [],
            "targets": [], "remains": [], "notChecked": [], "warnings": [], "refusals": [], "paths": "not looked at",
        }))
        .unwrap();
        plan.paths = vec![path(1, &["a pod runs"]), path(2, &[])];
        let line = "Can become    User/user-02: impersonate users/user-02 -> User/user-02";
        assert_eq!(plan.footing(), [line]);
        plan.paths = (1..=12).map(|number| path(number, &[])).collect();
        let lines = plan.footing();
        assert_eq!(
            (lines.len(), lines[10].as_str()),
            (11, "Can become    and 2 more: kubectl ackcred rights UID shows them")
        );
    }

    /// A user who may write a binding can put thousands of names into it, and revoking them takes all of them out.
    #[test]
    fn a_step_that_removes_thousands_names_a_few() {
        let subjects: Vec<String> = (0..10_000).map(|number| format!("User/{number:018}")).collect();
        let plan: RevocationPlan = serde_json::from_value(json!({
            "apiVersion": "ackcred/v1", "kind": "RevocationPlan", "hash": "3f9a2c", "flags": {}, "leaked": [],
            "targets": [], "remains": [], "notChecked": [], "warnings": [], "refusals": [],
            "steps": [{
                "id": 1, "clusterId": null, "action": "RemoveSubjects", "identities": [], "subjects": subjects,
                "object": {"kind": "RoleBinding", "namespace": "shop", "name": "crowd", "uid": "u", "resourceVersion": "7"},
                "sharedWith": ["User/bo"], "sharedWithCount": 1, "sharedWithSha256": null, "managedBy": [], "undo": "restore",
            }],
        }))
        .unwrap();
        let mut table = Vec::new();
        let (format, is_for_terminal) = (Format::Table, false);
        let style = Style { format, headers: true, colored: false, is_for_terminal, columns: None };
        report::write(&plan, &style, &mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        let row = table.lines().find(|line| line.contains("removes")).unwrap();
        assert!(row.contains("User/000000000000000004 and 9995 more") && row.chars().count() < 300, "{row}");
    }
}
