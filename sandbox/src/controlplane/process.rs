//! The processes of a control plane, and how none of them stays behind.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A child process with its output in a file.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(super) fn start(command: &mut Command, log: PathBuf) -> std::io::Result<Self> {
        let output = File::create(&log)?;
        let child =
            command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn().map_err(|error| {
                std::io::Error::new(error.kind(), format!("{}: {error}", command.get_program().display()))
            })?;
        Ok(Self { child, log })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    pub(super) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ends the processes, and takes their folder away, where this process ends without having done so: what lives in a static is
/// never dropped, and a test that is killed drops nothing.
pub(super) struct Guard(Child);

impl Guard {
    /// The shell's standard input closes when this process ends, however it does.
    const SCRIPT: &str = "trap '' INT; read -r _; kill -9 \"$1\" \"$2\"; rm -rf -- \"$3\"";

    pub(super) fn over(processes: [&Process; 2], folder: &Path) -> std::io::Result<Self> {
        let [one, other] = processes.map(|process| process.child.id().to_string());
        let mut shell = Command::new("sh");
        shell.args(["-c", Self::SCRIPT, "guard", &one, &other]).arg(folder);
        Ok(Self(shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The guard has nothing to do yet: the owner ends the processes.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn nothing_stays_behind_where_the_owner_ends_first() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("plane");
        fs::create_dir(&folder).unwrap();
        let sleeper = |name: &str| Process::start(Command::new("sleep").arg("600"), folder.join(name)).unwrap();
        let (mut one, mut other) = (sleeper("one"), sleeper("other"));
        let mut guard = Guard::over([&one, &other], &folder).unwrap();
        assert!(!one.has_ended() && !other.has_ended());
        // What the system does when a process ends.
        drop(guard.0.stdin.take());
        assert!(guard.0.wait().unwrap().success());
        assert!(!folder.exists());
        let until = Instant::now() + Duration::from_secs(10);
        while !(one.has_ended() && other.has_ended()) {
            assert!(Instant::now() < until, "they go on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn the_guard_of_a_living_owner_does_nothing() {
        let home = tempfile::tempdir().unwrap();
        let sleeper = |name: &str| Process::start(Command::new("sleep").arg("600"), home.path().join(name)).unwrap();
        let (mut one, mut other) = (sleeper("one"), sleeper("other"));
        drop(Guard::over([&one, &other], home.path()).unwrap());
        assert!(!one.has_ended() && !other.has_ended() && home.path().exists());
    }
}
