//! Kubeconfigs: each place of one that can hold a secret, sound and broken, and the files that it names.

use ackcred_sandbox::certs::{Authority, Identity, KeyKind, Subject, Validity};
use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::canary::{Canaries, canary, canary_with_signs};
use super::watched::Watched;
use super::{assert_all_were_read, in_turn, unread};
use crate::home::UID;

/// What reads a kubeconfig without asking any server, and is run for every row.
const ALWAYS: [&[&str]; 4] =
    [&["whoami"], &["whoami", "-f", ".kube/config"], &["expiry", "-A"], &["expiry", "-R", "."]];
/// What would ask a server that no one can reach.
const IN_TURN: [&[&str]; 9] = [
    &["scan"],
    &["whoami", "--offline"],
    &["status"],
    &["rights", UID],
    &["who-can", "get", "pods"],
    &["lint"],
    &["revoke", "-f", ".kube/config", "--dry-run"],
    &["rotate", "--in-place", "--dry-run"],
    &["verify", "--all", "-f", ".kube/config"],
];

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// A certificate and its key.
pub(super) fn identity() -> Identity {
    let authority = Authority::of_today().unwrap();
    let validity = Validity::ack(jiff::Timestamp::from_second(1_735_689_600).unwrap());
    authority.client(&Subject::ack(format!("{UID}-1")), validity, KeyKind::Rsa).unwrap()
}

/// A file of one context whose cluster and user these are, in JSON, which is YAML.
pub(super) fn file(cluster: &Value, user: &Value) -> String {
    let mut entry = json!({"server": "https://127.0.0.1:1"});
    for (key, value) in cluster.as_object().unwrap() {
        entry[key] = value.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "c", "cluster": entry}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": user}],
    })
    .to_string()
}

fn exec(args: &[&str], env: &Value) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false", "interactiveMode": "Never",
        "args": args, "env": env,
    }})
}

/// Where the secret is, the file, and what is said of it.
type Row = (&'static str, String, &'static str);

