//! The first look at each record of a log: what it covers is counted, and what may be about those that are looked for is decoded.

use jiff::Timestamp;

use super::decode::decode;
use super::event::Event;
use super::glance::{Glance, Needles};
use super::log_head::LogHead;

/// Looks at records first.
#[derive(Default)]
pub struct Screen {
    /// What the log covers, by the records so far.
    pub head: LogHead,
    /// What is looked for.
    pub needles: Needles,
}

/// What a record is at first sight.
pub enum Screened<'r> {
    /// It is no event.
    Unreadable,
    /// An event of others, which was received then.
    OfOthers(Timestamp),
    /// Events, any of which may be about what is looked for.
    Events(Vec<Event<'r>>),
}

impl Screen {
    /// A record that is too long to be an event.
    pub fn take_unreadable(&mut self) {
        self.head.records += 1;
        self.head.unreadable += 1;
    }

    /// Looks at a record, and counts what it says of the log.
    pub fn take<'r>(&mut self, record: &'r [u8]) -> Screened<'r> {
        self.head.records += 1;
        if let Some(glance) = Glance::at(record)
            && !glance.may_be_unauthenticated
            && !self.needles.are_in(record)
        {
            self.head.note(glance.level, glance.received);
            return Screened::OfOthers(glance.received);
        }
        let Ok(events) = decode(record) else {
            self.head.unreadable += 1;
            return Screened::Unreadable;
        };
        events.iter().for_each(|event| self.head.note(event.level, event.received));
        Screened::Events(events)
    }

    /// Whether a line may be about what is looked for by now.
    pub fn may_want(&self, line: &[u8]) -> bool {
        self.needles.are_in(line) || Glance::at(line).is_none()
    }
}
