//! Who may do what: `rights` and `who-can` beside a scan of the same cluster, and beside programs that answer a part of it.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::measure::Tool;
use crate::table::Table;
use crate::{Access, Args, cluster};

/// Programs that answer a part of the question, each as it is asked for all namespaces.
const PEERS: [(&str, &[&str]); 3] = [
    ("kubectl-who-can", &["get", "pods", "-A"]),
    ("rbac-lookup", &[cluster::ONE_USER]),
    ("rbac-tool", &["who-can", "get", "pods"]),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rights {
    rules: Vec<Rule>,
    incomplete: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    role_unread: bool,
    inert: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WhoCan {
    subjects: Vec<IgnoredAny>,
    incomplete: bool,
}

/// Measures them, after their answers were checked.
pub(crate) fn table(args: &Args, access: &Access, count: usize) -> Result<Table> {
    let own = |words: &[&str]| {
        let name = format!("kubectl ackcred {}", words.join(" "));
        let words = [words, &["-o", "json", "--request-timeout", "10m"]].concat();
        access.tool(&name, &args.own.binary, &words)
    };
    let rights = own(&["rights", cluster::ONE_UID]);
    let who_can = own(&["who-can", "get", "pods", "--offline"]);
    check_rights(&rights.output()?).context("the rights that are to be timed are wrong")?;
    check_who_can(&who_can.output()?, count).context("the answer of who-can that is to be timed is wrong")?;
    let mut tools = vec![
        rights,
        own(&["scan", "--offline", "--all-users"]),
        who_can,
        own(&["who-can", "get", "pods", "--offline", "--reach"]),
        own(&["who-can", "get", "secrets", "--offline"]),
        own(&["who-can", "get", "secrets", "--offline", "--reach"]),
    ];
    tools.extend(peers(args, access)?);
    let title = format!("Who may do what, {count} RoleBindings, loopback, {} rounds", args.rounds);
    Table::measure(&title, &tools, args.rounds)?.with_instructions(&tools[0])
}

/// The peers that are in the folder of `--peers`.
fn peers(args: &Args, access: &Access) -> Result<Vec<Tool>> {
    let mut found = Vec::new();
    for (name, words) in PEERS {
        match args.peers.as_deref().map(|folder| folder.join(name)).filter(|path| path.is_file()) {
            Some(path) => found.push(access.tool(&format!("{name} {}", words.join(" ")), path, words)),
            None => {
                let folder = args.peers.as_deref().map_or("no --peers is given".into(), Path::to_string_lossy);
                writeln!(std::io::stdout(), "left out: {name} is not there ({folder})")?;
            }
        }
    }
    Ok(found)
}

fn check_rights(json: &[u8]) -> Result<()> {
    let rights: Rights = serde_json::from_slice(json)?;
    ensure!(!rights.incomplete, "they are incomplete");
    let is_known = |rule: &Rule| !rule.role_unread && rule.inert.is_none();
    ensure!(!rights.rules.is_empty() && rights.rules.iter().all(is_known), "not every role was read");
    Ok(())
}

/// Whether everyone whom a binding names is among them.
fn check_who_can(json: &[u8], bindings: usize) -> Result<()> {
    let answer: WhoCan = serde_json::from_slice(json)?;
    ensure!(!answer.incomplete, "it is incomplete");
    ensure!(answer.subjects.len() > bindings, "{} rows for {bindings} bindings", answer.subjects.len());
    Ok(())
}
