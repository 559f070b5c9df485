//! `history OPERATION -o md` and `-o html`: the report that closes an incident, by the journal and the files that are given.

use std::path::Path;

use crate::adapters::files;
use crate::adapters::journal::{JournalError, StateFolder};
use crate::cli::HistoryArgs;
use crate::core::revocation::journal::OperationId;
use crate::error::{Error, Result};
use crate::gather::salvage::{Salvaged, salvage};
use crate::output::incident::{Attachment, AttachmentKind, Incident, Sources};
use crate::output::ui::Ui;
use crate::status::Status;
use crate::world::World;

use super::ended_steps;

/// Writes the report. What can't be read of the operation is named in it, and the status says so.
pub(super) fn run(
    args: &HistoryArgs,
    id: &OperationId,
    folder: &StateFolder,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let attachments = attachments(args, world)?;
    let salvaged = salvage(folder, id).map_err(|error| match error {
        JournalError::Missing { .. } => Error::failed(error).hint("kubectl ackcred history lists the operations"),
        other => Error::failed(other),
    })?;
    let Salvaged { record, events, report, restores, mut missing } = salvaged;
    let steps = match &report {
        Some(report) => report.steps.clone(),
        None => ended_steps(id, &events).unwrap_or_else(|error| {
            missing.push(error.message());
            Vec::new()
        }),
    };
    let last_run = record.as_ref().map(|record| record.of_last_run(&events));
    let (known, unknown) =
        steps.into_iter().partition(|step| last_run.as_ref().is_none_or(|record| record.has_step(step.id)));
    let unknown: Vec<_> = unknown;
    missing.extend(unknown.iter().map(|step| format!("what step {} is: the plan does not have it", step.id)));
    missing.iter().for_each(|what| ui.warning(what));
    let is_whole = missing.is_empty();
    let sources = Sources {
        id,
        record: record.as_ref(),
        events: &events,
        report: report.as_ref(),
        steps: known,
        restores: &restores,
        missing,
        attachments,
    };
    ui.incident(&Incident::of(sources))?;
    Ok(if is_whole { Status::Done } else { Status::Incomplete })
}

/// The documents of the files that are given.
fn attachments(args: &HistoryArgs, world: &World) -> Result<Vec<Attachment>> {
    let traces = args.trace.iter().map(|path| (AttachmentKind::Trace, path));
    let persistence = args.persistence.iter().map(|path| (AttachmentKind::Persistence, path));
    traces.chain(persistence).map(|(kind, path)| attachment(kind, path, world)).collect()
}

fn attachment(kind: AttachmentKind, path: &Path, world: &World) -> Result<Attachment> {
    let name = path.display().to_string();
    let bytes = files::load_document(&world.cwd.join(path))
        .map_err(|error| Error::failed(anyhow::Error::new(error).context(format!("cannot read {name}"))))?;
    Attachment::read(kind, &name, &bytes).map_err(|error| {
        let hint = error.hint();
        Error::failed(error).hint(hint)
    })
}
