//! What an audit log says of findings: read from a document that `trace -o json` printed.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Finding, FoundObject, Method, SourceFact, SourceFrom};

/// The requests of a trace that had an effect.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Traced {
    requests: Vec<TracedRequest>,
}

#[derive(Debug, PartialEq, Eq)]
struct TracedRequest {
    time: Timestamp,
    actor: String,
    verb: String,
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
}

/// Why a document says nothing of findings. Nothing of its content is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TracedError {
    /// It is no JSON, or not of the expected shape.
    #[error("it can't be read as a TraceReport in JSON")]
    Unreadable,
    /// It is another document.
    #[error("it is no TraceReport of ackcred/v1")]
    OtherDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    actors: Vec<Actor>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Actor {
    id: String,
    credential: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    time: Timestamp,
    actor: String,
    verb: String,
    object: Option<EventObject>,
    code: Option<u16>,
}

#[derive(Deserialize)]
struct EventObject {
    resource: String,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

impl Traced {
    /// Reads a document. Requests that were refused, or of which no answer is known, are left out.
    ///
    /// # Errors
    /// It is no trace.
    pub fn parse(text: &[u8]) -> Result<Self, TracedError> {
        let document: Document = serde_json::from_slice(text).map_err(|_| TracedError::Unreadable)?;
        if (document.api_version.as_str(), document.kind.as_str()) != ("ackcred/v1", "TraceReport") {
            return Err(TracedError::OtherDocument);
        }
        let actors = document.actors;
        let name_of = |id: &str| {
            let actor = actors.iter().find(|actor| actor.id == id)?;
            actor.credential.clone().or_else(|| actor.name.clone())
        };
        let request = |event: Event| {
            let EventObject { resource, subresource, namespace, name } = event.object?;
            event.code.filter(|code| (200..300).contains(code))?;
            Some(TracedRequest {
                time: event.time,
                actor: name_of(&event.actor).unwrap_or(event.actor),
                verb: event.verb,
                resource: subresource.map_or(resource.clone(), |subresource| format!("{resource}/{subresource}")),
                namespace,
                name,
            })
        };
        Ok(Self { requests: document.events.into_iter().filter_map(request).collect() })
    }

    /// Adds to findings what the trace says of their objects: the last request of each actor and verb.
    pub fn add_to(&self, findings: &mut [Finding]) {
        for finding in findings {
            let mut facts: Vec<(&TracedRequest, String)> = Vec::new();
            for request in self.requests.iter().filter(|request| request.concerns(finding)) {
                let is_same = |known: &&TracedRequest| (&known.actor, &known.verb) == (&request.actor, &request.verb);
                facts.retain(|(known, _)| !is_same(known));
                facts.push((request, format!("{} by {} at {}", request.verb, request.actor, request.time)));
            }
            finding.source.extend(facts.into_iter().map(|(_, what)| SourceFact { what, from: SourceFrom::Audit }));
        }
    }
}

impl TracedRequest {
    fn concerns(&self, finding: &Finding) -> bool {
        let FoundObject { kind, namespace, name } = &finding.object;
        let (resource, verbs): (String, &[&str]) = match finding.method {
            Method::IssuedToken => ("serviceaccounts/token".to_owned(), &["create"]),
            Method::StaticToken | Method::BootstrapToken => {
                ("secrets".to_owned(), &["get", "list", "watch", "create", "update", "patch"])
            }
            _ => (plural(kind), &["create", "update", "patch"]),
        };
        // A list has no name, and is of everything in its namespace.
        let is_named = name.is_none() || self.name == *name || (self.name.is_none() && self.is_of_many());
        let is_here = self.namespace == *namespace || (self.namespace.is_none() && self.is_of_many());
        self.resource == resource && verbs.contains(&self.verb.as_str()) && is_named && (is_here || namespace.is_none())
    }

