//! The cloud's call of a revocation: what is written down of its answer, and when it is waited for.

use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::client::Connector;
use ackcred_sandbox::cloud::{CleanBehaviour, CloudFault, FaultKind, RetryHint, Turn};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

#[cfg(unix)]
use crate::crash::{BINARY, ended, signal, spawn, wait_until};
use crate::restoring::Files;
use crate::scene::{BO, CARL, Incident, SOON, name, sent_beside_the_cloud};
use crate::setting::{binding, user};
use crate::writes::{Change, looks_before};

const CLEAN: &str = "CleanClusterUserPermissions";
const REVOKE: [&str; 5] = ["revoke", CARL, "--yes", "--settle", "0s"];

/// What the journal of the last operation has of the answers: status and code of each, the last one being the cloud's.
fn answers<C: Cluster>(incident: &Incident<C>, report: &Value) -> Vec<Value> {
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
        let step = report["steps"].as_array().unwrap().last().unwrap();
        assert!(step["requestId"].is_string(), "the cloud's support finds the call by it: {report:#}");
        let answers = answers(&incident, &report);
        assert_eq!(answers.last(), Some(&answer), "{answers:?}");
        assert!(answers[..answers.len() - 1].iter().all(|one| *one == json!([200, null])), "{answers:?}");
    }
}

