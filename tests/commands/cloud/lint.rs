//! `lint` as a whole command: with the account, with sources that can't be read, and in every format.

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cloud::{CloudFault, FaultKind};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn client(scene: &Scene<ApiServer>) -> Client {
    Client::new(&scene.server, Some(&scene.server.administrator().unwrap())).unwrap()
}

fn create(scene: &Scene<ApiServer>, path: &str, body: &Value) {
    let reply = client(scene).send("POST", path, &[], &body.to_string()).unwrap();
    assert_eq!(reply.code, 201, "{}", reply.json());
}

fn role(scene: &Scene<ApiServer>, name: &str, rules: &Value) {
    create(scene, &format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": name}, "rules": rules}));
}

fn bind(scene: &Scene<ApiServer>, name: &str, role: &str, user: &str) {
    let group = "rbac.authorization.k8s.io";
    let body = json!({
        "metadata": {"name": name}, "subjects": [{"kind": "User", "apiGroup": group, "name": user}],
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
    });
    create(scene, &format!("{RBAC}/clusterrolebindings"), &body);
}

/// Ids and places of the findings.
fn findings(document: &Value) -> Vec<String> {
    let place = |place: &Value| format!("{}/{}", place["kind"].as_str().unwrap(), place["name"].as_str().unwrap());
    let findings = document["findings"].as_array().unwrap().iter();
    findings.map(|one| format!("{} {}", one["id"].as_str().unwrap(), place(&one["place"]))).collect()
}

/// Has the operator come in as someone with these rights alone.
fn come_in_with(scene: &Scene<ApiServer>, rules: &Value) {
    role(scene, "part", rules);
    bind(scene, "part", "part", "part");
    let identity = scene.server.client(&Subject::user("part", ["dev"])).unwrap();
    let (url, ca) = (scene.server.url(), scene.server.ca_pem());
    let kubeconfig = Kubeconfig::ack(&url, &ca, CLUSTER, "part", &Credential::of(&identity));
    scene.session.write(".kube/config", kubeconfig.yaml()).unwrap();
}

#[test]
fn the_deleted_and_the_administrators_are_found_and_what_is_accepted_is_counted() {
    let scene = Scene::small().signed_in();
    let (status, document, stderr) = scene.json(&["lint"]);
    assert_eq!((status, &document["incomplete"]), (Status::Done, &json!(false)), "{stderr}");
    let found = findings(&document);
    let admin = |uid: &str| format!("L01 ClusterRoleBinding/{uid}-cluster-admin-clusterrolebinding");
    let gone = |uid: &str| format!("L11 RoleBinding/{uid}-default-rolebinding");
    let mut expected = [admin(ACCOUNT), admin(OPERATOR), gone(CONFIRMED), gone(INFERRED), gone(RECYCLED)];
    // ACK's own roles are not in this cluster: that is L08.
    let mut of_rules: Vec<String> = found.iter().filter(|line| !line.starts_with("L08")).cloned().collect();
    expected.sort();
    of_rules.sort();
    assert_eq!(of_rules, expected, "{document:#}");
    let levels: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|one| &one["level"]).collect();
    assert!(levels.is_sorted_by_key(|level| level.as_str() != Some("Error")), "{levels:?}");

    let outcome =
        scene.run(&["lint", "--allow", ACCOUNT, "--allow", OPERATOR, "--allow", "typo", "--fail-on", "error"]);
    assert_eq!(outcome.status, Status::Findings, "{outcome}");
    for text in ["--allow 1000000000000001 accepted 1 case", "--allow typo accepted nothing", "2 errors and "] {
        assert!(outcome.stderr.contains(text), "{text}: {outcome}");
    }
    let names = [ACCOUNT, OPERATOR, CONFIRMED, INFERRED];
    let allow: Vec<&str> = names.iter().flat_map(|uid| ["--allow", uid]).collect();
    let accepted = |level: &str| scene.run(&[&["lint", "--fail-on", level], &allow[..]].concat()).status;
    assert_eq!((accepted("error"), accepted("warning")), (Status::Done, Status::Findings));
}

#[test]
fn lifetimes_are_looked_at_where_a_limit_is_given() {
    let scene = Scene::small().signed_in();
    let long_lived = |args: &[&str]| {
        let (_, document, _) = scene.json(&[&["lint"], args].concat());
        findings(&document).into_iter().filter(|line| line.starts_with("L12")).count()
    };
    assert_eq!(long_lived(&[]), 0);
    assert_eq!(long_lived(&["--max-lifetime", "24h"]), SMALL.users + 4);
    assert_eq!(long_lived(&["--max-lifetime", "500d"]), 0);
    scene.cloud.add_fault(CloudFault::of("ListClusterKubeconfigStates", FaultKind::Forbidden));
    let unread = scene.run(&["lint", "--max-lifetime", "24h"]);
    assert_eq!(unread.status, Status::Incomplete, "{unread}");
    assert!(unread.stderr.contains("cs:ListClusterKubeconfigStates"), "{unread}");
}

#[test]
fn without_the_cloud_its_rules_are_named_as_not_checked() {
    let scene = Scene::small();
    let (status, document, stderr) = scene.json(&["lint", "--max-lifetime", "24h", "--offline"]);
    assert_eq!(status, Status::Done, "{stderr}");
    assert!(!findings(&document).iter().any(|line| line.starts_with("L11")), "{document:#}");
    let ids: Vec<&Value> = document["notChecked"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["L11", "L12"]);
    assert!(stderr.contains("L11 not checked: the cloud was not asked"), "{stderr}");
}

