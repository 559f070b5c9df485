//! How far the reading of an audit log is, for who waits at a terminal.

use std::time::{Duration, Instant};

use crate::core::progress::LogProgress;
use crate::output::progress::ProgressBar;
use crate::output::ui::Ui;

/// How often a terminal is shown how far the reading is.
const TICK: Duration = Duration::from_millis(250);

/// Draws how far the reading is, not too often; takes it away in the end.
pub(super) struct LogProgressBar {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl LogProgressBar {
    /// Begins; where standard error is no terminal, nothing is drawn.
    pub(super) fn begin(ui: &Ui) -> Self {
        Self { bar: ui.bar(), last: Instant::now() }
    }

    /// Draws it, if it is time.
    pub(super) fn draw(&mut self, progress: &LogProgress<'_>) {
        if let Some(bar) = self.bar.as_ref().filter(|_| self.last.elapsed() >= TICK) {
            bar.draw_log(progress);
            self.last = Instant::now();
        }
    }
}
