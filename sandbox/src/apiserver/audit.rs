//! What the server writes of each request that it answers, as kube-apiserver does at level Metadata: one event, once the answer is
//! complete; of a watch, once it has begun.
//!
//! The server issues no tokens, so no event has an `issued-credential-id`; and it writes no bodies.

use std::sync::{Mutex, PoisonError};

use http::header::USER_AGENT;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::action::Action;
use super::authentication::Authenticated;
use super::incoming_request::IncomingRequest;
use super::user::User;

/// Under this key stands the Secret of a static token.
const STATIC_TOKEN: &str = "authentication.k8s.io/legacy-token-manual-secret";

/// What is known of a request once it is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audited {
    /// Who sent it; without a name where the request was not authenticated.
    pub(crate) sender: Authenticated,
    /// As whom.
    pub(crate) impersonated: Option<User>,
    /// What it is for, once that is known.
    pub(crate) action: Option<Action>,
    /// What the authorizer said, and why.
    pub(crate) decision: Option<(bool, String)>,
}

impl Audited {
    /// The name of the user whose rights count.
    pub(crate) fn name(&self) -> &str {
        &self.impersonated.as_ref().unwrap_or(&self.sender.user).name
    }

    /// The event, in the order in which kube-apiserver writes its fields.
    fn line(&self, incoming: &IncomingRequest, audit_id: &str, code: u16, answered: Timestamp) -> String {
        let query = if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
        let action = self.action.clone().unwrap_or_default();
        let verb = match action.verb.as_str() {
            "" => incoming.method.as_str().to_ascii_lowercase(),
            verb => verb.to_owned(),
        };
        let stage = if verb == "watch" && code == 200 { "ResponseStarted" } else { "ResponseComplete" };
        let agent = incoming.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let object = (!action.resource.is_empty()).then(|| object_ref(&action));
        let fields: [(&str, Option<Value>); 16] = [
            ("kind", Some(json!("Event"))),
            ("apiVersion", Some(json!("audit.k8s.io/v1"))),
            ("level", Some(json!("Metadata"))),
            ("auditID", Some(json!(audit_id))),
            ("stage", Some(json!(stage))),
            ("requestURI", Some(json!(format!("{}{query}", incoming.path)))),
            ("verb", Some(json!(verb))),
            ("user", Some(user_info(&self.sender.user))),
            ("impersonatedUser", self.impersonated.as_ref().map(user_info)),
            ("sourceIPs", Some(json!(["127.0.0.1"]))),
            ("userAgent", agent.map(|agent| json!(agent))),
            ("objectRef", object),
            ("responseStatus", Some(json!({ "metadata": {}, "code": code }))),
            ("requestReceivedTimestamp", Some(micro_time(incoming.now))),
            ("stageTimestamp", Some(micro_time(answered))),
            ("annotations", self.annotations()),
        ];
        let fields = fields.into_iter().filter_map(|(key, value)| Some(format!("\"{key}\":{}", value?)));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    fn annotations(&self) -> Option<Value> {
        let secret = self.sender.token_secret.iter().map(|secret| (STATIC_TOKEN, json!(secret)));
        let decision = self.decision.iter().flat_map(|(is_allowed, reason)| {
            let decision = if *is_allowed { "allow" } else { "forbid" };
            [("authorization.k8s.io/decision", json!(decision)), ("authorization.k8s.io/reason", json!(reason))]
        });
        let all: Map<String, Value> = secret.chain(decision).map(|(key, value)| (key.to_owned(), value)).collect();
        (!all.is_empty()).then_some(Value::Object(all))
    }
}

/// The log, where the server keeps one.
#[derive(Debug, Default)]
pub(crate) struct AuditLog {
    is_kept: bool,
    lines: Mutex<Vec<String>>,
}

impl AuditLog {
    /// A log that is kept or not.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { is_kept, lines: Mutex::default() }
    }

    /// Writes an event.
    pub(crate) fn record(
        &self,
        audited: &Audited,
        incoming: &IncomingRequest,
        audit_id: &str,
        code: u16,
        answered: Timestamp,
    ) {
        if self.is_kept {
            let line = audited.line(incoming, audit_id, code, answered);
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// The events so far, one a line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    if !user.name.is_empty() {
        info.insert("username".to_owned(), json!(user.name));
    }
    if !user.uid.is_empty() {
        info.insert("uid".to_owned(), json!(user.uid));
    }
    if !user.groups.is_empty() {
        info.insert("groups".to_owned(), json!(user.groups));
    }
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), json!(user.extra));
    }
    Value::Object(info)
}

fn object_ref(action: &Action) -> Value {
    let mut object = Map::new();
    let parts = [
        ("resource", &action.resource),
        ("namespace", &action.namespace),
        ("name", &action.name),
        ("apiGroup", &action.group),
        ("subresource", &action.subresource),
    ];
    for (key, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        object.insert(key.to_owned(), json!(value));
    }
    object.insert("apiVersion".to_owned(), json!("v1"));
    Value::Object(object)
}

fn micro_time(time: Timestamp) -> Value {
    json!(time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}
