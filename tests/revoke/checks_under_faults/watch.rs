//! A name that comes back, by watches and lists that fail.

use ackcred_sandbox::apiserver::{Fault, Gate};

use super::{FAULTS, GENEROUS, Reading, all, bare_name_in_a_namespace, list, patience};
use crate::scene::{CARL, Incident, result_of};

/// Nothing comes back. Without a watch that is not known, but where it is forbidden: then the list says it.
#[test]
fn a_watch_that_fails_proves_nothing() {
    for (fault, expected) in
        [(Fault::refusal(500, "InternalError", "not now"), "Error"), (Fault::refusal(403, "Forbidden", "no"), "Passed")]
    {
        let incident = Incident::sandbox(|setup| setup);
        incident.server.faults().add("GET", "/rolebindings?watch=1", usize::MAX, fault);
        let (_, report, said) = incident.json(&["revoke", CARL, "--yes", "--force", "--settle", "1s"]);
        assert_eq!(result_of(&report, "Settled"), expected, "{report:#}\n{said}");
    }
}

/// A name that comes back while it is watched for. The watch of one kind waits until it is back, that of the other is struck; or
/// that one stays silent and the list afterwards is struck.
#[test]
fn the_watch_and_the_list_after_it() {
    let reading = Reading::new("Settled", "/rolebindings?", list("RoleBinding"), bare_name_in_a_namespace);
    let event = |object: &str| format!("{{\"type\":\"ADDED\",\"object\":{object}}}\n");
    let answer = |body: String| Some(Fault::Answer { code: 200, content_type: "application/json", body });
    let html = Fault::Answer { code: 200, content_type: "text/html", body: "<html>".to_owned() };
    let struck_watches = [
        ("none", None),
        ("silent", Some(Fault::Silent)),
        ("part of an event", Some(Fault::Cut { body: "{\"type\":\"ADDED\",\"obj".to_owned() })),
        ("end in an event", answer("{\"type\":\"ADDED\",\"obj".to_owned())),
        ("an event of a pod", answer(event(r#"{"kind":"Pod","apiVersion":"v1"}"#))),
        ("an error event", answer("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n".to_owned())),
        ("a line of garbage", answer("garbage\n".to_owned())),
        ("html", Some(html)),
        ("dropped", Some(Fault::DropRequest)),
    ];
    let mut rows: Vec<(&str, Option<Fault>, Option<Fault>)> = Vec::new();
    rows.extend(struck_watches.map(|(name, watch)| (name, watch, None)));
    rows.extend(FAULTS.map(|name| (name, Some(reading.fault(name)), None)));
    rows.extend(FAULTS.map(|name| (name, Some(Fault::Silent), Some(reading.fault(name)))));
    let held = all(&rows, |(name, watch, list)| {
        let incident = Incident::sandbox(|setup| setup);
        let (gate, faults) = (Gate::new(), incident.server.faults());
        faults.add("GET", "/clusterrolebindings?watch=1", 1, Fault::HoldRequest(gate.clone()));
        if let Some(watch) = watch {
            faults.add("GET", "/rolebindings?watch=1", usize::MAX, watch.clone());
        }
        let timeout = patience(Some(name));
        let args = ["revoke", CARL, "--yes", "--force", "--settle", "1s", "--request-timeout", timeout];
        let report = std::thread::scope(|scope| {
            let revoking = scope.spawn(|| incident.json(&args));
            assert!(gate.wait_reached(1, GENEROUS));
            (reading.grant)(&incident);
            if let Some(list) = list {
                faults.add("GET", "/rolebindings?", usize::MAX, list.clone());
            }
            gate.open();
            revoking.join().unwrap()
        });
        reading.never_passes(watch.as_ref().map(|_| *name), &report);
        if list.is_none() && *name != "hang" {
            assert_eq!(result_of(&report.1, "Settled"), "Failed", "the list finds it: {name} {:#}", report.1);
        }
    });
    assert_eq!(held, 9 + 10 + 10);
}
