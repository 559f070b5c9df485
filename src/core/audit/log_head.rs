//! What a log covers: from when to when, at which levels, and where it has nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::event::Level;

/// A time without events is a gap from this on.
pub const LONGEST_SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// Spans within which no gap can lie, in seconds.
const SPAN: i64 = 300;
/// For more spans than this, two years with events throughout, gaps are not looked for.
const MOST_SPANS: usize = 210_000;

/// What a log covers.
#[derive(Debug, Default)]
pub struct LogHead {
    /// How many records were read, unreadable ones included.
    pub records: u64,
    /// How many events are at level Metadata, Request and RequestResponse.
    pub levels: [u64; 3],
    /// How many requests were answered 401.
    pub unauthenticated: u64,
    /// How many records are no events.
    pub unreadable: u64,
    spans: BTreeMap<i64, (Timestamp, Timestamp)>,
    /// Whether there are more spans than are kept.
    pub has_too_many_spans: bool,
    last: Option<(i64, Timestamp, Timestamp)>,
}

impl LogHead {
    /// Takes note of an event.
    pub fn note(&mut self, level: Level, time: Timestamp) {
        match level {
            Level::None | Level::Metadata => self.levels[0] += 1,
            Level::Request => self.levels[1] += 1,
            Level::RequestResponse => self.levels[2] += 1,
        }
        let span = time.as_second().div_euclid(SPAN);
        match &mut self.last {
            Some((known, first, last)) if *known == span => {
                *first = (*first).min(time);
                *last = (*last).max(time);
            }
            _ => {
                self.settle();
                self.last = Some((span, time, time));
            }
        }
    }

    /// How many events were read.
    pub fn events(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// The first and the last event.
    pub fn bounds(&mut self) -> Option<(Timestamp, Timestamp)> {
        self.settle();
        Some((self.spans.first_key_value()?.1.0, self.spans.last_key_value()?.1.1))
    }

    /// The times without any event, each with the event before and the event after it.
    pub fn gaps(&mut self) -> Vec<(Timestamp, Timestamp)> {
        self.settle();
        if self.has_too_many_spans {
            return Vec::new();
        }
        let pairs = self.spans.values().zip(self.spans.values().skip(1));
        let gaps = pairs.map(|((_, last), (first, _))| (*last, *first));
        gaps.filter(|(from, to)| to.duration_since(*from) > LONGEST_SILENCE).collect()
    }

    fn settle(&mut self) {
        let Some((span, first, last)) = self.last.take() else { return };
        if self.spans.len() >= MOST_SPANS && !self.spans.contains_key(&span) {
            self.has_too_many_spans = true;
            // What is known of the bounds stays right.
            let inner = self.spans.keys().nth(1).copied();
            inner.map(|inner| self.spans.remove(&inner));
        }
        let known = self.spans.entry(span).or_insert((first, last));
        *known = (known.0.min(first), known.1.max(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    fn head(times: &[&str]) -> LogHead {
        let mut head = LogHead::default();
        times.iter().for_each(|time| head.note(Level::Metadata, at(time)));
        head
    }

    #[test]
    fn gaps_are_found_whatever_the_order() {
        let times = ["2026-11-22T03:00:00Z", "2026-11-22T04:00:00Z", "2026-11-22T03:10:00Z", "2026-11-22T03:49:59Z"];
        let mut head = head(&times);
        let expected = [
            (at("2026-11-22T03:10:00Z"), at("2026-11-22T03:49:59Z")),
            (at("2026-11-22T03:49:59Z"), at("2026-11-22T04:00:00Z")),
        ];
        assert_eq!(head.gaps(), expected);
        assert_eq!(head.bounds(), Some((at("2026-11-22T03:00:00Z"), at("2026-11-22T04:00:00Z"))));
    }

    #[test]
    fn ten_minutes_are_no_gap() {
        assert_eq!(head(&["2026-11-22T03:00:00Z", "2026-11-22T03:10:00Z", "2026-11-22T03:20:00Z"]).gaps(), []);
        assert_eq!(head(&[]).bounds(), None);
    }

    /// A log may be made to fill the memory.
    #[test]
    fn times_all_over_the_calendar_are_not_kept() {
        let mut head = LogHead::default();
        for second in 0..300_000 {
            head.note(Level::Metadata, Timestamp::from_second(second * 1000).unwrap());
        }
        assert_eq!(head.spans.len(), MOST_SPANS);
        let last = Timestamp::from_second(299_999_000).unwrap();
        assert_eq!((head.bounds(), head.gaps().len()), (Some((Timestamp::UNIX_EPOCH, last)), 0));
    }
}
