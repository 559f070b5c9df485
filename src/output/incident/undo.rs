//! How an operation is taken back, and what that means.

use super::Sources;
use crate::core::distinct::distinct;
use crate::core::revocation::journal::{Ending, State, StepResult, state};
use crate::core::revocation::operation::{OperationRecord, Purpose};
use crate::core::revocation::plan::{Plan, StepKind};
use crate::core::shell::quoted;

/// How an operation is taken back.
#[derive(Debug)]
pub struct Undo {
    /// The command; `None` where there is none.
    pub command: Option<String>,
    /// What it means, or why there is none.
    pub notes: Vec<String>,
}

/// How an operation is taken back.
pub(super) fn undo(sources: &Sources<'_>) -> Undo {
    let Some(record) = sources.record else {
        let note = "without its record an operation can't be taken back by a command; \
                    the bindings as they were are in the folder originals of the operation";
        return Undo { command: None, notes: vec![note.to_owned()] };
    };
    match &record.purpose {
        Purpose::Revoke { plan, .. } => of_revocation(sources, record, plan),
        Purpose::Restore { plan, .. } => {
            let uids: Vec<&str> = plan.uids.iter().map(|uid| uid.as_str()).collect();
            let note = "this revokes the access again: plan, consent and checks are made anew";
            Undo { command: Some(format!("kubectl ackcred revoke {}", uids.join(" "))), notes: vec![note.to_owned()] }
        }
        Purpose::Rotate { .. } => {
            let note = "a certificate that ACK revoked can't be given back; the file that it was in is kept beside the new one";
            let notes = unfinished(sources, "rotate").into_iter().chain([note.to_owned()]).collect();
            Undo { command: None, notes }
        }
    }
}

fn of_revocation(sources: &Sources<'_>, record: &OperationRecord, plan: &Plan) -> Undo {
    let is_done = |result| matches!(result, StepResult::Done | StepResult::Unknown);
    let mut notes = Vec::new();
    if let Some((restore, State::Ended(Ending::Restored))) = sources.restores.first() {
        notes.push(format!("it was taken back already, by operation {restore}"));
    }
    notes.extend(unfinished(sources, "revoke"));
    if !sources.steps.iter().any(|step| is_done(step.result))
        && sources.missing.is_empty()
        && state(sources.events) != State::Unfinished
    {
        notes.push("it changed nothing, so there is nothing to take back".to_owned());
        return Undo { command: None, notes };
    }
    let names = distinct(plan.targets.iter().flat_map(|target| &target.names).map(String::as_str));
    notes.push(format!(
        "every holder of a certificate of {} has access again until the certificate ends",
        names.join(", ")
    ));
    let tokens = plan.token_steps().map(|(_, step)| &step.secret);
    notes.extend(tokens.map(|secret| format!("every holder of the static token in {secret} has access again")));
    let mut command = format!("kubectl ackcred restore {}", sources.id);
    for name in distinct(plan.leaked.iter().map(|leaked| &leaked.common_name)) {
        command += &format!(" --rearm {}", quoted(name));
        notes.push(format!("--rearm is needed: it lets the leaked credential of {name} work again"));
    }
    if plan.steps.iter().any(|step| matches!(step.kind, StepKind::Kubeconfig(_))) {
        notes.push(
            "the kubeconfig's record comes back only through ACK's recycle bin, in the console, within 30 days"
                .to_owned(),
        );
    }
    if record.clusters.len() > 1 {
        notes.push("--cluster-id ID restores in one of the clusters".to_owned());
    }
    notes.push("--dry-run shows what would be restored; nothing is restored without consent".to_owned());
    Undo { command: Some(command), notes }
}

/// That a revocation or a rotation is not finished, and the command of this verb that finishes it.
fn unfinished(sources: &Sources<'_>, verb: &str) -> Option<String> {
    let is_finished =
        !matches!(state(sources.events), State::Unfinished | State::Ended(Ending::Interrupted | Ending::Incomplete));
    (!is_finished).then(|| format!("it is not finished; kubectl ackcred {verb} --resume {} finishes it", sources.id))
}
