//! An audit log, read as often as it takes until nothing new is found in it.

mod file;

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

/// Reads logs until nothing new is found; what can be read once alone, once.
pub fn read(logs: &mut [AuditLog], asked: AskedFor, progress: &mut dyn FnMut(&LogProgress<'_>)) -> TraceReading {
    let can_be_read_again = logs.iter().all(AuditLog::can_be_read_again);
    let mut tracer = Tracer::new(asked, can_be_read_again);
    let mut pass = 1;
    loop {
        tracer.begin_pass();
        let mut take = |raw: Raw<'_>| {
            match raw {
                Raw::Whole(record) => tracer.take(record),
                Raw::TooLong => tracer.take_unreadable(),
            }
            tracer.events()
        };
        let failures = read_each(logs, pass, progress, &mut take);
        if !can_be_read_again || !tracer.has_learned() {
            return TraceReading { trace: tracer.finish(), failures };
        }
        pass += 1;
    }
}
