//! JSON patch and merge patch.

use serde_json::{Value, json};

use crate::cluster::transcript::{Transcript, rbac_in};

fn shared_binding(transcript: &mut Transcript<'_>, namespace: &str) -> (String, Value) {
    transcript.namespace(namespace);
    let bindings = format!("{}/rolebindings", rbac_in(namespace));
    let created = transcript.create("admin", &bindings, &json!({
        "metadata": {"name": "b", "labels": {"l": "1"}}, "roleRef": {"kind": "ClusterRole", "name": "reader"},
        "subjects": [
            {"kind": "User", "name": "colleague"}, {"kind": "User", "name": "leaver"},
            {"kind": "ServiceAccount", "name": "account", "namespace": namespace}, {"kind": "User", "name": "leaver"},
        ],
    }));
    (format!("{bindings}/b"), created)
}

pub(crate) fn patching(transcript: &mut Transcript<'_>) {
    let (path, created) = shared_binding(transcript, "patching");
    let (leaver, version) = (created["subjects"][1].clone(), created["metadata"]["resourceVersion"].clone());
    let exact = json!([
        {"op": "test", "path": "/metadata/uid", "value": created["metadata"]["uid"]},
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "test", "path": "/subjects/3", "value": leaver}, {"op": "remove", "path": "/subjects/3"},
        {"op": "test", "path": "/subjects/1", "value": leaver}, {"op": "remove", "path": "/subjects/1"},
    ]);
    let patched = transcript
        .client("admin")
        .send(
            "PATCH",
            &format!("{path}?dryRun=All"),
            &[("Content-Type", "application/json-patch+json")],
            &exact.to_string(),
        )
        .unwrap();
    assert_eq!(patched.code, 200, "{}", patched.json());
    transcript.get("admin", &path);
    let patched = transcript
        .client("admin")
        .send("PATCH", &path, &[("Content-Type", "application/json-patch+json")], &exact.to_string())
        .unwrap();
    assert_eq!(patched.json()["subjects"], json!([created["subjects"][0], created["subjects"][2]]));
    transcript.get("admin", &path);
    transcript.patch("admin", &path, &json!([]));
    transcript.patch("admin", &path, &json!([{"op": "add", "path": "/unknown", "value": 1}]));
    transcript.patch("admin", &path, &json!([{"op": "replace", "path": "/metadata/labels/l", "value": "2"}]));
    transcript.patch("admin", &path, &json!([{"op": "add", "path": "/metadata/labels/a~1b", "value": "2"}]));
    transcript.patch("admin", &path, &json!([{"op": "remove", "path": "/subjects"}]));
    transcript.patch(
        "admin",
        &path,
        &json!([{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "z"}}]),
    );
    transcript.patch(
        "admin",
        &path,
        &json!([{"op": "add", "path": "/subjects", "value": [{"kind": "User", "name": "z"}]}]),
    );
    transcript.patch(
        "admin",
        &path,
        &json!([{"op": "add", "path": "/subjects/0", "value": {"kind": "User", "name": "y"}}]),
    );
    let merge = [("Content-Type", "application/merge-patch+json")];
    transcript.ask_with("admin", "PATCH", &path, &merge, &json!({"metadata": {"labels": {"l": null, "m": "1"}}}));
    transcript.ask_with("other-manager", "PATCH", &path, &merge, &json!({"metadata": {"labels": {"n": "1"}}}));
    let manager = format!("{path}?fieldManager=flux");
    transcript.ask_with("admin", "PATCH", &manager, &merge, &json!({"subjects": [{"kind": "User", "name": "w"}]}));
}

pub(crate) fn failing(transcript: &mut Transcript<'_>) {
    let (path, _) = shared_binding(transcript, "failing-patches");
    for operations in [
        json!([{"op": "test", "path": "/metadata/uid", "value": "x"}]),
        json!([{"op": "test", "path": "/subjects/9", "value": "x"}]),
        json!([{"op": "remove", "path": "/subjects/9"}]),
        json!([{"op": "remove", "path": "/unknown"}]),
        json!([{"op": "replace", "path": "/unknown", "value": 1}]),
        json!([{"op": "invented", "path": "/subjects"}]),
        json!([{"op": "add", "path": "/metadata/resourceVersion", "value": "3"}]),
        json!([{"op": "replace", "path": "/metadata/uid", "value": "3"}]),
        json!([{"op": "replace", "path": "/metadata/name", "value": "3"}]),
        json!([{"op": "replace", "path": "/roleRef/name", "value": "other"}]),
        json!([{"op": "add", "path": "/metadata/finalizers", "value": ["hold"]}]),
        json!({"op": "remove", "path": "/subjects"}),
    ] {
        transcript.patch("admin", &path, &operations);
    }
    transcript.patch("admin", &format!("{path}-not-there"), &json!([]));
    transcript.ask_with("admin", "PATCH", &path, &[("Content-Type", "application/json")], &json!([]));
    transcript.ask_with("admin", "PATCH", &path, &[("Content-Type", "text/plain")], &json!([]));
    transcript.get("admin", &path);
}
