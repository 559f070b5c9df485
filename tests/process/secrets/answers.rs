//! The API server: answers that give back the credential that they were sent, and Secrets of the cluster.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, User};
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::canary::{Canaries, canary};
use super::watched::Watched;
use super::{assert_all_were_read, in_turn, is_whole, unread};
use crate::home::{CLUSTER, UID};

/// It is in types of bodies, which are constants of the sandbox.
const TOKEN: &str = "kanari+answers/5d8e4a1b7c=";
const NO_JSON: &str = "text/kanari+answers/5d8e4a1b7c=";
const JSON: &str = "application/json";

const COMMANDS: [&[&str]; 7] = [
    &["scan"],
    &["rights", UID],
    &["who-can", "get", "pods"],
    &["lint"],
    &["scan", "--persistence", UID],
    &["revoke", UID, "--dry-run"],
    &["status", UID],
];

fn session(server: &ApiServer, credential: &Credential) -> Session {
    let file = Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, credential);
    let session = Session::now().unwrap();
    session.write(".kube/config", file.yaml()).unwrap();
    session
}

/// Where it is given back; status, type and body of the answer; what is said.
type Row = (&'static str, u16, &'static str, String, &'static str);

fn rows(token: &str) -> Vec<Row> {
    let status = |code: u16, reason: &str, message: &str| {
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message})
            .to_string()
    };
    let list = |items: serde_json::Value| {
        json!({
            "kind": "ClusterRoleBindingList", "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": {"resourceVersion": "1"}, "items": items,
        })
        .to_string()
    };
    let in_path = format!(
        "invalid bearer token in /?token={}",
        percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC)
    );
    vec![
        ("message", 401, JSON, status(401, "Unauthorized", &format!("invalid bearer token {token}")), "[secret]"),
        ("message of a denial", 403, JSON, status(403, "Forbidden", &format!("User \"{token}\" cannot")), "[secret]"),
        ("message, percent-encoded", 400, JSON, status(400, "BadRequest", &in_path), "[secret]"),
        ("reason", 403, JSON, status(403, token, "no"), "[secret]"),
        ("text", 400, "text/plain", format!("bad header: Authorization: Bearer {token}\n"), "[secret]"),
        ("page", 502, "text/html", format!("<html>Authorization: Bearer {token}</html>"), "text/html"),
        ("type of the body", 502, NO_JSON, String::new(), "HTTP 502"),
        ("kind", 200, JSON, json!({"kind": token, "apiVersion": token}).to_string(), "instead of"),
        ("text instead of an object", 200, JSON, json!(token).to_string(), "invalid type: string"),
        ("key", 200, JSON, json!({token: {"a": token}}).to_string(), "can't"),
        ("name of the wrong type", 200, JSON, list(json!([{"metadata": {"name": [token]}}])), "invalid type: sequence"),
        ("item of the wrong type", 200, JSON, list(json!([token])), "invalid type: string"),
        (
            "time that is none",
            200,
            JSON,
            list(json!([{"metadata": {"name": "a", "creationTimestamp": token}}])),
            "can't be used",
        ),
        ("items that are a text", 200, JSON, list(json!(token)), "its `items` is not an array"),
        ("answer that is cut off", 200, JSON, format!("{{\"kind\":\"{token}"), "can't"),
    ]
}

#[test]
fn what_an_api_server_gives_back_of_a_credential_is_not_shown() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let basic = Credential::Basic { username: "admin".into(), password: TOKEN.into() };
    let pair = STANDARD.encode(format!("admin:{TOKEN}"));
    let canaries = Canaries::default().secret("token", TOKEN).secret("HTTP's basic", &pair);
    let mut wrong = Vec::new();
    for (credential, given_back) in [(Credential::Token(TOKEN.into()), TOKEN), (basic, &pair)] {
        let watched = Watched::new(session(&server, &credential), &canaries);
        for (number, (place, code, kind, body, says)) in rows(given_back).into_iter().enumerate() {
            // Both go the same way; a part of the rows is enough for the second.
            if !is_whole() && given_back != TOKEN && number % 3 > 0 {
                continue;
            }
            server.faults().add("*", "/", 999, Fault::Answer { code, content_type: kind, body });
            let mut said = watched.run(place, &["whoami"]);
            said.push_str(&watched.run(place, COMMANDS[0]));
            for words in in_turn(number, &COMMANDS[1..]) {
                said.push_str(&watched.run(place, words));
            }
            server.faults().clear();
            wrong.extend(unread(place, says, &said));
        }
    }
    assert_all_were_read(&wrong);
}

/// Secrets are listed without their data, and nothing of what a cluster keeps in them, or in the copies that kubectl leaves, is shown.
#[test]
fn nothing_of_the_clusters_secrets_is_shown() {
    let (secret, robot) = (canary("secret"), canary("robot"));
    let tokens = [(TOKEN.to_owned(), User::authenticated("ops", ["system:masters"]))];
    let server = ApiServer::start(ApiServerOptions { tokens: tokens.into(), ..ApiServerOptions::default() }).unwrap();
    let annotations = json!({
        "kubernetes.io/service-account.name": "robot",
        "kubectl.kubernetes.io/last-applied-configuration": json!({"stringData": {"a": secret}}).to_string(),
    });
    let subjects = json!([{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": format!("{UID}-1")}]);
    for object in [
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": "robot-token", "namespace": "default", "annotations": annotations},
            "data": {"token": STANDARD.encode(&robot)},
        }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "other", "namespace": "default"},
            "data": {"password": STANDARD.encode(&secret)},
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"},
            "data": {"password": secret},
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "ops", "annotations": annotations}, "subjects": subjects,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        }),
    ] {
        server.put(object, "test").unwrap();
    }
    let canaries =
        Canaries::default().secret("data of a Secret", &secret).secret("static token", &robot).secret("token", TOKEN);
    let watched = Watched::new(session(&server, &Credential::Token(TOKEN.into())), &canaries);
    let said: String = COMMANDS.iter().map(|words| watched.run("cluster", words)).collect();
    assert!(said.contains("robot-token"), "the Secrets were listed\n{said}");
}
