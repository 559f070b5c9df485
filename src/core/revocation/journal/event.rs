//! What is written while an operation goes on: one event a line.

use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::Subject;

use super::chain::{self, Chain};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::change::Change;
use crate::core::revocation::operation::LaterPlan;
use crate::core::revocation::record::{self, RecordError};
use crate::core::revocation::rotation::Written;
use crate::core::revocation::static_tokens::LabelChange;
use crate::core::revocation::verification::Outcome;

/// A line of an operation's journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The change of a binding is about to be sent.
    SendingChange {
        /// When.
        time: Timestamp,
        /// The ID that the request bears and that the server's audit log keeps: a request whose answer was lost can be found there.
        audit_id: String,
        /// The ACK cluster, where it is known.
        cluster_id: Option<ClusterId>,
        /// The binding.
        binding: BindingRef,
        /// The change, with its preconditions.
        change: Change,
        /// The binding as it was read right before; null where there was none.
        before: Option<Box<BindingObject>>,
        /// The subjects that leave or come.
        subjects: Vec<Subject>,
    },
    /// The change of a Secret's label is about to be sent.
    SendingLabel {
        /// When.
        time: Timestamp,
        /// The ID of the request in the server's audit log.
        audit_id: String,
        /// The ACK cluster, where it is known.
        cluster_id: Option<ClusterId>,
        /// The change, with its precondition.
        change: LabelChange,
    },
    /// The cloud is about to be called.
    SendingClean {
        /// When.
        time: Timestamp,
        /// The ID that the answer is found by.
        audit_id: String,
        /// The call.
        call: CleanCall,
    },
    /// The cloud is about to be called to revoke the caller's own kubeconfig: RevokeK8sClusterKubeConfig.
    SendingRevoke {
        /// When.
        time: Timestamp,
        /// The ID that the answer is found by.
        audit_id: String,
        /// The cluster.
        cluster_id: ClusterId,
        /// Whose kubeconfig it is.
        uid: Uid,
    },
    /// The cloud is about to be asked for the new kubeconfig, which issues a credential: DescribeClusterUserKubeconfig, again and
    /// again until it is a new one.
    SendingIssue {
        /// When.
        time: Timestamp,
        /// The cluster.
        cluster_id: ClusterId,
        /// To whom.
        uid: Uid,
    },
    /// A credential was issued. What it is, is written nowhere.
    Issued {
        /// When.
        time: Timestamp,
        /// The cluster.
        cluster_id: ClusterId,
        /// The common name of its certificate.
        common_name: String,
        /// SHA-256 of its certificate, in hexadecimal digits.
        certificate_sha256: String,
        /// The last second of its validity.
        not_after: Option<Timestamp>,
    },
    /// The new kubeconfig was written.
    Written {
        /// When.
        time: Timestamp,
        /// Where, and what is kept of the old one.
        written: Written,
    },
    /// What became of a change that was sent.
    Answered {
        /// When.
        time: Timestamp,
        /// The ID that it was sent with.
        audit_id: String,
        /// What became of it.
        answer: RequestAnswer,
    },
    /// The cloud is about to be called, which may take along bindings that others hold too. They are kept here as they are, so
    /// that a resumed revocation or a restore can create them anew.
    AtRisk {
        /// When.
        time: Timestamp,
        /// The ACK cluster, where it is known.
        cluster_id: Option<ClusterId>,
        /// The bindings.
        bindings: Vec<BindingObject>,
    },
    /// The cloud is done, and these bindings are there.
    Kept {
        /// When.
        time: Timestamp,
        /// The ACK cluster, where it is known.
        cluster_id: Option<ClusterId>,
        /// The bindings.
        bindings: Vec<BindingRef>,
    },
    /// A step of the plan is over.
    StepEnded {
        /// When.
        time: Timestamp,
        /// The step's ID in the plan.
        step: String,
        /// How it ended.
        result: StepResult,
        /// What went wrong.
        error: Option<String>,
        /// The cloud's ID of the request.
        request_id: Option<String>,
    },
    /// The access of an identity was looked for again.
    Verified {
        /// When.
        time: Timestamp,
        /// The ACK cluster, where it is known.
        cluster_id: Option<ClusterId>,
        /// Whose access.
        uid: Uid,
        /// What was found.
        outcome: Outcome,
    },
    /// An operation that had stopped goes on.
    Resumed {
        /// When.
        time: Timestamp,
        /// By whom.
        operator: String,
        /// What of a revocation is planned now; `None` of a rotation, whose plan stands, and where it was not recorded.
        later: Option<Box<LaterPlan>>,
    },
    /// The operation is over.
    Ended {
        /// When.
        time: Timestamp,
        /// How.
        outcome: Ending,
        /// SHA-256 of the report, in hexadecimal digits; null where it could not be kept.
        report: Option<String>,
    },
}

