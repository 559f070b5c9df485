//! The only module that changes anything: a plan and consent go in, one result a step comes out, and every request is in the
//! journal before it is sent.
//!
//! Bindings come first, side by side: they are the access, and they are ours to change exactly. Then the cloud, whose call may take along
//! what it was not asked for; [`cloud::repair`] gives that back. A rotation goes the other way round: what the bindings are to name
//! is only known once the cloud has issued it.

mod binding;
mod cloud;
mod issuing;
mod lease;
mod recorder;
mod rotation;
mod static_token;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use crate::adapters::cloud::Cloud;
use crate::adapters::cluster::ApiServer;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::Inventory;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::journal::StepResult;
use crate::core::revocation::operation::EndedStep;
use crate::core::revocation::plan::{Plan, StepKind};
use crate::core::revocation::restoration::{RestorePlan, RestoreToken};
use crate::error::chain;

pub use cloud::repair;
pub use issuing::issuing;
pub use lease::{Lease, NotAcquired};
pub use recorder::Recorder;
pub use rotation::{Renewed, Rotated, RotationTools, rotate};

/// How many steps are under way at a time, each with a request or a wait for the disk.
pub const STEPS_SIDE_BY_SIDE: usize = 16;

/// The means to change one cluster.
pub struct Tools<'a> {
    /// The way to the API server.
    pub api: &'a ApiServer,
    /// The way to the cloud, where it can be asked.
    pub cloud: Option<&'a Cloud>,
    /// The cluster, where its ID is known.
    pub cluster: Option<&'a ClusterId>,
    /// The cluster's region.
    pub region: Option<&'a Region>,
    /// The operation's journal.
    pub recorder: &'a Recorder,
    /// The cluster's Lease, where one is held.
    pub lease: Option<&'a Lease<'a>>,
    /// A step that changes a binding waits for its turn: so many may be under way in all clusters together.
    pub turns: &'a Semaphore,
    /// Whether to stop after the steps in hand.
    pub interrupted: &'a dyn Fn() -> bool,
    /// How long the cloud is waited for where it refuses its call for now.
    pub cloud_timeout: Duration,
    /// Is given each wait for the cloud before it begins.
    pub on_wait: &'a dyn Fn(&CloudWait),
}

/// A wait for the cloud, which refuses a call for now.
pub struct CloudWait {
    /// The step's number in the plan.
    pub step: u32,
    /// How long until the next try.
    pub wait: Duration,
    /// No try begins later than this after the first.
    pub at_most: Duration,
    /// What the cloud said.
    pub reason: String,
}

/// What became of a step.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// The step's number in the plan.
    pub id: u32,
    /// How it ended.
    pub result: StepResult,
    /// Why it ended so, where there is something to say.
    pub error: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
    /// The ID of the last request in the API server's audit log.
    pub audit_id: Option<String>,
    /// The binding as it was left.
    pub left: Option<BindingObject>,
}

impl StepReport {
    fn new(id: u32, result: StepResult) -> Self {
        Self { id, result, error: None, request_id: None, audit_id: None, left: None }
    }

    fn because(self, error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..self }
    }

    /// The same where nothing was sent: without a journal nothing is.
    fn not_sent(self, reason: &str) -> Self {
        Self { result: StepResult::Failed, ..self }.because(format!("not sent: {reason}"))
    }

    /// Whether the step is behind us.
    pub fn is_done(&self) -> bool {
        matches!(self.result, StepResult::Done | StepResult::AlreadyDone)
    }

    /// What is kept of it.
    pub fn ended(&self) -> EndedStep {
        EndedStep {
            id: self.id,
            result: self.result,
            error: self.error.clone(),
            request_id: self.request_id.clone(),
            audit_id: self.audit_id.clone(),
        }
    }
}

/// What a revocation in one cluster came to.
pub struct Revoked {
    /// What became of each step.
    pub steps: Vec<StepReport>,
    /// Bindings of others as they were right before the cloud was called, which may take them along; none where it was not.
    pub at_risk: Vec<BindingObject>,
}

