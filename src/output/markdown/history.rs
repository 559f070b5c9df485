//! The list of operations.

use super::Markdown;
use crate::output::views::{History, OperationKind, OperationOutcome, counted, time};

impl Markdown {
    /// What was revoked and restored from this machine.
    pub fn of_history(report: &History) -> Self {
        let mut document = Self::new("What was revoked and restored");
        let damaged = report.operations.iter().filter(|one| one.outcome == OperationOutcome::Damaged).count();
        let unread = match damaged {
            0 => String::new(),
            number => format!("; {} can't be read", counted(number, "operation")),
        };
        document.paragraph(&format!(
            "Read {}, {}{unread}.",
            time(report.time),
            counted(report.operations.len(), "operation")
        ));
        if report.operations.is_empty() {
            return document;
        }
        let rows = report.operations.iter().map(|one| {
            let list = |names: &Option<Vec<String>>| names.as_ref().map(|names| names.join(", "));
            vec![
                Some(one.id.clone()),
                one.kind.map(|kind| OperationKind::as_str(kind).to_owned()),
                one.time.map(time),
                list(&one.cluster_ids),
                list(&one.uids),
                one.steps.map(|steps| steps.to_string()),
                Some(one.outcome.as_str().to_owned()),
                one.reason.clone(),
            ]
        });
        document.table(&["Operation", "What", "Time", "Cluster", "Identity", "Steps", "Outcome", "Reason"], rows);
        document
    }
}
