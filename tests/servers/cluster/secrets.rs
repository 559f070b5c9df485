//! Secrets, and the forms in which they are listed: which of them leak.

use serde_json::{Value, json};

use crate::cluster::transcript::Transcript;

const CANARY: &str = "cdd7a1c3-canary";
const TABLE: (&str, &str) = ("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1");
const METADATA: (&str, &str) = ("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
const MERGE: (&str, &str) = ("Content-Type", "application/merge-patch+json");
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";

fn secret(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "annotations": {
            "kubernetes.io/service-account.name": "robot",
            "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"stringData\":\"{CANARY}\"}}"),
        }},
        "type": TOKEN_TYPE, "stringData": {"note": CANARY},
    })
}

fn fill(transcript: &mut Transcript<'_>, namespace: &str) -> String {
    transcript.namespace(namespace);
    let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
    transcript.prepare("POST", &secrets, &secret("robot-token"), 201);
    transcript.prepare("POST", &secrets, &json!({"metadata": {"name": "other"}, "data": {"a": "Yg=="}}), 201);
    secrets
}

pub(crate) fn secrets(transcript: &mut Transcript<'_>) {
    let secrets = fill(transcript, "secrets");
    transcript.get("admin", &secrets);
    transcript.get("admin", &format!("{secrets}/other"));
    transcript.create("admin", &secrets, &json!({"metadata": {"name": "x"}, "type": TOKEN_TYPE}));
    transcript.create("admin", &secrets, &json!({"metadata": {"name": "y"}, "stringData": {"a": "b"}, "unknown": 1}));
    let path = format!("{secrets}/robot-token");
    let label = json!({"metadata": {"labels": {"kubernetes.io/legacy-token-invalid-since": "2026-11-29"}}});
    transcript.ask_with("admin", "PATCH", &path, &[MERGE], &json!({"type": "Opaque"}));
    transcript.ask_with(
        "admin",
        "PATCH",
        &path,
        &[MERGE, TABLE],
        &json!({"type": TOKEN_TYPE, "metadata": {"resourceVersion": "1", "labels": {"a": "b"}}}),
    );
    transcript.ask_with("admin", "PATCH", &format!("{path}?includeObject=None"), &[MERGE, TABLE], &label);
    for selector in [
        "labelSelector=kubernetes.io%2Flegacy-token-invalid-since",
        "labelSelector=kubernetes.io%2Flegacy-token-invalid-since%20in%20%282026-11-28%2C2026-11-29%29",
        "labelSelector=kubernetes.io%2Flegacy-token-invalid-since%3D2026-11-28",
        "fieldSelector=type%3Dkubernetes.io%2Fservice-account-token",
        "fieldSelector=type%3DOpaque%2Cmetadata.name%3Dother",
        "fieldSelector=data.a%3Db",
    ] {
        transcript.ask_with(
            "admin",
            "GET",
            &format!("{secrets}?includeObject=None&{selector}"),
            &[TABLE],
            &Value::Null,
        );
    }
}

pub(crate) fn tables(transcript: &mut Transcript<'_>) {
    let secrets = fill(transcript, "tables");
    let forms = [
        (TABLE, "", true),
        (TABLE, "?includeObject=Metadata", true),
        (TABLE, "?includeObject=Object", true),
        (METADATA, "", true),
        (TABLE, "?includeObject=None", false),
        (TABLE, "?includeObject=None&limit=1", false),
        (TABLE, "?includeObject=Some", false),
    ];
    for (accept, query, leaks) in forms {
        let answer = transcript.ask_with("admin", "GET", &format!("{secrets}{query}"), &[accept], &Value::Null);
        assert_eq!(answer.to_string().contains(CANARY), leaks, "{accept:?} {query}");
    }
    let one = format!("{secrets}/robot-token?includeObject=None");
    let whole = transcript.client("admin").send("GET", &format!("{secrets}/robot-token"), &[], "").unwrap().json();
    let table = transcript.client("admin").send("GET", &one, &[TABLE], "").unwrap().json();
    assert_eq!(
        table["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"],
        "a table of one object has its version"
    );
    transcript.ask_with("admin", "GET", &one, &[TABLE], &Value::Null);
    transcript.ask_with(
        "admin",
        "GET",
        "/api/v1/namespaces?includeObject=None&labelSelector=no",
        &[TABLE],
        &Value::Null,
    );
    transcript.ask_with("admin", "GET", &format!("{secrets}/none?includeObject=None"), &[TABLE], &Value::Null);
}
