//! One binding: written exactly as it was last read, and read again wherever the answer leaves a doubt.
//!
//! Every write carries the object's own ID and version, so that it fails where anything moved since. What the plan was made from
//! is therefore written without another look; only where that is refused is it read.

use std::time::Duration;

use k8s_openapi::api::rbac::v1::Subject;

use super::{StepReport, Tools};
use crate::adapters::cluster::{CallError, ChangedBinding, new_audit_id};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::change::Change;
use crate::core::revocation::journal::{Event, RequestAnswer, StepResult};
use crate::core::revocation::plan::{change_of, others_of};
use crate::core::revocation::restoration::{RestoreAction, RestoreStep};
use crate::core::revocation::target::TargetNames;
use crate::error::chain;

/// How often a binding is read and written in all.
const ATTEMPTS: u32 = 5;
/// The wait after an exchange that broke; it grows with each.
const PAUSE: Duration = Duration::from_millis(200);

/// What is to be done with a binding as it was just read.
pub(super) enum Decision {
    /// This change, for these subjects.
    Change(Change, Vec<Subject>),
    /// Nothing: it is as it should be.
    Done,
    /// Nothing: it is not what it was agreed to be, and why.
    Leave(String),
}

/// Takes the identities of a step out of its binding; `names` are theirs.
pub(super) async fn remove(tools: &Tools<'_>, step: u32, names: &TargetNames, planned: &BindingObject) -> StepReport {
    let decide = |now: Option<&BindingObject>| {
        let Some(now) = now else { return Decision::Done };
        if now.uid() != planned.uid() {
            return Decision::Leave("it was replaced by another object of the same name after the plan".to_owned());
        }
        let Some(change) = change_of(now, names) else { return Decision::Done };
        if others_of(now, names) != others_of(planned, names) {
            return Decision::Leave("its other subjects were changed after the plan".to_owned());
        }
        Decision::Change(change, now.subjects.iter().filter(|subject| names.have(subject)).cloned().collect())
    };
    let is_clean = |after: &BindingObject| change_of(after, names).is_none();
    carry_out(tools, step, &planned.reference(), Some(Some(planned.clone())), decide, is_clean).await
}

/// Puts the subjects of a step back into its binding, or creates it anew.
pub(super) async fn give_back(tools: &Tools<'_>, step: &RestoreStep) -> StepReport {
    let decide = |now: Option<&BindingObject>| {
        match (now, &step.action) {
            (Some(now), RestoreAction::AddSubjects { uid, .. }) if now.uid() != uid => {
                return Decision::Leave("it was replaced by another object of the same name after the plan".to_owned());
            }
            (Some(now), RestoreAction::CreateBinding { .. })
                if !step.subjects.iter().all(|subject| now.subjects.contains(subject)) =>
            {
                return Decision::Leave("it was created after the plan".to_owned());
            }
            (None, RestoreAction::AddSubjects { .. }) => {
                return Decision::Leave("it was deleted after the plan".to_owned());
            }
            _ => {}
        }
        match step.change(now) {
            Some(change) => Decision::Change(change, step.subjects.clone()),
            None => Decision::Done,
        }
    };
    let is_whole = |after: &BindingObject| is_whole(step, after);
    // One that is there is read: the plan keeps its version alone.
    let known = matches!(step.action, RestoreAction::CreateBinding { .. }).then_some(None);
    carry_out(tools, step.id, &step.binding, known, decide, is_whole).await
}

/// Whether a binding has all that a step gives back.
pub(super) fn is_whole(step: &RestoreStep, object: &BindingObject) -> bool {
    step.subjects.iter().chain(step.others()).all(|subject| object.subjects.contains(subject))
}

