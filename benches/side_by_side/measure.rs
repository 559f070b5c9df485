//! One run of a program: how long it took and how much memory it held at its peak.
//!
//! The kernel counts a child's peak from what its parent held when it was started, so the bench never starts a tool itself: it
//! starts itself anew with `--measure`, which is small, and that starts the tool.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

/// What every bench of commands takes.
#[derive(Debug, clap::Args)]
pub(crate) struct MeasureArgs {
    /// Measure this build instead of the one that cargo has just made
    #[arg(long, default_value = env!("CARGO_BIN_EXE_kubectl-ackcred"))]
    pub(crate) binary: PathBuf,
    /// Given by cargo bench
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
    /// Run a command, its standard output into a file, and print what it took
    #[arg(long, hide = true, num_args = 2.., allow_hyphen_values = true, exclusive = true)]
    pub(crate) measure: Vec<PathBuf>,
}

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
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
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

    /// Runs it once to a good end; what it prints is thrown away.
    pub(crate) fn run(&self) -> Result<Run> {
        let run = self.run_into(Path::new("/dev/null"))?;
        ensure!(run.code == 0, "{}: it ended with exit code {}", self.name, run.code);
        Ok(run)
    }

    /// Runs it once, however it ends; its standard output goes into this file.
    pub(crate) fn run_into(&self, stdout: &Path) -> Result<Run> {
        let mut command = self.started_by(&std::env::current_exe()?, &[OsStr::new("--measure"), stdout.as_os_str()]);
        let output = command.stdin(Stdio::null()).output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr).trim());
        let numbers: Vec<i64> = printed.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [wall, cpu, peak, code] = numbers[..] else { anyhow::bail!("{}: it printed `{printed}`", self.name) };
        let micros = |count: i64| Ok::<_, std::num::TryFromIntError>(Duration::from_micros(count.try_into()?));
        Ok(Run { wall: micros(wall)?, cpu: micros(cpu)?, peak: peak.try_into()?, code: code.try_into()? })
    }

    /// The command that has it started by another program.
    pub(crate) fn started_by<S: AsRef<OsStr>>(&self, program: &Path, args: &[S]) -> Command {
        let mut command = self.in_its_environment(Command::new(program));
        command.args(args).arg(&self.program).args(&self.args);
        command
    }

    #[expect(clippy::disallowed_methods, reason = "tools are found as the shell finds them")]
    fn in_its_environment(&self, mut command: Command) -> Command {
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs a program with its standard output into a file, and prints microseconds from start to end, microseconds of computing,
/// peak memory in bytes, and the exit code.
pub(crate) fn report_one(stdout: &Path, program: &Path, args: &[PathBuf]) -> Result<()> {
    let stdout = File::create(stdout).with_context(|| stdout.display().to_string())?;
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let ended = child.wait4()?;
    let wall = start.elapsed();
    let cpu = ended.rusage.utime + ended.rusage.stime;
    let (peak, code) = (ended.rusage.maxrss, ended.status.code().unwrap_or(-1));
    Ok(writeln!(std::io::stdout(), "{} {} {peak} {code}", wall.as_micros(), cpu.as_micros())?)
}
