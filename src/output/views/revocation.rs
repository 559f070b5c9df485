//! What a revocation came to.

use serde::{Deserialize, Serialize};

use super::approval::ApprovalView;
use super::step::{BindingView, StepView};
use super::verification::{VerificationView, checks_table, left, result_line, unseen};
use super::{ApiVersion, Kind};
use crate::core::revocation::approval::Approval;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::operation::{LostBinding, OperationReport};
use crate::core::revocation::plan::Plan;
use crate::output::report::Report;
use crate::output::table::Table;

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
    /// Who approved the plan beside the operator; null where no approval was asked for.
    pub approval: Option<ApprovalView>,
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
    /// Says who approved it.
    #[must_use]
    pub fn approved(self, approval: Option<&Approval>) -> Self {
        Self { approval: approval.map(ApprovalView::of), ..self }
    }

    /// The report of an operation, by what is kept of it.
    pub fn of(operation: &OperationId, plan: &Plan, kept: OperationReport) -> Self {
        let OperationReport { steps, verification, collateral, answers: _ } = kept;
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::RevocationReport,
            operation: operation.to_string(),
            plan_hash: plan.hash.clone(),
            approval: None,
            steps: steps.into_iter().filter_map(|step| StepView::of_revocation(plan, step)).collect(),
            verification: verification.into_iter().map(VerificationView::of).collect(),
            collateral: collateral.into_iter().map(CollateralView::from).collect(),
        }
    }
}

impl Report for RevocationReport {
    fn heading(&self) -> Vec<String> {
        self.verification.iter().map(result_line).collect()
    }

    fn table(&self, wide: bool) -> Table<'_> {
        checks_table(&self.verification, wide)
    }

    fn footing(&self) -> Vec<String> {
        let mut lines = left(&self.verification);
        lines.extend(self.collateral.iter().map(|one| format!("Collateral    {}: {}", one.binding, one.what)));
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