/// Decides, writes down, writes; and reads again on every answer that is no clear yes. `known` is the binding as it was read before
/// (`Some(None)`: it was not there); without it, it is read first. The last answer is queued for the journal.
pub(super) async fn carry_out(
    tools: &Tools<'_>,
    id: u32,
    binding: &BindingRef,
    mut known: Option<Option<BindingObject>>,
    decide: impl Fn(Option<&BindingObject>) -> Decision,
    is_right: impl Fn(&BindingObject) -> bool,
) -> StepReport {
    let mut report = StepReport::new(id, StepResult::AlreadyDone);
    let mut last_words = String::new();
    // The version that the last refusal was about.
    let mut refused: Option<String> = None;
    for attempt in 1..=ATTEMPTS {
        let now = match known.take() {
            Some(known) => Ok(known),
            None => tools.api.binding(binding).await,
        };
        let now = match now {
            Ok(now) => now,
            Err(error) if attempt < ATTEMPTS && error.status().is_none() => {
                tokio::time::sleep(PAUSE * attempt).await;
                continue;
            }
            Err(error) if report.audit_id.is_some() => {
                return StepReport { result: StepResult::Unknown, ..report }.because(chain(&error));
            }
            Err(error) => return StepReport { result: StepResult::Failed, ..report }.because(chain(&error)),
        };
        let (change, subjects) = match decide(now.as_ref()) {
            Decision::Done => return StepReport { left: now, ..report },
            Decision::Leave(reason) => return StepReport { result: StepResult::Skipped, ..report }.because(reason),
            Decision::Change(change, subjects) => (change, subjects),
        };
        let version = now.as_ref().map(|object| object.resource_version().to_owned()).unwrap_or_default();
        if refused.as_ref() == Some(&version) {
            // Nothing moved, and it was refused all the same: admission says no.
            let why = format!("the API server refuses version {version}: {last_words}");
            return StepReport { result: StepResult::Failed, ..report }.because(why);
        }
        let audit_id = new_audit_id();
        let sending = Event::SendingChange {
            time: tools.recorder.time(),
            audit_id: audit_id.clone(),
            cluster_id: tools.cluster.cloned(),
            binding: binding.clone(),
            change: change.clone(),
            before: now.map(Box::new),
            subjects,
        };
        if let Err(reason) = tools.recorder.record(sending).await {
            return report.not_sent(&reason);
        }
        let answer = tools.api.change_binding(binding, &change, &audit_id).await;
        // On the disk with the end of the step, or before anything else is asked.
        tools.recorder.queue(answered(tools, &audit_id, &answer));
        report.audit_id = Some(audit_id);
        match answer {
            Ok(ChangedBinding { after, .. }) => {
                let right = after.as_ref().is_none_or(&is_right);
                let report = StepReport { result: StepResult::Done, left: after, ..report };
                return if right {
                    report
                } else {
                    let why =
                        "the API server accepted the change and the object is unchanged: a mutating policy undoes it";
                    StepReport { result: StepResult::Failed, ..report }.because(why)
                };
            }
            Err(error) => match outcome_of(&error, &change) {
                // By others, unless an earlier write of this may have been carried out.
                WriteOutcome::Done => return report,
                WriteOutcome::No => return StepReport { result: StepResult::Failed, ..report }.because(chain(&error)),
                WriteOutcome::ReadAgain => {
                    tools.recorder.flush();
                    last_words = chain(&error);
                    refused = Some(version);
                }
                WriteOutcome::Unknown => {
                    tools.recorder.flush();
                    report.result = StepResult::Done;
                    last_words = chain(&error);
                    tokio::time::sleep(PAUSE * attempt).await;
                }
            },
        }
    }
    StepReport { result: StepResult::Unknown, ..report }.because(last_words)
}

fn answered(tools: &Tools<'_>, audit_id: &str, answer: &Result<ChangedBinding, CallError>) -> Event {
    let answer = match answer {
        Ok(ChangedBinding { status, after }) => {
            RequestAnswer::Done { status: *status, after: after.clone().map(Box::new), request_id: None }
        }
        Err(error) => {
            RequestAnswer::Failed { status: error.status(), code: None, error: chain(error), request_id: None }
        }
    };
    Event::Answered { time: tools.recorder.time(), audit_id: audit_id.to_owned(), answer }
}

enum WriteOutcome {
    /// It is as it should be.
    Done,
    /// It was refused, whatever the version.
    No,
    /// It was refused: for its version, or by admission.
    ReadAgain,
    /// It may have been carried out.
    Unknown,
}

/// A stale precondition is 409 on DELETE, a failed test of a patch 422, and admission may answer either. 404 on DELETE
/// is done; on PATCH it may speak of a role that doesn't exist.
fn outcome_of(error: &CallError, change: &Change) -> WriteOutcome {
    match (error.status(), change) {
        // A server in front of the API server has a 404 of its own: only the API server's own words count.
        (Some(404), Change::Delete { .. }) if error.is_not_found() => WriteOutcome::Done,
        (Some(404 | 409 | 422), _) => WriteOutcome::ReadAgain,
        (Some(400..=499), _) => WriteOutcome::No,
        _ => WriteOutcome::Unknown,
    }
}
