//! How long a scan of many clusters takes when each of them is far away, beside one cluster's own time; a bad day, on which some of
//! them don't answer; and one identity revoked in more and more clusters.
//!
//! `cargo bench --bench fleet`. What it starts listens on loopback alone and ends with it.

#[path = "side_by_side/figures.rs"]
mod figures;
#[path = "side_by_side/link.rs"]
mod link;
#[path = "side_by_side/measure.rs"]
mod measure;

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::fleet::Fleet;
use ackcred_sandbox::people::CARL;
use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use kubectl_ackcred::status::Status;
use serde::Deserialize;

use crate::figures::{mebibytes, quantile, time};
use crate::link::{Link, Relays};
use crate::measure::{MeasureArgs, Run, Tool};

/// 100 ms there and back, 20 Mbit/s each way, for each cluster.
const LINK: Link = Link { one_way: Duration::from_millis(50), bytes_a_second: 20_000_000 / 8 };
const FLEET: usize = 200;
/// How many clusters to scan; the first row is what the others are compared with.
const ROWS: [usize; 5] = [1, 10, 20, 50, FLEET];

/// Who is missing on the bad day, spread over the fleet.
const KILLED: [usize; 5] = [20, 60, 100, 140, 180];
const HANGING: [usize; 2] = [50, 150];
const THROTTLED: [usize; 1] = [110];

/// In how many clusters an identity is revoked.
const REVOKED: [usize; 3] = [20, 100, 300];

#[derive(Debug, Parser)]
struct Args {
    /// The revocations only
    #[arg(long)]
    revocations_only: bool,
    /// Counted rounds; one more goes before them
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many clusters are scanned at a time
    #[arg(long, default_value_t = 16)]
    parallel: usize,
    #[command(flatten)]
    own: MeasureArgs,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let [stdout, program, rest @ ..] = args.own.measure.as_slice() {
        return measure::report_one(stdout, program, rest);
    }
    if !args.own.bench {
        // `cargo test --all-targets` asks only whether it starts.
        return Ok(());
    }
    print_revocations(&args)?;
    if args.revocations_only {
        return Ok(());
    }
    let fleet = Fleet::start(FLEET)?;
    let servers: Vec<String> = fleet.clusters.iter().map(|member| member.server.url()).collect();
    let relays = Relays::start(&servers, LINK)?;
    let far = FarAway { args: &args, fleet: &fleet, relays: &relays };
    print_good_day(&args, &far.good_day()?)?;
    let (run, failed) = far.bad_day()?;
    print_bad_day(run, failed)
}

/// The fleet behind its relays.
struct FarAway<'a> {
    args: &'a Args,
    fleet: &'a Fleet,
    relays: &'a Relays,
}

impl FarAway<'_> {
    /// Scans of more and more clusters, in turn, round after round. A first round is not counted; its answers are looked at.
    fn good_day(&self) -> Result<Vec<Vec<Run>>> {
        let through = |place| self.relays.url(place).to_owned();
        let tools = ROWS.map(|count| self.scan(&format!("config-{count}"), count, through, &[]));
        let tools = tools.into_iter().collect::<Result<Vec<_>>>()?;
        for (tool, count) in tools.iter().zip(ROWS) {
            let failed = Scan::read(&tool.output()?, count)?.failed();
            ensure!(failed == 0, "{failed} of {count} clusters have an error");
        }
        let mut rows = vec![Vec::new(); tools.len()];
        for _ in 0..self.args.rounds {
            for (runs, tool) in rows.iter_mut().zip(&tools) {
                runs.push(tool.run()?);
            }
        }
        Ok(rows)
    }

    /// One scan while some of the clusters are down, and how many it says are missing.
    fn bad_day(&self) -> Result<(Run, usize)> {
        KILLED.iter().try_for_each(|place| self.fleet.kill(*place))?;
        HANGING.iter().for_each(|place| drop(self.fleet.hang(*place)));
        THROTTLED.iter().for_each(|place| self.fleet.throttle(*place));
        // A relay would take connections for a server that is gone; at the server's own port they are refused.
        let way = |place| match KILLED.contains(&place) {
            true => self.fleet.clusters[place].server.url(),
            false => self.relays.url(place).to_owned(),
        };
        let tool = self.scan("config-bad-day", FLEET, way, &["--cluster-timeout", "5s"])?;
        let document = self.fleet.folder().join("bad-day.json");
        let run = tool.run_into(&document)?;
        Ok((run, Scan::read(&fs::read(&document)?, FLEET)?.failed()))
    }

    /// The scan of the first clusters of the fleet by a kubeconfig of this name, which leads to each of them by this way.
    fn scan(&self, name: &str, clusters: usize, way: impl Fn(usize) -> String, flags: &[&str]) -> Result<Tool> {
        let places: Vec<usize> = (0..clusters).collect();
        let text = self.fleet.kubeconfig_by_way_of(&places, way);
        let path = self.fleet.folder().join(name);
        fs::write(&path, text)?;
        let parallel = self.args.parallel.to_string();
        let mut words =
            vec!["scan", "--all-contexts", "--offline", "--all-users", "-o", "json", "--parallel", &parallel];
        words.extend(flags);
        let tool = Tool::new(&format!("scan of {clusters}"), &self.args.own.binary, &words);
        Ok(tool.with("HOME", self.fleet.folder()).with("KUBECONFIG", path))
    }
}

