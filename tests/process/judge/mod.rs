//! Go as the judge of client certificates: what kubectl loads and an API server authenticates is Effective here, and nothing else.
//!
//! `tests/judge` holds the judge. What it is asked follows from a seed, which is printed; ACKCRED_SEED gives one.

mod certificates;
mod der;
mod keys;
mod random;
mod real;
mod text;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use certificates::{Issuer, Odds};
use random::Random;
use text::Pair;

/// How many pairs are judged in a run.
const PAIRS: usize = 1000;

#[test]
fn a_pair_is_effective_if_kubectl_loads_it_and_an_api_server_authenticates_it() {
    let Some(judge) = judge("tests/process judge") else { return };
    let seed = seed();
    let random = Random::new(seed);
    let (issuer, keys) = (Issuer::of_the_cases(), keys::keys());
    let pairs: Vec<Pair> = (0..PAIRS)
        .map(|number| {
            text::pair(&random, &issuer, &keys, Odds { once_in: if number % 2 == 0 { 12 } else { 60 }, signed: false })
        })
        .collect();
    let (theirs, ours) = (theirs(&judge, &pairs), ours(&pairs));
    let accepted = theirs.iter().filter(|answer| refusal(answer).is_none()).count();
    assert!((PAIRS / 5..PAIRS * 4 / 5).contains(&accepted), "seed {seed}: {accepted} pairs of {PAIRS} are accepted");
    report(seed, &pairs, &theirs, &ours);
}

#[test]
fn the_cases_from_the_field_are_what_go_makes_of_them() {
    let Some(judge) = judge("tests/process judge cases") else { return };
    let pairs = cases();
    report(0, &pairs, &theirs(&judge, &pairs), &ours(&pairs));
}

/// The certificates and keys of tests/fixtures/cases.
fn cases() -> Vec<Pair> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    let folders = ["03-key-labels", "04-ec-keys", "06-serials", "13-pem-text", "29-subjects", "30-usages", "31-chains"];
    let mut pairs = Vec::new();
    for folder in folders {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let (certificate, key) = keys::of_case(&format!("{folder}/{}", name.strip_suffix(".yaml").unwrap()));
            pairs.push(Pair { certificate, key });
        }
    }
    pairs
}

/// Fails with the pairs on which the judge and this program disagree.
fn report(seed: u64, pairs: &[Pair], theirs: &[Value], ours: &[Value]) {
    let mut found = Vec::new();
    for ((pair, theirs), ours) in pairs.iter().zip(theirs).zip(ours) {
        if let Some(difference) = difference(theirs, ours) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push(format!("{difference}\n{}{}", text(&pair.certificate), text(&pair.key)));
        }
    }
    let mut first = String::new();
    for difference in found.iter().take(3) {
        let _ = writeln!(first, "{difference}");
    }
    assert!(found.is_empty(), "seed {seed}: {} of {} pairs differ, the first are\n{first}", found.len(), pairs.len());
}

fn refusal(answer: &Value) -> Option<&str> {
    ["kubectl", "handshake", "server"].iter().find_map(|by| answer[by].as_str())
}

fn difference(theirs: &Value, ours: &Value) -> Option<String> {
    let (refusal, status) = (refusal(theirs), ours["status"].as_str().unwrap());
    if refusal.is_some() != (status == "Invalid") {
        return Some(format!("Go says {refusal:?}, this program {status}: {}", ours["reason"]));
    }
    if refusal.is_some() {
        return None;
    }
    let seconds = |field: &str| ours[field].as_str().map(|time| time.parse::<jiff::Timestamp>().unwrap().as_second());
    let dates = (theirs["notBefore"].as_i64(), theirs["notAfter"].as_i64());
    let is_same_end = seconds("notAfter") == dates.1 || ours["notAfter"].is_null() && dates.1 > Some(253_402_200_000);
    let serial = ours["serial"].as_str().unwrap_or_default().trim_start_matches('0');
    let is_same_serial = serial == theirs["serial"].as_str().unwrap().trim_start_matches('0');
    let is_same = seconds("notBefore") == dates.0 && is_same_end && is_same_serial;
    (!is_same).then(|| format!("Go says {theirs}, this program {ours}"))
}

/// What the judge says.
fn theirs(judge: &Path, pairs: &[Pair]) -> Vec<Value> {
    let mut child = Command::new(judge).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let questions: Vec<Value> = pairs
        .iter()
        .map(|pair| json!({"certificate": STANDARD.encode(&pair.certificate), "key": STANDARD.encode(&pair.key)}))
        .collect();
    let writer =
        std::thread::spawn(move || questions.iter().for_each(|question| writeln!(input, "{question}").unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers.len(), pairs.len());
    answers
}

/// What `expiry` says.
fn ours(pairs: &[Pair]) -> Vec<Value> {
    let numbered = || pairs.iter().enumerate().map(|(number, pair)| (format!("{number:06}"), pair));
    let users: Vec<Value> = numbered()
        .map(|(name, pair)| {
            let (certificate, key) = (STANDARD.encode(&pair.certificate), STANDARD.encode(&pair.key));
            json!({"name": name, "user": {"client-certificate-data": certificate, "client-key-data": key}})
        })
        .collect();
    let contexts: Vec<Value> =
        numbered().map(|(name, _)| json!({"name": name, "context": {"cluster": "here", "user": name}})).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, json!({"kind": "Config", "users": users, "contexts": contexts}).to_string()).unwrap();
    let mut command = Command::cargo_bin("kubectl-ackcred").unwrap();
    let output = command.arg("expiry").arg(&file).args(["-o", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut items = report["items"].as_array().unwrap().clone();
    items.sort_by_key(|item| item["context"].as_str().unwrap().to_owned());
    assert_eq!(items.len(), pairs.len());
    items
}

#[expect(clippy::disallowed_methods, reason = "the environment says what is repeated")]
fn seed() -> u64 {
    let given = std::env::var("ACKCRED_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()) ^ jiff::Timestamp::now().as_nanosecond() as u64);
    say(&format!("seed {seed}"));
    seed
}

/// Past the test harness, which would keep the line to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Builds the judge; `None`, with a word, where there is no Go.
#[expect(clippy::disallowed_methods, reason = "the environment says what must not be skipped")]
fn judge(suite: &str) -> Option<PathBuf> {
    let found = Command::new("go").arg("version").stdout(Stdio::null()).status().is_ok();
    let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
    assert!(found || !required, "{suite}: go is not on PATH, and ACKCRED_REQUIRE_CLUSTER=1");
    if !found {
        say(&format!("skipped: {suite} (go is not on PATH)"));
        return None;
    }
    // Tests of one binary build it side by side.
    let judge = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("judge-{}", suite.replace([' ', '/'], "-")));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge");
    let built = Command::new("go").arg("build").arg("-o").arg(&judge).arg(".").current_dir(source).status().unwrap();
    assert!(built.success());
    Some(judge)
}
