//! `trace` as a whole: files of every form, what people and scripts get, and how it ends.

use std::io::Write as _;
use std::sync::LazyLock;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::audit::LogForm;
use ackcred_sandbox::certs::{Identity, Subject};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::Credential;
use ackcred_sandbox::session::Session;
use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{UID, ack_file, certificate, session};
use crate::schema::assert_keeps_to_its_schema;

/// The leaked certificate.
static LEAKED: LazyLock<Identity> = LazyLock::new(certificate);
const CANARY: &str = "canary-41c7";
const JTI: &str = "JTI=0b1c7d0e-5f7a-4a41-9a55-2d3c8a1f6e52";

/// A request at level RequestResponse, as kube-apiserver writes it.
fn line(minute: u32, credential: &str, name: &str, verb: &str, resource: &str, code: u16, issued: &str) -> String {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let annotations = match issued {
        "" => json!({ "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" }),
        id => json!({ "authentication.kubernetes.io/issued-credential-id": id }),
    };
    let user = json!({
        "username": name, "groups": ["system:users"],
        "extra": { "authentication.kubernetes.io/credential-id": [credential] },
    });
    let object = json!({ "resource": resource, "subresource": subresource, "namespace": "ci", "name": "x\u{1b}[31m" });
    let body = json!({ "status": { "token": CANARY }, "data": { "password": CANARY } });
    format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"RequestResponse\",\"auditID\":\"a-{minute}\",\
         \"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/x?command=cat&command={CANARY}\",\"verb\":\"{verb}\",\"user\":{user},\
         \"sourceIPs\":[\"192.0.2.7\"],\"objectRef\":{object},\"responseStatus\":{{\"code\":{code}}},\"responseObject\":{body},\
         \"requestReceivedTimestamp\":\"2025-12-01T10:{minute:02}:00.000001Z\",\"stageTimestamp\":\"2025-12-01T10:{minute:02}:00.1Z\",\
         \"annotations\":{annotations}}}"
    )
}

/// What a leaked certificate was used for.
fn log() -> Vec<String> {
    let certificate = format!("X509SHA256={}", LEAKED.sha256());
    let name = format!("{UID}-1735689600");
    let robot = "system:serviceaccount:ci:robot";
    vec![
        line(1, &certificate, &name, "list", "pods", 200, ""),
        line(2, &certificate, &name, "create", "serviceaccounts/token", 201, JTI),
        line(20, JTI, robot, "get", "secrets", 200, ""),
        line(21, JTI, robot, "create", "pods/exec", 101, ""),
        line(22, JTI, robot, "delete", "deployments", 403, ""),
        line(23, "JTI=9", "system:serviceaccount:kube-system:other", "list", "pods", 200, ""),
    ]
}

fn session_with(log: impl AsRef<[u8]>) -> Session {
    let session = session();
    session.write("leaked.yaml", ack_file(&Credential::of(&LEAKED)).yaml()).unwrap();
    session.write("audit.log", log).unwrap();
    session
}

fn of_file<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["trace", "-f", "leaked.yaml", "--audit-log", "audit.log"], more].concat()
}

