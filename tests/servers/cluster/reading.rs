//! GET and lists.

use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

fn fill(transcript: &mut Transcript<'_>, namespace: &str, count: usize) {
    transcript.namespace(namespace);
    for index in 0..count {
        let body = json!({
            "metadata": {"name": format!("b-{index}"), "labels": {"parity": if index % 2 == 0 { "even" } else { "odd" }}},
            "roleRef": {"kind": "ClusterRole", "name": "reader"}, "subjects": [{"kind": "User", "name": "2001-1"}],
        });
        transcript.prepare("POST", &format!("{}/rolebindings", rbac_in(namespace)), &body, 201);
    }
}

pub(crate) fn reading(transcript: &mut Transcript<'_>) {
    fill(transcript, "reading", 4);
    let bindings = format!("{}/rolebindings", rbac_in("reading"));
    transcript.get("admin", &bindings);
    transcript.get("admin", &format!("{bindings}/b-0"));
    transcript.get("admin", &format!("{bindings}/b-0?resourceVersion=0"));
    transcript.get("admin", &format!("{bindings}?labelSelector=parity%3Deven"));
    transcript.get("admin", &format!("{bindings}?labelSelector=parity+in+(odd),!absent"));
    transcript.get("admin", &format!("{bindings}?labelSelector=parity!%3Dodd"));
    transcript.get("admin", &format!("{bindings}?fieldSelector=metadata.name%3Db-1"));
    transcript.get("admin", &format!("{RBAC}/rolebindings?fieldSelector=metadata.namespace%3Dreading"));
    transcript.get("admin", &format!("{bindings}?fieldSelector=spec.x%3Db-1"));
    for name in ["cluster-admin", "system:basic-user", "system:discovery", "system:public-info-viewer"] {
        transcript.get("admin", &format!("{RBAC}/clusterroles/{name}"));
        transcript.get("admin", &format!("{RBAC}/clusterrolebindings/{name}"));
    }
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let as_table = transcript.client("admin").send("GET", &bindings, &[("Accept", table)], "").unwrap().json();
    let first_cells = as_table["rows"][0]["cells"].as_array().cloned().unwrap_or_default();
    assert_eq!((&first_cells[0], &first_cells[1]), (&json!("b-0"), &json!("ClusterRole/reader")));
    let partial = [("Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")];
    transcript.ask_with("admin", "GET", &bindings, &partial, &Value::Null);
    transcript.ask_with("admin", "GET", &bindings, &[("Accept", "text/html")], &Value::Null);
}

/// What the readers of lists take for granted: an empty list is an array without items, of a version.
pub(crate) fn empty_lists(transcript: &mut Transcript<'_>) {
    transcript.namespace("empty");
    for plural in ["rolebindings", "roles"] {
        for query in ["", "?limit=1", "?labelSelector=no%3Dsuch"] {
            let list = transcript.get("admin", &format!("{}/{plural}{query}", rbac_in("empty")));
            assert_eq!(list["items"], json!([]), "{plural}{query}");
            assert!(list["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()), "{list}");
            assert_eq!(
                (&list["metadata"]["continue"], &list["metadata"]["remainingItemCount"]),
                (&Value::Null, &Value::Null)
            );
        }
    }
    for plural in ["clusterrolebindings", "clusterroles"] {
        let list = transcript.client("admin").send("GET", &format!("{RBAC}/{plural}"), &[], "").unwrap().json();
        assert!(!list["items"].as_array().unwrap().is_empty(), "an API server has {plural} of its own");
    }
    // A role without rules has none, and says so.
    let body = json!({"metadata": {"name": "empty"}});
    transcript.prepare("POST", &format!("{RBAC}/clusterroles"), &body, 201);
    let role = transcript.get("admin", &format!("{RBAC}/clusterroles/empty"));
    assert_eq!(role.get("rules"), Some(&Value::Null));
}

pub(crate) fn paging(transcript: &mut Transcript<'_>) {
    fill(transcript, "paging", 5);
    let bindings = format!("{}/rolebindings", rbac_in("paging"));
    let first = transcript.get("admin", &format!("{bindings}?limit=2"));
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    // A page shows the list as it was when its first page was read.
    transcript.prepare("DELETE", &format!("{bindings}/b-4"), &json!({}), 200);
    let page = |token: &str| format!("{bindings}?limit=2&continue={token}");
    let second = transcript.client("admin").send("GET", &page(&token), &[], "").unwrap().json();
    let names = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()).collect()
    };
    assert_eq!(names(&second), ["b-2", "b-3"]);
    assert_eq!(second["metadata"]["remainingItemCount"], 1);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let token = second["metadata"]["continue"].as_str().unwrap().to_owned();
    let third = transcript.client("admin").send("GET", &page(&token), &[], "").unwrap().json();
    assert_eq!(names(&third), ["b-4"]);
    assert!(third["metadata"]["continue"].is_null());
    transcript.get("admin", &format!("{bindings}?limit=5"));
    transcript.get("admin", &format!("{bindings}?limit=1&labelSelector=parity%3Deven"));
    transcript.get("admin", &format!("{bindings}?limit=abc"));
    transcript.get("admin", &format!("{bindings}?continue=abc"));
}

pub(crate) fn compaction(transcript: &mut Transcript<'_>) {
    fill(transcript, "compaction", 4);
    let bindings = format!("{}/rolebindings", rbac_in("compaction"));
    let first = transcript.get("admin", &format!("{bindings}?limit=1"));
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    let version = first["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    transcript.prepare("DELETE", &format!("{bindings}/b-3"), &Value::Null, 200);
    transcript.compact();
    let gone = transcript.get("admin", &format!("{bindings}?limit=1&continue={token}"));
    transcript.get("admin", &format!("{bindings}?resourceVersion={version}&resourceVersionMatch=Exact"));
    let way_on = gone["metadata"]["continue"].as_str().unwrap().to_owned();
    transcript.get("admin", &format!("{bindings}?continue={way_on}"));
}

pub(crate) fn versions(transcript: &mut Transcript<'_>) {
    fill(transcript, "versions", 2);
    let bindings = format!("{}/rolebindings", rbac_in("versions"));
    let before = transcript.get("admin", &bindings)["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    transcript.prepare("DELETE", &format!("{bindings}/b-1"), &json!({}), 200);
    let exact = format!("{bindings}?resourceVersion={before}&resourceVersionMatch=Exact");
    let reply = transcript.client("admin").send("GET", &exact, &[], "").unwrap().json();
    assert_eq!(reply["items"].as_array().unwrap().len(), 2, "{reply}");
    let newer = format!("{bindings}?resourceVersion={before}&resourceVersionMatch=NotOlderThan");
    let reply = transcript.client("admin").send("GET", &newer, &[], "").unwrap().json();
    assert_eq!(reply["items"].as_array().unwrap().len(), 1, "{reply}");
    for query in [
        "resourceVersion=99999999",
        "resourceVersion=abc",
        "resourceVersionMatch=Exact",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "resourceVersion=1&resourceVersionMatch=Sometimes",
    ] {
        transcript.get("admin", &format!("{bindings}?{query}"));
    }
}
