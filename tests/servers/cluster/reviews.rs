//! Reviews and impersonation.

use serde_json::{Value, json};

use crate::cluster::transcript::{Transcript, rbac_in};

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

fn reader(transcript: &mut Transcript<'_>, namespace: &str, user: &str) {
    transcript.namespace(namespace);
    let role = format!("{namespace}-reader");
    transcript.role(&role, &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]));
    let body = json!({
        "metadata": {"name": "reading"}, "roleRef": {"kind": "ClusterRole", "name": role},
        "subjects": [
            {"kind": "User", "name": user}, {"kind": "Group", "name": "4711"},
            {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}, {"kind": "ServiceAccount", "name": "here"},
        ],
    });
    transcript.prepare("POST", &format!("{}/rolebindings", rbac_in(namespace)), &body, 201);
    let get_pods = json!({"namespace": namespace, "verb": "get", "resource": "pods"});
    transcript.until_allowed(user, &[], &get_pods, true);
}

pub(crate) fn who(transcript: &mut Transcript<'_>) {
    reader(transcript, "who", "2002-1");
    transcript.create("2002-1", WHO, &json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}));
    transcript.create("nobody", WHO, &json!({}));
    transcript.get("2002-1", WHO);
    transcript.get("admin", WHO);
    let itself = format!("{REVIEWS}/selfsubjectaccessreviews");
    for spec in [
        json!({"resourceAttributes": {"namespace": "who", "verb": "get", "resource": "pods"}}),
        json!({"resourceAttributes": {"verb": "get", "resource": "pods"}}),
        json!({"resourceAttributes": {"namespace": "who", "verb": "get", "resource": "pods", "subresource": "log"}}),
        json!({"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}}),
        json!({"nonResourceAttributes": {"path": "/apis", "verb": "get"}}),
        json!({"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}),
        json!({"resourceAttributes": {"verb": "get"}, "nonResourceAttributes": {"path": "/version", "verb": "get"}}),
        json!({}),
    ] {
        transcript.create("2002-1", &itself, &json!({"spec": spec}));
    }
    transcript.create("2002-1", &format!("{REVIEWS}/selfsubjectrulesreviews"), &json!({"spec": {}}));
    let rules = format!("{REVIEWS}/selfsubjectrulesreviews");
    let reply =
        transcript.client("2002-1").send("POST", &rules, &[], &json!({"spec": {"namespace": "who"}}).to_string());
    let reply = reply.unwrap().json();
    let pods = json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]});
    assert!(reply["status"]["resourceRules"].as_array().unwrap().contains(&pods), "{reply}");
    transcript.get("2002-1", "/api/v1/namespaces/who/pods");
    transcript.get("2002-1", "/api/v1/namespaces/who/pods/x");
    transcript.get("2002-1", "/api/v1/namespaces/who/pods/x/log");
}

pub(crate) fn may_they(transcript: &mut Transcript<'_>) {
    reader(transcript, "may-they", "2003");
    let pods = json!({"namespace": "may-they", "verb": "list", "resource": "pods"});
    let path = format!("{REVIEWS}/subjectaccessreviews");
    for spec in [
        json!({"user": "2003", "resourceAttributes": pods}),
        json!({"user": "2003-1", "resourceAttributes": pods}),
        json!({"user": "x", "groups": ["4711"], "resourceAttributes": pods}),
        json!({"user": "4711", "resourceAttributes": pods}),
        json!({"user": "system:serviceaccount:may-they:robot", "resourceAttributes": pods}),
        json!({"user": "system:serviceaccount:may-they:here", "resourceAttributes": pods}),
        json!({"user": "system:serviceaccount:default:robot", "resourceAttributes": pods}),
        json!({"user": "u", "groups": ["system:masters"], "resourceAttributes": pods}),
        // `system:authenticated` counts only where it is named.
        json!({"user": "u", "nonResourceAttributes": {"path": "/api", "verb": "get"}}),
        json!({"user": "u", "groups": ["system:authenticated"], "nonResourceAttributes": {"path": "/api", "verb": "get"}}),
        json!({"resourceAttributes": pods}),
        json!({"user": "u"}),
    ] {
        transcript.create("admin", &path, &json!({"spec": spec}));
    }
    transcript.create("2003", &path, &json!({"spec": {"user": "u", "resourceAttributes": pods}}));
    let local = format!("{REVIEWS}/namespaces/may-they/localsubjectaccessreviews");
    let other = json!({"namespace": "elsewhere", "verb": "list", "resource": "pods"});
    let reply = transcript.prepare("POST", &local, &json!({"spec": {"user": "2003", "resourceAttributes": pods}}), 201);
    assert_eq!(reply["status"]["allowed"], true);
    transcript.create("admin", &local, &json!({"spec": {"user": "2003", "resourceAttributes": other}}));
    // A binding whose role is gone gives its reason.
    transcript.prepare("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/may-they-reader", &Value::Null, 200);
    transcript.until_allowed("2003", &[], &pods, false);
    transcript.create("admin", &path, &json!({"spec": {"user": "2003", "resourceAttributes": pods}}));
    transcript.get("2003", "/api/v1/namespaces/may-they/secrets?limit=1");
}

pub(crate) fn impersonation(transcript: &mut Transcript<'_>) {
    reader(transcript, "impersonation", "2004-1");
    let pods = "/api/v1/namespaces/impersonation/pods";
    let none = Value::Null;
    transcript.ask_with("admin", "GET", pods, &[("Impersonate-User", "2004-1")], &none);
    transcript.ask_with("admin", "GET", pods, &[("Impersonate-User", "stranger")], &none);
    let full = [
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Group", "h"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Scope", "x"),
    ];
    transcript.ask_with("admin", "POST", WHO, &full, &json!({}));
    for user in ["system:serviceaccount:a:b", "system:anonymous", "system:node:n"] {
        transcript.ask_with("admin", "POST", WHO, &[("Impersonate-User", user)], &json!({}));
    }
    transcript.ask_with("admin", "GET", pods, &[("Impersonate-Group", "g")], &none);
    // One who may be bob, and nobody else.
    let rules =
        json!([{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"], "resourceNames": ["bob"]}]);
    transcript.role("be-bob", &rules);
    transcript.bind("be-bob", "impersonator");
    transcript.until_allowed(
        "impersonator",
        &[],
        &json!({"verb": "impersonate", "resource": "users", "name": "bob"}),
        true,
    );
    let reply = transcript.client("impersonator").send("POST", WHO, &[("Impersonate-User", "bob")], "{}").unwrap();
    assert_eq!(reply.json()["status"]["userInfo"]["username"], "bob");
    transcript.ask_with("impersonator", "POST", WHO, &[("Impersonate-User", "bob")], &json!({}));
    transcript.ask_with("impersonator", "POST", WHO, &[("Impersonate-User", "jim")], &json!({}));
    for more in [("Impersonate-Group", "g"), ("Impersonate-Uid", "7"), ("Impersonate-Extra-Scope", "x")] {
        transcript.ask_with("impersonator", "POST", WHO, &[("Impersonate-User", "bob"), more], &json!({}));
    }
    transcript.ask_with("impersonator", "POST", WHO, &[("Impersonate-User", "system:serviceaccount:a:b")], &json!({}));
}
