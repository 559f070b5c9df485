//! What ends a ServiceAccount's token: what `scan --persistence` says to do is done, and the token tried until the API server answers
//! otherwise.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use ackcred_sandbox::account_token::StaticTokenOf;
use ackcred_sandbox::certs::Identity;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::ControlPlane;
use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::shell::run;
use crate::cluster::transcript::{Transcript, rbac_in};

const NAMESPACE: &str = "ends";
const UID: &str = "200000000000000103";
const NAME: &str = "200000000000000103-1700000000";
/// API servers remember for some seconds that a token is good.
const SOON: Duration = Duration::from_secs(90);
const ACCOUNTS: [&str; 3] = ["anchored", "recreated", "kept"];

/// A token, and the codes that it got one after another, each once.
struct Tried {
    name: &'static str,
    token: String,
    codes: Vec<u16>,
}

struct Scene<'a> {
    cluster: &'a ControlPlane,
    assets: &'a Path,
    session: &'a Session,
    tried: Vec<Tried>,
}

fn in_namespace(rest: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/{rest}")
}

/// The leaver may have tokens of these ServiceAccounts issued, and may list Secrets.
fn let_the_leaver(setting: &mut Transcript<'_>) {
    let rules = json!([
        {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ACCOUNTS},
        {"verbs": ["list"], "apiGroups": [""], "resources": ["secrets"]},
    ]);
    let group = "rbac.authorization.k8s.io";
    let role = json!({"metadata": {"name": "leaver"}, "rules": rules});
    let binding = json!({
        "metadata": {"name": "leaver"}, "subjects": [{"kind": "User", "name": NAME}],
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "leaver"},
    });
    setting.prepare("POST", &format!("{}/roles", rbac_in(NAMESPACE)), &role, 201);
    setting.prepare("POST", &format!("{}/rolebindings", rbac_in(NAMESPACE)), &binding, 201);
}

/// Makes the Secret that a token of this ServiceAccount lies in.
fn static_token(setting: &mut Transcript<'_>, account: &Value, secret: &str) -> String {
    let (name, uid) = (account["metadata"]["name"].as_str().unwrap(), account["metadata"]["uid"].as_str().unwrap());
    let token = StaticTokenOf { namespace: NAMESPACE, secret, account: name, uid }.signed().unwrap();
    let body = json!({
        "metadata": {"name": secret, "annotations": {
            "kubernetes.io/service-account.name": name, "kubernetes.io/service-account.uid": uid,
        }},
        "type": "kubernetes.io/service-account-token", "stringData": {"token": token},
    });
    setting.prepare("POST", &in_namespace("secrets"), &body, 201);
    token
}

/// Everything that is tried, in the order of its making.
fn fill(cluster: &ControlPlane, leaver: &Identity) -> Vec<Tried> {
    let mut setting = Transcript::new(cluster);
    setting.namespace(NAMESPACE);
    let accounts: BTreeMap<&str, Value> = ["labelled", "anchored", "recreated", "kept"]
        .into_iter()
        .map(|name| {
            let body = json!({"metadata": {"name": name}});
            (name, setting.prepare("POST", &in_namespace("serviceaccounts"), &body, 201))
        })
        .collect();
    let anchor = setting.prepare("POST", &in_namespace("secrets"), &json!({"metadata": {"name": "anchor"}}), 201);
    let_the_leaver(&mut setting);
    let labelled = static_token(&mut setting, &accounts["labelled"], "labelled-token");
    let recreated = static_token(&mut setting, &accounts["recreated"], "recreated-token");
    cluster.catch_up().unwrap();

    let leaver = Client::new(cluster, Some(leaver)).unwrap();
    let issue = |account: &str, bound: &Value| {
        let path = in_namespace(&format!("serviceaccounts/{account}/token"));
        let asked = json!({"spec": {"expirationSeconds": 3600, "boundObjectRef": bound}});
        let reply = leaver.send("POST", &path, &[], &asked.to_string()).unwrap();
        assert_eq!(reply.code, 201, "{}", reply.json());
        reply.json()["status"]["token"].as_str().unwrap().to_owned()
    };
    let to_anchor = json!({"apiVersion": "v1", "kind": "Secret", "name": "anchor", "uid": anchor["metadata"]["uid"]});
    let tokens = [
        ("labelled, static", labelled),
        ("anchored, issued", issue("anchored", &to_anchor)),
        ("recreated, static", recreated),
        ("recreated, issued", issue("recreated", &Value::Null)),
        ("kept, issued", issue("kept", &Value::Null)),
    ];
    tokens.into_iter().map(|(name, token)| Tried { name, token, codes: Vec::new() }).collect()
}