    fn is_of_many(&self) -> bool {
        matches!(self.verb.as_str(), "list" | "watch")
    }
}

/// The resource of a kind among those that findings are about.
fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    match lower.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{lower}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Remedy, Since, Undo};
    use super::*;
    use crate::core::rbac::reach::Certainty;

    fn finding(method: Method, kind: &str, namespace: Option<&str>, name: Option<&str>) -> Finding {
        Finding {
            method,
            object: FoundObject {
                kind: kind.to_owned(),
                namespace: namespace.map(str::to_owned),
                name: name.map(str::to_owned),
            },
            leads_to: String::new(),
            since: Since::Unknown,
            source: Vec::new(),
            remedy: Remedy { text: String::new(), command: None, undo: Undo::No },
            certainty: Certainty::Exact,
        }
    }

    fn event(
        verb: &str,
        resource: &str,
        subresource: Option<&str>,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Value {
        json!({
            "time": "2026-11-22T03:00:00Z", "actor": "1", "verb": verb, "code": 200,
            "object": {
                "apiGroup": "", "resource": resource, "subresource": subresource, "namespace": namespace, "name": name,
            },
        })
    }

    fn trace(events: &[Value]) -> Value {
        json!({
            "apiVersion": "ackcred/v1", "kind": "TraceReport", "events": events,
            "actors": [{"id": "1", "credential": "X509SHA256=ab", "name": "200000000000000103"}],
        })
    }

    fn said(finding: Finding, events: &[Value]) -> Vec<String> {
        let traced = Traced::parse(trace(events).to_string().as_bytes()).unwrap();
        let mut findings = [finding];
        traced.add_to(&mut findings);
        findings[0].source.iter().map(|fact| fact.what.clone()).collect()
    }

    #[test]
    fn a_finding_is_reported_who_made_it() {
        let binding = || finding(Method::AllAccounts, "RoleBinding", Some("shop"), Some("all"));
        let made = event("create", "rolebindings", None, Some("shop"), Some("all"));
        let read = event("get", "rolebindings", None, Some("shop"), Some("all"));
        let other = event("create", "rolebindings", None, Some("shop"), Some("other"));
        assert_eq!(said(binding(), &[read, other, made]), ["create by X509SHA256=ab at 2026-11-22T03:00:00Z"]);
        let token = || finding(Method::IssuedToken, "ServiceAccount", Some("shop"), None);
        let minted = event("create", "serviceaccounts", Some("token"), Some("shop"), Some("robot"));
        let elsewhere = event("create", "serviceaccounts", Some("token"), Some("ops"), Some("robot"));
        assert_eq!(said(token(), &[minted, elsewhere]).len(), 1);
        let secret = || finding(Method::StaticToken, "Secret", Some("shop"), Some("robot-token"));
        let lists = [
            event("list", "secrets", None, Some("shop"), None),
            event("list", "secrets", None, Some("ops"), None),
            event("watch", "secrets", None, None, None),
        ];
        assert_eq!(said(secret(), &lists).len(), 2, "who lists reads each of them");
        let policy = || finding(Method::AdmissionPolicy, "MutatingAdmissionPolicy", None, Some("p"));
        assert_eq!(said(policy(), &[event("patch", "mutatingadmissionpolicies", None, None, Some("p"))]).len(), 1);
    }

    #[test]
    fn what_was_refused_or_not_answered_made_nothing() {
        let binding = || finding(Method::AllAccounts, "RoleBinding", Some("shop"), Some("all"));
        let mut refused = event("create", "rolebindings", None, Some("shop"), Some("all"));
        for code in [json!(403), Value::Null] {
            refused["code"] = code;
            assert!(said(binding(), &[refused.clone()]).is_empty());
        }
    }

    #[test]
    fn another_document_is_refused_without_a_word_of_it() {
        assert_eq!(Traced::parse(b"CANARY"), Err(TracedError::Unreadable));
        assert_eq!(
            Traced::parse(br#"{"kind":"ScanReport","apiVersion":"ackcred/v1"}"#),
            Err(TracedError::OtherDocument)
        );
        assert_eq!(Traced::parse(br#"{"kind":"TraceReport"}"#), Err(TracedError::OtherDocument));
        assert!(Traced::parse(trace(&[]).to_string().as_bytes()).is_ok());
    }
}
