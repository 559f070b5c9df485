//! A process that may open few files: it does less at a time, and fails nowhere.

#![cfg(unix)]

use std::process::{Command, Output};

use ackcred_sandbox::fleet::Fleet;
use ackcred_sandbox::story::LEAVER;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
const CLUSTERS: usize = 12;
/// Long enough for a machine that does much else.
const PATIENT: &str = "--cluster-timeout 10m --request-timeout 5m";

/// Runs the binary where it may open so many files, the fleet's operator's variables set.
fn run(fleet: &Fleet, open_files: usize, words: &str) -> Output {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!(r#"ulimit -n {open_files} && exec "$0" "$@""#), BINARY])
        .args(words.split_whitespace())
        .env_clear()
        .env("HOME", fleet.folder())
        .env("PATH", "/usr/bin:/bin")
        .envs(fleet.variables());
    command.output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, Value, String) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), text)
}

#[test]
fn fewer_clusters_are_read_at_a_time() {
    let fleet = Fleet::start(CLUSTERS).unwrap();
    let (code, scan, text) = said(&run(&fleet, 40, &format!("scan --all-contexts -o json {PATIENT}")));
    assert_eq!(code, Some(0), "{text}");
    let clusters = scan["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), CLUSTERS);
    assert!(clusters.iter().all(|cluster| cluster["error"].is_null()), "{clusters:#?}");
    let lowered = "--parallel is 1, not 16: this process may open 40 files (ulimit -n)";
    assert_eq!(text.matches(lowered).count(), 1, "{text}");
    let (code, _, text) = said(&run(&fleet, 1024, &format!("scan --all-contexts -o json {PATIENT}")));
    assert!(code == Some(0) && !text.contains("--parallel"), "{text}");
}

#[test]
fn fewer_clusters_are_changed_at_a_time() {
    let fleet = Fleet::start(CLUSTERS).unwrap();
    let revoke = format!("revoke {} --all-contexts --yes --force --settle 0 -o json {PATIENT}", LEAVER.uid);
    // Each cluster's lock is an open file; those and little more do not fit.
    let (code, refused, text) = said(&run(&fleet, 40, &revoke));
    assert_eq!(code, Some(5), "{text}");
    assert!(refused.to_string().contains("12 clusters are locked at a time"), "{refused:#}\n{text}");
    assert!(text.contains("raise the limit (ulimit -n)"), "{text}");
    let (code, report, text) = said(&run(&fleet, 80, &revoke));
    assert_eq!(code, Some(0), "{text}");
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.len() > CLUSTERS && steps.iter().all(|step| step["result"] == "Done"), "{report:#}");
}
