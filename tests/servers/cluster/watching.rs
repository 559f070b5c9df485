//! WATCH.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::transcript::{Transcript, rbac_in};

const MOMENT: Duration = Duration::from_millis(700);

pub(crate) fn watching(transcript: &mut Transcript<'_>) {
    transcript.namespace("watching");
    let bindings = format!("{}/rolebindings", rbac_in("watching"));
    let version = transcript.get("admin", &bindings)["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    for (name, label) in [("a", "yes"), ("b", "no")] {
        let body = json!({
            "metadata": {"name": name, "labels": {"wanted": label}}, "roleRef": {"kind": "ClusterRole", "name": "reader"},
            "subjects": [{"kind": "User", "name": "u"}],
        });
        transcript.create("admin", &bindings, &body);
    }
    transcript.patch("admin", &format!("{bindings}/a"), &json!([{"op": "remove", "path": "/subjects/0"}]));
    transcript.patch(
        "admin",
        &format!("{bindings}/a"),
        &json!([{"op": "replace", "path": "/metadata/labels/wanted", "value": "no"}]),
    );
    transcript.delete("admin", &format!("{bindings}/b"), &Value::Null);
    let since = format!("{bindings}?watch=1&resourceVersion={version}");
    let events = transcript.client("admin").listen(&since, MOMENT).unwrap().events();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["ADDED", "ADDED", "MODIFIED", "MODIFIED", "DELETED"]);
    let deleted = events[4]["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(deleted > events[3]["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap());
    let labelled = format!("{since}&labelSelector=wanted%3Dyes");
    let events = transcript.client("admin").listen(&labelled, MOMENT).unwrap().events();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED"], "what no longer matches is gone for this watch");
    transcript.listen("admin", &format!("{bindings}?watch=true"), MOMENT);
    transcript.listen(
        "admin",
        &format!("{bindings}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Da"),
        MOMENT * 3,
    );
    transcript.get("admin", &format!("{bindings}?watch=1&resourceVersion=abc"));
    transcript.get("watching-user", &format!("{bindings}?watch=1"));
}
