//! The channels to the person at the terminal.

use std::io::{self, BufWriter, Read, Write};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::escape::escape;
use super::html::Page;
use super::incident::Incident;
use super::markdown::Markdown;
use super::progress::ProgressBar;
use super::report::{self, Report, Style, WriteError};
use crate::cli::{Color, Format, OutputArgs};
use crate::core::failure::{Failure, Merged, merged};
use crate::core::revocation::refusal::Refusal;
use crate::core::variables;
use crate::error::{Error, Result};
use crate::world::{Streams, World};

/// A wait up to this long needs no word.
const MOMENT: Duration = Duration::from_millis(500);
/// How often a terminal shows anew what is waited for.
const TICK: Duration = Duration::from_millis(250);

/// Where results, notes, warnings and errors go.
pub struct Ui {
    streams: Streams,
    style: Style,
    colored_messages: bool,
    quiet: bool,
    has_bars: bool,
}

impl Ui {
    /// Channels as the flags and the terminal want them. Results are tables until a [`format`](Self::with_format) is given.
    pub fn new(world: &World, args: &OutputArgs) -> Self {
        let colored = |is_terminal: bool| match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                is_terminal
                    && world.env.get(variables::NO_COLOR).is_none()
                    && world.env.text(variables::TERM) != Some("dumb")
            }
        };
        Self {
            style: Style {
                format: Format::Table,
                headers: !args.no_headers,
                colored: colored(world.streams.stdout_is_terminal),
                is_for_terminal: world.streams.stdout_is_terminal,
                columns: world.streams.data_columns(),
            },
            colored_messages: colored(world.streams.stderr_is_terminal),
            quiet: args.quiet,
            has_bars: world.streams.stderr_is_terminal
                && !args.quiet
                && world.env.text(variables::TERM) != Some("dumb"),
            streams: world.streams.clone(),
        }
    }

    /// The same channels with results in this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.style.format = format;
        self
    }

    /// The same channels, where results are messages beside other data: they go to standard error.
    #[must_use]
    pub fn with_results_beside_data(&self) -> Self {
        let columns = self.streams.columns.filter(|_| self.streams.stderr_is_terminal);
        let style = Style {
            format: Format::Table,
            headers: true,
            colored: self.colored_messages,
            is_for_terminal: true,
            columns,
        };
        let streams = Streams { stdout: std::sync::Arc::clone(&self.streams.stderr), ..self.streams.clone() };
        let Self { colored_messages, quiet, has_bars, .. } = *self;
        Self { streams, style, colored_messages, quiet, has_bars }
    }

    /// Writes a result to standard output. A reader that has seen enough and closed the pipe is no failure. Where nothing
    /// was found, one line on standard error says so in place of a table without rows.
    pub fn report(&self, report: &impl Report) -> Result<()> {
        let is_table = matches!(self.style.format, Format::Table | Format::Wide | Format::Tree);
        let are_objects = self.style.format == Format::Yaml && report.manifests().is_some();
        if are_objects && !self.quiet {
            self.show(report);
        }
        if is_table || are_objects {
            report.remarks().iter().for_each(|remark| self.note(remark));
        }
        if let Some(message) = report.nothing_found() {
            self.note(&message);
            if is_table {
                return Ok(());
            }
        }
        let mut unfit = None;
        self.data(|out| match report::write(report, &self.style, out) {
            Ok(()) => Ok(()),
            Err(WriteError::Stream(error)) => Err(error),
            Err(error) => {
                unfit = Some(error);
                Ok(())
            }
        })?;
        match unfit {
            None => Ok(()),
            Some(error) => Err(Error::usage(error.to_string()).hint(error.hint())),
        }
    }

    /// Whether the format is one of a report that people keep: a page or Markdown.
    pub fn writes_pages(&self) -> bool {
        matches!(self.style.format, Format::Markdown | Format::Html)
    }

    /// Writes the report that closes an incident: as a page, or else as Markdown.
    pub fn incident(&self, incident: &Incident) -> Result<()> {
        let text = match self.style.format {
            Format::Html => Page::of_incident(incident).to_text(),
            _ => Markdown::of_incident(incident).to_text(),
        };
        self.data(|out| out.write_all(text.as_bytes()))
    }

    /// Writes a result for machines alone: people have been shown it already.
    pub fn document(&self, report: &impl Report) -> Result<()> {
        match &self.style.format {
            Format::Table | Format::Wide | Format::Tree | Format::Name | Format::Csv => Ok(()),
            _ => self.report(report),
        }
    }

    /// Writes data to standard output, as [`report`](Self::report) does.
    pub fn data(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let mut stdout = lock(&self.streams.stdout);
        let mut out = BufWriter::with_capacity(64 * 1024, &mut *stdout);
        match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // What is still buffered would be tried again on drop.
                let _ = out.into_parts();
                Ok(())
            }
            Err(error) => Err(Error::failed(anyhow::Error::new(error).context("cannot write to standard output"))),
            Ok(()) => Ok(()),
        }
    }

    /// Shows what is to be agreed to, on standard error: the result is still to come.
    pub fn show(&self, report: &impl Report) {
        let columns = self.streams.columns.filter(|_| self.streams.stderr_is_terminal);
        let (format, colored) = (Format::Table, self.colored_messages);
        let style = Style { format, headers: true, colored, is_for_terminal: true, columns };
        let mut text = Vec::new();
        // Writing to memory can't fail, and there is nowhere left to report a closed standard error to.
        let _ = report::write(report, &style, &mut text);
        let _ = lock(&self.streams.stderr).write_all(&text);
    }

    /// Asks a person; what it returns waits for the answer, one line, `None` at the end of the input. What was typed before the
    /// question is no answer to it.
    ///
    /// # Errors
    /// If earlier input can't be discarded.
    pub fn ask(&self, question: &str) -> Result<impl FnOnce() -> Option<String> + Send + 'static> {
        lock(&self.streams.stdin)
            .discard_typed()
            .map_err(|error| Error::failed(anyhow::Error::new(error).context("cannot discard earlier input")))?;
        let _ = lock(&self.streams.stderr).write_all(escape(question).as_bytes());
        let stdin = self.streams.stdin.clone();
        Ok(move || line(&mut *lock(&stdin)))
    }

    /// Whether results are tables, for people to read.
    pub fn is_for_people(&self) -> bool {
        matches!(self.style.format, Format::Table | Format::Wide)
    }

    /// Whether nothing is to be said but errors and warnings.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A bar, if standard error is a terminal.
    pub fn bar(&self) -> Option<ProgressBar> {
        self.has_bars.then(|| ProgressBar::new(&self.streams))
    }

    /// Waits for work; where that takes longer than a moment, a terminal shows what is waited for.
    pub fn waiting<'a, T>(&'a self, what: &'a str, work: impl Future<Output = T> + 'a) -> impl Future<Output = T> + 'a {
        self.shown(MOMENT, |bar, elapsed| bar.draw_wait(what, elapsed), work)
    }

    /// Waits for work during which access is watched for so long; a terminal shows how long still, and elsewhere that is said.
    pub fn watching<'a, T>(
        &'a self,
        window: Duration,
        work: impl Future<Output = T> + 'a,
    ) -> impl Future<Output = T> + 'a {
        if !self.has_bars {
            self.note(&format!("watching for {}s whether access comes back", window.as_secs_f64()));
        }
        self.shown(Duration::ZERO, move |bar, elapsed| bar.draw_watch(elapsed, window), work)
    }

    /// Waits for work; from `after` on a terminal shows again and again what `draw` draws, with the time since the beginning.
    fn shown<'a, T>(
        &'a self,
        after: Duration,
        draw: impl Fn(&ProgressBar, Duration) + 'a,
        work: impl Future<Output = T> + 'a,
    ) -> impl Future<Output = T> + 'a {
        let mut work = Box::pin(work);
        async move {
            if !self.has_bars {
                return work.await;
            }
            let begun = Instant::now();
            if let Ok(done) = timeout(after, &mut work).await {
                return done;
            }
            let bar = ProgressBar::new(&self.streams);
            loop {
                draw(&bar, begun.elapsed());
                if let Ok(done) = timeout(TICK, &mut work).await {
                    return done;
                }
            }
        }
    }

    /// Whether there is a terminal to answer from.
    pub fn can_ask(&self) -> bool {
        self.streams.stdin_is_terminal
    }

    /// Says why something is not done.
    pub fn refusal(&self, refusal: &Refusal) {
        self.say(Some(("error", "\u{1b}[31m")), &refusal.message);
        self.hint(refusal.hint.as_deref());
    }

    /// Says something that helps to read the result.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.say(None, message);
        }
    }

    /// Says something that the reader must know.
    pub fn warning(&self, message: &str) {
        self.say(Some(("warning", "\u{1b}[33m")), message);
    }

    /// Says what could not be read, each cause once, and what mends it.
    pub fn failures<'a>(&self, failures: impl IntoIterator<Item = &'a Failure>) {
        for Merged { text, hint } in merged(failures) {
            self.warning(&text);
            self.hint(hint);
        }
    }

    /// Says why the command ended.
    pub fn error(&self, error: &Error) {
        self.say(Some(("error", "\u{1b}[31m")), &error.message());
        self.hint(error.advice());
    }

    fn hint(&self, hint: Option<&str>) {
        if let Some(hint) = hint {
            self.say(Some(("hint", "\u{1b}[1m")), hint);
        }
    }

    fn say(&self, heading: Option<(&str, &str)>, message: &str) {
        let message = escape(message);
        let line = match heading {
            None => format!("{message}\n"),
            Some((word, color)) if self.colored_messages => format!("{color}{word}:\u{1b}[0m {message}\n"),
            Some((word, _)) => format!("{word}: {message}\n"),
        };
        // There is nowhere left to report a closed standard error to.
        let _ = lock(&self.streams.stderr).write_all(line.as_bytes());
    }
}

