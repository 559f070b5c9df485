//! A chain of credentials, walked by real requests on the real API server, and followed in the log that it wrote: at level Metadata
//! and at level RequestResponse.

use std::fs;

use ackcred_sandbox::certs::{Identity, Subject};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{ControlPlane, ControlPlaneOptions, assets_for};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::{Outcome, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::token_ends;
use crate::cluster::transcript::{Transcript, rbac_in};

const UID: &str = "200000000000000103";
const NAME: &str = "200000000000000103-1700000000";
const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const CANARY: &str = "canary-5d1e";
const GROUP: &str = "rbac.authorization.k8s.io";
/// The namespaces, one a level.
const LEVELS: [&str; 2] = ["metadata", "bodies"];
const POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  namespaces: [metadata]
- level: RequestResponse
";

fn rule(verbs: &[&str], group: &str, resource: &str, names: &[&str]) -> Value {
    json!({ "verbs": verbs, "apiGroups": [group], "resources": [resource], "resourceNames": names })
}

/// What each of the chain may do in a namespace.
fn prepare(cluster: &dyn Cluster, namespace: &str) {
    let mut setting = Transcript::new(cluster);
    setting.namespace(namespace);
    let core = format!("/api/v1/namespaces/{namespace}");
    for name in ["robot", "builder"] {
        setting.prepare("POST", &format!("{core}/serviceaccounts"), &json!({ "metadata": { "name": name } }), 201);
    }
    let secret = json!({ "metadata": { "name": "db" }, "data": { "password": STANDARD.encode(CANARY) } });
    setting.prepare("POST", &format!("{core}/secrets"), &secret, 201);
    let account = |name: &str| json!({ "kind": "ServiceAccount", "name": name, "namespace": namespace });
    let roles = [
        ("reader", json!([rule(&["list", "get"], "", "secrets", &[])]), None),
        (
            "leaver",
            json!([rule(&["create"], "", "serviceaccounts/token", &["robot"])]),
            Some(json!({ "kind": "User", "name": NAME })),
        ),
        (
            "robot",
            json!([rule(&["create"], "", "serviceaccounts/token", &["builder"]), rule(&["get"], "", "secrets", &[])]),
            Some(account("robot")),
        ),
        (
            "builder",
            json!([rule(&["create"], GROUP, "rolebindings", &[]), rule(&["bind"], GROUP, "roles", &["reader"])]),
            Some(account("builder")),
        ),
    ];
    for (name, rules, subject) in roles {
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        setting.prepare("POST", &format!("{}/roles", rbac_in(namespace)), &role, 201);
        if let Some(subject) = subject {
            let binding = binding(name, name, &subject);
            setting.prepare("POST", &format!("{}/rolebindings", rbac_in(namespace)), &binding, 201);
        }
    }
    cluster.catch_up().unwrap();
}

fn binding(name: &str, role: &str, subject: &Value) -> Value {
    json!({
        "metadata": { "name": name }, "subjects": [subject],
        "roleRef": { "apiGroup": GROUP, "kind": "Role", "name": role },
    })
}

/// Certificate, token, token, grant, use; the minted tokens.
fn walk(cluster: &dyn Cluster, namespace: &str, leaver: &Identity, mallory: &Client) -> Vec<String> {
    let core = format!("/api/v1/namespaces/{namespace}");
    let leaver = Client::new(cluster, Some(leaver)).unwrap();
    let nobody = Client::new(cluster, None).unwrap();
    let send = |client: &Client, bearer: Option<&str>, method: &str, path: &str, body: &Value, code: u16| {
        let header = bearer.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = client.send(method, path, &headers, &body).unwrap();
        assert_eq!(reply.code, code, "{method} {path}: {}", reply.json());
        reply.json()
    };
    let token_of = |reply: Value| reply["status"]["token"].as_str().unwrap().to_owned();
    let accounts = format!("{core}/serviceaccounts");
    let asked = json!({ "spec": { "expirationSeconds": 3600 } });
    let robot = token_of(send(&leaver, None, "POST", &format!("{accounts}/robot/token"), &asked, 201));
    send(&nobody, Some(&robot), "GET", &format!("{core}/secrets/db"), &Value::Null, 200);
    let builder = token_of(send(&nobody, Some(&robot), "POST", &format!("{accounts}/builder/token"), &asked, 201));
    send(&nobody, Some(&builder), "GET", &format!("{core}/secrets"), &Value::Null, 403);
    let grant = binding("far", "reader", &json!({ "kind": "User", "name": "mallory" }));
    send(&nobody, Some(&builder), "POST", &format!("{}/rolebindings", rbac_in(namespace)), &grant, 201);
    cluster.catch_up().unwrap();
    send(mallory, None, "GET", &format!("{core}/secrets"), &Value::Null, 200);
    send(&nobody, Some("nonsense"), "GET", &format!("{core}/pods"), &Value::Null, 401);
    vec![robot, builder]
}

fn trace(session: &Session, args: &[&str]) -> Outcome {
    session.run(&[&["trace", "-f", "leaked.yaml", "--audit-log", "audit.log"], args].concat())
}

#[test]
fn what_was_walked_on_the_real_api_server_is_followed_completely() {
    let Some(assets) = assets_for("tests/servers cluster tracing") else { return };
    let session = Session::now().unwrap();
    let policy = session.write("policy.yaml", POLICY).unwrap();
    let log = session.home().join("audit.log");
    let options = ControlPlaneOptions {
        flags: vec![
            format!("--audit-policy-file={}", policy.display()),
            format!("--audit-log-path={}", log.display()),
            "--audit-log-mode=blocking".to_owned(),
        ],
        ..ControlPlaneOptions::default()
    };
    let real = ControlPlane::start(&assets, &options).unwrap();
    let leaver = real.client(&Subject::ack(NAME)).unwrap();
    let mallory = Client::new(&real, Some(&real.client(&Subject::user("mallory", [""; 0])).unwrap())).unwrap();
    LEVELS.iter().for_each(|namespace| prepare(&real, namespace));
    let tokens: Vec<String> = LEVELS.iter().flat_map(|namespace| walk(&real, namespace, &leaver, &mallory)).collect();
    let leaked =
        Kubeconfig::ack(&real.url(), &real.authority().certificate_pem(), CLUSTER, UID, &Credential::of(&leaver));
    session.write("leaked.yaml", leaked.yaml()).unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(tokens[2..].iter().all(|token| text.contains(token.as_str())), "the log holds tokens in clear");

    let outcome = trace(&session, &["-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let actors = report["actors"].as_array().unwrap();
    let line = |actor: &Value| {
        let kind = actor["credential"].as_str().unwrap().split('=').next().unwrap().to_owned();
        let counts = ["reads", "secrets", "writes", "grants", "mints", "attempts"];
        let counts: Vec<String> = counts
            .iter()
            .filter(|key| actor["counts"][**key] != 0)
            .map(|key| format!("{} {key}", actor["counts"][*key]))
            .collect();
        let (parent, name, link) = (&actor["parent"], actor["name"].as_str().unwrap(), actor["link"].as_str().unwrap());
        format!("{parent} {link} {kind} {name}: {}", counts.join(", "))
    };
    let lines: Vec<String> = actors.iter().map(line).collect();
    // One binding names mallory in each namespace; the first one leads to her.
    assert_eq!(
        lines,
        [
            format!("null Root X509SHA256 {NAME}: 2 mints"),
            "\"1\" Minted JTI system:serviceaccount:metadata:robot: 1 secrets, 1 mints".to_owned(),
            "\"2\" Minted JTI system:serviceaccount:metadata:builder: 1 grants, 1 attempts".to_owned(),
            "\"3\" Granted X509SHA256 mallory: 2 secrets".to_owned(),
            "\"1\" Minted JTI system:serviceaccount:bodies:robot: 1 secrets, 1 mints".to_owned(),
            "\"5\" Minted JTI system:serviceaccount:bodies:builder: 1 grants, 1 attempts".to_owned(),
        ],
        "{outcome}"
    );
    assert_eq!(actors[0]["credential"], format!("X509SHA256={}", leaver.sha256()));
    assert!(actors[4]["token"]["expires"].is_string() && actors[1]["token"].is_null(), "{report:#}");
    assert_eq!(report["log"]["unauthenticated"], 2, "{}", report["log"]);
    assert_eq!(report["unreadable"], 0);
    let events = report["events"].as_array().unwrap();
    let use_of_grant: Vec<&Value> = events.iter().filter(|event| event["actor"] == "4").collect();
    assert!(
        use_of_grant.iter().all(|event| event["grantedBy"].as_str().unwrap().ends_with("/far")),
        "{use_of_grant:?}"
    );

    let mut shown = vec![outcome.to_string()];
    for format in ["tree", "table", "wide", "yaml", "csv", "md", "html", "name"] {
        let outcome = trace(&session, &["-o", format, "--show-commands"]);
        assert_eq!(outcome.status, Status::Done, "{format}");
        shown.push(outcome.to_string());
    }
    for secret in tokens.iter().map(String::as_str).chain([CANARY, &STANDARD.encode(CANARY)]) {
        assert!(shown.iter().all(|text| !text.contains(secret)), "a secret is shown");
    }
    assert_eq!(trace(&session, &["--fail-on", "granted"]).status, Status::Findings);
    assert_eq!(trace(&session, &["--fail-on", "executed"]).status, Status::Done);
    let piped = session.run_answering(Some(&text), &["trace", UID, "--audit-log", "-", "-o", "name"]);
    assert_eq!((piped.status, piped.stdout.lines().count()), (Status::Done, 6), "{piped}");
    findings_say_whose_they_are(&real, &session, &leaver, &outcome.stdout);
    token_ends::each_token_ends_as_it_is_said(&real, &assets, &session, &leaver);
}

/// What the document says of a token is said of the finding about its ServiceAccount, too.
fn findings_say_whose_they_are(real: &ControlPlane, session: &Session, leaver: &Identity, trace: &str) {
    session.write("trace.json", trace).unwrap();
    session.write(".kube/config", real.kubeconfig(&Subject::user("admin", ["system:masters"])).unwrap()).unwrap();
    let scan = session.run(&["scan", "--persistence", UID, "--offline", "--trace", "trace.json", "-o", "json"]);
    let report: Value = serde_json::from_str(&scan.stdout).unwrap_or_else(|error| panic!("{error}: {scan}"));
    for namespace in LEVELS {
        let object = json!({ "kind": "ServiceAccount", "namespace": namespace, "name": "robot" });
        let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["object"] == object);
        let said = format!("create by X509SHA256={} at ", leaver.sha256());
        let source = &finding.unwrap_or_else(|| panic!("no {object}: {scan}"))["source"];
        let is_said = |fact: &Value| fact["from"] == "Audit" && fact["what"].as_str().unwrap().starts_with(&said);
        assert!(source.as_array().unwrap().iter().any(is_said), "{source}");
    }
}
