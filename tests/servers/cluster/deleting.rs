//! DELETE with preconditions, finalizers and dry run.

use serde_json::{Value, json};

use crate::cluster::transcript::{Transcript, rbac_in};

fn binding(transcript: &mut Transcript<'_>, namespace: &str, name: &str, finalizers: &[&str]) -> (String, Value) {
    let bindings = format!("{}/rolebindings", rbac_in(namespace));
    let created = transcript.create("admin", &bindings, &json!({
        "metadata": {"name": name, "finalizers": finalizers}, "roleRef": {"kind": "ClusterRole", "name": "deleting-reader"},
        "subjects": [{"kind": "User", "name": format!("{namespace}-user")}],
    }));
    (format!("{bindings}/{name}"), created)
}

pub(crate) fn deleting(transcript: &mut Transcript<'_>) {
    transcript.namespace("deleting");
    let (path, created) = binding(transcript, "deleting", "b", &[]);
    let metadata = &created["metadata"];
    transcript.delete("admin", &path, &json!({"preconditions": {"uid": "another"}}));
    transcript.delete("admin", &path, &json!({"preconditions": {"resourceVersion": "3"}}));
    transcript.delete("admin", &path, &json!({"propagationPolicy": "Sideways"}));
    transcript.get("admin", &path);
    let exact = json!({
        "apiVersion": "v1", "kind": "DeleteOptions",
        "preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
    });
    let reply = transcript.client("admin").send("DELETE", &path, &[], &exact.to_string()).unwrap();
    assert_eq!((reply.code, &reply.json()["status"]), (200, &json!("Success")));
    transcript.get("admin", &path);
    transcript.delete("admin", &path, &Value::Null);
    // The name is free again, under another uid.
    let (path, again) = binding(transcript, "deleting", "b", &[]);
    assert_ne!(again["metadata"]["uid"], metadata["uid"]);
    transcript.delete("admin", &path, &Value::Null);
}

pub(crate) fn finalizers(transcript: &mut Transcript<'_>) {
    transcript.namespace("finalizers");
    transcript.role("deleting-reader", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]));
    let (path, _) = binding(transcript, "finalizers", "held", &["example.com/hold"]);
    let list_pods = json!({"namespace": "finalizers", "verb": "list", "resource": "pods"});
    transcript.until_allowed("finalizers-user", &[], &list_pods, true);
    transcript.delete("admin", &path, &Value::Null);
    transcript.delete("admin", &path, &Value::Null);
    // It waits, and grants all the same.
    transcript.get("finalizers-user", "/api/v1/namespaces/finalizers/pods");
    transcript.patch(
        "admin",
        &path,
        &json!([{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/two"}]),
    );
    transcript.patch("admin", &path, &json!([{"op": "remove", "path": "/subjects/0"}]));
    transcript.until_allowed("finalizers-user", &[], &list_pods, false);
    transcript.get("finalizers-user", "/api/v1/namespaces/finalizers/pods");
    transcript.patch("admin", &path, &json!([{"op": "remove", "path": "/metadata/finalizers"}]));
    transcript.get("admin", &path);
}

pub(crate) fn dry_run(transcript: &mut Transcript<'_>) {
    transcript.namespace("dry-run");
    let bindings = format!("{}/rolebindings", rbac_in("dry-run"));
    let (path, _) = binding(transcript, "dry-run", "b", &[]);
    let (held, _) = binding(transcript, "dry-run", "held", &["example.com/hold"]);
    let body = |name: &str| json!({"metadata": {"name": name}, "roleRef": {"kind": "ClusterRole", "name": "none"}});
    transcript.create("admin", &format!("{bindings}?dryRun=All"), &body("new"));
    transcript.create("admin", &format!("{bindings}?dryRun=All"), &body("b"));
    transcript.get("admin", &format!("{bindings}/new"));
    transcript.patch("admin", &format!("{path}?dryRun=All"), &json!([{"op": "remove", "path": "/subjects/0"}]));
    transcript.delete("admin", &format!("{path}?dryRun=All"), &Value::Null);
    transcript.delete("admin", &format!("{path}?dryRun=All"), &json!({"preconditions": {"uid": "another"}}));
    transcript.delete("admin", &format!("{held}?dryRun=All"), &Value::Null);
    transcript.delete("admin", &path, &json!({"dryRun": ["All"]}));
    transcript.get("admin", &path);
    transcript.get("admin", &held);
}
