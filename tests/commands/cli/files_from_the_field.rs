//! Files as people have them (tests/fixtures/cases/README.md): each is read, or said in plain words why not.

use std::path::PathBuf;

use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;

use crate::cli::desk::{CLUSTER, session, session_with};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cases");

fn case(name: &str) -> String {
    PathBuf::from(CASES).join(name).display().to_string()
}

/// What a command says on standard error.
fn said(session: &Session, args: &[&str]) -> String {
    session.run(args).stderr
}

#[test]
fn a_folder_is_named_as_one_with_what_reads_it() {
    let session = session().with("KUBECONFIG", case("leaked"));
    for args in [&["expiry", "-A"][..], &["whoami", "--offline"], &["whoami", "-f", &case("leaked")]] {
        let outcome = session.run(args);
        assert_eq!(outcome.status, Status::Failed, "{outcome}");
        assert!(outcome.stderr.contains("leaked: it is a folder, not a file\n"), "{outcome}");
        assert!(
            outcome
                .stderr
                .contains("hint: name a file; for the kubeconfig files of a folder: kubectl ackcred expiry /")
        );
    }
}

#[test]
fn a_kubeconfig_that_is_still_in_base64_is_named_as_one() {
    for name in ["a-base64.yaml", "c-wrapped.yaml"] {
        let file = case(&format!("base64/{name}"));
        let whoami = said(&session(), &["whoami", "-f", &file]);
        let hint = format!("hint: decode it first: base64 -d {file} > kubeconfig.yaml\n");
        assert!(whoami.contains("not a kubeconfig but the base64 of one\n") && whoami.ends_with(&hint), "{whoami}");
        let expiry = session().run(&["expiry", &file]);
        assert!(expiry.stderr.contains("not a kubeconfig but the base64 of one"), "{expiry}");
    }
    let garbage = said(&session(), &["whoami", "-f", &case("base64/b-garbage.yaml")]);
    assert!(garbage.contains("not UTF-8 text") && !garbage.contains("base64 -d"), "{garbage}");
}

#[test]
fn empty_values_of_kubectls_flags_count_as_absent() {
    let session = session();
    std::fs::create_dir(session.home().join(".kube")).unwrap();
    std::fs::copy(case("homeless/.kube/config"), session.home().join(".kube/config")).unwrap();
    let plain = session.run(&["whoami", "--offline"]);
    assert_eq!(plain.status, Status::Done, "{plain}");
    let empty =
        ["--kubeconfig", "", "--context=", "--client-certificate", "", "--certificate-authority=", "-s", "", "-o", ""];
    assert_eq!(session.run(&[&["whoami", "--offline"][..], &empty].concat()), plain);
    // They don't stand in the way of a file that is only looked at.
    let leaked = case("leaked/b-tabs.json");
    let looked_at = session.run(&["whoami", "-f", &leaked, "--kubeconfig", "", "--token="]);
    assert_eq!(looked_at.status, Status::Done, "{looked_at}");
}

/// An operator with a context of the cluster that the leaked files are for. No server listens there.
fn operator() -> Session {
    let ca = std::fs::read_to_string(case("leaked/ca.crt")).unwrap();
    let token = Credential::Token("t".into());
    let own =
        Kubeconfig::new().cluster("c", "https://127.0.0.1:1", Some(&ca)).user("u", &token).context(CLUSTER, "c", "u");
    let key = |session: Session| {
        session.with("ALIBABA_CLOUD_ACCESS_KEY_ID", "a").with("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")
    };
    let endpoints = ["CS", "RAM", "STS", "IMS"].map(|product| format!("ACKCRED_{product}_ENDPOINT"));
    let session = key(session_with(&own.current(CLUSTER)));
    endpoints.iter().fold(session, |session, name| session.with(name, "http://127.0.0.1:1"))
}

