//! The main promise: access is taken away from one identity, nobody else loses any, it is proven gone, and it comes back.

use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{BO, CARL, DORA, EVE, GROUPS, Incident, as_arranged, former_name, name};
use crate::setting::{binding, user};

crate::on_both_servers!(
    the_leaver_loses_everything_and_nobody_else_anything,
    what_was_revoked_and_restored_can_be_revoked_and_restored_again,
    what_somebody_else_changed_since_the_plan_is_left_alone,
    a_plan_is_carried_out_exactly_or_not_at_all,
    several_are_revoked_together_one_step_a_binding,
    a_leaked_key_under_another_label_is_presented_all_the_same
);

const PODS: &str = "/api/v1/namespaces/shop/pods";

fn leaked<C>(incident: &Incident<C>) -> String {
    incident.leaked.display().to_string()
}

/// The operation that a command's report names.
fn operation(report: &Value) -> String {
    report["operation"].as_str().unwrap().to_owned()
}

fn checks(report: &Value) -> Vec<(&str, &str)> {
    let checks = report["verification"][0]["checks"].as_array().unwrap();
    checks.iter().map(|one| (one["check"].as_str().unwrap(), one["result"].as_str().unwrap())).collect()
}

fn the_leaver_loses_everything_and_nobody_else_anything<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    assert_eq!(incident.leaked_status(PODS), 200);
    let before = incident.bindings();

    let (status, report, said) =
        incident.json(&["revoke", "-f", &leaked(&incident), "--yes", "--settle", "1s", "--reason", "it leaked"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    let results: Vec<&str> =
        report["steps"].as_array().unwrap().iter().map(|step| step["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["Done"; 4], "{report:#}");
    let verification = &report["verification"][0];
    assert_eq!((&verification["outcome"], &verification["groupsFrom"]), (&json!("Verified"), &json!("Certificate")));
    let clean =
        ["Rbac", "AccessReviews", "Cloud", "LeakedFile", "MappingsAndGroups", "Settled"].map(|check| (check, "Passed"));
    assert_eq!(checks(&report), clean, "{report:#}");

    assert_eq!(incident.leaked_status(PODS), 403);
    let others = vec![name(BO), "shop/releaser".to_owned()];
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(others));
    let mut left = before;
    left.retain(|place, _| {
        !place.contains(CARL) && place != "RoleBinding billing/ledger" && place != "RoleBinding shop/team"
    });
    let mut now = incident.bindings();
    assert!(now.remove("RoleBinding shop/team").is_some());
    assert_eq!(now, left, "nothing else was touched");
    let logs = json!({"verb": "get", "resource": "pods", "subresource": "log", "namespace": "shop"});
    assert!(incident.can(&name(BO), &GROUPS, &logs));
    for leaver in [name(CARL), former_name(), CARL.to_owned()] {
        assert!(!incident.can(&leaver, &GROUPS, &logs), "{leaver}");
    }
    let audit = std::fs::read_to_string(incident.session.home().join("state/audit.jsonl")).unwrap();
    assert!(audit.lines().count() == 2 && audit.contains("it leaked"), "{audit}");
}

#[test]
fn a_shared_binding_takes_one_request_under_an_audit_id_that_is_written_down() {
    let incident = Incident::sandbox(|setup| setup);
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    let changes = incident.changes();
    let own: Vec<_> = changes.iter().filter(|change| change.user == name(crate::scene::ANN)).collect();
    // They are under way side by side.
    let mut methods: Vec<&str> = own.iter().map(|change| change.method.as_str()).collect();
    methods.sort_unstable();
    assert_eq!(methods, ["DELETE", "DELETE", "PATCH"], "{own:#?}");
    let folder = incident.session.home().join("state/operations").join(operation(&report));
    let journal = std::fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    for change in own {
        let sending = journal.lines().position(|line| line.contains("Sending") && line.contains(&change.audit_id));
        let answered = journal.lines().position(|line| line.contains("Answered") && line.contains(&change.audit_id));
        assert!(sending.unwrap() < answered.unwrap(), "{journal}");
    }
}

fn what_was_revoked_and_restored_can_be_revoked_and_restored_again<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let before = as_arranged(incident.bindings());
    let file = leaked(&incident);
    for round in 0..2 {
        // What the cloud has deleted comes back only through its recycle bin: the second time there are bindings alone.
        let (status, report, said) = incident.json(&["revoke", "-f", &file, "--yes", "--settle", "0"]);
        assert_eq!(status, Status::Done, "{round} {said}\n{report:#}");
        assert_eq!(report["verification"][0]["outcome"], "Verified");
        assert_eq!(incident.leaked_status(PODS), 403);
        let id = operation(&report);
        let (status, restored, said) = incident.json(&["restore", &id, "--yes", "--force", "--rearm", &name(CARL)]);
        assert_eq!(status, Status::Done, "{round} {said}\n{restored:#}");
        assert_eq!(as_arranged(incident.bindings()), before);
        incident.server.catch_up().unwrap();
        assert_eq!(incident.leaked_status(PODS), 200);
    }
}

fn what_somebody_else_changed_since_the_plan_is_left_alone<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let team = BindingRef::role_binding("shop", "team").path();
    let plan = incident.json(&["revoke", CARL, "--dry-run=server"]).1;
    let file = incident.session.write("plan.json", plan.to_string()).unwrap().display().to_string();
    // While the operator reads the plan a colleague revokes bo and lets dora in.
    let mut object = incident.get(&team);
    let subjects = object["subjects"].as_array_mut().unwrap();
    subjects.remove(0);
    subjects.push(user(&name(DORA)));
    incident.put(&team, &object);
    let refused = incident.json(&["revoke", "--plan", &file, "--yes", "--settle", "0"]);
    assert_eq!((refused.0, &refused.1["refusals"][0]["code"]), (Status::Refused, &json!("PlanChanged")));

    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    let left = vec!["shop/releaser".to_owned(), name(DORA)];
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(left), "bo is not put back, dora stays");
}