/// What a server said to a request that changes something.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestAnswer {
    /// It was done.
    Done {
        /// The HTTP status.
        status: u16,
        /// The binding that came back; `None` where there is none any more, and for a call of the cloud.
        after: Option<Box<BindingObject>>,
        /// The cloud's ID of the request.
        request_id: Option<String>,
    },
    /// It was refused, went wrong, or no answer came.
    Failed {
        /// The HTTP status; `None` where no answer came.
        status: Option<u16>,
        /// The cloud's error code, such as `Throttling.User`; `None` where it gave none, and for an API server.
        code: Option<String>,
        /// What went wrong; empty where that was not kept.
        error: String,
        /// The cloud's ID of the request.
        request_id: Option<String>,
    },
}

/// A call of CleanClusterUserPermissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanCall {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// Whose kubeconfig and permissions go.
    pub uid: Uid,
    /// Whether even if they were used in the last seven days.
    pub force: bool,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// It was done.
    Done,
    /// It was done before it began.
    AlreadyDone,
    /// It was left out: what it was planned against has changed.
    Skipped,
    /// It was refused or went wrong, and nothing was changed.
    Failed,
    /// It was sent, and what became of it is unknown.
    Unknown,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All was done, and proven.
    Verified,
    /// All was done, and access was found nevertheless.
    Residual,
    /// All was done, and it could not be proven.
    Unverifiable,
    /// Some steps were not done.
    Incomplete,
    /// What an earlier operation had taken was given back.
    Restored,
    /// The operator stopped it.
    Interrupted,
    /// Nothing could be done.
    Failed,
}

/// A line of a journal that can't be used. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It is not what was written there.
    #[error("line {line} does not follow from what is before it: a line was changed, moved or removed")]
    Chain {
        /// The line.
        line: usize,
    },
    /// It is what was written there, and no event that is known.
    #[error("line {line} is not an event that is known")]
    Event {
        /// The line.
        line: usize,
        /// What is wrong with it.
        source: RecordError,
    },
}

/// What a journal holds, and the place in its chain after each of its lines, the one before the first included.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// The events.
    pub events: Vec<Event>,
    /// The chain, never empty.
    pub chain: Vec<Chain>,
}

/// Reads a journal that begins at this place of a chain. A last line without its end was being written when the program was
/// killed: what it announces was not yet sent, and it is left out.
///
/// # Errors
/// Where a whole line is not what was written there, or no event. To leave such a line out could hide a change.
pub fn read_journal(journal: &[u8], root: Chain) -> Result<Journal, LineError> {
    let mut read = Journal { events: Vec::new(), chain: follow(journal, root)? };
    for (index, line) in lines(journal).enumerate() {
        let event = chain::event(line).unwrap_or_default();
        let event = record::event::read(&event).map_err(|source| LineError::Event { line: index + 1, source })?;
        read.events.push(event);
    }
    Ok(read)
}

/// Reads as many of a journal's first lines as are what was written there and are known, with why no more were read.
pub fn read_first_lines(journal: &[u8], root: Chain) -> (Journal, Option<LineError>) {
    let mut read = Journal { events: Vec::new(), chain: vec![root] };
    for (index, line) in lines(journal).enumerate() {
        let number = index + 1;
        let Some(after) = read.chain[index].follow(line) else {
            return (read, Some(LineError::Chain { line: number }));
        };
        let event = chain::event(line).unwrap_or_default();
        match record::event::read(&event) {
            Ok(event) => read.events.push(event),
            Err(source) => return (read, Some(LineError::Event { line: number, source })),
        }
        read.chain.push(after);
    }
    (read, None)
}

