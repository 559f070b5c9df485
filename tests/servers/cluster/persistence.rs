//! `scan --persistence` as a whole command on a wire that is listened to: what it finds, and that it never gets what it must not.

use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::recorder::Recorder;
use ackcred_sandbox::session::{Outcome, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const UID: &str = "200000000000000103";
/// Stands in a Secret's data, and in what `kubectl apply` repeats of it.
const CANARY: &str = "canary-5b1c9f";
/// `openssl req -new -newkey ed25519 -nodes -subj /O=dev/CN=carl`
const REQUEST: &str = "-----BEGIN CERTIFICATE REQUEST-----\n\
    MIGcMFACAQAwHTEMMAoGA1UECgwDZGV2MQ0wCwYDVQQDDARjYXJsMCowBQYDK2Vw\n\
    AyEA+3AZG1MPCxXrZV2RLEtXf1uUeEsbizkuwxetZ0qh7GCgADAFBgMrZXADQQCV\n\
    GYNh+SAUJFBmgdhbWIXx/zllmQOkA+3mYlr2AWHk2l2WJ507wbZlYtJslVIofmm9\n\
    3rhXHEhTYZ8atqFWFYYM\n\
    -----END CERTIFICATE REQUEST-----\n";

/// What a leaver could have left behind; whether the server took requests for certificates and their like.
fn fill(cluster: &dyn Cluster) -> bool {
    let mut setting = Transcript::new(cluster);
    setting.namespace("left");
    setting.namespace("other");
    let rule =
        |verbs: &[&str], resources: &[&str]| json!([{"verbs": verbs, "apiGroups": [""], "resources": resources}]);
    setting.role("left-secrets", &rule(&["list"], &["secrets"]));
    setting.role("left-view", &rule(&["get"], &["pods"]));
    setting.role("left-impersonate", &rule(&["impersonate"], &["users", "groups"]));
    let user = |name: &str| json!([{"kind": "User", "name": name}]);
    for (namespace, name, role, subjects) in [
        ("left", "left-secrets", "left-secrets", user(UID)),
        ("left", "left-spelled", "left-view", user("system:serviceaccount:left:robot")),
        ("", "left-impersonate", "left-impersonate", user("bo")),
        ("", "left-all", "left-view", json!([{"kind": "Group", "name": "system:serviceaccounts:left"}])),
    ] {
        let path = match namespace {
            "" => format!("{RBAC}/clusterrolebindings"),
            namespace => format!("{}/rolebindings", rbac_in(namespace)),
        };
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
        setting.prepare(
            "POST",
            &path,
            &json!({"metadata": {"name": name}, "subjects": subjects, "roleRef": role}),
            201,
        );
    }
    for namespace in ["left", "other"] {
        let applied = json!({"kind": "Secret", "stringData": {"token": CANARY}}).to_string();
        let body = json!({
            "metadata": {"name": "robot-token", "annotations": {
                "kubernetes.io/service-account.name": "robot",
                "kubectl.kubernetes.io/last-applied-configuration": applied,
            }},
            "type": "kubernetes.io/service-account-token", "stringData": {"token": CANARY},
        });
        setting.prepare("POST", &format!("/api/v1/namespaces/{namespace}/secrets"), &body, 201);
    }
    let aggregated = json!({
        "metadata": {"name": "left-more", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
        "rules": rule(&["get"], &["secrets"]),
    });
    setting.prepare("POST", &format!("{RBAC}/clusterroles"), &aggregated, 201);
    let takes = extend(&mut setting);
    cluster.catch_up().unwrap();
    takes
}

fn extend(setting: &mut Transcript<'_>) -> bool {
    let request = json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "left-request"},
        "spec": {
            "request": STANDARD.encode(REQUEST), "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"],
        },
    });
    let webhook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "left-webhook"},
        "webhooks": [{
            "name": "left.example.com", "clientConfig": {"url": format!("https://example.com/{CANARY}")},
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
            "rules": [{
                "apiGroups": ["example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothing"],
            }],
        }],
    });
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.left.example.com"},
        "spec": {
            "group": "left.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"namespace": "left", "name": "answers"},
        },
    });
    let mut takes = |path: &str, body: &Value| {
        let reply = setting.client("admin").send("POST", path, &[], &body.to_string()).unwrap();
        assert!([201, 405].contains(&reply.code), "{path}: {}", reply.json());
        reply.code == 201
    };
    let all = [
        takes("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request),
        takes("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", &webhook),
        takes("/apis/apiregistration.k8s.io/v1/apiservices", &service),
    ];
    assert!(all.iter().all(|one| *one == all[0]));
    all[0]
}

