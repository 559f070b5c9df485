//! Audit logs: which of them can be opened, and each read once from its beginning to its end.

use std::ops::ControlFlow;

use crate::adapters::audit_log::{AuditLog, AuditLogError, LogSource, Raw};
use crate::core::progress::LogProgress;
use crate::world::World;

/// After so many records it is said how far the reading is.
const STEP: u64 = 1024;

/// Opens logs: those that can be, and why others can't.
pub fn open(sources: &[LogSource], world: &World) -> (Vec<AuditLog>, Vec<AuditLogError>) {
    let (mut logs, mut failures) = (Vec::new(), Vec::new());
    for source in sources {
        match AuditLog::open(source, world) {
            Ok(log) => logs.push(log),
            Err(error) => failures.push(error),
        }
    }
    (logs, failures)
}

/// Reads each log once more, one record at a time; gives why some could not be read to their end. `take` says how many requests were
/// found by then, or that it has read enough.
pub fn read_each(
    logs: &mut [AuditLog],
    pass: usize,
    progress: &mut dyn FnMut(&LogProgress<'_>),
    take: &mut dyn FnMut(Raw<'_>) -> ControlFlow<(), usize>,
) -> Vec<AuditLogError> {
    let mut failures = Vec::new();
    for log in logs {
        let (name, size) = (log.name.clone(), log.size());
        let mut count = 0;
        let mut is_enough = false;
        let mut take = |raw: Raw<'_>, read: u64| {
            let ControlFlow::Continue(events) = take(raw) else {
                is_enough = true;
                return ControlFlow::Break(());
            };
            count += 1;
            if count % STEP == 0 {
                progress(&LogProgress { name: &name, read, size, pass, events });
            }
            ControlFlow::Continue(())
        };
        failures.extend(log.read(&mut take).err());
        if is_enough {
            break;
        }
    }
    failures
}