/// The place in a journal's chain after each of its lines, the one before the first included.
///
/// # Errors
/// Where a whole line is not what was written there.
pub fn follow(journal: &[u8], root: Chain) -> Result<Vec<Chain>, LineError> {
    let mut places = vec![root];
    for (index, line) in lines(journal).enumerate() {
        let after = places[index].follow(line).ok_or(LineError::Chain { line: index + 1 })?;
        places.push(after);
    }
    Ok(places)
}

/// The whole lines of a journal, without their ends.
fn lines(journal: &[u8]) -> impl Iterator<Item = &[u8]> {
    whole_lines(journal).split_inclusive(|byte| *byte == b'\n').map(|line| &line[..line.len() - 1])
}

/// A journal without the line that was being written when the program was killed.
pub fn whole_lines(journal: &[u8]) -> &[u8] {
    let end = journal.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    &journal[..end]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TIME: &str = "2026-11-22T03:10:02Z";

    fn object() -> Value {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "team", "namespace": "shop", "uid": "u", "resourceVersion": "7"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cs:ns:dev"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "200-1"}],
        })
    }

    /// One of each, as the file has them.
    fn lines() -> Vec<Value> {
        let binding = json!({"kind": "RoleBinding", "namespace": "shop", "name": "team"});
        let cluster = format!("c{}", "0a".repeat(16));
        vec![
            json!({
                "format": 1, "event": "SendingChange", "time": TIME, "auditId": "a-1", "clusterId": null, "binding": binding,
                "before": object(),
                "change": {"verb": "Delete", "uid": "u", "resourceVersion": "7"},
                "subjects": object()["subjects"],
            }),
            json!({
                "format": 1, "event": "SendingClean", "time": TIME, "auditId": "a-2", "clusterId": cluster, "uid": "200",
                "force": false,
            }),
            json!({
                "format": 1, "event": "SendingLabel", "time": TIME, "auditId": "a-4", "clusterId": cluster,
                "secret": {"kind": "Secret", "namespace": "shop", "name": "robot-token"}, "resourceVersion": "7",
                "value": "2026-11-22", "sets": true,
            }),
            json!({
                "format": 1, "event": "Answered", "time": TIME, "auditId": "a-1", "status": 200, "resourceVersion": "7",
                "after": object(), "requestId": null, "error": null,
            }),
            json!({
                "format": 1, "event": "Answered", "time": TIME, "auditId": "a-2", "status": 429, "code": "Throttling.User",
                "resourceVersion": null, "after": null, "requestId": "r", "error": "no",
            }),
            json!({
                "format": 1, "event": "Answered", "time": TIME, "auditId": "a-3", "status": 202, "resourceVersion": null,
                "after": null, "requestId": "r", "error": null,
            }),
            json!({"format": 1, "event": "AtRisk", "time": TIME, "clusterId": cluster, "bindings": [object()]}),
            json!({"format": 1, "event": "Kept", "time": TIME, "clusterId": null, "bindings": [binding]}),
            json!({
                "format": 1, "event": "StepEnded", "time": TIME, "step": "1", "result": "AlreadyDone", "error": null,
                "requestId": "r",
            }),
            json!({"format": 1, "event": "Verified", "time": TIME, "clusterId": null, "uid": "200", "outcome": "Unverifiable"}),
            json!({
                "format": 1, "event": "SendingRevoke", "time": TIME, "auditId": "3", "clusterId": cluster, "uid": "200",
            }),
            json!({"format": 1, "event": "SendingIssue", "time": TIME, "clusterId": cluster, "uid": "200"}),
            json!({
                "format": 1, "event": "Issued", "time": TIME, "clusterId": cluster, "commonName": "200-9",
                "certificateSha256": "ab", "notAfter": TIME,
            }),
            json!({
                "format": 1, "event": "Written", "time": TIME, "clusterId": null, "path": "/a/config",
                "backup": "/a/config.before-aaaaaa",
            }),
            json!({"format": 1, "event": "Resumed", "time": TIME, "operator": "ann"}),
            json!({"format": 1, "event": "Ended", "time": TIME, "outcome": "Incomplete", "report": null}),
        ]
    }

    fn root() -> Chain {
        Chain::root(b"sums")
    }

    fn chained(events: impl IntoIterator<Item = String>) -> String {
        let mut chain = root();
        let mut journal = String::new();
        for event in events {
            let (line, after) = chain.line(&event);
            journal += &line;
            chain = after;
        }
        journal
    }

    fn journal() -> String {
        chained(lines().iter().map(Value::to_string))
    }

    fn json(event: &Event) -> String {
        record::event::json(event).unwrap()
    }

    fn value(event: &Event) -> Value {
        serde_json::from_str(&json(event)).unwrap()
    }

    fn read(journal: &[u8]) -> Result<Vec<Event>, LineError> {
        read_journal(journal, root()).map(|journal| journal.events)
    }

    #[test]
    fn every_event_is_one_line_and_comes_back_as_it_was() {
        let events = read(journal().as_bytes()).unwrap();
        assert_eq!(events.iter().map(value).collect::<Vec<_>>(), lines());
        let written = chained(events.iter().map(json));
        assert_eq!(written.lines().count(), events.len());
        assert_eq!(read(written.as_bytes()).unwrap(), events);
    }

    #[test]
    fn text_with_line_breaks_stays_in_its_line() {
        let event = Event::Resumed { time: TIME.parse().unwrap(), operator: "a\nb\r\u{2028}".into(), later: None };
        let line = chained([json(&event)]);
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(read(line.as_bytes()).unwrap(), [event]);
    }

    #[test]
    fn wherever_it_is_cut_the_whole_lines_before_are_read() {
        let journal = journal();
        for cut in 0..=journal.len() {
            let read = read_journal(&journal.as_bytes()[..cut], root()).unwrap();
            assert_eq!(read.events.len(), journal[..cut].matches('\n').count(), "cut at {cut}");
            assert_eq!(read.chain.len(), read.events.len() + 1, "cut at {cut}");
        }
    }

    #[test]
    fn a_broken_line_is_reported_by_its_number() {
        let whole = journal();
        let (first, rest) = whole.split_once('\n').unwrap();
        for broken in ["", "{", "null", r#"{"event":"Sent"}"#, "\0\0"] {
            let error = read(format!("{first}\n{broken}\n{rest}").as_bytes()).unwrap_err();
            assert!(matches!(error, LineError::Chain { line: 2 }), "{broken}: {error}");
            let (Journal { events, .. }, error) =
                read_first_lines(format!("{first}\n{broken}\n{rest}").as_bytes(), root());
            assert!(events.len() == 1 && matches!(error, Some(LineError::Chain { line: 2 })), "{broken}: {error:?}");
        }
        let (Journal { events, .. }, error) = read_first_lines(whole.as_bytes(), root());
        assert!(error.is_none() && events == read(whole.as_bytes()).unwrap());
        for foreign in ["{}", r#"{"event":"Sent"}"#, r#"{"format":1,"event":"Sent"}"#] {
            let error = read(chained([lines()[5].to_string(), foreign.to_owned()]).as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "line 2 is not an event that is known", "{foreign}");
            let foreign = chained([lines()[5].to_string(), foreign.to_owned()]);
            let (Journal { events, .. }, error) = read_first_lines(foreign.as_bytes(), root());
            assert!(
                events.len() == 1 && matches!(error, Some(LineError::Event { line: 2, .. })),
                "{foreign}: {error:?}"
            );
        }
    }

    #[test]
    fn a_line_with_more_keys_holds_and_one_of_a_newer_format_is_named() {
        let known = read(journal().as_bytes()).unwrap();
        for (mut line, event) in lines().into_iter().zip(known) {
            line["later"] = json!({"a": 1});
            assert_eq!(read(chained([line.to_string()]).as_bytes()).unwrap(), [event], "{line}");
            line["format"] = 2.into();
            let LineError::Event { line: 1, source } = read(chained([line.to_string()]).as_bytes()).unwrap_err() else {
                panic!("{line}")
            };
            assert_eq!(source.to_string(), "written by a newer kubectl-ackcred, in format 2");
        }
    }
}
