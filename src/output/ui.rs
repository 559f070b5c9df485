//! The channels to the person at the terminal.

use std::io::{self, BufWriter, Write};

use super::escape::escape;
use super::report::{self, Report, Style};
use crate::cli::{Color, Format, OutputArgs};
use crate::error::{Error, Result};
use crate::world::{Streams, World};

/// Where results, notes, warnings and errors go.
pub struct Ui {
    streams: Streams,
    style: Style,
    colored_messages: bool,
    quiet: bool,
}

impl Ui {
    /// Channels as the flags and the terminal want them.
    pub fn new(world: &World, args: &OutputArgs) -> Self {
        let colored = |is_terminal: bool| match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && world.env.get("NO_COLOR").is_none() && world.env.text("TERM") != Some("dumb"),
        };
        Self {
            style: Style {
                format: args.output,
                headers: !args.no_headers,
                colored: colored(world.streams.stdout_is_terminal),
            },
            colored_messages: colored(world.streams.stderr_is_terminal),
            quiet: args.quiet,
            streams: world.streams.clone(),
        }
    }

    /// Writes a result to standard output. A reader that has seen enough and closed the pipe is no failure. Where nothing
    /// was found, one line on standard error says so in place of a table without rows.
    pub fn report(&self, report: &impl Report) -> Result<()> {
        if let Some(message) = report.nothing_found() {
            self.note(&message);
            if matches!(self.style.format, Format::Table | Format::Wide) {
                return Ok(());
            }
        }
        self.data(|out| report::write(report, self.style, out))
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

    /// Says why the command ended.
    pub fn error(&self, error: &Error) {
        self.say(Some(("error", "\u{1b}[31m")), &error.message());
        if let Some(hint) = error.advice() {
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

/// Locks a stream; a panic elsewhere while it was held leaves the stream usable.
pub(crate) fn lock<T: ?Sized>(stream: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
