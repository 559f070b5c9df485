//! The commands that need no cluster, beside what kubectl does with the same files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use anyhow::{Result, ensure};

use crate::measure::Tool;
use crate::table::Table;

const CONTEXTS: usize = 200;
const FILES: usize = 5;
/// What certificates are mostly seen with, in turn.
const USUAL: &[KeyKind] = &[KeyKind::Rsa, KeyKind::EcdsaP256];
/// Keys whose public half takes a millisecond to compute, which kubectl does as well when it loads one.
const SLOW: &[KeyKind] = &[KeyKind::EcdsaP384];

/// Tables that belong together.
pub(crate) struct Tables(Vec<Table>);

impl Tables {
    /// Prints them one after the other.
    pub(crate) fn print(&self) -> Result<()> {
        self.0.iter().try_for_each(Table::print)
    }
}

/// Measures `whoami --offline` on one context, `expiry -A` on 200 in five files, every one with its certificate and key: with the
/// usual keys, and with slow ones; and completion among these 200.
pub(crate) fn rows(binary: &Path, home: &Path, assets: Option<&Path>, rounds: usize) -> Result<Tables> {
    let authority = Authority::of_today()?;
    let one = [write(home, "one", &authority, USUAL, 0..1)?];
    let many = |name: &str, kinds| -> Result<Vec<PathBuf>> {
        let share = CONTEXTS / FILES;
        let files = (0..FILES).map(|file| (format!("{name}-{file}"), file * share..(file + 1) * share));
        files.map(|(name, numbers)| write(home, &name, &authority, kinds, numbers)).collect()
    };
    let (usual, slow) = (many("usual", USUAL)?, many("slow", SLOW)?);
    let kubectl = kubectl(home, assets)?;
    let beside = |title: &str, command: &[&str], other: &[&str], files: &[PathBuf]| -> Result<Table> {
        let mut tools = vec![Tool::new(&format!("kubectl ackcred {}", command.join(" ")), binary, command)];
        let name = format!("kubectl {}", other.join(" "));
        tools.extend(kubectl.iter().map(|path| Tool::new(&name, path, other)));
        let kubeconfig = std::env::join_paths(files)?;
        let tools: Vec<Tool> =
            tools.into_iter().map(|tool| tool.with("HOME", home).with("KUBECONFIG", &kubeconfig)).collect();
        Table::measure(&format!("{title}, {rounds} rounds"), &tools, rounds)?.with_instructions(&tools[0])
    };
    let table = |title: &str, command: &[&str], files: &[PathBuf]| beside(title, command, &["config", "view"], files);
    let tab = |command: &[&str]| {
        let command = [&["__complete"], command].concat();
        let other = ["__complete", "config", "use-context", ""];
        beside(&format!("A TAB with {CONTEXTS} contexts in {FILES} files"), &command, &other, &usual)
    };
    let printed = Tool::new("expiry", binary, &["expiry", "-A", "-o", "name"])
        .with("HOME", home)
        .with("KUBECONFIG", std::env::join_paths(&usual)?)
        .output()?;
    ensure!(printed.split(|byte| *byte == b'\n').count() > CONTEXTS, "expiry doesn't show {CONTEXTS} contexts");
    Ok(Tables(vec![
        table("One context", &["whoami", "--offline"], &one)?,
        table(&format!("{CONTEXTS} contexts in {FILES} files"), &["expiry", "-A"], &usual)?,
        table(&format!("{CONTEXTS} contexts in {FILES} files, keys on P-384"), &["expiry", "-A"], &slow)?,
        tab(&["scan", "--context", ""])?,
        tab(&["revoke", ""])?,
    ]))
}

/// kubectl beside the API server's binaries, else the one on PATH; without either its rows are left out.
fn kubectl(home: &Path, assets: Option<&Path>) -> Result<Option<PathBuf>> {
    let found = assets.map(|folder| folder.join("kubectl")).filter(|path| path.is_file());
    let path = found.unwrap_or_else(|| PathBuf::from("kubectl"));
    let is_there = Tool::new("kubectl", &path, &["config", "view"]).with("HOME", home).output().is_ok();
    if !is_there {
        writeln!(std::io::stdout(), "left out: kubectl is neither in KUBEBUILDER_ASSETS nor on PATH")?;
    }
    Ok(is_there.then_some(path))
}

fn write(
    home: &Path,
    name: &str,
    authority: &Authority,
    kinds: &[KeyKind],
    numbers: std::ops::Range<usize>,
) -> Result<PathBuf> {
    let mut file = Kubeconfig::new();
    for number in numbers {
        let uid = format!("{}", 200_000_000_000_000_000 + number);
        let subject = Subject::ack(format!("{uid}-1676970192"));
        let validity = Validity::ack("2026-01-02T03:04:05Z".parse()?);
        let identity = authority.client(&subject, validity, kinds[number % kinds.len()])?;
        let cluster = format!("c{number:032x}");
        let context = format!("{uid}-{cluster}");
        file = file
            .cluster(&cluster, "https://127.0.0.1:6443", Some(&authority.certificate_pem()))
            .user(&uid, &Credential::of(&identity))
            .context(&context, &cluster, &uid)
            .current(&context);
    }
    let path = home.join(name);
    fs::write(&path, file.yaml())?;
    Ok(path)
}