#[test]
fn a_binding_that_is_edited_between_plan_and_write_is_not_touched_and_the_cloud_not_let_near_it() {
    let incident = Incident::sandbox(|setup| setup);
    let team = BindingRef::role_binding("shop", "team").path();
    // The dry run passes, the write waits; meanwhile the shared binding gets somebody new.
    let gate = incident.server.faults().gate_after("PATCH", &team, 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&["revoke", CARL, "--yes", "--settle", "0"]));
        assert!(gate.wait_reached(1, Duration::from_secs(20)));
        incident.patch(&team, &json!([{"op": "add", "path": "/subjects/-", "value": user(&name(DORA))}]));
        gate.open();
        revoking.join().unwrap()
    });
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    let result = |pointer: &str, value: &str| {
        let steps = report["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step.pointer(pointer) == Some(&json!(value))).unwrap();
        step["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (result("/object/name", "team"), result("/action", "DeleteKubeconfig"), result("/object/name", "ledger")),
        ("Skipped".into(), "Skipped".into(), "Done".into())
    );
    let all = vec![name(BO), name(CARL), "shop/releaser".to_owned(), former_name(), name(DORA)];
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(all));
    assert_eq!(report["verification"][0]["outcome"], "Residual");
    let (status, report, said) = incident.json(&["revoke", "--resume", &operation(&report), "--yes", "--settle", "0"]);
    assert_eq!(
        (status, &report["verification"][0]["outcome"]),
        (Status::Done, &json!("Verified")),
        "{said}\n{report:#}"
    );
    let left = vec![name(BO), "shop/releaser".to_owned(), name(DORA)];
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(left));
}

