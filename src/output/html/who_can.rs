//! The page of `who-can`.

use super::rights::{CERTAINTY, becomes, certainty, only_if};
use super::{Body, DataCell, DataRow, DataTable, Page, bars, cluster_fact, cluster_label, known, unread};
use crate::output::table::Tone;
use crate::output::views::{
    AllowedView, Binding, IdentityTypeWord, Role, StateWord, WhoCanReport, Word as _, counted, state_tone, time,
};

impl Page {
    /// Who may do something.
    pub fn of_who_can(report: &WhoCanReport<'_>) -> Self {
        let mut facts = vec![report.question_text(), format!("Read {}", time(report.time))];
        facts.extend(cluster_fact(report.clusters.iter().map(cluster_label)));
        if report.by_name_only > 0 {
            facts.push(format!("{} that may for some names only not shown", counted(report.by_name_only, "subject")));
        }
        let mut page = Self::new("Who may do it", "kubectl ackcred who-can", facts);
        let clusters = report.clusters.iter().map(|one| (cluster_label(one), &one.error));
        page.unread = unread(clusters, report.cloud.as_ref(), report.incomplete);
        decide(&mut page, report);
        let states = rows(report).filter_map(|row| row.state).map(|state| (state.as_str(), state_tone(state)));
        let states = bars(states);
        if !states.is_empty() {
            page.section(
                "states",
                "RAM identities by state",
                "How many rows below are of RAM identities in each state, the worst first.",
                Body::Bars(states),
            );
        }
        page.subjects(report);
        page.reach(report);
        page
    }

    fn subjects(&mut self, report: &WhoCanReport<'_>) {
        let has_names = rows(report).any(|row| !row.names.is_empty());
        let are_several = report.columns.are_several;
        let mut headers = vec!["State", "Subject", "UID", "Name", "Scope", "Role", "Binding", "Through"];
        headers.extend(has_names.then_some("Names"));
        headers.extend(are_several.then_some("Cluster"));
        let row = |row: &AllowedView<'_>| {
            let mut cells = vec![
                DataCell::short(row.state.map(StateWord::as_str)).tone(row.state.map(state_tone).unwrap_or_default()),
                DataCell::new(row.subject_text()).tone(if row.is_everyone() { Tone::Danger } else { Tone::Plain }),
                DataCell::short(row.uid.as_deref()),
                DataCell::maybe(row.name),
                DataCell::short(Some(row.scope.text())),
                DataCell::maybe(row.role.as_ref().map(Role::text)),
                DataCell::maybe(row.binding.as_ref().map(Binding::text)),
                DataCell::short(Some(row.through.text())),
            ];
            cells.extend(has_names.then(|| DataCell::new(row.names.join(", "))));
            cells.extend(are_several.then(|| DataCell::maybe(row.cluster_name.or(row.cluster_id))));
            DataRow {
                cells,
                more: known([
                    ("Type", row.kind.map(|kind: IdentityTypeWord| kind.as_str().to_owned())),
                    ("Cluster", row.cluster_id.or(row.context).map(str::to_owned)),
                ]),
            }
        };
        self.section(
            "subjects",
            "Subjects",
            "Everyone whom RBAC allows it, the worst first. Members of system:masters may before RBAC is asked.",
            Body::Rows(DataTable {
                headers,
                rows: rows(report).map(row).collect(),
                nothing: "Not known: no cluster was read.",
                more: "Details",
            }),
        );
    }

    fn reach(&mut self, report: &WhoCanReport<'_>) {
        if !report.columns.reach {
            return;
        }
        let reached = report.subjects.iter().flat_map(|row| row.reach.iter().map(move |path| (row, path)));
        let rows = reached.map(|(row, path)| DataRow {
            cells: vec![DataCell::new(row.subject_text()), becomes(path), certainty(path), DataCell::new(&*path.how)],
            more: known([("Only if", only_if(path)), ("State", row.state.map(|state| state.as_str().to_owned()))]),
        });
        self.section(
            "reach",
            "Who could become one of them",
            CERTAINTY,
            Body::Rows(DataTable {
                headers: vec!["Subject", "Becomes", "Certainty", "How"],
                rows: rows.collect(),
                nothing: "No path was found in what was read.",
                more: "Details",
            }),
        );
    }
}

/// Those that may themselves.
fn rows<'r, 'a>(report: &'r WhoCanReport<'a>) -> impl Iterator<Item = &'r AllowedView<'a>> {
    report.subjects.iter().filter(|row| row.reach.is_empty())
}

fn decide(page: &mut Page, report: &WhoCanReport<'_>) {
    page.decide(
        rows(report).filter(|row| row.is_everyone()).count(),
        Tone::Danger,
        ["group of everyone may", "groups of everyone may"],
        "every user, or every ServiceAccount",
        "subjects",
    );
    for (state, tone, words) in [
        (StateWord::Deleted, Tone::Danger, ["row of a deleted identity", "rows of deleted identities"]),
        (
            StateWord::Recycled,
            Tone::Attention,
            ["row of an identity in the recycle bin", "rows of identities in the recycle bin"],
        ),
        (StateWord::Unknown, Tone::Attention, ["row of an unknown identity", "rows of unknown identities"]),
    ] {
        let count = rows(report).filter(|row| row.state == Some(state)).count();
        page.decide(count, tone, words, "", "subjects");
    }
    let is_exact = |row: &&AllowedView<'_>| row.reach.iter().any(|path| path.is_exact());
    page.decide(
        report.subjects.iter().filter(is_exact).count(),
        Tone::Attention,
        ["subject can become one that may", "subjects can become one that may"],
        "by the API server alone",
        "reach",
    );
}