/// Carries out a revocation's steps in one cluster. `input` is what the plan was made from.
///
/// # Panics
/// Where consent is to another plan: that is a bug.
pub async fn revoke(tools: &Tools<'_>, plan: &Plan, input: &RevocationInput, consent: &Consent) -> Revoked {
    assert!(consent.covers(&plan.hash), "consent is to another plan");
    let here = || plan.steps.iter().filter(|step| step.cluster_id.as_ref() == tools.cluster);
    let planned: BTreeMap<_, _> = input.bindings.iter().map(|object| (object.reference(), object)).collect();
    let bindings = here().filter_map(|step| Some((step.id, step.of_binding()?)));
    let mut reports = side_by_side(tools, bindings, async |id, step| match planned.get(&step.binding) {
        Some(planned) => binding::remove(tools, id, &plan.names_of(&step.identities), planned).await,
        None => StepReport::new(id, StepResult::Failed).because("its binding was not read"),
    })
    .await;
    let tokens: BTreeMap<_, _> =
        input.static_tokens.iter().flat_map(|read| &read.tokens).map(|token| (&token.secret, token)).collect();
    let steps = here().filter_map(|step| Some((step.id, step.of_token()?)));
    reports.extend(
        side_by_side(tools, steps, async |id, step| match tokens.get(&step.secret) {
            Some(token) => static_token::end(tools, id, token).await,
            None => StepReport::new(id, StepResult::Failed).because("its Secret was not read"),
        })
        .await,
    );
    // Read once the bindings are written, before the first call of the cloud.
    let mut last_look: Option<LastLook> = None;
    for step in here() {
        let StepKind::Kubeconfig(uid) = &step.kind else { continue };
        let report = if let Some(reason) = stopped(tools).await {
            StepReport::new(step.id, StepResult::Skipped).because(reason)
        } else {
            let look = match last_look.take() {
                Some(look) => look,
                None => LastLook::take(tools, plan, input, &reports).await,
            };
            clean(tools, plan, step.id, uid, last_look.insert(look), &reports).await
        };
        tools.recorder.step_ended(&report).await;
        reports.push(report);
    }
    Revoked { steps: reports, at_risk: last_look.map(|look| look.at_risk).unwrap_or_default() }
}

/// Carries out steps that change a binding each, so many at a time. The reports are in the order of the steps' numbers.
async fn side_by_side<S>(
    tools: &Tools<'_>,
    steps: impl Iterator<Item = (u32, S)>,
    carry_out: impl AsyncFn(u32, S) -> StepReport,
) -> Vec<StepReport> {
    let carry_out = &carry_out;
    let ended = steps.map(|(id, step)| async move {
        // It is never closed.
        let _turn = tools.turns.acquire().await;
        let report = match stopped(tools).await {
            Some(reason) => StepReport::new(id, StepResult::Skipped).because(reason),
            None => carry_out(id, step).await,
        };
        tools.recorder.step_ended(&report).await;
        report
    });
    let mut reports: Vec<StepReport> = stream::iter(ended).buffer_unordered(STEPS_SIDE_BY_SIDE).collect().await;
    reports.sort_unstable_by_key(|report| report.id);
    reports
}

/// The bindings as they are right before the cloud is called.
struct LastLook {
    inventory: Result<Inventory, String>,
    at_risk: Vec<BindingObject>,
    /// Whether what is at risk is in the journal: without that the cloud is not called.
    written: Result<(), String>,
}

impl LastLook {
    async fn take(tools: &Tools<'_>, plan: &Plan, input: &RevocationInput, before: &[StepReport]) -> Self {
        let inventory = tools.api.all_bindings().await.map_err(|error| chain(&error));
        let at_risk = cloud::at_risk(plan, input, inventory.as_ref().ok(), before);
        let at_risk = cloud::as_they_are(tools, at_risk).await;
        let written = tools.recorder.at_risk(tools.cluster, &at_risk).await;
        Self { inventory, at_risk, written }
    }
}

