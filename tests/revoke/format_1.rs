//! Operations that were written in format 1. Every later version must list them, show them, give back what they took and go on with
//! what was cut off: `tests/fixtures/operation-v1` is never written anew.
//!
//! The folder was made by the program itself: a leaked file was revoked and its access given back, then carl was revoked by his UID,
//! and that operation was cut off between two lines of its journal.

use std::fs;
use std::path::{Path, PathBuf};

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::cloud::RamUser;
use kubectl_ackcred::status::Status;
use ring::digest;
use serde_json::{Value, json};

use crate::restoring::refused;
use crate::scene::{CARL, Incident, name, text};

/// The three operations, as their folders are named.
const REVOKED: &str = "20261128-222407-a90a48";
const RESTORED: &str = "20261128-222408-01e072";
const CUT_OFF: &str = "20261128-222408-6df3ce";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operation-v1")
}

fn incident() -> Incident<ApiServer> {
    Incident::sandbox(|setup| setup.change_account(|account| account.user(RamUser::new(CARL, "carl"))))
}

fn state(incident: &Incident<ApiServer>) -> PathBuf {
    incident.session.home().join("state")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The folder that `ACKCRED_FIXTURE` names for a new fixture. It is not there yet.
#[expect(clippy::disallowed_methods, reason = "a tool for whoever makes a new format")]
pub(crate) fn fixture_to_make() -> Option<PathBuf> {
    let target = PathBuf::from(std::env::var_os("ACKCRED_FIXTURE")?);
    assert!(!target.exists(), "a fixture is never written anew");
    Some(target)
}

/// Copies files by their names below a folder, each changed.
pub(crate) fn copy(from: &Path, to: &Path, change: impl Fn(String) -> String) {
    for file in files(from) {
        let copy = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, change(fs::read_to_string(file).unwrap())).unwrap();
    }
}

/// Copies what the program recorded in format 1 into the incident's state folder; the folder's name begins with `operation-v1`.
pub(crate) fn lay_out(incident: &Incident<ApiServer>, rest_of_name: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    copy(&fixtures.join(format!("operation-v1{rest_of_name}")), &state(incident), |text| text);
}

