//! What a journal tells of an operation afterwards: whether it ended, and what it changed.

use k8s_openapi::api::rbac::v1::Subject;

use super::event::{Ending, Event, RequestAnswer};
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::change::Change;
use crate::core::revocation::operation::LaterPlan;
use crate::core::revocation::static_tokens::LabelChange;

/// How far an operation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It stopped without saying so, or still goes on.
    Unfinished,
    /// It ended.
    Ended(Ending),
}

/// A change of a binding that was sent, or was about to be.
#[derive(Clone, Debug, PartialEq)]
pub struct BindingWrite {
    /// The ACK cluster, where it is known.
    pub cluster_id: Option<ClusterId>,
    /// The binding.
    pub binding: BindingRef,
    /// The change.
    pub change: Change,
    /// The binding as it was right before; `None` where there was none.
    pub before: Option<BindingObject>,
    /// The subjects that left or came.
    pub subjects: Vec<Subject>,
    /// The ID of the request in the server's audit log.
    pub audit_id: String,
    /// What the server said; `None` where the program was killed before it was written down.
    pub answer: Option<RequestAnswer>,
}

/// What became of a change, as far as its answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The server did it.
    Done,
    /// The server refused it: nothing was changed.
    Refused,
    /// It may have been done: the answer is missing, or is a failure that leaves it open. The binding must be read again.
    InDoubt,
}

impl BindingWrite {
    /// What became of it. A server that fails (5xx) may have written all the same.
    pub fn fate(&self) -> Fate {
        match self.answer {
            Some(RequestAnswer::Done { .. }) => Fate::Done,
            Some(RequestAnswer::Failed { status: Some(300..=499), .. }) => Fate::Refused,
            Some(RequestAnswer::Failed { .. }) | None => Fate::InDoubt,
        }
    }

    /// The binding that came back with the answer.
    pub fn after(&self) -> Option<&BindingObject> {
        match &self.answer {
            Some(RequestAnswer::Done { after, .. }) => after.as_deref(),
            Some(RequestAnswer::Failed { .. }) | None => None,
        }
    }
}

/// How far the operation came.
pub fn state(events: &[Event]) -> State {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Ended { outcome, .. } => Some(State::Ended(*outcome)),
        Event::Resumed { .. } => Some(State::Unfinished),
        _ => None,
    });
    last.unwrap_or(State::Unfinished)
}

/// What the runs that went on with the operation planned, in their order.
pub fn later_plans(events: &[Event]) -> impl Iterator<Item = &LaterPlan> {
    events.iter().filter_map(|event| match event {
        Event::Resumed { later, .. } => later.as_deref(),
        _ => None,
    })
}

/// The changes of bindings in the order in which they were sent, each with its answer.
pub fn writes(events: &[Event]) -> Vec<BindingWrite> {
    let mut writes: Vec<BindingWrite> = Vec::new();
    for event in events {
        match event {
            Event::SendingChange { audit_id, cluster_id, binding, change, before, subjects, .. } => {
                writes.push(BindingWrite {
                    cluster_id: cluster_id.clone(),
                    binding: binding.clone(),
                    change: change.clone(),
                    before: before.as_deref().cloned(),
                    subjects: subjects.clone(),
                    audit_id: audit_id.clone(),
                    answer: None,
                });
            }
            Event::Answered { audit_id, answer, .. } => {
                if let Some(write) = writes.iter_mut().rfind(|write| write.audit_id == *audit_id) {
                    write.answer = Some(answer.clone());
                }
            }
            _ => {}
        }
    }
    writes
}

