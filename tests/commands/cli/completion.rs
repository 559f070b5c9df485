//! What completion offers: the answer to kubectl, and to the script of every shell.

use std::fs;
use std::path::Path;

use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::Session;
use kubectl_ackcred::internals::grammar;
use kubectl_ackcred::status::Status;

use super::desk::{
    CLUSTER, OTHER_CLUSTER, Trap, UID, ack_file, certificate, certificate_of, server_of, session, session_with,
};

const BO: &str = people::BO.uid;
/// Of the operations in `tests/fixtures/operation-v1`: verified, the restore of it, and one that was cut off.
const OPERATIONS: [&str; 3] = ["20261128-222407-a90a48", "20261128-222408-01e072", "20261128-222408-6df3ce"];
const CARL: &str = people::CARL.uid;

/// Two clusters: in `production` the user is ann, in `staging` bo.
fn kubeconfig() -> Kubeconfig {
    let bo = certificate_of(&Subject::ack(format!("{BO}-1735689600")), "2025-01-01T00:00:00Z");
    ack_file(&Credential::of(&certificate()))
        .context("production", "kubernetes", UID)
        .cluster("other", &server_of(OTHER_CLUSTER), None)
        .user("bo", &Credential::of(&bo))
        .context("staging", "other", "bo")
        .current("production")
}

fn asked(session: &Session, words: &[&str]) -> Vec<String> {
    let outcome = session.run(&[&["__complete"], words].concat());
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Status::Done, ""), "{words:?}: {outcome}");
    outcome.stdout.lines().map(str::to_owned).collect()
}

