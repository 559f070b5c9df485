//! CREATE and PUT.

use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

pub(crate) fn creating(transcript: &mut Transcript<'_>) {
    transcript.namespace("creating");
    let roles = format!("{RBAC}/clusterroles");
    let rules = json!([
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "update"], "resourceNames": ["x"]},
        {"nonResourceURLs": ["/healthz/*"], "verbs": ["get"]},
    ]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "creating"}, "rules": rules});
    transcript.create("admin", &roles, &role);
    transcript.create("admin", &roles, &role);
    transcript.create("admin", &roles, &json!({"metadata": {"name": "creating-empty"}, "unknown": 1}));
    let bindings = format!("{}/rolebindings", rbac_in("creating"));
    transcript.create("admin", &bindings, &json!({
        "metadata": {"name": "b", "labels": {"l": "1"}, "annotations": {"a": "1"}, "finalizers": ["example.com/hold"]},
        "roleRef": {"kind": "ClusterRole", "name": "creating"},
        "subjects": [
            {"kind": "User", "name": "2001-1"}, {"kind": "Group", "name": "4711"},
            {"kind": "ServiceAccount", "name": "123", "namespace": "creating"},
        ],
    }));
    transcript.create("admin", &bindings, &json!({
        "metadata": {"name": "owned", "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "1-2-3"}]},
        "roleRef": {"kind": "Role", "name": "dangling"},
    }));
    transcript.create("admin", "/api/v1/namespaces", &json!({"metadata": {"name": "creating-2"}}));
    transcript.create(
        "admin",
        "/api/v1/namespaces/creating/configmaps",
        &json!({"metadata": {"name": "m"}, "data": {"k": "v"}}),
    );
    transcript.create(
        "admin",
        &format!("{}/roles", rbac_in("creating")),
        &json!({"metadata": {"name": "r"}, "rules": []}),
    );
    let elsewhere = format!("{}/rolebindings", rbac_in("not-there"));
    transcript.create(
        "admin",
        &elsewhere,
        &json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"}}),
    );
    transcript.prepare("DELETE", "/api/v1/namespaces/creating-2", &Value::Null, 200);
    let ending = format!("{}/rolebindings", rbac_in("creating-2"));
    transcript.get("admin", "/api/v1/namespaces/creating-2");
    transcript.create("admin", &ending, &json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"}}));
}

pub(crate) fn invalid(transcript: &mut Transcript<'_>) {
    transcript.namespace("invalid");
    let roles = format!("{RBAC}/clusterroles");
    for role in [
        json!({"metadata": {"name": "bad"}, "rules": [{"apiGroups": [""], "verbs": ["get"]}]}),
        json!({"metadata": {"name": "bad"}, "rules": [{"resources": ["x"], "verbs": ["get"]}]}),
        json!({"metadata": {"name": "bad"}, "rules": [{"apiGroups": [""], "resources": ["x"]}]}),
        json!({"metadata": {"name": "bad"}, "rules": [{"nonResourceURLs": ["/x"], "resources": ["x"], "verbs": ["get"]}]}),
        json!({"metadata": {"name": "bad/name"}}),
        json!({"metadata": {}}),
        json!({"metadata": {"name": "versioned", "resourceVersion": "5"}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "bad"}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1beta1", "kind": "ClusterRole", "metadata": {"name": "bad"}}),
    ] {
        transcript.create("admin", &roles, &role);
    }
    let cluster_bindings = format!("{RBAC}/clusterrolebindings");
    let bindings = format!("{}/rolebindings", rbac_in("invalid"));
    for (path, binding) in [
        (&bindings, json!({"metadata": {"name": "bad"}})),
        (
            &bindings,
            json!({"metadata": {"name": "bad", "namespace": "other"}, "roleRef": {"kind": "Role", "name": "r"}}),
        ),
        (
            &bindings,
            json!({
                "metadata": {"name": "bad", "finalizers": ["hold"]}, "roleRef": {"kind": "Role", "name": "r"},
            }),
        ),
        (
            &bindings,
            json!({
                "metadata": {"name": "bad"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
                "subjects": [
                    {"kind": "User", "name": "", "apiGroup": "x"}, {"kind": "Group"}, {"kind": "ServiceAccount", "name": "1"},
                    {"kind": "Robot", "name": "a"}, {"kind": "ServiceAccount", "name": "Not_A_Name"},
                ],
            }),
        ),
        (
            &cluster_bindings,
            json!({"metadata": {"name": "bad"}, "roleRef": {"kind": "Role", "name": "r", "apiGroup": "x"}}),
        ),
        (
            &cluster_bindings,
            json!({
                "metadata": {"name": "bad"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
                "subjects": [{"kind": "ServiceAccount", "name": "1"}],
            }),
        ),
    ] {
        transcript.create("admin", path, &binding);
    }
    transcript.ask_text("admin", "POST", &roles, &[], "");
    transcript.ask_text("admin", "POST", &roles, &[("Content-Type", "text/plain")], "{}");
    transcript.create("admin", &format!("{roles}?dryRun=Some"), &json!({"metadata": {"name": "dry"}}));
}

pub(crate) fn replacing(transcript: &mut Transcript<'_>) {
    transcript.namespace("replacing");
    let bindings = format!("{}/rolebindings", rbac_in("replacing"));
    let binding = |name: &str, subjects: Value| json!({"metadata": {"name": name}, "roleRef": {"kind": "ClusterRole", "name": "reader"}, "subjects": subjects});
    let two = json!([{"kind": "User", "name": "1"}, {"kind": "User", "name": "2"}]);
    let created = transcript.create("admin", &bindings, &binding("b", two.clone()));
    let path = format!("{bindings}/b");
    transcript.ask("admin", "PUT", &path, &binding("b", two));
    let mut newer = created.clone();
    newer["subjects"] = json!([{"kind": "User", "name": "2"}]);
    newer["metadata"]["labels"] = json!({"l": "1"});
    transcript.ask("admin", "PUT", &path, &newer);
    // Now its version is an old one.
    transcript.ask("admin", "PUT", &path, &newer);
    let mut other_uid = binding("b", json!([]));
    other_uid["metadata"]["uid"] = "not-this-one".into();
    transcript.ask("admin", "PUT", &path, &other_uid);
    transcript.ask("admin", "PUT", &path, &binding("other-name", json!([])));
    transcript.ask(
        "admin",
        "PUT",
        &path,
        &json!({"metadata": {}, "roleRef": {"kind": "ClusterRole", "name": "reader"}}),
    );
    let other_role = json!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "other"}});
    transcript.ask("admin", "PUT", &path, &other_role);
    transcript.ask("admin", "PUT", &format!("{bindings}/new"), &binding("new", json!([{"kind": "User", "name": "2"}])));
    transcript.ask("admin", "PUT", &format!("{bindings}/b?dryRun=All"), &binding("b", json!([])));
    transcript.get("admin", &path);
}
