//! A log, read for what was used: what it covers, and whose requests in it count.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::authority::AuthorityBodies;
use super::usage::Usage;
use super::whose::Whose;
use crate::core::audit::event::Event;
use crate::core::audit::log_head::LogHead;
use crate::core::audit::period::Period;
use crate::core::audit::screen::{Screen, Screened};

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

/// A log that is read.
pub struct UsageLog {
    /// What was used by now.
    pub usage: Usage,
    screen: Screen,
    period: Period,
    days: BTreeSet<i64>,
}

/// What a log says.
pub struct LoggedUsage {
    /// What was used.
    pub usage: Usage,
    /// What the log covers.
    pub head: LogHead,
    /// On how many days of what is asked about, in UTC, there is any event. A log may begin early and have little between.
    pub days: usize,
}

impl UsageLog {
    /// Nothing yet; only requests of the period will count. `minor_version`: of the API server's 1.x, where it is known.
    pub fn new(whose: Whose, period: Period, minor_version: Option<u32>) -> Self {
        let mut screen = Screen::default();
        screen.needles.add_name(&whose.name_in_logs());
        Self { usage: Usage::new(whose, minor_version), screen, period, days: BTreeSet::new() }
    }

    /// A record that is too long to be an event.
    pub fn take_unreadable(&mut self) {
        self.screen.take_unreadable();
    }

    /// Takes a record.
    pub fn take(&mut self, record: &[u8]) {
        match self.screen.take(record) {
            Screened::Unreadable => {}
            Screened::OfOthers(received) if self.period.holds(received) => {
                self.days.insert(day(received));
            }
            Screened::OfOthers(_) => {}
            Screened::Events(events) => {
                let in_time = |(_, event): &(usize, &Event<'_>)| self.period.holds(event.received);
                for (place, event) in events.iter().enumerate().filter(in_time) {
                    self.days.insert(day(event.received));
                    self.usage.take(event, || AuthorityBodies::of(record, place));
                }
            }
        }
    }

    /// What was read.
    pub fn finish(self) -> LoggedUsage {
        LoggedUsage { usage: self.usage, head: self.screen.head, days: self.days.len() }
    }
}

fn day(received: Timestamp) -> i64 {
    received.as_second().div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Sent, native, sent_by};
    use super::*;
    use crate::core::rbac::user_info::NamedSubject;

    fn read(lines: &[String]) -> LoggedUsage {
        read_of(Period::default(), lines)
    }

    fn read_of(period: Period, lines: &[String]) -> LoggedUsage {
        let mut log = UsageLog::new(Whose::of(NamedSubject::User("ann".to_owned())), period, None);
        lines.iter().for_each(|line| log.take(line.as_bytes()));
        log.finish()
    }

    #[test]
    fn a_log_covers_what_it_covers_and_has_the_days_that_it_has() {
        let times = ["2026-11-22T10:00:00Z", "2026-10-01T00:00:00Z", "2026-11-22T23:59:59Z"];
        let lines = times.map(|time| native(&Sent { time, ..Sent::default() }));
        let LoggedUsage { mut head, days, .. } = read(&lines);
        let (from, to) = head.bounds().unwrap();
        assert_eq!(
            (from.to_string().as_str(), to.to_string().as_str()),
            ("2026-10-01T00:00:00Z", "2026-11-22T23:59:59Z")
        );
        assert_eq!((days, head.events(), head.levels), (2, 3, [3, 0, 0]));
    }

    #[test]
    fn what_lies_outside_of_the_period_counts_for_nothing() {
        let at = |text: &str| Some(text.parse().unwrap());
        let of = |user, time| native(&Sent { time, ..sent_by(user) });
        let lines: Vec<String> = ["2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z"]
            .iter()
            .flat_map(|time| [of("ann", time), of("bo", time)])
            .collect();
        for (since, until, counted) in [
            (None, None, 3),
            (at("2026-11-22T00:00:00Z"), None, 2),
            (at("2026-11-22T00:00:00Z"), at("2026-11-22T10:00:00Z"), 1),
            (at("2026-11-24T00:00:00Z"), None, 0),
        ] {
            let LoggedUsage { usage, head, days } = read_of(Period { since, until }, &lines);
            let days_of_all = usize::try_from(usage.counted).unwrap();
            assert_eq!((usage.counted, days, head.events()), (counted, days_of_all, 6), "{since:?} {until:?}");
        }
    }

    /// Lines about others are not decoded, and say what the log covers all the same.
    #[test]
    fn requests_of_others_count_for_what_the_log_covers() {
        let of = |user, time| native(&Sent { time, ..sent_by(user) });
        let lines = [of("ann", "2026-11-22T10:00:00Z"), of("bo", "2026-11-23T10:00:00Z"), "cut off".to_owned()];
        let LoggedUsage { usage, head, days } = read(&lines);
        assert_eq!((usage.counted, days, head.events(), head.unreadable), (1, 2, 2, 1));
    }

    /// However a name is written, and as whomever a request is sent.
    #[test]
    fn no_request_is_passed_over() {
        for (whose, sent) in [
            (Whose::of(NamedSubject::User("a<n>é\"n".to_owned())), sent_by("a<n>é\"n")),
            (Whose::of(NamedSubject::Group("dev".to_owned())), Sent { groups: &["dev"], ..Sent::default() }),
            (
                Whose::of(NamedSubject::parse("ServiceAccount/ci/robot").unwrap()),
                sent_by("system:serviceaccount:ci:robot"),
            ),
            (
                Whose::of(NamedSubject::User("bo".to_owned())),
                Sent { as_user: Some(("bo", &["system:authenticated"])), ..Sent::default() },
            ),
            (
                Whose::Identity(crate::core::ids::Uid::parse("200").unwrap()),
                Sent { uid: "ack-ram-authenticator:1:200", ..Sent::default() },
            ),
        ] {
            let mut log = UsageLog::new(whose.clone(), Period::default(), None);
            let line = native(&sent).replace("é", "\\u00e9").replace('<', "\\u003c");
            log.take(line.as_bytes());
            assert_eq!(log.finish().usage.counted, 1, "{whose}: {line}");
        }
    }
}
