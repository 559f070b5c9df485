//! An audit log, read as often as it takes until nothing new is found in it.

mod file;

use crate::adapters::audit_log::{AuditLog, AuditLogError, LogSource, Raw};
use crate::core::audit::trace::Trace;
use crate::core::audit::tracer::{AskedFor, Tracer};
use crate::core::progress::LogProgress;
use crate::world::World;

pub use file::{NotTraceable, TraceableFile, credentials_of};

/// After so many records it is said how far the reading is.
const STEP: u64 = 1024;

/// What a log says, and what of it could not be read.
pub struct TraceReading {
    /// What it says.
    pub trace: Trace,
    /// Why a part was not read.
    pub failures: Vec<AuditLogError>,
}

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

/// Reads logs until nothing new is found; what can be read once alone, once.
pub fn read(logs: &mut [AuditLog], asked: AskedFor, progress: &mut dyn FnMut(&LogProgress<'_>)) -> TraceReading {
    let can_be_read_again = logs.iter().all(AuditLog::can_be_read_again);
    let mut tracer = Tracer::new(asked, can_be_read_again);
    let mut pass = 1;
    loop {
        tracer.begin_pass();
        let mut failures = Vec::new();
        for log in &mut *logs {
            let (name, size) = (log.name.clone(), log.size());
            let mut count = 0;
            let mut take = |raw: Raw<'_>, read: u64| {
                match raw {
                    Raw::Whole(record) => tracer.take(record),
                    Raw::TooLong => tracer.take_unreadable(),
                }
                count += 1;
                if count % STEP == 0 {
                    progress(&LogProgress { name: &name, read, size, pass, events: tracer.events() });
                }
            };
            failures.extend(log.read(&mut take).err());
        }
        if !can_be_read_again || !tracer.has_learned() {
            return TraceReading { trace: tracer.finish(), failures };
        }
        pass += 1;
    }
}
