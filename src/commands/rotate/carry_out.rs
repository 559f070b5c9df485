//! A rotation that was agreed to, from the locks to the report: one cluster after the other, so that a cloud that takes few calls at a
//! time is not asked for all of them at once, and a file that holds several entries is changed by one at a time.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::super::clusters;
use super::super::operation::{self, Running};
use super::super::stop::Stop;
use super::Channels;
use super::planned::Planned;
use super::request::Request;
use crate::apply::{self, CloudWait, Renewed, Rotated, RotationTools, STEPS_SIDE_BY_SIDE, StepReport, Tools};
use crate::cli::RotateArgs;
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::approval::Approval;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::input::InputCluster;
use crate::core::revocation::journal::originals::Original;
use crate::core::revocation::journal::{Action, Ending};
use crate::core::revocation::operation::{ClusterRecord, OperationReport, Purpose};
use crate::core::revocation::plan::roles_then;
use crate::core::revocation::rotation::{RotationPlan, Written};
use crate::core::revocation::verification::{
    Answers, Before, ClusterAnswers, Outcome, SETTLE, SETTLE_RECONCILED, Verification, reconciled,
};
use crate::core::secret::Secret;
use crate::gather::rotation::Gathered;
use crate::gather::runtime::{Interrupt, Runtime};
use crate::gather::verification::{Asked, RotationQuery, ask_before, verify_rotation};
use crate::output::views::{RotationReport, StepView};
use crate::status::Status;
use crate::world::World;

/// A rotation that was agreed to.
pub(super) struct Rotation<'a> {
    pub(super) args: &'a RotateArgs,
    pub(super) world: &'a World,
    pub(super) ui: Channels<'a>,
    pub(super) runtime: &'a Runtime,
    pub(super) request: &'a Request,
    pub(super) planned: &'a Planned,
    /// Who approved it; `None`: no approval was asked for.
    pub(super) approval: Option<&'a Approval>,
}

/// The part of a rotation that is about one cluster.
struct Part<'a> {
    gathered: &'a Gathered,
    rotation: RotationPlan,
    asked: Asked,
}

/// What became of a rotation, or of a part of it.
#[derive(Default)]
struct Done {
    steps: Vec<StepReport>,
    verification: Vec<Verification>,
    answers: Vec<ClusterAnswers>,
    written: Vec<Written>,
    printed: Option<Secret<String>>,
    is_interrupted: bool,
}

