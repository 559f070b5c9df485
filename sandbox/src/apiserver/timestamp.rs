//! Times as the server writes them.

use jiff::Timestamp;

/// A time as the server writes it: whole seconds.
pub(crate) fn stamp(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
