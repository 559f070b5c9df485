//! The cloud's call of a revocation: what is written down of its answer.

use std::time::Duration;

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::cloud::{CleanBehaviour, CloudFault, FaultKind};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::restoring::Files;
use crate::scene::{CARL, Incident};

const CLEAN: &str = "CleanClusterUserPermissions";
const REVOKE: [&str; 5] = ["revoke", CARL, "--yes", "--settle", "0s"];

/// What the journal of the last operation has of the answers: status and code of each, the last one being the cloud's.
fn answers(incident: &Incident<ApiServer>, report: &Value) -> Vec<Value> {
    let journal = Files::of(incident, report["operation"].as_str().unwrap()).path("journal.jsonl");
    let journal = std::fs::read_to_string(journal).unwrap();
    let events = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers = events.filter(|event| event["event"] == "Answered");
    answers.map(|event| json!([event["status"], event["code"]])).collect()
}

#[test]
fn the_journal_has_the_status_and_the_code_that_were_answered() {
    for (behaviour, fault, ends, answer) in [
        (CleanBehaviour::OwnBindings, None, Status::Done, json!([200, null])),
        (CleanBehaviour::Later(Duration::ZERO), None, Status::Done, json!([202, null])),
        (
            CleanBehaviour::OwnBindings,
            Some(FaultKind::Refused { status: 400, code: "ErrorClusterState".to_owned() }),
            Status::Incomplete,
            json!([400, "ErrorClusterState"]),
        ),
    ] {
        let incident = Incident::sandbox(|setup| setup.clean_behaviour(behaviour));
        if let Some(kind) = fault {
            incident.cloud.add_fault(CloudFault::of(CLEAN, kind));
        }
        let (status, report, said) = incident.json(&REVOKE);
        assert_eq!(status, ends, "{report:#}\n{said}");
        let answers = answers(&incident, &report);
        assert_eq!(answers.last(), Some(&answer), "{answers:?}");
        assert!(answers[..answers.len() - 1].iter().all(|one| *one == json!([200, null])), "{answers:?}");
    }
}

#[test]
fn a_binding_that_is_created_anew_was_answered_with_201() {
    let incident = Incident::sandbox(|setup| setup);
    let (status, report, said) = incident.json(&REVOKE);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    let (status, report, said) = incident.json(&["restore", report["operation"].as_str().unwrap(), "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    let answers = answers(&incident, &report);
    assert!(answers.contains(&json!([201, null])) && answers.contains(&json!([200, null])), "{answers:?}");
}
