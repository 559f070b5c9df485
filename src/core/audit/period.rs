//! The part of a log that is asked about.

use jiff::Timestamp;

/// A first and a last time; `None`: that side is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first time.
    pub since: Option<Timestamp>,
    /// The last time.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Whether a time lies in it, its ends included.
    pub fn holds(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
    }

    /// What it has in common with the time between these two; `None`: nothing.
    pub fn within(&self, (from, to): (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
        let from = self.since.map_or(from, |since| since.max(from));
        let to = self.until.map_or(to, |until| until.min(to));
        (from <= to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    #[test]
    fn its_ends_are_a_part_of_it_and_an_open_side_has_none() {
        let [one, two, three] = ["2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22T03:00:00Z"].map(at);
        for (since, until, held, common) in [
            (None, None, [true, true, true], Some((one, three))),
            (Some(two), None, [false, true, true], Some((two, three))),
            (None, Some(two), [true, true, false], Some((one, two))),
            (Some(two), Some(two), [false, true, false], Some((two, two))),
            (Some(three), Some(one), [false, false, false], None),
        ] {
            let period = Period { since, until };
            assert_eq!([one, two, three].map(|time| period.holds(time)), held, "{period:?}");
            assert_eq!(period.within((one, three)), common, "{period:?}");
        }
        let before = Period { until: Some(one), ..Period::default() };
        assert_eq!(before.within((two, three)), None);
    }
}