#[test]
fn what_can_not_be_read_is_named_and_is_never_nothing() {
    let list =
        |group: &str, resources: &[&str]| json!({"verbs": ["list"], "apiGroups": [group], "resources": resources});
    let group = "rbac.authorization.k8s.io";
    let (bindings, roles) = (["clusterrolebindings", "rolebindings"], ["clusterroles", "roles"]);
    let secrets = list("", &["namespaces", "secrets"]);
    for (rules, unread) in [
        (json!([list(group, &bindings), secrets]), &["can't list clusterroles", "can't list roles"][..]),
        (json!([list(group, &[&bindings[..1], &roles].concat()), secrets]), &["can't list rolebindings"]),
        (json!([list(group, &[&bindings[..], &roles].concat())]), &["static tokens", "--skip L10"]),
        (
            json!([list(group, &[&bindings[..], &roles].concat()), list("", &["namespaces"])]),
            &["static tokens", "calls)"],
        ),
    ] {
        let scene = Scene::small();
        come_in_with(&scene, &rules);
        let outcome = scene.run(&["lint", "--offline"]);
        assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
        unread.iter().for_each(|text| assert!(outcome.stderr.contains(text), "{text}: {outcome}"));
        let roles_were_read = !unread[0].contains("clusterroles");
        for (lie, may_be) in [("nothing found by the rules", false), ("does not exist", roles_were_read)] {
            let is_said = format!("{}{}", outcome.stdout, outcome.stderr).contains(lie);
            assert!(may_be || !is_said, "{lie}: {outcome}");
        }
        let (_, document, _) = scene.json(&["lint", "--offline"]);
        assert_eq!(document["incomplete"], true);
        let error = document["clusters"][0]["error"].as_str().unwrap();
        assert!(error.contains(unread[0]), "{error}");
        let sarif: Value = serde_json::from_str(&scene.run(&["lint", "--offline", "-o", "sarif"]).stdout).unwrap();
        assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }
    let scene = Scene::small();
    come_in_with(&scene, &json!([list(group, &[&bindings[..], &roles].concat())]));
    let skipped = scene.run(&["lint", "--offline", "--skip", "L10"]);
    assert_eq!(skipped.status, Status::Done, "{skipped}");
    assert!(skipped.stderr.contains("L10 not checked: --skip"), "{skipped}");
}

#[test]
fn mappings_that_can_not_be_read_make_it_incomplete() {
    use ackcred_sandbox::apiserver::ApiServerOptions;
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let scene = Scene::stage(server, SMALL, |account| account);
    let group = "rbac.authorization.k8s.io";
    let all = ["clusterrolebindings", "rolebindings", "clusterroles", "roles"];
    come_in_with(
        &scene,
        &json!([
            {"verbs": ["list"], "apiGroups": [group], "resources": all},
            {"verbs": ["list"], "apiGroups": [""], "resources": ["namespaces", "secrets"]},
        ]),
    );
    let outcome = scene.run(&["lint", "--offline"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert!(outcome.stderr.contains("ramidentitymappings"), "{outcome}");
}

#[test]
fn a_cluster_without_a_finding_is_one_line() {
    let scene = Scene::empty(ApiServer::start(ackcred_sandbox::apiserver::ApiServerOptions::default()).unwrap());
    let outcome = scene.session.run(&["lint", "--offline"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Done, ""), "{outcome}");
    assert_eq!(outcome.stderr, "nothing found by the rules that were checked\n");
}

#[test]
fn every_format_has_the_same_findings() {
    let scene = Scene::small().signed_in();
    role(&scene, "reader", &json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets", "pods"]}]));
    bind(&scene, "reads", "reader", "backup");
    let (_, document, _) = scene.json(&["lint"]);
    let count = document["findings"].as_array().unwrap().len();
    let lines = |format: &str| scene.run(&["lint", "-o", format, "--no-headers"]).stdout.lines().count();
    assert!((1..=count).contains(&lines("name")), "each place once");
    for format in ["table", "wide", "csv", "custom-columns=ID:.id", "jsonpath={range .findings[*]}{.id}{\"\\n\"}{end}"]
    {
        assert_eq!(lines(format), count, "{format}");
    }
    let sarif: Value = serde_json::from_str(&scene.run(&["lint", "-o", "sarif"]).stdout).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), count);
    let wide = scene.run(&["lint", "-o", "wide"]).stdout;
    let row = wide.lines().find(|line| line.contains("ClusterRole/-/reader")).unwrap();
    for text in ["L04", "Error", "User/backup", "kubectl patch clusterrole reader", "--context"] {
        assert!(row.contains(text), "{text}: {row}");
    }
    assert_eq!(scene.run(&["scan", "-o", "sarif"]).status, Status::Usage);
    assert_eq!(scene.run(&["lint", "--skip", "L13"]).status, Status::Usage);
}

#[test]
fn a_path_to_full_rights_is_reported_step_by_step() {
    let scene = Scene::small();
    let rules = json!([{"verbs": ["escalate", "update"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"]}]);
    role(&scene, "deployer", &rules);
    bind(&scene, "deploys", "deployer", "ci");
    let (_, document, _) = scene.json(&["lint", "--offline"]);
    let found = document["findings"].as_array().unwrap().iter().find(|one| one["id"] == "L09").unwrap();
    assert_eq!((&found["path"]["target"]["kind"], &found["subjects"][0]), (&json!("Administrator"), &json!("User/ci")));
    let why = found["why"].as_str().unwrap();
    assert!(why.starts_with("can become administrator of the cluster: "), "{why}");
}
