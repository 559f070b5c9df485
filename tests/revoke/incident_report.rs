//! The report that closes an incident: what `history OPERATION -o md` and `-o html` make of the record alone.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::audit::LogForm;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::session::Outcome;
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::restoring::Files;
use crate::scene::{CARL, Incident, done, name, text};
use crate::setting::Setup;

fn report_of<C: Cluster>(incident: &Incident<C>, id: &str, more: &[&str]) -> Outcome {
    incident.run(&[&["history", id, "-o", "md"], more].concat())
}

/// carl is revoked. He is still there, so that he can be restored.
fn revoked<C: Cluster>(server: C) -> (Incident<C>, Value) {
    let incident = Incident::stage(server, |setup: Setup| {
        setup.change_account(|account| account.user(ackcred_sandbox::cloud::RamUser::new(CARL, "carl")))
    });
    let reason = "INC | <b>4711</b> [x](https://evil.example)";
    let report = done(&incident, &["revoke", CARL, "--yes", "--settle", "0s", "--reason", reason]);
    (incident, report)
}

/// The line of a table that begins with this cell.
fn line<'a>(markdown: &'a str, first: &str) -> &'a str {
    markdown
        .lines()
        .find(|line| line.starts_with(&format!("| {first} |")))
        .unwrap_or_else(|| panic!("{first}: {markdown}"))
}

on_both_servers!(a_report_has_what_was_sent_and_what_was_answered);

fn a_report_has_what_was_sent_and_what_was_answered<C: Cluster>(server: C) {
    let (incident, revocation) = revoked(server);
    let id = text(&revocation["operation"]);
    let before = (incident.cloud.log().len(), incident.bindings());
    let report = report_of(&incident, id, &[]);
    assert_eq!(report.status, Status::Done, "{report}");
    let markdown = report.stdout.as_str();
    assert_eq!(line(markdown, "Reason"), "| Reason | INC \\| \\<b\\>4711\\</b\\> \\[x\\](`https://evil.example`) |");
    assert!(line(markdown, "Outcome").contains("Verified: all was done"), "{markdown}");
    for step in revocation["steps"].as_array().unwrap() {
        let ids = [&step["auditId"], &step["requestId"]].into_iter().filter(|id| !id.is_null()).map(text);
        for id in ids {
            // In the table of steps, and where it is sent and answered.
            assert!(markdown.matches(id).count() >= 2, "{id}: {markdown}");
        }
    }
    // What carl may do by a binding that he alone holds, and what by one that others share.
    let nodes = line(markdown, "get,list,watch nodes");
    let own = format!("yes by ClusterRoleBinding/-/{CARL}-clusterrolebinding, ClusterRole/");
    assert!(nodes.contains(&own) && nodes.contains("no (access review)"), "{nodes}");
    let pods = line(markdown, "create,delete pods in namespace shop");
    assert!(pods.contains("yes by RoleBinding/shop/team, ClusterRole/") && !pods.contains("not recorded"), "{pods}");
    assert!(line(markdown, "May it?").contains(&format!("{} before | {} after", name(CARL), name(CARL))), "{markdown}");
    for said in revocation["verification"][0]["notChecked"].as_array().unwrap() {
        assert!(markdown.contains(&format!("- {}\n", text(said))), "{said}: {markdown}");
    }
    assert!(markdown.ends_with(&format!("kubectl ackcred restore {id}\n```\n")), "{markdown}");
    // Nothing new is read for it.
    assert_eq!((incident.cloud.log().len(), incident.bindings()), before);

    let restore = done(&incident, &["restore", id, "--yes"]);
    let restored = text(&restore["operation"]);
    let again = report_of(&incident, id, &[]).stdout;
    assert!(line(&again, "Restored since").contains(&format!("by operation {restored}: Restored")), "{again}");
    let report = report_of(&incident, restored, &[]);
    assert_eq!(report.status, Status::Done, "{report}");
    let nodes = line(&report.stdout, "get,list,watch nodes");
    assert!(
        nodes.starts_with("| get,list,watch nodes |  | yes by ClusterRoleBinding/"),
        "nothing is asked before: {nodes}"
    );
    assert!(report.stdout.ends_with(&format!("kubectl ackcred revoke {CARL}\n```\n")), "{report}");
}

fn sandbox() -> (Incident<ApiServer>, String) {
    let (incident, report) = revoked(ApiServer::start(ApiServerOptions::default()).unwrap());
    let id = text(&report["operation"]).to_owned();
    (incident, id)
}

#[test]
fn what_is_damaged_is_named_and_never_left_out_in_silence() {
    let (incident, id) = sandbox();
    let files = Files::of(&incident, &id);
    for (file, from, to, said, still) in [
        (
            "operation.json",
            "\"force\": false",
            "\"force\": true",
            "operation.json is not what was written there",
            "Timeline",
        ),
        ("journal.jsonl", "StepEnded", "Stepended", "journal.jsonl: line", "HTTP 200"),
        ("report.json", "Verified", "Residual", "report.json was changed since it was written", "| Begun |"),
        ("SHA256SUMS", "operation.json", "operation.yaml", "cannot use", "What is missing here"),
    ] {
        let kept = files.keep();
        files.replace(file, from, to);
        let report = report_of(&incident, &id, &[]);
        assert_eq!(report.status, Status::Incomplete, "{file}: {report}");
        assert!(
            report.stdout.contains("\n## What is missing here\n") && report.stdout.contains(still),
            "{file}: {report}"
        );
        assert!(report.stderr.contains(said), "{file}: {report}");
        assert!(!report.stdout.contains("all was done"), "{file}: {report}");
        let page = incident.run(&["history", &id, "-o", "html"]);
        assert_eq!(page.status, Status::Incomplete, "{file}: {page}");
        assert!(page.stdout.contains("Not everything could be read"), "{file}: {page}");
        kept.into_iter().for_each(|(path, content)| std::fs::write(path, content).unwrap());
    }
    assert_eq!(report_of(&incident, &id, &[]).status, Status::Done, "it is whole again");
    let unknown = report_of(&incident, "20200101-000000-000000", &[]);
    assert!(unknown.status == Status::Failed && unknown.stderr.contains("there is no operation"), "{unknown}");
}

