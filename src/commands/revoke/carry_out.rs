//! A revocation that was agreed to, from the lock to the report.

use std::time::Duration;

use jiff::SignedDuration;

use super::super::operation::{self, Running};
use super::refused_after_all;
use super::request::Request;
use crate::apply::{self, Collateral, StepReport, Tools};
use crate::cli::RevokeArgs;
use crate::core::binding_object::BindingObject;
use crate::core::consent::Consent;
use crate::core::journal::{Action as AuditAction, Ending};
use crate::core::operation::{ClusterRecord, Purpose, tombstone_of};
use crate::core::plan::{Plan, roles_then};
use crate::core::verification::{Outcome, Probe, Verification};
use crate::error::{Result, chain};
use crate::gather::conversation::Conversation;
use crate::gather::leaked::Leaked;
use crate::gather::revocation::Gathered;
use crate::gather::verification;
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, CollateralView, RevocationReport, StepView, step_text};
use crate::status::Status;
use crate::world::World;

/// A revocation that was agreed to.
pub(super) struct Revocation<'a> {
    pub(super) args: &'a RevokeArgs,
    pub(super) world: &'a World,
    pub(super) ui: &'a Ui,
    pub(super) conversation: &'a Conversation,
    pub(super) request: &'a Request,
    pub(super) leaked: Option<&'a Leaked>,
    /// Whether a voice failed before the change.
    pub(super) gaps: bool,
}

impl Revocation<'_> {
    /// Carries it out: what is begun here is in the journal first.
    pub(super) fn carry_out(&self, gathered: &Gathered, plan: Plan, consent: &Consent) -> Result<Status> {
        let key = &gathered.case.cluster.key;
        let patience = positive(self.args.cluster_timeout);
        let locked = match operation::lock(self.world, key, patience, self.conversation)? {
            Ok(locked) => locked,
            Err(refusal) => return refused_after_all(plan, refusal, self.world, self.ui),
        };
        let probes = self.probes(gathered)?;
        if let Err(reason) = &probes {
            self.ui.warning(&format!("access reviews can't be compared: {reason}"));
        }
        let probes = probes.unwrap_or_default();
        let begun = match &self.request.resumed {
            Some(past) => locked.resume(past, &gathered.case.operator.describe(), self.world),
            None => locked.begin(self.record(gathered, &plan, &probes), &originals(gathered, &plan), self.world),
        };
        let running = match begun {
            Ok(running) => running,
            Err(refusal) => return refused_after_all(plan, refusal, self.world, self.ui),
        };
        self.ui.note(&format!("operation {}", running.id));
        let outcome = self.change_and_verify(gathered, &plan, &probes, &running, consent);
        self.finish(&plan, running, outcome)
    }

    /// The questions to compare: those of the operation that is gone on with, else those that are answered with yes now.
    fn probes(&self, gathered: &Gathered) -> Result<std::result::Result<Vec<Probe>, String>> {
        if let Some(past) = &self.request.resumed {
            return Ok(Ok(past.record.clusters.iter().flat_map(|cluster| cluster.probes.clone()).collect()));
        }
        let asked = self.conversation.hold(verification::probes_that_work(&gathered.api, &gathered.case))?;
        Ok(asked.map_err(|error| chain(&error)))
    }

    fn record(&self, gathered: &Gathered, plan: &Plan, probes: &[Probe]) -> operation::Beginning {
        let (case, cluster) = (&gathered.case, &gathered.case.cluster);
        let tombstone = plan.leaked.as_ref().zip(plan.targets.first());
        operation::Beginning {
            action: AuditAction::Revoke,
            operator: case.operator.describe(),
            reason: self.args.reason.clone(),
            hash: plan.hash.clone(),
            uids: plan.uids(),
            clusters: vec![ClusterRecord {
                id: cluster.id().cloned(),
                key: cluster.key.clone(),
                name: cluster.name.clone(),
                context: cluster.context.clone(),
                server: cluster.server.clone(),
                ca_keys: cluster.ca_keys.clone(),
                region: gathered.region.clone(),
                confirmation: cluster.confirmation,
                roles: roles_then(case),
                probes: probes.to_vec(),
            }],
            purpose: Purpose::Revoke {
                tombstone: tombstone.map(|(leaked, target)| tombstone_of(leaked, &target.uid)),
                plan: Box::new(plan.clone()),
            },
        }
    }

    fn change_and_verify(
        &self,
        gathered: &Gathered,
        plan: &Plan,
        probes: &[Probe],
        running: &Running,
        consent: &Consent,
    ) -> Done {
        let (case, cloud) = (&gathered.case, &gathered.cloud);
        self.conversation.finish(async |interrupt| {
            let tools = Tools {
                api: &gathered.api,
                cloud: cloud.ready().filter(|_| !plan.flags.rbac_only),
                cluster: case.cluster.id(),
                region: gathered.region.as_ref(),
                recorder: &running.recorder,
                interrupted: &|| interrupt.is_pending(),
            };
            let steps = apply::revoke(&tools, plan, &case.bindings, consent).await;
            for report in &steps {
                say_step(plan, report, self.ui);
            }
            let mut done =
                Done { steps, verification: Vec::new(), collateral: Vec::new(), interrupted: interrupt.is_pending() };
            if done.interrupted {
                return done;
            }
            let question = verification::Question {
                api: &gathered.api,
                cloud,
                region: gathered.region.as_ref(),
                cluster: &case.cluster,
                targets: case.targets.iter().filter(|target| plan.uids().contains(&target.target.uid)).collect(),
                plan,
                probes,
                leaked: self.leaked,
                settle: verification::settle_time(self.args.settle.map(positive), plan),
                now: self.world.clock().time(),
            };
            let said = verification::ask_cloud(&question).await;
            done.collateral = apply::repair(&tools, plan, &case.bindings, &done.steps).await;
            done.verification = verification::verify(&question, said).await;
            done.collateral.extend(apply::repair(&tools, plan, &case.bindings, &done.steps).await);
            done.interrupted = interrupt.is_pending();
            running.recorder.verified(&done.verification);
            done
        })
    }

    fn finish(&self, plan: &Plan, running: Running, done: Done) -> Result<Status> {
        let report = RevocationReport {
            api_version: ApiVersion::V1,
            operation: running.id.clone(),
            plan_hash: plan.hash.clone(),
            steps: done.steps.iter().map(|report| step_view(plan, report)).collect(),
            collateral: done.collateral.iter().map(|one| collateral_view(plan, one)).collect(),
            verification: done.verification,
        };
        let undone = done.steps.iter().any(|report| !report.is_done());
        let broken = done.collateral.iter().any(|one| !one.is_whole);
        let worst = report.verification.iter().map(|one| one.outcome).max();
        let ending = match worst {
            _ if done.interrupted => Ending::Interrupted,
            _ if undone || broken => Ending::Incomplete,
            Some(Outcome::Residual) => Ending::Residual,
            Some(Outcome::Unverifiable) | None => Ending::Unverifiable,
            Some(Outcome::Verified) => Ending::Verified,
        };
        let id = running.id.clone();
        let kept = running.end(ending, &report, &report.steps, self.world);
        self.ui.report(&report)?;
        if let Err(reason) = &kept {
            self.ui.warning(&format!("the record of the operation is not complete: {reason}"));
        }
        if matches!(ending, Ending::Incomplete | Ending::Interrupted) {
            self.ui.note(&format!("go on with it: kubectl ackcred revoke --resume {id}"));
        }
        let left_out = !plan.refusals.is_empty();
        Ok(match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Verified if !left_out && kept.is_ok() && !self.gaps => Status::Done,
            _ => Status::Incomplete,
        })
    }
}

