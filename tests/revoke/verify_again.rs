//! `verify`: whether what was revoked is still gone, and who put it back.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::RamUser;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::restoring::Files;
use crate::scene::{BO, CARL, CLUSTER, Incident, done, name, text};
use crate::setting::{Setup, user};

on_both_servers!(
    what_is_put_back_is_found_with_its_writer,
    what_a_restore_gave_back_is_no_finding_until_it_is_revoked_again
);

fn staged<C: Cluster>(server: C) -> Incident<C> {
    Incident::stage(server, |setup: Setup| setup.change_account(|account| account.user(RamUser::new(CARL, "carl"))))
}

fn sandbox() -> Incident<ApiServer> {
    staged(ApiServer::start(ApiServerOptions::default()).unwrap())
}

fn operation<C: Cluster>(incident: &Incident<C>, args: &[&str]) -> String {
    text(&done(incident, args)["operation"]).to_owned()
}

fn revoke<C: Cluster>(incident: &Incident<C>, uid: &str) -> String {
    operation(incident, &["revoke", uid, "--yes", "--settle", "0s"])
}

/// Each row as `OPERATION UID OUTCOME`.
fn rows(report: &Value) -> Vec<[String; 3]> {
    let operations = report["operations"].as_array().unwrap().iter();
    let rows = operations.flat_map(|one| {
        let rows = one["verification"].as_array().unwrap().iter();
        rows.map(|row| [&one["id"], &row["uid"], &row["outcome"]].map(|value| text(value).to_owned()))
    });
    rows.collect()
}

fn row(operation: &str, uid: &str, outcome: &str) -> [String; 3] {
    [operation, uid, outcome].map(str::to_owned)
}

/// Puts carl back into the shared binding, as another program would that goes by this name.
fn put_back<C: Cluster>(incident: &Incident<C>, manager: &str) {
    let team = BindingRef::role_binding("shop", "team").path();
    let add = json!([{"op": "add", "path": "/subjects/-", "value": user(&name(CARL))}]);
    incident.patch(&format!("{team}?fieldManager={manager}"), &add);
    incident.server.catch_up().unwrap();
}

