//! What a rotation of the operator's own kubeconfig would do, and what it came to.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::ApprovalView;
use super::leaked::LeakedView;
use super::plan::{PlannedStepView, TargetView, place, who};
use super::refusal::RefusalView;
use super::revocation::CollateralView;
use super::step::StepView;
use super::verification::{RemainView, VerificationView, checks_table, left, result_line, unseen};
use super::{ApiVersion, Kind, distance, each_once, time};
use crate::core::revocation::approval::Approval;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::operation::OperationReport;
use crate::core::revocation::rotation::{CertificateFrom, Destination, KnownCertificate, Place, RotationPlan, Written};
use crate::output::report::Report;
use crate::output::steps::StepLines;
use crate::output::table::{Cell, Table};

/// What `rotate --dry-run` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "RotationPlan"))]
#[serde(rename_all = "camelCase")]
pub struct RotationPlanDocument {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RotationPlan`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RotationPlan")))]
    pub kind: Kind,
    /// SHA-256 over all that is agreed to, in hexadecimal digits.
    pub hash: String,
    /// The flags.
    pub flags: RotationFlagsView,
    /// The certificates that are known, which stop working.
    pub certificates: Vec<CertificateView>,
    /// Where each new kubeconfig is written, and where the old file is kept.
    pub written: Vec<WrittenView>,
    /// The identity, in each cluster.
    pub targets: Vec<TargetView>,
    /// The steps, in order.
    pub steps: Vec<PlannedStepView>,
    /// What the rotation can't end.
    pub remains: Vec<RemainView>,
    /// What can't be checked.
    pub not_checked: Vec<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Why nothing will be done; of several clusters, why one is left out.
    pub refusals: Vec<RefusalView>,
    /// The time that distances are counted from.
    #[serde(skip)]
    now: Timestamp,
}

/// The flags that decide what a rotation does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RotationFlagsView {
    /// `--keep-others`.
    pub keep_others: bool,
}

/// A certificate of the operator's that stops working.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CertificateView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// Where it was seen.
    pub from: CertificateSource,
    /// What it says of itself.
    pub certificate: LeakedView,
    /// What it holds by its name.
    pub holds: Vec<String>,
}

/// Where a certificate was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CertificateSource {
    /// In the user entry of the context.
    Context,
    /// In the file of `-f`.
    LeakedFile,
}

/// Where a new kubeconfig is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WrittenView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The file; null for standard output.
    pub path: Option<String>,
    /// The user entry that alone is changed; null where the whole file is written, and where that is not known any more.
    pub user: Option<String>,
    /// The old file, kept beside it; null where there is none.
    pub backup: Option<String>,
}

/// What `rotate` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RotationReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RotationReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RotationReport")))]
    pub kind: Kind,
    /// The operation's ID.
    pub operation: String,
    /// SHA-256 over all that was agreed to, in hexadecimal digits.
    pub plan_hash: String,
    /// Who approved the plan beside the operator; null where no approval was asked for.
    pub approval: Option<ApprovalView>,
    /// Where each new kubeconfig was written, and where the old file is kept; empty where none was.
    pub written: Vec<WrittenView>,
    /// The steps.
    pub steps: Vec<StepView>,
    /// What was verified in each cluster.
    pub verification: Vec<VerificationView>,
    /// Always empty: the cloud's call is not known to delete bindings of others.
    pub collateral: Vec<CollateralView>,
}

impl WrittenView {
    fn planned(rotation: &RotationPlan, destination: &Destination) -> Self {
        let keeps = match &destination.place {
            Place::StandardOutput | Place::File { is_there: false, .. } => None,
            Place::File { path, .. } | Place::UserEntry { path, .. } => Some(rotation.backup_of(path)),
        };
        Self {
            cluster_id: destination.cluster_id.as_ref().map(ToString::to_string),
            path: destination.path().map(shown),
            user: destination.user().map(str::to_owned),
            backup: keeps.as_deref().map(shown),
        }
    }

    fn done(rotation: &RotationPlan, Written { cluster_id, path, backup }: &Written) -> Self {
        let destination = rotation.destination(cluster_id.as_ref());
        Self {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            path: path.as_deref().map(shown),
            user: destination.and_then(|destination| destination.user()).map(str::to_owned),
            backup: backup.as_deref().map(shown),
        }
    }

    fn line(&self, heading: &str) -> String {
        let to = match (&self.path, &self.user) {
            (None, _) => "standard output".to_owned(),
            (Some(path), None) => path.clone(),
            (Some(path), Some(user)) => format!("{path}, user entry {user:?} alone"),
        };
        let kept = self.backup.as_ref().map(|backup| format!("; the old file is kept as {backup}"));
        format!("{heading}{to}{}", kept.unwrap_or_default())
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl CertificateView {
    fn of(KnownCertificate { cluster_id, from, facts, holds }: &KnownCertificate) -> Self {
        Self {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            from: match from {
                CertificateFrom::Context => CertificateSource::Context,
                CertificateFrom::LeakedFile => CertificateSource::LeakedFile,
            },
            certificate: LeakedView::of(facts),
            holds: holds.clone(),
        }
    }

    fn lines(&self, now: Timestamp) -> Vec<String> {
        let end = self.certificate.not_after.map_or("without an end".to_owned(), |end| {
            format!("valid until {} ({})", time(end), distance(end.as_second() - now.as_second()))
        });
        let from = match self.from {
            CertificateSource::Context => "your context",
            CertificateSource::LeakedFile => "the leaked file",
        };
        let mut lines = vec![format!("Certificate   CN={}, {end}, of {from}", self.certificate.common_name)];
        let held = match self.holds.is_empty() {
            true => vec!["nothing by its name that could be read".to_owned()],
            false => self.holds.clone(),
        };
        lines.extend(held.into_iter().map(|what| format!("  holds       {what}")));
        lines
    }
}

impl RotationPlanDocument {
    /// The document of a plan.
    pub fn of(rotation: &RotationPlan, now: Timestamp) -> Self {
        let plan = &rotation.plan;
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RotationPlan,
            hash: plan.hash.clone(),
            flags: RotationFlagsView { keep_others: rotation.keep_others },
            certificates: rotation.certificates.iter().map(CertificateView::of).collect(),
            written: rotation.destinations.iter().map(|one| WrittenView::planned(rotation, one)).collect(),
            targets: plan.targets.iter().map(TargetView::of).collect(),
            steps: plan.steps.iter().map(PlannedStepView::of).collect(),
            remains: plan.remains.iter().map(RemainView::of).collect(),
            not_checked: plan.not_checked.clone(),
            warnings: plan.warnings.clone(),
            refusals: plan.refusals.iter().map(RefusalView::of).collect(),
            now,
        }
    }

    fn are_several(&self) -> bool {
        self.targets.windows(2).any(|pair| pair[0].cluster_id != pair[1].cluster_id)
    }

    fn cluster_of(&self, step: &PlannedStepView) -> String {
        let target = self.targets.iter().find(|target| target.cluster_id == step.cluster_id);
        let name = target.and_then(|target| target.cluster_name.as_deref().or(target.context.as_deref()));
        [name, step.cluster_id.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("   ")
    }
}

impl Report for RotationPlanDocument {
    fn heading(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            if index == 0 {
                lines.push(who(target));
            }
            let is_here = |id: &Option<String>| *id == target.cluster_id;
            lines.extend(place(&TargetView { last_access: None, ..target.clone() }));
            let own = self.certificates.iter().filter(|one| is_here(&one.cluster_id));
            lines.extend(own.flat_map(|one| one.lines(self.now)));
            let written = self.written.iter().filter(|one| is_here(&one.cluster_id));
            lines.extend(written.map(|one| one.line("Written to    ")));
        }
        if !self.targets.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("Plan {}", self.hash.get(..6).unwrap_or(&self.hash)));
        lines
    }

    fn steps(&self, wide: bool) -> Option<Vec<StepLines<'_>>> {
        let are_several = self.are_several();
        let lines = self.steps.iter().map(|step| {
            let group = are_several.then(|| format!("Cluster       {}", self.cluster_of(step)));
            StepLines { group, ..step.lines("replaces", wide) }
        });
        Some(lines.collect())
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["CLUSTER-ID", "STEP", "ACTION", "OBJECT", "REPLACES", "KEEPS", "UNDO"];
        if wide {
            headers.extend(["MANAGED-BY", "UID", "VERSION"]);
        }
        let rows = self.steps.iter().map(move |step| {
            let mut cells = vec![Cell::maybe(step.cluster_id.as_deref())];
            cells.extend(step.cells(wide));
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn footing(&self) -> Vec<String> {
        let mut lines = each_once("Remains       ", self.remains.iter().map(|remain| remain.what.as_str()));
        lines.extend(self.not_checked.iter().map(|what| format!("Not checked   {what}")));
        lines
    }

    fn nothing_found(&self) -> Option<String> {
        self.targets.is_empty().then(|| "there is no plan".to_owned())
    }

    fn list(&self) -> Option<&'static str> {
        Some("steps")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.steps.iter().filter_map(|step| step.object.as_ref()).map(ToString::to_string))
    }
}

impl RotationReport {
    /// Says who approved it.
    #[must_use]
    pub fn approved(self, approval: Option<&Approval>) -> Self {
        Self { approval: approval.map(ApprovalView::of), ..self }
    }

    /// The report of an operation, by what is kept of it.
    pub fn of(operation: &OperationId, rotation: &RotationPlan, written: &[Written], kept: OperationReport) -> Self {
        let OperationReport { steps, verification, collateral, answers: _ } = kept;
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RotationReport,
            operation: operation.to_string(),
            plan_hash: rotation.plan.hash.clone(),
            approval: None,
            written: written.iter().map(|one| WrittenView::done(rotation, one)).collect(),
            steps: steps.into_iter().filter_map(|step| StepView::of_revocation(&rotation.plan, step)).collect(),
            verification: verification.into_iter().map(VerificationView::of).collect(),
            collateral: collateral.into_iter().map(CollateralView::from).collect(),
        }
    }
}

impl Report for RotationReport {
    fn heading(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.verification.iter().map(result_line).collect();
        lines.extend(self.written.iter().map(|one| one.line("Written to    ")));
        if self.written.is_empty() {
            lines.push("Written to    nothing: the old file is as it was".to_owned());
        }
        lines
    }

    fn table(&self, wide: bool) -> Table<'_> {
        checks_table(&self.verification, wide)
    }

    fn footing(&self) -> Vec<String> {
        let mut lines = left(&self.verification);
        lines.extend(unseen(&self.verification));
        lines.extend(self.approval.iter().map(ApprovalView::line));
        lines
            .push(format!("Operation {}   report: kubectl ackcred history {} -o json", self.operation, self.operation));
        lines
    }

    fn list(&self) -> Option<&'static str> {
        Some("steps")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::once(self.operation.clone()))
    }
}