fn a_plan_is_carried_out_exactly_or_not_at_all<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&["revoke", CARL, "--dry-run"]);
    assert_eq!(status, Status::Done, "{said}");
    assert_eq!(incident.bindings(), before, "a dry run changes nothing");
    let actions: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["DeleteBinding", "DeleteBinding", "RemoveSubjects", "DeleteKubeconfig"], "{plan:#}");
    let again = incident.json(&["revoke", CARL, "--dry-run=server"]).1;
    assert_eq!(plan["hash"], again["hash"], "the hash covers no times and no answers to dry runs");

    let file = incident.session.write("plan.json", plan.to_string()).unwrap().display().to_string();
    let declined = incident.answering("no\n", &["revoke", "--plan", &file]);
    assert_eq!(declined.status, Status::Refused, "{declined}");
    assert_eq!(incident.bindings(), before);
    let done = incident.answering(&format!("{CARL}\n"), &["revoke", "--plan", &file, "--settle", "0"]);
    assert_eq!(done.status, Status::Done, "{done}");
    assert!(done.stdout.contains("Verified at "), "{done}");
}

fn several_are_revoked_together_one_step_a_binding<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let both = BindingRef::role_binding("shop", "both");
    let subjects = [user(&name(CARL)), user(&name(DORA)), user(&name(EVE))];
    incident.post(&both.collection(), &binding("both", "ClusterRole", "cs:ns:dev", &subjects));
    incident.server.catch_up().unwrap();
    let (status, report, said) = incident.json(&["revoke", CARL, DORA, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "shop", "both"), Some(vec![name(EVE)]));
    let steps = report["steps"].as_array().unwrap();
    let on_both = steps.iter().filter(|step| step["object"]["name"] == "both").count();
    assert_eq!((on_both, report["verification"].as_array().unwrap().len()), (1, 2), "{report:#}");
}

#[test]
fn what_is_gone_already_is_verified_and_nothing_is_changed() {
    let incident = Incident::sandbox(|setup| setup);
    assert_eq!(incident.run(&["revoke", CARL, "--yes", "--settle", "0"]).status, Status::Done);
    let changes = incident.changes().len();
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    assert_eq!((incident.changes().len(), report["steps"].as_array().unwrap().len()), (changes, 0), "{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Verified");
}

#[test]
fn the_main_thing_can_be_read_at_a_glance() {
    let incident = Incident::sandbox(|setup| setup);
    let outcome = incident
        .session
        .run_answering(Some(&format!("{CARL}\n")), &["revoke", "-f", &leaked(&incident), "--settle", "0"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    for line in [
        "Credential    certificate CN=200000000000000103-1760000000, valid until ",
        "Identity      carl   RamUser 200000000000000103, Deleted (confirmed: ",
        "Cluster       prod   c5e8f0a1b2c3d4e5f60718293a4b5c6d7, context ",
        "Remains       the certificate itself still opens /version until ",
        "Not checked   sessions opened before now end by themselves, watches within an hour",
        "Type 200000000000000103 to go on: ",
        "  3  Done  remove User/200000000000000103-1760000000,User/200000000000000103-1750000000 from RoleBinding/shop/team",
    ] {
        assert!(outcome.stderr.contains(line), "{line}\n{outcome}");
    }
    for line in ["Verified at ", "access reviews     passed", ": 403 (the review had said yes before)", "Operation 20"]
    {
        assert!(outcome.stdout.contains(line), "{line}\n{outcome}");
    }
}

/// kubectl reads a key by its content: what one can get in with is presented, whatever its label says.
fn a_leaked_key_under_another_label_is_presented_all_the_same<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let file = std::fs::read_to_string(&incident.leaked).unwrap();
    let field = "client-key-data: ";
    let line = file.lines().find(|line| line.trim_start().starts_with(field)).unwrap();
    let data = line.trim_start().strip_prefix(field).unwrap();
    let key = String::from_utf8(STANDARD.decode(data.trim_matches('"')).unwrap()).unwrap();
    let relabelled = STANDARD.encode(
        key.replace("BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY").replace("END PRIVATE KEY", "END RSA PRIVATE KEY"),
    );
    let path = incident.session.write("found/relabelled.yaml", file.replace(data, &relabelled)).unwrap();
    let (status, report, said) =
        incident.json(&["revoke", "-f", &path.display().to_string(), "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    assert!(checks(&report).contains(&("LeakedFile", "Passed")), "{report:#}");
}
