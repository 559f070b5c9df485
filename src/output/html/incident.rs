//! The page of one operation.

use std::borrow::Cow;

use super::{Body, DataCell, Page, PlainTable};
use crate::output::incident::{AccessTable, Attachment, Incident};
use crate::output::table::Tone;
use crate::output::views::{OperationOutcome, OutcomeWord, VerificationView, Word as _, time};

impl Page {
    /// The report that closes an incident.
    pub fn of_incident(incident: &Incident) -> Self {
        let mut facts = vec![format!("Operation {}", incident.operation)];
        facts.extend(incident.outcome.map(|outcome| outcome.as_str().to_owned()));
        let mut page = Self::new(incident.title, "kubectl ackcred history OPERATION", facts);
        page.unread = incident.missing.clone();
        page.decide_incident(incident);
        let facts = incident.facts.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        page.section("summary", "Summary", "", Body::Facts(facts));
        page.section("steps", "Steps", "", Body::Plain(steps(incident)));
        page.section(
            "timeline",
            "Timeline",
            "By the clock of the machine that did it. The API server's audit log has each Audit-ID, the cloud's each request ID.",
            Body::Plain(timeline(incident)),
        );
        page.section(
            "access",
            "Access before and after",
            "What the API server answered when it was asked what each user may do. A yes names the binding that gives it. \
             What is empty was not asked.",
            Body::Plain(access(incident)),
        );
        page.section("checks", "Checks", "", Body::Plain(checks(incident)));
        let remains = incident.remains.iter().map(|remain| match &remain.cluster_id {
            Some(id) if incident.is_of_several_clusters => format!("{} in {id}", remain.what),
            Some(_) | None => remain.what.clone(),
        });
        page.section("remains", "What remains", "", Body::Items(remains.collect()));
        page.section("unchecked", "What was not checked", "", Body::Items(incident.not_checked.clone()));
        (1..).zip(&incident.attachments).for_each(|(number, attachment)| page.attach(number, attachment));
        let command = incident.undo.command.as_ref().map(|command| format!("Command: {command}"));
        let undo = command.into_iter().chain(incident.undo.notes.iter().cloned());
        page.section("undo", "How to undo it", "", Body::Items(undo.collect()));
        page
    }

    fn decide_incident(&mut self, incident: &Incident) {
        let left = incident.checks.iter().filter(|check| check.outcome == OutcomeWord::Residual).count();
        let words = ["identity still had access", "identities still had access"];
        self.decide(left, Tone::Danger, words, "when it was checked after the last step", "checks");
        let open = incident.checks.iter().filter(|check| check.outcome == OutcomeWord::Unverifiable).count();
        let words = ["identity could not be checked in full", "identities could not be checked in full"];
        self.decide(open, Tone::Attention, words, "a check was not made or had no clear answer", "checks");
        let is_open = matches!(
            incident.outcome,
            Some(OperationOutcome::Unfinished | OperationOutcome::Interrupted | OperationOutcome::Incomplete)
        );
        let words = ["operation is not finished", "operations are not finished"];
        self.decide(usize::from(is_open), Tone::Attention, words, "the last section says how to finish it", "undo");
    }

    fn attach(&mut self, number: usize, attachment: &Attachment) {
        let lead = format!("As the file {} has it, which was given; nothing of it was checked.", attachment.file);
        let facts = attachment.facts.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect();
        let heading = attachment.kind.heading();
        self.section(format!("file-{number}"), heading, lead, Body::Facts(facts));
        for (place, table) in (1..).zip(&attachment.tables) {
            let row = |row: &Vec<Option<String>>| row.iter().cloned().map(DataCell::maybe).collect();
            let rows = table.rows.iter().map(row).collect();
            let headers = table.headers.iter().cloned().map(Cow::Owned).collect();
            let body = Body::Plain(PlainTable { headers, rows, nothing: "None." });
            self.section(format!("file-{number}-{place}"), format!("{heading}: {}", table.name), "", body);
        }
    }
}