/// How the cloud's call ends where each try meets the fault: its step's result, and how often the record is looked at afterwards.
fn failed_call(kind: FaultKind) -> (String, usize) {
    let incident = Incident::sandbox(|setup| setup);
    incident.cloud.add_fault(CloudFault::of(CLEAN, kind));
    let (status, report, said) = incident.json(&REVOKE);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let step = report["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(step["action"], "DeleteKubeconfig", "{report:#}");
    let log = incident.cloud.log();
    let call = log.iter().rposition(|call| call.action == CLEAN).unwrap();
    let looks = log[call..].iter().filter(|call| call.action == "DescribeUserPermission").count();
    (step["result"].as_str().unwrap().to_owned(), looks)
}

#[test]
fn a_refused_call_has_changed_nothing_and_nothing_is_waited_for() {
    for kind in [FaultKind::Forbidden, FaultKind::Refused { status: 400, code: "ErrorClusterState".to_owned() }] {
        assert_eq!(failed_call(kind), ("Failed".to_owned(), 1));
    }
}

#[test]
fn a_call_that_broke_may_have_been_carried_out_and_its_traces_are_waited_for() {
    for kind in [FaultKind::ServerError(500), FaultKind::Reset] {
        let (result, looks) = failed_call(kind.clone());
        assert!(result == "Unknown" && looks > 1, "{kind:?}: {result}, {looks} looks");
    }
    // It was carried out: the first look finds nothing.
    assert_eq!(failed_call(FaultKind::Truncated), ("Unknown".to_owned(), 1));
}

on_both_servers!(a_binding_that_is_created_anew_was_answered_with_201);

fn a_binding_that_is_created_anew_was_answered_with_201<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let (status, report, said) = incident.json(&REVOKE);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    let (status, report, said) = incident.json(&["restore", report["operation"].as_str().unwrap(), "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    let answers = answers(&incident, &report);
    assert!(answers.contains(&json!([201, null])) && answers.contains(&json!([200, null])), "{answers:?}");
}

fn throttled(milliseconds: u64) -> FaultKind {
    FaultKind::Throttled(Some(RetryHint::AcsRetryAfter(milliseconds)))
}

/// The statuses of the cloud's calls.
fn calls(incident: &Incident<ApiServer>) -> Vec<Option<u16>> {
    let log = incident.cloud.log();
    log.iter().filter(|request| request.action == CLEAN).map(|request| request.status).collect()
}

#[test]
fn a_cloud_that_refuses_for_now_is_waited_for_and_that_is_shown() {
    let conflict = FaultKind::Refused { status: 409, code: "ErrAuthorizationConflict".to_owned() };
    for (kind, code, named) in [(throttled(20), 429, "Throttling.User"), (conflict, 409, "ErrAuthorizationConflict")] {
        let incident = Incident::sandbox(|setup| setup);
        incident.cloud.add_fault(CloudFault::of(CLEAN, kind).on(Turn::First(2)));
        let (status, report, said) = incident.json(&REVOKE);
        assert_eq!(status, Status::Done, "{report:#}\n{said}");
        assert_eq!(calls(&incident), [Some(code), Some(code), Some(200)]);
        let waits: Vec<&str> = said.lines().filter(|line| line.contains("Waiting")).collect();
        assert_eq!(waits.len(), 2, "{said}");
        for line in waits {
            assert!(line.contains("s until the next try, up to 120s in all: ") && line.contains(named), "{line}");
        }
        assert_eq!(answers(&incident, &report).last(), Some(&json!([200, null])));
    }
}

#[test]
fn a_cloud_that_asks_for_more_than_the_bound_is_a_failure_with_the_way_on() {
    let incident = Incident::sandbox(|setup| setup);
    incident.cloud.add_fault(CloudFault::of(CLEAN, throttled(600_000)));
    let (status, report, said) = incident.json(&REVOKE);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(calls(&incident), [Some(429)]);
    assert_eq!(answers(&incident, &report).last(), Some(&json!([429, "Throttling.User"])));
    let step = report["steps"].as_array().unwrap().last().unwrap();
    let error = step["error"].as_str().unwrap();
    assert!(error.ends_with("; the cloud asks to wait 600s, and is waited for up to 120s in all"), "{error}");
    let id = report["operation"].as_str().unwrap();
    assert!(said.contains(&format!("resume it: kubectl ackcred revoke --resume {id}")), "{said}");
    incident.cloud.clear_faults();
    let (status, report, said) = incident.json(&["revoke", "--resume", id, "--yes", "--settle", "0s"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
}

/// What the step of the cloud says went wrong, where each call meets these faults and is waited for so long.
fn error_of_the_cloud(faults: Vec<CloudFault>, wait: &str) -> String {
    let incident = Incident::sandbox(|setup| setup);
    faults.into_iter().for_each(|fault| incident.cloud.add_fault(fault));
    let (status, report, said) = incident.json(&[&REVOKE[..], &["--cluster-timeout", wait]].concat());
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    report["steps"].as_array().unwrap().last().unwrap()["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_failure_says_how_long_it_was_waited_for_where_it_was() {
    let always = |kind| vec![CloudFault::of(CLEAN, kind)];
    for (kind, expected) in [
        (throttled(900), "; the cloud asks to wait 0.9s, and is waited for up to 2s in all"),
        (throttled(2000), "; the cloud asks to wait 2s, and is waited for up to 2s in all"),
        (FaultKind::Throttled(None), "; the cloud was waited for up to 2s"),
    ] {
        let error = error_of_the_cloud(always(kind.clone()), "2s");
        assert!(error.ends_with(expected), "{kind:?}: {error}");
    }
    // What it failed of in the end is not waited for.
    let then_forbidden = CloudFault::of(CLEAN, FaultKind::Forbidden).on(Turn::From(2));
    let error = error_of_the_cloud(vec![CloudFault::of(CLEAN, throttled(20)).on(Turn::Nth(1)), then_forbidden], "2s");
    assert!(!error.contains("waited for"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_the_waiting() {
    let incident = Incident::sandbox(|setup| setup);
    incident.cloud.add_fault(CloudFault::of(CLEAN, throttled(100_000)));
    let child = spawn(incident.process(BINARY).args(REVOKE));
    wait_until("the cloud's call", || !calls(&incident).is_empty());
    signal(&child, "-INT");
    let said = ended(child);
    assert_eq!(said.code, Some(130), "{}", said.text);
    assert!(said.text.contains("; interrupted while waiting for the cloud"), "{}", said.text);
    assert_eq!(calls(&incident), [Some(429)]);
}

/// Holds the revocation at its first write, lets something happen there, and gives how it ended.
fn revoking_while(incident: &Incident<ApiServer>, happens: impl FnOnce()) -> (Status, Value, String) {
    let team = BindingRef::role_binding("shop", "team").path();
    // The dry run passes.
    let gate = incident.server.faults().gate_after("PATCH", &team, 1, Fault::HoldRequest);
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&[&REVOKE[..], &["--request-timeout", "10m"]].concat()));
        assert!(gate.wait_reached(1, SOON));
        happens();
        gate.open();
        revoking.join().unwrap()
    })
}

/// A binding of bo that bears the leaver's UID in its name: the cloud deletes it with the leaver's own.
fn binding_of_bo(incident: &Incident<ApiServer>) -> BindingRef {
    let named_so = BindingRef::role_binding("billing", &format!("{CARL}-billing-rolebinding"));
    incident.post(&named_so.collection(), &binding(&named_so.name, "ClusterRole", "cs:ns:dev", &[user(&name(BO))]));
    named_so
}

/// Others change a binding that only bears the leaver's name, after it was read and before the cloud deletes it.
#[test]
fn what_others_change_before_the_clouds_call_is_kept() {
    let incident = Incident::sandbox(|setup| setup);
    let named_so = binding_of_bo(&incident);
    let (status, report, said) = revoking_while(&incident, || {
        incident.patch(&named_so.path(), &json!([{"op": "add", "path": "/subjects/-", "value": user("alice")}]));
    });
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    let collateral = &report["collateral"][0];
    assert_eq!(collateral["whole"], true, "{report:#}");
    assert_eq!(collateral["what"], "it was deleted since the cloud's call; it was created anew");
    let subjects = incident.subjects("RoleBinding", "billing", &named_so.name);
    assert_eq!(subjects, Some(vec![name(BO), "alice".to_owned()]), "{report:#}");
}

#[test]
fn a_binding_that_can_not_be_listed_before_the_clouds_call_comes_back_all_the_same() {
    let incident = Incident::sandbox(|setup| setup);
    let named_so = binding_of_bo(&incident);
    let (_, report, said) = revoking_while(&incident, || {
        let conflict = Fault::Answer { code: 409, content_type: "text/plain", body: "not now".to_owned() };
        incident.server.faults().add("GET", "/rolebindings?", 1, conflict);
    });
    let collateral = &report["collateral"][0];
    assert!(collateral["whole"] == true && collateral["binding"]["name"] == named_so.name, "{said}\n{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "billing", &named_so.name), Some(vec![name(BO)]), "{report:#}");
}

/// A binding that others hold, too, whose write has no answer: it is among those that the cloud may take along.
#[test]
fn a_binding_whose_write_has_no_answer_is_looked_after() {
    let team = BindingRef::role_binding("shop", "team");
    let looks = looks_before(Change::Patch);
    // Found out by a look, or unknown for good.
    for is_known in [true, false] {
        let incident = Incident::sandbox(|setup| setup);
        let faults = incident.server.faults();
        faults.pass("PATCH", &team.path(), 1);
        faults.add("PATCH", &team.path(), 1, Fault::DropResponse);
        faults.pass("GET", &team.path(), looks);
        if !is_known {
            faults.add("GET", &team.path(), 1, Fault::refusal(403, "Forbidden", "not now"));
        }
        let (_, report, said) = incident.json(&REVOKE);
        let result = if is_known { "Done" } else { "Unknown" };
        let step = report["steps"].as_array().unwrap().iter().find(|step| step["object"]["name"] == "team").unwrap();
        assert_eq!(step["result"], result, "{report:#}\n{said}");
        assert_eq!(calls(&incident), [Some(200)], "the list shows that it is clean");
        let journal = Files::of(&incident, report["operation"].as_str().unwrap()).path("journal.jsonl");
        let journal = std::fs::read_to_string(journal).unwrap();
        let events: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |kind: &str| events.iter().find(|event| event["event"] == kind).unwrap();
        assert_eq!(of("AtRisk")["bindings"][0]["metadata"]["name"], "team", "{journal}");
        assert_eq!(of("Verified")["uid"], CARL, "{journal}");
        assert!(of("Kept")["bindings"].to_string().contains("team"), "it is there all the same: {journal}");
    }
}

/// Whether a binding of others still names the leaver is not known: the cloud might take their access along.
#[test]
fn without_a_list_the_cloud_is_not_called_beside_a_step_that_is_not_done() {
    let incident = Incident::sandbox(|setup| setup);
    let (team, ledger) = (BindingRef::role_binding("shop", "team"), BindingRef::role_binding("billing", "ledger"));
    let faults = incident.server.faults();
    // Both dry runs pass.
    faults.pass("PATCH", &team.path(), 1);
    faults.add("PATCH", &team.path(), 1, Fault::refusal(403, "Forbidden", "no"));
    let gate = faults.gate_after("DELETE", &ledger.path(), 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&REVOKE));
        assert!(gate.wait_reached(1, SOON));
        faults.add("GET", "/rolebindings?", 1, Fault::refusal(500, "InternalError", "not now"));
        gate.open();
        revoking.join().unwrap()
    });
    let last = report["steps"].as_array().unwrap().last().unwrap();
    assert!(last["result"] == "Skipped" && last["error"].as_str().unwrap().contains("not now"), "{report:#}");
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(calls(&incident), [], "{report:#}");
}

/// Whether a binding of the leaver alone was deleted is not known, and the cloud deletes it: that is no loss of others.
#[test]
fn a_binding_of_the_leaver_alone_is_not_created_anew() {
    let incident = Incident::sandbox(|setup| setup);
    let own = BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"));
    let faults = incident.server.faults();
    faults.pass("DELETE", &own.path(), 1);
    faults.add("DELETE", &own.path(), 5, Fault::DropRequest);
    let (_, report, said) = incident.json(&REVOKE);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["object"]["name"] == own.name).unwrap();
    assert_eq!(step["result"], "Unknown", "{report:#}\n{said}");
    assert_eq!((calls(&incident), &report["collateral"]), (vec![Some(200)], &json!([])), "{report:#}");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &own.name), None);
}

/// Others are quicker to make a binding anew that the cloud took along.
#[test]
fn a_binding_that_others_have_made_anew_is_named_and_left_as_it_is() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let administrator = Connector::new(&server, Some(&server.administrator().unwrap())).unwrap();
    let named_so = BindingRef::role_binding("billing", &format!("{CARL}-billing-rolebinding"));
    let (path, made) = (named_so.collection(), binding(&named_so.name, "ClusterRole", "cs:ns:dev", &[user("alice")]));
    let incident = Incident::stage(server, |setup| {
        setup.when_cleaned(move || {
            assert_eq!(sent_beside_the_cloud(&administrator, "POST", &path, &made.to_string()), 201);
        })
    });
    binding_of_bo(&incident);
    let (_, report, said) = incident.json(&REVOKE);
    let collateral = &report["collateral"][0];
    let what = "it was deleted since the cloud's call, and is there again";
    assert_eq!((&collateral["whole"], collateral["what"].as_str()), (&json!(true), Some(what)), "{report:#}\n{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", &named_so.name), Some(vec!["alice".to_owned()]));
}

/// Its steps are done, and what the cloud took along is still to be created anew: that is a change, and needs consent.
#[test]
fn a_binding_that_could_not_be_created_anew_is_when_it_is_gone_on_with() {
    let incident = Incident::sandbox(|setup| setup);
    let named_so = binding_of_bo(&incident);
    incident.server.faults().add(
        "POST",
        &named_so.collection(),
        usize::MAX,
        Fault::refusal(403, "Forbidden", "not now"),
    );
    let (status, report, said) = incident.json(&REVOKE);
    assert_eq!((status, &report["collateral"][0]["whole"]), (Status::Incomplete, &json!(false)), "{report:#}\n{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", &named_so.name), None);
    incident.server.faults().clear();

    let resume = ["revoke", "--resume", report["operation"].as_str().unwrap(), "--settle", "0s"];
    let (status, refused, said) = incident.json(&resume);
    assert_eq!((status, &refused["refusals"][0]["code"]), (Status::Refused, &json!("NoTerminal")), "{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", &named_so.name), None);
    let (status, report, said) = incident.json(&[&resume[..], &["--yes"]].concat());
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", &named_so.name), Some(vec![name(BO)]), "{report:#}");
}
