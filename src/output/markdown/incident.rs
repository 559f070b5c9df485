//! The report that closes an incident.

use super::Markdown;
use crate::output::incident::{AccessTable, Attachment, Incident};
use crate::output::views::{VerificationView, Word as _, time};

impl Markdown {
    /// The report of one operation.
    pub fn of_incident(incident: &Incident) -> Self {
        let mut document = Self::new(&format!("{}: operation {}", incident.title, incident.operation));
        if !incident.missing.is_empty() {
            document.section("What is missing here");
            document.paragraph("Not all of the operation's record can be read. This report lacks:");
            document.items(&incident.missing);
        }
        document.section("Summary");
        let facts = incident.facts.iter().map(|(name, value)| vec![Some((*name).to_owned()), Some(value.clone())]);
        document.table(&["Fact", "Value"], facts);
        document.steps(incident);
        document.timeline(incident);
        document.section("Access before and after");
        document.access(incident);
        document.section("Checks");
        document.checks(incident);
        document.section("What remains");
        let place = |cluster: &Option<String>| {
            cluster
                .as_ref()
                .filter(|_| incident.is_of_several_clusters)
                .map(|id| format!(" in {id}"))
                .unwrap_or_default()
        };
        let remains = incident.remains.iter().map(|remain| format!("{}{}", remain.what, place(&remain.cluster_id)));
        document.items_or(remains, "Nothing is on record.");
        document.section("What was not checked");
        document.items_or(incident.not_checked.iter().cloned(), "Nothing is on record.");
        incident.attachments.iter().for_each(|attachment| document.attachment(attachment));
        document.section("How to undo it");
        document.items(&incident.undo.notes);
        if let Some(command) = &incident.undo.command {
            document.command(command);
        }
        document
    }

    fn items_or(&mut self, items: impl ExactSizeIterator<Item = String>, nothing: &str) {
        if items.len() == 0 { self.paragraph(nothing) } else { self.items(items) }
    }

    fn steps(&mut self, incident: &Incident) {
        self.section("Steps");
        if incident.steps.is_empty() {
            return self.paragraph("No step is on record as ended.");
        }
        let rows = incident.steps.iter().map(|step| {
            let mut row = vec![
                Some(step.number.to_string()),
                step.what.clone(),
                Some(step.result.to_owned()),
                step.error.clone(),
                step.audit_id.clone(),
                step.request_id.clone(),
            ];
            if incident.is_of_several_clusters {
                row.insert(1, step.cluster_id.clone());
            }
            row
        });
        let headers = ["Step", "What", "Result", "Error", "Audit-ID", "Request ID"];
        self.table(&with_cluster(&headers, incident.is_of_several_clusters), rows);
    }

    fn timeline(&mut self, incident: &Incident) {
        self.section("Timeline");
        if incident.timeline.is_empty() {
            return self.paragraph("Nothing is on record.");
        }
        self.paragraph(
            "By the clock of the machine that did it. The API server's audit log has each Audit-ID, the cloud's each request ID.",
        );
        let rows = incident.timeline.iter().map(|moment| {
            let mut row = vec![
                Some(moment.shown_time()),
                Some(moment.what.clone()),
                moment.audit_id.clone(),
                moment.request_id.clone(),
            ];
            if incident.is_of_several_clusters {
                row.insert(1, moment.cluster_id.clone());
            }
            row
        });
        self.table(&with_cluster(&["Time", "What", "Audit-ID", "Request ID"], incident.is_of_several_clusters), rows);
    }

    fn access(&mut self, incident: &Incident) {
        if incident.access.is_empty() {
            return self.paragraph("No question is on record.");
        }
        self.paragraph(
            "What the API server answered when it was asked what each user may do. A yes names the binding that gives it. An empty cell \
             was not asked.",
        );
        for AccessTable { cluster_id, names, rows } in &incident.access {
            if let Some(id) = cluster_id.as_ref().filter(|_| incident.is_of_several_clusters) {
                self.subsection(&format!("Cluster {id}"));
            }
            let mut headers = vec!["May it?".to_owned()];
            headers.extend(names.iter().flat_map(|name| [format!("{name} before"), format!("{name} after")]));
            let rows = rows.iter().map(|row| {
                let cells = row.answers.iter().flatten().map(|cell| cell.as_ref().map(|cell| cell.text.clone()));
                std::iter::once(Some(row.question.clone())).chain(cells).collect()
            });
            self.table(&headers, rows);
        }
    }

    fn checks(&mut self, incident: &Incident) {
        if incident.checks.is_empty() {
            return self.paragraph("No check is on record.");
        }
        for verification in &incident.checks {
            let VerificationView { cluster_id, uid, outcome, at, checks, .. } = verification;
            let place = cluster_id.as_ref().map(|id| format!(" in {id}")).unwrap_or_default();
            self.subsection(&format!("{uid}{place}: {} at {}", outcome.as_str(), time(*at)));
            let rows = checks.iter().map(|check| {
                let (result, _) = check.result.word();
                vec![Some(check.check.describe().to_owned()), Some(result.to_owned()), Some(check.detail.clone())]
            });
            self.table(&["Check", "Result", "Detail"], rows);
            let mut found = verification.findings().peekable();
            if found.peek().is_some() {
                self.paragraph("Found:");
                self.items(found);
            }
        }
    }

    fn attachment(&mut self, attachment: &Attachment) {
        self.section(attachment.kind.heading());
        self.paragraph(&format!("As the file {} has it, which was given; nothing of it was checked.", attachment.file));
        let facts = attachment.facts.iter().map(|(name, value)| vec![Some(name.clone()), Some(value.clone())]);
        self.table(&["Key", "Value"], facts);
        for table in &attachment.tables {
            self.subsection(&table.name);
            self.table(&table.headers, table.rows.iter().cloned());
        }
    }
}

/// The headers of a table, with the cluster in the second place where there are several.
fn with_cluster<'a>(headers: &[&'a str], are_several: bool) -> Vec<&'a str> {
    let mut headers = headers.to_vec();
    if are_several {
        headers.insert(1, "Cluster");
    }
    headers
}
