//! The write of a static token's label.

use std::time::Duration;

use ackcred_sandbox::apiserver::Fault;
use serde_json::{Value, json};

use super::{Ended, answer};
use crate::scene::{CARL, Incident, SOON, text};
use crate::static_tokens::{LABEL, check, label, let_read, path, place};

const REVOKE: [&str; 6] = ["revoke", CARL, "--yes", "--settle", "0", "--end-static-tokens"];

/// Revokes while the first looks at the Secret after the plan meet `looks`, and the first writes of its label `writes`.
fn ended(looks: &[Fault], writes: &[Fault]) -> Ended {
    let incident = Incident::sandbox(|setup| setup);
    place(&incident, "shop", "read");
    let_read(&incident);
    let secret = path("shop", "read");
    let faults = incident.server.faults();
    faults.forget();
    // The plan's own look, and its dry run.
    faults.pass("GET", &secret, 1);
    faults.pass("PATCH", "dryRun=All", usize::MAX);
    looks.iter().for_each(|fault| faults.add("GET", &secret, 1, fault.clone()));
    writes.iter().for_each(|fault| faults.add("PATCH", &secret, 1, fault.clone()));
    let (_, report, _) = incident.json(&REVOKE);
    let sent = incident.changes().iter().filter(|change| change.path == secret).count();
    Ended::of(report, is_of_the_token, sent, label(&incident, "read").is_string())
}

fn is_of_the_token(step: &&Value) -> bool {
    step["action"] == "EndStaticToken"
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
        ended(&[], &writes).is(name, result, error, sent, is_labelled);
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
    ended.is("accepted", "Unknown", "the API server accepted the change and the label is unchanged", 5, false);
    assert_eq!(check(&ended.report)["result"], "Failed", "it is still taken");
}

#[test]
fn a_look_that_fails_is_made_again_and_nothing_is_sent_without_it() {
    let breaks = |count| vec![Fault::DropRequest; count];
    ended(&breaks(4), &[]).is("for a while", "Done", "", 1, true);
    ended(&breaks(5), &[]).is("for good", "Failed", "the connection was closed", 0, false);
    ended(&[answer(403, "Forbidden")], &[]).is("forbidden", "Failed", "no and no", 0, false);
    // Once something was sent, a look that fails leaves it open whether it was carried out.
    let after = [Fault::Delay(Duration::ZERO), answer(403, "Forbidden")];
    ended(&after, &[Fault::DropRequest]).is("after a write", "Unknown", "no and no", 1, false);
}

/// Between the plan and the write another Secret has taken its place: that one did not leak.
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
    let gate = incident.server.faults().gate_after("GET", &secret, 1, Fault::HoldRequest);
    let (_, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&REVOKE));
        assert!(gate.wait_reached(1, SOON));
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
    let step = report["steps"].as_array().unwrap().iter().find(is_of_the_token).unwrap();
    assert_eq!(step["result"], "Skipped", "{step}\n{said}");
    assert!(text(&step["error"]).contains("replaced by another Secret of the same name"), "{step}");
    assert!(incident.get(&secret)["metadata"]["labels"][LABEL].is_null());
}