#[test]
fn files_that_are_given_become_a_part_of_the_report() {
    let (incident, id) = sandbox();
    let write = |name: &str, text: &str| incident.session.write(name, text).unwrap().display().to_string();
    let trace = write(
        "trace.json",
        r#"{"apiVersion": "ackcred/v1", "kind": "TraceReport", "incomplete": true, "events": [{"verb": "get", "name": "<b>|x"}]}"#,
    );
    let newer = write("newer.json", r#"{"apiVersion": "ackcred/v2", "kind": "TraceReport"}"#);
    let report = report_of(&incident, &id, &["--trace", &trace]);
    assert_eq!(report.status, Status::Done, "{report}");
    for said in ["## What the credential did\n", "| incomplete | true |", "| name | verb |", "| \\<b\\>\\|x | get |"] {
        assert!(report.stdout.contains(said), "{said}: {report}");
    }
    let page = incident.run(&["history", &id, "-o", "html", "--trace", &trace]);
    assert!(page.status == Status::Done && page.stdout.contains("&#60;b&#62;|x"), "{page}");
    for (args, status, said) in [
        (["-o", "md", "--trace", &newer], Status::Failed, "written by a newer kubectl-ackcred, as ackcred/v2"),
        (
            ["-o", "md", "--persistence", &trace],
            Status::Failed,
            "is a TraceReport, and a PersistenceReport is expected",
        ),
        (["-o", "md", "--trace", "no-such-file"], Status::Failed, "cannot read no-such-file"),
        (["-o", "json", "--trace", &trace], Status::Usage, "add -o md or -o html"),
    ] {
        let refused = incident.run(&[&["history", id.as_str()][..], &args[..]].concat());
        assert_eq!(refused.status, status, "{args:?}: {refused}");
        assert!(refused.stderr.contains(said) && refused.stdout.is_empty(), "{args:?}: {refused}");
    }
    let list = incident.run(&["history", "-o", "md"]);
    assert!(list.stdout.contains(&format!("\n| {id} | Revoke | ")), "{list}");
}

/// The documents that `trace` and `scan --persistence` print themselves, of a log that the API server wrote.
#[test]
fn what_other_verbs_print_becomes_a_part_of_the_report() {
    let server = ApiServer::start(ApiServerOptions { audit: true, ..ApiServerOptions::default() }).unwrap();
    let (incident, revocation) = revoked(server);
    let id = text(&revocation["operation"]);
    let pods = "/api/v1/namespaces/shop/pods";
    assert_eq!(incident.leaked_status(pods), 403);
    let log = LogForm::Lines.write(&incident.server.audit_log()).unwrap();
    incident.session.write("audit.log", log).unwrap();
    let printed = |args: &[&str], file: &str| {
        let (status, document, said) = incident.json(args);
        assert_eq!(status, Status::Done, "{args:?}: {said}");
        // One of a long incident is longer than a mebibyte.
        let long = document.to_string() + &" ".repeat(1 << 20);
        incident.session.write(file, long).unwrap();
        document
    };
    let leaked = incident.leaked.display().to_string();
    let trace = printed(&["trace", "-f", &leaked, "--audit-log", "audit.log"], "trace.json");
    let scan = ["scan", "--persistence", "--operation", id, "--trace", "trace.json"];
    let persistence = printed(&scan, "persistence.json");

    let given = ["--trace", "trace.json", "--persistence", "persistence.json"];
    let report = report_of(&incident, id, &given);
    assert_eq!(report.status, Status::Done, "{report}");
    let (_, after) = report.stdout.split_once("## What the credential did\n").unwrap_or_else(|| panic!("{report}"));
    let (did, left) = after.split_once("## What was left behind\n").unwrap_or_else(|| panic!("{report}"));
    let events = trace["events"].as_array().unwrap();
    assert!(!events.is_empty() && events.iter().any(|event| event["code"] == 403), "{trace:#}");
    for event in events {
        let row = did.lines().find(|line| line.contains(text(&event["auditId"])));
        let is_whole = |row: &str| row.contains(text(&event["verb"])) && row.contains(&event["code"].to_string());
        assert!(row.is_some_and(is_whole), "{event}: {report}");
    }
    let findings = persistence["findings"].as_array().unwrap();
    assert!(!findings.is_empty(), "{persistence:#}");
    for finding in findings {
        let is_there = |line: &str| {
            line.contains(&format!("| {} |", text(&finding["method"])))
                && line.contains(text(&finding["object"]["name"]))
        };
        assert!(left.lines().any(is_there), "{finding}: {left}");
    }
    let page = incident.run(&[&["history", id, "-o", "html"], &given[..]].concat());
    assert!(page.status == Status::Done && page.stdout.contains("What was left behind"), "{page}");
}
