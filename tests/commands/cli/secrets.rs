//! No secret in any output, however much is logged.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, User};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::cli::desk::{CLUSTER, UID, certificate, session_with};

const TOKEN: &str = "token-7b1f3c9a2e";
const PASSWORD: &str = "password-5d8e4a1b7c";
const REFRESH: &str = "refresh-9c2d6b3f8e";
const VARIABLE: &str = "variable-1a4c7e2b5d";

/// What must not be seen: a text, or any long line of a key.
fn forbidden(key_pem: &str) -> Vec<String> {
    let lines = key_pem.lines().filter(|line| line.len() > 40 && !line.contains("---")).map(str::to_owned);
    let encoded = STANDARD.encode(key_pem);
    let chunks = [encoded[100..160].to_owned()];
    let basic = STANDARD.encode(format!("admin:{PASSWORD}"));
    lines.chain(chunks).chain([TOKEN, PASSWORD, REFRESH, VARIABLE].map(str::to_owned)).chain([basic]).collect()
}

fn assert_silent(session: &Session, words: &[&str], forbidden: &[String]) {
    for format in ["table", "wide", "json", "yaml", "csv", "name"] {
        let outcome = session.run(&[words, &["-vvv", "-o", format]].concat());
        let said = outcome.to_string();
        for secret in forbidden {
            assert!(!said.contains(secret.as_str()), "{words:?} -o {format} shows {secret}:\n{said}");
        }
    }
}

#[test]
fn however_much_is_logged_no_secret_is() {
    let tokens = [(TOKEN.to_owned(), User::authenticated("robot", ["system:masters"]))];
    let server = ApiServer::start(ApiServerOptions { tokens: tokens.into(), ..ApiServerOptions::default() }).unwrap();
    let identity = server.client(&Subject::user(format!("{UID}-1"), ["system:masters"])).unwrap();
    let key = identity.key().pkcs8_pem();
    let answer = json!({
        "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": TOKEN, "clientCertificateData": identity.certificate_pem(), "clientKeyData": key},
    });
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
        "args": ["-c", "cat answer"], "env": [{"name": "SECRET", "value": VARIABLE}],
    });
    let garbage = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
        "args": ["-c", format!("echo '{{\"status\": {{\"token\": \"{TOKEN}'")],
    });
    let users = [
        ("certificate", Credential::of(&identity)),
        ("token", Credential::Token(TOKEN.into())),
        ("basic", Credential::Basic { username: "admin".into(), password: PASSWORD.into() }),
        (
            "provider",
            Credential::AuthProvider {
                name: "oidc".into(),
                config: json!({"refresh-token": REFRESH, "id-token": TOKEN, "client-secret": PASSWORD}),
            },
        ),
        ("exec", Credential::Exec(exec)),
        ("broken", Credential::RawCertificateData { certificate: TOKEN.into(), key: format!("{PASSWORD}!") }),
        ("crossed", Credential::Certificate { certificate: key.clone(), key: certificate().certificate_pem() }),
        ("file", Credential::TokenFile("token".into())),
    ];
    let mut file = Kubeconfig::new().cluster("c", &server.url(), Some(&server.ca_pem()));
    for (name, credential) in &users {
        file = file.user(name, credential).context(name, "c", name);
    }
    let session = session_with(&file.current("certificate"));
    session.write(".kube/token", TOKEN).unwrap();
    session.write("answer", answer.to_string()).unwrap();
    let forbidden = forbidden(&key);
    for (name, _) in &users {
        assert_silent(&session, &["whoami", "--context", name], &forbidden);
        assert_silent(&session, &["whoami", "-f", ".kube/config", "--context", name], &forbidden);
        assert_silent(&session, &["scan", "--context", name], &forbidden);
    }
    assert_silent(&session, &["expiry", "-A"], &forbidden);
    assert_silent(&session, &["whoami", "--token", TOKEN], &forbidden);
    // The commands above did reach the server with these credentials.
    let asked = server.faults().exchanges();
    assert!(asked.iter().any(|exchange| exchange.user == "robot") && asked.iter().any(|e| e.user.starts_with(UID)));

    let plugin = Kubeconfig::new().cluster("c", &server.url(), Some(&server.ca_pem()));
    let plugin = session_with(&plugin.user("u", &Credential::Exec(garbage)).context("c", "c", "u").current("c"));
    assert_silent(&plugin, &["whoami"], &[TOKEN.to_owned()]);
    assert_silent(&plugin, &["scan"], &[TOKEN.to_owned()]);
}

/// A server that hands back what it was sent, as some proxies do in their error pages.
#[test]
fn a_server_that_echoes_the_token_does_not_make_it_seen() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let page = format!("<html>Authorization: Bearer {TOKEN}</html>");
    server.faults().add("*", "/", 99, Fault::Answer { code: 502, content_type: "text/html", body: page });
    let file = Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, &Credential::Token(TOKEN.into()));
    let session = session_with(&file);
    assert_silent(&session, &["whoami"], &[TOKEN.to_owned()]);
    assert_silent(&session, &["scan"], &[TOKEN.to_owned()]);
}
