//! A revocation that is cut off on the disk: killed before any call that writes its journal, or the disk is full there.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;

use crate::crash::{BINARY, Said, assert_announced, assert_recovers, ended, revocation, revocations, skip};
use crate::scene::Incident;

const STRACE: &str = "/usr/bin/strace";
/// The calls by which a journal comes to be, as a regular expression of strace.
const CALLS: &str = "/^(mkdir|openat|write|fsync|fdatasync|rename|ftruncate|unlink)";
/// How many of the calls are cut off at, spread evenly.
const SAMPLE: usize = 8;

/// A call: its name, which of that name it is, counted from 1, and how it looked.
#[derive(Clone, Debug)]
struct Call {
    name: String,
    number: usize,
    line: String,
}

/// The real binary under strace, which cuts it off at a given call. The journal is written by the main thread, the only one
/// that is traced.
fn traced<C: Cluster>(incident: &Incident<C>, inject: Option<&str>) -> (Said, Vec<Call>) {
    let trace = incident.session.home().join("trace");
    let mut command = incident.process(STRACE);
    command.args(["-qq", "-y", "-s", "0", "-e", &format!("trace={CALLS}")]);
    command.args(inject.map(|inject| format!("--inject={inject}")));
    command.arg("-o").arg(&trace).arg(BINARY).args(revocation(incident));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (ended(child), calls(&std::fs::read_to_string(trace).unwrap(), &incident.session.home().join("state")))
}

/// The calls of a trace that are about something in this folder.
fn calls(trace: &str, folder: &Path) -> Vec<Call> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let number = counts.entry(name).or_default();
        *number += 1;
        if line.contains(folder.to_str().unwrap()) {
            calls.push(Call { name: name.to_owned(), number: *number, line: line.to_owned() });
        }
    }
    calls
}

/// All calls of a revocation that nobody disturbs.
fn undisturbed() -> Vec<Call> {
    let incident = Incident::sandbox(|setup| setup);
    let (said, calls) = traced(&incident, None);
    assert_eq!(said.code, Some(0), "{}", said.text);
    for name in ["mkdir", "openat", "write", "fsync", "fdatasync", "rename"] {
        assert!(calls.iter().any(|call| call.name.starts_with(name)), "no {name} in {calls:#?}");
    }
    calls
}

fn sample(calls: &[Call], count: usize) -> Vec<Call> {
    let count = count.min(calls.len());
    (0..count).map(|index| calls[index * (calls.len() - 1) / (count - 1).max(1)].clone()).collect()
}

/// Does the same for each, two at a time.
fn for_each(calls: Vec<Call>, act: impl Fn(&Call) + Sync) {
    let calls = Mutex::new(calls.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(call) = calls.lock().unwrap().next() else { return };
                    act(&call);
                }
            });
        }
    });
}

/// Whether strace is there and may trace; without it one line says that `test` is skipped.
fn may_trace(test: &str) -> bool {
    let tried = Command::new(STRACE).args(["-qq", "-o", "/dev/null", "/bin/true"]).status();
    let may = tried.is_ok_and(|status| status.success());
    if !may {
        skip(&format!("crash_disk::{test}"), "strace is not there or may not trace");
    }
    may
}

#[test]
fn killed_at_any_call_it_can_be_finished_and_taken_back() {
    if !may_trace("killed_at_any_call_it_can_be_finished_and_taken_back") {
        return;
    }
    for_each(sample(&undisturbed(), SAMPLE), |call| {
        let incident = Incident::sandbox(|setup| setup);
        let before = incident.bindings();
        let (said, _) = traced(&incident, Some(&format!("{}:signal=KILL:when={}", call.name, call.number)));
        let at = format!("killed at {call:?}");
        assert!(said.code.is_none() || said.code == Some(137), "{at}: {:?} {}", said.code, said.text);
        assert_announced(&incident, &at);
        assert_recovers(&incident, &before, &["Unfinished", "Verified"], &at);
    });
}

#[test]
fn on_a_full_disk_it_stops_with_the_step_in_hand() {
    if !may_trace("on_a_full_disk_it_stops_with_the_step_in_hand") {
        return;
    }
    let mut calls = undisturbed();
    // What a lock file holds is for people: it need not be written. Which of the writes is the journal's differs from run to
    // run, for the runtime wakes itself by writing; a write that fails is a test of the journal itself.
    calls.retain(|call| {
        !call.line.contains("/locks/") && !call.name.starts_with("unlink") && !call.name.starts_with("write")
    });
    // Each wait for the journal, which nothing is sent without, and some of the others.
    let (waits, others): (Vec<Call>, Vec<Call>) = calls.into_iter().partition(|call| call.name == "fdatasync");
    for_each(waits.into_iter().chain(sample(&others, SAMPLE)).collect(), |call| {
        let incident = Incident::sandbox(|setup| setup);
        let before = incident.bindings();
        let (said, now) = traced(&incident, Some(&format!("{}:error=ENOSPC:when={}", call.name, call.number)));
        let at = format!("full at {call:?}: {}", said.text);
        assert!(now.iter().any(|call| call.line.contains("INJECTED")), "{at}: {now:#?}");
        assert!(said.text.contains("No space left on device"), "{at}");
        match said.code {
            Some(5) => {
                assert!(said.text.contains("nothing was changed"), "{at}");
                assert_eq!(incident.bindings(), before, "{at}");
                assert_eq!(incident.changes(), [], "{at}");
            }
            Some(4) => assert_eq!(revocations(&incident).len(), 1, "{at}"),
            code => panic!("{code:?} {at}"),
        }
        assert_announced(&incident, &at);
        assert_recovers(&incident, &before, &["Unfinished", "Incomplete", "Verified"], &at);
    });
}

#[test]
fn ctrl_c_while_the_journal_is_begun_changes_nothing() {
    if !may_trace("ctrl_c_while_the_journal_is_begun_changes_nothing") {
        return;
    }
    // Nothing listens to servers then, and the first change is next.
    let calls = undisturbed();
    let call = calls.iter().find(|call| call.name == "fsync" && call.line.contains("/operation.json")).unwrap();
    let incident = Incident::sandbox(|setup| setup);
    let before = incident.bindings();
    let (said, _) = traced(&incident, Some(&format!("fsync:signal=INT:when={}", call.number)));
    assert_eq!(said.code, Some(130), "{}", said.text);
    assert!(said.text.contains("kubectl ackcred revoke --resume"), "{}", said.text);
    assert_eq!((incident.bindings(), incident.changes()), (before.clone(), Vec::new()), "{}", said.text);
    assert_recovers(&incident, &before, &["Interrupted"], "Ctrl-C while the journal was begun");
}

/// On the real server: the last line before a change is written, the change is not; and the other way round.
#[test]
fn killed_between_two_changes_on_the_real_server() {
    if !may_trace("killed_between_two_changes_on_the_real_server") {
        return;
    }
    let Some(mut server) = shared("tests/revoke").unwrap() else { return };
    // Each change is waited for twice: that it is sent, and that it was answered and its step has ended.
    for number in [1, 2, 3] {
        let incident = Incident::stage(server, |setup| setup);
        let before = incident.bindings();
        let (said, _) = traced(&incident, Some(&format!("fdatasync:signal=KILL:when={number}")));
        let at = format!("killed at wait {number}");
        assert!(said.code.is_none() || said.code == Some(137), "{at}: {:?} {}", said.code, said.text);
        assert_eq!(revocations(&incident).len(), 1, "{at}");
        assert_recovers(&incident, &before, &["Unfinished"], &at);
        server = incident.end();
    }
}
