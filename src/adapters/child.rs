//! Running another program for what it writes to standard output, bounded in length and in time.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::world::World;

/// The most that is taken of a program's output, in bytes: it is to write a credential.
pub const MOST_OUTPUT: u64 = 1 << 20;

/// Where a program's messages to the user go.
pub type Messages = Mutex<dyn io::Write + Send>;

/// Why a program gave no output. What it wrote is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It can't be started or listened to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It took too long and was ended.
    #[error("it did not end within {}s", .0.as_secs_f64())]
    Timeout(Duration),
    /// It wrote too much and was ended.
    #[error("it wrote more than {} KiB", MOST_OUTPUT >> 10)]
    TooMuch,
    /// It ended with a failure.
    #[error("it failed: {0}")]
    Failed(ExitStatus),
}

/// A program in the world's folder and environment, without standard input.
pub fn command(world: &World, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&world.cwd).env_clear().envs(world.env.iter()).stdin(Stdio::null());
    command
}

/// Runs a program to its end and gives its standard output, which may hold a credential. Its standard error goes to `messages` as it comes; without
/// these, where the command says. After `timeout` the program is killed; `None` means to wait for ever.
///
/// # Errors
/// Where it can't be run, fails, takes too long, or writes more than [`MOST_OUTPUT`].
pub async fn output(
    mut command: Command,
    timeout: Option<Duration>,
    messages: Option<&Messages>,
) -> Result<Zeroizing<Vec<u8>>, ChildError> {
    if messages.is_some() {
        command.stderr(Stdio::piped());
    }
    let child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    match timeout {
        None => finish(child, messages).await,
        Some(limit) => {
            tokio::time::timeout(limit, finish(child, messages)).await.unwrap_or(Err(ChildError::Timeout(limit)))
        }
    }
}

async fn finish(mut child: Child, messages: Option<&Messages>) -> Result<Zeroizing<Vec<u8>>, ChildError> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, ()) = tokio::try_join!(bounded(stdout), show(stderr, messages))?;
    let status = child.wait().await?;
    if status.success() { Ok(output) } else { Err(ChildError::Failed(status)) }
}

/// All of a stream that isn't too long. One that is ends the wait at once: its writer may never end.
async fn bounded(stream: Option<impl AsyncRead + Unpin>) -> Result<Zeroizing<Vec<u8>>, ChildError> {
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stream) = stream {
        stream.take(MOST_OUTPUT + 1).read_to_end(&mut output).await?;
    }
    if output.len() as u64 > MOST_OUTPUT { Err(ChildError::TooMuch) } else { Ok(output) }
}

/// Passes on what the program tells the user.
async fn show(stream: Option<impl AsyncRead + Unpin>, messages: Option<&Messages>) -> Result<(), ChildError> {
    let (Some(mut stream), Some(messages)) = (stream, messages) else { return Ok(()) };
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let mut writer = messages.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(&buffer[..read])?;
        writer.flush()?;
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::world::{Environment, Streams};

    async fn run(script: &str, timeout: Option<Duration>) -> Result<Zeroizing<Vec<u8>>, ChildError> {
        let folder = tempfile::tempdir().unwrap();
        let world = World {
            now: jiff::Timestamp::UNIX_EPOCH,
            since: std::time::Instant::now(),
            env: Environment::new(vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            home: None,
            cwd: folder.path().to_owned(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(io::empty())),
                stdout: Arc::new(Mutex::new(io::sink())),
                stderr: Arc::new(Mutex::new(io::sink())),
                stdin_is_terminal: false,
                stdout_is_terminal: false,
                columns: None,
                stderr_is_terminal: false,
            },
            host: "desk".to_owned(),
            open_files: crate::world::OpenFiles::default(),
        };
        let mut shell = command(&world, "/bin/sh");
        shell.args(["-c", script]);
        output(shell, timeout, None).await
    }

    #[tokio::test]
    async fn output_up_to_the_limit_is_given_whole() {
        assert_eq!(*run("printf a; cat; printf b", None).await.unwrap(), *b"ab");
        let script = format!("head -c {MOST_OUTPUT} /dev/zero");
        assert_eq!(run(&script, None).await.unwrap().len() as u64, MOST_OUTPUT);
    }

    #[tokio::test]
    async fn too_much_output_is_an_error_at_once_even_if_the_program_goes_on() {
        let started = Instant::now();
        let script = format!("head -c {} /dev/zero; exec sleep 60", MOST_OUTPUT + 1);
        let error = run(&script, None).await.unwrap_err();
        assert!(matches!(error, ChildError::TooMuch), "{error}");
        assert_eq!(error.to_string(), "it wrote more than 1024 KiB");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_ended() {
        let started = Instant::now();
        let error = run("echo hunter2; exec sleep 60", Some(Duration::from_millis(200))).await.unwrap_err();
        assert_eq!(error.to_string(), "it did not end within 0.2s");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[tokio::test]
    async fn a_failure_is_its_status_and_nothing_of_the_output() {
        let error = run("echo hunter2; exit 3", None).await.unwrap_err();
        assert_eq!(error.to_string(), "it failed: exit status: 3");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
