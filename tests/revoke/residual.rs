//! Where access is left, or may come back, it is found and named, and never called Verified.

use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::certs::{KeyKind, Subject, Validity};
use ackcred_sandbox::client::Connector;
use ackcred_sandbox::cloud::{self, CleanBehaviour, FaultKind};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::reconciler::Reconciler;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{
    BO, CARL, CLUSTER, GROUPS, Incident, check_of, days, former_name, name, now, result_of, sent_beside_the_cloud,
};
use crate::setting::{binding, user};

crate::on_both_servers!(
    a_binding_of_everybodys_group_is_residual_unless_it_is_accepted,
    a_mutating_policy_that_undoes_the_change_is_found,
    whoever_puts_a_subject_back_is_named,
    a_binding_with_a_finalizer_is_emptied_and_holds_nothing,
    a_cloud_that_deletes_every_binding_that_names_the_identity_costs_the_colleague_nothing,
    a_shared_binding_that_the_cloud_takes_whole_is_made_anew_for_the_others,
    a_binding_that_only_bears_the_leavers_name_is_given_back_to_those_in_it,
    a_permission_record_that_stays_is_residual,
    the_cloud_may_answer_before_it_is_done,
    whatever_the_cloud_removes_the_bindings_are_gone
);

const TEAM: &str = "team";
const PODS: &str = "/api/v1/namespaces/shop/pods";

fn revoke<C: Cluster>(incident: &Incident<C>, more: &[&str]) -> (Status, Value, String) {
    let args: Vec<&str> = ["revoke", CARL, "--yes", "--settle", "0"].iter().chain(more).copied().collect();
    incident.json(&args)
}

fn outcome(report: &Value) -> &str {
    report["verification"][0]["outcome"].as_str().unwrap()
}

/// What is left, in one text.
fn left(report: &Value) -> String {
    report["verification"][0]["checks"].to_string()
}

fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn a_binding_of_everybodys_group_is_residual_unless_it_is_accepted<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let open = BindingRef::cluster_role_binding("open-to-all");
    incident.post(&open.collection(), &binding("open-to-all", "ClusterRole", "cs:ns:dev", &[group("system:users")]));
    incident.server.catch_up().unwrap();
    let plan = incident.json(&["revoke", CARL, "--dry-run"]).1;
    assert!(plan["remains"].to_string().contains("ClusterRoleBinding/-/open-to-all"), "{plan:#}");
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    let found = "ClusterRoleBinding/-/open-to-all gives ClusterRole/cs:ns:dev to group system:users";
    assert!(left(&report).contains(found), "{report:#}");
    assert_eq!(left(&report).matches("open-to-all").count(), 1, "it is found once: {report:#}");
    assert!(matches!(rbac(&report), ("Failed", text) if text.starts_with("1 grants left, ")), "{report:#}");

    let (status, report, said) = revoke(&incident, &["--accept-group-grant", "ClusterRoleBinding/-/open-to-all"]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    let beyond = "beyond the API server's own defaults and 1 that you accepted";
    assert!(rbac(&report).1.contains(beyond), "{report:#}");
}

/// What the evaluation of bindings and roles says; how many bindings a server has of its own differs.
fn rbac(report: &Value) -> (&str, String) {
    (result_of(report, "Rbac"), check_of(report, "Rbac")["detail"].as_str().unwrap().to_owned())
}

#[test]
fn system_masters_in_the_certificate_can_not_be_taken_away() {
    let incident = Incident::sandbox(|setup| setup);
    let subject = Subject::user(name(CARL), ["system:users", "system:masters"]);
    let validity = Validity::ack(now() - days(3));
    let identity = incident.server.authority().client(&subject, validity, KeyKind::EcdsaP256).unwrap();
    let file =
        Kubeconfig::ack(&incident.server.url(), &incident.server.ca_pem(), CLUSTER, CARL, &Credential::of(&identity));
    let file = incident.session.write("masters.yaml", file.yaml()).unwrap().display().to_string();
    let (status, report, said) = incident.json(&["revoke", "-f", &file, "--yes", "--settle", "0"]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains("only a new cluster CA ends this"), "{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), None, "what can be taken away is");
}

#[test]
fn a_mapping_of_the_authenticator_is_residual() {
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let incident = Incident::stage(server, |setup| setup);
    let mapping = json!({
        "apiVersion": "ramauthenticator.k8s.alibabacloud/v1alpha1", "kind": "RAMIdentityMapping",
        "metadata": {"name": "carls"},
        "spec": {"arn": "acs:ram::1000000000000001:user/carl", "username": "carl-by-ram", "groups": ["ops"]},
        "status": {"userID": CARL},
    });
    incident.server.put(mapping, "ops").unwrap();
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(
        left(&report).contains("RAMIdentityMapping/-/carls maps acs:ram::1000000000000001:user/carl"),
        "{report:#}"
    );
}

#[test]
fn a_grant_of_one_object_that_appears_meanwhile_is_found() {
    let incident = Incident::sandbox(|setup| setup);
    let own = BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"));
    let gate = incident.server.faults().gate_after("DELETE", &own.path(), 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| revoke(&incident, &[]));
        assert!(gate.wait_reached(1, Duration::from_secs(20)));
        let late = BindingRef::role_binding("billing", "late");
        incident.post(&late.collection(), &binding("late", "Role", "ledger-reader", &[user(CARL)]));
        gate.open();
        revoking.join().unwrap()
    });
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains("RoleBinding/billing/late gives Role/ledger-reader"), "{report:#}");
}

