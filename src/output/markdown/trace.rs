//! A trace for a ticket or a report.

use super::Markdown;
use crate::output::views::{ActorView, TraceReport, Word as _, time};

impl Markdown {
    /// What credentials were used for.
    pub fn of_trace(report: &TraceReport) -> Self {
        let mut document = Self::new("What a credential was used for");
        let lines = report.log_lines().into_iter().map(|(name, line)| vec![Some(name.to_owned()), Some(line)]);
        document.table(&["", ""], lines);
        if report.incomplete {
            document.paragraph("Not everything could be read.");
        }
        document.section("Credentials");
        if report.actors.is_empty() {
            document.paragraph("No request by it is in this log.");
        } else {
            let headers = ["Actor", "Credential", "Name", "Link", "Facts", "Used for"];
            document.table(&headers, report.actors.iter().map(actor_row));
        }
        if !report.possible.is_empty() {
            document.section("Possible, and no proof");
            document.items(report.possible.iter().map(|one| one.sentence()));
        }
        if !report.events.is_empty() {
            document.section("Requests");
            let rows = report.events.iter().map(|event| {
                vec![
                    Some(time(event.time)),
                    Some(event.actor.to_string()),
                    Some(event.verb.to_string()),
                    Some(event.what()),
                    Some(event.result_text()),
                    event.from.as_deref().map(str::to_owned),
                    Some(event.audit_id.to_string()),
                ]
            });
            document.table(&["Time", "Actor", "Verb", "Object", "Result", "From", "Audit-ID"], rows);
        }
        if !report.warnings.is_empty() {
            document.section("Warnings");
            document.items(&report.warnings);
        }
        document
    }
}

fn actor_row(actor: &ActorView) -> Vec<Option<String>> {
    let numbers: Vec<String> = actor.numbers().iter().map(|(word, count, _)| format!("{count} {word}")).collect();
    vec![
        Some(actor.id.to_string()),
        actor.credential.as_deref().map(str::to_owned),
        actor.name.as_deref().map(str::to_owned),
        Some(format!("{}: {}", actor.link.as_str(), crate::output::views::evidence_text(actor.evidence))),
        Some(actor.facts().join("; ")),
        Some(numbers.join(", ")),
    ]
}
