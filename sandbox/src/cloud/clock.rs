//! The cloud's own clock, which tests can stop and shift.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The time as the cloud sees it. Clones share the shift.
#[derive(Clone, Debug)]
pub struct Clock {
    fixed: Option<Timestamp>,
    shift_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { fixed: None, shift_seconds: Arc::default() }
    }

    /// A clock that stands still.
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(at), shift_seconds: Arc::default() }
    }

    /// The cloud's present.
    #[expect(clippy::disallowed_methods, reason = "the sandbox is an outside world of its own and needs its own clock")]
    pub fn now(&self) -> Timestamp {
        let base = self.fixed.unwrap_or_else(Timestamp::now);
        let shift = SignedDuration::from_secs(self.shift_seconds.load(Ordering::Relaxed));
        base.checked_add(shift).unwrap_or(base)
    }

    /// Puts the cloud's clock ahead (or, when negative, behind) by whole seconds, in place of any earlier shift.
    pub fn shift(&self, by: SignedDuration) {
        self.shift_seconds.store(by.as_secs(), Ordering::Relaxed);
    }
}

/// A time in the one form that the cloud's APIs use, `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads the form of [`written`] and no other.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (written(time) == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_form_of_a_date_is_read() {
        assert!(read("2026-01-02T03:04:05Z").is_some());
        for wrong in
            ["2026-01-02 03:04:05Z", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000Z", "20260102T030405Z"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_shift_moves_every_clone_of_the_clock() {
        let clock = Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap());
        let clone = clock.clone();
        clock.shift(SignedDuration::from_mins(20));
        assert_eq!(written(clone.now()), "2026-01-02T03:24:05Z");
    }
}
