//! A time on the command line that may be said by how long ago it was.

use jiff::{SignedDuration, Timestamp};

use super::time_of;
use crate::core::credential::duration;

/// A bound of time as it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBound {
    /// A time.
    At(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

impl TimeBound {
    /// The time that is meant.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(distance) => now.saturating_sub(distance).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Reads one; for clap.
pub(super) fn parse_bound(text: &str) -> Result<TimeBound, String> {
    if let Some(time) = time_of(text) {
        return Ok(TimeBound::At(time));
    }
    let expected = "a time is expected, such as 2026-11-22T03:10:00Z, 2026-11-22 or 24h";
    duration::parse(text).map(TimeBound::Ago).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_times_dates_or_distances() {
        let at = |text: &str| TimeBound::At(text.parse().unwrap());
        assert_eq!(parse_bound("2026-11-22T03:10:00Z"), Ok(at("2026-11-22T03:10:00Z")));
        assert_eq!(parse_bound("2026-11-22T03:10:00+08:00"), Ok(at("2026-11-21T19:10:00Z")));
        assert_eq!(parse_bound("2026-11-22"), Ok(at("2026-11-22T00:00:00Z")));
        assert_eq!(parse_bound("1d"), Ok(TimeBound::Ago(SignedDuration::from_hours(24))));
        assert!(parse_bound("yesterday").unwrap_err().starts_with("a time is expected"));
    }
}
