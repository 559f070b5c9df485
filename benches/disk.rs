//! `expiry -R` beside ripgrep with the same markers, in turn, over the same tree in a warm cache.
//!
//! `cargo bench --bench disk -- --files 100000`; ripgrep must be on the path. docs/performance.md shows what it prints.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench reads the clock and prints what it measured"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ackcred_sandbox::disk;
use anyhow::{Context as _, Result, ensure};
use clap::Parser;

/// What ripgrep looks for: the beginnings that the program looks for as well, as text and in base64.
const MARKERS: &str = "-----BEGIN CERTIFICATE|PRIVATE KEY-----|client-certificate|current-context|kind: Config|ExecCredential|\
LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR|0tLS0tQkVHSU4gQ0VSVElGSUNBVE|tLS0tLUJFR0lOIENFUlRJRklDQVRF|Y2xpZW50LWNlcnRpZmljYXRl|\
NsaWVudC1jZXJ0aWZpY2F0|jbGllbnQtY2VydGlmaWNhdG|Y3VycmVudC1jb250ZXh0|N1cnJlbnQtY29udGV4d|jdXJyZW50LWNvbnRleH|YXBpVmVyc2lvbjog";

#[derive(Debug, Parser)]
struct Args {
    /// How many files the tree has, beside 40 credentials
    #[arg(long, default_value_t = 100_000)]
    files: usize,
    /// Counted rounds; one more goes before them
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Search this folder instead
    #[arg(long)]
    tree: Option<PathBuf>,
    /// What `cargo bench` passes.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if !args.bench {
        // `cargo test --all-targets` asks only whether it starts.
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let tree = match &args.tree {
        Some(tree) => tree.clone(),
        None => {
            let planted = disk::plant(folder.path(), 40, args.files, jiff::Timestamp::now())?;
            ensure!(planted.len() == 40, "40 credentials are planted");
            folder.path().to_owned()
        }
    };
    let (mut own, mut rg) = (Vec::new(), Vec::new());
    for round in 0..=args.rounds {
        let times = [time(&mut search(&tree))?, time(&mut ripgrep(&tree))?];
        if round > 0 {
            own.push(times[0]);
            rg.push(times[1]);
        }
    }
    println!("| command | median | best |\n| --- | --- | --- |");
    println!("| `kubectl ackcred expiry -R` | {} | {} |", median(&mut own), shown(own[0]));
    println!("| `rg -lU --hidden --no-ignore` | {} | {} |", median(&mut rg), shown(rg[0]));
    println!("\nRatio of the medians: {:.2}", own[own.len() / 2].as_secs_f64() / rg[rg.len() / 2].as_secs_f64());
    Ok(())
}

fn search(tree: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-ackcred"));
    command.args(["expiry", "-R", "-o", "json"]).arg(tree);
    command
}

fn ripgrep(tree: &Path) -> Command {
    let mut command = Command::new("rg");
    command.args(["-lU", "--hidden", "--no-ignore", "--one-file-system", "-a", "-e", MARKERS]).arg(tree);
    command
}

fn time(command: &mut Command) -> Result<Duration> {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success() || status.code() == Some(4), "{command:?} ended with {status}");
    Ok(begun.elapsed())
}

/// Sorts the times.
fn median(times: &mut [Duration]) -> String {
    times.sort_unstable();
    shown(times[times.len() / 2])
}

fn shown(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}
