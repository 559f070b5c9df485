//! One pace for all calls of a run, whichever cluster they are about: a cloud that throttles is asked more slowly by all of
//! them, and faster again once it answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The time between two calls after the first one that was throttled.
const FIRST_GAP: Duration = Duration::from_millis(50);
/// The longest time between two calls: slower than this no caller is served in time.
const LONGEST_GAP: Duration = Duration::from_millis(800);

/// Lets calls begin, one after the other where the cloud wants it so.
#[derive(Debug)]
pub(super) struct Limiter {
    places: Semaphore,
    pace: Mutex<Pace>,
}

/// How fast calls may follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pace {
    gap: Duration,
    /// Before then no other call begins.
    next: Option<Instant>,
}

impl Limiter {
    /// At full speed, with so many calls under way at a time.
    pub(super) fn new(at_once: usize) -> Self {
        Self { places: Semaphore::new(at_once), pace: Mutex::default() }
    }

    /// Waits for one's turn. The call may go on as long as the permit is kept.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.places.acquire().await.ok();
        let wait = self.pace().turn(Instant::now());
        if !wait.is_zero() {
            tracing::debug!(wait_ms = wait.as_millis(), "waiting for a turn: the cloud throttles");
            tokio::time::sleep(wait).await;
        }
        permit
    }

    /// A call was throttled.
    pub(super) fn throttled(&self) {
        self.pace().slow_down();
    }

    /// A call was answered.
    pub(super) fn answered(&self) {
        self.pace().speed_up();
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// Takes the next turn, and tells how long it is until then.
    fn turn(&mut self, now: Instant) -> Duration {
        let start = self.next.map_or(now, |next| next.max(now));
        self.next = Some(start + self.gap);
        start - now
    }

    fn slow_down(&mut self) {
        self.gap = (self.gap * 2).clamp(FIRST_GAP, LONGEST_GAP);
    }

    /// By an eighth; below a millisecond there is nothing left to wait for.
    fn speed_up(&mut self) {
        self.gap = (self.gap - self.gap / 8) * u32::from(self.gap > Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long each of so many calls waits that want to begin at the same moment.
    fn waits(pace: &mut Pace, count: usize) -> Vec<u128> {
        let now = Instant::now();
        (0..count).map(|_| pace.turn(now).as_millis()).collect()
    }

    #[test]
    fn the_first_calls_do_not_wait() {
        assert_eq!(waits(&mut Pace::default(), 3), [0, 0, 0]);
    }

    #[test]
    fn after_throttling_calls_of_all_clusters_follow_each_other_at_a_distance() {
        let mut pace = Pace::default();
        pace.slow_down();
        assert_eq!(waits(&mut pace, 4), [0, 50, 100, 150]);
        let mut slower = Pace::default();
        (0..2).for_each(|_| slower.slow_down());
        assert_eq!(waits(&mut slower, 3), [0, 100, 200]);
        (0..20).for_each(|_| slower.slow_down());
        assert_eq!(slower.gap, LONGEST_GAP);
    }

    #[test]
    fn answers_bring_the_full_speed_back() {
        let mut pace = Pace::default();
        (0..20).for_each(|_| pace.slow_down());
        let answers = (1..).find(|_| {
            pace.speed_up();
            pace.gap.is_zero()
        });
        assert!(answers.unwrap() < 60, "{answers:?}");
        assert_eq!(waits(&mut Pace::default(), 2), [0, 0]);
    }

    #[test]
    fn no_more_than_so_many_calls_are_under_way() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let limiter = Limiter::new(16);
            let mut held = Vec::new();
            for _ in 0..16 {
                held.push(limiter.turn().await);
            }
            let moment = Duration::from_millis(20);
            assert!(tokio::time::timeout(moment, limiter.turn()).await.is_err());
            held.pop();
            assert!(tokio::time::timeout(moment, limiter.turn()).await.is_ok());
        });
    }
}