#[test]
fn a_tree_shows_what_each_credential_was_used_for_and_led_to() {
    let session = session_with(LogForm::Lines.write(&log()).unwrap());
    let sha256 = LEAKED.sha256();
    let shown = session.run(&of_file(&[])).to_string().replace(&sha256, "SHA256");
    assert_snapshot!(shown, @r"
    Log         2025-12-01T10:01:00Z to 2025-12-01T10:23:00Z, 6 records of audit.log
    Levels      RequestResponse 6
    Begins      after the credential was issued (2025-01-01T00:00:01Z): earlier requests are not in it
    Gaps        1 time without any event, the longest 2025-12-01T10:02:00Z to 2025-12-01T10:20:00Z (18m)

    #1   X509SHA256=SHA256   200000000000000101-1735689600   Root: proof
        used 2025-12-01T10:01:00Z to 2025-12-01T10:02:00Z from 192.0.2.7
             1 reads        pods ci/x\u{1b}[31m
             1 mints        serviceaccounts/token ci/x\u{1b}[31m
        #2   JTI=0b1c7d0e-5f7a-4a41-9a55-2d3c8a1f6e52   system:serviceaccount:ci:x\u{1b}[31m   Minted by #1: proof
            minted at 2025-12-01T10:02:00Z, serviceaccounts/token ci/x\u{1b}[31m
            used 2025-12-01T10:20:00Z to 2025-12-01T10:22:00Z from 192.0.2.7
                 1 secrets      secrets ci/x\u{1b}[31m
                 1 executions   pods/exec ci/x\u{1b}[31m
                 1 attempts     deployments ci/x\u{1b}[31m
    --- exit 0
    ");
    let shown = session.run(&of_file(&["-o", "table"])).to_string().replace(&sha256, "SHA256");
    assert_snapshot!(shown, @r"
    Log         2025-12-01T10:01:00Z to 2025-12-01T10:23:00Z, 6 records of audit.log
    Levels      RequestResponse 6
    Begins      after the credential was issued (2025-01-01T00:00:01Z): earlier requests are not in it
    Gaps        1 time without any event, the longest 2025-12-01T10:02:00Z to 2025-12-01T10:20:00Z (18m)

    TIME                   ACTOR                                     VERB     OBJECT                                 RESULT        FROM        LINK
    2025-12-01T10:01:00Z   #1 200000000000000101-1735689600          list     pods ci/x\u{1b}[31m                    200           192.0.2.7   Root
    2025-12-01T10:02:00Z   #1 200000000000000101-1735689600          create   serviceaccounts/token ci/x\u{1b}[31m   201           192.0.2.7   Root
    2025-12-01T10:20:00Z   #2 system:serviceaccount:ci:x\u{1b}[31m   get      secrets ci/x\u{1b}[31m                 200           192.0.2.7   Minted
    2025-12-01T10:21:00Z   #2 system:serviceaccount:ci:x\u{1b}[31m   create   pods/exec ci/x\u{1b}[31m               101           192.0.2.7   Minted
    2025-12-01T10:22:00Z   #2 system:serviceaccount:ci:x\u{1b}[31m   delete   deployments ci/x\u{1b}[31m             403 Refused   192.0.2.7   Minted
    --- exit 0
    ");
}

/// Whatever an export makes of it, it says the same.
#[test]
fn every_form_of_a_log_says_the_same() {
    let session = session();
    session.write("leaked.yaml", ack_file(&Credential::of(&LEAKED)).yaml()).unwrap();
    session.write("audit.log", LogForm::Lines.write(&log()).unwrap()).unwrap();
    let expected = session.run(&of_file(&["-o", "json"]));
    let document: Value = serde_json::from_str(&expected.stdout).unwrap();
    assert_keeps_to_its_schema(&document);
    assert_eq!(document["actors"].as_array().unwrap().len(), 2, "{document:#}");
    for form in LogForm::ALL {
        let text = form.write(&log()).unwrap();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        for content in [text.clone().into_bytes(), encoder.finish().unwrap()] {
            session.write("audit.log", content).unwrap();
            assert_eq!(session.run(&of_file(&["-o", "json"])), expected, "{form:?}");
        }
        let piped =
            session.run_answering(Some(&text), &["trace", "-f", "leaked.yaml", "--audit-log", "-", "-o", "json"]);
        assert_eq!(piped.stdout.replace("standard input", "audit.log"), expected.stdout, "{form:?} piped");
    }
}

/// A log at level RequestResponse holds secrets; a command line may.
#[test]
fn no_format_shows_a_body_and_commands_only_where_asked() {
    let session = session_with(LogForm::Lines.write(&log()).unwrap());
    for format in ["tree", "table", "wide", "json", "yaml", "csv", "md", "html", "name", "jsonpath={.events}"] {
        let outcome = session.run(&of_file(&["-o", format, "-vvv"]));
        assert_eq!(outcome.status, Status::Done, "{format}: {outcome}");
        assert!(!outcome.to_string().contains(CANARY), "{format}: {outcome}");
        let is_for_people = !matches!(format, "json" | "yaml" | "jsonpath={.events}");
        assert!(!is_for_people || !outcome.stdout.contains('\u{1b}'), "{format}: {outcome}");
    }
    let wide = session.run(&of_file(&["-o", "wide", "--show-commands"])).stdout;
    assert_eq!(wide.matches(&format!("cat {CANARY}")).count(), 1, "{wide}");
    assert!(!wide.contains("token\": "), "{wide}");
}

#[test]
fn it_ends_as_its_flags_and_the_log_say() {
    let session = session_with(LogForm::Lines.write(&log()).unwrap());
    let status = |more: &[&str]| session.run(&of_file(more)).status;
    for (words, expected) in [
        ("minted", Status::Findings),
        ("secrets,granted", Status::Findings),
        ("executed", Status::Findings),
        ("granted", Status::Done),
    ] {
        assert_eq!(status(&["--fail-on", words]), expected, "{words}");
    }
    assert_eq!(status(&["--fail-on", "executed", "--until", "2025-12-01T10:20:30Z"]), Status::Done);
    assert_eq!(status(&["--fail-on", "secrets", "--since", "2025-12-02"]), Status::Done);
    assert_eq!(status(&["--audit-log", "gone.log"]), Status::Incomplete);
    let cut = LogForm::Lines.write(&log()).unwrap();
    let outcome = session_with(&cut[..cut.len() - 40]).run(&of_file(&["--fail-on", "minted"]));
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert!(outcome.stderr.contains("warning: 1 record of the log could not be read"), "{outcome}");
}

#[test]
fn what_makes_no_sense_is_refused_with_a_next_step() {
    let session = session_with("");
    let run = |args: &[&str]| session.run(args);
    for (args, status, said) in [
        (vec!["trace", UID], Status::Usage, "--audit-log"),
        (vec!["trace", "--audit-log", "audit.log"], Status::Usage, "required"),
        (vec!["trace", UID, "--audit-log", "-", "--audit-log", "audit.log"], Status::Usage, "give it alone"),
        (vec!["trace", UID, "--audit-log", "gone"], Status::Failed, "cannot open gone: there is no such file"),
        (vec!["trace", UID, "--audit-log", "."], Status::Failed, ". is a folder"),
        (vec!["trace", UID, "--audit-log", "audit.log", "--context", "x"], Status::Usage, "no use for --context"),
        (vec!["trace", "--credential", "abc", "--audit-log", "audit.log"], Status::Usage, "X509SHA256=..."),
        (
            vec!["trace", UID, "--audit-log", "audit.log", "-o", "prometheus"],
            Status::Usage,
            "trace has no -o prometheus",
        ),
        (vec!["scan", "-o", "tree"], Status::Usage, "scan has no -o tree, which is for trace"),
        (vec!["trace", UID, "--audit-log", "audit.log"], Status::Done, "the log has no event"),
    ] {
        let outcome = run(&args);
        assert_eq!(outcome.status, status, "{args:?}: {outcome}");
        assert!(outcome.stderr.contains(said), "{args:?}: {outcome}");
    }
}

/// The sandbox's API server writes what it serves as kube-apiserver does at level Metadata.
#[test]
fn what_the_sandbox_served_is_traced() {
    let server = ApiServer::start(ApiServerOptions { audit: true, ..ApiServerOptions::default() }).unwrap();
    let leaver = server.client(&Subject::ack(format!("{UID}-1735689600"))).unwrap();
    let client = Client::new(&server, Some(&leaver)).unwrap();
    assert_eq!(client.send("GET", "/api/v1/namespaces/default/pods", &[], "").unwrap().code, 403);
    assert_eq!(client.send("GET", "/version", &[], "").unwrap().code, 200);
    let session = session_with(LogForm::Lines.write(&server.audit_log()).unwrap());
    let outcome = session.run(&["trace", UID, "--audit-log", "audit.log", "-o", "csv"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let rows: Vec<Vec<&str>> = outcome.stdout.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let cells: Vec<[&str; 3]> = rows.iter().map(|row| [row[2], row[3], row[4]]).collect();
    assert_eq!(cells, [["list", "pods default/*", "403 Refused"], ["get", "/version", "200"]], "{outcome}");
    assert!(rows.iter().all(|row| row[7] == format!("X509SHA256={}", leaver.sha256())), "{outcome}");
}
