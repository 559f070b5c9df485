//! An audit log, read as often as it takes until nothing new is found in it.

mod file;

use std::ops::ControlFlow;

use super::audit_log::read_each;
use crate::adapters::audit_log::{AuditLog, AuditLogError, Raw};
use crate::core::audit::trace::Trace;
use crate::core::audit::tracer::{AskedFor, Tracer};
use crate::core::progress::LogProgress;

pub use file::{NotTraceable, TraceableFile, credentials_of};

/// What a log says, and what of it could not be read.
pub struct TraceReading {
    /// What it says.
    pub trace: Trace,
    /// Why a part was not read.
    pub failures: Vec<AuditLogError>,
}

/// Reads logs in a circle, until each record was read with all that is known; what can be read once alone, once.
pub fn read(logs: &mut [AuditLog], asked: AskedFor, progress: &mut dyn FnMut(&LogProgress<'_>)) -> TraceReading {
    let can_be_read_again = logs.iter().all(AuditLog::can_be_read_again);
    let mut tracer = Tracer::new(asked, can_be_read_again);
    let mut failures: Vec<AuditLogError> = Vec::new();
    // How many there are, once all were read.
    let mut records = u64::MAX;
    for pass in 1.. {
        let mut read = 0;
        let mut take = |raw: Raw<'_>| {
            if tracer.since_learned() >= records {
                return ControlFlow::Break(());
            }
            read += 1;
            match raw {
                Raw::Whole(record) => tracer.take(record),
                Raw::TooLong => tracer.take_unreadable(),
            }
            ControlFlow::Continue(tracer.events())
        };
        for failure in read_each(logs, pass, progress, &mut take) {
            if !failures.contains(&failure) {
                failures.push(failure);
            }
        }
        // Nothing was learned in this pass, or it ended where the circle closes.
        if !can_be_read_again || tracer.since_learned() >= read {
            break;
        }
        records = read;
    }
    TraceReading { trace: tracer.finish(), failures }
}
