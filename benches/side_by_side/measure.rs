//! One run of a program: how long it took and how much memory it held at its peak.
//!
//! The kernel counts a child's peak from what its parent held when it was started, so the bench never starts a tool itself: it
//! starts itself anew with `--measure`, which is small, and that starts the tool.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

/// A program with its arguments, in an environment of its own.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    program: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(String, OsString)>,
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Resident memory at its peak, in bytes.
    pub(crate) peak: u64,
}

impl Tool {
    pub(crate) fn new<S: AsRef<str>>(name: &str, program: impl Into<PathBuf>, args: &[S]) -> Self {
        let args = args.iter().map(|arg| arg.as_ref().into()).collect();
        Self { name: name.to_owned(), program: program.into(), args, variables: Vec::new() }
    }

    #[must_use]
    pub(crate) fn with(mut self, variable: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((variable.to_owned(), value.into()));
        self
    }

    /// Runs it and gives its standard output.
    pub(crate) fn output(&self) -> Result<Vec<u8>> {
        let output = self.in_its_environment(Command::new(&self.program)).args(&self.args).output()?;
        ensure!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }

    /// Runs it once; what it prints is thrown away.
    pub(crate) fn run(&self) -> Result<Run> {
        let mut command = self.in_its_environment(Command::new(std::env::current_exe()?));
        command.arg("--measure").arg(&self.program).args(&self.args);
        let output = command.stdin(Stdio::null()).output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr).trim());
        let numbers: Vec<u64> = told.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [wall, cpu, peak] = numbers[..] else { anyhow::bail!("{}: it printed `{told}`", self.name) };
        Ok(Run { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), peak })
    }

    /// How many instructions one run takes, as valgrind's callgrind counts them; `None` where valgrind can't be started.
    pub(crate) fn instructions(&self) -> Result<Option<u64>> {
        let mut command = self.in_its_environment(Command::new("valgrind"));
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&self.program).args(&self.args);
        let Ok(output) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output() else {
            return Ok(None);
        };
        let told = String::from_utf8_lossy(&output.stderr);
        let count = told.lines().find_map(|line| line.split_once("Collected : ")).context("callgrind has no count")?;
        Ok(Some(count.1.trim().parse()?))
    }

    #[expect(clippy::disallowed_methods, reason = "tools are found as the shell finds them")]
    fn in_its_environment(&self, mut command: Command) -> Command {
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs a program, and prints microseconds from start to end, microseconds of computing, and peak memory in bytes.
pub(crate) fn report_one(program: &Path, args: &[PathBuf]) -> Result<()> {
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let ended = child.wait4()?;
    let wall = start.elapsed();
    ensure!(ended.status.success(), "it ended with {}", ended.status);
    let cpu = ended.rusage.utime + ended.rusage.stime;
    Ok(writeln!(std::io::stdout(), "{} {} {}", wall.as_micros(), cpu.as_micros(), ended.rusage.maxrss)?)
}
