//! What may be theirs as well, and is no proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;

use super::lines::*;
use crate::core::audit::link::Link;
use crate::core::audit::trace::Trace;
use crate::core::credential::certificate_request::OF_ANN;

const NAME: &str = "200000000000000103";
const PODS: [&str; 5] = ["", "pods", "", "shop", ""];

fn found(trace: &Trace) -> Vec<(Link, String, u64, bool)> {
    trace.leads.iter().map(|lead| (lead.link, lead.what.clone(), lead.requests, lead.has_before)).collect()
}

#[test]
fn a_static_token_of_a_secret_that_was_read() {
    let by_token = |second, namespace: &str, secret: &str| {
        line(second, "", &format!("system:serviceaccount:{namespace}:robot"), "list", &PODS)
            .annotation("authentication.k8s.io/legacy-token-manual-secret", secret)
    };
    let lines = [
        by_token(0, "ci", "robot-token"),
        line(1, CERTIFICATE, NAME, "list", &["", "secrets", "", "ci", ""]),
        line(2, CERTIFICATE, NAME, "get", &["", "secrets", "", "shop", "one"]),
        line(3, CERTIFICATE, NAME, "get", &["", "secrets", "", "prod", "two"]).code(403),
        by_token(4, "ci", "robot-token"),
        by_token(5, "ci", "robot-token"),
        by_token(6, "shop", "one"),
        by_token(7, "shop", "other"),
        by_token(8, "prod", "two"),
    ];
    let mut reversed = texts(&lines);
    reversed.reverse();
    for lines in [texts(&lines), reversed] {
        let trace = traced(&lines, certificate_asked());
        assert_eq!(
            found(&trace),
            [(Link::Static, "ci/robot-token".to_owned(), 2, false), (Link::Static, "shop/one".to_owned(), 1, false)]
        );
        assert_eq!(trace.actors.len(), 1, "a possibility is not followed");
    }
}

#[test]
fn a_pods_token_from_a_new_address() {
    let by_pod = |second, address: &str| {
        line(second, "JTI=7-p", "system:serviceaccount:shop:web", "list", &PODS)
            .with("sourceIPs", json!([address]))
            .with(
                "user",
                json!({
                    "username": "system:serviceaccount:shop:web",
                    "extra": {
                        "authentication.kubernetes.io/credential-id": ["JTI=7-p"],
                        "authentication.kubernetes.io/pod-name": ["web-1"],
                    },
                }),
            )
    };
    let exec = line(5, CERTIFICATE, NAME, "get", &["", "pods", "exec", "shop", "web-1"]).code(101);
    let lines = [by_pod(1, "10.0.0.1"), exec.clone(), by_pod(6, "10.0.0.1"), by_pod(7, "203.0.113.9")];
    let trace = traced(&texts(&lines), certificate_asked());
    assert_eq!(found(&trace), [(Link::Exec, "shop/web-1".to_owned(), 1, true)]);
    assert_eq!(trace.leads[0].source_ips.iter().collect::<Vec<_>>(), ["203.0.113.9"]);
    let without_before = traced(&texts(&[exec, by_pod(6, "10.0.0.1")]), certificate_asked());
    assert_eq!(found(&without_before), [(Link::Exec, "shop/web-1".to_owned(), 1, false)]);
}

/// The log has no name of such a request but in the answer; the common name is in the request.
#[test]
fn a_certificate_of_a_name_for_which_one_was_requested() {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "shadow-admin");
    let csr = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
    let body = json!({
        "metadata": { "generateName": "csr-" },
        "spec": { "request": STANDARD.encode(csr), "signerName": "kubernetes.io/kube-apiserver-client" },
    });
    let request =
        line(2, CERTIFICATE, NAME, "create", &["certificates.k8s.io", "certificatesigningrequests", "", "", ""])
            .code(201)
            .with("level", json!("Request"))
            .with("requestObject", body);
    let used = |second, fingerprint: &str| {
        line(second, &format!("X509SHA256={fingerprint}"), "shadow-admin", "list", &["", "secrets", "", "", ""])
    };
    let lines = [used(1, "0a"), request, used(3, "0a"), used(4, "0b")];
    let trace = traced(&texts(&lines), certificate_asked());
    assert_eq!(found(&trace), [(Link::Requested, "shadow-admin".to_owned(), 1, true)]);
    assert_eq!(trace.leads[0].credential.as_deref(), Some("X509SHA256=0b"));
}

/// As API servers read it.
#[test]
fn of_several_common_names_the_last_one_counts() {
    let body = json!({ "spec": { "request": STANDARD.encode(OF_ANN) } });
    let request =
        line(2, CERTIFICATE, NAME, "create", &["certificates.k8s.io", "certificatesigningrequests", "", "", "a"])
            .code(201)
            .with("level", json!("Request"))
            .with("requestObject", body);
    let used = |second, name: &str| line(second, "X509SHA256=0b", name, "list", &["", "secrets", "", "", ""]);
    let trace = traced(&texts(&[request, used(3, "first"), used(4, "ann")]), certificate_asked());
    assert_eq!(found(&trace), [(Link::Requested, "ann".to_owned(), 1, false)]);
}
