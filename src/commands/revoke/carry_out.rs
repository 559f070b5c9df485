//! A revocation that was agreed to, from the locks to the report.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use super::super::clusters;
use super::super::leases::{self, Leases};
use super::super::operation::{self, Running};
use super::super::stop::Stop;
use super::request::Request;
use crate::apply::{self, CloudWait, StepReport, Tools};
use crate::cli::RevokeArgs;
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::approval::Approval;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::input::{InputCluster, RevocationInput};
use crate::core::revocation::journal::originals::Original;
use crate::core::revocation::journal::{self, Action as AuditAction, Ending, StepResult};
use crate::core::revocation::operation::{
    ClusterRecord, ClusterRoles, LaterPlan, LostBinding, OperationReport, Purpose, tombstones_of,
};
use crate::core::revocation::plan::{Plan, Step, StepKind, change_of, roles_then};
use crate::core::revocation::verification::{
    Before, CheckResult, ClusterAnswers, Outcome, SETTLE, SETTLE_RECONCILED, Verification, reconciled,
};
use crate::error::chain;
use crate::gather::cloud::CloudAccess;
use crate::gather::leaked::Leaked;
use crate::gather::revocation::Gathered;
use crate::gather::runtime::{Interrupt, Runtime};
use crate::gather::verification;
use crate::output::ui::Ui;
use crate::output::views::{RevocationReport, StepView};
use crate::status::Status;
use crate::world::World;

/// A revocation that was agreed to.
pub(super) struct Revocation<'a> {
    pub(super) args: &'a RevokeArgs,
    pub(super) world: &'a World,
    pub(super) ui: &'a Ui,
    pub(super) runtime: &'a Runtime,
    pub(super) request: &'a Request,
    pub(super) leaked: &'a [Leaked],
    /// Who approved it; `None`: no approval was asked for.
    pub(super) approval: Option<&'a Approval>,
    pub(super) cloud: &'a CloudAccess,
    /// Whether a source failed before the change.
    pub(super) has_gaps: bool,
}

/// The part of a revocation that is about one cluster.
struct Part<'a> {
    gathered: &'a Gathered,
    plan: Plan,
    before: Before,
}

/// What the parts of a revocation have in common.
struct Shared<'a> {
    running: &'a Running,
    leases: &'a Leases<'a>,
    turns: &'a Semaphore,
    consent: &'a Consent,
    interrupt: &'a Interrupt,
}

/// What became of a revocation, or of a part of it.
#[derive(Default)]
struct Done {
    steps: Vec<StepReport>,
    verification: Vec<Verification>,
    collateral: Vec<LostBinding>,
    answers: Vec<ClusterAnswers>,
    is_interrupted: bool,
}

