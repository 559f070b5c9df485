//! One operation as far as its files can be read, with what is missing: for a report that says both.

use super::history::{self, Scrutiny};
use crate::adapters::journal::{Glance, JournalError, SalvagedOperation, StateFolder};
use crate::core::revocation::journal::{Event, OperationId, State, SummaryPurpose};
use crate::core::revocation::operation::{OperationRecord, OperationReport};
use crate::core::revocation::record::operation::OperationV1;
use crate::core::revocation::record::{self, RecordError};
use crate::error::chain;

/// An operation of before, as far as it can be read.
pub struct Salvaged {
    /// What was agreed to; `None` where that can't be read.
    pub record: Option<OperationRecord>,
    /// What was sent and answered, up to the first line that can't be trusted.
    pub events: Vec<Event>,
    /// What came of it; `None` where it was cut off, or that can't be read.
    pub report: Option<OperationReport>,
    /// Restores of it that began since, the last first, each with how far it came.
    pub restores: Vec<(OperationId, State)>,
    /// What could not be read, and why.
    pub missing: Vec<String>,
}

/// Reads what can be read of an operation and of the restores that followed it.
///
/// # Errors
/// Where there is no such operation, or the folder of operations can't be read.
pub fn salvage(folder: &StateFolder, id: &OperationId) -> Result<Salvaged, JournalError> {
    let mut salvaged = match folder.salvage(id) {
        Ok(operation) => read(operation),
        Err(error @ JournalError::Missing { .. }) => return Err(error),
        Err(error) => nothing(&error),
    };
    let restore = |other: &OperationId, Glance { summary, state }| match summary.purpose {
        SummaryPurpose::Restore { of, .. } if of.operation() == Some(id) => Some((other.clone(), state)),
        SummaryPurpose::Restore { .. } | SummaryPurpose::Revoke { .. } | SummaryPurpose::Rotate { .. } => None,
    };
    let others = history::glance(folder, Scrutiny::Glance, restore)?;
    salvaged.restores = others.read;
    let unread = others.unread.iter().filter(|(other, _)| other != id);
    salvaged
        .missing
        .extend(unread.map(|(other, error)| format!("whether operation {other} restored this one: {}", chain(error))));
    Ok(salvaged)
}

fn read(operation: SalvagedOperation) -> Salvaged {
    let SalvagedOperation { record, events, report, missing, damaged } = operation;
    let mut missing: Vec<String> = missing.iter().map(|error| chain(error)).collect();
    missing.extend(damaged.iter().map(|name| format!("{name} was changed since it was written; it is not used")));
    let record = record.map_err(|error| chain(&error)).and_then(|(json, summary)| {
        let record = record::read_value::<OperationV1>(json).and_then(OperationRecord::try_from);
        let record = record.map_err(|error| unreadable("operation.json", &error))?;
        match record.contradiction(&summary) {
            Some(reason) => Err(format!("operation.json can't be trusted: {reason}")),
            None => Ok(record),
        }
    });
    let report = report.map(record::report::read).transpose().map_err(|error| unreadable("report.json", &error));
    missing.extend(record.as_ref().err().cloned());
    missing.extend(report.as_ref().err().cloned());
    Salvaged { record: record.ok(), events, report: report.ok().flatten(), restores: Vec::new(), missing }
}

fn unreadable(file: &str, error: &RecordError) -> String {
    format!("cannot use {file}: {}", chain(error))
}

fn nothing(error: &JournalError) -> Salvaged {
    let missing = vec![format!("all of the operation: {}", chain(error))];
    Salvaged { record: None, events: Vec::new(), report: None, restores: Vec::new(), missing }
}