impl Rotation<'_> {
    /// Carries it out: what is begun here is in the journal first.
    pub(super) fn carry_out(&self, consent: &Consent) -> Result<Status, Stop> {
        let (ui, rotation) = (self.ui.messages, &self.planned.rotation);
        let planned = rotation.plan.clusters();
        let clusters = self.planned.clusters.iter();
        let concerned: Vec<&Gathered> =
            clusters.filter(|gathered| planned.contains(&gathered.revocation.input.cluster.id())).collect();
        let keys = concerned.iter().map(|gathered| gathered.revocation.input.cluster.key.as_str());
        let locked =
            operation::lock(self.world, keys, clusters::lock_timeout(self.args.cluster_timeout), self.runtime, ui)?;
        let parts = ui.waiting("asking what the old certificate may do now", self.parts(&concerned));
        let parts = self.runtime.cancellable(parts)?;
        let running = match &self.request.resumed {
            Some(past) => locked.resume(past, &operators(&parts), None, self.world)?,
            None => locked.begin(self.beginning(&parts), &originals(&parts), self.world)?,
        };
        ui.note(&format!("operation {}", running.id));
        let done = self.runtime.to_completion(operation::say_interrupted(ui), async |interrupt| {
            let mut all = Done::default();
            for part in &parts {
                let done = Box::pin(self.rotate_and_verify(part, &running, consent, &interrupt)).await;
                part.gathered.revocation.api.disconnect();
                all.join(done);
            }
            all
        });
        self.finish(running, done)
    }

    async fn parts<'g>(&self, clusters: &[&'g Gathered]) -> Vec<Part<'g>> {
        let mut parts = Vec::new();
        for gathered in clusters.iter().copied() {
            let id = gathered.revocation.input.cluster.id();
            let asked = self.asked(gathered).await;
            if let Some(failure) = &asked.failure {
                self.ui.messages.warning(&format!("access reviews can't be compared: {failure}"));
            }
            parts.push(Part { rotation: self.planned.rotation.in_cluster(id), asked, gathered });
        }
        parts
    }

    /// What the old certificates are let do: of an operation that is gone on with, what they were let do then.
    async fn asked(&self, gathered: &Gathered) -> Asked {
        let input = &gathered.revocation.input;
        if let Some(past) = &self.request.resumed {
            let is_here =
                |cluster: &&ClusterRecord| cluster.is_reached_by(&input.cluster.ca_keys, &input.cluster.server);
            let probes = past.record.clusters.iter().find(is_here).map(|cluster| cluster.probes.clone());
            let before = Before { allowed: probes.unwrap_or_default(), ..Before::default() };
            return Asked { before, ..Asked::default() };
        }
        let namespace = gathered.context.namespace.as_deref().unwrap_or("default");
        let (api, certificates) = (&gathered.revocation.api, &gathered.certificates);
        ask_before(api, input, certificates, &gathered.logins, namespace).await
    }

    fn beginning(&self, parts: &[Part<'_>]) -> operation::Beginning {
        let rotation = &self.planned.rotation;
        operation::Beginning {
            action: Action::Rotate,
            operator: operators(parts),
            reason: self.args.reason.clone(),
            hash: rotation.plan.hash.clone(),
            approval: self.approval.cloned(),
            uids: rotation.plan.uids(),
            clusters: parts.iter().map(Part::record).collect(),
            purpose: Purpose::Rotate { plan: Box::new(rotation.clone()) },
        }
    }

    /// One cluster, from the call of the cloud to the last check.
    async fn rotate_and_verify(
        &self,
        part: &Part<'_>,
        running: &Running,
        consent: &Consent,
        interrupt: &Interrupt,
    ) -> Done {
        let Part { gathered, rotation, asked } = part;
        let input = &gathered.revocation.input;
        let turns = Semaphore::new(STEPS_SIDE_BY_SIDE);
        let tools = Tools {
            api: &gathered.revocation.api,
            cloud: self.planned.account.cloud.ready(),
            cluster: input.cluster.id(),
            region: gathered.revocation.region.as_ref(),
            recorder: &running.recorder,
            // It could not be renewed once the credential that holds it is revoked.
            lease: None,
            turns: &turns,
            interrupted: &|| interrupt.is_pending(),
            cloud_timeout: clusters::cloud_timeout(self.args.cluster_timeout),
            on_wait: &|wait| self.say_wait(wait),
        };
        let means = RotationTools {
            tools: &tools,
            input,
            progress: &self.request.progress(input.cluster.id()),
            private_address: gathered.private_address,
            questions: &asked.questions(&gathered.certificates),
            patience: clusters::positive(self.args.wait),
        };
        let rotating = self.ui.messages.waiting("rotating", apply::rotate(&means, rotation, consent));
        let Rotated { steps, renewed, written, printed } = rotating.await;
        steps.iter().for_each(|report| self.say_step(report, &input.cluster));
        let is_interrupted = interrupt.is_pending();
        let done = Done { steps, written: written.into_iter().collect(), printed, ..Done::default() };
        if is_interrupted {
            return Done { is_interrupted, ..done };
        }
        let (verification, answers) = self.verify(part, renewed.as_ref(), &done).await;
        let answers = vec![ClusterAnswers { cluster_id: input.cluster.id().cloned(), answers }];
        running.recorder.verified(&verification);
        Done { verification, answers, is_interrupted: interrupt.is_pending(), ..done }
    }

    async fn verify(
        &self,
        part: &Part<'_>,
        renewed: Option<&Renewed>,
        done: &Done,
    ) -> (Vec<Verification>, Vec<Answers>) {
        let Part { gathered, rotation, asked } = part;
        let input = &gathered.revocation.input;
        let works = renewed.filter(|renewed| renewed.works.is_ok());
        let is_done = done.steps.iter().all(StepReport::is_done);
        // What never left can't come back.
        let settle = if is_done { self.settle(gathered) } else { Duration::ZERO };
        let question = RotationQuery {
            api: works.map_or(&gathered.revocation.api, |renewed| &renewed.api),
            cloud: &self.planned.account.cloud,
            input,
            plan: &rotation.plan,
            certificates: &gathered.certificates,
            logins: &gathered.logins,
            asked,
            renewed: renewed.map(|renewed| (&renewed.api, &renewed.kubeconfig)),
            is_done,
            settle,
            now: self.world.clock().time(),
        };
        let verify = verify_rotation(&question);
        if settle.is_zero() { verify.await } else { self.ui.messages.watching(settle, verify).await }
    }

    /// How long to watch for the old name: longer where something reconciles one of the bindings by itself.
    fn settle(&self, gathered: &Gathered) -> Duration {
        match self.args.settle {
            Some(flag) => clusters::positive(flag),
            None if reconciled(&gathered.revocation.input.bindings).is_some() => SETTLE_RECONCILED,
            None => SETTLE,
        }
    }

    fn say_wait(&self, CloudWait { step, wait, at_most, reason }: &CloudWait) {
        let (wait, at_most) = (wait.as_secs_f64(), at_most.as_secs_f64());
        let message = format!("  {step}  Waiting  {wait:.1}s until the next try, up to {at_most}s in all: {reason}");
        self.ui.messages.note(&message);
    }

    fn say_step(&self, report: &StepReport, cluster: &InputCluster) {
        let plan = &self.planned.rotation.plan;
        let Some(step) = StepView::of_revocation(plan, report.ended()) else { return };
        let place = match cluster.id().filter(|_| plan.is_of_several()) {
            Some(id) => format!(" in {id}"),
            None => String::new(),
        };
        let because = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let message = format!("  {}  {:?}  {}{place}{because}", step.id, step.result, step.sentence());
        self.ui.messages.note(&message);
    }

    fn finish(&self, running: Running, done: Done) -> Result<Status, Stop> {
        let (ui, rotation) = (self.ui.messages, &self.planned.rotation);
        let undone = done.steps.iter().any(|report| !report.is_done());
        let left_open = self.request.resumed.as_ref().is_some_and(|past| past.is_left_open(&done.verification));
        let worst = done.verification.iter().map(|one| one.outcome).max();
        let ending = match worst {
            _ if done.is_interrupted => Ending::Interrupted,
            _ if undone || left_open => Ending::Incomplete,
            Some(Outcome::Residual) => Ending::Residual,
            Some(Outcome::Unverifiable) | None => Ending::Unverifiable,
            Some(Outcome::Verified) => Ending::Verified,
        };
        let kept = OperationReport {
            steps: done.steps.iter().map(StepReport::ended).collect(),
            verification: done.verification,
            collateral: Vec::new(),
            answers: Some(done.answers),
        };
        let id = running.id.clone();
        let written = self.with_earlier(done.written);
        let report = RotationReport::of(&id, rotation, &written, kept.clone()).approved(self.approval);
        let in_words = report.steps.iter().map(|step| step.sentence_among(rotation.plan.is_of_several()));
        let is_kept = running.end(ending, &kept, &report, in_words, self.world, ui);
        if matches!(ending, Ending::Incomplete | Ending::Interrupted) {
            ui.note(&format!("resume it: kubectl ackcred rotate --resume {id}"));
        }
        if let Some(printed) = &done.printed {
            self.ui.data.data(|out| out.write_all(printed.expose().as_bytes()))?;
        }
        let left_out = !rotation.plan.refusals.is_empty();
        Ok(match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Verified if !left_out && is_kept => Status::Done,
            _ => Status::Incomplete,
        })
    }

    /// What was written, also before the operation was cut off.
    fn with_earlier(&self, now: Vec<Written>) -> Vec<Written> {
        let ids: Vec<Option<&ClusterId>> = self.planned.rotation.plan.clusters();
        let earlier = ids.into_iter().filter_map(|id| self.request.progress(id).written);
        distinct(earlier.filter(|one| now.iter().all(|newer| newer.cluster_id != one.cluster_id)).chain(now.clone()))
    }
}