fn what_is_put_back_is_found_with_its_writer<C: Cluster>(server: C) {
    let incident = staged(server);
    let id = revoke(&incident, CARL);
    let before = incident.bindings();
    for args in [&["verify", "--all"][..], &["verify", &id]] {
        let (status, report, said) = incident.json(args);
        assert_eq!((status, rows(&report)), (Status::Done, vec![row(&id, CARL, "Verified")]), "{report:#}\n{said}");
    }
    put_back(&incident, "argocd-controller");
    let (status, report, said) = incident.json(&["verify", "--all"]);
    assert_eq!((status, rows(&report)), (Status::Findings, vec![row(&id, CARL, "Residual")]), "{report:#}\n{said}");
    let found = &report["operations"][0]["verification"][0]["putBack"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{report:#}");
    assert_eq!(found[0]["manager"], "argocd-controller", "{report:#}");
    assert!(found[0]["since"].is_string() && found[0]["binding"]["name"] == "team", "{report:#}");
    let table = incident.run(&["verify", &id]);
    let said = format!("to {}: put back by argocd-controller at ", name(CARL));
    assert!(
        table.stdout.contains(&format!("{id}   {CLUSTER}   {CARL}   Residual   RoleBinding/shop/team gives ")),
        "{table}"
    );
    assert!(table.stdout.contains(&said), "{table}");
    assert_eq!(incident.run(&["verify", "--all", "-o", "name"]).stdout, format!("{id}\n"));
    let metrics = incident.run(&["verify", "--all", "-o", "prometheus"]).stdout;
    assert!(
        metrics.contains("ackcred_verify_access_back{") && metrics.contains(&format!("uid=\"{CARL}\"}} 1")),
        "{metrics}"
    );
    // Looking changes nothing but the log, which has a line for each look.
    let mut after = incident.bindings();
    let audit = std::fs::read_to_string(incident.session.home().join("state/audit.jsonl")).unwrap();
    assert_eq!(audit.matches("\"action\":\"verify\"").count(), 6, "{audit}");
    assert!(audit.contains(&format!("{CARL} of {id} in {CLUSTER}: Residual")), "{audit}");
    let team = "RoleBinding shop/team".to_owned();
    after.insert(team.clone(), before[&team].clone());
    assert_eq!(after, before);
    // What is revoked again is gone again, for both operations.
    let again = revoke(&incident, CARL);
    let (status, report, said) = incident.json(&["verify", "--all"]);
    let expected = vec![row(&again, CARL, "Verified"), row(&id, CARL, "Verified")];
    assert_eq!((status, rows(&report)), (Status::Done, expected), "{report:#}\n{said}");
}

fn what_a_restore_gave_back_is_no_finding_until_it_is_revoked_again<C: Cluster>(server: C) {
    let incident = staged(server);
    let first = revoke(&incident, CARL);
    let restore = operation(&incident, &["restore", &first, "--yes"]);
    let (status, report, said) = incident.json(&["verify", "--all"]);
    assert_eq!((status, rows(&report)), (Status::Done, vec![row(&first, CARL, "Restored")]), "{report:#}\n{said}");
    assert_eq!(report["operations"][0]["verification"][0]["restoredBy"], restore, "{report:#}");
    let second = revoke(&incident, CARL);
    let verified = vec![row(&second, CARL, "Verified"), row(&first, CARL, "Verified")];
    let (status, report, said) = incident.json(&["verify", "--all"]);
    assert_eq!((status, rows(&report)), (Status::Done, verified), "{report:#}\n{said}");
    put_back(&incident, "flux");
    let (status, report, said) = incident.json(&["verify", &second]);
    assert_eq!((status, rows(&report)), (Status::Findings, vec![row(&second, CARL, "Residual")]), "{report:#}\n{said}");
    let refused = incident.run(&["verify", &restore]);
    assert!(refused.status == Status::Usage && refused.stderr.contains("is a restore"), "{refused}");
}

#[test]
fn what_was_not_checked_ends_with_4_and_is_named() {
    let incident = sandbox();
    let (carl, bo) =
        (revoke(&incident, CARL), operation(&incident, &["revoke", BO, "--yes", "--force", "--settle", "0s"]));
    let nowhere = incident.session.write("empty.yaml", "apiVersion: v1\nkind: Config\n").unwrap().display().to_string();
    let unverified = || vec![row(&bo, BO, "Unverifiable"), row(&carl, CARL, "Unverifiable")];
    for (args, expected, said) in [
        (&["--kubeconfig", &nowhere][..], unverified(), "not reached: "),
        (&["--offline"], unverified(), "the cloud was not asked"),
    ] {
        let (status, report, words) = incident.json(&[&["verify", "--all"], args].concat());
        assert_eq!((status, rows(&report)), (Status::Incomplete, expected), "{args:?}: {report:#}\n{words}");
        assert!(report.to_string().contains(said) && report["incomplete"] == true, "{args:?}: {report:#}");
    }
    let (status, report, said) = incident.json(&["verify", "--all", "--offline", "--rbac-only"]);
    let verified = vec![row(&bo, BO, "Verified"), row(&carl, CARL, "Verified")];
    assert_eq!((status, rows(&report)), (Status::Done, verified), "{report:#}\n{said}");
    // The cluster and the cloud are read once for both operations.
    let lists = || incident.cloud.log().iter().filter(|call| call.action == "ListClusterKubeconfigStates").count();
    let before = lists();
    let _ = incident.run(&["verify", "--all"]);
    let both = lists() - before;
    let _ = incident.run(&["verify", &carl]);
    assert_eq!(lists() - before - both, both, "one operation costs as many as two");
}

#[test]
fn a_record_that_can_not_be_read_and_one_that_was_cut_off_are_named() {
    let incident = sandbox();
    let (carl, bo) =
        (revoke(&incident, CARL), operation(&incident, &["revoke", BO, "--yes", "--force", "--settle", "0s"]));
    let files = Files::of(&incident, &bo);
    let kept = files.keep();
    files.replace("operation.json", "\"format\": 1", "\"format\": 2");
    let (status, report, said) = incident.json(&["verify", "--all"]);
    assert_eq!((status, rows(&report)), (Status::Incomplete, vec![row(&carl, CARL, "Verified")]), "{report:#}\n{said}");
    let damaged = report["operations"].as_array().unwrap().iter().find(|one| one["id"] == bo.as_str()).unwrap();
    assert!(text(&damaged["error"]).contains("operation.json") && said.contains(&bo), "{report:#}\n{said}");
    kept.into_iter().for_each(|(path, content)| std::fs::write(path, content).unwrap());
    // As a kill leaves it: the journal ends before it says how the operation ended.
    let journal = std::fs::read_to_string(files.path("journal.jsonl")).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    files.write("journal.jsonl", format!("{}\n", lines[..lines.len() - 1].join("\n")).as_bytes());
    let audit = incident.session.home().join("state/audit.jsonl");
    let logged = std::fs::read_to_string(&audit).unwrap();
    let logged: Vec<&str> = logged.lines().filter(|line| !(line.contains(&bo) && line.contains("\"ended\""))).collect();
    std::fs::write(&audit, logged.join("\n") + "\n").unwrap();
    let (status, report, said) = incident.json(&["verify", "--all"]);
    let expected = vec![row(&bo, BO, "Verified"), row(&carl, CARL, "Verified")];
    assert_eq!((status, rows(&report)), (Status::Incomplete, expected), "{report:#}\n{said}");
    assert!(said.contains(&format!("kubectl ackcred revoke --resume {bo}")), "{said}");
}

#[test]
fn where_nothing_was_revoked_there_is_nothing_to_check() {
    let incident = sandbox();
    let nothing = incident.run(&["verify", "--all"]);
    assert_eq!(nothing.status, Status::Done, "{nothing}");
    assert!(nothing.stderr.contains("nothing was revoked from this machine") && nothing.stdout.is_empty(), "{nothing}");
    let unknown = incident.run(&["verify", "20200101-000000-000000"]);
    assert!(unknown.status == Status::Failed && unknown.stderr.contains("there is no operation"), "{unknown}");
    assert_eq!(incident.run(&["verify"]).status, Status::Usage);
}