/// What became of a revocation.
struct Done {
    steps: Vec<StepReport>,
    verification: Vec<Verification>,
    collateral: Vec<Collateral>,
    interrupted: bool,
}

/// The bindings as they can be created anew.
fn originals(gathered: &Gathered, plan: &Plan) -> Vec<BindingObject> {
    let changed = gathered
        .case
        .bindings
        .iter()
        .filter(|object| plan.binding_steps().any(|step| step.object.as_ref() == Some(&object.reference())));
    changed.map(|object| object.stripped(object.subjects.clone())).collect()
}

fn positive(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

fn say_step(plan: &Plan, report: &StepReport, ui: &Ui) {
    let view = step_view(plan, report);
    let because = view.error.map(|error| format!(": {error}")).unwrap_or_default();
    ui.note(&format!("  {}  {:?}  {}{because}", view.id, view.result, view.what));
}

fn step_view(plan: &Plan, report: &StepReport) -> StepView {
    let step = plan.steps.iter().find(|step| step.id == report.id);
    StepView {
        id: report.id,
        what: step.map(step_text).unwrap_or_default(),
        result: report.result,
        error: report.error.clone(),
        request_id: report.request_id.clone(),
        audit_id: report.audit_id.clone(),
    }
}

fn collateral_view(plan: &Plan, one: &Collateral) -> CollateralView {
    let step = plan.steps.iter().find(|step| step.object.as_ref() == Some(&one.binding));
    CollateralView {
        cluster_id: step.and_then(|step| step.cluster_id.clone()),
        binding: one.binding.clone(),
        whole: one.is_whole,
        what: one.what.clone(),
    }
}
