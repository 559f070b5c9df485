//! `history`: what was revoked, rotated and restored from this machine.

mod incident;

use super::operation;
use crate::adapters::journal::{Glance, StateFolder};
use crate::cli::HistoryArgs;
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::journal::{Event, OperationId, State};
use crate::core::revocation::operation::{EndedStep, OperationReport, Purpose};
use crate::core::revocation::record;
use crate::core::revocation::rotation::Written;
use crate::error::{Error, Result, chain};
use crate::gather::history::{self, Operations, Scrutiny};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, History, Kind, PastOperation, RestoreReport, RevocationReport, RotationReport};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(args: &HistoryArgs, world: &World, ui: &Ui) -> Result<Status> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let has_files = !args.trace.is_empty() || !args.persistence.is_empty();
    if has_files && !ui.writes_pages() {
        let error = Error::usage("--trace and --persistence are for the report of one operation");
        return Err(error.hint("add -o md or -o html"));
    }
    match &args.operation {
        Some(id) if ui.writes_pages() => incident::run(args, id, &folder, world, ui),
        Some(id) => one(&folder, id, ui),
        None => all(&folder, world, ui),
    }
}

fn all(folder: &StateFolder, world: &World, ui: &Ui) -> Result<Status> {
    let keep = |id: &OperationId, Glance { summary, state }| Some(PastOperation::of(id, summary, state));
    let Operations { read, unread } = history::glance(folder, Scrutiny::Glance, keep).map_err(Error::failed)?;
    for (id, error) in &unread {
        ui.warning(&format!("{id}: {}", chain(error)));
    }
    let is_complete = unread.is_empty();
    let damaged = unread.into_iter().map(|(id, _)| PastOperation::damaged(&id));
    let operations = damaged.chain(read).collect();
    ui.report(&History { api_version: ApiVersion::V1, kind: Kind::History, time: world.now, operations })?;
    Ok(if is_complete { Status::Done } else { Status::Incomplete })
}

/// Prints an operation's report; of one that was cut off, what its journal tells.
fn one(folder: &StateFolder, id: &OperationId, ui: &Ui) -> Result<Status> {
    let past = history::load(folder, id).map_err(operation::unknown)?;
    operation::say_damaged(&past, ui);
    let report = past.report.clone().map(record::report::read).transpose();
    let report = report.map_err(|error| {
        Error::failed(anyhow::Error::new(error).context(format!("the report of operation {id} can't be read")))
    })?;
    let steps = match &report {
        Some(report) => report.steps.clone(),
        None => ended_steps(id, &past.events)?,
    };
    let record = past.record.of_last_run(&past.events);
    if let Some(step) = steps.iter().find(|step| !record.has_step(step.id)) {
        let message = format!("the record of operation {id} names step {}, which its plan does not have", step.id);
        return Err(Error::failed(anyhow::Error::msg(message)));
    }
    let approval = record.approval.as_ref();
    match (report, &record.purpose) {
        (Some(report), Purpose::Revoke { plan, .. }) => {
            ui.report(&RevocationReport::of(id, plan, report).approved(approval))?
        }
        (Some(report), Purpose::Restore { of, plan, .. }) => {
            operation::say_not_restored(plan, ui);
            ui.report(&RestoreReport::ended(id, of, plan, report.steps).approved(approval))?;
        }
        (None, Purpose::Revoke { plan, .. }) => {
            if past.state() == State::Unfinished {
                ui.note(&format!("it was interrupted; resume it: kubectl ackcred revoke --resume {id}"));
            }
            let so_far = OperationReport { steps, ..OperationReport::default() };
            ui.report(&RevocationReport::of(id, plan, so_far).approved(approval))?;
        }
        (report, Purpose::Rotate { plan }) => {
            if past.state() == State::Unfinished {
                ui.note(&format!("it was interrupted; resume it: kubectl ackcred rotate --resume {id}"));
            }
            let report = report.unwrap_or(OperationReport { steps, ..OperationReport::default() });
            ui.report(&RotationReport::of(id, plan, &written(&past.events), report).approved(approval))?;
        }
        (None, Purpose::Restore { .. }) if past.state() != State::Unfinished => {
            return Err(Error::failed(anyhow::anyhow!("the report of operation {id} can't be used")));
        }
        (None, Purpose::Restore { of, plan, .. }) => {
            let clusters: Vec<ClusterId> = past.record.clusters.iter().filter_map(|one| one.id.clone()).collect();
            ui.note(&format!("it was interrupted; restore the rest: {}", of.command(&plan.uids, &clusters)));
            operation::say_not_restored(plan, ui);
            ui.report(&RestoreReport::ended(id, of, plan, steps).approved(approval))?;
        }
    }
    let is_whole = past.damaged.is_empty();
    Ok(if is_whole { Status::Done } else { Status::Incomplete })
}

/// The steps that the journal says have ended, each as it ended last: what was given back is read again. A run that makes a plan of its
/// own counts from 1.
fn ended_steps(id: &OperationId, events: &[Event]) -> Result<Vec<EndedStep>> {
    let mut steps = Vec::new();
    for event in events {
        if let Event::Resumed { later: Some(_), .. } = event {
            steps.clear();
        }
        let Event::StepEnded { step, result, error, request_id, .. } = event else { continue };
        let number = step.parse::<u32>().map_err(|error| {
            let what = format!("the journal of operation {id} names step {step:?}");
            Error::failed(anyhow::Error::new(error).context(what))
        })?;
        let (error, request_id) = (error.clone(), request_id.clone());
        steps.retain(|earlier: &EndedStep| earlier.id != number);
        steps.push(EndedStep { id: number, result: *result, error, request_id, audit_id: None });
    }
    Ok(steps)
}

/// The files that a rotation wrote, each once.
fn written(events: &[Event]) -> Vec<Written> {
    let written = events.iter().filter_map(|event| match event {
        Event::Written { written, .. } => Some(written.clone()),
        _ => None,
    });
    distinct(written)
}
