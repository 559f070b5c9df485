//! Waiting for what the cloud has promised, within a bound.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::{CloudWait, Tools};
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
    tools: &'a Tools<'a>,
    step: u32,
    bound: Duration,
    until: Instant,
    pause: Duration,
}

impl<'a> Patience<'a> {
    pub(super) fn new(means: &'a RotationTools<'a>, step: u32) -> Self {
        let bound = means.patience;
        Self { tools: means.tools, step, bound, until: Instant::now() + bound, pause: FIRST_PAUSE }
    }

    /// Waits until the next look.
    ///
    /// # Errors
    /// That it was waited for long enough, or an interrupt; with what was seen last.
    pub(super) async fn wait(&mut self, seen: &str) -> Result<(), String> {
        let left = self.until.saturating_duration_since(Instant::now());
        if (self.tools.interrupted)() {
            return Err(format!("{seen}; interrupted while waiting"));
        }
        if left.is_zero() {
            return Err(format!("{seen}; waited for up to {}s", self.bound.as_secs_f64()));
        }
        let wait = self.pause.min(left);
        if wait >= WORTH_A_WORD {
            let (step, at_most, reason) = (self.step, self.bound, seen.to_owned());
            (self.tools.on_wait)(&CloudWait { step, wait, at_most, reason });
        }
        let until = Instant::now() + wait;
        while !(self.tools.interrupted)() && Instant::now() < until {
            sleep(LOOK.min(until.saturating_duration_since(Instant::now()))).await;
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
