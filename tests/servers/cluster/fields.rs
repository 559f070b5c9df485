//! Fields that a kind doesn't have, and strategic merge patches: what kubectl's `create`, `apply` and `edit` rest on.

use serde_json::json;

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const STRATEGIC: [(&str, &str); 1] = [("Content-Type", "application/strategic-merge-patch+json")];

pub(crate) fn unknown(transcript: &mut Transcript<'_>) {
    transcript.namespace("fields");
    let bindings = format!("{}/rolebindings", rbac_in("fields"));
    let body = |name: &str| {
        json!({
            "metadata": {"name": name, "labelz": {}}, "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": "bo"}, {"kind": "User", "name": "ann", "grup": "x"}], "subject": [],
        })
    };
    for query in
        ["?fieldValidation=Strict", "?fieldValidation=Warn", "?fieldValidation=Ignore", "?fieldValidation=x", ""]
    {
        let name = format!("b{}", query.len());
        transcript.create("admin", &format!("{bindings}{query}"), &body(&name));
        transcript.ask("admin", "PUT", &format!("{bindings}/{name}{query}"), &body(&name));
    }
    transcript.prepare(
        "POST",
        &bindings,
        &json!({
            "metadata": {"name": "p"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
        }),
        201,
    );
    for query in ["?fieldValidation=Warn", "?fieldValidation=Ignore", ""] {
        let path = format!("{bindings}/p{query}");
        transcript.patch("admin", &path, &json!([{"op": "add", "path": "/unknown", "value": 1}]));
        let merge = [("Content-Type", "application/merge-patch+json")];
        transcript.ask_with("admin", "PATCH", &path, &merge, &json!({"unknown": 1}));
        transcript.ask_with("admin", "PATCH", &path, &STRATEGIC, &json!({"unknown": 1}));
    }
    transcript.create(
        "admin",
        "/api/v1/namespaces/fields/configmaps?fieldValidation=Strict",
        &json!({"metadata": {"name": "c"}, "date": {}}),
    );
    transcript.create(
        "admin",
        &format!("{RBAC}/clusterroles?fieldValidation=Strict"),
        &json!({"metadata": {"name": "fields"}, "rules": [{"verbs": ["get"], "resources": ["pods"], "apiGroups": [""], "verb": []}]}),
    );
}

pub(crate) fn strategic_merge(transcript: &mut Transcript<'_>) {
    transcript.namespace("strategic");
    let bindings = format!("{}/rolebindings", rbac_in("strategic"));
    let path = format!("{bindings}/s");
    transcript.create(
        "admin",
        &bindings,
        &json!({
            "metadata": {"name": "s", "labels": {"a": "1", "b": "2"}, "finalizers": ["x.example/one", "x.example/two"]},
            "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": "ann"}, {"kind": "User", "name": "bo"}],
        }),
    );
    for patch in [
        json!({"metadata": {"labels": {"a": null, "c": "3"}}}),
        json!({"subjects": [{"kind": "User", "name": "carl"}]}),
        json!({"subjects": null}),
        json!({"roleRef": {"name": "edit"}}),
        json!({"metadata": {"finalizers": ["x.example/three"]}}),
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.example/one"]}}),
        json!({"metadata": {"$setElementOrder/finalizers": ["x.example/three", "x.example/two"], "finalizers": ["x.example/three"]}}),
        json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "1"}]}}),
        json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "m", "uid": "2"}]}}),
        json!({"metadata": {"ownerReferences": [{"uid": "1", "name": "o"}]}}),
        json!({"metadata": {"ownerReferences": [{"$patch": "delete", "uid": "1"}]}}),
        json!({"metadata": {"labels": {"$patch": "replace", "z": "1"}}}),
        json!({"metadata": {"labels": {"$patch": "delete"}}}),
        json!({"metadata": {"name": "other"}}),
        json!({"metadata": {"finalizers": null}}),
        json!({}),
    ] {
        transcript.ask_with("admin", "PATCH", &path, &STRATEGIC, &patch);
    }
    transcript.ask_with("admin", "PATCH", &format!("{bindings}/absent"), &STRATEGIC, &json!({}));
    let roles = format!("{}/roles", rbac_in("strategic"));
    transcript.create(
        "admin",
        &roles,
        &json!({
            "metadata": {"name": "r"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        }),
    );
    let rules = json!({"rules": [{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]});
    transcript.ask_with("admin", "PATCH", &format!("{roles}/r"), &STRATEGIC, &rules);
    let maps = "/api/v1/namespaces/strategic/configmaps";
    transcript.create("admin", maps, &json!({"metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}));
    transcript.ask_with("admin", "PATCH", &format!("{maps}/c"), &STRATEGIC, &json!({"data": {"a": null, "c": "3"}}));
}
