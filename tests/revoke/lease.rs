//! `--lease`: of several machines one at a time changes a cluster, and one that no longer holds the Lease begins no further step.

#![cfg(unix)]

use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Exchange, Fault, Gate};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::crash::gate_at;
use crate::scene::{ANN, CARL, Incident, SOON, done, name, text};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kubectl-ackcred";
const POLL: Duration = Duration::from_millis(20);
const REVOKE: [&str; 6] = ["revoke", CARL, "--yes", "--lease", "--settle", "0s"];

on_both_servers!(
    a_lease_is_held_by_one_and_then_left_to_others,
    a_lease_that_another_machine_renews_is_waited_for_and_not_taken,
    a_lease_whose_holder_has_stopped_renewing_it_is_taken_over,
);

fn held_by<C: Cluster>(incident: &Incident<C>, holder: &str, seconds: u32) {
    let spec = json!({"holderIdentity": holder, "leaseDurationSeconds": seconds, "leaseTransitions": 4});
    incident.post(LEASES, &json!({"metadata": {"name": "kubectl-ackcred"}, "spec": spec}));
}

fn spec<C: Cluster>(incident: &Incident<C>) -> Value {
    incident.get(LEASE)["spec"].clone()
}

fn a_lease_is_held_by_one_and_then_left_to_others<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let operation = done(&incident, &REVOKE)["operation"].clone();
    let left = spec(&incident);
    assert_eq!((&left["holderIdentity"], &left["leaseTransitions"]), (&json!(""), &json!(0)), "{left}");
    done(&incident, &["restore", text(&operation), "--yes", "--force", "--lease"]);
    let left = spec(&incident);
    assert_eq!((&left["holderIdentity"], &left["leaseTransitions"]), (&json!(""), &json!(1)), "{left}");
}

fn a_lease_that_another_machine_renews_is_waited_for_and_not_taken<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    held_by(&incident, "bo at laptop", 3600);
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&[&REVOKE[..], &["--cluster-timeout", "1s"]].concat());
    assert_eq!(status, Status::Refused, "{said}");
    let refusal = &plan["refusals"][0];
    assert_eq!(refusal["code"], "Locked", "{plan:#}");
    assert!(text(&refusal["message"]).ends_with("bo at laptop holds the Lease, and did for 1s"), "{plan:#}");
    assert_eq!(spec(&incident)["holderIdentity"], "bo at laptop");
    assert!(incident.bindings() == before, "{said}");
    assert_eq!(incident.run(&["history"]).status, Status::Done);
    assert!(!incident.run(&["history"]).stdout.contains(CARL), "no operation was begun");
}

fn a_lease_whose_holder_has_stopped_renewing_it_is_taken_over<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    held_by(&incident, "bo at laptop", 1);
    done(&incident, &REVOKE);
    let left = spec(&incident);
    assert_eq!((&left["holderIdentity"], &left["leaseTransitions"]), (&json!(""), &json!(5)), "{left}");
}

#[test]
fn without_the_right_to_the_lease_nothing_is_changed() {
    let deployer = "200000000000000777-1";
    let all = json!(["*"]);
    let incident = Incident::sandbox(|setup| {
        setup.operator(ackcred_sandbox::certs::Subject::ack(deployer)).operator_may(json!([
            {"apiGroups": ["", "rbac.authorization.k8s.io", "authorization.k8s.io"], "resources": all, "verbs": all},
        ]))
    });
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&REVOKE);
    assert_eq!(status, Status::Refused, "{plan:#}\n{said}");
    let refusal = plan["refusals"].as_array().unwrap().iter().find(|refusal| refusal["code"] == "Locked").unwrap();
    assert!(text(&refusal["message"]).contains("get lease kube-system/kubectl-ackcred"), "{refusal}");
    assert!(text(&refusal["hint"]).contains("get, create and update Leases in kube-system"), "{refusal}");
    assert!(incident.bindings() == before, "{said}");
}

/// Exchanges about the Lease since, by method and status.
fn about_the_lease(incident: &Incident<ApiServer>) -> Vec<(String, u16)> {
    let exchanges = incident.server.faults().exchanges().into_iter();
    let own = exchanges.filter(|exchange| exchange.path.starts_with(LEASES) && exchange.user != "admin");
    own.map(|Exchange { method, code, .. }| (method, code)).collect()
}

/// What the first step is about.
fn first() -> BindingRef {
    BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"))
}

