//! A revocation that is cut off on the wire: killed, interrupted, unheard, or in another one's way. Whatever happens, nobody has
//! more access than before, the journal tells how far it came, and it can be finished and taken back.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{ApiServer, Exchange, Fault, Gate};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::{self, FaultKind};
use ackcred_sandbox::cluster::Cluster;
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::scene::{ANN, CARL, Incident, Objects, SOON, as_arranged, name};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
const CLEAN: &str = "CleanClusterUserPermissions";
/// For what happens without a trace that could be waited for.
pub(crate) const MOMENT: Duration = Duration::from_millis(400);

/// How a process ended, and all that it said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// The three bindings that name the leaver, with the method that takes him out of each.
fn writes() -> [(&'static str, BindingRef); 3] {
    [
        ("PATCH", BindingRef::role_binding("shop", "team")),
        ("DELETE", BindingRef::role_binding("billing", "ledger")),
        ("DELETE", BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"))),
    ]
}

/// The revocation that is cut off, as arguments: one step after the other, so that each boundary lies where it is looked for.
pub(crate) fn revocation<C>(incident: &Incident<C>) -> Vec<String> {
    revocation_of(incident, 1)
}

/// The revocation with so many steps at a time.
fn revocation_of<C>(incident: &Incident<C>, at_a_time: usize) -> Vec<String> {
    let (leaked, at_a_time) = (incident.leaked.display().to_string(), at_a_time.to_string());
    let mut words = vec!["revoke", "-f", &leaked, "--yes", "--settle", "0", "--parallel", &at_a_time];
    // It is held at requests: however late the test comes to it, none is given up before.
    words.extend(["--request-timeout", "10m"]);
    words.into_iter().map(str::to_owned).collect()
}

pub(crate) fn begin<C: Cluster>(incident: &Incident<C>) -> Child {
    spawn(incident.process(BINARY).args(revocation(incident)))
}

pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn ended(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
    Said { code: output.status.code(), text }
}

pub(crate) fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < until, "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Lets the dry run of a write pass and has the write itself meet the fault.
fn strike(incident: &Incident<ApiServer>, (method, binding): &(&str, BindingRef), fault: Fault) {
    let faults = incident.server.faults();
    faults.pass(method, &binding.path(), 1);
    faults.add(method, &binding.path(), 1, fault);
}

/// A gate at a write, by `hold` before or after it is done.
pub(crate) fn gate_at(
    incident: &Incident<ApiServer>,
    (method, binding): &(&str, BindingRef),
    hold: impl Fn(Gate) -> Fault,
) -> Gate {
    // The dry run passes.
    incident.server.faults().gate_after(method, &binding.path(), 1, hold)
}

/// What the operator has changed in the cluster, the cloud's part left out. Who asked for what was never answered isn't known.
fn own_changes(incident: &Incident<ApiServer>) -> Vec<Exchange> {
    let own = |change: &Exchange| change.user == name(ANN) || change.user.is_empty();
    incident.changes().into_iter().filter(own).collect()
}

/// How often the operator has changed what is at each path. What was refused, because it was not as planned any more, has not.
fn changed(incident: &Incident<ApiServer>) -> BTreeMap<String, usize> {
    let mut changed = BTreeMap::new();
    for change in own_changes(incident).into_iter().filter(|change| !(400..500).contains(&change.code)) {
        *changed.entry(change.path).or_default() += 1;
    }
    changed
}

fn each_once() -> BTreeMap<String, usize> {
    writes().map(|(_, binding)| (binding.path(), 1)).into()
}

fn cleanings<C>(incident: &Incident<C>) -> usize {
    incident.cloud.log().iter().filter(|call| call.action == CLEAN).count()
}

/// Who holds what, the leaver (`true`) or all others: binding, role and subject.
pub(crate) fn held(objects: &Objects, leaver: bool) -> BTreeSet<String> {
    let mut held = BTreeSet::new();
    for (place, object) in objects {
        for subject in object["subjects"].as_array().into_iter().flatten() {
            if subject["name"].as_str().unwrap().starts_with(CARL) == leaver {
                held.insert(format!("{place} {} {subject}", object["roleRef"]));
            }
        }
    }
    held
}

/// The revocations that the journal knows, with what it says of each.
pub(crate) fn revocations<C: Cluster>(incident: &Incident<C>) -> Vec<(String, String)> {
    let (status, history, said) = incident.json(&["history"]);
    assert_eq!(status, Status::Done, "the journal can't be read: {said}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = history["operations"].as_array().unwrap().iter().filter(|row| row["kind"] == "Revoke");
    rows.map(|row| (text(&row["id"]), text(&row["outcome"]))).collect()
}

/// No change came to the server that the journal had not announced.
pub(crate) fn assert_announced(incident: &Incident<ApiServer>, at: &str) {
    let mut journals = String::new();
    let folder = incident.session.home().join("state/operations");
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        journals += &std::fs::read_to_string(entry.unwrap().path().join("journal.jsonl")).unwrap_or_default();
    }
    for change in own_changes(incident) {
        assert!(journals.contains(&change.audit_id), "{at}: {change:?} is in no journal");
    }
}

/// That a cut left less access or the same, and a journal that says one of `outcomes`; that the operation can then be finished,
/// and taken back.
pub(crate) fn assert_recovers<C: Cluster>(incident: &Incident<C>, before: &Objects, outcomes: &[&str], at: &str) {
    let after = incident.bindings();
    assert!(held(&after, true).is_subset(&held(before, true)), "{at}: the leaver has more than before");
    assert_eq!(held(&after, false), held(before, false), "{at}: others have not what they had");

    let leaked = incident.leaked.display().to_string();
    let id = match revocations(incident).as_slice() {
        [] => {
            assert_eq!(after, *before, "{at}: something was changed without a journal");
            let args = ["revoke", "-f", &leaked, "--yes", "--settle", "0"];
            assert_verified(incident.json(&args), at)
        }
        [(id, outcome)] => {
            assert!(outcomes.contains(&outcome.as_str()), "{at}: {id} is {outcome}");
            assert!(outcome != "Verified" || held(&after, true).is_empty(), "{at}: {id} is not verified at all");
            let one = incident.run(&["history", id]);
            assert_eq!(one.status, Status::Done, "{at}: {one}");
            assert_verified(incident.json(&["revoke", "--resume", id, "-f", &leaked, "--yes", "--settle", "0"]), at)
        }
        several => panic!("{at}: {several:?}"),
    };
    let resumed = incident.bindings();
    assert_eq!(held(&resumed, true), BTreeSet::new(), "{at}");
    assert_eq!(held(&resumed, false), held(before, false), "{at}");
    assert_eq!(revocations(incident), [(id.clone(), "Verified".to_owned())], "{at}");

    let restored = incident.run(&["restore", &id, "--yes", "--force", "--rearm", &name(CARL)]);
    assert_eq!(restored.status, Status::Done, "{at}: {restored}");
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before.clone()), "{at}");
}