#[test]
fn what_is_wrong_with_a_leaked_files_ca_is_said_and_a_sound_one_finds_its_cluster() {
    let operator = operator();
    let plan = |name: &str| said(&operator, &["revoke", "-f", &case(&format!("leaked/{name}")), "--dry-run"]);
    for (name, reason) in [
        ("c-no-ca-insecure.yaml", "the file has no CA for its cluster"),
        ("d-no-ca.yaml", "the file has no CA for its cluster"),
        ("f-ca-bom.yaml", "the CA of the file can't be read: a byte order mark stands before its first line"),
        ("n-ca-garbage.yaml", "the CA of the file can't be read: not base64: unexpected character at offset 0"),
    ] {
        let said = plan(name);
        let expected =
            format!("which cluster the file is for is not known: {reason}, and names and addresses can be edited");
        assert!(
            said.contains(&expected) && said.contains("kubectl ackcred revoke 200000000000000103"),
            "{name}: {said}"
        );
    }
    let other = plan("h-other-ca.yaml");
    assert!(
        other.contains("no context of yours leads to the cluster of the file: the key of its CA is another"),
        "{other}"
    );
    for name in
        ["a-utf16.yaml", "b-tabs.json", "e-ca-file.yaml", "g-two-cas.yaml", "s-cert-and-ca.yaml", "u-ca-crlf.yaml"]
    {
        let said = plan(name);
        assert!(!said.contains("the cluster of the file") && !said.contains("which cluster"), "{name}: {said}");
        // It goes as far as the operator's own server.
        assert!(said.contains("127.0.0.1:1"), "{name}: {said}");
    }
}

#[test]
fn a_ca_outside_the_leaked_files_folder_is_said_not_to_be_read() {
    let operator = operator();
    let text = std::fs::read_to_string(case("leaked/e-ca-file.yaml")).unwrap();
    for (named, reason) in [
        ("gone.crt", "gone.crt does not exist"),
        ("/etc/ssl/ca.crt", "/etc/ssl/ca.crt lies outside the file's folder, and is not read"),
    ] {
        let file = operator.write("leaked.yaml", text.replace("ca.crt", named)).unwrap();
        let said = said(&operator, &["revoke", "-f", &file.display().to_string(), "--dry-run"]);
        assert!(said.contains("the CA of the file can't be read: ") && said.contains(reason), "{said}");
    }
}

#[test]
fn what_else_keeps_a_leaked_file_from_being_revoked_is_named() {
    let operator = operator();
    for (name, reason) in [
        ("j-no-key.yaml", "j-no-key.yaml: the certificate has no private key beside it"),
        ("m-no-contexts.yaml", "the kubeconfig has no contexts"),
        ("q-unquoted.yaml", "users[0].name: expected text, found a number; put it in quotes"),
        (
            "r-ca-first-bundle.yaml",
            "the first certificate in the bundle is a CA's; the client certificate must come first",
        ),
        ("t-cert-only-pem.yaml", "not a kubeconfig but PEM, such as a certificate or a key"),
    ] {
        let outcome = operator.run(&["revoke", "-f", &case(&format!("leaked/{name}")), "--dry-run"]);
        assert!(outcome.stderr.contains(reason), "{name}: {outcome}");
        assert!(matches!(outcome.status, Status::Refused | Status::Failed), "{name}: {outcome}");
    }
    let looked_at = operator.run(&["whoami", "-f", &case("leaked/r-ca-first-bundle.yaml")]);
    let invalid = "Invalid: client-certificate-data: the first certificate in the bundle is a CA's";
    assert!(looked_at.stdout.contains(invalid) && !looked_at.stderr.contains("CA certificate"), "{looked_at}");
}

#[test]
fn a_current_profile_that_does_not_exist_and_an_unknown_mode_are_named() {
    for (name, reason) in [
        ("i-missing-current.json", "its current profile 'prod' does not exist; there is 'default'"),
        ("p-empty-file.json", "it is empty"),
        ("h-unknown-mode.json", "its mode is none of AK, StsToken, RamRoleArn"),
    ] {
        let session = session();
        std::fs::create_dir(session.home().join(".aliyun")).unwrap();
        std::fs::copy(case(&format!("profiles/{name}")), session.home().join(".aliyun/config.json")).unwrap();
        let outcome = session.run(&["status", "200000000000000103"]);
        assert!(outcome.stderr.contains(reason) && !outcome.stderr.contains("Quantum"), "{name}: {outcome}");
        assert_eq!(outcome.status, Status::Failed, "{name}: {outcome}");
    }
}
