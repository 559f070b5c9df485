//! A plan with what it was made from: whether it is carried out, and how it is shown where it is not.

use super::super::clusters::Extent;
use super::super::stop::{Document, Stop};
use super::super::{approval, consent};
use crate::cli::ApprovalArgs;
use crate::core::distinct::distinct;
use crate::core::revocation::approval::Approval;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::refusal::{Refusal, RefusalScope};
use crate::core::revocation::rotation::RotationPlan;
use crate::error::Result;
use crate::gather::account::AccountReading;
use crate::gather::rotation::Gathered;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::RotationPlanDocument;
use crate::status::Status;
use crate::world::World;

/// A plan and its clusters.
pub(super) struct Planned {
    pub(super) rotation: RotationPlan,
    pub(super) extent: Extent,
    pub(super) clusters: Vec<Gathered>,
    pub(super) account: AccountReading,
}

impl Planned {
    /// Whether the plan is not to be carried out, whatever is agreed to: of one cluster any refusal stops it; of several those that are
    /// refused are left out.
    pub(super) fn is_stopped(&self) -> bool {
        let plan = &self.rotation.plan;
        let is_operation = |refusal: &Refusal| matches!(refusal.scope, RefusalScope::Operation(_));
        match self.extent {
            Extent::One => !plan.refusals.is_empty() || plan.targets.is_empty(),
            Extent::Several => plan.targets.is_empty() || plan.refusals.iter().any(is_operation),
        }
    }

    /// The approval of the plan, where one is asked for. What stands in its way becomes a refusal.
    ///
    /// # Errors
    /// Ctrl-C.
    pub(super) fn approval(
        &mut self,
        args: &ApprovalArgs,
        runtime: &Runtime,
        world: &World,
        ui: &Ui,
    ) -> Result<Option<Approval>> {
        let operators = self.clusters.iter().map(|gathered| &gathered.revocation.input.operator);
        let plan = &mut self.rotation.plan;
        approval::of_plan(args, &plan.hash, operators, &mut plan.refusals, runtime, world, ui)
    }

    /// Shows the plan and asks for consent to it.
    pub(super) fn agree(&self, yes: bool, runtime: &Runtime, world: &World, ui: &Ui) -> Result<Consent, Stop> {
        let plan = &self.rotation.plan;
        consent::ask(&self.document(world), &plan.hash, &consent::phrase("rotate", &plan.uids()), yes, runtime, ui)
    }

    fn document(&self, world: &World) -> RotationPlanDocument {
        RotationPlanDocument::of(&self.rotation, world.now)
    }

    /// Shows the plan, and why it is refused, where it is.
    pub(super) fn show_only(self, world: &World, ui: &Ui) -> Result<Status, Stop> {
        let document = self.document(world);
        if !self.rotation.plan.refusals.is_empty() {
            let refusals = self.rotation.plan.refusals;
            return Err(Stop::refused(refusals, self.extent, Document::Rotation(Box::new(document))));
        }
        ui.report(&document)?;
        Ok(Status::Done)
    }

    /// The document of a plan that something speaks against after it was shown.
    pub(super) fn refused_after_all(&self, refusals: &[Refusal], world: &World) -> Document {
        let mut rotation = self.rotation.clone();
        rotation.plan.refusals.extend(refusals.iter().cloned());
        Document::Rotation(Box::new(RotationPlanDocument::of(&rotation, world.now)))
    }

    /// Says what was found on the way to the plan.
    pub(super) fn say_found(&self, ui: &Ui) {
        let of_clusters = self.clusters.iter().flat_map(|gathered| gathered.revocation.failed.iter());
        let failed: Vec<_> = self.account.failed.iter().chain(of_clusters).cloned().collect();
        ui.failures(&failed);
        let skews = self.clusters.iter().filter_map(|gathered| gathered.revocation.skew.as_ref());
        skews.for_each(|skew| ui.warning(skew));
        distinct(&self.rotation.plan.warnings).into_iter().for_each(|text| ui.warning(text));
        for (_, step) in self.rotation.plan.binding_steps() {
            step.managed_by.iter().for_each(|manager| ui.warning(&format!("{}: {manager}", step.binding)));
        }
    }
}
