//! Credentials from the field (tests/fixtures/cases): each with the status that kubectl 1.36 and kube-apiserver 1.36 give it.
//! `tests/process/judge` asks Go about the same files.

use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;

use super::desk::at;

/// When the files were made.
const NOW: &str = "2026-11-28T20:00:00Z";

/// The credentials of a file and their statuses, worst first.
fn statuses(session: &Session, case: &str) -> String {
    let file = format!("{}/tests/fixtures/cases/{case}.yaml", env!("CARGO_MANIFEST_DIR"));
    let outcome = session.run(&["expiry", &file, "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let status = |item: &serde_json::Value| {
        format!("{} {}", item["credential"].as_str().unwrap_or("-"), item["status"].as_str().unwrap())
    };
    report["items"].as_array().unwrap().iter().map(status).collect::<Vec<_>>().join(", ")
}

/// Each file with its credentials and their statuses.
const CASES: &[(&str, &str)] = &[
    ("03-key-labels/a-private-key-pkcs1", "ClientCertificate Effective"),
    ("03-key-labels/b-rsa-label-pkcs8", "ClientCertificate Effective"),
    ("03-key-labels/c-ec-label-pkcs8", "ClientCertificate Effective"),
    ("03-key-labels/d-rsa-label-sec1", "ClientCertificate Effective"),
    ("03-key-labels/e-odd-label", "ClientCertificate Effective"),
    ("03-key-labels/f-trailing-bytes", "ClientCertificate Effective"),
    ("03-key-labels/g-openssh-label", "ClientCertificate Invalid"),
    ("03-key-labels/h-encrypted-pkcs8", "ClientCertificate Invalid"),
    ("03-key-labels/i-encrypted-trad", "ClientCertificate Invalid"),
    ("03-key-labels/j-swapped", "ClientCertificate Invalid"),
    ("03-key-labels/k-public-key", "ClientCertificate Invalid"),
    ("03-key-labels/l-encrypted-then-plain", "ClientCertificate Invalid"),
    ("03-key-labels/m-other-key-first", "ClientCertificate Invalid"),
    ("03-key-labels/n-rsa-pss-key", "ClientCertificate Effective"),
    ("04-ec-keys/a-p256-params", "ClientCertificate Effective"),
    ("04-ec-keys/b-p256-explicit", "ClientCertificate Invalid"),
    ("04-ec-keys/c-secp256k1", "ClientCertificate Invalid"),
    ("04-ec-keys/d-p224", "ClientCertificate Invalid"),
    ("04-ec-keys/e-p521", "ClientCertificate Effective"),
    ("04-ec-keys/f-brainpool", "ClientCertificate Invalid"),
    ("04-ec-keys/g-p384", "ClientCertificate Effective"),
    ("04-ec-keys/h-sm2", "ClientCertificate Invalid"),
    ("04-ec-keys/i-ed25519", "ClientCertificate Effective"),
    ("04-ec-keys/j-ed448", "ClientCertificate Invalid"),
    ("04-ec-keys/l-rsapss", "ClientCertificate Invalid"),
    ("04-ec-keys/n-rsa1024", "ClientCertificate Effective"),
    ("04-ec-keys/o-rsa512", "ClientCertificate Invalid"),
    ("04-ec-keys/p-rsa8192", "ClientCertificate Effective"),
    ("04-ec-keys/q-rsa-e3", "ClientCertificate Effective"),
    ("06-serials/b-zero", "ClientCertificate Effective"),
    ("06-serials/c-21-octets", "ClientCertificate Effective"),
    ("06-serials/d-minus-big", "ClientCertificate Invalid"),
    ("06-serials/e-nonminimal", "ClientCertificate Invalid"),
    ("06-serials/f-empty", "ClientCertificate Invalid"),
    ("06-serials/g-long-200-octets", "ClientCertificate Invalid"),
    ("06-serials/h-ca-negative-behind-leaf", "ClientCertificate Invalid"),
    ("07-exec/a-v1alpha1", "Exec Invalid"),
    ("07-exec/b-v1-no-mode", "Exec Dynamic"),
    ("07-exec/c-nulls", "Exec Dynamic"),
    ("07-exec/d-bad-mode", "Exec Dynamic"),
    ("07-exec/e-env-number", "- Invalid"),
    ("07-exec/f-env-bool", "- Invalid"),
    ("07-exec/g-no-command", "Exec Invalid"),
    ("07-exec/h-no-apiversion", "Exec Invalid"),
    ("07-exec/i-provide-string", "- Invalid"),
    ("07-exec/j-args-number", "- Invalid"),
    ("07-exec/k-env-dup", "Exec Dynamic"),
    ("07-exec/l-env-no-name", "Exec Dynamic"),
    ("07-exec/m-ack-ram-tool", "Exec Dynamic"),
    ("07-exec/n-relative-command", "Exec Dynamic"),
    ("07-exec/o-v2", "Exec Invalid"),
    ("07-exec/p-top-level-api-version", "- Invalid"),
    ("13-pem-text/a-bom-first", "ClientCertificate Invalid"),
    ("13-pem-text/b-openssl-text", "ClientCertificate Effective"),
    ("13-pem-text/c-crlf", "ClientCertificate Effective"),
    ("13-pem-text/d-no-final-newline", "ClientCertificate Effective"),
    ("13-pem-text/e-cr-only", "ClientCertificate Invalid"),
    ("13-pem-text/f-indented", "ClientCertificate Invalid"),
    ("13-pem-text/g-one-line", "ClientCertificate Invalid"),
    ("13-pem-text/h-one-line-body", "ClientCertificate Effective"),
    ("13-pem-text/i-literal-backslash-n", "ClientCertificate Invalid"),
    ("13-pem-text/j-bag-attributes", "ClientCertificate Effective"),
    ("13-pem-text/k-header-in-block", "ClientCertificate Effective"),
    ("13-pem-text/l-header-without-blank-line", "ClientCertificate Effective"),
    ("13-pem-text/m-colon-line-in-the-middle", "ClientCertificate Invalid"),
    ("13-pem-text/n-comment-in-the-middle", "ClientCertificate Invalid"),
    ("13-pem-text/o-blank-lines", "ClientCertificate Effective"),
    ("13-pem-text/p-trusted-label", "ClientCertificate Invalid"),
    ("13-pem-text/q-x509-label", "ClientCertificate Invalid"),
    ("13-pem-text/r-text-before-dashes-on-the-line", "ClientCertificate Invalid"),
    ("13-pem-text/s-trailing-text-after-begin", "ClientCertificate Effective"),
    ("13-pem-text/t-end-with-text", "ClientCertificate Invalid"),
    ("13-pem-text/u-end-no-newline-before", "ClientCertificate Invalid"),
    ("13-pem-text/v-begin-twice", "ClientCertificate Effective"),
    ("13-pem-text/w-lowercase-label", "ClientCertificate Invalid"),
    ("13-pem-text/x-pkcs7", "ClientCertificate Effective"),
    ("13-pem-text/y-trailing-der", "ClientCertificate Invalid"),
    ("17-token-files/a-newline", "TokenFile Effective"),
    ("17-token-files/b-crlf", "TokenFile Effective"),
    ("17-token-files/c-bom", "TokenFile Invalid"),
    ("17-token-files/d-blanks", "TokenFile Effective"),
    ("17-token-files/e-empty", "TokenFile Invalid"),
    ("17-token-files/f-two-lines", "TokenFile Invalid"),
    ("17-token-files/g-bearer", "TokenFile Invalid"),
    ("17-token-files/h-quotes", "TokenFile Invalid"),
    ("17-token-files/i-nbsp", "TokenFile Effective"),
    ("17-token-files/j-utf16", "TokenFile Invalid"),
    ("17-token-files/k-json", "TokenFile Invalid"),
    ("17-token-files/l-dir", "TokenFile Invalid"),
    ("17-token-files/m-missing", "TokenFile Missing"),
    ("17-token-files/n-outside", "TokenFile Missing"),
    ("20-two-credentials/b-expired-cert-live-jwt", "ClientCertificate Expired, Token Effective"),
    ("20-two-credentials/c-live-cert-expired-jwt", "Token Expired, ClientCertificate Effective"),
    ("20-two-credentials/d-cert-and-exec", "ClientCertificate Effective, Exec Dynamic"),
    ("20-two-credentials/e-token-and-exec", "Token Static, Exec Dynamic"),
    ("20-two-credentials/f-token-and-tokenfile", "Token Expired, TokenFile Static"),
    ("20-two-credentials/g-basic-and-token", "Token Static, Basic Static"),
    ("20-two-credentials/h-basic-and-expired-cert", "ClientCertificate Expired, Basic Static"),
    ("20-two-credentials/i-cert-without-key-and-token", "ClientCertificate Missing, Token Static"),
    ("20-two-credentials/j-key-without-cert-and-token", "Token Static"),
    ("20-two-credentials/k-cert-data-and-file", "ClientCertificate Effective"),
    ("20-two-credentials/l-expired-cert-and-as", "ClientCertificate Effective"),
    ("20-two-credentials/m-exec-and-auth-provider", "AuthProvider Missing, Exec Dynamic"),
    ("20-two-credentials/n-auth-provider-and-expired-cert", "- Invalid"),
    ("21-tokens/a-legacy-sa", "Token Static"),
    ("21-tokens/b-bound", "Token Expired"),
    ("21-tokens/c-exp-float", "Token Effective"),
    ("21-tokens/d-exp-string", "Token Effective"),
    ("21-tokens/e-exp-ms", "Token Static"),
    ("21-tokens/f-exp-e", "Token Effective"),
    ("21-tokens/g-exp-0", "Token Expired"),
    ("21-tokens/h-exp-null", "Token Static"),
    ("21-tokens/i-exp-negative", "Token Expired"),
    ("21-tokens/j-padded", "Token Static"),
    ("21-tokens/k-jwe", "Token Static"),
    ("21-tokens/l-no-sig", "Token Expired"),
    ("21-tokens/m-bearer-prefix", "Token Invalid"),
    ("21-tokens/n-trailing-newline", "Token Invalid"),
    ("21-tokens/o-rancher", "Token Static"),
    ("21-tokens/p-rancher-v2", "Token Static"),
    ("21-tokens/q-placeholder", "Token Invalid"),
    ("21-tokens/r-data-omitted", "Token Invalid"),
    ("21-tokens/s-env", "Token Invalid"),
    ("21-tokens/t-exp-dup", "Token Effective"),
    ("21-tokens/u-std-base64", "Token Static"),
    ("21-tokens/v-alg-none", "Token Expiring"),
    ("21-tokens/w-nbf-future", "Token NotYetValid"),
    ("21-tokens/x-iat-future", "Token NotYetValid"),
    ("21-tokens/y-base64-of-jwt", "Token Static"),
    ("21-tokens/z-config-view", "ClientCertificate Invalid, Token Invalid"),
    ("29-subjects/a-underscore-in-printable", "ClientCertificate Invalid"),
    ("29-subjects/b-bad-printable-in-issuer", "ClientCertificate Invalid"),
    ("29-subjects/c-multi-valued-rdn", "ClientCertificate Effective"),
    ("29-subjects/d-bmp", "ClientCertificate Effective"),
    ("29-subjects/e-t61", "ClientCertificate Effective"),
    ("29-subjects/f-universal", "ClientCertificate Invalid"),
    ("29-subjects/g-utf8-names", "ClientCertificate Effective"),
    ("29-subjects/h-fullwidth-digits", "ClientCertificate Effective"),
    ("29-subjects/i-newline-and-escape", "ClientCertificate Effective"),
    ("29-subjects/j-trailing-blank", "ClientCertificate Effective"),
    ("29-subjects/k-two-cn", "ClientCertificate Effective"),
    ("29-subjects/l-no-cn", "ClientCertificate Invalid"),
    ("29-subjects/m-empty-subject", "ClientCertificate Invalid"),
    ("29-subjects/n-masters-case", "ClientCertificate Effective"),
    ("29-subjects/o-email", "ClientCertificate Effective"),
    ("29-subjects/p-comma-in-o", "ClientCertificate Effective"),
    ("29-subjects/q-uid-only", "ClientCertificate Effective"),
    ("29-subjects/r-leading-zeros", "ClientCertificate Effective"),
    ("29-subjects/s-long-digits", "ClientCertificate Effective"),
    ("29-subjects/t-two-suffixes", "ClientCertificate Effective"),
    ("29-subjects/u-generation-in-ou", "ClientCertificate Effective"),
    ("29-subjects/v-uid-attribute-k8s-1.32", "ClientCertificate Effective"),
    ("29-subjects/w-nul-in-cn", "ClientCertificate Effective"),
    ("29-subjects/x-duplicate-extension", "ClientCertificate Invalid"),
    ("29-subjects/y-inner-outer-algorithm", "ClientCertificate Invalid"),
    ("29-subjects/z-utf8-invalid", "ClientCertificate Invalid"),
    ("30-usages/b-any", "ClientCertificate Effective"),
    ("30-usages/c-none", "ClientCertificate Effective"),
    ("30-usages/d-both", "ClientCertificate Effective"),
    ("30-usages/e-codesign", "ClientCertificate Invalid"),
    ("30-usages/f-critical-unknown-ext", "ClientCertificate Invalid"),
    ("30-usages/g-empty-dns-san", "ClientCertificate Effective"),
    ("30-usages/h-bad-uri-san", "ClientCertificate Invalid"),
    ("30-usages/i-bad-ip-san", "ClientCertificate Invalid"),
    ("30-usages/j-nonascii-dns-san", "ClientCertificate Invalid"),
    ("30-usages/k-spiffe", "ClientCertificate Effective"),
    ("31-chains/a-ca-first", "ClientCertificate Invalid"),
    ("31-chains/b-int-first", "ClientCertificate Invalid"),
    ("31-chains/c-right-order", "ClientCertificate Effective"),
    ("31-chains/d-key-then-cert-in-one-file", "ClientCertificate Effective"),
    ("31-chains/e-leaf-twice", "ClientCertificate Effective"),
    ("31-chains/f-old-cert-appended-new", "ClientCertificate Expired"),
    ("31-chains/g-new-then-old", "ClientCertificate Effective"),
    ("31-chains/h-garbage-first", "ClientCertificate Invalid"),
    ("31-chains/i-garbage-second", "ClientCertificate Invalid"),
    ("31-chains/j-damaged-first", "ClientCertificate Effective"),
];

#[test]
fn each_case_has_the_status_that_kubectl_and_the_api_server_give_it() {
    let session = Session::at(at(NOW)).unwrap();
    let different: Vec<String> = CASES
        .iter()
        .map(|(case, expected)| (case, expected, statuses(&session, case)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(case, expected, found)| format!("{case}: {found}, expected {expected}"))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn an_expired_certificate_does_not_hide_a_token_that_opens_the_cluster() {
    let session = Session::at(at(NOW)).unwrap();
    let file =
        format!("{}/tests/fixtures/cases/20-two-credentials/b-expired-cert-live-jwt.yaml", env!("CARGO_MANIFEST_DIR"));
    let outcome = session.run(&["expiry", &file, "-q", "--fail-on", "static,effective"]);
    assert_eq!(outcome.status, Status::Findings);
    let outcome = session.run(&["whoami", "-f", &file, "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["credential"]["status"], "Expired");
    assert_eq!(report["otherCredentials"][0]["kind"], "Token");
    assert_eq!(report["otherCredentials"][0]["status"], "Effective");
}
