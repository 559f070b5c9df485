//! Lines of a log as kube-apiserver writes them, and what is made of them.

use serde_json::{Value, json};

use crate::core::audit::action::Action;
use crate::core::audit::trace::{Trace, TracedActor};
use crate::core::audit::tracer::{AskedFor, Tracer};
use crate::core::ids::Uid;

/// The identity that is asked about.
pub(super) const UID: &str = "200000000000000103";
/// Its certificate.
pub(super) const CERTIFICATE: &str = "X509SHA256=fc8c000000000000000000000000000000000000000000000000000000000151b";
/// A text that no output may hold.
pub(super) const CANARY: &str = "canary-9f3b";

/// An event of a request that was answered 200 at level Metadata.
#[derive(Clone)]
pub(super) struct Line(pub(super) Value);

/// So many seconds after the log's beginning.
pub(super) fn time(second: i64) -> String {
    jiff::Timestamp::from_second(1_795_300_000 + second).unwrap().strftime("%Y-%m-%dT%H:%M:%S.000001Z").to_string()
}

/// A request of a credential: a certificate's, or a token's where the ID says so.
pub(super) fn line(second: i64, credential: &str, name: &str, verb: &str, object: &[&str]) -> Line {
    let [group, resource, subresource, namespace, object_name] = object else { panic!("{object:?}") };
    let mut object = json!({ "resource": resource, "apiVersion": "v1" });
    let parts = [("apiGroup", group), ("subresource", subresource), ("namespace", namespace), ("name", object_name)];
    for (key, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        object[key] = json!(value);
    }
    let mut user = json!({ "username": name, "groups": ["system:authenticated"] });
    if !credential.is_empty() {
        user["extra"] = json!({ "authentication.kubernetes.io/credential-id": [credential] });
    }
    Line(json!({
        "level": "Metadata", "auditID": format!("audit-{second}-{verb}-{}", object_name),
        "stage": "ResponseComplete", "requestURI": format!("/{namespace}/{resource}/{object_name}"), "verb": verb,
        "user": user, "sourceIPs": ["192.0.2.7"], "objectRef": object,
        "responseStatus": { "metadata": {}, "code": 200 },
        "requestReceivedTimestamp": time(second), "stageTimestamp": time(second),
        "annotations": { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    }))
}

impl Line {
    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.0[key] = value;
        self
    }

    pub(super) fn code(self, code: u16) -> Self {
        self.with("responseStatus", json!({ "metadata": {}, "code": code }))
    }

    pub(super) fn annotation(mut self, key: &str, value: &str) -> Self {
        self.0["annotations"][key] = json!(value);
        self
    }

    pub(super) fn issued(self, id: &str) -> Self {
        self.code(201).annotation("authentication.kubernetes.io/issued-credential-id", id)
    }

    pub(super) fn allowed_by(self, binding: &str) -> Self {
        self.annotation(
            "authorization.k8s.io/reason",
            &format!("RBAC: allowed by {binding} of Role \"r\" to User \"u\""),
        )
    }

    pub(super) fn bodies(self, request: Value, response: Value) -> Self {
        self.with("level", json!("RequestResponse")).with("requestObject", request).with("responseObject", response)
    }

    /// As kube-apiserver writes it: kind, version and level first, bodies before the times, the times before the annotations.
    pub(super) fn text(&self) -> String {
        let mut fields = vec!["\"kind\":\"Event\"".to_owned(), "\"apiVersion\":\"audit.k8s.io/v1\"".to_owned()];
        let order = [
            "level",
            "auditID",
            "stage",
            "requestURI",
            "verb",
            "user",
            "impersonatedUser",
            "sourceIPs",
            "objectRef",
            "responseStatus",
            "requestObject",
            "responseObject",
            "requestReceivedTimestamp",
            "stageTimestamp",
            "annotations",
        ];
        for key in order {
            fields.extend(self.0.get(key).map(|value| format!("\"{key}\":{value}")));
        }
        format!("{{{}}}", fields.join(","))
    }
}

pub(super) fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(Line::text).collect()
}

pub(super) fn certificate_asked() -> AskedFor {
    AskedFor { credentials: vec![CERTIFICATE.into()], depth: 5, ..AskedFor::default() }
}

pub(super) fn uid_asked() -> AskedFor {
    AskedFor { uids: vec![Uid::parse(UID).unwrap()], depth: 5, ..AskedFor::default() }
}

/// What a log that can be read again says, and how often its records were read for it, on average.
pub(super) fn traced_in(lines: &[String], asked: AskedFor) -> (Trace, f64) {
    let mut tracer = Tracer::new(asked, true);
    let mut read = 0;
    for line in lines.iter().cycle() {
        if tracer.since_learned() == lines.len() as u64 {
            break;
        }
        tracer.take(line.as_bytes());
        read += 1;
        assert!(read < 20 * lines.len(), "it does not end");
    }
    (tracer.finish(), read as f64 / lines.len() as f64)
}

pub(super) fn traced(lines: &[String], asked: AskedFor) -> Trace {
    traced_in(lines, asked).0
}

/// What a log that can be read once says.
pub(super) fn traced_once(lines: &[String], asked: AskedFor) -> Trace {
    let mut tracer = Tracer::new(asked, false);
    lines.iter().for_each(|line| tracer.take(line.as_bytes()));
    tracer.finish()
}

/// A line an actor: who led to it, by what, which, and what it was used for.
pub(super) fn summary(trace: &Trace) -> Vec<String> {
    trace.actors.iter().enumerate().map(|(place, actor)| of_actor(place, actor)).collect()
}

fn of_actor(place: usize, TracedActor { actor, tally }: &TracedActor) -> String {
    let parent = actor.parent.map_or_else(|| "-".to_owned(), |parent| parent.to_string());
    let actions = [Action::Read, Action::ReadSecret, Action::Write, Action::Grant, Action::Mint, Action::Execute];
    let done = actions.map(|action| (format!("{action:?}"), tally.of(action)));
    let others = [("attempts".to_owned(), tally.attempts), ("no answer".to_owned(), tally.unanswered)];
    let counts: Vec<String> = done
        .into_iter()
        .chain(others)
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let short =
        |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("?").chars().take(30).collect::<String>();
    format!(
        "{place}<{parent} {:?} {:?} {} {}: {}",
        actor.link,
        actor.evidence,
        short(&actor.credential),
        short(&actor.name),
        counts.join(", ")
    )
}
