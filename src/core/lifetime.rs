//! Whether a credential lives longer than a rule allows: the same answer for a file on a disk and for what ACK says that it issued.

use jiff::{SignedDuration, Timestamp};

/// How long a credential lives, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It never ends.
    Endless,
    /// From its issue to its last second.
    Whole(SignedDuration),
    /// What is left of it. When it was issued is unknown.
    AtLeast(SignedDuration),
}

impl Lifetime {
    /// The lifetime of a credential that ends.
    pub fn until(end: Timestamp, issued: Option<Timestamp>, now: Timestamp) -> Self {
        match issued {
            Some(issued) => Self::Whole(issued.duration_until(end)),
            None => Self::AtLeast(now.duration_until(end)),
        }
    }

    /// Whether it is shown to be longer than allowed. Where only the rest is known, `false` says no more than that the rest is not longer.
    pub fn exceeds(self, allowed: SignedDuration) -> bool {
        self.known().is_none_or(|lives| lives > allowed)
    }

    /// As a duration; `None` where there is no end.
    pub fn known(self) -> Option<SignedDuration> {
        match self {
            Self::Endless => None,
            Self::Whole(lives) | Self::AtLeast(lives) => Some(lives),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    #[test]
    fn what_is_exactly_as_long_as_allowed_is_allowed() {
        let day = SignedDuration::from_hours(24);
        let end = at("2026-01-02T00:00:00Z");
        let whole = |issued| Lifetime::until(end, Some(at(issued)), at("2026-01-01T23:00:00Z"));
        assert!(!whole("2026-01-01T00:00:00Z").exceeds(day));
        assert!(whole("2025-12-31T23:59:59Z").exceeds(day));
        let rest = |now| Lifetime::until(end, None, at(now));
        assert!(!rest("2026-01-01T00:00:00Z").exceeds(day));
        assert!(rest("2025-12-31T23:59:59Z").exceeds(day));
        assert!(Lifetime::Endless.exceeds(SignedDuration::from_hours(24 * 365 * 100)));
    }
}
