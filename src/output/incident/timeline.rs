//! What happened, line by line of the journal, with the IDs by which each request is found in the logs of the servers.

use crate::core::rbac::binding_object::{BindingObject, BindingRef, subject_text};
use crate::core::rbac::others::Others;
use crate::core::revocation::change::Change;
use crate::core::revocation::journal::{CleanCall, Event, RequestAnswer};
use crate::core::revocation::operation::{OperationRecord, Purpose};
use crate::core::revocation::rotation::Written;
use crate::core::revocation::static_tokens::LabelChange;
use crate::output::views::{OperationOutcome, OutcomeWord, StepOutcome, Word as _, counted, time};

/// Something that happened.
#[derive(Debug)]
pub struct Moment {
    /// When, by this machine's clock, to the second.
    pub time: jiff::Timestamp,
    /// The cluster, where its ID is known.
    pub cluster_id: Option<String>,
    /// What happened.
    pub what: String,
    /// Our own ID of the request: the API server's audit log has it.
    pub audit_id: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
}

/// The moments of an operation, in the order of its journal.
pub(super) fn timeline(record: Option<&OperationRecord>, events: &[Event]) -> Vec<Moment> {
    record.map(begun).into_iter().chain(events.iter().map(moment)).collect()
}

fn begun(record: &OperationRecord) -> Moment {
    let what = match &record.purpose {
        Purpose::Revoke { plan, .. } => format!("a revocation of {} begins", counted(plan.steps.len(), "step")),
        Purpose::Restore { of, plan, .. } => {
            let preposition = if of.folder().is_some() { "from" } else { "of" };
            let steps = counted(plan.steps.len() + plan.tokens.len(), "step");
            format!("a restore {preposition} {of} in {steps} begins")
        }
        Purpose::Rotate { plan } => format!("a rotation of {} begins", counted(plan.plan.steps.len(), "step")),
    };
    Moment { time: record.begun, cluster_id: None, what, audit_id: None, request_id: None }
}

fn moment(event: &Event) -> Moment {
    let plain = |time: &jiff::Timestamp, what: String| Moment {
        time: *time,
        cluster_id: None,
        what,
        audit_id: None,
        request_id: None,
    };
    match event {
        Event::SendingChange { time, audit_id, cluster_id, binding, change, subjects, .. } => Moment {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            audit_id: Some(audit_id.clone()),
            ..plain(time, sent(binding, change, &subjects.iter().map(subject_text).collect::<Vec<_>>()))
        },
        Event::SendingLabel { time, audit_id, cluster_id, change } => Moment {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            audit_id: Some(audit_id.clone()),
            ..plain(time, labelled(change))
        },
        Event::SendingClean { time, audit_id, call: CleanCall { cluster_id, uid, force } } => {
            let force = if *force { ", with Force" } else { "" };
            Moment {
                cluster_id: Some(cluster_id.to_string()),
                audit_id: Some(audit_id.clone()),
                ..plain(time, format!("call cs:CleanClusterUserPermissions for {uid}{force}"))
            }
        }
        Event::SendingRevoke { time, audit_id, cluster_id, uid } => Moment {
            cluster_id: Some(cluster_id.to_string()),
            audit_id: Some(audit_id.clone()),
            ..plain(time, format!("call cs:RevokeK8sClusterKubeConfig for {uid}"))
        },
        Event::SendingIssue { time, cluster_id, uid } => Moment {
            cluster_id: Some(cluster_id.to_string()),
            ..plain(time, format!("call cs:DescribeClusterUserKubeconfig for {uid}, which issues a credential"))
        },
        Event::Issued { time, cluster_id, common_name, certificate_sha256, .. } => Moment {
            cluster_id: Some(cluster_id.to_string()),
            ..plain(time, format!("a certificate of {common_name} was issued, SHA-256 {certificate_sha256}"))
        },
        Event::Written { time, written } => Moment {
            cluster_id: written.cluster_id.as_ref().map(ToString::to_string),
            ..plain(time, kubeconfig_written(written))
        },
        Event::Answered { time, audit_id, answer } => {
            let (what, request_id) = answered(answer);
            Moment { audit_id: Some(audit_id.clone()), request_id, ..plain(time, what) }
        }
        Event::AtRisk { time, cluster_id, bindings } => Moment {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            ..plain(
                time,
                format!(
                    "kept on record before the cloud is called: {}",
                    named(bindings.iter().map(BindingObject::reference))
                ),
            )
        },
        Event::Kept { time, cluster_id, bindings } => Moment {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            ..plain(time, format!("there after the call of the cloud: {}", named(bindings.iter().cloned())))
        },
        Event::StepEnded { time, step, result, error, request_id } => {
            let (word, _) = StepOutcome::from(*result).word();
            let because = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            Moment { request_id: request_id.clone(), ..plain(time, format!("step {step} {word}{because}")) }
        }
        Event::Verified { time, cluster_id, uid, outcome } => Moment {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            ..plain(time, format!("the access of {uid} was checked: {}", OutcomeWord::from(*outcome).as_str()))
        },
        Event::Resumed { time, operator, .. } => plain(time, format!("resumed by {operator}")),
        Event::Ended { time, outcome, .. } => {
            plain(time, format!("the operation ends: {}", OperationOutcome::of_ending(*outcome).as_str()))
        }
    }
}