impl Revocation<'_> {
    /// Carries it out: what is begun here is in the journal first.
    pub(super) fn carry_out(&self, clusters: &[Gathered], plan: &Plan, consent: &Consent) -> Result<Status, Stop> {
        let planned = plan.clusters();
        let concerned: Vec<&Gathered> =
            clusters.iter().filter(|gathered| planned.contains(&gathered.input.cluster.id())).collect();
        let keys = concerned.iter().map(|gathered| gathered.input.cluster.key.as_str());
        let lock_timeout = clusters::lock_timeout(self.args.clusters.cluster_timeout);
        let locked = operation::lock(self.world, keys, lock_timeout, self.runtime, self.ui)?;
        let parts = self.ui.waiting("asking what the bindings allow now", self.parts(&concerned, plan));
        let parts = self.runtime.cancellable(parts)?;
        let holder = leases::holder(&operators(&parts), self.world);
        let places = parts.iter().filter(|_| self.args.lease).map(Part::place).collect();
        let leases = Leases::acquire(places, &holder, lock_timeout, self.runtime, self.world, self.ui)?;
        let running = match &self.request.resumed {
            Some(past) => locked.resume(past, &operators(&parts), Some(later_plan(&parts, plan)), self.world)?,
            None => locked.begin(self.beginning(&parts, plan), &originals(&parts), self.world)?,
        };
        self.ui.note(&format!("operation {}", running.id));
        let turns = Semaphore::new(self.args.clusters.parallel.into());
        let outcome = self.runtime.to_completion(operation::say_interrupted(self.ui), async |interrupt| {
            let shared = Shared { running: &running, leases: &leases, turns: &turns, consent, interrupt: &interrupt };
            let work = stream::iter(&parts).map(async |part| {
                let done = Box::pin(self.change_and_verify(part, plan, &shared)).await;
                part.gathered.api.disconnect();
                done
            });
            let work = work.buffered(self.parallel(parts.len())).collect::<Vec<Done>>();
            leases.held_during(work, self.ui).await
        });
        Ok(self.finish(plan, running, Done::joined(outcome)))
    }

    /// How many of the clusters are asked and changed at a time, whose locks are open files.
    fn parallel(&self, locked: usize) -> usize {
        self.world.open_files.beside(locked).clusters(self.args.clusters.parallel.into())
    }

    async fn parts<'g>(&self, clusters: &[&'g Gathered], plan: &Plan) -> Vec<Part<'g>> {
        let stays_connected = clusters.len() <= self.parallel(clusters.len());
        let parts = stream::iter(clusters).map(async |gathered: &&'g Gathered| {
            let before = self.before(gathered).await;
            if !stays_connected {
                gathered.api.disconnect();
            }
            Part { plan: plan.in_cluster(gathered.input.cluster.id()), before, gathered }
        });
        parts.buffered(self.parallel(clusters.len())).collect().await
    }

    /// The questions to compare: those of the operation that is gone on with, else those that are answered with yes now.
    async fn before(&self, gathered: &Gathered) -> Before {
        if let Some(past) = &self.request.resumed {
            let here = &gathered.input.cluster;
            let is_here = |cluster: &&ClusterRecord| {
                cluster.key == here.key || cluster.ca_keys.iter().any(|key| here.ca_keys.contains(key))
            };
            let own = past.record.clusters.iter().find(is_here);
            let recorded = own.zip(past.record.revocation()).map(|(cluster, plan)| Before::recorded(cluster, plan));
            return recorded.unwrap_or_default();
        }
        let (before, failure) = verification::probes_that_work(&gathered.api, &gathered.input).await;
        if let Some(error) = failure {
            self.ui.warning(&format!("access reviews can't be compared: {}", chain(&error)));
        }
        before
    }

    fn beginning(&self, parts: &[Part<'_>], plan: &Plan) -> operation::Beginning {
        operation::Beginning {
            action: AuditAction::Revoke,
            operator: operators(parts),
            reason: self.args.reason.clone(),
            hash: plan.hash.clone(),
            approval: self.approval.cloned(),
            uids: plan.uids(),
            clusters: parts.iter().map(Part::record).collect(),
            purpose: Purpose::Revoke { tombstones: tombstones_of(plan), plan: Box::new(plan.clone()) },
        }
    }

    /// One cluster, from its first binding to the last check.
    async fn change_and_verify(
        &self,
        part: &Part<'_>,
        whole: &Plan,
        Shared { running, leases, turns, consent, interrupt }: &Shared<'_>,
    ) -> Done {
        let Part { gathered, plan, before } = part;
        let input = &gathered.input;
        let tools = Tools {
            api: &gathered.api,
            cloud: self.cloud.ready().filter(|_| !plan.flags.rbac_only),
            cluster: input.cluster.id(),
            region: gathered.region.as_ref(),
            recorder: &running.recorder,
            lease: leases.of(&input.cluster.key),
            turns,
            interrupted: &|| interrupt.is_pending(),
            cloud_timeout: clusters::cloud_timeout(self.args.clusters.cluster_timeout),
            on_wait: &|wait| self.say_wait(wait),
        };
        let revoked = apply::revoke(&tools, plan, input, consent).await;
        revoked.steps.iter().for_each(|report| self.say_step(whole, report, &input.cluster));
        let uids = plan.uids();
        let at_risk = self.at_risk(input.cluster.id(), revoked.at_risk);
        let repair = async || apply::repair(&tools, &at_risk, &plan.names()).await;
        if interrupt.is_pending() {
            // What the cloud has taken along is created anew before anything else: an interrupting user doesn't know of it.
            return Done { steps: revoked.steps, collateral: repair().await, is_interrupted: true, ..Done::default() };
        }
        let results: BTreeMap<u32, StepResult> =
            revoked.steps.iter().map(|report| (report.id, report.result)).collect();
        let is_changed = |uid: &Uid| {
            let mut own = plan.binding_steps().filter(|(_, own)| own.identities.contains(uid));
            own.any(|(step, _)| results.get(&step.id).is_some_and(|result| *result != StepResult::AlreadyDone))
        };
        let before = before.clone().of_changed(is_changed);
        let settle = self.settle(whole, plan, input);
        let question = verification::VerificationQuery {
            api: &gathered.api,
            cloud: self.cloud,
            region: gathered.region.as_ref(),
            cluster_id: input.cluster.id(),
            targets: input.targets.iter().filter(|target| uids.contains(&target.target.uid)).collect(),
            plan,
            before: &before,
            leaked: self.leaked.iter().collect(),
            settle,
            has_just_changed: true,
            now: self.world.clock().time(),
        };
        let cloud = verification::ask_cloud(&question, self.cloud_may_be_at_work(plan, &results)).await;
        let cloud_is_done = cloud.iter().all(|report| report.result == CheckResult::Passed);
        let mut collateral = repair().await;
        let verify = verification::verify(&question, cloud);
        let (verification, answers) = match whole.is_of_several() || settle.is_zero() {
            true => verify.await,
            false => self.ui.watching(settle, verify).await,
        };
        for newer in repair().await {
            match collateral.iter_mut().find(|one| one.binding == newer.binding) {
                // What the first look created anew is there again at the second: that says less.
                Some(one) if one.is_whole && newer.is_whole => {}
                Some(one) => *one = newer,
                None => collateral.push(newer),
            }
        }
        let broken =
            |object: &BindingObject| collateral.iter().any(|one| one.binding == object.reference() && !one.is_whole);
        if cloud_is_done && !interrupt.is_pending() {
            let kept = at_risk.iter().filter(|object| !broken(object)).map(BindingObject::reference).collect();
            running.recorder.kept(input.cluster.id(), kept);
        }
        running.recorder.verified(&verification);
        let answers = vec![ClusterAnswers { cluster_id: input.cluster.id().cloned(), answers }];
        Done { steps: revoked.steps, verification, collateral, answers, is_interrupted: interrupt.is_pending() }
    }

    /// Whether the cloud was called in this run and has not refused, or may have been called in an earlier one.
    fn cloud_may_be_at_work(&self, plan: &Plan, results: &BTreeMap<u32, StepResult>) -> bool {
        let was_called = |step: &Step| {
            matches!(step.kind, StepKind::Kubeconfig(_))
                && results
                    .get(&step.id)
                    .is_some_and(|result| !matches!(result, StepResult::Failed | StepResult::Skipped))
        };
        self.request.resumed.is_some() || plan.steps.iter().any(was_called)
    }

    /// How long to watch for what comes back: longer where something reconciles one of the bindings by itself, and then it is said why.
    fn settle(&self, whole: &Plan, plan: &Plan, input: &RevocationInput) -> Duration {
        if let Some(flag) = self.args.settle {
            return clusters::positive(flag);
        }
        let names = plan.names();
        let changed = input.bindings.iter().filter(|object| change_of(object, &names).is_some());
        let Some((object, manager)) = reconciled(changed) else { return SETTLE };
        let (binding, seconds) = (object.reference(), SETTLE_RECONCILED.as_secs());
        let place = place(whole, &input.cluster);
        self.ui.note(&format!("{} reconciles {binding}{place}: watching for {seconds}s", manager.name));
        SETTLE_RECONCILED
    }

    /// What the cloud may have taken along, in this run or in one that was cut off before.
    fn at_risk(&self, cluster: Option<&ClusterId>, now: Vec<BindingObject>) -> Vec<BindingObject> {
        let past =
            self.request.resumed.as_ref().map(|past| journal::at_risk(&past.events, cluster)).unwrap_or_default();
        let known: BTreeSet<BindingRef> = now.iter().map(BindingObject::reference).collect();
        let mut at_risk: Vec<BindingObject> =
            past.into_iter().filter(|object| !known.contains(&object.reference())).collect();
        at_risk.extend(now);
        at_risk
    }

    fn say_wait(&self, CloudWait { step, wait, at_most, reason }: &CloudWait) {
        let (wait, at_most) = (wait.as_secs_f64(), at_most.as_secs_f64());
        self.ui.note(&format!("  {step}  Waiting  {wait:.1}s until the next try, up to {at_most}s in all: {reason}"));
    }

    fn say_step(&self, whole: &Plan, report: &StepReport, cluster: &InputCluster) {
        let Some(step) = StepView::of_revocation(whole, report.ended()) else { return };
        let place = place(whole, cluster);
        let because = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        self.ui.note(&format!("  {}  {:?}  {}{place}{because}", step.id, step.result, step.sentence()));
    }

    fn finish(&self, plan: &Plan, running: Running, done: Done) -> Status {
        let undone = done.steps.iter().any(|report| !report.is_done());
        let broken = done.collateral.iter().any(|one| !one.is_whole);
        let left_open = self.request.resumed.as_ref().is_some_and(|past| past.is_left_open(&done.verification));
        let worst = done.verification.iter().map(|one| one.outcome).max();
        let ending = match worst {
            _ if done.is_interrupted => Ending::Interrupted,
            _ if undone || broken || left_open => Ending::Incomplete,
            Some(Outcome::Residual) => Ending::Residual,
            Some(Outcome::Unverifiable) | None => Ending::Unverifiable,
            Some(Outcome::Verified) => Ending::Verified,
        };
        let kept = OperationReport {
            steps: done.steps.iter().map(StepReport::ended).collect(),
            verification: done.verification,
            collateral: done.collateral,
            answers: Some(done.answers),
        };
        let id = running.id.clone();
        let report = RevocationReport::of(&id, plan, kept.clone()).approved(self.approval);
        let in_words = report.steps.iter().map(|step| step.sentence_among(plan.is_of_several()));
        let is_kept = running.end(ending, &kept, &report, in_words, self.world, self.ui);
        if matches!(ending, Ending::Incomplete | Ending::Interrupted) {
            self.ui.note(&format!("resume it: kubectl ackcred revoke --resume {id}"));
        }
        let left_out = !plan.refusals.is_empty();
        match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Verified if !left_out && is_kept && !self.has_gaps => Status::Done,
            _ => Status::Incomplete,
        }
    }
}