/// The candidates alone, where files are not offered.
fn values(session: &Session, words: &[&str]) -> Vec<String> {
    let lines = asked(session, words);
    let (directive, candidates) = lines.split_last().unwrap();
    assert_eq!(directive, ":4", "{words:?}: {lines:?}");
    candidates.iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn with_past_operations(session: &Session) {
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operation-v1");
    for id in OPERATIONS {
        let folder = state.join("operations").join(id);
        for file in ["operation.json", "summary.json", "SHA256SUMS", "journal.jsonl"] {
            session.write(&format!("state/operations/{id}/{file}"), fs::read(folder.join(file)).unwrap()).unwrap();
        }
    }
}

#[test]
fn names_come_from_the_kubeconfig() {
    let session = session_with(&kubeconfig());
    let contexts = |words: &[&str]| values(&session, words);
    assert_eq!(contexts(&["whoami", "--context", "pro"]), ["production"]);
    assert_eq!(contexts(&["whoami", "--context="]).len(), 3);
    assert_eq!(contexts(&["--context", "st"]), ["staging"], "before the verb");
    assert_eq!(contexts(&["scan", "--cluster-id", ""]), [OTHER_CLUSTER, CLUSTER]);
    assert_eq!(contexts(&["scan", "--uid", ""]), [UID, BO]);
    assert_eq!(contexts(&["status", ""]), [UID, BO]);
    assert_eq!(contexts(&["whoami", "--cluster", ""]), ["kubernetes", "other"]);
    assert_eq!(contexts(&["whoami", "--user", ""]), [UID, "bo"]);
    assert_eq!(contexts(&["scan", "--region", ""]), ["cn-hangzhou"]);
    assert_eq!(
        asked(&session, &["scan", "--cluster-id", "c5"]),
        [format!("{CLUSTER}\tcontexts {UID}-{CLUSTER}, production"), ":4".to_owned()]
    );
}

#[test]
fn the_file_of_a_flag_is_read_instead() {
    let session = session_with(&kubeconfig());
    let other = Kubeconfig::new()
        .cluster("k", "https://127.0.0.1:1", None)
        .user("u", &Credential::Token("t".into()))
        .context("elsewhere", "k", "u");
    session.write("other.yaml", other.yaml()).unwrap();
    let other = |words: &[&str]| values(&session, words);
    assert_eq!(other(&["scan", "--kubeconfig", "other.yaml", "--context", ""]), ["elsewhere"]);
    assert_eq!(other(&["scan", "--kubeconfig=other.yaml", "--user="]), ["u"]);
    assert_eq!(other(&["whoami", "-f", "other.yaml", "--context", ""]), ["elsewhere"]);
    assert_eq!(other(&["revoke", "-f", "other.yaml", "--leaked-context", ""]), ["elsewhere"]);
    assert_eq!(other(&["revoke", "-f", "absent.yaml", "--leaked-context", ""]), [""; 0]);
}

#[test]
fn namespaces_and_profiles_come_from_their_files() {
    let session = session();
    let file = "{apiVersion: v1, kind: Config, contexts: [{name: a, context: {namespace: shop}}, {name: b, context: {namespace: shop}}]}";
    session.write(".kube/config", file).unwrap();
    session.write(".aliyun/config.json", r#"{"profiles": [{"name": "ops"}, {"name": "audit"}]}"#).unwrap();
    session.write("other.json", r#"{"profiles": [{"name": "third"}]}"#).unwrap();
    assert_eq!(values(&session, &["scan", "-n", ""]), ["shop"]);
    assert_eq!(values(&session, &["scan", "--namespace=s"]), ["shop"]);
    assert_eq!(values(&session, &["scan", "--profile", ""]), ["ops", "audit"]);
    assert_eq!(values(&session, &["scan", "--profile-file", "other.json", "--profile", ""]), ["third"]);
}

#[test]
fn revoke_does_not_offer_ones_own_identity() {
    let session = session_with(&kubeconfig());
    let revoked = |words: &[&str]| values(&session, &[&["revoke"], words].concat());
    assert_eq!(revoked(&[""]), [BO]);
    assert_eq!(revoked(&["--context", "staging", ""]), [UID]);
    assert_eq!(revoked(&["--context=staging", "--context=production", ""]), [""; 0]);
    assert_eq!(revoked(&["--cluster-id", OTHER_CLUSTER, ""]), [UID]);
    assert_eq!(revoked(&["--user", "bo", ""]), [UID]);
    assert_eq!(revoked(&["--all-contexts", ""]), [""; 0]);
    assert_eq!(revoked(&["--all-clusters", ""]), [""; 0]);
    assert_eq!(revoked(&["", "--context", "staging"]), ["staging"], "the words before the cursor count");
    assert_eq!(values(&session, &["scan", "--uid", ""]), [UID, BO], "to look at oneself is fine");
}

#[test]
fn operations_are_offered_for_what_they_are() {
    let session = session_with(&kubeconfig());
    let session = {
        let home = session.home().join("state");
        session.with("ACKCRED_HOME", home)
    };
    assert_eq!(values(&session, &["restore", ""]), [""; 0]);
    with_past_operations(&session);
    let [revoked, restored, cut_off] = OPERATIONS;
    assert_eq!(
        asked(&session, &["history", ""]),
        [
            format!("{cut_off}\trevoke of {CARL}"),
            format!("{restored}\trestore of {revoked}"),
            format!("{revoked}\trevoke of {CARL}"),
            ":4".to_owned(),
        ]
    );
    assert_eq!(values(&session, &["restore", ""]), [cut_off, revoked]);
    assert_eq!(values(&session, &["restore", revoked, ""]), [""; 0], "one at a time");
    assert_eq!(values(&session, &["restore", "--from", "backups", ""]), [UID, BO, CARL]);
    assert_eq!(values(&session, &["restore", "--from", "backups", UID, ""]), [BO, CARL]);
    assert_eq!(values(&session, &["revoke", "--resume", ""]), [cut_off]);
    assert_eq!(values(&session, &["revoke", "--resume="]), [cut_off]);
    assert_eq!(values(&session, &["revoke", ""]), [BO, CARL], "who was revoked before");
    fs::write(session.home().join(format!("state/operations/{revoked}/SHA256SUMS")), "damaged").unwrap();
    assert_eq!(values(&session, &["restore", ""]), [cut_off, revoked], "what can't be read is not hidden");
}

#[test]
fn nothing_is_offered_twice() {
    let session = session_with(&kubeconfig());
    let values = |words: &[&str]| values(&session, words);
    assert_eq!(values(&["scan", "--uid", UID, "--uid", ""]), [BO]);
    assert_eq!(values(&["scan", "--uid", &format!("{UID},")]), [format!("{UID},{BO}")]);
    assert_eq!(values(&["scan", &format!("--uid={UID},")]), [format!("{UID},{BO}")]);
    assert_eq!(values(&["scan", "--uid", UID, &format!("--uid={BO},")]), [""; 0]);
    assert_eq!(values(&["scan", "--context", "production", "--context", "p"]), [""; 0]);
    assert_eq!(values(&["revoke", BO, ""]), [""; 0]);
    assert_eq!(values(&["scan", "--offline", "--off"]), [""; 0]);
    assert_eq!(values(&["scan", "-o", "json", "--outp"]), [""; 0], "by its short name");
    assert_eq!(values(&["--output=json", "scan", "--outp"]), [""; 0], "before the verb");
    assert_eq!(values(&["scan", "--cluster-id", CLUSTER, "--cluster-i"]), ["--cluster-id"], "repeatable");
    assert_eq!(values(&["scan", "--fail-on", "orphaned", "--fail"]), ["--fail-on"]);
    assert_eq!(values(&["completion", "bash", ""]), [""; 0]);
}

#[test]
fn what_contradicts_is_not_offered() {
    let session = session_with(&kubeconfig());
    let values = |words: &[&str]| values(&session, words);
    assert_eq!(values(&["scan", "--all-contexts", "--cont"]), [""; 0]);
    assert_eq!(values(&["scan", "--context", "staging", "--all-c"]), [""; 0]);
    assert_eq!(values(&["expiry", "--all-contexts", "--cont"]), [""; 0]);
    assert_eq!(values(&["history", "--prof"]), [""; 0], "history asks no cloud");
    assert_eq!(values(&["version", "--"]), ["--output", "--no-headers", "--color", "--quiet", "--help"]);
    assert_eq!(values(&["revoke", "--in-"]), [""; 0], "a flag that only explains a refusal");
}

#[test]
fn flags_are_offered_once_a_dash_is_typed() {
    let session = session();
    assert_eq!(values(&session, &["scan", ""]), [""; 0]);
    assert_eq!(values(&session, &["history", ""]), [""; 0]);
    let all = values(&session, &["history", "-"]);
    let own = ["--trace", "--persistence"];
    assert_eq!(all, [&own[..], &["--help", "--output", "--no-headers", "--color", "--quiet", "-v"]].concat());
    let verbs = values(&session, &[""]);
    assert_eq!(verbs[..3], ["whoami", "expiry", "scan"]);
    assert!(!verbs.iter().any(|verb| verb.starts_with('-')), "{verbs:?}");
    assert_eq!(values(&session, &["he"]), ["help"]);
    assert_eq!(values(&session, &["help", "who"]), ["whoami", "who-can"]);
    assert_eq!(values(&session, &["nonsense", "--what", "--off"]), ["--offline"]);
}

#[test]
fn words_of_a_flag_are_offered() {
    let session = session();
    let values = |words: &[&str]| values(&session, words);
    assert_eq!(values(&["expiry", "--fail-on", "e"]), ["expired", "expiring", "effective"]);
    assert_eq!(values(&["expiry", "--fail-on=e"]), ["expired", "expiring", "effective"]);
    assert_eq!(
        values(&["expiry", "--fail-on", "Expired,E"]),
        ["Expired,expired", "Expired,expiring", "Expired,effective"]
    );
    assert_eq!(values(&["expiry", "--fail-on", "expired,E"]), ["expired,expiring", "expired,effective"]);
    assert_eq!(values(&["scan", "--fail-on", ""]), ["deleted", "recycled", "unknown", "orphaned", "any"]);
    assert_eq!(values(&["scan", "--state", "d"]), ["deleted"]);
    assert_eq!(values(&["scan", "-o", "y"]), ["yaml"]);
    assert_eq!(values(&["scan", "-oy"]), ["-oyaml"]);
    assert_eq!(values(&["scan", "-o=y"]), ["yaml"]);
    assert_eq!(values(&["revoke", "--dry-run="]), ["none", "client", "server"]);
    assert_eq!(values(&["revoke", "--dry-run", ""]), [""; 0], "its value stands behind =");
    assert_eq!(values(&["completion", ""]), ["bash", "zsh", "fish", "powershell"]);
    assert_eq!(values(&["scan", "--color", "a"]), ["auto", "always"]);
    assert_eq!(values(&["scan", "--role-arn", ""]), [""; 0]);
}

#[test]
fn files_are_offered_where_a_file_is_meant() {
    let session = session_with(&kubeconfig());
    for words in [
        &["scan", "--kubeconfig", ""][..],
        &["scan", "--kubeconfig="],
        &["whoami", "-f", ""],
        &["whoami", "-fl"],
        &["whoami", "--filename", "le"],
        &["expiry", ""],
        &["expiry", "one.yaml", ""],
        &["expiry", "--", "-"],
        &["revoke", "--plan", ""],
        &["scan", "--profile-file", ""],
        &["restore", "--from", ""],
    ] {
        assert_eq!(asked(&session, words), [":0"], "{words:?}");
    }
    for words in
        [&["scan", "--role-arn", ""][..], &["whoami", ""], &["expiry", "--within", ""], &["scan", "--token", ""]]
    {
        assert_eq!(asked(&session, words), [":4"], "{words:?}");
    }
}

/// A context of a file from elsewhere can have any name.
#[test]
fn a_name_that_would_steer_a_terminal_is_not_offered() {
    let session = session();
    let file = r#"{"contexts": [{"name": "fine"}, {"name": "run $(x)"}, {"name": "a\nb"}, {"name": "tab\tbed"}, {"name": "\u001b[2J"}, {"name": "\u202eabc"}, {"name": "ok", "context": {"cluster": "c\u001b[2J"}}]}"#;
    session.write(".kube/config", file).unwrap();
    assert_eq!(asked(&session, &["scan", "--context", ""]), ["fine", "ok\tc\\u{1b}[2J", ":4"]);
}

#[test]
fn a_broken_file_is_no_error() {
    let session = session();
    session.write(".kube/config", "{").unwrap();
    session.write(".aliyun/config.json", "{").unwrap();
    assert_eq!(asked(&session, &["scan", "--context", ""]), [":4"]);
    assert_eq!(asked(&session, &["scan", "--profile", ""]), [":4"]);
    assert_eq!(asked(&session, &["revoke", ""]), [":4"]);
    assert_eq!(asked(&session, &[]), [":4"]);
}

#[test]
fn no_server_is_asked() {
    let trap = Trap::set();
    let file = Kubeconfig::ack(&trap.url(), "", CLUSTER, UID, &Credential::of(&certificate()));
    let session =
        session_with(&file).with("ACKCRED_CS_ENDPOINT", trap.url()).with("ACKCRED_METADATA_ENDPOINT", trap.url());
    for words in [["revoke", ""], ["status", ""], ["scan", "--cluster-id="], ["scan", "--profile="], ["restore", ""]] {
        asked(&session, &words);
    }
    trap.assert_untouched();
}

#[test]
fn every_flag_of_every_verb_can_be_typed_before() {
    let session = session_with(&kubeconfig());
    let verbs = grammar();
    for verb in verbs.get_subcommands().filter(|verb| !verb.is_hide_set()).map(clap::Command::get_name) {
        let flags = asked(&session, &[verb, "-"]);
        let flags = flags.iter().filter_map(|line| line.split('\t').next()).filter(|word| word.starts_with('-'));
        for flag in flags {
            assert_eq!(asked(&session, &[verb, flag, "x", "-"]).last().unwrap(), ":4", "{verb} {flag}");
        }
    }
}

#[test]
fn bash_gets_what_it_puts_into_its_line() {
    let session = session_with(&kubeconfig().context("arn:a b", "other", "bo"));
    let inserted = |line: &str, replaced: &str| {
        let outcome = session.run(&["__complete-bash", line, replaced]);
        assert_eq!(outcome.status, Status::Done, "{outcome}");
        outcome.stdout
    };
    assert_eq!(inserted("kubectl-ackcred scan --context pro", "pro"), "production\n:4\n");
    assert_eq!(inserted("kubectl-ackcred scan --context=pro", "pro"), "production\n:4\n");
    assert_eq!(inserted("kubectl-ackcred scan --context arn:", ""), "a\\ b\n:4\n");
    assert_eq!(inserted("kubectl-ackcred scan --context 'arn:", "arn:"), "arn:a b\n:4\n");
    assert_eq!(inserted("kubectl-ackcred expiry ", ""), ":0\n");
}
