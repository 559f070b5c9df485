//! What a request was for, and what came of it.

use super::event::{Event, ObjectRef, Stage};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It reads something, or asks the API server something.
    Read,
    /// It reads Secrets.
    ReadSecret,
    /// It changes something else than what is below.
    Write,
    /// It writes a binding, a role or a mapping: what others may do.
    Grant,
    /// It has a token issued.
    Mint,
    /// It runs something in a pod, or opens a connection into one or into a node.
    Execute,
}

/// What came of a request. The HTTP status decides, not what the authorizer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestOutcome {
    /// It was carried out.
    Done,
    /// The answer had begun, and its end is not in the log: it may be open still.
    Open,
    /// The API server refused it: 401 or 403.
    Refused,
    /// It was answered with another error.
    Failed,
    /// It was sent, and no answer is in the log.
    Unknown,
}

/// Questions to the API server: they create nothing.
const REVIEWS: [&str; 6] = [
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "tokenreviews",
];

/// What says who may do what.
const GRANTS: [(&str, &str); 5] = [
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "roles"),
    ("ramauthenticator.k8s.alibabacloud", "ramidentitymappings"),
];

impl Action {
    /// What an event's request is for.
    pub fn of(event: &Event<'_>) -> Self {
        let verb = &*event.verb;
        let Some(object) = &event.object else { return if is_read(verb) { Self::Read } else { Self::Write } };
        let core = |resource| object.api_group.is_empty() && &*object.resource == resource;
        let is_dry = is_dry_run(&event.request_uri);
        match &*object.subresource {
            "exec" | "attach" | "portforward" if core("pods") => return Self::Execute,
            "proxy" if core("pods") || core("services") || core("nodes") => return Self::Execute,
            "ephemeralcontainers" if core("pods") && !is_read(verb) && !is_dry => return Self::Execute,
            "token" if core("serviceaccounts") && verb == "create" && !is_dry => return Self::Mint,
            _ => {}
        }
        if core("secrets") && is_read(verb) {
            Self::ReadSecret
        } else if is_read(verb) || is_dry || REVIEWS.contains(&&*object.resource) {
            Self::Read
        } else if is_grant(object) && matches!(verb, "create" | "update" | "patch") {
            Self::Grant
        } else {
            Self::Write
        }
    }
}

impl RequestOutcome {
    /// What comes of a request whose last known stage and code are these.
    pub fn of(stage: Stage, code: Option<u16>) -> Self {
        match (stage, code) {
            (_, Some(401 | 403)) => Self::Refused,
            (_, Some(400..)) => Self::Failed,
            (Stage::ResponseStarted, _) => Self::Open,
            (Stage::ResponseComplete, Some(_)) => Self::Done,
            (Stage::Panic, _) => Self::Failed,
            (Stage::RequestReceived | Stage::ResponseComplete, _) => Self::Unknown,
        }
    }

    /// Whether it had an effect, or may have had one that the log shows.
    pub fn is_in_effect(self) -> bool {
        matches!(self, Self::Done | Self::Open)
    }
}

fn is_read(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch" | "head" | "options")
}

fn is_grant(object: &ObjectRef<'_>) -> bool {
    object.subresource.is_empty()
        && GRANTS.iter().any(|(group, resource)| *group == &*object.api_group && *resource == &*object.resource)
}

/// Whether nothing is stored: `?dryRun=All`.
fn is_dry_run(uri: &str) -> bool {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.eq_ignore_ascii_case("dryRun=All"))
}