impl Part<'_> {
    fn place(&self) -> leases::Place<'_> {
        leases::Place { api: &self.gathered.api, key: &self.gathered.input.cluster.key }
    }

    fn record(&self) -> ClusterRecord {
        let (input, cluster) = (&self.gathered.input, &self.gathered.input.cluster);
        ClusterRecord {
            id: cluster.id().cloned(),
            key: cluster.key.clone(),
            name: cluster.name.clone(),
            context: cluster.context.clone(),
            server: cluster.server.clone(),
            ca_keys: cluster.ca_keys.clone(),
            region: self.gathered.region.clone(),
            confirmation: cluster.confirmation,
            roles: roles_then(input),
            probes: self.before.allowed.clone(),
            answers: Some(self.before.answers.clone()),
        }
    }
}

impl Done {
    fn joined(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.steps.extend(part.steps);
            all.verification.extend(part.verification);
            all.collateral.extend(part.collateral);
            all.answers.extend(part.answers);
            all.is_interrupted |= part.is_interrupted;
        }
        all
    }
}

/// Which cluster, where there are several.
fn place(whole: &Plan, cluster: &InputCluster) -> String {
    match (&cluster.name, cluster.id()) {
        (Some(name), Some(id)) if whole.is_of_several() => format!(" in {name} ({id})"),
        (None, Some(id)) if whole.is_of_several() => format!(" in {id}"),
        _ => String::new(),
    }
}

/// Every name that the operator is known by.
fn operators(parts: &[Part<'_>]) -> Vec<String> {
    distinct(parts.iter().flat_map(|part| part.gathered.input.operator.describe()))
}

/// What a run that goes on with an operation plans.
fn later_plan(parts: &[Part<'_>], plan: &Plan) -> LaterPlan {
    let roles = parts.iter().map(|part| {
        let input = &part.gathered.input;
        ClusterRoles { cluster_id: input.cluster.id().cloned(), roles: roles_then(input) }
    });
    LaterPlan { plan: plan.clone(), roles: roles.collect() }
}

/// The bindings as they can be created anew.
fn originals(parts: &[Part<'_>]) -> Vec<Original> {
    let mut originals = Vec::new();
    for Part { gathered, plan, .. } in parts {
        let planned: BTreeSet<&BindingRef> = plan.binding_steps().map(|(_, own)| &own.binding).collect();
        let changed = gathered.input.bindings.iter().filter(|object| planned.contains(&object.reference()));
        let cluster = gathered.input.cluster.id().filter(|_| parts.len() > 1);
        originals.extend(
            changed
                .map(|object| Original { cluster: cluster.cloned(), object: object.stripped(object.subjects.clone()) }),
        );
    }
    originals
}
