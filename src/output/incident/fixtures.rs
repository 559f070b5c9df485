//! A report in which every part has something in it.

use jiff::Timestamp;

use super::access::{AccessCell, AccessRow};
use super::attachment::AttachmentTable;
use super::{AccessTable, Attachment, AttachmentKind, Incident, Moment, StepLine, Undo};
use crate::output::table::Tone;
use crate::output::views::{OperationOutcome, RemainView, VerificationView};

/// A report in which every text from outside is this one.
pub(in crate::output) fn incident_of(text: &str) -> Incident {
    let some = || Some(text.to_owned());
    let verification: VerificationView = serde_json::from_value(serde_json::json!({
        "clusterId": text, "uid": text, "outcome": "Residual", "at": "2026-01-01T10:11:20Z", "groupsFrom": "Assumed",
        "checks": [{"check": "Rbac", "result": "Failed", "detail": text, "findings": [text]}], "remains": [], "notChecked": [],
    }))
    .unwrap();
    let remain: RemainView = serde_json::from_value(
        serde_json::json!({"clusterId": text, "uid": null, "kind": "Certificate", "what": text}),
    )
    .unwrap();
    let cell = || Some(AccessCell { text: text.to_owned(), tone: Tone::Danger });
    Incident {
        operation: "20260101-101112-a90a48".to_owned(),
        title: "Revocation of access",
        outcome: Some(OperationOutcome::Residual),
        facts: vec![("Reason", text.to_owned())],
        missing: vec![text.to_owned()],
        steps: vec![StepLine {
            number: 1,
            cluster_id: some(),
            what: some(),
            result: "done",
            tone: Tone::Good,
            error: some(),
            audit_id: some(),
            request_id: some(),
        }],
        timeline: vec![Moment {
            time: Timestamp::UNIX_EPOCH,
            cluster_id: some(),
            what: text.to_owned(),
            audit_id: some(),
            request_id: some(),
        }],
        access: vec![AccessTable {
            cluster_id: some(),
            names: vec![text.to_owned()],
            rows: vec![AccessRow { question: text.to_owned(), answers: vec![[cell(), cell()]] }],
        }],
        checks: vec![verification],
        remains: vec![remain],
        not_checked: vec![text.to_owned()],
        attachments: vec![Attachment {
            kind: AttachmentKind::Trace,
            file: text.to_owned(),
            facts: vec![(text.to_owned(), text.to_owned())],
            tables: vec![AttachmentTable {
                name: text.to_owned(),
                headers: vec![text.to_owned(), "b".to_owned()],
                rows: vec![vec![some(), None]],
            }],
        }],
        undo: Undo { command: Some(format!("kubectl ackcred restore {text}")), notes: vec![text.to_owned()] },
        is_of_several_clusters: true,
    }
}