/// Keeps what the program has recorded as a new fixture.
pub(crate) fn keep_as_fixture(incident: &Incident<ApiServer>, target: &Path) {
    let home = incident.session.home().display().to_string();
    copy(&state(incident).join("operations"), &target.join("operations"), |text| {
        assert!(!text.contains(&home), "it names a folder of this machine");
        text
    });
    fs::copy(state(incident).join("audit.jsonl"), target.join("audit.jsonl")).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computes all checksums and chains of a state folder anew, after its files were changed.
fn sum_up(state: &Path) {
    let mut audit = fs::read_to_string(state.join("audit.jsonl")).unwrap();
    for entry in fs::read_dir(state.join("operations")).unwrap() {
        let folder = entry.unwrap().path();
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let line = |line: &str| {
            let (_, file) = line.split_once("  ").unwrap();
            format!("{}  {file}\n", sha256(&fs::read(folder.join(file)).unwrap()))
        };
        let summed: String = sums.lines().map(line).collect();
        audit = audit.replace(&sha256(sums.as_bytes()), &sha256(summed.as_bytes()));
        let (mut chain, mut lines) = (sha256(summed.as_bytes()), String::new());
        for line in fs::read_to_string(folder.join("journal.jsonl")).unwrap().lines() {
            let (start, before) = line.rsplit_once(",\"chain\":\"").unwrap();
            chain = sha256(format!("{chain}{start}").as_bytes());
            audit = audit.replace(before.trim_end_matches("\"}"), &chain);
            lines += &format!("{start},\"chain\":\"{chain}\"}}\n");
        }
        fs::write(folder.join("journal.jsonl"), lines).unwrap();
        fs::write(folder.join("SHA256SUMS"), summed).unwrap();
    }
    fs::write(state.join("audit.jsonl"), audit).unwrap();
}

/// The fixture, byte by byte.
fn with_fixture() -> Incident<ApiServer> {
    let incident = incident();
    copy(&fixture(), &state(&incident), |text| text);
    incident
}

/// The fixture as if its cluster were this one, in which other random numbers name the CA, the roles and the namespaces. carl has no
/// access there, or all that he had at first.
fn of_this_cluster(has_access: bool) -> Incident<ApiServer> {
    let incident = incident();
    let done = |args: &[&str]| {
        let (status, report, said) = incident.json(args);
        assert_eq!(status, Status::Done, "{report:#}\n{said}");
        text(&report["operation"]).to_owned()
    };
    let own = done(&["revoke", CARL, "--yes", "--settle", "0s"]);
    let file = state(&incident).join("operations").join(&own).join("operation.json");
    let ours = numbers(&serde_json::from_slice(&fs::read(file).unwrap()).unwrap());
    if has_access {
        done(&["restore", &own, "--yes"]);
    }
    fs::remove_dir_all(state(&incident)).unwrap();
    let theirs = [REVOKED, RESTORED, CUT_OFF].map(|id| numbers(&fixture_json(id, "operation.json")));
    assert!(theirs.iter().all(|numbers| numbers.len() == ours.len()), "{theirs:?}, {ours:?}");
    copy(&fixture(), &state(&incident), |text| {
        let replaced = theirs.iter().flatten().zip(ours.iter().cycle());
        replaced.fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
    });
    sum_up(&state(&incident));
    incident
}

/// The numbers of a record that differ from cluster to cluster and that a restore is held against. All are of one length each.
fn numbers(record: &Value) -> Vec<String> {
    let cluster = &record["clusters"][0];
    let roles = cluster["roles"].as_array().unwrap().iter();
    let of_roles = roles.flat_map(|role| [&role["role"]["uid"], &role["namespaceUid"]]).filter(|uid| !uid.is_null());
    [&cluster["caKeys"][0]].into_iter().chain(of_roles).map(|number| text(number).to_owned()).collect()
}

fn fixture_json(id: &str, file: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture().join("operations").join(id).join(file)).unwrap()).unwrap()
}

