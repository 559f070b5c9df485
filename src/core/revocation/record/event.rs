//! A line of `journal.jsonl`: what happened while the operation went on.
//!
//! The chain of hashes that each line ends in is over the line's bytes, so it holds whatever keys a line has: see
//! [`chain`](crate::core::revocation::journal::chain).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kubernetes::{
    BindingRefV1, ChangeV1, ClusterRolesV1, object, object_json, objects, subjects, subjects_json,
};
use super::plan::PlanV1;
use super::{FORMAT, OnDisk as _, RecordError, all, maybe, nullable, one, text, under};
use crate::core::revocation::journal::{CleanCall, Event, RequestAnswer};
use crate::core::revocation::operation::LaterPlan;
use crate::core::revocation::rotation::Written;
use crate::core::revocation::static_tokens::LabelChange;

/// A line as it is written.
#[derive(Serialize)]
struct LineV1 {
    /// [`FORMAT`].
    format: u32,
    #[serde(flatten)]
    event: EventV1,
}

/// What happened. `time` is as RFC 3339 has it; `clusterId` is null where it is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum EventV1 {
    /// The change of a binding is about to be sent.
    SendingChange {
        /// When.
        time: String,
        /// The ID of the request in the API server's audit log.
        audit_id: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The binding.
        binding: BindingRefV1,
        /// The change.
        change: ChangeV1,
        /// The binding as it was right before; null where there was none.
        #[serde(deserialize_with = "nullable")]
        before: Option<Value>,
        /// The subjects that leave or come.
        subjects: Vec<Value>,
    },
    /// The label of a Secret is about to be changed.
    SendingLabel {
        /// When.
        time: String,
        /// The ID of the request in the API server's audit log.
        audit_id: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The Secret.
        secret: BindingRefV1,
        /// The version that it must have.
        resource_version: String,
        /// The label's value.
        value: String,
        /// Whether the label is set, or taken away.
        sets: bool,
    },
    /// CleanClusterUserPermissions is about to be called.
    SendingClean {
        /// When.
        time: String,
        /// The ID that the answer is found by.
        audit_id: String,
        /// The cluster.
        cluster_id: String,
        /// Whose kubeconfig and permissions go.
        uid: String,
        /// Whether even if they were used in the last seven days.
        force: bool,
    },
    /// RevokeK8sClusterKubeConfig is about to be called.
    SendingRevoke {
        /// When.
        time: String,
        /// The ID that the answer is found by.
        audit_id: String,
        /// The cluster.
        cluster_id: String,
        /// Whose kubeconfig it is.
        uid: String,
    },
    /// DescribeClusterUserKubeconfig is about to be called, which issues a credential.
    SendingIssue {
        /// When.
        time: String,
        /// The cluster.
        cluster_id: String,
        /// To whom.
        uid: String,
    },
    /// A credential was issued.
    Issued {
        /// When.
        time: String,
        /// The cluster.
        cluster_id: String,
        /// The common name of its certificate.
        common_name: String,
        /// SHA-256 of its certificate, in hexadecimal digits.
        certificate_sha256: String,
        /// The last second of its validity. May be missing: not known.
        #[serde(default)]
        not_after: Option<String>,
    },
    /// The new kubeconfig was written.
    Written {
        /// When.
        time: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The file; null for standard output.
        #[serde(deserialize_with = "nullable")]
        path: Option<PathBuf>,
        /// The old file, kept; null where there was none.
        #[serde(deserialize_with = "nullable")]
        backup: Option<PathBuf>,
    },
    /// What was sent is answered, or will not be.
    Answered {
        /// When.
        time: String,
        /// The ID that it was sent with.
        audit_id: String,
        /// The HTTP status; null where no answer came.
        #[serde(deserialize_with = "nullable")]
        status: Option<u16>,
        /// The cloud's error code. May be missing: it gave none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The binding's version after the change. May be missing: not known.
        #[serde(default)]
        resource_version: Option<String>,
        /// The binding that came back; null where none did.
        #[serde(deserialize_with = "nullable")]
        after: Option<Value>,
        /// The cloud's ID of the request. May be missing: not known.
        #[serde(default)]
        request_id: Option<String>,
        /// What went wrong. May be missing: nothing.
        #[serde(default)]
        error: Option<String>,
    },
    /// The cloud is about to be called, which may delete these bindings of others.
    AtRisk {
        /// When.
        time: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The bindings as they are.
        bindings: Vec<Value>,
    },
    /// The cloud is done, and these bindings are there.
    Kept {
        /// When.
        time: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The bindings.
        bindings: Vec<BindingRefV1>,
    },
    /// A step of the plan is over.
    StepEnded {
        /// When.
        time: String,
        /// The step's number in the plan.
        step: String,
        /// How it ended.
        result: String,
        /// What went wrong. May be missing: nothing.
        #[serde(default)]
        error: Option<String>,
        /// The cloud's ID of the request. May be missing: none.
        #[serde(default)]
        request_id: Option<String>,
    },
    /// The access of an identity was verified.
    Verified {
        /// When.
        time: String,
        /// The cluster.
        #[serde(deserialize_with = "nullable")]
        cluster_id: Option<String>,
        /// The identity.
        uid: String,
        /// `Verified`, `Residual` or `Unverifiable`.
        outcome: String,
    },
    /// An operation that had stopped goes on.
    Resumed {
        /// When.
        time: String,
        /// By whom. May be missing: not known.
        #[serde(default)]
        operator: String,
        /// What of a revocation is planned now. May be missing: it was not recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Box<PlanV1>>,
        /// The roles of that plan's bindings, as they are. May be missing: none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<ClusterRolesV1>,
    },
    /// The operation is over.
    Ended {
        /// When.
        time: String,
        /// How.
        outcome: String,
        /// SHA-256 of the report; null where it could not be kept.
        #[serde(deserialize_with = "nullable")]
        report: Option<String>,
    },
}