/// The ID of an operation that is finished now.
fn assert_verified((status, report, said): (Status, Value, String), at: &str) -> String {
    assert_eq!(status, Status::Done, "{at}: {said}\n{report:#}");
    let verified: Vec<&Value> = report["verification"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(verified, ["Verified"], "{at}: {said}\n{report:#}");
    report["operation"].as_str().unwrap().to_owned()
}

#[test]
fn killed_at_any_write_it_can_be_finished_and_taken_back() {
    for write in writes() {
        let at = |when| format!("{write:?}, {when}");
        for (when, hold) in [("before", Fault::HoldRequest as fn(Gate) -> Fault), ("after", Fault::HoldResponse)] {
            let incident = Incident::sandbox(|setup| setup);
            let before = incident.bindings();
            let gate = gate_at(&incident, &write, hold);
            let mut child = begin(&incident);
            assert!(gate.wait_reached(1, SOON), "{}", at(when));
            child.kill().unwrap();
            let said = ended(child);
            assert_eq!(said.code, None, "{}: {}", at(when), said.text);
            incident.server.faults().clear();
            assert_eq!(changed(&incident).get(&write.1.path()), Some(&1), "{}: no dry run waited", at(when));
            assert_announced(&incident, &at(when));
            assert_recovers(&incident, &before, &["Unfinished"], &at(when));
            gate.open();
        }
    }
}

#[test]
fn killed_at_the_clouds_call_it_can_be_finished_and_taken_back() {
    for carried_out in [false, true] {
        let incident = Incident::sandbox(|setup| setup);
        let before = incident.bindings();
        let fault = cloud::CloudFault::of(CLEAN, FaultKind::Hang(None));
        incident.cloud.add_fault(if carried_out { fault.after_execution() } else { fault });
        let mut child = begin(&incident);
        wait_until(CLEAN, || cleanings(&incident) == 1);
        child.kill().unwrap();
        assert_eq!(ended(child).code, None);
        incident.cloud.clear_faults();
        assert_eq!(changed(&incident), each_once(), "bindings come first");
        let at = format!("the cloud's call, carried out: {carried_out}");
        assert_announced(&incident, &at);
        assert_recovers(&incident, &before, &["Unfinished"], &at);
    }
}

#[test]
fn ctrl_c_finishes_the_step_in_hand() {
    let mut together = BTreeSet::new();
    for write in writes() {
        let incident = Incident::sandbox(|setup| setup);
        let before = incident.bindings();
        let gate = gate_at(&incident, &write, Fault::HoldRequest);
        let child = begin(&incident);
        assert!(gate.wait_reached(1, SOON), "{write:?}");
        signal(&child, "-INT");
        std::thread::sleep(MOMENT);
        gate.open();
        let said = ended(child);
        assert_eq!(said.code, Some(130), "{write:?}: {}", said.text);

        let last = own_changes(&incident).pop().unwrap();
        assert_eq!((&last.path, last.code), (&write.1.path(), 200), "{}", said.text);
        assert_eq!(cleanings(&incident), 0, "{}", said.text);
        together.insert(changed(&incident).len());
        let [(id, _)] = revocations(&incident).try_into().unwrap();
        assert!(said.text.contains(&format!("kubectl ackcred revoke --resume {id}")), "{}", said.text);
        assert_recovers(&incident, &before, &["Interrupted"], &format!("{write:?}"));
    }
    assert_eq!(together, BTreeSet::from([1, 2, 3]), "each step was the last one once");
}

/// Every step that is in hand when the signal comes is finished, and the cloud is not called.
#[test]
fn ctrl_c_finishes_all_steps_in_hand() {
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    let gates = writes().map(|write| gate_at(&incident, &write, Fault::HoldRequest));
    let child = spawn(incident.process(BINARY).args(revocation_of(&incident, 2)));
    // By the plan's order the cluster's own and the one in billing are in hand, and the one in shop has not begun.
    assert!(gates[1..].iter().all(|gate| gate.wait_reached(1, SOON)));
    signal(&child, "-INT");
    std::thread::sleep(MOMENT);
    gates.iter().for_each(Gate::open);
    let said = ended(child);
    assert_eq!(said.code, Some(130), "{}", said.text);
    let two: BTreeMap<String, usize> = writes()[1..].iter().map(|(_, binding)| (binding.path(), 1)).collect();
    assert_eq!((changed(&incident), cleanings(&incident)), (two, 0), "{}", said.text);
    incident.server.faults().clear();
    assert_announced(&incident, "Ctrl-C with two steps in hand");
    assert_recovers(&incident, &before, &["Interrupted"], "Ctrl-C with two steps in hand");
}

/// All writes are under way, each held before or after it is done, and one of them is answered first.
#[test]
fn killed_with_all_writes_under_way_it_can_be_finished_and_taken_back() {
    for done in 0..8 {
        let incident = Incident::sandbox(|setup| setup);
        let before = incident.bindings();
        // Bit by bit: whether the server has done it.
        let sides = [0, 1, 2].map(|bit| done >> bit & 1 == 1);
        let gates: Vec<Gate> = writes()
            .iter()
            .zip(sides)
            .map(|(write, is_done)| {
                gate_at(&incident, write, if is_done { Fault::HoldResponse } else { Fault::HoldRequest })
            })
            .collect();
        let mut child = spawn(incident.process(BINARY).args(revocation_of(&incident, 16)));
        let at = format!("done when killed: {sides:?}");
        assert!(gates.iter().all(|gate| gate.wait_reached(1, SOON)), "{at}: all are under way at once");
        assert_announced(&incident, &at);
        child.kill().unwrap();
        assert_eq!(ended(child).code, None, "{at}");
        incident.server.faults().clear();
        assert_eq!(cleanings(&incident), 0, "{at}: bindings come first");
        assert_recovers(&incident, &before, &["Unfinished"], &at);
        gates.iter().for_each(Gate::open);
    }
}

/// As nohup starts it.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_to_be_ignored_is_ignored() {
    let incident = Incident::sandbox(|setup| setup);
    let gate = gate_at(&incident, &writes()[0], Fault::HoldRequest);
    let mut nohup = incident.process("/bin/sh");
    nohup.args(["-c", r#"trap "" HUP && exec "$0" "$@""#, BINARY]).args(revocation(&incident));
    let child = spawn(&mut nohup);
    assert!(gate.wait_reached(1, SOON));
    signal(&child, "-HUP");
    gate.open();
    let said = ended(child);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(!said.text.contains("interrupted"), "{}", said.text);
}

#[test]
fn a_report_that_can_not_be_written_is_no_failure_of_what_was_done() {
    let full = || std::fs::File::options().write(true).open("/dev/full");
    if full().is_err() {
        return skip("crash::a_report_that_can_not_be_written_is_no_failure_of_what_was_done", "no /dev/full");
    }
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    let run = |args: &[String]| {
        let mut command = incident.process(BINARY);
        command.args(args).stdin(Stdio::null()).stdout(full().unwrap()).stderr(Stdio::piped());
        ended(command.spawn().unwrap())
    };
    let said = run(&revocation(&incident));
    assert_eq!(said.code, Some(4), "{}", said.text);
    assert!(said.text.contains("cannot write to standard output"), "{}", said.text);
    assert_eq!(held(&incident.bindings(), true), BTreeSet::new());
    let [(id, outcome)] = revocations(&incident).try_into().unwrap();
    assert_eq!(outcome, "Verified", "the journal has it");

    let restore = ["restore", &id, "--yes", "--force", "--rearm", &name(CARL)].map(str::to_owned);
    let said = run(&restore);
    assert_eq!(said.code, Some(4), "{}", said.text);
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before));

    let refused = ["revoke", ANN, "--yes", "-o", "json"].map(str::to_owned);
    let said = run(&refused);
    assert_eq!(said.code, Some(5), "refused is refused, shown or not: {}", said.text);
}

