//! The sandbox's clock: the machine's, read in one place.

use jiff::Timestamp;

/// The time now. The sandbox plays the outside world, which has its own clock.
#[expect(clippy::disallowed_methods, reason = "the outside world's clock, not the program's")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
