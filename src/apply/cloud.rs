//! The cloud's call, and what it takes along that it was not asked for.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};

use super::binding::{Decision, carry_out};
use super::{CloudWait, STEPS_SIDE_BY_SIDE, StepReport, Tools};
use crate::adapters::cloud::cs::Changed;
use crate::adapters::cloud::error::{Error, Kind};
use crate::adapters::cloud::retry::{Waiting, is_for_now};
use crate::adapters::cluster::{CallError, new_audit_id};
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::inventory::{Binding, BoundSubject, Inventory};
use crate::core::revocation::change::Change;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::journal::{CleanCall, Event, RequestAnswer, StepResult};
use crate::core::revocation::operation::LostBinding;
use crate::core::revocation::plan::{Plan, others_of};
use crate::core::revocation::target::TargetNames;
use crate::error::chain;

/// Deletes an identity's kubeconfig, by the cloud.
pub(super) async fn clean(tools: &Tools<'_>, step: u32, uid: &Uid, force: bool) -> StepReport {
    let report = StepReport::new(step, StepResult::Failed);
    let (Some(cloud), Some(cluster)) = (tools.cloud, tools.cluster) else {
        return report.because("the cloud can't be asked");
    };
    let cs = match cloud.cs(cloud.region(tools.region).as_ref()) {
        Ok(cs) => cs,
        Err(error) => return report.because(chain(&error)),
    };
    let audit_id = new_audit_id();
    let call = CleanCall { cluster_id: cluster.clone(), uid: uid.clone(), force };
    let sending = Event::SendingClean { time: tools.recorder.time(), audit_id: audit_id.clone(), call };
    if let Err(reason) = tools.recorder.record(sending).await {
        return report.not_sent(&reason);
    }
    let answer = called(tools, step, audit_id, async |waiting| {
        cs.clean_cluster_user_permissions(cluster, uid, force, waiting).await
    });
    let Called { result, request_id, error } = answer.await;
    StepReport { result, request_id, error, ..report }
}

/// What a call to the cloud came to.
pub(super) struct Called {
    pub(super) result: StepResult,
    /// The cloud's ID of the request.
    pub(super) request_id: Option<String>,
    /// What went wrong.
    pub(super) error: Option<String>,
}

