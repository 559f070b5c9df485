//! This program beside curl and kubectl, in turn, on the same machine, the same API server and the same files.
//!
//! `cargo bench --bench side_by_side`; docs/performance.md explains the options and shows the tables that it prints. What it
//! starts listens on loopback alone and ends with it.

mod cluster;
mod figures;
mod instructions;
mod link;
mod measure;
mod offline;
mod rights;
mod table;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::controlplane::{self, ControlPlane};
use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use tempfile::TempDir;

use crate::link::{Link, Relays};
use crate::measure::{MeasureArgs, Tool};
use crate::table::Table;

/// 100 ms there and back, 20 Mbit/s each way.
const LINK: Link = Link { one_way: Duration::from_millis(50), bytes_a_second: 20_000_000 / 8 };

#[derive(Debug, Parser)]
struct Args {
    /// How many RoleBindings to list, ascending; each count gets a table
    #[arg(long, value_delimiter = ',', default_value = "10000")]
    bindings: Vec<usize>,
    /// Counted rounds on the cluster; one more goes before them
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Counted rounds of the offline commands
    #[arg(long, default_value_t = 40)]
    offline_rounds: usize,
    /// Leave the cluster out: no API server is started
    #[arg(long)]
    offline_only: bool,
    /// A command that runs ack-ram-tool against the cluster of $KUBECONFIG, for /bin/sh
    #[arg(long)]
    ack_ram_tool: Option<String>,
    /// A folder with kubectl-who-can, rbac-lookup and rbac-tool; those that are not in it are left out
    #[arg(long)]
    peers: Option<PathBuf>,
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
    let home = TempDir::with_prefix("ackcred-bench-")?;
    let assets = controlplane::assets_for("benches/side_by_side: the rows with kubectl and with an API server");
    offline::rows(&args.own.binary, home.path(), assets.as_deref(), args.offline_rounds)?.print()?;
    match assets {
        Some(assets) if !args.offline_only => on_a_cluster(&args, home.path(), &assets),
        _ => Ok(()),
    }
}

fn on_a_cluster(args: &Args, home: &Path, assets: &Path) -> Result<()> {
    ensure!(args.bindings.is_sorted(), "--bindings: ascending, please: bindings are added and never taken away");
    let plane = ControlPlane::start(assets, &controlplane::ControlPlaneOptions::default())?;
    let mut there = 0;
    for &count in &args.bindings {
        say(&format!("\n(making {} RoleBindings)", count - there))?;
        cluster::add_role_bindings(&plane, there..count)?;
        there = count;
        let url = plane.url();
        let direct = Access::new(home, &plane, &url, "loopback")?;
        list_table(args, &direct, assets, count, "loopback")?.print()?;
        rights::table(args, &direct, count)?.print()?;
        let relays = Relays::start(&[url], LINK)?;
        let far = Access::new(home, &plane, relays.url(0), "link")?;
        list_table(args, &far, assets, count, "100 ms round trip, 20 Mbit/s")?.print()?;
    }
    Ok(())
}

/// How the tools reach a cluster.
struct Access {
    home: PathBuf,
    url: String,
    kubeconfig: PathBuf,
    files: cluster::Files,
}

impl Access {
    fn new(home: &Path, plane: &ControlPlane, url: &str, name: &str) -> Result<Self> {
        let folder = home.join(name);
        fs::create_dir_all(&folder)?;
        let files = cluster::Files::write(&folder, plane, url)?;
        Ok(Self { home: folder, url: url.to_owned(), kubeconfig: files.kubeconfig.clone(), files })
    }

    fn tool(&self, name: &str, program: impl Into<PathBuf>, args: &[&str]) -> Tool {
        Tool::new(name, program, args).with("HOME", &self.home).with("KUBECONFIG", &self.kubeconfig)
    }
}

fn list_table(args: &Args, access: &Access, assets: &Path, count: usize, place: &str) -> Result<Table> {
    let url = format!("{}/apis/rbac.authorization.k8s.io/v1/rolebindings", access.url);
    let [ca, certificate, key] = access.files.pem().map(|path| path.display().to_string());
    let scan = ["scan", "--offline", "--all-users", "-o", "json", "--request-timeout", "10m"];
    let scan = access.tool("kubectl ackcred scan --offline", &args.own.binary, &scan);
    let mut curl_args = vec!["-sSf", "--compressed", "--cacert", &ca, "--cert", &certificate, "--key", &key];
    curl_args.extend(["-o", "/dev/null", &url]);
    let get = ["get", "rolebindings", "-A", "-o", "name"];
    let mut tools = vec![
        scan.clone(),
        access.tool("curl --compressed", "curl", &curl_args),
        access.tool("kubectl get rolebindings -A -o name", assets.join("kubectl"), &get),
    ];
    if let Some(command) = &args.ack_ram_tool {
        tools.push(access.tool("ack-ram-tool", "/bin/sh", &["-c", command]));
    }
    let printed = scan.output()?;
    cluster::check_scan(&printed, count).context("the scan that is to be timed is wrong")?;
    let title = format!("{count} RoleBindings, {place}, {} rounds", args.rounds);
    Table::measure(&title, &tools, args.rounds)
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
