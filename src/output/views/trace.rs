mod of;
mod shown;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::trace_words::{ActionWord, EvidenceWord, LevelWord, LinkWord, RequestOutcomeWord};
use super::{ApiVersion, Kind};

pub use shown::evidence_text;

/// What `trace` prints: what an audit log says of a credential and of those that it led to.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TraceReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `TraceReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "TraceReport")))]
    pub kind: Kind,
    /// What was asked about.
    pub asked: AskedAbout,
    /// What the log covers.
    pub log: TracedLog,
    /// The credentials, each behind the one that led to it.
    pub actors: Vec<ActorView>,
    /// Their requests, the first one first.
    pub events: Vec<TracedEvent>,
    /// What may have been done by them as well.
    pub possible: Vec<PossibleView>,
    /// How many records of the log could not be read.
    pub unreadable: u64,
    /// What a reader must know.
    pub warnings: Vec<String>,
    /// Whether a part of the log could not be read, or be followed.
    pub incomplete: bool,
}

/// What was asked about.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AskedAbout {
    /// The kubeconfig file.
    pub file: Option<String>,
    /// Credentials, as API servers name them: `X509SHA256=…`, `JTI=…`.
    pub credentials: Vec<String>,
    /// RAM UIDs.
    pub uids: Vec<String>,
    /// User names.
    pub names: Vec<String>,
    /// When the credential in the file was issued.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub issued: Option<Timestamp>,
    /// No request before it is shown.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub since: Option<Timestamp>,
    /// No request after it is shown.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// How many links were followed from what was asked about.
    pub depth: usize,
}

/// What a log covers.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TracedLog {
    /// Its files, or `standard input`.
    pub sources: Vec<String>,
    /// The first request; null where there is none.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub from: Option<Timestamp>,
    /// The last request.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub to: Option<Timestamp>,
    /// How many records were read.
    pub lines: u64,
    /// How many events there are of each level.
    pub levels: EventLevels,
    /// Times of more than ten minutes without any event.
    pub gaps: Vec<LogGap>,
    /// Whether it starts after the credential was issued; null where that is not known.
    pub starts_after_issue: Option<bool>,
    /// How many requests were answered 401: whose they were is not in the log.
    pub unauthenticated: u64,
}

/// How many events there are of each level.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventLevels {
    /// No body is in the log.
    pub metadata: u64,
    /// The request's body is.
    pub request: u64,
    /// Both bodies are.
    pub request_response: u64,
}

/// A time without any event.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LogGap {
    /// The last event before it.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub from: Timestamp,
    /// The first event after it.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub to: Timestamp,
}

/// A credential, or a user name without one.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorView {
    /// What `events` call it.
    pub id: Arc<str>,
    /// The credential, as API servers name it; null where the log doesn't say.
    pub credential: Option<Arc<str>>,
    /// The user name; null where it was not seen.
    pub name: Option<Arc<str>>,
    /// The actor that led to it; null for what was asked about.
    pub parent: Option<Arc<str>>,
    /// By what it is part of the trace.
    pub link: LinkWord,
    /// How sure that is.
    pub evidence: EvidenceWord,
    /// The request that made the link; null for what was asked about.
    pub linked_by: Option<LinkedBy>,
    /// What is known of a minted token.
    pub token: Option<TracedToken>,
    /// Which kind of constrained impersonation the API server allowed, `impersonate:user-info`; null where it says none.
    pub impersonation_constraint: Option<Arc<str>>,
    /// Its first request that is shown.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub first: Option<Timestamp>,
    /// Its last request that is shown.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub last: Option<Timestamp>,
    /// The addresses that requests came from, as clients and proxies say.
    #[serde(rename = "sourceIPs")]
    pub source_ips: Vec<Arc<str>>,
    /// How many requests there are of each sort.
    pub counts: ActorCounts,
}

/// The request that made a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkedBy {
    /// When it was received.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// Its `Audit-ID`.
    pub audit_id: Arc<str>,
    /// What it was about.
    pub object: Option<Arc<TracedObject>>,
}

/// What is known of a minted token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TracedToken {
    /// Whom it is for; empty: for the API server, or the log doesn't say.
    pub audiences: Vec<String>,
    /// When it ends; null where the log doesn't say.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub expires: Option<Timestamp>,
    /// The object with which it ends, `Pod/web-1`; null where the log names none.
    pub bound_to: Option<String>,
}

/// How many requests there are of each sort. Those that had no effect, or of which the log has no answer, are in the last two alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorCounts {
    /// All of them.
    pub requests: u64,
    /// Reading anything but Secrets.
    pub reads: u64,
    /// Reading Secrets.
    pub secrets: u64,
    /// Changing anything but what is below.
    pub writes: u64,
    /// Writing bindings, roles and mappings.
    pub grants: u64,
    /// Having tokens issued.
    pub mints: u64,
    /// Running something in pods, or connecting into them or into nodes.
    pub executions: u64,
    /// Answered with an error.
    pub attempts: u64,
    /// Sent; no answer is in the log.
    pub unanswered: u64,
}

/// A request.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TracedEvent {
    /// When it was received.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// Whose it is: an actor's ID.
    pub actor: Arc<str>,
    /// What it is for.
    pub action: ActionWord,
    /// The verb; the HTTP method in lower case for a path.
    pub verb: Arc<str>,
    /// What it is about; null for a path.
    pub object: Option<Arc<TracedObject>>,
    /// The path; null where it is about an object.
    pub path: Option<Arc<str>>,
    /// The HTTP status of the answer; null where none is in the log.
    pub code: Option<u16>,
    /// What came of it.
    pub result: RequestOutcomeWord,
    /// What the authorizer said: `allow` or `forbid`. The status decides.
    pub decision: Option<Arc<str>>,
    /// The binding that the API server names as the reason: `RoleBinding/shop/team`.
    pub granted_by: Option<Arc<str>>,
    /// The `Audit-ID`, which the client may choose.
    pub audit_id: Arc<str>,
    /// The user as whom it was sent.
    pub impersonated: Option<Arc<str>>,
    /// The addresses that it came from, as client and proxies say; joined by commas.
    pub from: Option<Arc<str>>,
    /// How much of it is in the log.
    pub level: LevelWord,
    /// What was run, with --show-commands.
    pub command: Option<Arc<str>>,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TracedObject {
    /// The API group; empty for the core group.
    pub api_group: String,
    /// The resource, in the plural.
    pub resource: String,
    /// The subresource.
    pub subresource: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The name; null for many objects, and where the log doesn't have it.
    pub name: Option<String>,
}

/// Requests that may have been made by one of the actors, too.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PossibleView {
    /// Which link it would be: `Static`, `Exec` or `Requested`.
    pub link: LinkWord,
    /// How sure that is.
    pub evidence: EvidenceWord,
    /// Whose it may be: an actor's ID.
    pub actor: Arc<str>,
    /// The request of that actor that makes it possible.
    pub linked_by: LinkedBy,
    /// The user name of the requests.
    pub name: String,
    /// The credential of the requests; null where the log doesn't say.
    pub credential: Option<String>,
    /// How many requests there are.
    pub requests: u64,
    /// The first of them.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub first: Timestamp,
    /// The last of them.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub last: Timestamp,
    /// The addresses that they came from.
    #[serde(rename = "sourceIPs")]
    pub source_ips: Vec<Arc<str>>,
    /// Why it is possible, and why it is no proof.
    pub why: String,
}
