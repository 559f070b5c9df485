//! What lies on the desk before a command is run: credentials, kubeconfigs, and the same words for what differs each time.

use std::net::TcpListener;
use std::sync::LazyLock;

use ackcred_sandbox::certs::{Authority, Identity, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::{Outcome, Session};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::schema::assert_keeps_to_its_schema;

/// When all of this happens.
pub(crate) const NOW: &str = "2026-01-01T00:00:00Z";
/// A cluster.
pub(crate) const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
/// Another one.
pub(crate) const OTHER_CLUSTER: &str = "c0000000000000000000000000000beef";
/// A RAM user.
pub(crate) const UID: &str = people::ANN.uid;

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new(at(NOW)).unwrap());

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A person with an empty home.
pub(crate) fn session() -> Session {
    Session::at(at(NOW)).unwrap()
}

/// A person whose `~/.kube/config` this is.
pub(crate) fn session_with(kubeconfig: &Kubeconfig) -> Session {
    let session = session();
    session.write(".kube/config", kubeconfig.yaml()).unwrap();
    session
}

/// ACK's certificate for the RAM user, issued a year ago.
pub(crate) fn certificate() -> Identity {
    certificate_of(&Subject::ack(format!("{UID}-1735689600")), "2025-01-01T00:00:01Z")
}

/// A certificate of this subject, valid for ACK's three years.
pub(crate) fn certificate_of(subject: &Subject, start: &str) -> Identity {
    AUTHORITY.client(subject, Validity::ack(at(start)), KeyKind::Rsa).unwrap()
}

/// A certificate that ends so long after now.
pub(crate) fn certificate_until(end: SignedDuration) -> Identity {
    let start = at(NOW) + end - days(1095);
    AUTHORITY.client(&Subject::ack(format!("{UID}-1")), Validity::ack(start), KeyKind::Rsa).unwrap()
}

/// The address of an ACK cluster's API server.
pub(crate) fn server_of(cluster: &str) -> String {
    format!("https://apiserver.{cluster}.cn-hangzhou.cs.aliyuncs.com:6443")
}

/// The kubeconfig that ACK hands out for a credential.
pub(crate) fn ack_file(credential: &Credential) -> Kubeconfig {
    Kubeconfig::ack(&server_of(CLUSTER), &AUTHORITY.certificate_pem(), CLUSTER, UID, credential)
}

/// A token with these claims and a signature that nobody checks.
pub(crate) fn jwt(claims: &Value) -> String {
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&claims.to_string()), part("a signature"))
}

/// A port where a connection would be seen.
pub(crate) struct Trap(TcpListener);

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.0.local_addr().unwrap())
    }

    pub(crate) fn assert_untouched(&self) {
        let seen = self.0.accept();
        assert!(seen.is_err(), "somebody connected: {seen:?}");
    }
}

/// All that was said, with one word for the home folder, for every serial number and for every fingerprint. Where one of them stood,
/// columns are as wide as chance wills, and stand three spaces apart here.
pub(crate) fn printed(session: &Session, outcome: &Outcome) -> String {
    let said = outcome.to_string();
    let home = session.home().display().to_string();
    let real_home = session.home().canonicalize().unwrap().display().to_string();
    let text = name_hexadecimals(&said.replace(&real_home, "[home]").replace(&home, "[home]"));
    if text == said { said } else { with_three_spaces(&text) }
}

fn name_hexadecimals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_alphanumeric() {
            word.push(character);
            continue;
        }
        let is_hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word.len() {
            64 if is_hexadecimal => out.push_str("[fingerprint]"),
            28..=32 if is_hexadecimal => out.push_str("[serial]"),
            _ => out.push_str(&word),
        }
        word.clear();
        out.push(character);
    }
    out.pop();
    out
}

pub(crate) fn with_three_spaces(text: &str) -> String {
    let columns = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let cells: Vec<&str> = line.trim_start().split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        format!("{}{}", &line[..indent], cells.join("   "))
    };
    text.lines().map(columns).collect::<Vec<_>>().join("\n")
}

/// The document that a command printed, which keeps to its published schema.
pub(crate) fn document(outcome: &Outcome) -> Value {
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    assert_eq!(document["apiVersion"], "ackcred/v1");
    assert_keeps_to_its_schema(&document);
    document
}
