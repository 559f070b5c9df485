//! What a log covers.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::core::audit::event::{Event, Level};

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

/// What a log covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogWindow {
    /// The first request; `None`: there is none.
    pub from: Option<Timestamp>,
    /// The last one.
    pub to: Option<Timestamp>,
    /// How many events were read.
    pub events: u64,
    /// How many of them are at level Metadata, Request and RequestResponse.
    pub levels: [u64; 3],
    days: BTreeSet<i64>,
}

impl LogWindow {
    /// Adds an event, whoever's it is.
    pub fn add(&mut self, event: &Event<'_>) {
        let received = event.received;
        self.events += 1;
        self.from = Some(self.from.map_or(received, |from| from.min(received)));
        self.to = Some(self.to.map_or(received, |to| to.max(received)));
        self.days.insert(received.as_second().div_euclid(DAY));
        match event.level {
            Level::None => {}
            Level::Metadata => self.levels[0] += 1,
            Level::Request => self.levels[1] += 1,
            Level::RequestResponse => self.levels[2] += 1,
        }
    }

    /// On how many days, in UTC, there is any event. A log may begin early and have little between.
    pub fn days(&self) -> usize {
        self.days.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Sent, event};
    use super::*;

    #[test]
    fn a_window_is_as_long_as_it_is_and_has_the_days_that_it_has() {
        let mut window = LogWindow::default();
        for time in ["2026-11-22T10:00:00Z", "2026-10-01T00:00:00Z", "2026-11-22T23:59:59Z"] {
            event(&Sent { time, ..Sent::default() }, |event| window.add(event));
        }
        let shown = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        assert_eq!(
            (shown(window.from).as_str(), shown(window.to).as_str()),
            ("2026-10-01T00:00:00Z", "2026-11-22T23:59:59Z")
        );
        assert_eq!((window.days(), window.events, window.levels), (2, 3, [3, 0, 0]));
    }
}
