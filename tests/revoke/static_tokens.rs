//! Static tokens that the leaver could read: ended by a label, proven by it, and given back; and never a byte of them is read.

use std::time::{Duration, Instant};

use ackcred_sandbox::account_token::StaticTokenOf;
use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, Gate};
use ackcred_sandbox::binding::RBAC;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::crash::{BINARY, revocation, revocations, signal, spawn};
use crate::scene::{CARL, Incident, SOON, name};
use crate::setting::{binding, user};

crate::on_both_servers!(static_tokens_that_the_leaver_could_read_are_ended_and_given_back);

pub(crate) const LABEL: &str = "kubernetes.io/legacy-token-invalid-since";
/// Stands in a Secret's data, and in what `kubectl apply` repeats of it.
const CANARY: &str = "canary-77ab10";

pub(crate) fn path(namespace: &str, secret: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/{secret}")
}

/// Makes a ServiceAccount, where the server keeps such, and a Secret with a token of it.
pub(crate) fn place<C: Cluster>(incident: &Incident<C>, namespace: &str, secret: &str) -> String {
    let admin = incident.admin();
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    let send = |method: &str, path: &str, body: &Value| admin.send(method, path, &[], &body.to_string()).unwrap();
    send("DELETE", &path(namespace, secret), &json!({}));
    send("DELETE", &format!("{accounts}/robot"), &json!({}));
    let account = send("POST", &accounts, &json!({"metadata": {"name": "robot"}})).json();
    let uid = account["metadata"]["uid"].as_str().unwrap_or("none").to_owned();
    let token = StaticTokenOf { namespace, secret, account: "robot", uid: &uid }.signed().unwrap();
    let applied = json!({"kind": "Secret", "stringData": {"note": CANARY}}).to_string();
    let body = json!({
        "metadata": {"name": secret, "annotations": {
            "kubernetes.io/service-account.name": "robot", "kubernetes.io/service-account.uid": uid,
            "kubectl.kubernetes.io/last-applied-configuration": applied,
        }},
        "type": "kubernetes.io/service-account-token", "stringData": {"token": token, "note": CANARY},
    });
    incident.post(&format!("/api/v1/namespaces/{namespace}/secrets"), &body);
    token
}

/// Lets the leaver list Secrets in the shop.
pub(crate) fn let_read<C: Cluster>(incident: &Incident<C>) {
    let rules = json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["secrets"]}]);
    incident.post(&format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": "secrets-lister"}, "rules": rules}));
    let bindings = format!("{RBAC}/namespaces/shop/rolebindings");
    incident.post(&bindings, &binding("secrets", "ClusterRole", "secrets-lister", &[user(&name(CARL))]));
    incident.server.catch_up().unwrap();
}

pub(crate) fn status<C: Cluster>(incident: &Incident<C>, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let client = Client::new(&incident.server, None).unwrap();
    client.send("GET", "/api", &[("Authorization", &bearer)], "").unwrap().code
}

