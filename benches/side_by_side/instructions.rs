//! How much a program computes, in a figure that the machine's load doesn't change.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::measure::Tool;

/// How many instructions one run takes, as valgrind's callgrind counts them; `None` where valgrind can't be started.
pub(crate) fn count(tool: &Tool) -> Result<Option<u64>> {
    let flags = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let mut command = tool.started_by(Path::new("valgrind"), &flags);
    let Ok(output) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output() else {
        return Ok(None);
    };
    let printed = String::from_utf8_lossy(&output.stderr);
    let count = printed.lines().find_map(|line| line.split_once("Collected : ")).context("callgrind has no count")?;
    Ok(Some(count.1.trim().parse()?))
}
