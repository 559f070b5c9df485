//! Events for tests, in few words, each decoded from the line that kube-apiserver would write.

use serde_json::{Map, Value, json};

use crate::core::audit::decode::decode;
use crate::core::audit::event::Event;

/// What is sent, and what came of it.
#[derive(Clone)]
pub(super) struct Sent<'a> {
    pub(super) id: &'a str,
    pub(super) stage: &'a str,
    pub(super) time: &'a str,
    pub(super) user: &'a str,
    pub(super) uid: &'a str,
    pub(super) groups: &'a [&'a str],
    pub(super) as_user: Option<(&'a str, &'a [&'a str])>,
    pub(super) as_uid: &'a str,
    pub(super) extra: &'a [(&'a str, &'a [&'a str])],
    pub(super) constraint: Option<&'a str>,
    pub(super) verb: &'a str,
    pub(super) uri: &'a str,
    /// The name in the reference.
    pub(super) named: &'a str,
    /// API group, resource, subresource and namespace of the reference, where there is no path to read them from.
    pub(super) reference: Option<(&'a str, &'a str, &'a str, &'a str)>,
    pub(super) decision: Option<&'a str>,
    pub(super) code: Option<u16>,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            id: "a-1",
            stage: "ResponseComplete",
            time: "2026-11-22T03:10:04Z",
            user: "ann",
            uid: "",
            groups: &["system:authenticated"],
            as_user: None,
            as_uid: "",
            extra: &[],
            constraint: None,
            verb: "get",
            uri: "/api/v1/namespaces/shop/pods/web",
            named: "",
            reference: None,
            decision: Some("allow"),
            code: Some(200),
        }
    }
}

/// What this user sends.
pub(super) fn sent_by(user: &str) -> Sent<'_> {
    Sent { user, ..Sent::default() }
}

/// The line, its fields in the order in which kube-apiserver writes them.
pub(super) fn native(sent: &Sent<'_>) -> String {
    let line = line(sent);
    let fields = ["kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user", "impersonatedUser"];
    let last = ["responseStatus", "requestReceivedTimestamp", "stageTimestamp", "annotations"];
    let fields = fields.into_iter().chain(last).filter(|key| line.get(*key).is_some());
    let fields: Vec<String> = fields.map(|key| format!("\"{key}\":{}", line[key])).collect();
    format!("{{{}}}", fields.join(","))
}

/// Looks at the event.
pub(super) fn event<T>(sent: &Sent<'_>, look: impl FnOnce(&Event<'_>) -> T) -> T {
    let text = line(sent).to_string();
    match decode(text.as_bytes()).as_deref() {
        Ok([event]) => look(event),
        other => panic!("{other:?}: {text}"),
    }
}

/// The line.
pub(super) fn line(sent: &Sent<'_>) -> Value {
    let mut event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": sent.id, "stage": sent.stage,
        "requestURI": sent.uri, "verb": sent.verb,
        "user": {"username": sent.user, "uid": sent.uid, "groups": sent.groups},
        "requestReceivedTimestamp": sent.time, "stageTimestamp": sent.time,
        "annotations": {"authorization.k8s.io/decision": sent.decision, "authorization.k8s.io/reason": ""},
    });
    if let Some((name, groups)) = sent.as_user {
        let extra: Map<String, Value> =
            sent.extra.iter().map(|(key, values)| ((*key).to_owned(), json!(values))).collect();
        event["impersonatedUser"] = json!({"username": name, "groups": groups, "uid": sent.as_uid, "extra": extra});
    }
    if let Some(constraint) = sent.constraint {
        event["authenticationMetadata"] = json!({"impersonationConstraint": constraint});
    }
    if let Some(code) = sent.code {
        event["responseStatus"] = json!({"metadata": {}, "code": code});
    }
    let (group, resource, subresource, namespace) = sent.reference.unwrap_or(("", "pods", "", ""));
    if sent.reference.is_some() || !sent.named.is_empty() {
        event["objectRef"] = json!({
            "apiGroup": group, "resource": resource, "subresource": subresource, "namespace": namespace, "name": sent.named,
        });
    }
    event
}
