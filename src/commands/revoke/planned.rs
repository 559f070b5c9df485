//! A plan with what it was made from: whether it is carried out, and how it is shown where it is not.

use super::super::clusters::Extent;
use super::super::stop::{Document, Stop};
use super::super::{approval, consent};
use crate::cli::ApprovalArgs;
use crate::core::distinct::distinct;
use crate::core::revocation::approval::{Approval, exceeds};
use crate::core::revocation::consent::Consent;
use crate::core::revocation::plan::{Plan, RevokeMode};
use crate::core::revocation::refusal::Refusal;
use crate::error::Result;
use crate::gather::account::AccountReading;
use crate::gather::history::Past;
use crate::gather::revocation::Gathered;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::RevocationPlan;
use crate::status::Status;
use crate::world::World;

/// A plan and its clusters.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) mode: RevokeMode,
    pub(super) extent: Extent,
    pub(super) clusters: Vec<Gathered>,
    pub(super) account: AccountReading,
    /// Whether a source that was asked failed, or one was not asked that could find more.
    pub(super) has_gaps: bool,
}

impl Planned {
    /// Whether identities or steps may be missing: where lists say whom a plan is about, or that nothing is left to do, all of them
    /// must have been read.
    fn is_incomplete(&self) -> bool {
        self.has_gaps && (self.plan.flags.all_deleted || self.plan.steps.is_empty())
    }

    /// Whether the plan is not to be carried out, whatever is agreed to.
    pub(super) fn is_stopped(&self) -> bool {
        self.plan.targets.is_empty() || self.plan.is_stopped(self.mode)
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
        // Of a plan without an identity nothing is changed.
        if self.plan.targets.is_empty() {
            return Ok(None);
        }
        let operators = self.clusters.iter().map(|gathered| &gathered.input.operator);
        approval::of_plan(args, &self.plan.hash, operators, &mut self.plan.refusals, runtime, world, ui)
    }

    /// The approval of the operation that is gone on with, which covers what is left of its plan and nothing else.
    pub(super) fn keep_to_approval(&mut self, past: &Past, ui: &Ui) -> Option<Approval> {
        let approval = past.record.approval.clone()?;
        let approved = past.record.revocation()?;
        match exceeds(approved, &self.plan.flags, &self.plan.steps) {
            Some(refusal) => self.plan.refusals.push(refusal),
            None => approval::say_resumed(past, ui),
        }
        Some(approval)
    }

    /// Whether something may be changed. An operation that is gone on with may have something to mend, whatever is left of its steps.
    pub(super) fn may_change(&self, is_resumed: bool) -> bool {
        is_resumed || !self.plan.steps.is_empty()
    }

    /// Shows the plan and asks for consent to it, where it is not `agreed` to already.
    pub(super) fn agree(&self, agreed: bool, runtime: &Runtime, world: &World, ui: &Ui) -> Result<Consent, Stop> {
        let phrase = consent::phrase("revoke", &self.plan.uids());
        consent::ask(&self.document(world), &self.plan.hash, &phrase, agreed, runtime, ui)
    }

    fn document(&self, world: &World) -> RevocationPlan {
        RevocationPlan::of(&self.plan, world.now).incomplete(self.is_incomplete())
    }

    /// Shows the plan, and why it is refused, where it is.
    pub(super) fn show_only(self, world: &World, ui: &Ui) -> Result<Status, Stop> {
        let document = self.document(world);
        let status = if self.is_incomplete() { Status::Incomplete } else { Status::Done };
        if !self.plan.refusals.is_empty() {
            return Err(Stop::refused(self.plan.refusals, self.extent, Document::Plan(Box::new(document))));
        }
        ui.report(&document)?;
        Ok(status)
    }

    /// The document of a plan that something speaks against after it was shown.
    pub(super) fn refused_after_all(&self, refusals: &[Refusal], world: &World) -> Document {
        let refusals = self.plan.refusals.iter().chain(refusals).cloned().collect();
        let plan = Plan { refusals, ..self.plan.clone() };
        Document::Plan(Box::new(RevocationPlan::of(&plan, world.now)))
    }

    /// Says what was found on the way to the plan.
    pub(super) fn say_found(&self, ui: &Ui) {
        let of_clusters = self.clusters.iter().flat_map(|gathered| {
            let prefix = self.prefix(gathered);
            let failed = gathered.failed.iter().cloned();
            failed.map(move |failure| failure.in_words(|text| format!("{prefix}{text}"))).collect::<Vec<_>>()
        });
        ui.failures(&self.account.failed.iter().cloned().chain(of_clusters).collect::<Vec<_>>());
        self.clusters.iter().for_each(|gathered| self.say_gathered(gathered, ui));
        // What is true of an identity is true in every cluster: once is enough.
        distinct(&self.plan.warnings).into_iter().for_each(|text| ui.warning(text));
        for (_, step) in self.plan.binding_steps() {
            step.managed_by.iter().for_each(|manager| ui.warning(&format!("{}: {manager}", step.binding)));
        }
        match self.clusters.iter().map(|gathered| gathered.inferred).sum() {
            0 => {}
            1 => ui.note(
                "1 identity is left out because its deletion is only inferred; use --accept-inferred to include it",
            ),
            count => ui.note(&format!(
                "{count} identities are left out because their deletion is only inferred; use --accept-inferred to include them"
            )),
        }
    }

    /// What names a cluster among several.
    fn prefix(&self, gathered: &Gathered) -> String {
        let cluster = &gathered.input.cluster;
        let name = cluster.name.as_deref().or(cluster.context.as_deref()).unwrap_or_default();
        if self.clusters.len() == 1 { String::new() } else { format!("{name}: ") }
    }

    fn say_gathered(&self, gathered: &Gathered, ui: &Ui) {
        let prefix = self.prefix(gathered);
        let messages = gathered.not_asked.iter().chain(&gathered.skew);
        messages.for_each(|text| ui.warning(&format!("{prefix}{text}")));
        if self.clusters.len() == 1 {
            gathered.notes.iter().for_each(|text| ui.note(text));
        }
    }
}
