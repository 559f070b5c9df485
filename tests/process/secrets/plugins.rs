//! Credential plugins: what one prints, where it is a credential and where it is none, and what its cache holds.

use ackcred_sandbox::session::Session;
use serde_json::{Value, json};

use super::canary::{Canaries, canary, canary_with_signs};
use super::kubeconfigs::{file, identity};
use super::watched::Watched;
use super::{assert_all_were_read, in_turn, unread};
use crate::home::UID;

const COMMANDS: [&[&str]; 5] =
    [&["scan"], &["rights", UID], &["lint"], &["revoke", UID, "--dry-run"], &["who-can", "get", "pods"]];

fn credential(status: &Value) -> String {
    json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}).to_string()
}

/// Where the secret is, what the plugin prints, how it ends, and what is said.
type Row = (&'static str, String, u8, &'static str);

fn rows(secret: &str, signs: &str, key: &str) -> Vec<Row> {
    let whole = credential(&json!({"token": secret}));
    vec![
        ("token", whole.clone(), 0, "127.0.0.1"),
        (
            "key",
            credential(&json!({"clientCertificateData": "no certificate", "clientKeyData": key})),
            0,
            "certificate",
        ),
        ("key without a certificate", credential(&json!({"clientKeyData": key})), 0, "only one of certificate and key"),
        ("token that is a list", credential(&json!({"token": [secret]})), 0, "expected text, found a list"),
        (
            "end that is no time",
            credential(&json!({"token": secret, "expirationTimestamp": signs})),
            0,
            "no RFC 3339 time",
        ),
        ("another version", whole.replace("k8s.io/v1", "k8s.io/v7"), 0, "not of the kind and version"),
        ("status that is a text", credential(&json!(signs)), 0, "expected a mapping, found text"),
        ("output that is a text", secret.to_owned(), 0, "no ExecCredential"),
        ("output that is cut off", whole[..whole.len() - 4].to_owned(), 0, "no ExecCredential"),
        ("output before a failure", whole.clone(), 3, "exit status: 3"),
        ("output without end", whole.clone() + &signs.repeat(60_000), 0, "wrote more than"),
    ]
}

#[test]
fn nothing_of_what_a_plugin_prints_is_shown() {
    let (secret, signs) = (canary("plugin"), canary_with_signs("plugin"));
    let key = identity().key().pkcs8_pem();
    let canaries = Canaries::default().secret("secret", &secret).secret("secret with signs", &signs).key("key", &key);
    let watched = Watched::new(Session::now().unwrap().with("PATH", "/usr/bin:/bin"), &canaries);
    let mut wrong = Vec::new();
    for (number, (place, output, code, says)) in rows(&secret, &signs, &key).into_iter().enumerate() {
        let exec = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
            "args": ["-c", format!("cat output; exit {code}")],
        }});
        watched.place(".kube/config", file(&json!({}), &exec));
        watched.place("output", output);
        let mut said = watched.run(place, &["whoami"]);
        for words in in_turn(number, &COMMANDS) {
            said.push_str(&watched.run(place, words));
        }
        wrong.extend(unread(place, says, &said));
    }
    assert_all_were_read(&wrong);
}