/// Holds a revocation in its first step, has `meanwhile` happen, lets it go and gives its document.
fn held_in_its_first_step(incident: &Incident<ApiServer>, meanwhile: impl FnOnce()) -> (Status, Value, String) {
    let first = gate_at(incident, &("DELETE", first()), Fault::HoldRequest);
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&[&REVOKE[..], &["--parallel", "1"]].concat()));
        assert!(first.wait_reached(1, SOON));
        meanwhile();
        first.open();
        revoking.join().unwrap()
    })
}

/// What happens to the Lease while the first step is held; the API server answers why it can't be renewed only after that step.
fn lost_in_its_first_step(lose: impl FnOnce(&Incident<ApiServer>)) -> (Value, String) {
    let incident = Incident::sandbox(|setup| setup);
    let look = Gate::new();
    let (status, report, said) = held_in_its_first_step(&incident, || {
        let held = spec(&incident)["holderIdentity"].clone();
        assert!(text(&held).starts_with(&format!("{} at desk (", name(ANN))), "{held}");
        lose(&incident);
        incident.server.faults().add("GET", LEASE, 1, Fault::HoldRequest(look.clone()));
        assert!(look.wait_reached(1, SOON), "it is not renewed");
        std::thread::spawn({
            let (look, faults) = (look.clone(), incident.server.faults().clone());
            move || {
                // The first step is answered, and the second would have begun by the time that the look is.
                while !faults.changes().iter().any(|one| one.path == first().path() && one.code == 200) {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                look.open();
            }
        });
    });
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let results: Vec<&str> = report["steps"].as_array().unwrap().iter().map(|step| text(&step["result"])).collect();
    let of = |wanted: &str| results.iter().filter(|result| **result == wanted).count();
    assert!(of("Done") > 0 && of("Skipped") > 0 && of("Done") + of("Skipped") == results.len(), "{report:#}");
    let changes = incident.changes().into_iter().filter(|change| !change.path.starts_with(LEASES));
    assert_eq!(changes.count(), of("Done"), "a step began without the Lease");
    let skipped = report["steps"].as_array().unwrap().iter().find(|step| step["result"] == "Skipped").unwrap();
    (skipped["error"].clone(), said)
}

#[test]
fn a_lease_that_is_taken_away_stops_the_operation_before_the_next_change() {
    let (error, said) = lost_in_its_first_step(|incident| {
        let mut taken = incident.get(LEASE);
        taken["spec"]["holderIdentity"] = json!("bo at laptop");
        incident.put(LEASE, &taken);
    });
    assert_eq!(error, "no more changes without the Lease: bo at laptop holds the Lease by now");
    assert!(said.contains("resume it: kubectl ackcred revoke --resume "), "{said}");
}

#[test]
fn a_lease_that_is_taken_from_its_holder_stops_the_operation_before_the_next_change() {
    let (error, _) = lost_in_its_first_step(|incident| {
        let free = json!([{"op": "replace", "path": "/spec/holderIdentity", "value": ""}]);
        incident.patch(LEASE, &free);
    });
    assert_eq!(error, "no more changes without the Lease: the Lease was taken away");
}

#[test]
fn a_lease_that_is_deleted_stops_the_operation_before_the_next_change() {
    let (error, _) = lost_in_its_first_step(|incident| drop(incident.delete(LEASE)));
    assert_eq!(error, "no more changes without the Lease: the Lease was deleted");
}

#[test]
fn a_renewal_without_an_answer_is_no_loss() {
    let incident = Incident::sandbox(|setup| setup);
    let (status, report, said) = held_in_its_first_step(&incident, || {
        incident.server.faults().add("PUT", LEASE, 1, Fault::DropResponse);
        let renewed = || about_the_lease(&incident).iter().filter(|(method, _)| method == "PUT").count() >= 3;
        let begun = std::time::Instant::now();
        while !renewed() {
            assert!(begun.elapsed() < SOON, "{:?}", about_the_lease(&incident));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    let refused = about_the_lease(&incident).iter().filter(|(_, code)| *code == 409).count();
    assert_eq!(refused, 1, "{:?}", about_the_lease(&incident));
    assert_eq!(spec(&incident)["holderIdentity"], "");
}

/// Clocks of different machines are not compared: what counts is that it has another version at each look.
#[test]
fn a_lease_that_is_renewed_before_each_look_is_never_taken() {
    let incident = Incident::sandbox(|setup| setup);
    held_by(&incident, "bo at laptop", 10);
    let looks: Vec<Gate> = (0..60).map(|_| Gate::new()).collect();
    for look in &looks {
        incident.server.faults().add("GET", LEASE, 1, Fault::HoldRequest(look.clone()));
    }
    let (status, plan, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&[&REVOKE[..], &["--cluster-timeout", "13s"]].concat()));
        for (turn, look) in looks.iter().enumerate() {
            while !look.wait_reached(1, POLL) && !revoking.is_finished() {}
            let renewed = json!([{"op": "replace", "path": "/spec/leaseTransitions", "value": turn}]);
            incident.patch(LEASE, &renewed);
            look.open();
        }
        revoking.join().unwrap()
    });
    assert_eq!((status, &plan["refusals"][0]["code"]), (Status::Refused, &json!("Locked")), "{plan:#}\n{said}");
    assert_eq!(spec(&incident)["holderIdentity"], "bo at laptop");
}

/// Where it is free or not there yet, another machine may be quicker to write it.
#[test]
fn a_write_that_another_machine_was_quicker_with_is_tried_again() {
    for (method, path, is_there) in [("POST", LEASES, false), ("PUT", LEASE, true)] {
        let scene = |times, fault| {
            let incident = Incident::sandbox(|setup| setup);
            if is_there {
                held_by(&incident, "", 1);
            }
            incident.server.faults().add(method, path, times, fault);
            incident
        };
        done(&scene(1, Fault::refusal(409, "Conflict", "no")), &REVOKE);
        for (fault, expected) in [
            (Fault::refusal(409, "Conflict", "no"), "another machine holds the Lease, and did for 1s"),
            (Fault::refusal(403, "Forbidden", "no"), "lease kube-system/kubectl-ackcred: no"),
        ] {
            let incident = scene(usize::MAX, fault);
            let before = incident.bindings();
            let (status, plan, said) = incident.json(&[&REVOKE[..], &["--cluster-timeout", "1s"]].concat());
            assert_eq!(status, Status::Refused, "{method}: {plan:#}\n{said}");
            assert!(text(&plan["refusals"][0]["message"]).contains(expected), "{method}: {plan:#}");
            assert!(incident.bindings() == before, "{method}: {said}");
        }
    }
}

/// After ten seconds without a renewal another machine may think that it is free. Each renewal meets the fault; with the last of so many
/// ten seconds have passed.
fn is_lost_and_no_step_begins_before_that_is_known(fault: Fault, tries: usize, expected: &str) {
    let incident = Incident::sandbox(|setup| setup);
    let (status, report, said) = held_in_its_first_step(&incident, || {
        incident.server.faults().add("PUT", LEASE, usize::MAX, fault);
        let tried = || about_the_lease(&incident).iter().filter(|(method, _)| method == "PUT").count();
        while tried() < tries {
            std::thread::sleep(POLL);
        }
    });
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let steps = report["steps"].as_array().unwrap();
    let skipped: Vec<&Value> = steps.iter().filter(|step| step["result"] == "Skipped").collect();
    assert_eq!(skipped.len() + 1, steps.len(), "{report:#}");
    let error = text(&skipped[0]["error"]);
    assert!(error.contains("the Lease can't be renewed: ") && error.contains(expected), "{report:#}");
    assert!(!said.contains("other machines wait"), "what is lost is not left to others: {said}");
}

#[test]
fn a_lease_whose_renewals_break_is_lost() {
    // The first comes after five seconds, and each other one a second or more after the one before.
    is_lost_and_no_step_begins_before_that_is_known(Fault::DropRequest, 8, "the connection was closed");
}

#[test]
fn a_lease_whose_renewals_have_no_answer_is_lost() {
    // Each is waited for, for ten seconds.
    is_lost_and_no_step_begins_before_that_is_known(
        Fault::HoldRequest(Gate::new()),
        2,
        "there was no answer within 10s",
    );
}

#[test]
fn a_lease_that_can_not_be_left_to_others_is_said_to_run_out() {
    for (fault, is_said) in
        [(Fault::refusal(403, "Forbidden", "no"), true), (Fault::refusal(409, "Conflict", "no"), false)]
    {
        let incident = Incident::sandbox(|setup| setup);
        incident.server.faults().add("PUT", LEASE, usize::MAX, fault);
        let (status, report, said) = incident.json(&REVOKE);
        assert_eq!(status, Status::Done, "{report:#}\n{said}");
        assert_eq!(said.contains("other machines wait until the Lease has run out"), is_said, "{said}");
    }
}
