//! The page of `trace`.

use std::collections::HashMap;

use super::timeline::Timeline;
use super::{Body, DataCell, DataRow, DataTable, Page, known};
use crate::output::table::Tone;
use crate::output::views::{ActorView, RequestOutcomeWord, TraceReport, TracedEvent, Word as _, evidence_text, time};

/// What is counted of a credential.
type Count = fn(&ActorView) -> u64;

impl Page {
    /// What credentials were used for.
    pub fn of_trace(report: &TraceReport) -> Self {
        let facts = report.log_lines().into_iter().map(|(name, text)| format!("{name}: {text}"));
        let mut page = Self::new("What a credential was used for", "kubectl ackcred trace", facts.collect());
        if report.incomplete {
            page.unread = report.warnings.clone();
        }
        let sum = |count: Count| usize::try_from(report.actors.iter().map(count).sum::<u64>()).unwrap_or(usize::MAX);
        let decisions: [(Count, [&str; 2], &str); 4] = [
            (|one| one.counts.mints, ["token was issued", "tokens were issued"], "each stays valid until it ends"),
            (|one| one.counts.grants, ["grant was written", "grants were written"], "a binding, a role or a mapping"),
            (
                |one| one.counts.secrets,
                ["reading of Secrets", "readings of Secrets"],
                "what they hold is known to the reader",
            ),
            (
                |one| one.counts.executions,
                ["execution in pods or nodes", "executions in pods or nodes"],
                "with the rights of the pod",
            ),
        ];
        for (count, words, detail) in decisions {
            page.decide(sum(count), Tone::Danger, words, detail, "requests");
        }
        let times: Vec<_> = report.events.iter().map(|event| (event.time, event.what())).collect();
        let tones: Vec<Tone> = report.events.iter().map(TracedEvent::tone).collect();
        let timeline = Timeline::of_span(&times, &tones);
        page.section("timeline", "Timeline", "When requests were made.", Body::Timeline(timeline));
        page.section(
            "credentials",
            "Credentials",
            "Each below the one that led to it.",
            Body::Rows(DataTable {
                headers: vec!["#", "Credential", "Name", "Link", "Evidence", "First", "Last", "Requests"],
                rows: report.actors.iter().map(actor_row).collect(),
                nothing: "No request by it is in this log.",
                more: "Details",
            }),
        );
        let possible = report.possible.iter().map(|one| DataRow {
            cells: vec![DataCell::short(Some(one.link.as_str())), DataCell::new(one.sentence())],
            more: Vec::new(),
        });
        page.section(
            "possible",
            "Possible, and no proof",
            "What may have been done by them as well.",
            Body::Rows(DataTable {
                headers: vec!["Link", "What"],
                rows: possible.collect(),
                nothing: "Nothing in this log.",
                more: "Details",
            }),
        );
        let actors: HashMap<&str, &ActorView> = report.actors.iter().map(|actor| (&*actor.id, actor)).collect();
        page.section(
            "requests",
            "Requests",
            "The first one first.",
            Body::Rows(DataTable {
                headers: vec!["Time", "#", "Name", "Verb", "Object", "Result", "From"],
                rows: report.events.iter().map(|event| event_row(event, &actors)).collect(),
                nothing: "None in this log.",
                more: "Details",
            }),
        );
        page
    }
}

fn actor_row(actor: &ActorView) -> DataRow {
    let numbers: Vec<String> = actor.numbers().iter().map(|(word, count, _)| format!("{count} {word}")).collect();
    DataRow {
        cells: vec![
            DataCell::short(Some(&*actor.id)).sorted_by(actor.id.parse().ok()),
            DataCell::maybe(actor.credential.as_deref()),
            DataCell::maybe(actor.name.as_deref()),
            DataCell::short(Some(actor.link.as_str())),
            DataCell::new(evidence_text(actor.evidence)),
            DataCell::time(actor.first),
            DataCell::time(actor.last),
            DataCell::number(usize::try_from(actor.counts.requests).ok()),
        ],
        more: known([
            ("Led to by", actor.parent.as_ref().map(|parent| format!("#{parent}"))),
            ("Facts", Some(actor.facts().join("; "))),
            ("Used for", Some(numbers.join(", ")).filter(|numbers| !numbers.is_empty())),
        ]),
    }
}

fn event_row(event: &TracedEvent, actors: &HashMap<&str, &ActorView>) -> DataRow {
    let name = actors.get(&*event.actor).and_then(|actor| actor.name.as_deref());
    let is_answered = event.result != RequestOutcomeWord::Unknown;
    DataRow {
        cells: vec![
            DataCell::time(Some(event.time)),
            DataCell::short(Some(&*event.actor)).sorted_by(event.actor.parse().ok()),
            DataCell::maybe(name),
            DataCell::short(Some(&*event.verb)),
            DataCell::new(event.what()).tone(event.tone()),
            DataCell::short(Some(event.result_text())),
            DataCell::maybe(event.from.as_deref()),
        ],
        more: known([
            ("Received", Some(time(event.time))),
            ("As", event.impersonated.as_ref().map(ToString::to_string)),
            ("Authorizer", event.decision.as_ref().map(ToString::to_string).filter(|_| is_answered)),
            ("Allowed by", event.granted_by.as_ref().map(ToString::to_string)),
            ("Command", event.command.as_ref().map(ToString::to_string)),
            ("Audit-ID", Some(event.audit_id.to_string())),
        ]),
    }
}
