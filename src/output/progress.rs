//! A line at the terminal: how far a reading of several clusters is, what is waited for, or how long bindings are still watched. It is
//! gone once the result is there.

use std::time::Duration;

use super::escape::escape;
use super::ui::lock;
use crate::core::progress::{LogProgress, Progress};
use crate::world::Streams;

/// How wide the bar is, in characters.
const BAR: usize = 12;
/// How wide its line may be: narrower than any terminal, for a line that wraps can't be taken back.
const LINE: usize = 79;
/// Back to the start of the line, and away with what is there.
const ERASE: &str = "\r\u{1b}[K";

/// A line of standard error that is drawn again and again, and erased in the end.
pub struct ProgressBar {
    streams: Streams,
}

impl ProgressBar {
    pub(super) fn new(streams: &Streams) -> Self {
        Self { streams: streams.clone() }
    }

    /// Draws it anew.
    pub fn draw(&self, progress: &Progress) {
        self.write(&format!("{ERASE}{}", line(progress)));
    }

    /// Draws what is waited for, and for how long already.
    pub(super) fn draw_wait(&self, what: &str, elapsed: Duration) {
        let line: String = format!("{what}: {} s", elapsed.as_secs()).chars().take(LINE).collect();
        self.write(&format!("{ERASE}{}", escape(&line)));
    }

    /// Draws how long the bindings have been watched, of how long.
    pub(super) fn draw_watch(&self, elapsed: Duration, window: Duration) {
        let elapsed = elapsed.min(window).as_secs();
        self.write(&format!("{ERASE}watching whether access comes back: {elapsed} of {} s", window.as_secs_f64()));
    }

    /// Draws how far the reading of a log is.
    pub fn draw_log(&self, progress: &LogProgress<'_>) {
        self.write(&format!("{ERASE}{}", log_line(progress)));
    }

    fn write(&self, text: &str) {
        let mut stderr = lock(&self.streams.stderr);
        // There is nowhere left to report a closed standard error to.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        self.write(ERASE);
    }
}

fn line(progress: &Progress) -> String {
    let Progress { total, done, failed, running, slowest } = progress;
    let over = done + failed;
    let full = (BAR * over).checked_div(*total).unwrap_or_default().min(BAR);
    let mut line = format!("[{}{}] {over}/{total} clusters", "#".repeat(full), "-".repeat(BAR - full));
    if *failed > 0 {
        line.push_str(&format!(", {failed} failed"));
    }
    line.push_str(&format!(", {running} running"));
    if let Some((name, time)) = slowest {
        line.push_str(&format!(", {}s: ", time.as_secs()));
        let name = escape(name);
        line.push_str(&tail(&name, LINE.saturating_sub(line.chars().count())));
    }
    line.chars().take(LINE).collect()
}

fn log_line(progress: &LogProgress<'_>) -> String {
    const MEGABYTE: u64 = 1_000_000;
    let LogProgress { name, read, size, pass, events } = *progress;
    let megabytes = |bytes: u64| (bytes / MEGABYTE).to_string();
    let mut line = match size {
        Some(size) => {
            let full = (BAR as u64 * read).checked_div(size).unwrap_or_default().min(BAR as u64) as usize;
            format!("[{}{}] {}/{} MB", "#".repeat(full), "-".repeat(BAR - full), megabytes(read), megabytes(size))
        }
        None => format!("{} MB", megabytes(read)),
    };
    if pass > 1 {
        line.push_str(&format!(", reading {pass}"));
    }
    line.push_str(&format!(", {events} found: "));
    line.push_str(&tail(&escape(name), LINE.saturating_sub(line.chars().count())));
    line.chars().take(LINE).collect()
}

/// The end of a name, by which names of ACK's differ.
fn tail(name: &str, most: usize) -> String {
    let length = name.chars().count();
    match length > most {
        true => format!("…{}", name.chars().skip(length - most.saturating_sub(1)).collect::<String>()),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(done: usize, failed: usize, slowest: Option<&str>) -> String {
        let slowest = slowest.map(|name| (name.to_owned(), Duration::from_millis(4200)));
        line(&Progress { total: 200, done, failed, running: 16, slowest })
    }

    #[test]
    fn the_line_tells_how_far_it_is_and_whom_it_waits_for() {
        let line = line_of(117, 3, Some("shop-017"));
        assert_eq!(line, "[#######-----] 120/200 clusters, 3 failed, 16 running, 4s: shop-017");
        assert_eq!(line_of(0, 0, None), "[------------] 0/200 clusters, 16 running");
    }

    #[test]
    fn the_line_of_a_log_says_how_much_is_read_and_how_often() {
        let progress =
            LogProgress { name: "audit.log", read: 300_000_000, size: Some(600_000_000), pass: 1, events: 12 };
        assert_eq!(log_line(&progress), "[######------] 300/600 MB, 12 found: audit.log");
        assert_eq!(
            log_line(&LogProgress { size: None, pass: 2, ..progress }),
            "300 MB, reading 2, 12 found: audit.log"
        );
        let long = "\u{1b}".repeat(200);
        assert!(log_line(&LogProgress { name: &long, ..progress }).chars().count() <= LINE);
    }

    #[test]
    fn it_never_wraps_and_holds_nothing_that_moves_the_cursor() {
        let long = line_of(1, 0, Some("200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7"));
        assert_eq!(long, "[------------] 1/200 clusters, 16 running, 4s: …e8f0a1b2c3d4e5f60718293a4b5c6d7");
        let long = line_of(1, 0, Some(&"\u{1b}[2Jx".repeat(40)));
        assert!(long.chars().count() <= LINE && !long.contains('\u{1b}'), "{long}");
        assert_eq!(line(&Progress::default()), "[------------] 0/0 clusters, 0 running");
    }
}
