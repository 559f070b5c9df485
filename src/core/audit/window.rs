//! The last lines of a log that can be read once: a token may have been used a little before the log says that it was minted.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How far lines may be out of order.
pub const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// What is kept at most, in bytes.
const MOST: usize = 8 * 1024 * 1024;

/// Lines that belong to no actor yet.
#[derive(Default)]
pub struct Window {
    lines: VecDeque<(Timestamp, Box<[u8]>)>,
    size: usize,
    newest: Option<Timestamp>,
    /// The last request among those that were dropped.
    dropped: Option<Timestamp>,
}

impl Window {
    /// Keeps a line, and drops those that are too old.
    pub fn push(&mut self, received: Timestamp, line: &[u8]) {
        let newest = self.newest.map_or(received, |newest| newest.max(received));
        self.newest = Some(newest);
        self.size += line.len();
        self.lines.push_back((received, line.into()));
        while let Some((oldest, _)) = self.lines.front() {
            let is_old = newest.duration_since(*oldest) > WINDOW;
            if !is_old && self.size <= MOST {
                break;
            }
            let Some((oldest, line)) = self.lines.pop_front() else { break };
            self.size -= line.len();
            self.dropped = Some(self.dropped.map_or(oldest, |dropped| dropped.max(oldest)));
        }
    }

    /// Whether a request that came after this time may be among what was dropped.
    pub fn has_dropped_since(&self, time: Timestamp) -> bool {
        self.dropped.is_some_and(|dropped| dropped >= time)
    }

    /// Takes all lines out.
    pub fn drain(&mut self) -> Vec<(Timestamp, Box<[u8]>)> {
        self.size = 0;
        self.lines.drain(..).collect()
    }

    /// Puts a line back that was taken out.
    pub fn put_back(&mut self, received: Timestamp, line: Box<[u8]>) {
        self.size += line.len();
        self.lines.push_back((received, line));
    }
}
