//! Runs the plugin's commands inside this process, in a world of one's own: an empty home, a chosen clock, chosen
//! variables, and streams that are kept.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use kubectl_ackcred::world::{Environment, Streams, World};
use tempfile::TempDir;

use crate::clock;

/// A person at a terminal of their own.
pub struct Session {
    home: TempDir,
    now: Timestamp,
    /// The start of the session, if its time runs from then.
    began: Option<Instant>,
    variables: BTreeMap<OsString, OsString>,
    terminal: bool,
    columns: Option<u16>,
    answer: Option<String>,
}

/// The exit status of a command and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an outcome that is not checked proves nothing"]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Session {
    /// A session at the given time, with no variable set.
    pub fn at(now: Timestamp) -> io::Result<Self> {
        // Nothing answers there: a machine's own metadata service is not a session's to ask.
        let variables = [("ACKCRED_METADATA_ENDPOINT".into(), "http://127.0.0.1:1".into())];
        Ok(Self {
            home: tempfile::tempdir()?,
            now,
            began: None,
            variables: variables.into(),
            terminal: false,
            columns: None,
            answer: None,
        })
    }

    /// A session at the machine's time, which keeps running, with no variable set.
    pub fn now() -> io::Result<Self> {
        Ok(Self { began: Some(Instant::now()), ..Self::at(clock::now())? })
    }

    /// A session at the machine's time with these variables, and with an `ACKCRED_HOME` in the session's home.
    pub fn now_with(variables: impl IntoIterator<Item = (&'static str, String)>) -> io::Result<Self> {
        let session = Self::now()?;
        let state = session.home().join("state");
        let session = variables.into_iter().fold(session, |session, (name, value)| session.with(name, value));
        Ok(session.with("ACKCRED_HOME", state))
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Makes standard output and error terminals.
    #[must_use]
    pub fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Makes standard output and error terminals of so many columns.
    #[must_use]
    pub fn on_a_terminal_of(mut self, columns: u16) -> Self {
        self.columns = Some(columns);
        self.on_a_terminal()
    }

    /// Makes standard input a terminal that gives this text to each command and then ends. Without it, standard input is empty
    /// and no terminal.
    #[must_use]
    pub fn answering(mut self, text: &str) -> Self {
        self.answer = Some(text.to_owned());
        self
    }

    /// The home folder, which is the working directory too.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home folder.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.home().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, content)?;
        restrict(&path)?;
        Ok(path)
    }

    /// Runs one command, given without the program's name.
    pub fn run<S: AsRef<str>>(&self, args: &[S]) -> Outcome {
        self.run_answering(self.answer.as_deref(), args)
    }

    /// Runs one command with this text typed at its terminal; `None`: standard input is empty and no terminal.
    pub fn run_answering<S: AsRef<str>>(&self, text: Option<&str>, args: &[S]) -> Outcome {
        let stdout = Arc::new(Mutex::new(Vec::new()));
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let world = self.seen(text, &stdout, &stderr);
        let words = std::iter::once("kubectl-ackcred").chain(args.iter().map(AsRef::as_ref)).map(OsString::from);
        let status = kubectl_ackcred::run(words, &world);
        Outcome { status, stdout: written(&stdout), stderr: written(&stderr) }
    }

    /// The world of a command, for parts of the plugin that are called without one. Its output is dropped.
    pub fn world(&self) -> World {
        self.seen(self.answer.as_deref(), &Output::default(), &Output::default())
    }

    fn seen(&self, text: Option<&str>, stdout: &Output, stderr: &Output) -> World {
        World {
            now: self.began.and_then(|began| self.now.checked_add(began.elapsed()).ok()).unwrap_or(self.now),
            since: Instant::now(),
            env: Environment::new(self.variables.clone()),
            home: Some(self.home().to_path_buf()),
            cwd: self.home().to_path_buf(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(Cursor::new(text.unwrap_or_default().as_bytes().to_vec()))),
                stdout: stdout.clone(),
                stderr: stderr.clone(),
                stdin_is_terminal: text.is_some(),
                stdout_is_terminal: self.terminal,
                columns: self.columns,
                stderr_is_terminal: self.terminal,
            },
            host: "desk".to_owned(),
            open_files: kubectl_ackcred::world::OpenFiles::default(),
        }
    }
}

type Output = Arc<Mutex<Vec<u8>>>;

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(formatter, "--- stderr\n{}", self.stderr)?;
        }
        write!(formatter, "--- exit {}", self.status.code())
    }
}

fn written(stream: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&stream.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard input of a command, and whether it is a terminal.
    fn input(world: World) -> (String, bool) {
        let streams = world.streams;
        let mut read = String::new();
        streams.stdin.lock().unwrap().read_to_string(&mut read).unwrap();
        (read, streams.stdin_is_terminal)
    }

    #[test]
    fn standard_input_is_empty_unless_an_answer_is_set() {
        let session = Session::now().unwrap();
        assert_eq!(input(session.world()), (String::new(), false));
        let session = session.answering("yes\n");
        for _ in 0..2 {
            assert_eq!(input(session.world()), ("yes\n".into(), true), "each command anew");
        }
        let silent = session.seen(Some(""), &Output::default(), &Output::default());
        assert_eq!(input(silent), (String::new(), true), "a person who ends the input at once");
    }
}
