//! `history`: what was revoked and restored from this machine.

use super::operation;
use crate::adapters::journal::{Glance, StateFolder};
use crate::cli::HistoryArgs;
use crate::core::revocation::journal::{Event, OperationId, State, SummaryPurpose};
use crate::core::revocation::operation::Purpose;
use crate::core::revocation::plan::Plan;
use crate::error::{Error, Result, chain};
use crate::gather::history::{self, Operations, Past, Scrutiny};
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, History, PastOperation, RestoreReport, RevocationReport, StepView, step_in_words,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(args: &HistoryArgs, world: &World, ui: &Ui) -> Result<Status> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    match &args.operation {
        Some(id) => one(&folder, id, ui),
        None => all(&folder, ui),
    }
}

fn all(folder: &StateFolder, ui: &Ui) -> Result<Status> {
    let keep = |id: &OperationId, glance| Some(row(id, glance));
    let Operations { read, unread } = history::glance(folder, Scrutiny::Glance, keep).map_err(Error::failed)?;
    for (id, error) in &unread {
        ui.warning(&format!("{id}: {}", chain(error)));
    }
    let is_complete = unread.is_empty();
    let damaged = unread.into_iter().map(|(id, _)| damaged(&id));
    let operations = damaged.chain(read).collect();
    ui.report(&History { api_version: ApiVersion::V1, operations })?;
    Ok(if is_complete { Status::Done } else { Status::Incomplete })
}

fn damaged(id: &OperationId) -> PastOperation {
    PastOperation {
        id: id.to_string(),
        operation: None,
        time: None,
        cluster_ids: Vec::new(),
        uids: Vec::new(),
        steps: 0,
        outcome: "Damaged".to_owned(),
        reason: None,
    }
}

fn row(id: &OperationId, Glance { summary, state }: Glance) -> PastOperation {
    PastOperation {
        id: id.to_string(),
        operation: Some(match summary.purpose {
            SummaryPurpose::Revoke { .. } => "Revoke",
            SummaryPurpose::Restore { .. } => "Restore",
        }),
        time: Some(summary.begun),
        cluster_ids: summary.cluster_ids.iter().flatten().map(ToString::to_string).collect(),
        uids: summary.uids.iter().map(ToString::to_string).collect(),
        steps: summary.steps,
        outcome: match state {
            State::Unfinished => "Unfinished".to_owned(),
            State::Ended(ending) => format!("{ending:?}"),
        },
        reason: summary.reason,
    }
}

/// Prints an operation's report; of one that was cut off, what its journal tells.
fn one(folder: &StateFolder, id: &OperationId, ui: &Ui) -> Result<Status> {
    let past = history::load(folder, id).map_err(operation::unknown)?;
    for name in &past.damaged {
        ui.warning(&format!("{name} was changed since it was written; it is not used"));
    }
    let unreadable = |error: serde_json::Error| {
        Error::failed(anyhow::Error::new(error).context(format!("the report of operation {id} can't be read")))
    };
    match (&past.report, &past.record.purpose) {
        (Some(report), Purpose::Revoke { .. }) => {
            ui.report(&serde_json::from_value::<RevocationReport>(report.clone()).map_err(unreadable)?)?;
        }
        (Some(report), Purpose::Restore { .. }) => {
            ui.report(&serde_json::from_value::<RestoreReport>(report.clone()).map_err(unreadable)?)?;
        }
        (None, Purpose::Revoke { plan, .. }) => {
            if past.state() == State::Unfinished {
                ui.note(&format!("it was cut off; go on with it: kubectl ackcred revoke --resume {id}"));
            }
            ui.report(&RevocationReport {
                api_version: ApiVersion::V1,
                operation: id.clone(),
                plan_hash: plan.hash.clone(),
                steps: steps_so_far(&past, plan)?,
                verification: Vec::new(),
                collateral: Vec::new(),
            })?;
        }
        (None, Purpose::Restore { .. }) if past.state() != State::Unfinished => {
            return Err(Error::failed(anyhow::anyhow!("the report of operation {id} can't be used")));
        }
        (None, Purpose::Restore { of, .. }) => {
            return Err(Error::failed(anyhow::anyhow!("{id} was cut off"))
                .hint(format!("give back the rest: kubectl ackcred restore {of}")));
        }
    }
    let is_whole = past.damaged.is_empty();
    Ok(if is_whole { Status::Done } else { Status::Incomplete })
}

fn steps_so_far(past: &Past, plan: &Plan) -> Result<Vec<StepView>> {
    let mut steps = Vec::new();
    for event in &past.events {
        let Event::StepEnded { step, result, error, request_id, .. } = event else { continue };
        let id = step.parse::<u32>().map_err(|error| {
            let what = format!("the journal of operation {} names step {step:?}", past.id);
            Error::failed(anyhow::Error::new(error).context(what))
        })?;
        steps.push(StepView {
            id,
            cluster_id: plan.step(id).and_then(|step| step.cluster_id.clone()),
            what: step_in_words(plan, id),
            result: *result,
            error: error.clone(),
            request_id: request_id.clone(),
            audit_id: None,
        });
    }
    Ok(steps)
}