/// A process on a terminal of its own.
#[test]
fn ctrl_c_at_the_prompt_changes_nothing() {
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    let words = format!("exec {BINARY} revoke -f {} --settle 0", incident.leaked.display());
    let mut command = incident.process("/usr/bin/script");
    command.args(["-qec", &words, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return skip("crash::ctrl_c_at_the_prompt_changes_nothing", "no /usr/bin/script");
    };
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(&format!("Type {CARL} to go on")) {
        let mut piece = [0; 4096];
        let read = screen.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&piece[..read]);
    }
    keyboard.write_all(b"\x03").unwrap();
    let mut rest = String::new();
    let _ = screen.read_to_string(&mut rest);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert_eq!((incident.bindings(), changed(&incident).len(), cleanings(&incident)), (before, 0, 0));
    assert_eq!(revocations(&incident), []);
}

#[test]
fn where_no_journal_can_be_nothing_is_changed() {
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    let file = incident.session.write("file", "precious").unwrap();
    let below = file.join("state").display().to_string();
    for (folder, named) in [("/proc/ackcred", "/proc/ackcred"), (&below, file.to_str().unwrap())] {
        let said = ended(spawn(incident.process(BINARY).env("ACKCRED_HOME", folder).args(revocation(&incident))));
        assert_eq!(said.code, Some(5), "{}", said.text);
        for part in ["no changes without a journal", named, "set ACKCRED_HOME to use another folder"] {
            assert!(said.text.contains(part), "{part}: {}", said.text);
        }
    }
    assert_eq!((incident.bindings(), changed(&incident).len(), cleanings(&incident)), (before, 0, 0));
    assert_eq!(std::fs::read(file).unwrap(), b"precious");
}