/// Reads a line, byte by byte: what follows it is for the next reader.
fn line(input: &mut dyn Read) -> Option<String> {
    const LONGEST: usize = 4096;
    let (mut read, mut byte) = (Vec::new(), [0]);
    while read.len() < LONGEST {
        match input.read(&mut byte) {
            Ok(0) if read.is_empty() => return None,
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => read.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(String::from_utf8_lossy(&read).into_owned())
}

/// Locks a stream; a panic elsewhere while it was held leaves the stream usable.
pub(crate) fn lock<T: ?Sized>(stream: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cli::Cli;
    use crate::world::{Environment, Input};
    use clap::Parser as _;

    /// A terminal at which something was typed, and may be thrown away or not.
    struct Typed {
        text: io::Cursor<Vec<u8>>,
        discards: io::Result<()>,
    }

    impl Read for Typed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.text.read(buffer)
        }
    }

    impl Input for Typed {
        fn discard_typed(&mut self) -> io::Result<()> {
            self.text.set_position(self.text.get_ref().len() as u64);
            std::mem::replace(&mut self.discards, Ok(()))
        }
    }

    /// What a question is answered by, and what was shown.
    fn asked(text: &str, discards: io::Result<()>) -> (Result<Option<String>>, String) {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let stdin = Typed { text: io::Cursor::new(text.as_bytes().to_vec()), discards };
        let world = World {
            now: jiff::Timestamp::UNIX_EPOCH,
            since: std::time::Instant::now(),
            env: Environment::default(),
            home: None,
            cwd: std::path::PathBuf::new(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(stdin)),
                stdout: Arc::new(Mutex::new(io::sink())),
                stderr: shown.clone(),
                stdin_is_terminal: true,
                stdout_is_terminal: false,
                columns: None,
                stderr_is_terminal: false,
            },
            host: "desk".to_owned(),
            open_files: crate::world::OpenFiles::default(),
        };
        let cli = Cli::try_parse_from(["kubectl-ackcred", "version"]).unwrap();
        let answer = Ui::new(&world, &cli.output).ask("Go on? ").map(|wait| wait());
        let shown = String::from_utf8(lock(&shown).clone()).unwrap();
        (answer, shown)
    }

    #[test]
    fn what_was_typed_before_a_question_is_no_answer() {
        let (answer, shown) = asked("yes\n", Ok(()));
        assert_eq!((answer.unwrap(), shown.as_str()), (None, "Go on? "));
        // Where it might be one, nothing is asked.
        let (answer, shown) = asked("yes\n", Err(io::Error::other("no terminal any more")));
        assert!(answer.unwrap_err().message().contains("no terminal any more"));
        assert_eq!(shown, "");
    }
}