fn sound(identity: &Identity, secret: &str, signs: &str) -> Vec<Row> {
    let (certificate, key) = (identity.certificate_pem(), identity.key().pkcs8_pem());
    let none = json!({});
    let pair = json!({"client-certificate-data": base64(&certificate), "client-key-data": base64(&key)});
    let claims = json!({"sub": "system:serviceaccount:ci:robot", "exp": 1, "password": secret});
    let parts = [r#"{"alg":"RS256"}"#.to_owned(), claims.to_string(), secret.to_owned()];
    let jwt = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let provider = json!({"refresh-token": signs, "id-token": secret, "client-secret": secret});
    let extension = json!([{"name": "e", "extension": {"token": signs}}]);
    vec![
        ("token", file(&none, &json!({"token": secret})), "Token"),
        ("token with signs", file(&none, &json!({"token": signs})), "Token"),
        ("signature and claim of a token", file(&none, &json!({"token": jwt})), "1970-01-01T00:00:01Z"),
        ("tokenFile", file(&none, &json!({"tokenFile": "token"})), "Token"),
        ("password", file(&none, &json!({"username": "admin", "password": signs})), "Basic"),
        ("client-key-data", file(&none, &pair), UID),
        ("client-key", file(&none, &json!({"client-certificate": "certificate.pem", "client-key": "key.pem"})), UID),
        ("auth-provider", file(&none, &json!({"auth-provider": {"name": "oidc", "config": provider}})), "oidc"),
        ("env of exec", file(&none, &exec(&[], &json!([{"name": "PASSWORD", "value": signs}]))), "/bin/false"),
        ("args of exec", file(&none, &exec(&["--password", secret], &json!([]))), "/bin/false"),
        ("proxy-url", file(&json!({"proxy-url": format!("http://me:{secret}@127.0.0.1:1")}), &pair), UID),
        ("proxy-url of no known kind", file(&json!({"proxy-url": format!("ftp://me:{secret}@h")}), &pair), UID),
        (
            "server",
            file(&json!({"server": format!("https://me:{secret}@127.0.0.1:1/?t={secret}#{secret}")}), &pair),
            UID,
        ),
        (
            "server that is no URL",
            file(&json!({"server": format!("https://me:{secret}@ho st/?t={secret}")}), &pair),
            UID,
        ),
        ("extensions", file(&json!({"extensions": extension}), &pair), UID),
    ]
}

fn broken(identity: &Identity, secret: &str, signs: &str) -> Vec<Row> {
    let (certificate, key) = (identity.certificate_pem(), identity.key().pkcs8_pem());
    let none = json!({});
    let data = |certificate: &str, key: &str| {
        file(&none, &json!({"client-certificate-data": certificate, "client-key-data": key}))
    };
    let pem = |label: &str, headers: &str, content: &str| {
        base64(&format!("-----BEGIN {label}-----\n{headers}{content}\n-----END {label}-----\n"))
    };
    let text = file(&none, &json!({"token": secret}));
    let cut = text.find(secret).unwrap() + secret.len();
    let yaml = |line: &str| format!("apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user:\n    {line}\n");
    vec![
        ("key as the certificate", data(&base64(&key), &base64(&certificate)), "certificate"),
        ("key data that is no base64", data(&base64(&certificate), &format!("{signs}!")), "base64"),
        ("certificate data that is no base64", data(&format!("{signs}!"), &base64(&key)), "base64"),
        ("certificate that is no PEM", data(&base64(secret), &base64(&key)), "certificate"),
        ("key that is no PEM", data(&base64(&certificate), &base64(signs)), "key"),
        ("label of the PEM", data(&base64(&certificate), &pem(secret, "", "AAAA")), "key"),
        (
            "headers of the PEM",
            data(&base64(&certificate), &pem("PRIVATE KEY", &format!("Proc-Type: {secret}\n\n"), "AAAA")),
            "key",
        ),
        ("content of the PEM", data(&base64(&certificate), &pem("PRIVATE KEY", "", &base64(secret))), "key"),
        ("token that is a list", file(&none, &json!({"token": [secret]})), "expected text, found a list"),
        ("token that is a mapping", file(&none, &json!({"token": {"a": secret}})), "expected text, found a mapping"),
        ("user that is a text", file(&none, &json!(signs)), "expected a mapping, found text"),
        ("env that is a text", file(&none, &exec(&[], &json!(secret))), "expected a list, found text"),
        ("env of a wrong value", file(&none, &exec(&[], &json!([{"name": "A", "value": [secret]}]))), "expected text"),
        ("file that is a text", format!("{secret}\n"), ".kube/config"),
        ("file that is cut off", text[..cut].to_owned(), "line 1"),
        ("file in base64", base64(&text), "base64"),
        ("unknown alias", yaml(&format!("token: *{secret}")), "line 6"),
        ("unknown tag", yaml(&format!("token: !<{secret}> a")), ".kube/config"),
        ("bad escape", yaml(&format!("token: \"{secret}\\q\"")), "line 6"),
        ("bad indentation", yaml(&format!("token: a\n  {secret}: : b")), ".kube/config"),
        ("control character", yaml(&format!("token: {secret}\u{7}")), "line 6"),
    ]
}

#[test]
fn no_secret_of_a_kubeconfig_or_of_what_it_names_is_shown() {
    let identity = identity();
    let (secret, signs) = (canary("kubeconfig"), canary_with_signs("kubeconfig"));
    let key = identity.key().pkcs8_pem();
    let canaries = Canaries::default().secret("secret", &secret).secret("secret with signs", &signs).key("key", &key);
    let watched = Watched::new(Session::now().unwrap(), &canaries);
    watched.place("token", &signs);
    watched.place("certificate.pem", identity.certificate_pem());
    watched.place("key.pem", &key);
    let rows = [sound(&identity, &secret, &signs), broken(&identity, &secret, &signs)].concat();
    let mut wrong = Vec::new();
    for (row, (place, content, says)) in rows.iter().enumerate() {
        watched.place(".kube/config", content);
        let said: String = ALWAYS.iter().map(|words| watched.run(place, words)).collect();
        wrong.extend(unread(place, says, &said));
        for words in in_turn(row, &IN_TURN) {
            watched.run(place, words);
        }
    }
    assert_all_were_read(&wrong);
}

/// Flags can hold what kubeconfigs hold.
#[test]
fn no_secret_of_a_flag_is_shown() {
    let secret = canary("flag");
    let watched = Watched::new(Session::now().unwrap(), &Canaries::default().secret("secret", &secret));
    watched.place(".kube/config", file(&json!({}), &json!({"token": "t"})));
    let server = format!("https://me:{secret}@127.0.0.1:1/?token={secret}");
    let proxied = format!("http://me:{secret}@127.0.0.1:1");
    for words in [
        &["whoami", "--token", &secret][..],
        &["scan", "--token", &secret],
        &["whoami", "--server", &server],
        &["scan", "--server", &server],
        &["expiry", "--token", &secret],
    ] {
        watched.run("flag", words);
    }
    let proxy = Session::now().unwrap().with("HTTPS_PROXY", &proxied);
    let watched = Watched::new(proxy, &Canaries::default().secret("secret", &secret));
    watched.place(".kube/config", file(&json!({}), &json!({"token": "t"})));
    for words in [&["whoami"][..], &["scan"], &["status"]] {
        watched.run("HTTPS_PROXY", words);
    }
}