/// The event as JSON, in one line without its end.
///
/// # Errors
/// None that is known: every event can be written as JSON.
pub fn json(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(&LineV1 { format: FORMAT, event: event.into() })
}

/// Reads a line, without the chain that it ends in.
///
/// # Errors
/// Where it is no event, or one of a newer format.
pub fn read(json: &[u8]) -> Result<Event, RecordError> {
    super::read::<EventV1>(json)?.try_into()
}

impl EventV1 {
    fn answered(time: String, audit_id: String, answer: &RequestAnswer) -> Self {
        match answer.clone() {
            RequestAnswer::Done { status, after, request_id } => Self::Answered {
                time,
                audit_id,
                status: Some(status),
                code: None,
                resource_version: after.as_ref().map(|object| object.resource_version().to_owned()),
                after: after.as_deref().map(object_json),
                request_id,
                error: None,
            },
            RequestAnswer::Failed { status, code, error, request_id } => Self::Answered {
                time,
                audit_id,
                status,
                code,
                resource_version: None,
                after: None,
                request_id,
                error: Some(error).filter(|error| !error.is_empty()),
            },
        }
    }
}

impl From<&Event> for EventV1 {
    fn from(event: &Event) -> Self {
        match event {
            Event::SendingChange { time, audit_id, cluster_id, binding, change, before, subjects } => {
                Self::SendingChange {
                    time: time.write(),
                    audit_id: audit_id.clone(),
                    cluster_id: text(cluster_id.as_ref()),
                    binding: binding.into(),
                    change: change.into(),
                    before: before.as_deref().map(object_json),
                    subjects: subjects_json(subjects),
                }
            }
            Event::SendingLabel { time, audit_id, cluster_id, change } => Self::SendingLabel {
                time: time.write(),
                audit_id: audit_id.clone(),
                cluster_id: text(cluster_id.as_ref()),
                secret: BindingRefV1::of_secret(&change.secret),
                resource_version: change.resource_version.clone(),
                value: change.value.clone(),
                sets: change.sets,
            },
            Event::SendingClean { time, audit_id, call: CleanCall { cluster_id, uid, force } } => Self::SendingClean {
                time: time.write(),
                audit_id: audit_id.clone(),
                cluster_id: cluster_id.write(),
                uid: uid.write(),
                force: *force,
            },
            Event::SendingRevoke { time, audit_id, cluster_id, uid } => Self::SendingRevoke {
                time: time.write(),
                audit_id: audit_id.clone(),
                cluster_id: cluster_id.write(),
                uid: uid.write(),
            },
            Event::SendingIssue { time, cluster_id, uid } => {
                Self::SendingIssue { time: time.write(), cluster_id: cluster_id.write(), uid: uid.write() }
            }
            Event::Issued { time, cluster_id, common_name, certificate_sha256, not_after } => Self::Issued {
                time: time.write(),
                cluster_id: cluster_id.write(),
                common_name: common_name.clone(),
                certificate_sha256: certificate_sha256.clone(),
                not_after: text(not_after.as_ref()),
            },
            Event::Written { time, written: Written { cluster_id, path, backup } } => Self::Written {
                time: time.write(),
                cluster_id: text(cluster_id.as_ref()),
                path: path.clone(),
                backup: backup.clone(),
            },
            Event::Answered { time, audit_id, answer } => Self::answered(time.write(), audit_id.clone(), answer),
            Event::AtRisk { time, cluster_id, bindings } => Self::AtRisk {
                time: time.write(),
                cluster_id: text(cluster_id.as_ref()),
                bindings: bindings.iter().map(object_json).collect(),
            },
            Event::Kept { time, cluster_id, bindings } => Self::Kept {
                time: time.write(),
                cluster_id: text(cluster_id.as_ref()),
                bindings: bindings.iter().map(BindingRefV1::from).collect(),
            },
            Event::StepEnded { time, step, result, error, request_id } => Self::StepEnded {
                time: time.write(),
                step: step.clone(),
                result: result.write(),
                error: error.clone(),
                request_id: request_id.clone(),
            },
            Event::Verified { time, cluster_id, uid, outcome } => Self::Verified {
                time: time.write(),
                cluster_id: text(cluster_id.as_ref()),
                uid: uid.write(),
                outcome: outcome.write(),
            },
            Event::Resumed { time, operator, later } => Self::Resumed {
                time: time.write(),
                operator: operator.clone(),
                plan: later.as_ref().map(|later| Box::new((&later.plan).into())),
                roles: later.iter().flat_map(|later| &later.roles).map(ClusterRolesV1::from).collect(),
            },
            Event::Ended { time, outcome, report } => {
                Self::Ended { time: time.write(), outcome: outcome.write(), report: report.clone() }
            }
        }
    }
}

