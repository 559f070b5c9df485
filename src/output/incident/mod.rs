//! The report that closes an incident: what is on record of one operation, as its page and its Markdown show it.
//!
//! Everything in it was written down by the operation itself or is in files that were given. What could not be read is named.

mod access;
mod attachment;
mod facts;
mod timeline;
mod undo;

#[cfg(test)]
pub(in crate::output) mod fixtures;

use crate::core::distinct::distinct;
use crate::core::revocation::journal::{Event, OperationId, State, state};
use crate::core::revocation::operation::{EndedStep, OperationRecord, OperationReport, Purpose};
use crate::core::revocation::plan::Plan;
use crate::output::table::Tone;
use crate::output::views::{OperationOutcome, RemainView, StepOutcome, StepView, VerificationView};

pub use access::AccessTable;
pub use attachment::{Attachment, AttachmentKind};
pub use timeline::Moment;
pub use undo::Undo;

/// What is known of an operation.
pub struct Sources<'a> {
    /// Its ID.
    pub id: &'a OperationId,
    /// What was agreed to; `None` where that can't be read.
    pub record: Option<&'a OperationRecord>,
    /// What was sent and answered.
    pub events: &'a [Event],
    /// What came of it; `None` where it was cut off, or that can't be read.
    pub report: Option<&'a OperationReport>,
    /// How its steps ended.
    pub steps: Vec<EndedStep>,
    /// Restores of it that began since, the last first, each with how far it came.
    pub restores: &'a [(OperationId, State)],
    /// What could not be read, and why.
    pub missing: Vec<String>,
    /// Documents that were given.
    pub attachments: Vec<Attachment>,
}

/// The report.
#[derive(Debug)]
pub struct Incident {
    /// The operation's ID.
    pub operation: String,
    /// What it is about.
    pub title: &'static str,
    /// How the operation ended; `None` where its journal can't be read to the end.
    pub outcome: Option<OperationOutcome>,
    /// Who, why, where, and what came of it, each under its name.
    pub facts: Vec<(&'static str, String)>,
    /// What could not be read.
    pub missing: Vec<String>,
    /// What was done.
    pub steps: Vec<StepLine>,
    /// What happened, the first first.
    pub timeline: Vec<Moment>,
    /// What the identities could do before and after, a table for each cluster.
    pub access: Vec<AccessTable>,
    /// What each check found.
    pub checks: Vec<VerificationView>,
    /// What is left, in the words of the record.
    pub remains: Vec<RemainView>,
    /// What was not checked, in the words of the record.
    pub not_checked: Vec<String>,
    /// Documents that were given.
    pub attachments: Vec<Attachment>,
    /// How it is taken back.
    pub undo: Undo,
    /// Whether it is about more than one cluster.
    pub is_of_several_clusters: bool,
}

/// A step, and how it ended.
#[derive(Debug)]
pub struct StepLine {
    /// Its number in the plan.
    pub number: u32,
    /// The cluster, where its ID is known.
    pub cluster_id: Option<String>,
    /// What it does; `None` where the plan can't be read.
    pub what: Option<String>,
    /// How it ended.
    pub result: &'static str,
    /// How that looks.
    pub tone: Tone,
    /// Why it ended so.
    pub error: Option<String>,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
}

impl Incident {
    /// The report of an operation.
    pub fn of(sources: Sources<'_>) -> Self {
        let facts = facts::facts(&sources);
        let undo = undo::undo(&sources);
        let Sources { id, record, events, report, steps, missing, attachments, .. } = sources;
        let last_run = record.map(|record| record.of_last_run(events));
        let rotated = record.and_then(OperationRecord::rotation).map(|rotation| &rotation.plan);
        let plan = record.and_then(OperationRecord::revocation).or(rotated);
        let verification = report.map(|report| report.verification.clone()).unwrap_or_default();
        let checks: Vec<VerificationView> = verification.into_iter().map(VerificationView::of).collect();
        let (remains, not_checked) = left(plan, &checks);
        let clusters = record.map(|record| record.clusters.as_slice()).unwrap_or_default();
        Self {
            operation: id.to_string(),
            title: title(record),
            outcome: missing.is_empty().then(|| OperationOutcome::of(state(events))),
            facts,
            steps: steps.into_iter().map(|step| StepLine::of(last_run.as_ref(), step)).collect(),
            timeline: timeline::timeline(record, events),
            access: clusters.iter().filter_map(|cluster| AccessTable::of(cluster, report)).collect(),
            checks,
            remains,
            not_checked,
            attachments,
            undo,
            is_of_several_clusters: clusters.len() > 1,
            missing,
        }
    }
}

fn title(record: Option<&OperationRecord>) -> &'static str {
    match record.map(|record| &record.purpose) {
        Some(Purpose::Revoke { .. }) => "Revocation of access",
        Some(Purpose::Restore { .. }) => "Restore of access",
        Some(Purpose::Rotate { .. }) => "Rotation of the operator's own kubeconfig",
        None => "Operation whose record can't be read",
    }
}

/// What is left and what was not checked, each once, by the verifications and by the plan: not all of it may have been verified.
fn left(plan: Option<&Plan>, checks: &[VerificationView]) -> (Vec<RemainView>, Vec<String>) {
    let planned = plan.into_iter().flat_map(|plan| &plan.remains).map(RemainView::of);
    let mut remains: Vec<RemainView> = Vec::new();
    for remain in checks.iter().flat_map(|check| check.remains.iter().cloned()).chain(planned) {
        if !remains.iter().any(|known| (&known.cluster_id, &known.what) == (&remain.cluster_id, &remain.what)) {
            remains.push(remain);
        }
    }
    let planned = plan.into_iter().flat_map(|plan| &plan.not_checked);
    let not_checked = distinct(checks.iter().flat_map(|check| &check.not_checked).chain(planned));
    (remains, not_checked.into_iter().cloned().collect())
}

impl StepLine {
    fn of(record: Option<&OperationRecord>, step: EndedStep) -> Self {
        let view = match record.map(|record| &record.purpose) {
            Some(Purpose::Revoke { plan, .. }) => StepView::of_revocation(plan, step.clone()),
            Some(Purpose::Restore { plan, .. }) => StepView::of_restore(plan, step.clone()),
            Some(Purpose::Rotate { plan }) => StepView::of_revocation(&plan.plan, step.clone()),
            None => None,
        };
        let (result, tone) = StepOutcome::from(step.result).word();
        let EndedStep { id, error, request_id, audit_id, .. } = step;
        let (cluster_id, what) = view.map(|view| (view.cluster_id.clone(), view.sentence())).unzip();
        Self { number: id, cluster_id: cluster_id.flatten(), what, result, tone, error, audit_id, request_id }
    }
}
