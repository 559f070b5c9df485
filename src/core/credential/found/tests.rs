use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{ExtendedKeyUsagePurpose, PKCS_ECDSA_P256_SHA256};

use super::*;
use crate::core::fixtures::{CertificateFixture, RSA_PKCS1, key, rsa_key};

fn found(content: impl AsRef<[u8]>) -> Found {
    find(content.as_ref(), &Arc::from(Path::new("/tree/file")))
}

fn certificate() -> String {
    CertificateFixture::ack("20407123-1").usages(&[ExtendedKeyUsagePurpose::ClientAuth]).pem(&rsa_key())
}

fn kubeconfig() -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://apiserver\ncontexts:\n- name: x\n  context:\n    \
         cluster: c\n    user: u\ncurrent-context: x\nusers:\n- name: u\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\n",
        STANDARD.encode(certificate()),
        STANDARD.encode(RSA_PKCS1)
    )
}

/// The lines of kubeconfigs' users, and of certificates outside of them.
fn lines(found: &Found) -> (Vec<u64>, Vec<u64>) {
    let kubeconfigs = found.kubeconfigs.iter();
    let users = kubeconfigs
        .flat_map(|one| one.kubeconfig.users.keys().map(|user| one.line(user, CredentialKind::ClientCertificate)));
    (users.collect(), found.certificates.iter().map(|certificate| certificate.line).collect())
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[test]
fn a_kubeconfig_is_found_once_wherever_it_stands() {
    let plain = kubeconfig();
    let indented = plain.replace('\n', "\n      ");
    let in_json = format!("{{\n  \"outputs\": {{\n    \"kube_config\": {{\"value\": {}}}\n  }}\n}}\n", json(&plain));
    let base64 = STANDARD.encode(&plain);
    let wrapped: Vec<&str> = base64.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let as_value: serde_json::Value = {
        let user = serde_json::json!({"client-certificate-data": STANDARD.encode(certificate())});
        serde_json::json!({"kind": "Config", "clusters": [], "users": [{"name": "u", "user": user}]})
    };
    for (what, content, line) in [
        ("itself", plain.clone(), 16),
        ("windows", plain.replace('\n', "\r\n"), 16),
        ("behind a document", format!("a: b\n---\n{plain}"), 18),
        ("helm values", format!("replicas: 1\nkubeconfig: |\n      {indented}\nimage: x\n"), 18),
        ("a here document", format!("cat > k <<EOF\n{plain}EOF\nkubectl get po\n"), 17),
        ("terraform state", in_json.clone(), 3),
        ("json in json", format!("[\n{}\n]", json(&in_json)), 2),
        ("an environment file", format!("A=1\nKUBECONFIG_DATA={base64}\n"), 2),
        ("lines of base64", format!("data:\n  config: |\n    {}\n", wrapped.join("\n    ")), 3),
        ("base64 in json", format!("{{\n\"x\": {}}}", json(&wrapped.join("\n"))), 2),
        ("an object in json", format!("{{\n\"x\": [1, {as_value}]}}"), 2),
        ("a program's data", format!("\u{0}\u{1}\n{}\u{0}", json(&plain)), 2),
    ] {
        assert_eq!(lines(&found(&content)), (vec![line], vec![]), "{what}:\n{content}");
    }
    assert_eq!(lines(&found(utf16)), (vec![16], vec![]));
}

#[test]
fn what_stands_in_a_kubeconfig_is_found_once_whatever_else_stands_there() {
    let ca = CertificateFixture::ack("ca").pem(&rsa_key()).replace('\n', "\n    ");
    let extended = format!("extensions:\n- name: ca\n  extension: |\n    {ca}\n{}", kubeconfig());
    let (users, certificates) = lines(&found(&extended));
    assert_eq!((users.len(), certificates), (1, vec![]), "{extended}");
}

#[test]
fn a_certificate_is_found_with_the_key_of_its_file() {
    let (certificate, base64) = (certificate(), STANDARD.encode(certificate()));
    for (what, content, line) in [
        ("itself", certificate.clone(), 1),
        ("indented", format!("a: 1\nb: |\n  {}", certificate.replace('\n', "\n  ")), 3),
        ("a string", format!("{{\n\"cert\": {}}}", json(&certificate)), 2),
        ("a string within a string", json(&format!("{{\"cert\": {}}}", json(&certificate))), 1),
        ("base64", format!("x = 1\nclient_cert = \"{base64}\"\n"), 2),
        ("base64 within base64", format!("data: {}", STANDARD.encode(format!("cert: {base64}"))), 1),
    ] {
        let found = found(&content);
        assert_eq!(lines(&found), (vec![], vec![line]), "{what}:\n{content}");
        let alone = found.certificates[0].assess(&[]);
        assert!(matches!(alone.problem, Some(Problem::Missing(_))), "{what}");
        assert_eq!(alone.uid.unwrap().as_str(), "20407123", "{what}");
    }
    for key in [RSA_PKCS1.to_owned(), json(RSA_PKCS1), STANDARD.encode(RSA_PKCS1)] {
        let found = found(format!("{certificate}\nkey: {key}\n"));
        let keys: Vec<_> = found.keys.iter().collect();
        assert_eq!(found.certificates[0].assess(&keys).problem, None, "{key}");
    }
}

#[test]
fn certificates_of_others_than_clients_are_none() {
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, CodeSigning, ServerAuth};
    let count = |fixture: CertificateFixture| found(fixture.pem(&rsa_key())).certificates.len();
    let ack = || CertificateFixture::ack("20407123-1");
    assert_eq!(count(ack().usages(&[ClientAuth])), 1);
    assert_eq!(count(ack().usages(&[ClientAuth, ServerAuth])), 1);
    assert_eq!(count(ack().usages(&[ClientAuth]).host("ann.example")), 1);
    assert_eq!(count(ack().usages(&[Any])), 1);
    assert_eq!(count(ack().usages(&[ClientAuth, ServerAuth]).host("www.example")), 0);
    assert_eq!(count(ack().usages(&[ServerAuth]).host("www.example")), 0);
    assert_eq!(count(ack().usages(&[CodeSigning])), 0);
    assert_eq!(count(ack()), 0, "its own subject issued it");
    assert_eq!(count(CertificateFixture::ca("kubernetes").usages(&[ClientAuth])), 0);
}

