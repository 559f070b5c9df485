//! What holds for every command: formats, colours, escaping, help and usage.

use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;

use crate::cli::desk::{
    CLUSTER, ack_file, certificate, certificate_until, days, document, server_of, session, session_with,
};

/// A context whose name would move the cursor, reverse the line and forge a row.
const HOSTILE: &str = "prod\u{1b}[2J\u{202e}gnp\r\nfake   row\u{9b}\u{200b}";

fn hostile() -> Session {
    let file = Kubeconfig::new().cluster("c", &server_of(CLUSTER), None).user("u", &Credential::Token("t".into()));
    let session = session();
    // YAML takes this one in its written form only.
    let text = file.context(HOSTILE, "c", "u").current(HOSTILE).yaml().replace('\u{9b}', "\\u009b");
    session.write(".kube/config", text).unwrap();
    session
}

#[test]
fn names_from_outside_steer_no_terminal() {
    let session = hostile();
    assert_snapshot!(session.run(&["expiry"]), @r#"
    CONTEXT                                                      CLUSTER-ID                          UID      CREDENTIAL   EXPIRES   LEFT      STATUS
    prod\u{1b}[2J\u{202e}gnp\u{d}\u{a}fake   row\u{9b}\u{200b}   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>   Token        <none>    forever   Static
    --- exit 0
    "#);
    for format in ["table", "wide", "csv", "name"] {
        for verb in [&["expiry"][..], &["whoami", "--offline"]] {
            let outcome = session.run(&[verb, &["-o", format]].concat());
            assert_eq!(outcome.status, Status::Done, "{outcome}");
            assert!(
                !outcome
                    .to_string()
                    .contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}' || c == '\u{200b}')),
                "{outcome:?}"
            );
        }
    }
    let error = session.run(&["expiry", "--context", "\u{1b}[2Jgone"]);
    assert!(!error.stderr.contains('\u{1b}'), "{error:?}");
}

#[test]
fn documents_keep_names_as_they_are() {
    let session = hostile();
    let outcome = session.run(&["expiry", "-o", "json"]);
    assert_eq!(document(&outcome)["items"][0]["context"], HOSTILE);
    assert!(!outcome.stdout.contains(['\u{1b}', '\r']), "JSON escapes control characters by itself: {outcome:?}");
    let yaml: serde_json::Value = serde_saphyr::from_str(&session.run(&["expiry", "-o", "yaml"]).stdout).unwrap();
    assert_eq!(yaml["items"][0]["context"], HOSTILE);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let file = ack_file(&Credential::of(&certificate_until(days(-1))));
    let colored =
        |session: &Session, flags: &[&str]| session.run(&[&["expiry"], flags].concat()).stdout.contains('\u{1b}');
    let pipe = session_with(&file);
    let terminal = session_with(&file).on_a_terminal();
    assert!(!colored(&pipe, &[]));
    assert!(colored(&pipe, &["--color", "always"]));
    assert!(colored(&terminal, &[]));
    assert!(!colored(&terminal, &["--color", "never"]));
    assert!(!colored(&terminal, &["-o", "json"]));
    assert!(!colored(&terminal, &["-o", "csv", "--color", "always"]));
    let unwanted = terminal.with("NO_COLOR", "1");
    assert!(!colored(&unwanted, &[]));
    assert!(colored(&unwanted, &["--color=always"]));
    assert!(!colored(&session_with(&file).on_a_terminal().with("TERM", "dumb"), &[]));
    assert!(colored(&session_with(&file).on_a_terminal().with("NO_COLOR", ""), &[]), "an empty NO_COLOR is none");
}

#[test]
fn headers_can_be_left_out() {
    let session = session_with(&ack_file(&Credential::of(&certificate())));
    for format in ["table", "wide", "csv"] {
        let whole = session.run(&["expiry", "-o", format]).stdout;
        let bare = session.run(&["expiry", "-o", format, "--no-headers"]).stdout;
        assert_eq!((whole.lines().count(), bare.lines().count()), (2, 1), "{format}");
        assert!(!bare.contains("CONTEXT"));
    }
}

#[test]
fn data_and_talk_are_kept_apart_and_the_talk_can_be_silenced() {
    let session = session();
    session.write("empty/notes", "").unwrap();
    assert_snapshot!(session.run(&["expiry", "empty"]), @r#"
    --- stderr
    no credentials found
    --- exit 0
    "#);
    assert_snapshot!(session.run(&["expiry", "empty", "-q"]), @"--- exit 0");
    assert_snapshot!(session.run(&["expiry", "empty", "-q", "-o", "json"]), @r#"
    {
      "apiVersion": "ackcred/v1",
      "kind": "ExpiryReport",
      "time": "2026-01-01T00:00:00Z",
      "items": [],
      "summary": {
        "Invalid": 0,
        "Missing": 0,
        "Expired": 0,
        "NotYetValid": 0,
        "Expiring": 0,
        "LongLived": 0,
        "Static": 0,
        "Effective": 0,
        "Dynamic": 0
      },
      "search": null
    }
    --- exit 0
    "#);
}

/// A pipe always gets the table.
#[test]
fn rows_that_do_not_fit_the_terminal_stand_in_blocks() {
    let file = ack_file(&Credential::of(&certificate()));
    let narrow = session_with(&file).on_a_terminal_of(80).run(&["expiry", "--color", "never"]);
    assert_snapshot!(narrow, @r"
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
      CLUSTER-ID c5e8f0a1b2c3d4e5f60718293a4b5c6d7
        UID 200000000000000101   CREDENTIAL ClientCertificate
        EXPIRES 2028-01-01T00:00:01Z   LEFT 730d   STATUS Effective
    --- exit 0
    ");
    let wide = session_with(&file).on_a_terminal_of(200).run(&["expiry", "--color", "never"]);
    assert_eq!(wide, session_with(&file).run(&["expiry"]));
    assert!(wide.stdout.starts_with("CONTEXT "), "{wide}");
}

#[test]
fn without_a_command_there_is_help() {
    let outcome = session().run::<&str>(&[]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Status::Done, ""));
    for verb in ["whoami", "expiry", "scan", "completion", "version"] {
        assert!(outcome.stdout.contains(verb), "{outcome}");
    }
    assert_eq!(session().run(&["--help"]), outcome);
}

#[test]
fn a_command_line_that_makes_no_sense_is_an_error_of_its_own() {
    let words: [&[&str]; 16] = [
        &["gone"],
        &["whoami", "--gone"],
        &["expiry", "-o", "xml"],
        &["scan", "--uid", "ann"],
        &["whoami", "--context", "a", "--context", "b"],
        &["scan", "--in-cluster", "--as", "somebody"],
        &["expiry", "file", "--user", "somebody"],
        &["expiry", "-A", "--context", "a"],
        &["scan", "--cluster-id", "kubernetes"],
        &["scan", "--state", "gone"],
        &["whoami", "--request-timeout", "soon"],
        &["completion", "tcsh"],
        &["completion", "bash", "--quiet"],
        &["history", "--profile", "ops"],
        &["expiry", "--role-arn", "acs:ram::1:role/ops"],
        &["--context", "prod", "version"],
    ];
    for words in words {
        let outcome = session().run(words);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Usage, ""), "{words:?}: {outcome}");
        assert!(outcome.stderr.starts_with("error: "), "{words:?}: {outcome}");
    }
    assert_snapshot!(session().run(&["scan", "--uid", "200000000000000101-1735689600"]), @r#"
    --- stderr
    error: invalid value '200000000000000101-1735689600' for '--uid <UID>': an identity is expected: give its UID, 200000000000000101

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn kubectls_flags_stand_before_the_verb_and_behind_it() {
    let session = session_with(&ack_file(&Credential::of(&certificate())));
    let behind = session.run(&["whoami", "--offline", "-o", "name", "--request-timeout=0"]);
    let before = session.run(&["-o", "name", "--request-timeout", "0s", "--offline", "whoami"]);
    assert_eq!(behind, before);
}

#[test]
fn the_version_is_a_document_too() {
    let outcome = session().run(&["version", "-o", "json"]);
    let version = document(&outcome);
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        version["platform"].as_str().unwrap().contains('/') && !version.to_string().contains("x86_64"),
        "{version}"
    );
    assert_eq!(session().run(&["version", "-o", "name"]).stdout, format!("{}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn each_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let outcome = session().run(&["completion", shell]);
        assert!(outcome.status == Status::Done && outcome.stdout.contains("ackcred"), "{shell}");
    }
}
