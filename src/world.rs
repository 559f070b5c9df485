//! The seam between the program and the outside: everything impure that a command may use, as values.
//!
//! Tests build a [`World`] of their own and run whole commands in the process; `main` builds the real one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::Timestamp;

mod memory;
mod open_files;

pub use open_files::OpenFiles;

/// What a command can see of the machine.
pub struct World {
    /// The time at which the program started: the only clock that decisions are made by.
    pub now: Timestamp,
    /// The moment of `now`, for what goes on afterwards.
    pub since: Instant,
    /// The environment variables.
    pub env: Environment,
    /// The user's home folder, where there is one.
    pub home: Option<PathBuf>,
    /// The working directory, for relative paths.
    pub cwd: PathBuf,
    /// The machine's name.
    pub host: String,
    /// Standard input, output and error.
    pub streams: Streams,
    /// How many files and connections it may have open.
    pub open_files: OpenFiles,
}

/// The time as it goes on after the program started, for records: what happened when. Decisions are made by [`World::now`].
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: Timestamp,
    since: Instant,
}

impl Clock {
    /// The time.
    pub fn time(&self) -> Timestamp {
        self.now.checked_add(self.since.elapsed()).unwrap_or(self.now)
    }
}

/// A snapshot of the environment variables.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// What a person's answers come from.
pub trait Input: Read {
    /// Throws away what has been typed and not been read: it was typed before the question was there. Input that is no terminal
    /// has no such thing.
    ///
    /// # Errors
    /// The terminal doesn't do it.
    fn discard_typed(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Input for io::Empty {}

impl Input for io::Cursor<Vec<u8>> {}

impl Input for io::Stdin {
    /// Source: <https://man7.org/linux/man-pages/man3/tcflush.3.html>
    #[cfg(unix)]
    fn discard_typed(&mut self) -> io::Result<()> {
        use rustix::termios::{QueueSelector, tcflush};
        if !self.is_terminal() {
            return Ok(());
        }
        Ok(tcflush(&*self, QueueSelector::IFlush)?)
    }

    /// Source: <https://learn.microsoft.com/en-us/windows/console/readconsoleinput>
    #[cfg(windows)]
    fn discard_typed(&mut self) -> io::Result<()> {
        use crossterm_winapi::{Console, Handle};
        if !self.is_terminal() {
            return Ok(());
        }
        let console = Console::from(Handle::current_in_handle()?);
        while console.number_of_console_input_events()? > 0 {
            console.read_console_input()?;
        }
        Ok(())
    }
}

/// The standard streams, and whether each is a terminal.
#[derive(Clone)]
pub struct Streams {
    /// Standard input.
    pub stdin: Arc<Mutex<dyn Input + Send>>,
    /// Standard output: data, nothing else.
    pub stdout: Arc<Mutex<dyn Write + Send>>,
    /// Standard error: everything that is not data.
    pub stderr: Arc<Mutex<dyn Write + Send>>,
    /// Whether a person can answer.
    pub stdin_is_terminal: bool,
    /// Whether a person reads the data.
    pub stdout_is_terminal: bool,
    /// How many columns the terminal has, of standard output or else of standard error; `None` where neither is one, or it doesn't say.
    pub columns: Option<u16>,
    /// Whether a person reads the messages.
    pub stderr_is_terminal: bool,
}

impl Streams {
    /// How many columns there are for data; `None`: it goes to no terminal, or that doesn't say.
    pub fn data_columns(&self) -> Option<u16> {
        self.columns.filter(|_| self.stdout_is_terminal)
    }
}

impl World {
    /// The real machine.
    #[expect(clippy::disallowed_methods, reason = "the one place where clock, environment and folder are read")]
    pub fn real() -> Self {
        memory::keep_to_itself();
        Self {
            now: Timestamp::now(),
            since: Instant::now(),
            env: Environment(std::env::vars_os().collect()),
            home: home(),
            cwd: std::env::current_dir().unwrap_or_default(),
            host: host(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(std::io::stdin())),
                stdout: Arc::new(Mutex::new(std::io::stdout())),
                stderr: Arc::new(Mutex::new(std::io::stderr())),
                stdin_is_terminal: std::io::stdin().is_terminal(),
                stdout_is_terminal: std::io::stdout().is_terminal(),
                columns: columns(),
                stderr_is_terminal: std::io::stderr().is_terminal(),
            },
            open_files: OpenFiles::raised(),
        }
    }
}

/// Source: <https://man7.org/linux/man-pages/man2/TIOCSWINSZ.2const.html>; a terminal that doesn't know its size says 0.
#[cfg(unix)]
fn columns() -> Option<u16> {
    use rustix::termios::tcgetwinsize;
    let size = tcgetwinsize(std::io::stdout()).or_else(|_| tcgetwinsize(std::io::stderr()));
    size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}

/// Source: <https://learn.microsoft.com/en-us/windows/console/getconsolescreenbufferinfo>
#[cfg(windows)]
fn columns() -> Option<u16> {
    let size = crossterm_winapi::ScreenBuffer::current().ok()?.info().ok()?.terminal_size();
    u16::try_from(size.width).ok().filter(|columns| *columns > 0)
}

/// HOME and nothing else, as client-go has it: the user database may be behind a socket.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a part of the one place where the environment is read")]
fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

#[cfg(not(unix))]
fn home() -> Option<PathBuf> {
    dirs::home_dir()
}

/// Source: <https://man7.org/linux/man-pages/man2/uname.2.html>
#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Source: <https://learn.microsoft.com/en-us/windows/deployment/usmt/usmt-recognized-environment-variables>
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "a part of the one place where the environment is read")]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

impl World {
    /// The same machine without a terminal at its standard input: what runs side by side must not ask for input at once.
    #[must_use]
    pub fn without_a_person(&self) -> Self {
        Self {
            now: self.now,
            since: self.since,
            env: self.env.clone(),
            home: self.home.clone(),
            cwd: self.cwd.clone(),
            host: self.host.clone(),
            streams: Streams { stdin_is_terminal: false, ..self.streams.clone() },
            open_files: self.open_files,
        }
    }

    /// The time as it goes on.
    pub fn clock(&self) -> Clock {
        Clock { now: self.now, since: self.since }
    }
}

impl Environment {
    /// An environment with these variables and no others.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A variable's value; an empty one counts as unset, as in kubectl and curl.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable's value where it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(OsStr::to_str)
    }

    /// All variables, for a child process.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