#[test]
fn in_a_bundle_the_client_is_one_and_its_ca_is_known() {
    let ca = CertificateFixture::ca("kubernetes").valid("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let bundle = format!("{}{}", certificate(), ca.pem(&key(&PKCS_ECDSA_P256_SHA256)));
    let found = found(&bundle);
    assert_eq!(lines(&found), (vec![], vec![1]));
    assert!(found.certificates[0].assess(&[]).ca_not_after.is_some());
}

#[test]
fn what_a_plugin_left_is_one_credential() {
    let status = serde_json::json!({"clientCertificateData": certificate(), "clientKeyData": RSA_PKCS1});
    let found = found(serde_json::json!({"kind": "ExecCredential", "status": status}).to_string());
    assert_eq!((found.caches.len(), found.certificates.len()), (1, 0));
    assert_eq!(found.caches[0].problem, None);
}

#[test]
fn words_of_an_example_are_no_secret() {
    let user =
        |token: &str| format!("kind: Config\nclusters: []\nusers:\n- name: u\n  user:\n    token: \"{token}\"\n");
    let is_one = |content: &str| {
        let found = found(content);
        let kubeconfig = &found.kubeconfigs[0].kubeconfig;
        let user = &kubeconfig.users["u"].value;
        is_credential(Some(user), &Credential::assess(user, &crate::core::credential::Material::default()))
    };
    for token in ["REDACTED", "<token>", "${TOKEN}", "{{ .Values.token }}", "your-token-here", "DATA+OMITTED"] {
        assert!(!is_one(&user(token)), "{token}");
    }
    for token in ["abcdef.0123456789abcdef", "s3cr3t", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"] {
        assert!(is_one(&user(token)), "{token}");
    }
    assert!(!is_one(&user("x").replace("token: \"x\"", "client-certificate: gone.crt")));
    assert!(!is_one(&user("x").replace("token: \"x\"", "client-certificate-data: REDACTED")));
}

#[test]
fn texts_that_are_made_to_cost_time_end_early() {
    for content in [
        "\"users\" client-certificate ".repeat(20_000),
        "users:\\n client-certificate \"".repeat(20_000),
        format!("{}client-certificate", "users:\n- x\n".repeat(20_000)),
        "-----BEGIN CERTIFICATE-----\n".repeat(20_000),
        format!("client-certificate {}", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\n".repeat(20_000)),
        format!("{}users: client-certificate", "{".repeat(200_000)),
    ] {
        assert!(found(&content).is_empty());
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in proptest::collection::vec(0..14usize, 0..40),
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
        at in 0..400usize,
    ) {
        const PIECES: [&str; 14] = [
            "users", ":", "\n", "\\n", "\"", "{", "}", "  ", "- name: a", "client-certificate", "-----BEGIN CERTIFICATE-----",
            "-----END CERTIFICATE-----", "\\u00", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tLS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
        ];
        let mut text = pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>().into_bytes();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        let _ = found(text);
    }
}
