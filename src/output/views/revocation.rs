//! What a revocation came to.

use serde::{Deserialize, Serialize};

use super::step::{BindingView, StepView};
use super::verification::VerificationView;
use super::words::{GroupsFromWord, Word as _};
use super::{ApiVersion, Kind, each_once, time};
use crate::core::distinct::distinct;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::operation::{LostBinding, OperationReport};
use crate::core::revocation::plan::Plan;
use crate::output::report::Report;
use crate::output::table::{Cell, Table};

/// What `revoke` prints.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevocationReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RevocationReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RevocationReport")))]
    pub kind: Kind,
    /// The operation's ID.
    pub operation: String,
    /// SHA-256 over all that was agreed to, in hexadecimal digits.
    pub plan_hash: String,
    /// The steps.
    pub steps: Vec<StepView>,
    /// What was verified of each identity.
    pub verification: Vec<VerificationView>,
    /// Shared bindings that the cloud deleted.
    pub collateral: Vec<CollateralView>,
}

/// A shared binding that the cloud deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CollateralView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The binding.
    pub binding: BindingView,
    /// Whether the others have it back.
    pub whole: bool,
    /// What was done about it.
    pub what: String,
}

impl From<LostBinding> for CollateralView {
    fn from(LostBinding { cluster_id, binding, is_whole, what }: LostBinding) -> Self {
        let cluster_id = cluster_id.map(|id| id.to_string());
        Self { cluster_id, binding: BindingView::of(&binding), whole: is_whole, what }
    }
}

impl RevocationReport {
    /// The report of an operation, by what is kept of it.
    pub fn of(operation: &OperationId, plan: &Plan, kept: OperationReport) -> Self {
        let OperationReport { steps, verification, collateral, answers: _ } = kept;
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RevocationReport,
            operation: operation.to_string(),
            plan_hash: plan.hash.clone(),
            steps: steps.into_iter().filter_map(|step| StepView::of_revocation(plan, step)).collect(),
            verification: verification.into_iter().map(VerificationView::of).collect(),
            collateral: collateral.into_iter().map(CollateralView::from).collect(),
        }
    }

    fn clusters(&self) -> usize {
        distinct(self.verification.iter().map(|one| one.cluster_id.as_ref())).len()
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
            verification.checks.iter().map(move |check| {
                let (word, tone) = check.result.word();
                let mut cells = vec![
                    Cell::new(verification.uid.as_str()),
                    Cell::new(check.check.describe()),
                    Cell::new(word).tone(tone),
                    Cell::new(check.detail.as_str()),
                ];
                if shows_cluster {
                    cells.insert(0, Cell::maybe(verification.cluster_id.as_deref()));
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

    fn list(&self) -> Option<&'static str> {
        Some("steps")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::once(self.operation.clone()))
    }
}

fn result_line(VerificationView { outcome, at, uid, groups_from, cluster_id, .. }: &VerificationView) -> String {
    let cluster = cluster_id.as_ref().map(|id| format!(" in {id}")).unwrap_or_default();
    let groups = match groups_from {
        GroupsFromWord::Certificate => "groups from the certificate",
        GroupsFromWord::Assumed => "groups assumed",
    };
    format!("{} at {}: {uid}{cluster} ({groups})", outcome.as_str(), time(*at))
}
