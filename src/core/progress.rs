//! How far a reading is: of several clusters, or of a log.

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

/// How far the reading of a log is.
#[derive(Clone, Copy, Debug)]
pub struct LogProgress<'a> {
    /// The file.
    pub name: &'a str,
    /// How many bytes of it were read.
    pub read: u64,
    /// How many it has; `None`: it is a stream.
    pub size: Option<u64>,
    /// How often it is read by now.
    pub pass: usize,
    /// How many requests were found that are shown.
    pub events: usize,
}
