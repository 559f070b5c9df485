//! `rights` and `who-can` as whole commands, asked of both servers by people who may read all or a part.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::{Outcome, Session};
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const UID: &str = "200000000000000103";
const NAME: &str = "200000000000000103-1735689600";
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

/// A leaver with a path to full rights, rules that allow nothing, and readers of a part.
fn fill(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    setting.namespace("said-x");
    let token = rule(&["create"], "", &["serviceaccounts/token"], &["root"]);
    setting.role("said-token", &json!([token, rule(&["get"], "", &["nodes"], &[])]));
    setting.role("said-secrets", &json!([rule(&["get"], "", &["secrets"], &["db"])]));
    let list = |resources: &[&str]| json!([rule(&["list"], RBAC_GROUP, resources, &[])]);
    setting.role("said-all", &list(&["clusterrolebindings", "rolebindings", "clusterroles", "roles"]));
    setting.role("said-no-roles", &list(&["clusterrolebindings", "rolebindings"]));
    setting.role("said-no-bindings", &list(&["clusterrolebindings", "clusterroles", "roles"]));
    let subjects = json!([{"kind": "User", "name": NAME}]);
    let root = json!([{"kind": "ServiceAccount", "name": "root", "namespace": "said-x"}]);
    let user = |name: &str| json!([{"kind": "User", "name": name}]);
    for (namespace, name, role, subjects) in [
        ("said-x", "said-token", "said-token", &subjects),
        ("said-x", "said-secrets", "said-secrets", &subjects),
        ("said-x", "said-gone", "said-no-such-role", &subjects),
        ("", "said-root", "cluster-admin", &root),
        ("", "said-all", "said-all", &user("said-all")),
        ("", "said-no-roles", "said-no-roles", &user("said-no-roles")),
        ("", "said-no-bindings", "said-no-bindings", &user("said-no-bindings")),
    ] {
        let path = match namespace {
            "" => format!("{RBAC}/clusterrolebindings"),
            namespace => format!("{}/rolebindings", rbac_in(namespace)),
        };
        let role = json!({"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role});
        setting.prepare(
            "POST",
            &path,
            &json!({"metadata": {"name": name}, "subjects": subjects, "roleRef": role}),
            201,
        );
    }
    cluster.catch_up().unwrap();
}

fn session(cluster: &dyn Cluster, who: &str) -> Session {
    let identity = match who {
        "admin" => cluster.administrator().unwrap(),
        name => cluster.client(&Subject::user(name, ["said"])).unwrap(),
    };
    let kubeconfig = Kubeconfig::ack(&cluster.url(), &cluster.ca_pem(), CLUSTER, "me", &Credential::of(&identity));
    #[expect(clippy::disallowed_methods, reason = "certificates made a moment ago are to be valid")]
    let session = Session::at(Timestamp::now()).unwrap();
    session.write(".kube/config", kubeconfig.yaml()).unwrap();
    session
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

/// The bindings of the rules, with the reason where one allows nothing.
fn rules(report: &Value) -> Vec<String> {
    let line = |rule: &Value| format!("{} {}", rule["binding"]["name"].as_str().unwrap(), rule["inert"]);
    report["rules"].as_array().unwrap().iter().map(line).collect()
}

fn said(cluster: &dyn Cluster) {
    fill(cluster);
    let admin = session(cluster, "admin");
    let table = admin.run(&["rights", UID, "--all"]);
    assert_eq!(table.status, Status::Done, "{table}");
    for text in [
        "a RoleBinding does not allow this on a kind outside of namespaces",
        "the role does not exist",
        "BECOMES",
        "can become administrator of the cluster: create serviceaccounts/root --subresource=token in namespace said-x",
        "-> ServiceAccount/said-x/root, then full rights (ClusterRoleBinding/-/said-root)",
    ] {
        assert!(table.stdout.contains(text), "{text}: {table}");
    }
    let report = document(&admin.run(&["rights", UID, "-o", "json"]));
    assert_eq!(rules(&report), ["said-secrets null", "said-token null"]);
    assert_eq!((&report["hiddenInert"], &report["incomplete"]), (&json!(2), &json!(false)));
    let path = &report["paths"][0];
    assert_eq!((&path["certainty"], &path["target"]["kind"]), (&json!("Exact"), &json!("Administrator")));
    for (word, status) in [
        ("path", Status::Findings),
        ("secrets", Status::Findings),
        ("administrator", Status::Done),
        ("group-grant", Status::Done),
    ] {
        assert_eq!(admin.run(&["rights", UID, "--fail-on", word]).status, status, "{word}");
    }
    let nobody = admin.run(&["rights", "--subject", "User/nobody"]);
    assert_eq!((nobody.status, nobody.stdout.as_str()), (Status::Done, ""), "{nobody}");
    assert!(nobody.stderr.contains("other authorizers were not read"), "{nobody}");
    let asked = document(&admin.run(&["rights", UID, "--ask", "-o", "json"]));
    let reviews = asked["reviews"].as_array().unwrap();
    assert!(reviews.len() > 10 && reviews.iter().all(|one| one["allowed"] == one["expected"]), "{reviews:?}");

    who_can(&admin);
    in_part(cluster);
}

fn who_can(admin: &Session) {
    let subjects = |words: &[&str]| -> Vec<String> {
        let outcome = admin.run(&[words, &["-o", "name"]].concat());
        assert_eq!(outcome.status, Status::Done, "{outcome}");
        let is_of_kubernetes = |line: &&str| line.contains("/system:") || line.contains("/kube-system/");
        outcome.stdout.lines().filter(|line| !is_of_kubernetes(line)).map(str::to_owned).collect()
    };
    let root = "ServiceAccount/said-x/root";
    let leaver = &format!("User/{NAME}");
    assert_eq!(subjects(&["who-can", "get", "secrets/db", "-n", "said-x"]), [leaver, root]);
    assert_eq!(subjects(&["who-can", "get", "secrets", "-n", "said-x"]), [root]);
    assert_eq!(subjects(&["who-can", "get", "secrets", "--named"]), [leaver, root]);
    assert_eq!(subjects(&["who-can", "get", "nodes", "-n", "said-x"]), [root], "a RoleBinding has no say");
    for (words, namespace) in [
        (&["who-can", "get", "nodes", "-n", "said-x"][..], Value::Null),
        (&["who-can", "get", "pods", "-n", "said-x"], json!("said-x")),
        (&["who-can", "get", "namespaces/said-x"], json!("said-x")),
        (&["who-can", "get", "pods"], Value::Null),
    ] {
        let asked = document(&admin.run(&[words, &["-o", "json"]].concat()));
        assert_eq!(asked["question"]["namespace"], namespace, "{words:?}");
    }
    assert_eq!(subjects(&["who-can", "delete", "nodes", "--reach"]), [root, leaver]);
    let masters = admin.run(&["who-can", "get", "/metrics"]);
    assert!(masters.stdout.contains("Group/system:masters"), "{masters}");
    let log = admin.run(&["who-can", "get", "pods/log"]);
    let is_known = log.stderr.contains("by --subresource log");
    assert_eq!((log.status, is_known), (Status::Done, !log.stderr.is_empty() && is_known), "{log}");
    let unknown = admin.run(&["who-can", "frobnicate", "gadgets.example.com"]);
    assert!(unknown.stderr.contains("asked as written"), "{unknown}");
    assert!(!unknown.stderr.to_lowercase().contains("nobody can"), "{unknown}");
    assert_eq!(admin.run(&["who-can", "get", "secrets", "db"]).status, Status::Usage);
    assert_eq!(admin.run(&["who-can", "get", "secrets/db", "--fail-on", "unknown"]).status, Status::Findings);
    assert_eq!(admin.run(&["who-can", "get", "nodes", "--fail-on", "everyone"]).status, Status::Done);
}

/// What is not read is said, and is no answer.
fn in_part(cluster: &dyn Cluster) {
    let all = session(cluster, "said-all").run(&["rights", UID]);
    assert_eq!(all.status, Status::Done, "{all}");
    for (who, unread) in [
        ("said-no-roles", &["can't list clusterroles", "can't list roles"][..]),
        ("said-no-bindings", &["can't list rolebindings"]),
    ] {
        let session = session(cluster, who);
        for words in [&["rights", UID][..], &["who-can", "get", "secrets", "-n", "said-x"]] {
            let outcome = session.run(words);
            assert_eq!(outcome.status, Status::Incomplete, "{who}: {outcome}");
            unread.iter().for_each(|text| assert!(outcome.stderr.contains(text), "{who}: {text}: {outcome}"));
            for lie in ["no rights", "nobody can", "the role does not exist"] {
                assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(lie), "{who}: {lie}: {outcome}");
            }
            let document = document(&session.run(&[words, &["-o", "json"]].concat()));
            assert_eq!(document["incomplete"], true, "{who}");
        }
    }
    let session = session(cluster, "said-no-roles");
    let rows = document(&session.run(&["rights", UID, "-o", "json"]));
    assert!(rows["rules"].as_array().unwrap().iter().all(|rule| rule["roleUnread"] == true), "{rows:#}");
    let who_can = session.run(&["who-can", "get", "secrets"]);
    assert!(who_can.stderr.contains("whether they allow it is not known"), "{who_can}");
}

/// Each of the sources alone does not answer: it is named, and nothing is taken for "none".
#[test]
fn each_source_that_does_not_answer_is_named() {
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    fill(&server);
    let admin = session(&server, "admin");
    for words in [&["rights", UID][..], &["who-can", "get", "secrets", "-n", "said-x"]] {
        assert_eq!(admin.run(words).status, Status::Done);
        for (path, named) in [
            ("/clusterrolebindings?", "clusterrolebindings"),
            ("/rolebindings?", "rolebindings"),
            ("/clusterroles?", "clusterroles"),
            ("/roles?", "roles"),
            ("/ramidentitymappings?", "ramidentitymappings"),
            ("/configmaps/alibabacloud-auth?", "alibabacloud-auth"),
            ("/api?", "API discovery at /api"),
            ("/apis?", "API discovery at /apis"),
        ] {
            server.faults().add("GET", path, 99, Fault::DropRequest);
            let table = admin.run(words);
            let json = admin.run(&[words, &["-o", "json"]].concat());
            server.faults().clear();
            assert_eq!((table.status, json.status), (Status::Incomplete, Status::Incomplete), "{path}: {table}");
            assert!(table.stderr.contains(named), "{path}: {table}");
            let report = document(&json);
            assert_eq!(report["incomplete"], true, "{path}");
            assert!(report["clusters"][0]["error"].as_str().is_some_and(|error| error.contains(named)), "{path}");
            for lie in ["no rights", "nobody can", "the role does not exist"] {
                assert!(!format!("{}{}", table.stdout, table.stderr).contains(lie), "{path}: {lie}: {table}");
            }
        }
    }
}

#[test]
fn the_sandbox_is_reported_of_as_it_is() {
    said(&ApiServer::start(ApiServerOptions::default()).unwrap());
}

#[test]
fn the_real_api_server_is_reported_of_as_it_is() {
    let Some(assets) = assets_for("tests/servers cluster rights said") else { return };
    said(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap());
}
