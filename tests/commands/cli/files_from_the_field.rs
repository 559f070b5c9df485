//! Files as people have them (tests/fixtures/cases/README.md): each is read, or said in plain words why not.

use std::path::PathBuf;

use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;

use crate::cli::desk::session;

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
