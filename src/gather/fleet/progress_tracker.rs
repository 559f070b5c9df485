//! How far a reading is: who waits, who is read, who is done.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Watcher;
use crate::core::progress::Progress;

/// How often a watcher is updated.
const TICK: Duration = Duration::from_millis(100);

/// The clusters under way.
#[derive(Default)]
pub(super) struct ProgressTracker(RefCell<State>);

#[derive(Default)]
struct State {
    total: usize,
    done: usize,
    failed: usize,
    running: BTreeMap<usize, (Instant, String)>,
}

impl ProgressTracker {
    pub(super) fn expect(&self, total: usize) {
        self.0.borrow_mut().total = total;
    }

    pub(super) fn begun(&self, cluster: usize, name: String) {
        self.0.borrow_mut().running.insert(cluster, (Instant::now(), name));
    }

    pub(super) fn ended(&self, cluster: usize, well: bool) {
        let mut state = self.0.borrow_mut();
        state.running.remove(&cluster);
        if well {
            state.done += 1;
        } else {
            state.failed += 1;
        }
    }

    fn progress(&self) -> Progress {
        let state = self.0.borrow();
        let slowest = state.running.values().min_by_key(|(begun, _)| begun);
        Progress {
            total: state.total,
            done: state.done,
            failed: state.failed,
            running: state.running.len(),
            slowest: slowest.map(|(begun, name)| (name.clone(), begun.elapsed())),
        }
    }

    /// Tells the watcher, again and again; without one, nothing.
    pub(super) async fn tell(&self, watcher: Option<Watcher<'_>>) {
        let Some(watcher) = watcher else { return std::future::pending().await };
        loop {
            tokio::time::sleep(TICK).await;
            watcher(&self.progress());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_began_first_is_the_slowest() {
        let progress_tracker = ProgressTracker::default();
        progress_tracker.expect(4);
        for (cluster, name) in [(2, "second"), (0, "first"), (3, "third")] {
            progress_tracker.begun(cluster, name.to_owned());
            std::thread::sleep(Duration::from_millis(2));
        }
        progress_tracker.ended(2, true);
        let progress = progress_tracker.progress();
        assert_eq!((progress.total, progress.done, progress.failed, progress.running), (4, 1, 0, 2));
        assert_eq!(progress.slowest.unwrap().0, "first");
        progress_tracker.ended(0, false);
        progress_tracker.ended(3, true);
        let rest = Progress { total: 4, done: 2, failed: 1, running: 0, slowest: None };
        assert_eq!(progress_tracker.progress(), rest);
    }
}