impl Part<'_> {
    fn record(&self) -> ClusterRecord {
        let revocation = &self.gathered.revocation;
        let (input, cluster) = (&revocation.input, &revocation.input.cluster);
        ClusterRecord {
            id: cluster.id().cloned(),
            key: cluster.key.clone(),
            name: cluster.name.clone(),
            context: cluster.context.clone(),
            server: cluster.server.clone(),
            ca_keys: cluster.ca_keys.clone(),
            region: revocation.region.clone(),
            confirmation: cluster.confirmation,
            roles: roles_then(input),
            probes: self.asked.before.allowed.clone(),
            answers: Some(self.asked.before.answers.clone()),
        }
    }
}

impl Done {
    fn join(&mut self, part: Self) {
        self.steps.extend(part.steps);
        self.verification.extend(part.verification);
        self.answers.extend(part.answers);
        self.written.extend(part.written);
        self.printed = self.printed.take().or(part.printed);
        self.is_interrupted |= part.is_interrupted;
    }
}

/// Every name that the operator is known by.
fn operators(parts: &[Part<'_>]) -> Vec<String> {
    distinct(parts.iter().flat_map(|part| part.gathered.revocation.input.operator.describe()))
}

/// The bindings that get the new name, as they can be created anew.
fn originals(parts: &[Part<'_>]) -> Vec<Original> {
    let mut originals = Vec::new();
    for Part { gathered, rotation, .. } in parts {
        let input = &gathered.revocation.input;
        let planned: Vec<_> = rotation.plan.binding_steps().map(|(_, own)| &own.binding).collect();
        let changed = input.bindings.iter().filter(|object| planned.contains(&&object.reference()));
        let cluster = input.cluster.id().filter(|_| parts.len() > 1);
        originals.extend(
            changed
                .map(|object| Original { cluster: cluster.cloned(), object: object.stripped(object.subjects.clone()) }),
        );
    }
    originals
}
