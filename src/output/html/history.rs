//! The page of `history`.

use super::timeline::Timeline;
use super::{Body, DataCell, DataRow, DataTable, Page, bars, known};
use crate::output::table::Tone;
use crate::output::views::{History, OperationKind, OperationOutcome, PastOperation, counted, time};

impl Page {
    /// What was revoked and restored from this machine.
    pub fn of_history(report: &History) -> Self {
        let facts = vec![format!("Read {}", time(report.time)), counted(report.operations.len(), "operation")];
        let mut page = Self::new("What was revoked and restored", "kubectl ackcred history", facts);
        let damaged = report.operations.iter().filter(|one| one.outcome == OperationOutcome::Damaged);
        page.unread = damaged.map(|one| format!("operation {} can't be read", one.id)).collect();
        let count = |outcomes: &[OperationOutcome]| {
            report.operations.iter().filter(|one| outcomes.contains(&one.outcome)).count()
        };
        page.decide(
            count(&[OperationOutcome::Residual]),
            Tone::Danger,
            ["revocation left access", "revocations left access"],
            "all was done, and access was found nevertheless",
            "operations",
        );
        page.decide(
            count(&[OperationOutcome::Unfinished, OperationOutcome::Interrupted]),
            Tone::Attention,
            ["operation was cut off", "operations were cut off"],
            "kubectl ackcred revoke --resume finishes a revocation",
            "operations",
        );
        page.decide(
            count(&[OperationOutcome::Incomplete, OperationOutcome::Failed]),
            Tone::Attention,
            ["operation was not done", "operations were not done"],
            "some steps or all of them",
            "operations",
        );
        page.decide(
            count(&[OperationOutcome::Unverifiable]),
            Tone::Attention,
            ["revocation could not be proven", "revocations could not be proven"],
            "all was done, and a check could not be made",
            "operations",
        );
        let events: Vec<_> = report.operations.iter().filter_map(|one| Some((one.time?, one.id.clone()))).collect();
        let tones: Vec<_> =
            report.operations.iter().filter(|one| one.time.is_some()).map(|one| one.outcome.tone()).collect();
        let timeline = Timeline::of_events(report.time, &events, &tones);
        page.section("timeline", "Timeline", "In which month operations were made.", Body::Timeline(timeline));
        let outcomes = report.operations.iter().map(|one| (one.outcome.as_str(), one.outcome.tone()));
        page.section("outcomes", "By outcome", "How operations ended.", Body::Bars(bars(outcomes)));
        let headers = vec!["Outcome", "Operation", "What", "Time", "Cluster", "UID", "Steps"];
        page.section(
            "operations",
            "Operations",
            "The last one first.",
            Body::Rows(DataTable {
                headers,
                rows: report.operations.iter().map(row).collect(),
                nothing: "Nothing was revoked or restored from this machine.",
                more: "Details",
            }),
        );
        page
    }
}

fn row(one: &PastOperation) -> DataRow {
    let listed = |names: &Option<Vec<String>>| {
        names.as_ref().map(|names| match names.len() {
            0..=2 => names.join(", "),
            number => number.to_string(),
        })
    };
    DataRow {
        cells: vec![
            DataCell::short(Some(one.outcome.as_str())).tone(one.outcome.tone()),
            DataCell::short(Some(one.id.as_str())),
            DataCell::short(one.kind.map(OperationKind::as_str)),
            DataCell::time(one.time),
            DataCell::maybe(listed(&one.cluster_ids)),
            DataCell::maybe(listed(&one.uids)),
            DataCell::number(one.steps),
        ],
        more: known([
            ("Reason", one.reason.clone()),
            ("Approved by", one.approved_by.clone()),
            ("Clusters", one.cluster_ids.as_ref().map(|ids| ids.join(", "))),
            ("Identities", one.uids.as_ref().map(|uids| uids.join(", "))),
        ]),
    }
}
