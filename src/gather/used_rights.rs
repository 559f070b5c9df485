//! What audit logs say that somebody used: read once from their beginning to their end, one record at a time.

use crate::adapters::audit_log::{AuditLog, Raw};
use crate::core::audit::event::{Event, Record, decode};
use crate::core::suggestion::authority::AuthorityBodies;
use crate::core::suggestion::usage::Usage;
use crate::core::suggestion::whose::Whose;
use crate::core::suggestion::window::LogWindow;
use crate::error::chain;

/// What logs say.
pub struct UsageReading {
    /// What was used.
    pub usage: Usage,
    /// What the logs cover.
    pub window: LogWindow,
    /// The logs, by name.
    pub sources: Vec<String>,
    /// How many records are no events.
    pub unreadable: u64,
    /// Logs that could not be read to their end, and why.
    pub failed: Vec<String>,
}

/// Reads all logs. `minor_version`: of the API server's 1.x, where it is known.
pub fn read(logs: Vec<AuditLog>, whose: Whose, minor_version: Option<u32>) -> UsageReading {
    let mut reading = UsageReading {
        usage: Usage::new(whose, minor_version),
        window: LogWindow::default(),
        sources: logs.iter().map(|log| log.name.clone()).collect(),
        unreadable: 0,
        failed: Vec::new(),
    };
    for mut log in logs {
        if let Err(error) = log.read(&mut |raw, _| reading.take(raw)) {
            reading.failed.push(chain(&error));
        }
    }
    reading
}

impl UsageReading {
    fn take(&mut self, raw: Raw<'_>) {
        let Raw::Whole(record) = raw else {
            self.unreadable += 1;
            return;
        };
        match decode(record) {
            Err(_) => self.unreadable += 1,
            Ok(Record::Event(event)) => self.take_event(&event, record, 0),
            Ok(Record::List(events)) => {
                for (place, event) in events.iter().enumerate() {
                    self.take_event(event, record, place);
                }
            }
        }
    }

    fn take_event(&mut self, event: &Event<'_>, record: &[u8], place: usize) {
        self.window.add(event);
        self.usage.take(event, || AuthorityBodies::of(record, place));
    }
}
