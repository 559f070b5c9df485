//! Formats for scripts, monitoring and browsers. What kubectl, promtool and a browser make of them is in `tests/process`.

use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;

use crate::cli::desk::{CLUSTER, ack_file, certificate, certificate_until, days, server_of, session, session_with};

/// A certificate that ended, and a token.
fn two_credentials() -> Session {
    let token = Credential::Token("abc".into());
    let file = ack_file(&Credential::of(&certificate_until(days(-1)))).user("bot", &token);
    session_with(&file.context("bot", "kubernetes", "bot"))
}

#[test]
fn a_template_is_for_the_document_without_what_is_null() {
    let session = two_credentials();
    let template = r#"jsonpath={range .items[*]}{.status}: {.uid}{"\n"}{end}"#;
    assert_snapshot!(session.run(&["expiry", "-A", "-o", template]), @r"
    Expired: 200000000000000101
    Static: 
    --- exit 0
    ");
    assert_snapshot!(session.run(&["expiry", "-A", "-o", "custom-columns=WHO:.uid,STATUS:status,NONE:{.none}"]), @r"
    WHO                  STATUS    NONE
    200000000000000101   Expired   <none>
    <none>               Static    <none>
    --- exit 0
    ");
    let as_json = session.run(&["expiry", "-A", "-o", "jsonpath-as-json={.items[?(@.uid)].status}"]);
    assert_eq!(as_json.stdout, "[\n    \"Expired\"\n]\n");
    let bare = session.run(&["expiry", "-A", "-o", "custom-columns=STATUS:.status", "--no-headers"]);
    assert_eq!(bare.stdout, "Expired\nStatic\n");
    // A document without a list is one row.
    let one = session.run(&["whoami", "--offline", "-o", "custom-columns=UID:.identity.uid"]);
    assert_eq!(one.stdout, "UID\n200000000000000101\n");
}

#[test]
fn a_template_can_be_in_a_file() {
    let session = two_credentials();
    session.write("template", "{.items[0].status}").unwrap();
    session.write("columns", "STATUS LEFT\n.status .remainingSeconds\n").unwrap();
    session.write("broken", "{.items[0}").unwrap();
    assert_eq!(session.run(&["expiry", "-A", "-o", "jsonpath-file=template"]).stdout, "Expired");
    let columns = session.run(&["expiry", "-A", "-o", "custom-columns-file=columns"]);
    assert_eq!(columns.stdout, "STATUS    LEFT\nExpired   -86400\nStatic    <none>\n");
    assert_snapshot!(session.run(&["expiry", "-o", "jsonpath-file=broken"]), @r"
    --- stderr
    error: broken: character 8 of the template: the bracket is not closed
    hint: write ] at its end
    --- exit 2
    ");
    let missing = session.run(&["expiry", "-o", "jsonpath-file=gone"]);
    assert_eq!((missing.status, missing.stdout.as_str()), (Status::Failed, ""));
    assert!(missing.stderr.contains("cannot read the template gone"), "{missing}");
}

#[test]
fn what_does_not_fit_is_said_with_its_place_and_nothing_is_printed() {
    let session = two_credentials();
    assert_snapshot!(session.run(&["expiry", "-o", "jsonpath={.items[7].uid}"]), @r"
    --- stderr
    error: character 8 of the template: index 7 is beyond a list of 1
    hint: -o json shows the document that the template is for
    --- exit 2
    ");
    assert_snapshot!(session.run(&["expiry", "-o", "custom-columns=UID:.uid,X:.status[0]"]), @r"
    --- stderr
    error: character 19 of the template: a text is no list
    hint: -o json shows the document that the template is for
    --- exit 2
    ");
    let unread = session.run(&["expiry", "-o", "jsonpath={.items[*].uid"]);
    assert_eq!((unread.status, unread.stdout.as_str()), (Status::Usage, ""));
    assert!(
        unread.stderr.contains("character 1 of the template") && unread.stderr.contains("tip: write }"),
        "{unread}"
    );
}

#[test]
fn a_format_changes_no_exit_code() {
    let session = two_credentials();
    session.write("broken", "users: [").unwrap();
    for format in ["table", "json", "prometheus", "html", "jsonpath={.kind}", "custom-columns=A:.uid"] {
        let status = |words: &[&str]| session.run(&[&["expiry", "-o", format], words].concat()).status;
        assert_eq!(status(&["-A", "--fail-on", "expired"]), Status::Findings, "{format}");
        assert_eq!(status(&[".kube/config", "broken"]), Status::Incomplete, "{format}");
        assert_eq!(status(&["broken"]), Status::Failed, "{format}");
    }
}

#[test]
fn values_do_not_steer_a_terminal_and_a_pipe_gets_them_as_they_are() {
    let name = "a\u{202e}b";
    let file = Kubeconfig::new().cluster("c", &server_of(CLUSTER), None).user("u", &Credential::Token("t".into()));
    let file = file.context(name, "c", "u").current(name);
    let words = ["expiry", "-o", "jsonpath={.items[0].context}\t"];
    assert_eq!(session_with(&file).run(&words).stdout, format!("{name}\t"));
    assert_eq!(session_with(&file).on_a_terminal().run(&words).stdout, "a\\u{202e}b\t");
}

#[test]
fn metrics_tell_nothing_from_not_read() {
    let session = session_with(&ack_file(&Credential::of(&certificate())));
    let read = session.run(&["expiry", "-o", "prometheus"]).stdout;
    assert!(
        read.contains("subject_CN=\"200000000000000101-1735689600\",uid=\"200000000000000101\"} 1830297601\n"),
        "{read}"
    );
    assert!(read.contains("x509_read_errors 0\n") && read.contains("ackcred_expiry_incomplete 0\n"), "{read}");
    session.write("broken", "users: [").unwrap();
    let unread = session.run(&["expiry", ".kube/config", "broken", "-o", "prometheus"]).stdout;
    assert!(unread.contains("x509_read_errors 1\n") && unread.contains("ackcred_expiry_incomplete 1\n"), "{unread}");
    let nothing = session.run(&["scan", "-o", "prometheus", "--context", "gone"]);
    assert_eq!((nothing.status, nothing.stdout.as_str()), (Status::Failed, ""), "a text is whole or not there");
}

#[test]
fn a_verb_without_such_a_format_says_which_have_it() {
    for (words, verbs) in [
        (
            ["whoami", "-o", "html"],
            "whoami has no -o html, which is for expiry, scan, status, rights, who-can, history, trace",
        ),
        (["history", "-o", "prometheus"], "history has no -o prometheus, which is for expiry, scan, status, verify"),
    ] {
        let outcome = session().run(&words);
        assert!(outcome.status == Status::Usage && outcome.stderr.contains(verbs), "{outcome}");
    }
}

#[test]
fn a_page_says_what_could_not_be_read() {
    let session = two_credentials();
    session.write("broken", "users: [").unwrap();
    let page = session.run(&["expiry", ".kube/config", "broken", "-o", "html"]).stdout;
    for said in ["Not everything could be read", "<strong>1</strong> <span>credential has ended</span>", "never ends"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let whole = session.run(&["expiry", "-A", "-o", "html"]).stdout;
    assert!(!whole.contains("Not everything could be read"), "{whole}");
}
