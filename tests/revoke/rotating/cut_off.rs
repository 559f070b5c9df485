//! A rotation that is killed or interrupted at every boundary, and finished by `--resume`: never is there no kubeconfig that works or
//! can be had, and never is the old file lost.

use std::sync::{Arc, Condvar, Mutex};

use super::*;
#[cfg(unix)]
use crate::crash::{BINARY, signal, spawn, wait_until};
use crate::scene::SOON;

/// A place in the cloud that stays closed until it is opened.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Door {
    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.1 = true;
        drop(changed.wait_while(state, |(is_open, _)| !*is_open).unwrap());
    }

    fn open(&self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }

    fn is_reached(&self) -> bool {
        self.0.0.lock().unwrap().1
    }
}

/// The last rotation that the history knows: its ID and outcome.
fn last<C: Cluster>(incident: &Incident<C>) -> Option<(String, String)> {
    let (_, history, _) = incident.json(&["history"]);
    let one = history["operations"].as_array()?.first()?.clone();
    Some((one["id"].as_str()?.to_owned(), one["outcome"].as_str()?.to_owned()))
}

fn finish(incident: &Incident<ApiServer>, before: &str, at: &str) {
    let (id, outcome) = last(incident).unwrap();
    assert!(["Unfinished", "Interrupted", "Incomplete"].contains(&outcome.as_str()), "{at}: {outcome}");
    let shown = incident.run(&["history", &id]);
    assert_eq!(shown.status, Status::Done, "{at}: {shown}");
    let (status, report, said) = incident.json(&["rotate", "--resume", &id, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{at}: {report:#}\n{said}");
    assert_eq!(report["verification"][0]["outcome"], "Verified", "{at}: {report:#}");
    let after = fs::read_to_string(config(incident)).unwrap();
    assert_eq!([NODES, PODS].map(|path| status_by(&after, path)), [200, 200], "{at}");
    assert_eq!([NODES, PODS].map(|path| incident.old_status(path)), [403, 403], "{at}");
    let backup = report["written"][0]["backup"].as_str().unwrap();
    assert_eq!(fs::read_to_string(backup).unwrap(), before, "{at}: the first old file is the one that is kept");
    assert_eq!(last(incident).unwrap(), (id, "Verified".to_owned()), "{at}");
}

/// What the cloud answers with a failure, before it does anything or after: the operation can be finished.
#[test]
fn a_call_whose_answer_is_lost_is_finished() {
    let broken = || FaultKind::ServerError(500);
    for (action, after, refused) in [(REVOKE, false, false), (REVOKE, true, true), (ISSUE, false, false)] {
        let incident = Incident::sandbox(|setup| setup);
        bind_oncall(&incident);
        let before = fs::read_to_string(config(&incident)).unwrap();
        let fault = CloudFault::of(action, broken());
        incident.cloud.add_fault(if after { fault.after_execution() } else { fault });
        let (status, report, said) = incident.json(&[&ROTATE[..], &["--wait", "0s"]].concat());
        incident.cloud.clear_faults();
        if refused {
            // What was issued next shows that it was carried out.
            assert_eq!((status, &report["steps"][0]["result"]), (Status::Done, &json!("Done")), "{report:#}\n{said}");
            continue;
        }
        assert_eq!(status, Status::Incomplete, "{action}: {report:#}\n{said}");
        assert_eq!(fs::read_to_string(config(&incident)).unwrap(), before);
        finish(&incident, &before, action);
    }
}

#[cfg(unix)]
#[test]
fn struck_at_each_boundary_it_is_finished() {
    let strikes: [(&str, Option<i32>); 2] = [("-INT", Some(130)), ("-KILL", None)];
    for (strike, code) in strikes {
        for boundary in ["before the cloud's work", "after the cloud's work", "at a binding", "at the verification"] {
            let at = format!("{strike} {boundary}");
            let (before_work, after_work) = (Door::default(), Door::default());
            let (one, other) = (before_work.clone(), after_work.clone());
            let incident = Incident::sandbox(|setup| {
                setup.around_rotating(move |rotate| {
                    Box::new(move |rotation| {
                        one.pass();
                        let rotated = rotate(rotation);
                        other.pass();
                        rotated
                    })
                })
            });
            bind_oncall(&incident);
            let before = fs::read_to_string(config(&incident)).unwrap();
            let gate = ackcred_sandbox::apiserver::Gate::new();
            let hold = ackcred_sandbox::apiserver::Fault::HoldRequest(gate.clone());
            let oncall = format!("{RBAC}/namespaces/shop/rolebindings/oncall");
            let faults = incident.server.faults();
            match boundary {
                "at a binding" => {
                    // The dry run passes, the write is held.
                    faults.pass("PATCH", &oncall, 1);
                    faults.add("PATCH", &oncall, 1, hold);
                }
                "at the verification" => {}
                _ => {}
            }
            if boundary != "before the cloud's work" {
                before_work.open();
            }
            if !boundary.ends_with("cloud's work") {
                after_work.open();
            }
            let child = spawn(incident.process(BINARY).args(ROTATE));
            match boundary {
                "before the cloud's work" => wait_until(&at, || before_work.is_reached()),
                "after the cloud's work" => wait_until(&at, || after_work.is_reached()),
                "at a binding" => assert!(gate.wait_reached(1, SOON), "{at}"),
                _ => wait_until(&at, || {
                    // The file is written, and the checks begin.
                    fs::read_to_string(config(&incident)).unwrap() != before
                }),
            }
            signal(&child, strike);
            if strike == "-KILL" {
                let _ = child.wait_with_output().unwrap();
                before_work.open();
                after_work.open();
                gate.open();
            } else {
                before_work.open();
                after_work.open();
                gate.open();
                let said = crate::crash::ended(child);
                // An interrupt that comes when all is done but the looking changes nothing any more.
                assert!(said.code == code || boundary == "at the verification", "{at}: {:?} {}", said.code, said.text);
            }
            incident.server.catch_up().unwrap();
            if last(&incident).is_some_and(|(_, outcome)| outcome == "Verified") {
                assert_eq!(incident.old_status(PODS), 403, "{at}");
                continue;
            }
            finish(&incident, &before, &at);
        }
    }
}