#[test]
fn history_lists_and_shows_them() {
    let incident = with_fixture();
    let (status, history, said) = incident.json(&["history"]);
    assert_eq!(status, Status::Done, "{history:#}\n{said}");
    let rows: Vec<[&str; 4]> = history["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [text(&row["id"]), text(&row["kind"]), text(&row["outcome"]), text(&row["uids"][0])])
        .collect();
    let expected = [
        [CUT_OFF, "Revoke", "Unfinished", CARL],
        [RESTORED, "Restore", "Restored", CARL],
        [REVOKED, "Revoke", "Verified", CARL],
    ];
    assert_eq!(rows, expected, "{history:#}");

    let (status, revoked, said) = incident.json(&["history", REVOKED]);
    assert_eq!(status, Status::Done, "{said}");
    assert_eq!(revoked["verification"][0]["outcome"], "Verified", "{revoked:#}");
    let kept = fixture_json(REVOKED, "report.json");
    assert_eq!(revoked["steps"].as_array().map(Vec::len), kept["steps"].as_array().map(Vec::len), "{revoked:#}");
    let (status, restored, said) = incident.json(&["history", RESTORED]);
    assert_eq!(status, Status::Done, "{said}");
    assert_eq!(restored["restores"], REVOKED, "{restored:#}");
    let (status, cut_off, said) = incident.json(&["history", CUT_OFF]);
    assert_eq!(status, Status::Done, "{said}");
    assert!(said.contains(&format!("--resume {CUT_OFF}")), "{said}");
    assert_eq!(cut_off["verification"], json!([]), "{cut_off:#}");
}

#[test]
fn a_restore_gives_back_what_they_took() {
    let incident = of_this_cluster(false);
    let before = incident.bindings();
    let name = name(CARL);
    // Without the restore that armed it again, its credential is one that leaked.
    fs::remove_dir_all(state(&incident).join("operations").join(RESTORED)).unwrap();
    refused(&incident, &["restore", REVOKED, "--yes"], &["Rearm"]);
    let (status, report, said) = incident.json(&["restore", REVOKED, "--dry-run", "--rearm", &name]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!(report["steps"].as_array().map(Vec::len), Some(3), "{report:#}");
    assert!(incident.bindings() == before, "a dry run changed something");
    let (status, report, said) = incident.json(&["restore", REVOKED, "--yes", "--rearm", &name]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert!(incident.subjects("RoleBinding", "shop", "team").unwrap().contains(&name));
}

#[test]
fn a_leaked_credential_that_they_revoked_stays_known() {
    let incident = of_this_cluster(true);
    let (_, scan, said) = incident.json(&["scan", "--all-users"]);
    assert!(!said.contains("can't be"), "{said}");
    let grants = scan["grants"].as_array().unwrap();
    assert!(!grants.is_empty() && grants.iter().all(|row| row["reappeared"] == false), "{scan:#}");
    // Without the restore that armed it again, it has reappeared.
    fs::remove_dir_all(state(&incident).join("operations").join(RESTORED)).unwrap();
    let (_, scan, _) = incident.json(&["scan", "--all-users"]);
    let of_carl = |row: &&Value| row["subject"] == name(CARL);
    let grants: Vec<&Value> = scan["grants"].as_array().unwrap().iter().filter(of_carl).collect();
    assert!(!grants.is_empty() && grants.iter().all(|row| row["reappeared"] == true), "{scan:#}");
}

#[test]
fn what_was_cut_off_goes_on() {
    let incident = of_this_cluster(true);
    // Consent is asked for, and there is no terminal: the plan is made, and nothing is changed.
    let report = refused(&incident, &["revoke", "--resume", CUT_OFF, "--settle", "0s"], &["NoTerminal"]);
    assert!(!report["steps"].as_array().unwrap().is_empty(), "{report:#}");
    let (status, report, said) = incident.json(&["revoke", "--resume", CUT_OFF, "--yes", "--settle", "0s"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!(report["operation"], CUT_OFF, "{report:#}");
    assert!(!incident.subjects("RoleBinding", "shop", "team").unwrap().contains(&name(CARL)));
}

/// Puts a value into a file of an operation, and computes everything that covers it.
fn edit(incident: &Incident<ApiServer>, id: &str, file: &str, edit: impl Fn(&mut Value)) {
    let path = state(incident).join("operations").join(id).join(file);
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut document);
    let text =
        if file == "summary.json" { document.to_string() } else { serde_json::to_string_pretty(&document).unwrap() };
    let before = sha256(&fs::read(&path).unwrap());
    fs::write(&path, &text).unwrap();
    if file == "operation.json" {
        // A summary knows how long its record is.
        let path = path.with_file_name("summary.json");
        let mut summary: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        summary["recordLength"] = text.len().into();
        fs::write(path, summary.to_string()).unwrap();
    }
    let journal = path.with_file_name("journal.jsonl");
    let events = fs::read_to_string(&journal).unwrap().replace(&before, &sha256(text.as_bytes()));
    fs::write(journal, events).unwrap();
    sum_up(&state(incident));
}

/// A later version has written this operation: nothing is decided from it, and it is said why.
#[test]
fn one_of_format_2_is_refused_by_name() {
    const NEWER: &str = "written by a newer kubectl-ackcred, in format 2";
    for file in ["operation.json", "summary.json", "report.json"] {
        let incident = of_this_cluster(true);
        edit(&incident, REVOKED, file, |document| document["format"] = 2.into());
        let outcome = incident.run(&["history", REVOKED]);
        assert_eq!(outcome.status, Status::Failed, "{file}: {outcome}");
        assert!(outcome.stderr.contains(NEWER), "{file}: {outcome}");
        if file == "report.json" {
            continue;
        }
        let report = refused(&incident, &["restore", REVOKED, "--yes"], &["JournalDamaged"]);
        assert!(text(&report["refusals"][0]["message"]).contains(NEWER), "{file}: {report:#}");
        edit(&incident, CUT_OFF, file, |document| document["format"] = 2.into());
        let report = refused(&incident, &["revoke", "--resume", CUT_OFF, "--yes"], &["JournalDamaged"]);
        assert!(text(&report["refusals"][0]["message"]).contains(NEWER), "{file}: {report:#}");
    }
    // What the protection of revoked credentials rests on fails closed.
    let incident = of_this_cluster(true);
    edit(&incident, REVOKED, "summary.json", |document| document["format"] = 2.into());
    let (_, scan, said) = incident.json(&["scan", "--all-users"]);
    assert!(said.contains(NEWER), "{said}");
    assert!(scan["grants"].as_array().unwrap().iter().all(|row| row["reappeared"].is_null()), "{scan:#}");
    let (status, history, said) = incident.json(&["history"]);
    assert_eq!(status, Status::Incomplete, "{history:#}\n{said}");
    assert!(said.contains(NEWER), "{said}");
    let audit = state(&incident).join("audit.jsonl");
    let lines = fs::read_to_string(&audit).unwrap();
    let newer = lines.replace("{\"format\":1,", "{\"format\":2,");
    fs::write(&audit, newer).unwrap();
    let outcome = incident.run(&["history", CUT_OFF]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    assert!(outcome.stderr.contains("audit.jsonl") && outcome.stderr.contains(NEWER), "{outcome}");
}

/// A later version of format 1 has written more keys.
#[test]
fn one_with_more_keys_is_read_as_before() {
    let incident = of_this_cluster(true);
    for id in [REVOKED, RESTORED, CUT_OFF] {
        edit(&incident, id, "operation.json", |document| {
            document["later"] = json!({"a": 1});
            document["clusters"][0]["later"] = json!(true);
            document["purpose"]["later"] = json!([1]);
            document["purpose"]["plan"]["later"] = json!(null);
            document["purpose"]["plan"]["flags"]["later"] = json!(false);
            document["purpose"]["plan"]["steps"][0]["later"] = json!("x");
        });
        edit(&incident, id, "summary.json", |document| document["later"] = json!({"a": 1}));
    }
    let (status, history, said) = incident.json(&["history"]);
    assert_eq!(status, Status::Done, "{history:#}\n{said}");
    for id in [REVOKED, RESTORED, CUT_OFF] {
        let (status, report, said) = incident.json(&["history", id]);
        assert_eq!(status, Status::Done, "{report:#}\n{said}");
    }
    refused(&incident, &["revoke", "--resume", CUT_OFF, "--settle", "0s"], &["NoTerminal"]);
}

#[test]
#[ignore = "the fixture is made once for each format"]
fn the_fixture_is_made() {
    let Some(target) = fixture_to_make() else { return };
    let incident = incident();
    let leaked = incident.leaked.display().to_string();
    let run = |args: &[&str], status| {
        let (ended, report, said) = incident.json(args);
        assert_eq!(ended, status, "{report:#}\n{said}");
        text(&report["operation"]).to_owned()
    };
    let reason = "left the company";
    let revoked = run(&["revoke", "-f", &leaked, "--yes", "--settle", "0s", "--reason", reason], Status::Done);
    let restored = run(&["restore", &revoked, "--yes", "--rearm", &name(CARL)], Status::Done);
    let cut_off = run(&["revoke", CARL, "--yes", "--settle", "0s"], Status::Done);
    keep_as_fixture(&incident, &target);
    // As a kill leaves it: the second change is announced and not answered.
    let folder = target.join("operations").join(&cut_off);
    fs::remove_file(folder.join("report.json")).unwrap();
    let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    let cut = journal.match_indices("SendingChange").nth(1).unwrap().0;
    let cut = cut + journal[cut..].find('\n').unwrap() + 1;
    fs::write(folder.join("journal.jsonl"), &journal[..cut]).unwrap();
    let audit = fs::read_to_string(target.join("audit.jsonl")).unwrap();
    let lines: Vec<&str> = audit.lines().collect();
    fs::write(target.join("audit.jsonl"), lines[..lines.len() - 1].join("\n") + "\n").unwrap();
    let made = [&revoked, &restored, &cut_off];
    assert!(made.iter().all(|id| target.join("operations").join(id).is_dir()), "{made:?}");
}

/// Three such operations that were written when format 1 had the answers of access reviews.
const WITH_ANSWERS: [&str; 3] = ["20261129-161222-9f2450", "20261129-161223-d05c56", "20261129-161223-1bf8b3"];

#[test]
fn a_report_has_the_answers_that_are_recorded() {
    let incident = incident();
    lay_out(&incident, "-answers");
    let yes = "yes by ClusterRoleBinding/-/200000000000000103-clusterrolebinding, ClusterRole/cs:restricted";
    let row = |before: &str, after: &str| format!("| get,list,watch nodes | {before} | {after} |");
    let no = "no (access review)";
    let expected = [row(yes, no), row("", yes), row(yes, "not recorded")];
    for (id, expected) in WITH_ANSWERS.into_iter().zip(expected) {
        let report = incident.run(&["history", id, "-o", "md"]);
        assert_eq!(report.status, Status::Done, "{id}: {report}");
        let expected = expected.trim_start_matches("| get,list,watch nodes | ");
        let nodes = report.stdout.lines().find(|line| line.starts_with("| get,list,watch nodes |")).unwrap();
        assert!(nodes.contains(expected), "{id}: {nodes}");
    }
}

/// What an earlier version did not write down is not made up, and not left out either.
#[test]
fn a_report_of_an_older_record_says_what_is_not_recorded() {
    let incident = with_fixture();
    for (id, expected) in [
        (REVOKED, "| get,list,watch nodes | yes (access review; its reason is not recorded) | not recorded |"),
        (CUT_OFF, "| get,list,watch nodes | yes (access review; its reason is not recorded) | not recorded |"),
        (RESTORED, "| get,list,watch nodes | yes (access review; its reason is not recorded) | not recorded |"),
    ] {
        let report = incident.run(&["history", id, "-o", "md"]);
        assert_eq!(report.status, Status::Done, "{id}: {report}");
        assert!(report.stdout.contains(expected), "{id}: {report}");
    }
}

/// A restore from a folder, written when format 1 had that word: one of its files was cut short.
const FROM_FOLDER: &str = "20261129-200331-60c9ae";

#[test]
fn a_restore_from_a_folder_is_listed_and_shown() {
    let incident = incident();
    lay_out(&incident, "-from");
    let (status, history, said) = incident.json(&["history"]);
    assert_eq!(status, Status::Done, "{said}");
    let row = &history["operations"][0];
    let shown = [&row["id"], &row["kind"], &row["outcome"], &row["restores"]].map(text);
    assert_eq!(shown, [FROM_FOLDER, "Restore", "Restored", "/home/ann/backups"], "{history:#}");
    let (status, report, said) = incident.json(&["history", FROM_FOLDER]);
    assert_eq!((status, report["steps"].as_array().map(Vec::len)), (Status::Done, Some(3)), "{report:#}\n{said}");
    assert_eq!(text(&report["notRestored"][0]["what"]), "RoleBinding-shop-cut.json", "{report:#}");
    // What the protection of revoked credentials rests on is read.
    let (_, scan, said) = incident.json(&["scan", "--all-users"]);
    let grants = scan["grants"].as_array().unwrap();
    assert!(!grants.is_empty() && grants.iter().all(|row| row["reappeared"] == false), "{scan:#}\n{said}");
}
