//! The commands that `lint` prints, run by a shell and kubectl: each ends its finding and takes nothing else away.

use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::shell::run;
use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const NAMESPACE: &str = "lint-x";
/// The rules whose fix is a command and needs no cloud.
const RULES: [&str; 10] = ["L01", "L02", "L03", "L04", "L05", "L06", "L07", "L08", "L09", "L10"];

fn rule(verbs: &[&str], group: &str, resources: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources})
}

/// Something for each rule, beside someone who is to keep what they have.
fn fill(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    setting.namespace(NAMESPACE);
    setting.role("lint-read", &json!([rule(&["get"], "", &["configmaps"])]));
    setting.role("lint-verbs", &json!([rule(&["get"], "", &["pods"]), rule(&["*"], "", &["configmaps"])]));
    setting.role("lint-kinds", &json!([rule(&["get"], "apps", &["*"])]));
    setting.role("lint-secrets", &json!([rule(&["get", "list"], "", &["pods", "secrets"])]));
    setting.role("lint-log", &json!([rule(&["get"], "", &["pods/log"])]));
    setting.role("lint-escalates", &json!([rule(&["escalate", "get", "update"], RBAC_GROUP, &["clusterroles"])]));
    let user = |name: &str| json!({"kind": "User", "name": name});
    let group = |name: &str| json!({"kind": "Group", "name": name});
    let default = json!({"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE});
    for (namespace, name, role, subjects) in [
        ("", "lint-admin", "cluster-admin", json!([user("lint-ann"), group("system:masters")])),
        (NAMESPACE, "lint-verbs", "lint-verbs", json!([user("lint-ann")])),
        ("", "lint-kinds", "lint-kinds", json!([user("lint-ann")])),
        ("", "lint-secrets", "lint-secrets", json!([user("lint-ann")])),
        ("", "lint-log", "lint-log", json!([user("lint-ann"), group("system:authenticated")])),
        (NAMESPACE, "lint-default", "lint-read", json!([default, user("lint-ann")])),
        (NAMESPACE, "it's $(a) lint-spelled", "lint-read", json!([user("system:serviceaccount:lint-x:robot")])),
        (NAMESPACE, "lint-gone", "lint-no-such-role", json!([user("lint-ann")])),
        ("", "lint-escalates", "lint-escalates", json!([user("lint-carl")])),
    ] {
        let path = match namespace {
            "" => format!("{RBAC}/clusterrolebindings"),
            namespace => format!("{}/rolebindings", rbac_in(namespace)),
        };
        let role = json!({"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role});
        let body = json!({"metadata": {"name": name}, "subjects": subjects, "roleRef": role});
        setting.prepare("POST", &path, &body, 201);
    }
    let token = json!({
        "metadata": {"name": "lint-token", "annotations": {"kubernetes.io/service-account.name": "robot"}},
        "type": "kubernetes.io/service-account-token",
    });
    setting.prepare("POST", &format!("/api/v1/namespaces/{NAMESPACE}/secrets"), &token, 201);
    cluster.catch_up().unwrap();
}

fn session(cluster: &dyn Cluster) -> Session {
    let credential = Credential::of(&cluster.administrator().unwrap());
    let kubeconfig = Kubeconfig::ack(&cluster.url(), &cluster.ca_pem(), CLUSTER, "me", &credential);
    #[expect(clippy::disallowed_methods, reason = "certificates made a moment ago are to be valid")]
    let session = Session::at(Timestamp::now()).unwrap();
    session.write(".kube/config", kubeconfig.yaml()).unwrap();
    session
}

/// The findings about what was made here.
fn findings(session: &Session) -> Vec<Value> {
    let outcome = session.run(&["lint", "--offline", "-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let all = document["findings"].as_array().unwrap().iter();
    all.filter(|one| one["place"]["name"].as_str().unwrap().contains("lint-")).cloned().collect()
}

#[test]
fn each_command_ends_its_finding_on_the_real_api_server() {
    let Some(assets) = assets_for("tests/servers cluster lint fixes") else { return };
    let cluster = ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap();
    let session = session(&cluster);
    let bare = session.run(&["lint", "--offline"]);
    assert_eq!((bare.status, bare.stdout.as_str()), (Status::Done, ""), "Kubernetes' own is no finding: {bare}");
    fill(&cluster);
    let found = findings(&session);
    let ids: Vec<&str> = found.iter().map(|one| one["id"].as_str().unwrap()).collect();
    for rule in RULES {
        assert_eq!(ids.iter().filter(|id| **id == rule).count(), 1, "{rule}: {ids:?}");
    }
    assert_eq!(ids.len(), RULES.len(), "{ids:?}");
    let kubeconfig = session.home().join(".kube/config");
    for finding in &found {
        let commands = finding["fix"]["commands"].as_array().unwrap();
        assert!(!commands.is_empty(), "{finding:#}");
        commands.iter().for_each(|command| run(command.as_str().unwrap(), &assets, &kubeconfig));
        let left = findings(&session);
        let is_same = |one: &&Value| (&one["id"], &one["place"]) == (&finding["id"], &finding["place"]);
        assert!(!left.iter().any(|one| is_same(&one)), "{finding:#} is still there");
    }
    assert_eq!(findings(&session), [Value::Null; 0], "no fix made another finding");
    keeps_the_rest(&cluster);
}

/// What no finding was about is as it was.
fn keeps_the_rest(cluster: &dyn Cluster) {
    let client = Client::new(cluster, Some(&cluster.administrator().unwrap())).unwrap();
    let get = |path: &str| client.send("GET", path, &[], "").unwrap().json();
    let names = |path: &str| -> Vec<String> {
        let subjects = get(path)["subjects"].as_array().cloned().unwrap_or_default();
        subjects.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&format!("{RBAC}/clusterrolebindings/lint-admin")), ["system:masters"]);
    assert_eq!(names(&format!("{RBAC}/clusterrolebindings/lint-log")), ["lint-ann"]);
    assert_eq!(names(&format!("{}/rolebindings/lint-default", rbac_in(NAMESPACE))), ["lint-ann"]);
    let spelled = format!("{}/rolebindings/it's%20$(a)%20lint-spelled", rbac_in(NAMESPACE));
    assert_eq!(get(&spelled)["subjects"][0]["kind"], "ServiceAccount");
    let rules = |role: &str| get(&format!("{RBAC}/clusterroles/{role}"))["rules"].clone();
    assert_eq!(rules("lint-secrets"), json!([rule(&["get", "list"], "", &["pods"]), rule(&["get"], "", &["secrets"])]));
    assert_eq!(rules("lint-escalates"), json!([rule(&["get", "update"], RBAC_GROUP, &["clusterroles"])]));
    assert_eq!(rules("lint-verbs")[0], rule(&["get"], "", &["pods"]));
}