/// A change of a Secret's label that was sent and not refused, in the order in which they were sent.
pub fn labels(events: &[Event]) -> Vec<(Option<&ClusterId>, &LabelChange)> {
    let was_refused = |audit_id: &str| {
        events.iter().any(|event| match event {
            Event::Answered { audit_id: of, answer: RequestAnswer::Failed { status: Some(300..=499), .. }, .. } => {
                of == audit_id
            }
            _ => false,
        })
    };
    let sent = events.iter().filter_map(|event| match event {
        Event::SendingLabel { audit_id, cluster_id, change, .. } => Some((audit_id, cluster_id.as_ref(), change)),
        _ => None,
    });
    sent.filter(|(audit_id, ..)| !was_refused(audit_id)).map(|(_, cluster, change)| (cluster, change)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::core::revocation::journal::{CleanCall, StepResult};
    use crate::core::revocation::static_tokens::SecretRef;

    const TIME: Timestamp = Timestamp::UNIX_EPOCH;

    fn object(name: &str) -> BindingObject {
        let object = json!({
            "kind": "ClusterRoleBinding", "metadata": {"name": name, "uid": "u", "resourceVersion": "7"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
            "subjects": [{"kind": "User", "name": "200-1"}],
        });
        serde_json::from_value(object).unwrap()
    }

    fn sending(audit_id: &str, name: &str) -> Event {
        let before = object(name);
        Event::SendingChange {
            time: TIME,
            audit_id: audit_id.into(),
            cluster_id: None,
            binding: before.reference(),
            change: Change::removing(&before, |_| true).unwrap(),
            subjects: before.subjects.clone(),
            before: Some(Box::new(before)),
        }
    }

    #[test]
    fn a_label_counts_unless_it_was_refused() {
        let secret = |name: &str| SecretRef { namespace: "shop".to_owned(), name: name.to_owned() };
        let sending = |audit_id: &str| Event::SendingLabel {
            time: TIME,
            audit_id: audit_id.to_owned(),
            cluster_id: None,
            change: LabelChange {
                secret: secret(audit_id),
                resource_version: "7".to_owned(),
                value: "2026-11-22".to_owned(),
                sets: true,
            },
        };
        let events = [
            sending("done"),
            answered("done", Some(200)),
            sending("refused"),
            answered("refused", Some(409)),
            sending("lost"),
            answered("lost", None),
            sending("failed"),
            answered("failed", Some(503)),
            sending("killed"),
        ];
        let names: Vec<&str> = labels(&events).into_iter().map(|(_, change)| change.secret.name.as_str()).collect();
        assert_eq!(names, ["done", "lost", "failed", "killed"]);
    }

    fn answered(audit_id: &str, status: Option<u16>) -> Event {
        let answer = match status {
            Some(status @ 200..=299) => {
                RequestAnswer::Done { status, after: Some(Box::new(object("after"))), request_id: None }
            }
            _ => RequestAnswer::Failed { status, code: None, error: "no".into(), request_id: None },
        };
        Event::Answered { time: TIME, audit_id: audit_id.into(), answer }
    }

    fn ended(outcome: Ending) -> Event {
        Event::Ended { time: TIME, outcome, report: None }
    }

    fn resumed() -> Event {
        Event::Resumed { time: TIME, operator: "ann".into(), later: None }
    }

    #[test]
    fn writes_come_with_their_answers_in_the_order_of_sending() {
        let events = [
            sending("1", "a"),
            sending("2", "b"),
            answered("2", Some(200)),
            answered("1", Some(409)),
            sending("3", "c"),
        ];
        let writes = writes(&events);
        let seen: Vec<_> =
            writes.iter().map(|write| (write.binding.name.as_str(), write.audit_id.as_str(), write.fate())).collect();
        assert_eq!(seen, [("a", "1", Fate::Refused), ("b", "2", Fate::Done), ("c", "3", Fate::InDoubt)]);
        assert_eq!((&writes[1].before, writes[1].after()), (&Some(object("b")), Some(&object("after"))));
        assert_eq!(writes[1].subjects, object("b").subjects);
        assert!(
            matches!(&writes[1].change, Change::Delete { uid, resource_version } if uid == "u" && resource_version == "7")
        );
        assert_eq!((&writes[2].answer, writes[2].after()), (&None, None));
    }

    #[test]
    fn a_change_is_in_doubt_unless_the_server_said_what_it_did() {
        for (status, fate) in [
            (None, Fate::InDoubt),
            (Some(200), Fate::Done),
            (Some(201), Fate::Done),
            (Some(404), Fate::Refused),
            (Some(422), Fate::Refused),
            (Some(500), Fate::InDoubt),
            (Some(504), Fate::InDoubt),
        ] {
            assert_eq!(writes(&[sending("1", "a"), answered("1", status)])[0].fate(), fate, "{status:?}");
        }
    }

    #[test]
    fn calls_of_the_cloud_and_answers_to_nothing_are_no_writes() {
        let clean = Event::SendingClean {
            time: TIME,
            audit_id: "1".into(),
            call: CleanCall {
                cluster_id: format!("c{}", "0a".repeat(16)).try_into().unwrap(),
                uid: "200".to_owned().try_into().unwrap(),
                force: true,
            },
        };
        assert_eq!(writes(&[clean, answered("1", Some(200)), answered("2", Some(200))]), []);
    }

    #[test]
    fn an_operation_is_unfinished_until_it_says_that_it_ended_and_again_when_it_goes_on() {
        let step =
            Event::StepEnded { time: TIME, step: "1".into(), result: StepResult::Done, error: None, request_id: None };
        assert_eq!(state(&[]), State::Unfinished);
        assert_eq!(state(&[sending("1", "a"), step]), State::Unfinished);
        assert_eq!(state(&[ended(Ending::Verified)]), State::Ended(Ending::Verified));
        assert_eq!(state(&[ended(Ending::Interrupted), resumed(), sending("1", "a")]), State::Unfinished);
        let twice = [ended(Ending::Interrupted), resumed(), ended(Ending::Residual)];
        assert_eq!(state(&twice), State::Ended(Ending::Residual));
    }
}
