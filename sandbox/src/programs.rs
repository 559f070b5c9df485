//! Programs that a test puts in a place of its own.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes a script that can be run at once. A process of its own writes it: what this one has open for writing can't be run while a
/// thread of it starts another program.
///
/// # Errors
/// If no such file can be written.
pub fn write_program(path: &Path, script: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut shell = Command::new("/bin/sh");
    let mut writer = shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped()).spawn()?;
    writer.stdin.take().expect("it is piped").write_all(script.as_bytes())?;
    match writer.wait()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(format!("{} can't be written: {status}", path.display()))),
    }
}