impl Scene<'_> {
    fn try_all(&mut self) {
        let client = Client::new(self.cluster, None).unwrap();
        for tried in &mut self.tried {
            let bearer = format!("Bearer {}", tried.token);
            let code = client.send("GET", "/api", &[("Authorization", &bearer)], "").unwrap().code;
            if tried.codes.last() != Some(&code) {
                tried.codes.push(code);
            }
        }
    }

    /// Tries them until each has got these codes, one after another.
    fn until(&mut self, codes: [&[u16]; 5]) {
        let until = Instant::now() + SOON;
        loop {
            self.try_all();
            if self.tried.iter().zip(codes).all(|(tried, codes)| tried.codes == codes) {
                return;
            }
            let seen: Vec<_> = self.tried.iter().map(|tried| (tried.name, &tried.codes)).collect();
            assert!(Instant::now() < until, "{seen:?}, expected {codes:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kubectl(&self, command: &str) {
        run(command, self.assets, &self.session.home().join(".kube/config"));
    }

    fn json(&self, args: &[&str]) -> Value {
        let outcome = self.session.run(&[args, &["-o", "json"]].concat());
        assert!(matches!(outcome.status, Status::Done | Status::Incomplete), "{outcome}");
        for tried in &self.tried {
            assert!(!outcome.to_string().contains(&tried.token), "a token is shown");
        }
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
    }

    /// The findings about tokens of the namespace, by method and object.
    fn findings(&self) -> BTreeMap<String, Value> {
        let report = self.json(&["scan", "--persistence", UID, "--offline", "--trace", "trace.json"]);
        let all = report["findings"].as_array().unwrap().iter();
        let is_of_tokens =
            |finding: &&Value| ["IssuedToken", "StaticToken"].map(Value::from).contains(&finding["method"]);
        let here = all.filter(|finding| finding["object"]["namespace"] == NAMESPACE).filter(is_of_tokens);
        here.map(|finding| {
            let text = |value: &Value| value.as_str().unwrap_or("*").to_owned();
            (format!("{} {}", text(&finding["method"]), text(&finding["object"]["name"])), finding.clone())
        })
        .collect()
    }
}

pub(super) fn each_token_ends_as_it_is_said(
    cluster: &ControlPlane,
    assets: &Path,
    session: &Session,
    leaver: &Identity,
) {
    let tried = fill(cluster, leaver);
    let mut scene = Scene { cluster, assets, session, tried };
    scene.until([&[200]; 5]);
    let trace = scene.json(&["trace", "-f", "leaked.yaml", "--audit-log", "audit.log"]);
    session.write("trace.json", trace.to_string()).unwrap();
    assert_eq!(bound(&trace), ["Secret/anchor"], "{trace:#}");

    let before = scene.findings();
    let names = |findings: &BTreeMap<String, Value>| findings.keys().cloned().collect::<Vec<_>>();
    let issued = ["*", "anchored", "kept", "recreated"].map(|name| format!("IssuedToken {name}"));
    let lying = ["labelled-token", "recreated-token"].map(|name| format!("StaticToken {name}"));
    assert_eq!(names(&before), [&issued[..], &lying].concat());
    for name in ACCOUNTS {
        let source = before[&format!("IssuedToken {name}")]["source"].to_string();
        assert!(source.contains(&format!("create by X509SHA256={} at ", leaver.sha256())), "{source}");
    }
    let command = |finding: &str| before[finding]["remedy"]["command"].as_str().unwrap();
    assert_eq!(before["StaticToken labelled-token"]["remedy"]["undo"], "Yes");
    assert_eq!(before["IssuedToken recreated"]["remedy"]["undo"], "No");

    scene.kubectl(command("StaticToken labelled-token"));
    scene.kubectl(command("IssuedToken recreated"));
    scene.kubectl(&format!("kubectl delete secret anchor -n {NAMESPACE}"));
    let ended: [&[u16]; 4] = [&[200, 401]; 4];
    scene.until([ended[0], ended[1], ended[2], ended[3], &[200]]);
    // A labelled token is no finding any more. Whose UID a static token is of is no part of a row, and the rights to have tokens issued are
    // what they were.
    let after = scene.findings();
    assert_eq!(names(&after), [&issued[..], &lying[1..]].concat());
    assert_eq!(after["IssuedToken recreated"], before["IssuedToken recreated"]);

    scene.kubectl(&format!(
        "kubectl label secret labelled-token -n {NAMESPACE} kubernetes.io/legacy-token-invalid-since-"
    ));
    scene.until([&[200, 401, 200], ended[1], ended[2], ended[3], &[200]]);
    assert_eq!(names(&scene.findings()), names(&before));
    let trace = scene.json(&["trace", "-f", "leaked.yaml", "--audit-log", "audit.log"]);
    assert_eq!(bound(&trace), ["Secret/anchor"], "what was issued stays in the log: {trace:#}");
}

/// What the tokens of the namespace are bound to, as the trace has it.
fn bound(trace: &Value) -> Vec<&str> {
    trace["actors"].as_array().unwrap().iter().filter_map(|actor| actor["token"]["boundTo"].as_str()).collect()
}
