//! `suggest` against the deed: a session of requests is done by one who may do much, and done again by one who holds nothing but what is
//! suggested for it. What was allowed is allowed again, what was denied is denied again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{ControlPlane, ControlPlaneOptions, assets_for};
use ackcred_sandbox::session::{Outcome, Session};
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const MERGE: (&str, &str) = ("Content-Type", "application/merge-patch+json");
const APPLY: (&str, &str) = ("Content-Type", "application/apply-patch+yaml");
const CANARY: &str = "canary-of-a-body";
const OLD: &str = "sg-old";
const NEW: &str = "sg-new";
const WITHIN: Duration = Duration::from_secs(60);

/// A request, and whether it is allowed to who may do much.
struct Deed {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Value,
    is_allowed: bool,
}

fn get(path: &str) -> Deed {
    Deed { method: "GET", path: path.to_owned(), headers: Vec::new(), body: Value::Null, is_allowed: true }
}

fn send(method: &'static str, path: &str, body: Value) -> Deed {
    Deed { method, body, ..get(path) }
}

fn denied(deed: Deed) -> Deed {
    Deed { is_allowed: false, ..deed }
}

fn with(header: (&'static str, &'static str), deed: Deed) -> Deed {
    Deed { headers: vec![header], ..deed }
}

fn deeds() -> Vec<Deed> {
    let maps = "/api/v1/namespaces/sg-a/configmaps";
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": CANARY}});
    let token = |namespace: &str| {
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        send("POST", &format!("/api/v1/namespaces/{namespace}/serviceaccounts/robot/token"), body)
    };
    let binding = |role: &str| {
        let subjects = [json!({"kind": "User", "apiGroup": RBAC_GROUP, "name": "sg-friend"})];
        let role = json!({"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role});
        json!({"metadata": {"name": "sg-made"}, "subjects": subjects, "roleRef": role})
    };
    let role = json!({
        "metadata": {"name": "sg-made"}, "rules": [{"verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"]}],
    });
    vec![
        get("/version"),
        get("/apis/apps/v1"),
        get("/metrics"),
        denied(get("/logs/")),
        get(maps),
        get(&format!("{maps}?watch=true&timeoutSeconds=1")),
        get("/api/v1/namespaces/sg-b/pods?fieldSelector=metadata.name%3Done"),
        get("/api/v1/namespaces/sg-a/pods/nothing-there"),
        denied(get("/api/v1/namespaces/sg-a/secrets")),
        send("POST", maps, map("made")),
        with(MERGE, send("PATCH", &format!("{maps}/made"), json!({"data": {"b": "c"}}))),
        with(APPLY, send("PATCH", &format!("{maps}/applied?fieldManager=sg"), map("applied"))),
        token("sg-a"),
        token("sg-b"),
        with(("Impersonate-User", "sg-boss"), get("/api/v1/namespaces/sg-b/configmaps")),
        with(("Impersonate-User", "sg-chief"), get("/api/v1/namespaces/sg-b/configmaps")),
        denied(with(("Impersonate-User", "sg-friend"), get("/api/v1/namespaces/sg-b/configmaps"))),
        send("POST", &format!("{}/rolebindings", rbac_in("sg-a")), binding("sg-read")),
        // The authorizer allows it, and the escalation check does not.
        denied(send("POST", &format!("{RBAC}/clusterrolebindings"), binding("cluster-admin"))),
        send("POST", &format!("{}/roles", rbac_in("sg-a")), role),
        // The authorizer allows it, and admission does not.
        denied(send("DELETE", "/api/v1/namespaces/default", Value::Null)),
        get("/api/v1/namespaces/sg-a/pods/one/exec?command=ls&stdout=true"),
        send("DELETE", "/api/v1/namespaces/sg-b/configmaps?labelSelector=a%3Db", Value::Null),
        send("DELETE", &format!("{maps}/made"), Value::Null),
    ]
}

fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

/// Who may do much, but is no administrator: that one is asked about nothing.
fn fill(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    for namespace in ["sg-a", "sg-b"] {
        setting.namespace(namespace);
        for account in ["robot", "default"] {
            let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
            setting.prepare("POST", &path, &json!({"metadata": {"name": account}}), 201);
        }
        let pod = json!({
            "metadata": {"name": "one"}, "spec": {"containers": [{"name": "c", "image": "none.invalid/none"}]},
        });
        setting.prepare("POST", &format!("/api/v1/namespaces/{namespace}/pods"), &pod, 201);
    }
    let authentication = "authentication.k8s.io";
    let all = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    setting.role(
        "sg-wide",
        &json!([
            rule(&all, "", &["configmaps", "pods", "namespaces"], &[]),
            rule(&["get", "create"], "", &["pods/exec", "serviceaccounts/token"], &[]),
            rule(&["impersonate"], "", &["users"], &["sg-boss"]),
            rule(&["impersonate:user-info"], authentication, &["users"], &["sg-chief"]),
            rule(&["impersonate-on:user-info:list"], "", &["configmaps"], &[]),
            rule(&["create"], RBAC_GROUP, &["rolebindings", "clusterrolebindings", "roles"], &[]),
            rule(&["bind"], RBAC_GROUP, &["clusterroles"], &["sg-read"]),
            {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
        ]),
    );
    setting.bind("sg-wide", OLD);
    // Who binds it holds a part of it alone, and so must be let bind it.
    setting
        .role("sg-read", &json!([rule(&["list"], "", &["configmaps"], &[]), rule(&["get"], "", &["pods/log"], &[])]));
    setting.bind("sg-read", "sg-boss");
    setting.bind("sg-read", "sg-chief");
    cluster.catch_up().unwrap();
}

/// Does it all, and says what was otherwise than it is to be.
fn wrong(cluster: &dyn Cluster, who: &str) -> Vec<String> {
    let client = Client::new(cluster, Some(&cluster.client(&Subject::ack(who)).unwrap())).unwrap();
    let mut wrong = Vec::new();
    for Deed { method, path, headers, body, is_allowed } in deeds() {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let reply = client.send(method, &path, &headers, &text).unwrap();
        if !matches!(reply.code, 401 | 403) != is_allowed {
            wrong.push(format!("{who}: {method} {path} {headers:?}: {} {}", reply.code, reply.json()));
        }
    }
    // Requests that follow each other are logged one after the other.
    client.send("GET", "/version?last-of-the-session", &[], "").unwrap();
    wrong
}

fn wait_for_the_log(path: &Path) {
    let until = Instant::now() + WITHIN;
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let is_complete = |line: &str| line.contains("last-of-the-session") && line.contains("ResponseComplete");
        if text.lines().any(is_complete) {
            return;
        }
        assert!(Instant::now() < until, "the API server logs nothing: {text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn audited(folder: &Path) -> ControlPlaneOptions {
    let policy = folder.join("policy.yaml");
    std::fs::write(&policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n").unwrap();
    let flags = vec![
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", folder.join("audit.log").display()),
    ];
    ControlPlaneOptions { flags, ..ControlPlaneOptions::default() }
}

fn kubectl_apply(assets: &Path, home: &Path, file: &Path) {
    let mut kubectl = Command::new(assets.join("kubectl"));
    kubectl.env("HOME", home).arg("--kubeconfig").arg(home.join(".kube/config")).args(["apply", "-f"]).arg(file);
    let output = kubectl.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn suggest(session: &Session, more: &[&str]) -> Outcome {
    let subject = format!("User/{OLD}");
    let outcome =
        session.run(&[&["suggest", "--subject", &subject, "--audit-log", "audit.log", "--offline"], more].concat());
    let is_secret = |text: &str| text.contains(CANARY) || text.contains("eyJ");
    assert!(!is_secret(&outcome.stdout) && !is_secret(&outcome.stderr), "a body is shown");
    outcome
}

#[test]
fn what_was_allowed_is_allowed_again_and_what_was_denied_is_denied() {
    let Some(assets) = assets_for("tests/servers cluster suggestion") else { return };
    #[expect(clippy::disallowed_methods, reason = "certificates made a moment ago are to be valid")]
    let session = Session::at(Timestamp::now()).unwrap();
    let cluster = ControlPlane::start(&assets, &audited(session.home())).unwrap();
    let admin = cluster.kubeconfig(&Subject::user("admin", ["system:masters"])).unwrap();
    session.write(".kube/config", admin).unwrap();
    fill(&cluster);
    assert_eq!(wrong(&cluster, OLD), [""; 0]);
    wait_for_the_log(&session.home().join("audit.log"));

    let outcome = suggest(&session, &["-o", "yaml"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    for never in ["'*'", "\"*\"", "secrets", "escalate", "cluster-admin", "sg-friend"] {
        assert!(!outcome.stdout.contains(never), "{never}: {outcome}");
    }
    assert!(
        outcome.stderr.contains("WOULD-LOSE") && outcome.stderr.contains("ClusterRoleBinding/-/sg-wide-sg-old"),
        "{outcome}"
    );

    let checked = suggest(&session, &["--dry-run=server"]);
    assert!(checked.status == Status::Done && checked.stdout.contains("would be taken"), "{checked}");
    let administrator = Client::new(&cluster, Some(&cluster.administrator().unwrap())).unwrap();
    let role = format!("{RBAC}/clusterroles/suggested-{OLD}");
    assert_eq!(administrator.send("GET", &role, &[], "").unwrap().code, 404, "a dry run stores nothing");

    let file = session.write("roles.yaml", outcome.stdout.replace(OLD, NEW)).unwrap();
    kubectl_apply(&assets, session.home(), &file);
    cluster.catch_up().unwrap();
    assert_eq!(wrong(&cluster, NEW), [""; 0]);
}
