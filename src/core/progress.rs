//! How far a reading of several clusters is.

use std::time::Duration;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many clusters there are.
    pub total: usize,
    /// How many of them were read.
    pub done: usize,
    /// How many could not be read.
    pub failed: usize,
    /// How many are read at this moment.
    pub running: usize,
    /// The one of them that began first, and how long ago.
    pub slowest: Option<(String, Duration)>,
}