fn a_mutating_policy_that_undoes_the_change_is_found<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let team = BindingRef::role_binding("shop", TEAM);
    incident.server.keep_subject(&team, &user(&name(CARL))).unwrap();
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["object"]["name"] == TEAM).unwrap();
    let is_undone = step["error"].as_str().is_some_and(|error| error.contains("a mutating policy undoes it"));
    assert!(step["result"] == "Failed" && is_undone, "{report:#}");
    assert!(left(&report).contains("RoleBinding/shop/team"), "{report:#}");
    incident.server.keep_no_subject().unwrap();
}

fn whoever_puts_a_subject_back_is_named<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let team = BindingRef::role_binding("shop", TEAM);
    let flux = Reconciler::start(
        &incident.server,
        &team,
        &user(&name(CARL)),
        "kustomize-controller",
        // After the first list, on a busy machine too, and well before the window closes.
        Duration::from_secs(3),
    )
    .unwrap();
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "10s"]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains("RoleBinding/shop/team: put back by kustomize-controller after "), "{report:#}");
    drop(flux);
}

fn a_binding_with_a_finalizer_is_emptied_and_holds_nothing<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let ledger = BindingRef::role_binding("billing", "ledger");
    incident
        .patch(&ledger.path(), &json!([{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/hold"]}]));
    let plan = incident.json(&["revoke", CARL, "--dry-run"]).1;
    let actions: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"EmptyBinding"), "{plan:#}");
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert!(
        report["verification"][0]["remains"].to_string().contains("RoleBinding/billing/ledger stays, empty"),
        "{report:#}"
    );
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), Some(Vec::new()));
    assert!(incident.get(&ledger.path())["metadata"]["deletionTimestamp"].is_null());
    let update = json!({"verb": "update", "resource": "configmaps", "namespace": "billing", "name": "ledger"});
    assert!(!incident.can(&name(CARL), &GROUPS, &update));
}

fn a_cloud_that_deletes_every_binding_that_names_the_identity_costs_the_colleague_nothing<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup.clean_behaviour(CleanBehaviour::NamedBindings));
    let team = incident.get(&BindingRef::role_binding("shop", TEAM).path());
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(report["collateral"], json!([]));
    let now = incident.get(&BindingRef::role_binding("shop", TEAM).path());
    assert_eq!(now["metadata"]["uid"], team["metadata"]["uid"], "it was there all the time");
    assert_eq!(incident.subjects("RoleBinding", "shop", TEAM), Some(vec![name(BO), "shop/releaser".to_owned()]));
}

fn a_shared_binding_that_the_cloud_takes_whole_is_made_anew_for_the_others<C: Cluster>(server: C) {
    let team = BindingRef::role_binding("shop", TEAM);
    let administrator = Connector::new(&server, Some(&server.administrator().unwrap())).unwrap();
    let path = team.path();
    let incident = Incident::stage(server, |setup| {
        setup.around_cleaning(|clean| {
            Box::new(move |cleaning| {
                assert_eq!(sent_beside_the_cloud(&administrator, "DELETE", &path, ""), 200);
                clean(cleaning)
            })
        })
    });
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    let collateral = &report["collateral"][0];
    assert_eq!((&collateral["whole"], &collateral["binding"]["name"]), (&json!(true), &json!(TEAM)), "{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "shop", TEAM), Some(vec![name(BO), "shop/releaser".to_owned()]));
}

fn a_binding_that_only_bears_the_leavers_name_is_given_back_to_those_in_it<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    // Somebody has put bo in carl's place; by its name the cloud takes it for carl's.
    let same_named_binding = format!("{CARL}-billing-rolebinding");
    let bos = binding(&same_named_binding, "ClusterRole", "cs:ns:dev", &[user(&name(BO))]);
    incident.post(&format!("{RBAC}/namespaces/billing/rolebindings"), &bos);
    let before = incident.get(&BindingRef::role_binding("billing", &same_named_binding).path());
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    let collateral = &report["collateral"][0];
    assert_eq!(
        (&collateral["whole"], &collateral["binding"]["name"]),
        (&json!(true), &json!(same_named_binding)),
        "{report:#}"
    );
    let after = incident.get(&BindingRef::role_binding("billing", &same_named_binding).path());
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"], "the cloud did take it");
    assert_eq!((&after["subjects"], &after["roleRef"]), (&before["subjects"], &before["roleRef"]));
}