fn sent(binding: &BindingRef, change: &Change, subjects: &[String]) -> String {
    let who = Others::new(subjects.iter().cloned(), subjects.len());
    match change {
        Change::Delete { .. } => format!("DELETE {binding}, to take out {who}"),
        Change::Patch { operations } => {
            let has = |op: &str| operations.iter().any(|operation| operation["op"] == op);
            let what = match () {
                () if has("add") => format!("give back {who}"),
                () if has("replace") => format!("put the new name in the place of {who}"),
                () => format!("take out {who}"),
            };
            format!("PATCH {binding}, to {what}")
        }
        Change::Create { .. } => format!("POST {binding}, to give back {who}"),
    }
}

fn kubeconfig_written(Written { path, backup, .. }: &Written) -> String {
    let place = path.as_ref().map_or_else(|| "to standard output".to_owned(), |path| format!("to {}", path.display()));
    let kept = backup.as_ref().map(|backup| format!("; the old file is {}", backup.display())).unwrap_or_default();
    format!("the new kubeconfig was written {place}{kept}")
}

fn labelled(LabelChange { secret, sets, .. }: &LabelChange) -> String {
    let what = if *sets { "end the static token" } else { "let the static token work again" };
    format!("PATCH {secret}, to {what}")
}

fn answered(answer: &RequestAnswer) -> (String, Option<String>) {
    match answer {
        RequestAnswer::Done { status, request_id, .. } => (format!("answer: HTTP {status}"), request_id.clone()),
        RequestAnswer::Failed { status, code, error, request_id } => {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| format!("answer: HTTP {status}"));
            let code = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let error = if error.is_empty() { String::new() } else { format!(": {error}") };
            (format!("{status}{code}{error}"), request_id.clone())
        }
    }
}

fn named(bindings: impl Iterator<Item = BindingRef>) -> String {
    let names: Vec<String> = bindings.map(|binding| binding.to_string()).collect();
    if names.is_empty() { "no binding of others".to_owned() } else { names.join(", ") }
}

impl Moment {
    /// The time as it is shown.
    pub fn shown_time(&self) -> String {
        time(self.time)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::rbac::binding::BindingKind;

    #[test]
    fn a_change_that_was_sent_says_whether_subjects_leave_come_or_are_renamed() {
        let binding =
            BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".into()), name: "team".into() };
        let test = json!({"op": "test", "path": "/metadata/uid", "value": "u"});
        for (op, expected) in [
            ("add", "PATCH RoleBinding/shop/team, to give back User/200-1"),
            ("remove", "PATCH RoleBinding/shop/team, to take out User/200-1"),
            ("replace", "PATCH RoleBinding/shop/team, to put the new name in the place of User/200-1"),
        ] {
            let operations = vec![test.clone(), json!({"op": op, "path": "/subjects/0"})];
            assert_eq!(sent(&binding, &Change::Patch { operations }, &["User/200-1".to_owned()]), expected);
        }
    }
}
