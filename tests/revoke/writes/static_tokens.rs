//! The label's one write under what an API server may answer: how often it is sent, and what is said of it.

use ackcred_sandbox::apiserver::{Fault, Faults};
use serde_json::{Value, json};

use super::{LABEL, check, label, let_read, path, place};
use crate::scene::{CARL, Incident, text};

const REVOKE: [&str; 6] = ["revoke", CARL, "--yes", "--settle", "0", "--end-static-tokens"];

/// What became of the token's step, and what was sent for it.
struct Ended {
    result: String,
    error: String,
    sent: usize,
    is_labelled: bool,
    /// What the check of the static tokens came to.
    check: String,
}

fn answer(code: u16, reason: &str) -> Fault {
    Fault::refusal(code, reason, "no and no")
}

/// Revokes while the first looks at the Secret after the plan meet `looks`, and the first writes of its label `writes`.
fn ended(looks: &[Fault], writes: &[Fault]) -> Ended {
    let incident = Incident::sandbox(|setup| setup);
    place(&incident, "shop", "read");
    let_read(&incident);
    let secret = path("shop", "read");
    let faults = incident.server.faults();
    faults.forget();
    let pass = |faults: &Faults, method: &str, path: &str, times| {
        faults.add(method, path, times, Fault::Delay(std::time::Duration::ZERO))
    };
    // The plan's own look, and its dry run.
    pass(&faults, "GET", &secret, 1);
    pass(&faults, "PATCH", "dryRun=All", usize::MAX);
    looks.iter().for_each(|fault| faults.add("GET", &secret, 1, fault.clone()));
    writes.iter().for_each(|fault| faults.add("PATCH", &secret, 1, fault.clone()));
    let (_, report, said) = incident.json(&REVOKE);
    let steps = report["steps"].as_array().unwrap_or_else(|| panic!("{report:#}\n{said}"));
    let step = steps.iter().find(|step| step["action"] == "EndStaticToken").unwrap();
    let sent = incident.changes().iter().filter(|change| change.path == secret).count();
    let is_labelled = label(&incident, "read").is_string();
    let check = text(&check(&report)["result"]).to_owned();
    Ended { check, result: text(&step["result"]).to_owned(), error: text(&step["error"]).to_owned(), sent, is_labelled }
}

fn judge(name: &str, ended: &Ended, result: &str, error: &str, sent: usize, is_labelled: bool) {
    let seen = (ended.result.as_str(), ended.sent, ended.is_labelled);
    assert_eq!(seen, (result, sent, is_labelled), "{name}: {}", ended.error);
    assert!(ended.error.contains(error) && ended.error.is_empty() == error.is_empty(), "{name}: {}", ended.error);
}

#[test]
fn an_answer_that_leaves_a_doubt_is_followed_by_a_look() {
    let broken = || vec![Fault::DropRequest; 5];
    for (name, writes, result, error, sent, is_labelled) in [
        ("well", vec![], "Done", "", 1, true),
        ("its version moved", vec![answer(409, "Conflict")], "Done", "", 2, true),
        ("it was not found", vec![answer(404, "NotFound")], "Done", "", 2, true),
        ("it is not valid", vec![answer(422, "Invalid")], "Done", "", 2, true),
        ("forbidden", vec![answer(403, "Forbidden")], "Failed", "no and no", 1, false),
        ("a bad request", vec![answer(400, "BadRequest")], "Failed", "no and no", 1, false),
        ("the server failed", vec![answer(500, "InternalError")], "Done", "", 2, true),
        ("carried out without an answer", vec![Fault::DropResponse], "Done", "", 1, true),
        ("no answer", vec![Fault::DropRequest], "Done", "", 2, true),
        ("never an answer", broken(), "Unknown", "the connection was closed", 5, false),
    ] {
        judge(name, &ended(&[], &writes), result, error, sent, is_labelled);
    }
}

#[test]
fn a_label_that_does_not_stay_is_not_done() {
    let columns = ["Name", "Type", "Data", "Age"].map(|name| json!({"name": name, "type": "string"}));
    let row = json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
        "columnDefinitions": columns,
        "rows": [{"cells": ["read", "kubernetes.io/service-account-token", 1, "1d"], "object": null}],
    });
    let accepted = Fault::Answer { code: 200, content_type: "application/json", body: row.to_string() };
    let ended = ended(&[], &vec![accepted; 5]);
    judge("accepted", &ended, "Unknown", "the API server accepted the change and the label is unchanged", 5, false);
    assert_eq!(ended.check, "Failed", "it is still taken");
}

#[test]
fn a_look_that_fails_is_made_again_and_nothing_is_sent_without_it() {
    let breaks = |count| vec![Fault::DropRequest; count];
    judge("for a while", &ended(&breaks(4), &[]), "Done", "", 1, true);
    judge("for good", &ended(&breaks(5), &[]), "Failed", "the connection was closed", 0, false);
    judge("forbidden", &ended(&[answer(403, "Forbidden")], &[]), "Failed", "no and no", 0, false);
    // Once something was sent, a look that fails leaves it open whether it was carried out.
    let after = [Fault::Delay(std::time::Duration::ZERO), answer(403, "Forbidden")];
    judge("after a write", &ended(&after, &[Fault::DropRequest]), "Unknown", "no and no", 1, false);
}

/// Between the plan and the write another Secret has taken its place: that is nobody's leaked token.
#[test]
fn another_secret_of_the_same_name_is_left_alone() {
    let incident = Incident::sandbox(|setup| setup);
    place(&incident, "shop", "read");
    let_read(&incident);
    let secret = path("shop", "read");
    let mut planned = incident.get(&secret);
    incident.delete(&secret);
    planned["metadata"]["creationTimestamp"] = json!("2020-01-01T00:00:00Z");
    incident.server.put(planned.clone(), "kubectl").unwrap();
    let gate = ackcred_sandbox::apiserver::Gate::new();
    let faults = incident.server.faults();
    faults.add("GET", &secret, 1, Fault::Delay(std::time::Duration::ZERO));
    faults.add("GET", &secret, 1, Fault::HoldRequest(gate.clone()));
    let (_, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&REVOKE));
        assert!(gate.wait_reached(1, crate::scene::SOON));
        incident.delete(&secret);
        planned["metadata"]["creationTimestamp"] = Value::Null;
        planned["metadata"]
            .as_object_mut()
            .unwrap()
            .retain(|key, _| key == "name" || key == "namespace" || key == "annotations");
        incident.server.put(planned, "kubectl").unwrap();
        gate.open();
        revoking.join().unwrap()
    });
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["action"] == "EndStaticToken").unwrap();
    assert_eq!(step["result"], "Skipped", "{step}\n{said}");
    assert!(text(&step["error"]).contains("replaced by another Secret of the same name"), "{step}");
    assert!(incident.get(&secret)["metadata"]["labels"][LABEL].is_null());
}