fn until<C: Cluster>(incident: &Incident<C>, token: &str, code: u16) {
    // API servers remember for some seconds that a token is good.
    let until = Instant::now() + SOON;
    while status(incident, token) != code {
        assert!(Instant::now() < until, "the token never got {code}, but {}", status(incident, token));
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn label<C: Cluster>(incident: &Incident<C>, secret: &str) -> Value {
    incident.get(&path("shop", secret))["metadata"]["labels"][LABEL].clone()
}

/// Action and object of each step, with its result.
fn steps(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line =
        |step: &Value| format!("{} {} {}", text(&step["action"]), text(&step["object"]["name"]), text(&step["result"]));
    report["steps"].as_array().unwrap().iter().map(line).filter(|step| step.contains("StaticToken")).collect()
}

pub(crate) fn check(report: &Value) -> &Value {
    let checks = report["verification"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == "StaticTokens").unwrap_or(&Value::Null)
}

fn static_tokens_that_the_leaver_could_read_are_ended_and_given_back<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let (read, unread) = (place(&incident, "shop", "read"), place(&incident, "billing", "unread"));
    let_read(&incident);
    [&read, &unread].into_iter().for_each(|token| until(&incident, token, 200));
    let plan = |flags: &[&str]| incident.json(&[&["revoke", CARL, "--dry-run=server"], flags].concat()).1;
    let (without, with) = (plan(&[]), plan(&["--end-static-tokens"]));
    assert!(steps(&without).is_empty());
    assert_eq!(steps(&with), ["EndStaticToken read "]);
    assert_ne!(without["hash"], with["hash"]);
    assert!(label(&incident, "read").is_null(), "a plan changes nothing");

    let revoke = ["revoke", CARL, "--yes", "--settle", "0", "--end-static-tokens"];
    let (ended, report, said) = incident.json(&revoke);
    assert_eq!((ended, check(&report)["result"].as_str()), (Status::Done, Some("Passed")), "{report:#}\n{said}");
    assert_eq!(steps(&report), ["EndStaticToken read Done"]);
    until(&incident, &read, 401);
    assert_eq!(status(&incident, &unread), 200, "what the leaver could not read goes on");
    let set = label(&incident, "read");
    assert_eq!(set.as_str().map(str::len), Some("2026-11-29".len()), "{set}");
    for text in [report.to_string(), said] {
        assert!(![CANARY, &read, &unread].iter().any(|secret| text.contains(*secret)));
    }

    let operation = report["operation"].as_str().unwrap();
    let (given_back, report, said) = incident.json(&["restore", operation, "--yes", "--force"]);
    assert_eq!((given_back, steps(&report)), (Status::Done, vec!["ReviveStaticToken read Done".to_owned()]), "{said}");
    assert!(said.contains("every holder of the static token in Secret/shop/read has access again"), "{said}");
    until(&incident, &read, 200);
    assert!(label(&incident, "read").is_null());

    // A label of others is theirs.
    let (ended, report, _) = incident.json(&revoke);
    assert_eq!(ended, Status::Done);
    let operation = report["operation"].as_str().unwrap();
    let other = json!([{"op": "replace", "path": format!("/metadata/labels/{}", LABEL.replace('/', "~1")), "value": "2020-01-01"}]);
    incident.patch(&path("shop", "read"), &other);
    let (_, report, _) = incident.json(&["restore", operation, "--yes", "--force"]);
    assert!(steps(&report).is_empty(), "{report:#}");
    assert_eq!(label(&incident, "read"), "2020-01-01");
    until(&incident, &read, 401);
    for (namespace, secret) in [("shop", "read"), ("billing", "unread")] {
        incident.delete(&path(namespace, secret));
    }
}

/// Without the right to see or to change Secrets nothing is changed at all.
#[test]
fn who_may_not_list_secrets_is_refused() {
    let incident = Incident::sandbox(|setup| {
        setup.operator_may(json!([
            {"verbs": ["*"], "apiGroups": ["rbac.authorization.k8s.io", "authorization.k8s.io"], "resources": ["*"]},
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["namespaces", "configmaps"]},
        ]))
    });
    let before = incident.bindings();
    let (ended, plan, said) = incident.json(&["revoke", CARL, "--yes", "--end-static-tokens"]);
    assert_eq!(ended, Status::Refused, "{plan:#}\n{said}");
    assert!(plan["refusals"].to_string().contains("static tokens could not be read"), "{plan:#}");
    assert_eq!(incident.bindings(), before);
}

/// Killed before the label is written, or before its answer has come: resumed, it is ended; restored, it is taken again.
#[test]
fn a_revocation_that_is_killed_at_a_token_is_finished_and_undone() {
    for hold in [Fault::HoldRequest as fn(Gate) -> Fault, Fault::HoldResponse] {
        let incident = Incident::sandbox(|setup| setup);
        let token = place(&incident, "shop", "read");
        let_read(&incident);
        // The dry run passes.
        let gate = incident.server.faults().gate_after("PATCH", &path("shop", "read"), 1, hold);
        let mut args = revocation(&incident);
        args.extend(["--end-static-tokens".to_owned(), "--force".to_owned()]);
        let mut child = spawn(incident.process(BINARY).args(args));
        assert!(gate.wait_reached(1, SOON), "the label was never sent");
        signal(&child, "-KILL");
        child.wait().unwrap();
        gate.open();
        let operation = revocations(&incident)[0].0.clone();
        let resume = ["revoke", "--resume", &operation, "--yes", "--settle", "0", "--force"];
        let (_, report, said) = incident.json(&resume);
        assert!(label(&incident, "read").is_string(), "{report:#}\n{said}");
        assert_eq!(status(&incident, &token), 401);
        let rearm = name(CARL);
        let (ended, report, said) = incident.json(&["restore", &operation, "--yes", "--force", "--rearm", &rearm]);
        assert_eq!(ended, Status::Done, "{report:#}\n{said}");
        assert_eq!(status(&incident, &token), 200, "{report:#}");
    }
}

/// One write, which fails where anything moved and whose answer is a row.
#[test]
fn the_label_is_set_by_a_merge_patch_that_has_the_version() {
    let incident = Incident::sandbox(|setup| setup);
    place(&incident, "shop", "read");
    let_read(&incident);
    incident.server.faults().forget();
    let (ended, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0", "--end-static-tokens"]);
    assert_eq!(ended, Status::Done, "{report:#}\n{said}");
    let changes = incident.changes();
    let own: Vec<_> = changes.iter().filter(|change| change.path.contains("/secrets/")).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    let body: Value = serde_json::from_str(&own[0].body).unwrap();
    assert_eq!(body["type"], "kubernetes.io/service-account-token");
    assert!(body["metadata"]["resourceVersion"].is_string() && body["metadata"]["labels"][LABEL].is_string(), "{body}");
    assert!(own[0].query.contains("includeObject=None") && !own[0].audit_id.is_empty(), "{own:?}");
}