/// The rows beside what they would take if each cluster took one cluster's own time.
fn print_good_day(args: &Args, rows: &[Vec<Run>]) -> Result<()> {
    let Args { rounds, parallel, .. } = args;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nscan of many clusters, 100 ms round trip, {parallel} at a time, {rounds} rounds\n")?;
    writeln!(out, "| clusters | median | ideal | beside it | CPU | peak memory |")?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: | ---: |")?;
    let median = |runs: &Vec<Run>| quantile(runs, 0.5, |run| run.wall);
    let one = rows.first().map(median).unwrap_or_default();
    for (count, runs) in ROWS.into_iter().zip(rows) {
        let (wall, ideal) = (median(runs), one * u32::try_from(count.div_ceil(*parallel))?);
        let ratio = wall.div_duration_f64(ideal);
        let cpu = time(quantile(runs, 0.5, |run| run.cpu));
        let peak = mebibytes(quantile(runs, 0.5, |run| run.peak));
        writeln!(out, "| {count} | {} | {} | {ratio:.2} | {cpu} | {peak} |", time(wall), time(ideal))?;
    }
    Ok(())
}

/// The bad day's row. It must say of each cluster that is down, and of no other, that it is missing, and end as incomplete.
fn print_bad_day(run: Run, failed: usize) -> Result<()> {
    let (killed, hanging, throttled) = (KILLED.len(), HANGING.len(), THROTTLED.len());
    let (wall, cpu, peak, code) = (time(run.wall), time(run.cpu), mebibytes(run.peak), run.code);
    let mut out = std::io::stdout().lock();
    writeln!(out, "\na bad day, at most 5 s for each cluster\n")?;
    writeln!(
        out,
        "| clusters | killed | hanging | throttled | time | CPU | peak memory | exit code | named as missing |"
    )?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    writeln!(out, "| {FLEET} | {killed} | {hanging} | {throttled} | {wall} | {cpu} | {peak} | {code} | {failed} |")?;
    let missing = killed + hanging + throttled;
    ensure!(failed == missing, "{failed} clusters have an error, not {missing}");
    let expected = i32::from(Status::Incomplete.code());
    ensure!(code == expected, "it ended with exit code {code}, not {expected}");
    Ok(())
}

/// Revocations in fleets of their own, each as it is planned and as it is carried out and verified.
fn print_revocations(args: &Args) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\none identity revoked in many clusters, on loopback, {} at a time\n", args.parallel)?;
    writeln!(out, "| clusters | planned | peak memory | revoked | peak memory |")?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: |")?;
    for count in REVOKED {
        let fleet = Fleet::start(count)?;
        let run = |how: &[&str]| {
            let parallel = args.parallel.to_string();
            let words = ["revoke", CARL.uid, "--all-contexts", "--settle", "0", "-o", "json", "--parallel", &parallel];
            let tool = Tool::new(&format!("revoke in {count}"), &args.own.binary, &[&words[..], how].concat());
            let tool = fleet.variables().into_iter().fold(tool, |tool, (name, value)| tool.with(name, value));
            tool.with("HOME", fleet.folder()).run()
        };
        let (planned, revoked) = (run(&["--dry-run=server"])?, run(&["--yes"])?);
        let cells = [planned, revoked].map(|run| format!("{} | {}", time(run.wall), mebibytes(run.peak)));
        writeln!(out, "| {count} | {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// What the bench looks at in a scan's document.
#[derive(Deserialize)]
struct Scan {
    clusters: Vec<Scanned>,
}

#[derive(Deserialize)]
struct Scanned {
    error: Option<String>,
}

impl Scan {
    fn read(document: &[u8], clusters: usize) -> Result<Self> {
        let scan: Self = serde_json::from_slice(document).context("the scan's document can't be read")?;
        ensure!(scan.clusters.len() == clusters, "it names {} clusters, not {clusters}", scan.clusters.len());
        Ok(scan)
    }

    fn failed(&self) -> usize {
        self.clusters.iter().filter(|cluster| cluster.error.is_some()).count()
    }
}
