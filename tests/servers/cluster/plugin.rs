//! The plugin itself, in this process, asked the same of the sandbox and of the real API server: what it says must not differ.

use std::collections::BTreeMap;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::{Outcome, Session};
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const ANN: &str = "200000000000000101-1735689600";
const BO: &str = "200000000000000102-1735689600";

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "namespace": "plugin-shop"})
}

fn binding(name: &str, subjects: &[Value]) -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "plugin-reader"});
    json!({"metadata": {"name": name}, "roleRef": role, "subjects": subjects})
}

/// Grants of every shape, and people who may see all, half or none of them.
fn fill(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    setting.namespace("plugin-shop");
    setting.namespace("plugin-billing");
    let (everywhere, shop, billing) =
        (format!("{RBAC}/clusterrolebindings"), rbac_in("plugin-shop"), rbac_in("plugin-billing"));
    let (shop, billing) = (format!("{shop}/rolebindings"), format!("{billing}/rolebindings"));
    for (path, body) in [
        (&everywhere, binding("plugin-ops", &[user(ANN), group("4711"), account("4712")])),
        (&shop, binding("shared", &[user(BO), account("robot"), user(ANN), user("plain-name")])),
        (&shop, binding("role", &[user("300000000000000201")])),
        (&shop, binding("hostile", &[user("7-1"), user("evil\u{1b}[2J\u{202e}")])),
        (&billing, binding("nobody", &[group("200000000000000103-1"), account("200000000000000104")])),
        (&billing, binding("empty", &[])),
        (&billing, binding("month-end", &[user(BO)])),
    ] {
        setting.prepare("POST", path, &body, 201);
    }
    let profile =
        json!({"metadata": {"name": "ack-cluster-profile"}, "data": {"clusterid": CLUSTER, "uid": "1000000000000001"}});
    setting.prepare("POST", "/api/v1/namespaces/kube-system/configmaps", &profile, 201);
    for (who, resources) in [
        ("sees-both", &["clusterrolebindings", "rolebindings"][..]),
        ("sees-namespaces", &["rolebindings"]),
        ("sees-cluster", &["clusterrolebindings"]),
    ] {
        let rules = json!([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": resources, "verbs": ["list"]}]);
        setting.role(who, &rules);
        setting.bind(who, who);
        let attributes = json!({"verb": "list", "group": "rbac.authorization.k8s.io", "resource": resources[0]});
        setting.until_allowed(who, &[], &attributes, true);
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates made a moment ago are to be valid")]
fn session_of(kubeconfig: &str) -> Session {
    let session = Session::at(Timestamp::now()).unwrap();
    session.write(".kube/config", kubeconfig).unwrap();
    session
}

fn kubeconfig_of(cluster: &dyn Cluster, credential: &Credential) -> String {
    Kubeconfig::ack(&cluster.url(), &cluster.ca_pem(), CLUSTER, "me", credential).yaml()
}

const COMMANDS: [&[&str]; 6] = [
    &["whoami", "-o", "json"],
    &["scan"],
    &["scan", "-o", "json"],
    &["scan", "-o", "name", "-n", "plugin-billing"],
    &["scan", "-o", "json", "-n", "plugin-nowhere"],
    &["scan", "--uid", "200000000000000102", "--fail-on", "unknown"],
];

/// Asked by the administrator alone: how kube-apiserver words the refusal of an impersonation depends on what it allowed before.
const AS_SOMEBODY_ELSE: [&[&str]; 2] = [
    &["scan", "--as", "sees-cluster", "-o", "name"],
    &["whoami", "--as", "somebody", "--as-group", "else", "-o", "json"],
];

/// What was asked by whom, with all that the plugin said.
fn conversations(cluster: &dyn Cluster) -> BTreeMap<String, String> {
    fill(cluster);
    let mut people: Vec<(&str, Credential)> = ["sees-both", "sees-namespaces", "sees-cluster", "sees-nothing"]
        .map(|name| (name, Credential::of(&cluster.client(&Subject::ack(name)).unwrap())))
        .into();
    people.push(("admin", Credential::of(&cluster.administrator().unwrap())));
    people.push(("unknown token", Credential::Token("unknown".into())));
    people.push(("no credential", Credential::None));
    let mut said = BTreeMap::new();
    for (name, credential) in &people {
        let session = session_of(&kubeconfig_of(cluster, credential));
        let as_somebody_else = AS_SOMEBODY_ELSE.iter().filter(|_| *name == "admin");
        for command in COMMANDS.iter().chain(as_somebody_else) {
            let outcome = session.run(command);
            said.insert(format!("{name}: {}", command.join(" ")), normal(cluster, &session, &outcome));
        }
    }
    said
}

/// Without ports, folders, the time, and what is new in every certificate.
fn normal(cluster: &dyn Cluster, session: &Session, outcome: &Outcome) -> String {
    let mut outcome = outcome.clone();
    // A UID alone is JSON as well, and no document.
    if let Ok(mut document @ Value::Object(_)) = serde_json::from_str::<Value>(&outcome.stdout) {
        let (place, keys) = match document["kind"].as_str() {
            Some("WhoAmI") => {
                (&mut document["credential"], &["serial", "sha256", "notBefore", "notAfter", "remainingSeconds"][..])
            }
            _ => (&mut document, &["time"][..]),
        };
        keys.iter().for_each(|key| place[*key] = "<its own>".into());
        outcome.stdout = format!("{document:#}\n");
    }
    let home = session.home().display().to_string();
    outcome.to_string().replace(&cluster.url(), "<server>").replace(&home, "<home>")
}

#[test]
fn the_plugin_says_the_same_of_the_sandbox_and_of_the_real_api_server() {
    let Some(assets) = assets_for("tests/servers cluster plugin") else { return };
    let sandbox = ApiServer::start(ApiServerOptions::default()).unwrap();
    let real = ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap();
    let (sandbox, real) = (conversations(&sandbox), conversations(&real));

    let scan = &real["admin: scan -o json"];
    let report: Value = serde_json::from_str(scan.split("--- ").next().unwrap()).unwrap();
    let rows: Vec<(&str, &str, usize)> = report["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| {
            let shared = usize::try_from(grant["sharedWithCount"].as_u64().unwrap()).unwrap();
            (grant["subject"].as_str().unwrap(), grant["binding"]["name"].as_str().unwrap(), shared)
        })
        .collect();
    let mut expected = [
        (ANN, "plugin-ops", 2),
        (ANN, "shared", 3),
        (BO, "month-end", 0),
        (BO, "shared", 3),
        ("300000000000000201", "role", 0),
        ("7-1", "hostile", 1),
    ];
    expected.sort_unstable();
    let mut sorted = rows.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{scan}");
    for (question, code) in [
        ("sees-both: scan", 0),
        ("sees-namespaces: scan", 4),
        ("sees-cluster: scan", 4),
        ("sees-nothing: scan", 1),
        ("sees-nothing: whoami -o json", 0),
        ("unknown token: scan", 1),
        ("unknown token: whoami -o json", 4),
        ("admin: scan --uid 200000000000000102 --fail-on unknown", 3),
        ("admin: scan --as sees-cluster -o name", 4),
    ] {
        assert!(real[question].ends_with(&format!("--- exit {code}")), "{question}: {}", real[question]);
    }

    let differences: Vec<String> = real
        .iter()
        .filter(|(question, said)| sandbox[*question] != **said)
        .map(|(question, said)| format!("[{question}]\n  sandbox:\n{}\n  real:\n{said}", sandbox[question]))
        .collect();
    assert!(differences.is_empty(), "{} answers differ:\n\n{}", differences.len(), differences.join("\n\n"));
}

const NAMESPACES: usize = 50;
const BINDINGS_EACH: usize = 200;

/// The users of a binding: one, in every tenth two; beside them now and then subjects that only look like RAM identities.
fn subjects(namespace: usize, index: usize) -> (Vec<String>, Vec<Value>) {
    let number = namespace * BINDINGS_EACH + index;
    let mut users = vec![format!("{}-1735689600", 200_000_000_000_000_000_u64 + number as u64)];
    if index.is_multiple_of(10) {
        users.push(format!("3000000000000{number:05}"));
    }
    let mut subjects: Vec<Value> = users.iter().map(|name| user(name)).collect();
    if index.is_multiple_of(7) {
        subjects.insert(0, group(&format!("2000000000000{number:05}-1")));
        subjects.push(json!({"kind": "ServiceAccount", "name": format!("2{number}"), "namespace": "default"}));
    }
    (users, subjects)
}

fn create(cluster: &ControlPlane, namespace: usize) {
    let client = Client::new(cluster, Some(&cluster.administrator().unwrap())).unwrap();
    let post = |path: &str, body: &Value| {
        let reply = client.send("POST", path, &[], &body.to_string()).unwrap();
        assert_eq!(reply.code, 201, "{path}: {}", reply.json());
    };
    let name = format!("many-{namespace:02}");
    post("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
    for index in 0..BINDINGS_EACH {
        let body = binding(&format!("b-{index:03}"), &subjects(namespace, index).1);
        post(&format!("{}/rolebindings", rbac_in(&name)), &body);
    }
}

#[test]
fn ten_thousand_role_bindings_give_one_row_a_binding_and_subject() {
    let Some(assets) = assets_for("tests/servers cluster ten thousand") else { return };
    let real = ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..10 {
            let real = &real;
            scope.spawn(move || (lane..NAMESPACES).step_by(10).for_each(|namespace| create(real, namespace)));
        }
    });

    let mut expected = BTreeMap::new();
    for namespace in 0..NAMESPACES {
        for index in 0..BINDINGS_EACH {
            let (users, subjects) = subjects(namespace, index);
            for user in &users {
                let others: Vec<&Value> = subjects.iter().filter(|subject| subject["name"] != **user).collect();
                expected.insert((format!("many-{namespace:02}"), format!("b-{index:03}"), user.clone()), others.len());
            }
        }
    }
    assert_eq!(expected.len(), 11_000);

    let session = session_of(&kubeconfig_of(&real, &Credential::of(&real.administrator().unwrap())));
    let outcome = session.run(&["scan", "--all-users", "-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&report["incomplete"], &report["hidden"]), (&json!(false), &json!(0)));
    let grants = report["grants"].as_array().unwrap();
    assert_eq!(grants.len(), expected.len());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut seen = BTreeMap::new();
    for grant in grants {
        let binding = &grant["binding"];
        let key = (text(&binding["namespace"]), text(&binding["name"]), text(&grant["subject"]));
        assert_eq!((&binding["kind"], &grant["role"]["name"]), (&json!("RoleBinding"), &json!("plugin-reader")));
        assert_eq!(grant["uid"], *key.2.split('-').next().unwrap());
        let shared = usize::try_from(grant["sharedWithCount"].as_u64().unwrap()).unwrap();
        assert!(seen.insert(key, shared).is_none(), "twice: {grant}");
    }
    assert!(seen == expected, "the rows are others than the bindings");
}