#[test]
fn two_at_once_change_everything_once() {
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    for said in [begin(&incident), begin(&incident)].map(ended) {
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert!(!said.text.contains("error"), "{}", said.text);
    }
    assert_eq!(changed(&incident), each_once());
    assert_announced(&incident, "two at once");
    assert_eq!(held(&incident.bindings(), true), BTreeSet::new());
    assert_eq!(held(&incident.bindings(), false), held(&before, false));
}

#[test]
fn the_second_waits_for_the_first_as_long_as_it_may() {
    let incident = Incident::sandbox(|setup| setup);
    let team = &writes()[0];
    let gate = gate_at(&incident, team, Fault::HoldRequest);
    let first = begin(&incident);
    assert!(gate.wait_reached(1, SOON));
    let impatient = spawn(incident.process(BINARY).args(revocation(&incident)).args(["--cluster-timeout", "5s"]));
    let said = ended(impatient);
    assert_eq!(said.code, Some(5), "{}", said.text);
    for part in ["another operation on this cluster is running", "within 5s", "nothing was changed"] {
        assert!(said.text.contains(part), "{part}: {}", said.text);
    }
    assert_eq!(revocations(&incident).len(), 1, "the one that waited in vain has begun nothing");

    let second = begin(&incident);
    let dry_runs = || {
        let asked = incident.server.faults().exchanges();
        asked.iter().filter(|one| one.path == team.1.path() && one.query.contains("dryRun")).count()
    };
    wait_until("the second's plan", || dry_runs() == 3);
    std::thread::sleep(MOMENT);
    gate.open();
    for said in [first, second].map(ended) {
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert!(!said.text.contains("error"), "{}", said.text);
    }
    assert_eq!(changed(&incident), each_once());
    let outcomes: Vec<String> = revocations(&incident).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["Verified", "Verified"]);
}

#[test]
fn an_answer_that_is_lost_is_found_out() {
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    writes().iter().for_each(|write| strike(&incident, write, Fault::DropResponse));
    let said = ended(begin(&incident));
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert_eq!(changed(&incident), each_once());
    assert!(own_changes(&incident).iter().all(|change| change.code == 0), "no write was answered");
    assert_recovers(&incident, &before, &["Verified"], "answers lost");
}

/// Says that a test is skipped, and fails it where nothing may be.
#[expect(clippy::disallowed_methods, reason = "a test finds out by this variable whether it may be skipped")]
pub(crate) fn skip(test: &str, why: &str) {
    let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
    assert!(!required, "tests/revoke {test}: {why}, and ACKCRED_REQUIRE_CLUSTER=1");
    // Past the test harness, which would keep the line to itself.
    let _ = writeln!(std::io::stderr(), "skipped: tests/revoke {test} ({why})");
}