/// A table whose second column is the cluster where there are several.
fn table(
    headers: &[&'static str],
    rows: impl Iterator<Item = (Option<String>, Vec<DataCell>)>,
    are_several: bool,
    nothing: &'static str,
) -> PlainTable {
    let mut headers: Vec<Cow<'static, str>> = headers.iter().copied().map(Cow::Borrowed).collect();
    if are_several {
        headers.insert(1, "Cluster".into());
    }
    let row = |(cluster, mut cells): (Option<String>, Vec<DataCell>)| {
        if are_several {
            cells.insert(1, DataCell::maybe(cluster));
        }
        cells
    };
    PlainTable { headers, rows: rows.map(row).collect(), nothing }
}

fn steps(incident: &Incident) -> PlainTable {
    let rows = incident.steps.iter().map(|step| {
        let cells = vec![
            DataCell::short(Some(step.number.to_string())),
            DataCell::maybe(step.what.clone()),
            DataCell::short(Some(step.result)).tone(step.tone),
            DataCell::maybe(step.error.clone()),
            DataCell::maybe(step.audit_id.clone()),
            DataCell::maybe(step.request_id.clone()),
        ];
        (step.cluster_id.clone(), cells)
    });
    let headers = ["Step", "What", "Result", "Error", "Audit-ID", "Request ID"];
    table(&headers, rows, incident.is_of_several_clusters, "No step is on record as ended.")
}

fn timeline(incident: &Incident) -> PlainTable {
    let rows = incident.timeline.iter().map(|moment| {
        let cells = vec![
            DataCell::time(Some(moment.time)),
            DataCell::new(moment.what.clone()),
            DataCell::maybe(moment.audit_id.clone()),
            DataCell::maybe(moment.request_id.clone()),
        ];
        (moment.cluster_id.clone(), cells)
    });
    let headers = ["Time", "What", "Audit-ID", "Request ID"];
    table(&headers, rows, incident.is_of_several_clusters, "Nothing is on record.")
}

/// A row for each question about each name: names are too long for columns of their own.
fn access(incident: &Incident) -> PlainTable {
    let rows = incident.access.iter().flat_map(|AccessTable { cluster_id, names, rows }| {
        rows.iter().flat_map(move |row| {
            let asked = names.iter().zip(&row.answers).filter(|(_, cells)| cells.iter().any(Option::is_some));
            asked.map(move |(name, cells)| {
                let cell = |place: usize| match &cells[place] {
                    Some(answer) => DataCell::new(answer.text.clone()).tone(answer.tone),
                    None => DataCell::maybe(None::<String>),
                };
                let (question, name) = (DataCell::new(row.question.clone()), DataCell::new(name.clone()));
                (cluster_id.clone(), vec![question, name, cell(0), cell(1)])
            })
        })
    });
    let headers = ["May it?", "User", "Before", "After"];
    table(&headers, rows, incident.is_of_several_clusters, "No question is on record.")
}

fn checks(incident: &Incident) -> PlainTable {
    let rows = incident.checks.iter().flat_map(|verification| {
        let VerificationView { cluster_id, uid, outcome, at, checks, .. } = verification;
        let heading = format!("{uid}: {} at {}", outcome.as_str(), time(*at));
        checks.iter().map(move |check| {
            let (word, tone) = check.result.word();
            let found = check.findings.iter().map(|finding| format!("; {finding}")).collect::<String>();
            let cells = vec![
                DataCell::new(heading.clone()),
                DataCell::short(Some(check.check.describe())),
                DataCell::short(Some(word)).tone(tone),
                DataCell::new(format!("{}{found}", check.detail)),
            ];
            (cluster_id.clone(), cells)
        })
    });
    let headers = ["Identity", "Check", "Result", "Detail"];
    table(&headers, rows, incident.is_of_several_clusters, "No check is on record.")
}
