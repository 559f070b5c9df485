//! Audit logs: bodies with tokens and Secrets, command lines, and lines that are broken where one stands.

use ackcred_sandbox::audit::LogForm;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::canary::{Canaries, canary, canary_with_signs};
use super::kubeconfigs::identity;
use super::watched::Watched;
use super::{assert_all_were_read, in_turn, unread};
use crate::home::{CLUSTER, UID};

const COMMANDS: [&[&str]; 3] = [
    &["trace", "-f", "leaked.yaml", "--audit-log", "audit.log"],
    &["trace", UID, "--audit-log", "audit.log"],
    &["suggest", UID, "--audit-log", "audit.log", "--log-only"],
];

/// Creates of tokens and Secrets as kube-apiserver logs them at level RequestResponse, by the leaked certificate.
fn event(credential: &str) -> Value {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/ci/secrets", "verb": "create",
        "user": {
            "username": format!("{UID}-1"), "groups": ["system:users"],
            "extra": {"authentication.kubernetes.io/credential-id": [credential]},
        },
        "sourceIPs": ["192.0.2.7"], "userAgent": "kubectl/v1.33.0",
        "objectRef": {"resource": "secrets", "namespace": "ci", "name": "s", "apiVersion": "v1"},
        "responseStatus": {"code": 201},
        "requestReceivedTimestamp": "2025-12-01T10:00:00.000001Z", "stageTimestamp": "2025-12-01T10:00:00.1Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    })
}

/// Where the secret is, what of the event is otherwise, and what is said.
type Row = (&'static str, Vec<(&'static str, Value)>, &'static str);

fn rows(secret: &str, signs: &str) -> Vec<Row> {
    let token = json!({"resource": "serviceaccounts", "subresource": "token", "namespace": "ci", "name": "robot", "apiVersion": "v1"});
    let pod = json!({"resource": "pods", "subresource": "exec", "namespace": "ci", "name": "p", "apiVersion": "v1"});
    let applied =
        json!({"kubectl.kubernetes.io/last-applied-configuration": json!({"stringData": {"a": secret}}).to_string()});
    vec![
        (
            "minted token",
            vec![
                ("objectRef", token),
                ("responseObject", json!({"kind": "TokenRequest", "status": {"token": secret}})),
            ],
            "serviceaccounts/token",
        ),
        ("data of a Secret", vec![("requestObject", json!({"data": {"a": STANDARD.encode(signs)}}))], "secrets"),
        ("stringData of a Secret", vec![("requestObject", json!({"stringData": {"a": signs}}))], "secrets"),
        ("answered Secret", vec![("responseObject", json!({"data": {"a": STANDARD.encode(secret)}}))], "secrets"),
        (
            "copy that kubectl apply leaves",
            vec![("requestObject", json!({"metadata": {"annotations": applied}}))],
            "secrets",
        ),
        (
            "command line",
            vec![
                ("objectRef", pod),
                ("requestURI", json!(format!("/api/v1/namespaces/ci/pods/p/exec?command=sh&command={secret}"))),
            ],
            "pods/exec",
        ),
        (
            "token in the URI",
            vec![("requestURI", json!(format!("/api/v1/namespaces/ci/secrets?token={secret}")))],
            "secrets",
        ),
        ("body that is a text", vec![("requestObject", json!(signs)), ("responseObject", json!(secret))], "secrets"),
        ("user that is a text", vec![("user", json!(secret))], ""),
        ("verb that is a mapping", vec![("verb", json!({secret: secret}))], ""),
        ("code that is a text", vec![("responseStatus", json!({"code": secret}))], ""),
        ("time that is none", vec![("requestReceivedTimestamp", json!(secret))], ""),
        ("object that is a text", vec![("objectRef", json!(secret))], ""),
        ("annotations that are a text", vec![("annotations", json!(secret))], ""),
    ]
}

#[test]
fn no_secret_of_an_audit_log_is_shown() {
    let identity = identity();
    let (secret, signs) = (canary("audit"), canary_with_signs("audit"));
    let canaries = Canaries::default().secret("secret", &secret).secret("secret with signs", &signs);
    let watched = Watched::new(Session::now().unwrap(), &canaries);
    let file = Kubeconfig::ack("https://127.0.0.1:1", "ca", CLUSTER, UID, &Credential::of(&identity));
    watched.place("leaked.yaml", file.yaml());
    let event = event(&format!("X509SHA256={}", identity.sha256()));
    let mut wrong = Vec::new();
    for (number, (place, changes, says)) in rows(&secret, &signs).into_iter().enumerate() {
        let mut changed = event.clone();
        for (key, value) in changes {
            changed[key] = value;
        }
        let line = changed.to_string();
        let half = line.find(&secret).map_or(line.len() / 2, |start| start + secret.len());
        // A whole line, one that is cut off behind the secret, and one that is no event.
        let lines = [line.clone(), event.to_string()];
        for form in in_turn_of_forms(number) {
            // A mapping is a text in it, and a verb is a text that is shown.
            if form == LogForm::FieldsAsTexts && place == "verb that is a mapping" {
                continue;
            }
            watched.place("audit.log", format!("{}{}\n{secret}\n", form.write(&lines).unwrap(), &line[..half]));
            let mut said = watched.run(place, COMMANDS[0]);
            for words in in_turn(number, &COMMANDS[1..]) {
                said.push_str(&watched.run(place, words));
            }
            wrong.extend(unread(place, says, &said));
        }
    }
    assert_all_were_read(&wrong);
}

fn in_turn_of_forms(row: usize) -> Vec<LogForm> {
    if super::is_whole() { LogForm::ALL.to_vec() } else { vec![LogForm::ALL[row % LogForm::ALL.len()]] }
}
