//! `scan --persistence` with what `trace` says: one command reads the document that the other printed.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::audit::LogForm;
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster as _;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{UID, document};
use crate::cli::scan::{administrator, group, role_binding, user};

/// The facts of the finding about this object that an audit log says.
fn by_the_log(report: &Value, name: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let facts = findings.filter(|finding| finding["object"]["name"] == name).flat_map(|finding| {
        let source = finding["source"].as_array().unwrap();
        source.iter().filter(|fact| fact["from"] == "Audit").map(|fact| fact["what"].as_str().unwrap().to_owned())
    });
    facts.collect()
}

#[test]
fn a_finding_is_said_to_be_made_by_whom_the_trace_names() {
    let server = ApiServer::start(ApiServerOptions { audit: true, ..ApiServerOptions::default() }).unwrap();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    server.put(namespace, "console").unwrap();
    server.put(role_binding("shop", "all", &[user("bo")]), "console").unwrap();
    server.put(role_binding("shop", "other", &[group("system:serviceaccounts")]), "console").unwrap();
    let token = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "robot-token", "namespace": "shop", "annotations": {"kubernetes.io/service-account.name": "robot"}},
    });
    server.put(token, "console").unwrap();
    let leaver = server.client(&Subject::user(format!("{UID}-1735689600"), ["system:masters"])).unwrap();
    let client = Client::new(&server, Some(&leaver)).unwrap();
    let path = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/all";
    let mut binding = role_binding("shop", "all", &[group("system:serviceaccounts:shop")]);
    binding["metadata"]["creationTimestamp"] = Value::Null;
    let reply = client.send("PUT", path, &[], &binding.to_string()).unwrap();
    assert_eq!(reply.code, 200, "{}", reply.json());
    assert_eq!(client.send("GET", "/api/v1/namespaces/shop/secrets", &[], "").unwrap().code, 200);

    let session = administrator(&server);
    session.write("audit.log", LogForm::Lines.write(&server.audit_log()).unwrap()).unwrap();
    let trace = session.run(&["trace", UID, "--audit-log", "audit.log", "-o", "json"]);
    assert_eq!(trace.status, Status::Done, "{trace}");
    // One of a long incident is longer than a mebibyte.
    session.write("trace.json", trace.stdout + &" ".repeat(1 << 20)).unwrap();
    let scan = session.run(&["scan", "--persistence", "--offline", "--trace", "trace.json", "-o", "json"]);
    assert_eq!(scan.status, Status::Done, "{scan}");

    let report = document(&scan);
    assert_eq!(report["asked"]["trace"], "trace.json");
    let whom = format!("by X509SHA256={} at ", leaver.sha256());
    for (name, verb) in [("all", "update"), ("robot-token", "list")] {
        let facts = by_the_log(&report, name);
        assert!(facts.len() == 1 && facts[0].starts_with(&format!("{verb} {whom}")), "{name}: {facts:?}");
    }
    assert_eq!(by_the_log(&report, "other"), [""; 0]);
    session.write("trace.json", &scan.stdout).unwrap();
    let refused = session.run(&["scan", "--persistence", "--offline", "--trace", "trace.json"]);
    assert_eq!(refused.status, Status::Failed, "{refused}");
    assert!(refused.stderr.contains("cannot read trace.json: it is no TraceReport of ackcred/v1"), "{refused}");
    let missing = session.run(&["scan", "--persistence", "--offline", "--trace", "gone.json"]);
    assert_eq!(missing.status, Status::Failed, "{missing}");
    assert!(missing.stderr.contains("cannot read gone.json: there is no such file"), "{missing}");
}