/// The cloud's step, once no shared binding names the identity any more: a cloud that deletes every binding that names it
/// would take the others' access along.
async fn clean(
    tools: &Tools<'_>,
    plan: &Plan,
    step: u32,
    uid: &Uid,
    LastLook { inventory, written, .. }: &LastLook,
    before: &[StepReport],
) -> StepReport {
    let skipped = |reason: String| StepReport::new(step, StepResult::Skipped).because(reason);
    match (inventory, written) {
        (_, Err(reason)) => return skipped(format!("the cloud is not called without a journal: {reason}")),
        (Ok(inventory), _) => {
            if let Some(binding) = cloud::shared_binding(inventory, &plan.names_of(std::slice::from_ref(uid))) {
                return skipped(format!("{binding} still names {uid} beside others; the cloud might delete it whole"));
            }
        }
        (Err(reason), _) if !before.iter().all(StepReport::is_done) => return skipped(reason.clone()),
        (Err(_), _) => {}
    }
    cloud::clean(tools, step, uid, plan.flags.force).await
}

/// Gives access back in one cluster.
///
/// # Panics
/// Where consent is to another plan: that is a bug.
pub async fn restore(tools: &Tools<'_>, plan: &RestorePlan, consent: &Consent) -> Vec<StepReport> {
    assert!(consent.covers(&plan.hash), "consent is to another plan");
    let steps = plan.steps.iter().map(|step| (step.id, step));
    let mut reports = side_by_side(tools, steps, async |_, step| binding::give_back(tools, step).await).await;
    let tokens = plan.tokens.iter().map(|token| (token.id, token));
    let give_back = async |id, RestoreToken { secret, value, .. }: &RestoreToken| {
        static_token::give_back(tools, id, secret, value).await
    };
    reports.extend(side_by_side(tools, tokens, give_back).await);
    if (tools.interrupted)() { reports } else { read_back(tools, plan, reports).await }
}

/// Reads what was given back once more: a controller may have taken it out again meanwhile.
async fn read_back(tools: &Tools<'_>, plan: &RestorePlan, mut reports: Vec<StepReport>) -> Vec<StepReport> {
    let done = reports.iter().enumerate().filter(|(_, report)| report.is_done());
    let steps: Vec<_> = done.filter_map(|(place, report)| Some((place, plan.step(report.id)?))).collect();
    let bindings: Vec<BindingRef> = steps.iter().map(|(_, step)| step.binding.clone()).collect();
    let there = tools.api.whole_bindings(&bindings, |_| 0).await;
    for ((place, step), now) in steps.into_iter().zip(there) {
        let (result, why) = match now {
            Ok(Some(now)) if binding::is_whole(step, &now) => continue,
            Ok(_) => (StepResult::Failed, "it was given back, and something took it out again".to_owned()),
            Err(error) => {
                (StepResult::Unknown, format!("it was given back, and can't be read again: {}", chain(&error)))
            }
        };
        reports[place] = StepReport { result, ..reports[place].clone() }.because(why);
        tools.recorder.step_ended(&reports[place]).await;
    }
    reports
}

/// Why no further step begins, where none does.
async fn stopped(tools: &Tools<'_>) -> Option<String> {
    if (tools.interrupted)() {
        return Some("interrupted before it started".to_owned());
    }
    if let Some(reason) = tools.recorder.failure() {
        return Some(format!("no more changes without a journal: {reason}"));
    }
    let lost = tools.lease?.surely_held().await.err()?;
    Some(format!("no more changes without the Lease: {lost}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_not_done() {
        let report = StepReport::new(1, StepResult::AlreadyDone).not_sent("the disk is full");
        assert_eq!((report.result, report.error.as_deref()), (StepResult::Failed, Some("not sent: the disk is full")));
        assert!(!report.is_done());
    }
}