fn session(cluster: &dyn Cluster, url: &str) -> Session {
    let credential = Credential::of(&cluster.administrator().unwrap());
    let kubeconfig = Kubeconfig::ack(url, &cluster.ca_pem(), CLUSTER, "me", &credential);
    #[expect(clippy::disallowed_methods, reason = "certificates made a moment ago are to be valid")]
    let session = Session::at(Timestamp::now()).unwrap();
    session.write(".kube/config", kubeconfig.yaml()).unwrap();
    session
}

/// Method, object and certainty of each finding.
fn findings(outcome: &Outcome) -> Vec<String> {
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let text = |value: &Value| value.as_str().unwrap_or("*").to_owned();
    let line = |finding: &Value| {
        let object = &finding["object"];
        format!("{} {}/{}", text(&finding["method"]), text(&object["namespace"]), text(&object["name"]))
    };
    report["findings"].as_array().unwrap().iter().map(line).collect()
}

pub(super) fn said(cluster: &dyn Cluster) {
    let takes_requests = fill(cluster);
    let recorder = Recorder::start(cluster, &cluster.administrator().unwrap()).unwrap();
    let session = session(cluster, &recorder.url());
    let everybody = session.run(&["scan", "--persistence", "--offline", "-o", "json"]);
    // What an APIService answers for is not known where nothing stands behind it.
    let (status, of_findings) = match takes_requests {
        true => (Status::Incomplete, Status::Incomplete),
        false => (Status::Done, Status::Findings),
    };
    assert_eq!(everybody.status, status, "{everybody}");
    let found = findings(&everybody);
    let mut expected = vec![
        "StaticToken left/robot-token",
        "StaticToken other/robot-token",
        "AccountAsUser left/left-spelled",
        "AllAccounts */left-all",
        "UnknownIdentity left/left-secrets",
        "Impersonate */left-impersonate",
        "AggregatedRole */left-more",
    ];
    if takes_requests {
        expected.extend([
            "CertificateRequest */left-request",
            "Webhook */left-webhook",
            "ApiService */v1.left.example.com",
        ]);
    }
    for one in &expected {
        assert!(found.iter().any(|finding| finding == one), "{one} of {found:#?}");
    }
    let of_one = session.run(&["scan", "--persistence", UID, "--offline", "-o", "json"]);
    let of_one_found = findings(&of_one);
    let secrets: Vec<_> = of_one_found.iter().filter(|finding| finding.starts_with("StaticToken")).collect();
    assert_eq!(secrets, ["StaticToken left/robot-token"], "only what it could read");
    assert!(of_one_found.iter().any(|finding| finding == "IssuedToken left/*"), "{of_one_found:#?}");
    assert_eq!(session.run(&["scan", "--persistence", "--offline", "--fail-on", "any"]).status, of_findings);
    let later = session.run(&["scan", "--persistence", "--offline", "--since", "2999-01-01", "-o", "json"]);
    assert!(!findings(&later).iter().any(|finding| finding.contains("left-spelled")), "{later}");

    let table = session.run(&["scan", "--persistence", "--offline", "-vvv"]);
    for text in ["A heuristic", "Not seen: tokens already issued", "kubectl label secret -n left robot-token"] {
        assert!(table.stdout.contains(text), "{text}: {table}");
    }
    let heard = String::from_utf8_lossy(&recorder.heard()).into_owned();
    assert!(
        heard.contains("robot-token") && !heard.to_lowercase().contains("content-encoding"),
        "it is heard in clear"
    );
    let everything_said: Vec<String> =
        [&everybody, &of_one, &table].iter().map(|outcome| outcome.to_string()).collect();
    assert!(!everything_said.concat().contains(CANARY), "{everything_said:?}");
    // A webhook's configuration is read whole, its URL with it; of the Secrets not a byte.
    let of_secrets = heard.replace(&format!("https://example.com/{CANARY}"), "");
    assert!(!of_secrets.contains(CANARY) && !of_secrets.contains(&STANDARD.encode(CANARY)));
    in_part(cluster, &session);
}

/// What can't be read is said, and is no answer.
fn in_part(cluster: &dyn Cluster, admin: &Session) {
    let mut setting = Transcript::new(cluster);
    let list = json!([{
        "verbs": ["list"], "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterrolebindings", "rolebindings", "clusterroles", "roles"],
    }]);
    setting.role("left-reader", &list);
    setting.bind("left-reader", "left-reader");
    cluster.catch_up().unwrap();
    let part = admin.run(&["scan", "--persistence", "--offline", "--as", "left-reader", "--fail-on", "any"]);
    assert_eq!(part.status, Status::Incomplete, "{part}");
    assert!(part.stderr.contains("can't list namespaces"), "{part}");
    let usage = admin.run(&["scan", "--persistence", "--offline", "--fail-on", "deleted"]);
    assert_eq!(usage.status, Status::Usage, "{usage}");
    assert_eq!(admin.run(&["scan", "--offline", "--fail-on", "any"]).status, Status::Usage);
}