#[test]
fn what_a_colleague_took_from_others_meanwhile_is_not_given_back() {
    let incident = Incident::sandbox(|setup| setup.clean_behaviour(CleanBehaviour::NamedBindings));
    let team = BindingRef::role_binding("shop", TEAM);
    // The dry run passes and the write waits; meanwhile bo and the releaser lose the binding, and carl alone is left in it.
    let gate = incident.server.faults().gate_after("PATCH", &team.path(), 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| revoke(&incident, &[]));
        assert!(gate.wait_reached(1, Duration::from_secs(20)));
        incident.patch(&team.path(), &json!([{"op": "replace", "path": "/subjects", "value": [user(&name(CARL))]}]));
        gate.open();
        revoking.join().unwrap()
    });
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    assert_eq!(report["collateral"], json!([]), "{report:#}");
    assert_eq!(
        incident.subjects("RoleBinding", "shop", TEAM),
        None,
        "the cloud took it, and nobody is to have it back"
    );
}

fn a_permission_record_that_stays_is_residual<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup.clean_behaviour(CleanBehaviour::KeepsPermissionRecord));
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains("ACK still has a permission record"), "{report:#}");
}

fn the_cloud_may_answer_before_it_is_done<C: Cluster>(server: C) {
    let incident =
        Incident::stage(server, |setup| setup.clean_behaviour(CleanBehaviour::Later(Duration::from_secs(2))));
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
}

fn whatever_the_cloud_removes_the_bindings_are_gone<C: Cluster>(server: C) {
    let mut server = Some(server);
    for behaviour in [CleanBehaviour::Nothing, CleanBehaviour::Subjects, CleanBehaviour::OwnBindings] {
        let incident = Incident::stage(server.take().unwrap(), |setup| setup.clean_behaviour(behaviour));
        let (status, report, said) = revoke(&incident, &[]);
        assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{behaviour:?} {said}\n{report:#}");
        assert_eq!(incident.subjects("RoleBinding", "shop", TEAM), Some(vec![name(BO), "shop/releaser".to_owned()]));
        server = Some(incident.end());
    }
}

#[test]
fn a_cloud_that_refuses_leaves_its_record_and_says_so() {
    let incident = Incident::sandbox(|setup| setup.clean_behaviour(CleanBehaviour::RefusesRecentAccess));
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains("ACK still lists the kubeconfig as Effective"), "{report:#}");
    assert_eq!(incident.leaked_status(PODS), 403, "the bindings are the access");
    let (status, report, said) = revoke(&incident, &["--force"]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
}

#[test]
fn a_cloud_that_fails_throughout_keeps_nobody_from_taking_the_access_away() {
    let incident = Incident::sandbox(|setup| setup);
    incident.cloud.add_fault(cloud::CloudFault::of_product(
        cloud::Product::Cs,
        FaultKind::Refused { status: 500, code: "InternalError".into() },
    ));
    let leaked = incident.leaked.display().to_string();
    let (status, report, said) =
        incident.json(&["revoke", "-f", &leaked, "--force", "--yes", "--settle", "0", "--request-timeout", "5s"]);
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    assert_ne!(outcome(&report), "Verified");
    assert!(report.to_string().contains("the cloud's record is unknown"), "{report:#}");
    assert_eq!(incident.leaked_status(PODS), 403);
    for leaver in [name(CARL), former_name()] {
        let pods = json!({"verb": "list", "resource": "pods", "namespace": "shop"});
        assert!(!incident.can(&leaver, &GROUPS, &pods), "{leaver}");
    }
}

#[test]
fn without_the_clouds_word_nothing_is_verified() {
    let incident = Incident::sandbox(|setup| setup);
    let (status, report, said) = revoke(&incident, &["--rbac-only"]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Unverifiable"), "{said}\n{report:#}");
    assert_eq!(incident.leaked_status(PODS), 403);
    let calls: Vec<String> = incident.cloud.log().into_iter().map(|call| call.action).collect();
    assert!(!calls.iter().any(|action| action == "CleanClusterUserPermissions"), "{calls:?}");
}