/// Makes a call that is announced in the journal, waits where the cloud refuses it for now, and queues the answer for the journal. A
/// failure says why it was not waited for any longer.
pub(super) async fn called(
    tools: &Tools<'_>,
    step: u32,
    audit_id: String,
    call: impl AsyncFnOnce(&Waiting<'_>) -> Result<Changed, Error>,
) -> Called {
    let at_most = tools.cloud_timeout;
    let on_wait = |wait, error: &Error| {
        (tools.on_wait)(&CloudWait { step, wait, at_most, reason: error.to_string() });
    };
    let waiting = Waiting { bound: at_most, on_wait: &on_wait, is_interrupted: tools.interrupted };
    let (answer, called) = match call(&waiting).await {
        Ok(Changed { status, request_id }) => {
            let answer = RequestAnswer::Done { status, after: None, request_id: request_id.clone() };
            (answer, Called { result: StepResult::Done, request_id, error: None })
        }
        Err(error) => {
            let request_id = error.request_id().map(str::to_owned);
            let answer = RequestAnswer::Failed {
                status: error.status(),
                code: error.code().map(str::to_owned),
                error: error.to_string(),
                request_id: request_id.clone(),
            };
            let given_up = why_not_longer(&error, tools);
            let said = [Some(error.to_string()), given_up].into_iter().flatten().collect::<Vec<_>>().join("; ");
            (answer, Called { result: result_of(&error), request_id, error: Some(said) })
        }
    };
    tools.recorder.queue(Event::Answered { time: tools.recorder.time(), audit_id, answer });
    called
}

/// What a failed call may have changed: nothing where it was refused, or never sent.
fn result_of(error: &Error) -> StepResult {
    match error.kind() {
        Kind::Unavailable | Kind::Broken | Kind::TimedOut | Kind::Malformed => StepResult::Unknown,
        _ => StepResult::Failed,
    }
}

/// Why a cloud that refuses for now was not waited for any longer; `None` for other failures.
fn why_not_longer(error: &Error, tools: &Tools<'_>) -> Option<String> {
    let at_most = tools.cloud_timeout.as_secs_f64();
    let why = match error.retry_after() {
        _ if !is_for_now(error.kind()) => return None,
        _ if (tools.interrupted)() => "interrupted while waiting for the cloud".to_owned(),
        Some(wanted) => {
            format!("the cloud asks to wait {}s, and is waited for up to {at_most}s in all", wanted.as_secs_f64())
        }
        None => format!("the cloud was waited for up to {at_most}s"),
    };
    Some(why)
}

/// A binding that names the identity beside others.
pub(super) fn shared_binding(inventory: &Inventory, names: &TargetNames) -> Option<BindingRef> {
    let own = |subject: &BoundSubject| subject.user_name().is_some_and(|name| names.contain(name));
    let shared = inventory
        .bindings()
        .iter()
        .find(|binding| binding.subjects().iter().any(own) && !binding.subjects().iter().all(own));
    shared.map(Binding::reference)
}

/// The bindings that others hold too and that the cloud may take along: those that the plan took the identities out of, and those
/// that only bear an identity's name. `there` is what was read just now; without it those count that the plan saw. `reports` are in the
/// order of the steps.
pub(super) fn at_risk(
    plan: &Plan,
    input: &RevocationInput,
    there: Option<&Inventory>,
    reports: &[StepReport],
) -> Vec<BindingObject> {
    let there = there.map(|there| there.bindings().iter().map(Binding::reference).collect::<BTreeSet<_>>());
    let is_there = |object: &&BindingObject| there.as_ref().is_none_or(|there| there.contains(&object.reference()));
    let shared = plan.binding_steps().filter(|(_, own)| own.shared_with.count > 0).filter_map(|(step, own)| {
        let report = reports.binary_search_by_key(&step.id, |report| report.id).ok().map(|index| &reports[index])?;
        let planned = || input.bindings.iter().find(|object| object.reference() == own.binding);
        // Where we wrote nothing and left nothing there is no version of ours: what others took away they meant to take away.
        report.left.as_ref().or_else(|| planned().filter(|_| report.result == StepResult::Unknown))
    });
    shared.chain(&input.same_named).filter(is_there).cloned().collect()
}

/// These bindings as they are now: others may have changed them since they were read, or taken them away. One that can't be read is as it
/// was known.
pub(super) async fn as_they_are(tools: &Tools<'_>, known: Vec<BindingObject>) -> Vec<BindingObject> {
    let references: Vec<BindingRef> = known.iter().map(BindingObject::reference).collect();
    let now = tools.api.whole_bindings(&references, |_| 0).await;
    known.into_iter().zip(now).filter_map(|(known, now)| now.unwrap_or(Some(known))).collect()
}

/// Looks after the bindings that were at risk once the cloud has worked: one that is gone whole is created anew as it was, without
/// the identities. One that others have created meanwhile is theirs.
pub async fn repair(tools: &Tools<'_>, at_risk: &[BindingObject], names: &TargetNames) -> Vec<LostBinding> {
    let references: Vec<BindingRef> = at_risk.iter().map(BindingObject::reference).collect();
    let there = tools.api.whole_bindings(&references, |_| 0).await;
    let looked_after = at_risk.iter().zip(there).map(|(object, now)| repair_one(tools, object, now, names));
    let lost: Vec<Option<LostBinding>> = stream::iter(looked_after).buffered(STEPS_SIDE_BY_SIDE).collect().await;
    tools.recorder.flush();
    lost.into_iter().flatten().collect()
}

async fn repair_one(
    tools: &Tools<'_>,
    left: &BindingObject,
    now: Result<Option<BindingObject>, CallError>,
    names: &TargetNames,
) -> Option<LostBinding> {
    let binding = left.reference();
    let lost = |is_whole, what| {
        let (cluster_id, binding) = (tools.cluster.cloned(), binding.clone());
        Some(LostBinding { cluster_id, binding, is_whole, what })
    };
    match now {
        Ok(Some(now)) if now.uid() == left.uid() => return None,
        // By an interrupted run, or by others.
        Ok(Some(_)) => return lost(true, "it was deleted since the cloud's call, and is there again".to_owned()),
        Ok(None) => {}
        Err(error) => {
            return lost(false, format!("whether it still exists is unknown: {}", chain(&error)));
        }
    }
    let others = others_of(left, names);
    let anew = Change::Create { object: Box::new(left.stripped(others.clone())) };
    let decide = |now: Option<&BindingObject>| match now {
        None => Decision::Change(anew.clone(), others.clone()),
        Some(_) => Decision::Done,
    };
    let is_whole = |after: &BindingObject| !after.subjects.iter().any(|subject| names.have(subject));
    // No step of the plan: there was no consent to lose it.
    let report = carry_out(tools, 0, &binding, None, decide, is_whole).await;
    if report.is_done() {
        return lost(true, "it was deleted since the cloud's call; it was created anew".to_owned());
    }
    let error = report.error.unwrap_or_default();
    lost(false, format!("it was deleted since the cloud's call, and could not be created anew: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::ids::Uid;
    use crate::core::rbac::fixtures::inventory;
    use crate::core::revocation::target::Target;

    #[test]
    fn a_binding_that_names_the_identity_beside_others_is_shared() {
        let names = TargetNames::of([&Target::new(Uid::parse("200").unwrap())]);
        let shared = |users: &[&str]| {
            let subject = |name: &&str| json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name});
            let subjects = users.iter().map(subject).collect();
            shared_binding(&inventory(&[("", "team", "ClusterRole/dev", subjects)]), &names).map(|binding| binding.name)
        };
        assert_eq!(shared(&["200-1", "bo"]).as_deref(), Some("team"));
        for users in [&["200-1", "200"][..], &["bo"], &[]] {
            assert_eq!(shared(users), None, "{users:?}");
        }
    }
}
