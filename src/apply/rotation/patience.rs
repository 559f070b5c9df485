//! Waiting for what the cloud has promised, within a bound.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::CloudWait;
use super::RotationTools;

/// The wait before the second look; it doubles from look to look.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest wait between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A shorter wait needs no word.
const WORTH_A_WORD: Duration = Duration::from_secs(2);
/// How often a wait looks whether it is interrupted.
const LOOK: Duration = Duration::from_millis(100);

/// How long something is still waited for.
pub(super) struct Patience<'a> {
    interrupted: &'a dyn Fn() -> bool,
    on_wait: &'a dyn Fn(&CloudWait),
    step: u32,
    bound: Duration,
    until: Instant,
    pause: Duration,
}

impl<'a> Patience<'a> {
    pub(super) fn new(means: &'a RotationTools<'a>, step: u32) -> Self {
        Self::bounded(means.patience, step, means.tools.interrupted, means.tools.on_wait)
    }

    fn bounded(bound: Duration, step: u32, interrupted: &'a dyn Fn() -> bool, on_wait: &'a dyn Fn(&CloudWait)) -> Self {
        Self { interrupted, on_wait, step, bound, until: Instant::now() + bound, pause: FIRST_PAUSE }
    }

    /// Waits until the next look.
    ///
    /// # Errors
    /// That it was waited for long enough, or an interrupt; with what was seen last.
    pub(super) async fn wait(&mut self, seen: &str) -> Result<(), String> {
        let left = self.until.saturating_duration_since(Instant::now());
        if (self.interrupted)() {
            return Err(format!("{seen}; interrupted while waiting"));
        }
        if left.is_zero() {
            return Err(format!("{seen}; waited for up to {}s", self.bound.as_secs_f64()));
        }
        let wait = self.pause.min(left);
        if wait >= WORTH_A_WORD {
            let (step, at_most, reason) = (self.step, self.bound, seen.to_owned());
            (self.on_wait)(&CloudWait { step, wait, at_most, reason });
        }
        let until = Instant::now() + wait;
        while !(self.interrupted)() && Instant::now() < until {
            sleep(LOOK.min(until.saturating_duration_since(Instant::now()))).await;
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Waits as often as may be, and gives how long each wait was.
    async fn waits(patience: &mut Patience<'_>) -> (Vec<Duration>, String) {
        let mut waits = Vec::new();
        loop {
            let begun = Instant::now();
            match patience.wait("not yet").await {
                Ok(()) => waits.push(begun.elapsed()),
                Err(why) => return (waits, why),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_five_seconds_and_end_at_the_bound() {
        let said = RefCell::new(Vec::new());
        let on_wait = |wait: &CloudWait| said.borrow_mut().push((wait.step, wait.wait, wait.at_most));
        let mut patience = Patience::bounded(20 * SECOND, 7, &|| false, &on_wait);
        let (waits, why) = waits(&mut patience).await;
        assert_eq!(waits.iter().sum::<Duration>(), 20 * SECOND);
        assert_eq!(waits[..6], [250, 500, 1000, 2000, 4000, 5000].map(Duration::from_millis));
        assert_eq!(why, "not yet; waited for up to 20s");
        // Short waits are not worth a word.
        let expected = [2000, 4000, 5000, 5000, 2250].map(|wait| (7, Duration::from_millis(wait), 20 * SECOND));
        assert_eq!(said.into_inner(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_ends_a_wait_at_once_and_allows_no_other() {
        let (looks, last) = (Cell::new(0), 12);
        let interrupted = || {
            looks.set(looks.get() + 1);
            looks.get() > last
        };
        let mut patience = Patience::bounded(60 * SECOND, 1, &interrupted, &|_| ());
        let (waits, why) = waits(&mut patience).await;
        assert!(waits.iter().sum::<Duration>() < 2 * SECOND, "{waits:?}");
        assert_eq!(why, "not yet; interrupted while waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn without_patience_nothing_is_waited_for() {
        let mut patience = Patience::bounded(Duration::ZERO, 1, &|| false, &|_| ());
        assert_eq!(waits(&mut patience).await, (Vec::new(), "not yet; waited for up to 0s".to_owned()));
    }
}