impl TryFrom<EventV1> for Event {
    type Error = RecordError;

    fn try_from(event: EventV1) -> Result<Self, RecordError> {
        let at = |time: String| one("time", &time);
        let of = |cluster_id: Option<String>| maybe("clusterId", cluster_id.as_deref());
        Ok(match event {
            EventV1::SendingChange { time, audit_id, cluster_id, binding, change, before, subjects: who } => {
                Self::SendingChange {
                    time: at(time)?,
                    audit_id,
                    cluster_id: of(cluster_id)?,
                    binding: under("binding", binding)?,
                    change: under("change", change)?,
                    before: before.map(|json| object("before", json)).transpose()?.map(Box::new),
                    subjects: subjects("subjects", who)?,
                }
            }
            EventV1::SendingLabel { time, audit_id, cluster_id, secret, resource_version, value, sets } => {
                let change = LabelChange { secret: secret.secret()?, resource_version, value, sets };
                Self::SendingLabel { time: at(time)?, audit_id, cluster_id: of(cluster_id)?, change }
            }
            EventV1::SendingClean { time, audit_id, cluster_id, uid, force } => {
                let (cluster_id, uid) = (one("clusterId", &cluster_id)?, one("uid", &uid)?);
                Self::SendingClean { time: at(time)?, audit_id, call: CleanCall { cluster_id, uid, force } }
            }
            EventV1::SendingRevoke { time, audit_id, cluster_id, uid } => Self::SendingRevoke {
                time: at(time)?,
                audit_id,
                cluster_id: one("clusterId", &cluster_id)?,
                uid: one("uid", &uid)?,
            },
            EventV1::SendingIssue { time, cluster_id, uid } => Self::SendingIssue {
                time: at(time)?,
                cluster_id: one("clusterId", &cluster_id)?,
                uid: one("uid", &uid)?,
            },
            EventV1::Issued { time, cluster_id, common_name, certificate_sha256, not_after } => Self::Issued {
                time: at(time)?,
                cluster_id: one("clusterId", &cluster_id)?,
                common_name,
                certificate_sha256,
                not_after: maybe("notAfter", not_after.as_deref())?,
            },
            EventV1::Written { time, cluster_id, path, backup } => {
                Self::Written { time: at(time)?, written: Written { cluster_id: of(cluster_id)?, path, backup } }
            }
            EventV1::Answered { time, audit_id, status, code, resource_version: _, after, request_id, error } => {
                let after = after.map(|json| object("after", json)).transpose()?.map(Box::new);
                let answer = match (status, error) {
                    (Some(status @ 200..=299), None) => RequestAnswer::Done { status, after, request_id },
                    (status, error) => {
                        RequestAnswer::Failed { status, code, error: error.unwrap_or_default(), request_id }
                    }
                };
                Self::Answered { time: at(time)?, audit_id, answer }
            }
            EventV1::AtRisk { time, cluster_id, bindings } => {
                Self::AtRisk { time: at(time)?, cluster_id: of(cluster_id)?, bindings: objects("bindings", bindings)? }
            }
            EventV1::Kept { time, cluster_id, bindings } => {
                Self::Kept { time: at(time)?, cluster_id: of(cluster_id)?, bindings: all("bindings", bindings)? }
            }
            EventV1::StepEnded { time, step, result, error, request_id } => {
                Self::StepEnded { time: at(time)?, step, result: one("result", &result)?, error, request_id }
            }
            EventV1::Verified { time, cluster_id, uid, outcome } => Self::Verified {
                time: at(time)?,
                cluster_id: of(cluster_id)?,
                uid: one("uid", &uid)?,
                outcome: one("outcome", &outcome)?,
            },
            EventV1::Resumed { time, operator, plan, roles } => {
                let roles = all("roles", roles)?;
                let plan = plan.map(|plan| under("plan", *plan)).transpose()?;
                let later = plan.map(|plan| Box::new(LaterPlan { plan, roles }));
                Self::Resumed { time: at(time)?, operator, later }
            }
            EventV1::Ended { time, outcome, report } => {
                Self::Ended { time: at(time)?, outcome: one("outcome", &outcome)?, report }
            }
        })
    }
}
