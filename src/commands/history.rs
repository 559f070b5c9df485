//! `history`: what was revoked and restored from this machine.

use super::operation;
use crate::adapters::journal::StateFolder;
use crate::cli::HistoryArgs;
use crate::core::journal::{Event, OperationId, State};
use crate::core::operation::Purpose;
use crate::core::plan::Plan;
use crate::error::{Error, Result, chain};
use crate::gather::history::{self, Past, PastError};
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
    let past = history::all(folder).map_err(Error::failed)?;
    for (id, past) in &past {
        if let Err(error) = past {
            ui.warning(&format!("{id}: {}", chain(error)));
        }
    }
    let damaged = past.iter().any(|(_, past)| past.is_err());
    let operations = past.into_iter().map(|(id, past)| row(&id, past)).collect();
    ui.report(&History { api_version: ApiVersion::V1, operations })?;
    Ok(if damaged { Status::Incomplete } else { Status::Done })
}

fn row(id: &OperationId, past: std::result::Result<Past, PastError>) -> PastOperation {
    let Ok(past) = past else {
        return PastOperation {
            id: id.to_string(),
            operation: None,
            time: None,
            cluster_ids: Vec::new(),
            uids: Vec::new(),
            steps: 0,
            outcome: "Damaged".to_owned(),
            reason: None,
        };
    };
    let (operation, uids, steps) = match &past.record.purpose {
        Purpose::Revoke { plan, .. } => ("Revoke", plan.uids(), plan.steps.len()),
        Purpose::Restore { plan, .. } => ("Restore", plan.uids.clone(), plan.steps.len()),
    };
    PastOperation {
        id: id.to_string(),
        operation: Some(operation),
        time: Some(past.record.begun),
        cluster_ids: past
            .record
            .clusters
            .iter()
            .filter_map(|cluster| cluster.id.as_ref())
            .map(ToString::to_string)
            .collect(),
        uids: uids.iter().map(ToString::to_string).collect(),
        steps,
        outcome: match past.state() {
            State::Unfinished => "Unfinished".to_owned(),
            State::Ended(ending) => format!("{ending:?}"),
        },
        reason: past.record.reason,
    }
}

/// Prints an operation's report; of one that was cut off, what its journal tells.
fn one(folder: &StateFolder, id: &OperationId, ui: &Ui) -> Result<Status> {
    let past = history::load(folder, id).map_err(operation::unknown)?;
    for name in &past.damaged {
        ui.warning(&format!("{name} was changed since it was written"));
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
            ui.note(&format!("it was cut off; go on with it: kubectl ackcred revoke --resume {id}"));
            ui.report(&RevocationReport {
                api_version: ApiVersion::V1,
                operation: id.clone(),
                plan_hash: plan.hash.clone(),
                steps: steps_so_far(&past, plan),
                verification: Vec::new(),
                collateral: Vec::new(),
            })?;
        }
        (None, Purpose::Restore { of, .. }) => {
            return Err(Error::failed(anyhow::anyhow!("{id} was cut off"))
                .hint(format!("give back the rest: kubectl ackcred restore {of}")));
        }
    }
    Ok(Status::Done)
}

fn steps_so_far(past: &Past, plan: &Plan) -> Vec<StepView> {
    let ended = past.events.iter().filter_map(|event| match event {
        Event::StepEnded { step, result, error, request_id, .. } => {
            Some((step.parse::<u32>().ok()?, *result, error.clone(), request_id.clone()))
        }
        _ => None,
    });
    ended
        .map(|(id, result, error, request_id)| StepView {
            id,
            cluster_id: plan.step(id).and_then(|step| step.cluster_id.clone()),
            what: step_in_words(plan, id),
            result,
            error,
            request_id,
            audit_id: None,
        })
        .collect()
}
