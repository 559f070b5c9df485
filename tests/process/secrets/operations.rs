//! Operations: what a revocation says and writes, from the plan to the report for others.

use std::fs;

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::story::{LEAVER, Story};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canary::Canaries;
use super::watched::Watched;

/// The keys of the operator and of the leaver, and all that the cloud knows.
fn canaries(story: &Story) -> Canaries {
    let own = fs::read_to_string(&story.operator).unwrap();
    let data = own.lines().find_map(|line| line.trim().strip_prefix("client-key-data: ")).unwrap();
    let key = String::from_utf8(STANDARD.decode(data.trim_matches('"')).unwrap()).unwrap();
    let leaked = story.leaver.key();
    let canaries = Canaries::default().key("operator's key", &key).key("leaked key", &leaked.pkcs8_pem());
    let canaries = leaked.pkcs1_pem().into_iter().fold(canaries, |all, pem| all.key("leaked key in PKCS#1", &pem));
    story.cloud.secrets().iter().fold(canaries, |all, secret| all.secret("secret of the cloud", secret))
}

/// The ID of the one operation that there is.
pub(super) fn operation(watched: &Watched) -> String {
    let folder = watched.session.home().join("state/operations");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).max().unwrap()
}

/// Revokes what a leaked file opens. The account of the session is the operator's.
pub(super) fn revoked(story: &Story) -> Watched {
    let watched = Watched::new(story.session().unwrap(), &canaries(story));
    let leaked = story.leaked.to_str().unwrap();
    let said = watched.run("plan", &["revoke", "-f", leaked, "--dry-run"]);
    assert!(said.contains(LEAVER.uid), "{said}");
    let said = watched.run_as("revoke", &["revoke", "-f", leaked, "--yes", "--settle", "0", "-o", "json"]);
    assert!(said.contains("\"Verified\""), "{said}");
    watched
}

#[test]
fn no_key_is_in_a_plan_a_journal_a_record_or_a_report() {
    let story = Story::start(ApiServerOptions::default()).unwrap();
    let watched = revoked(&story);
    let (id, leaked) = (operation(&watched), story.leaked.to_str().unwrap());
    for words in [
        &["verify", &id, "-f", leaked][..],
        &["verify", "--all"],
        &["history"],
        &["history", &id],
        &["restore", &id, "--dry-run"],
        &["scan", "--persistence", "--operation", &id],
        &["rotate", "--in-place", "--dry-run"],
        &["status", LEAVER.uid],
    ] {
        watched.run("operation", words);
    }
    for format in ["html", "md"] {
        watched.run_as("report for others", &["history", &id, "-o", format]);
    }
    let restored = ["restore", &id, "--yes", "--rearm", &story.leaver_name, "-o", "json"];
    watched.run_as("restore", &restored);
    let files: Vec<String> = walk(&watched);
    for name in ["operation.json", "journal.jsonl", "report.json", "audit.jsonl"] {
        assert!(files.iter().any(|file| file.ends_with(name)), "{name} was looked through: {files:?}");
    }
}

fn walk(watched: &Watched) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![watched.session.home().join("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { names.push(path.display().to_string()) }
        }
    }
    names
}
