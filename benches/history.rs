//! What 10,000 past operations cost: `history`, and `scan`, which asks each whether it revoked a leaked credential. The real binary,
//! against a simulated cluster; time and peak memory with no past operations and with all of them.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::session::Session;
use ackcred_sandbox::story::Story;
use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use kubectl_ackcred::status::Status;
use wait4::Wait4 as _;

const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
const OPERATIONS: i64 = 10_000;
const ROUNDS: usize = 11;

/// What a command cost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// From its start to its end. More than it computes where others work on the machine, less where two threads share the work.
    wall: Duration,
    /// What it computed.
    cpu: Duration,
    /// Bytes of memory that it held at its peak.
    peak: u64,
}

#[expect(clippy::disallowed_methods, reason = "a bench starts itself as its own measure")]
fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == "--measure") {
        return measure(&args.collect::<Vec<_>>());
    }
    let story = Story::start(ApiServerOptions::default())?;
    let session = story.session()?;
    let mut out = std::io::stdout();
    let none = [cost(&session, &["history"])?, cost(&session, &["scan"])?];
    let leaked = story.leaked.display().to_string();
    let revoked = session.run(&["revoke", "-f", &leaked, "--yes", "--settle", "0"]);
    ensure!(revoked.status == Status::Done, "{revoked}");
    let size = multiply(&session.home().join("state/operations"))?;
    writeln!(out, "{OPERATIONS} past operations, {} MiB, {ROUNDS} rounds", size >> 20)?;
    for ((command, before), budget) in ["history", "scan"].into_iter().zip(none).zip(["0.2 s and 32 MiB"; 2]) {
        let after = cost(&session, &[command])?;
        writeln!(out, "{command}: {}, without any {} (budget {budget})", shown(after), shown(before))?;
    }
    Ok(())
}

fn shown(Cost { wall, cpu, peak }: Cost) -> String {
    let [wall, cpu] = [wall, cpu].map(|time| time.as_secs_f64() * 1000.0);
    format!("{wall:.0} ms ({cpu:.0} ms of CPU) and {:.1} MiB", peak as f64 / f64::from(1 << 20))
}

/// The median time and the highest peak.
fn cost(session: &Session, args: &[&str]) -> anyhow::Result<Cost> {
    let mut costs: Vec<Cost> = (0..=ROUNDS).map(|_| once(session, args)).collect::<anyhow::Result<_>>()?;
    costs.remove(0);
    costs.sort();
    let peak = costs.iter().map(|cost| cost.peak).max().context("no round was run")?;
    Ok(Cost { peak, ..costs[ROUNDS / 2] })
}

/// One run, by a process that holds little memory itself: the kernel counts a child's peak from what its parent held.
fn once(session: &Session, args: &[&str]) -> anyhow::Result<Cost> {
    let world = session.world();
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--measure").arg(BINARY).args(args);
    command.env_clear().envs(world.env.iter()).env("HOME", session.home()).current_dir(session.home());
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let numbers: Option<Vec<u64>> = printed.split_whitespace().map(|word| word.parse().ok()).collect();
    let Some([wall, cpu, peak]) = numbers.as_deref() else { anyhow::bail!("{args:?}: {printed}") };
    Ok(Cost { wall: Duration::from_micros(*wall), cpu: Duration::from_micros(*cpu), peak: *peak })
}

fn measure(command: &[OsString]) -> anyhow::Result<()> {
    let [program, args @ ..] = command else { anyhow::bail!("nothing to measure") };
    let begun = Instant::now();
    let mut child = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let ended = child.wait4()?;
    let time = begun.elapsed();
    ensure!(ended.status.success(), "{program:?} {args:?}: {}", ended.status);
    let cpu = ended.rusage.utime + ended.rusage.stime;
    Ok(writeln!(std::io::stdout(), "{} {} {}", time.as_micros(), cpu.as_micros(), ended.rusage.maxrss)?)
}

/// Copies the one operation until there are [`OPERATIONS`], each a minute after the one before, and gives the bytes of all.
fn multiply(operations: &Path) -> anyhow::Result<u64> {
    let one = fs::read_dir(operations)?.next().context("there is no operation")??.path();
    let name = one.file_name().and_then(|name| name.to_str()).context("no name")?;
    let digits = name.get(16..22).context("no digits")?;
    let first: Timestamp = "2020-01-01T00:00:00Z".parse()?;
    let mut size = 0;
    for number in 1..OPERATIONS {
        let begun = first.checked_add(SignedDuration::from_mins(number))?;
        let copy = operations.join(format!("{}-{digits}", begun.strftime("%Y%m%d-%H%M%S")));
        fs::create_dir_all(copy.join("originals"))?;
        let originals = fs::read_dir(one.join("originals"))?.map(|entry| Ok(entry?.file_name()));
        let originals: Vec<OsString> = originals.collect::<std::io::Result<_>>()?;
        let below = originals.iter().map(|name| Path::new("originals").join(name));
        // As they are written: the record before its checksums.
        let files = ["operation.json", "summary.json", "SHA256SUMS", "journal.jsonl", "report.json"];
        for file in below.chain(files.map(Into::into)) {
            size += fs::copy(one.join(&file), copy.join(&file))?;
        }
    }
    Ok(size)
}
