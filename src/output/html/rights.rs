//! The page of `rights`.

use std::collections::BTreeSet;

use super::{Body, DataCell, DataRow, DataTable, Page, cluster_fact, cluster_label, known, unread_clusters};
use crate::output::table::Tone;
use crate::output::views::{
    CertaintyWord, GroupsSourceWord, HeldRuleView, PathView, ReviewView, RightsReport, RightsUser, UserPath, Word as _,
    counted, time,
};

/// What the column of that name says.
pub(super) const CERTAINTY: &str =
    "Exact: the API server alone lets it happen. Depends: something else must be the case, too.";

/// The verbs that have a column of their own, in the order of harm.
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

impl Page {
    /// What users may do.
    pub fn of_rights(report: &RightsReport<'_>) -> Self {
        let mut facts = vec![format!("Read {}", time(report.time))];
        facts.extend(cluster_fact(report.clusters.iter().map(cluster_label)));
        for (number, what) in [
            (report.hidden_defaults, "of the API server's defaults for every user"),
            (report.hidden_inert, "without an effect"),
        ] {
            facts.extend((number > 0).then(|| format!("{} {what} not shown", counted(number, "rule"))));
        }
        let mut page = Self::new("What it may do", "kubectl ackcred rights", facts);
        page.unread = unread(report);
        decide(&mut page, report);
        page.paths(report);
        page.matrix(report);
        page.inert(report);
        page.reviews(report);
        page.users(report);
        page
    }

    fn paths(&mut self, report: &RightsReport<'_>) {
        if report.paths.is_empty() {
            return;
        }
        let row = |UserPath { user, path }: &UserPath| DataRow {
            cells: vec![
                DataCell::new(user_text(report, user)),
                becomes(path),
                certainty(path),
                DataCell::new(&*path.how),
            ],
            more: known([("Only if", only_if(path))]),
        };
        self.section(
            "paths",
            "What it can become",
            CERTAINTY,
            Body::Rows(DataTable {
                headers: vec!["User", "Becomes", "Certainty", "How"],
                rows: report.paths.iter().map(row).collect(),
                nothing: "Nothing else.",
                more: "Details",
            }),
        );
    }

    fn matrix(&mut self, report: &RightsReport<'_>) {
        let headers = ["User", "Scope", "Resource", "Names"].into_iter().chain(VERBS).chain(["Other verbs"]);
        let rows = lines(report).iter().map(|line| line.row(report)).collect();
        self.section(
            "rights",
            "Rights",
            "One row for each kind or path and place. A mark means that RBAC allows it; what gives it is behind Details.",
            Body::Rows(DataTable {
                headers: headers.collect(),
                rows,
                nothing: "RBAC gives nothing beyond what is hidden. Other authorizers were not read.",
                more: "Details",
            }),
        );
    }

    fn inert(&mut self, report: &RightsReport<'_>) {
        let row = |rule: &HeldRuleView<'_>| {
            Some(DataRow {
                cells: vec![
                    DataCell::new(user_text(report, &rule.user)),
                    DataCell::short(Some(rule.scope.text())),
                    DataCell::new(rule.resource_text()),
                    DataCell::new(rule.verbs.join(", ")),
                    DataCell::new(rule.binding.text()),
                    DataCell::new(rule.reason?),
                ],
                more: known([("Role", Some(rule.role.text()))]),
            })
        };
        let rows: Vec<DataRow> = report.rules.iter().filter_map(row).collect();
        if !rows.is_empty() {
            let headers = vec!["User", "Scope", "Resource", "Verbs", "Binding", "Why"];
            self.section(
                "inert",
                "Rules without an effect",
                "What roles say and the API server does not allow.",
                Body::Rows(DataTable { headers, rows, nothing: "None.", more: "Details" }),
            );
        }
    }

    fn reviews(&mut self, report: &RightsReport<'_>) {
        let Some(reviews) = &report.reviews else { return };
        let answer = |allowed: bool| if allowed { "allowed" } else { "denied" };
        let row = |review: &ReviewView| {
            let tone = if review.is_otherwise() { Tone::Attention } else { Tone::Plain };
            DataRow {
                cells: vec![
                    DataCell::new(&*review.text),
                    DataCell::short(Some(if review.is_known { answer(review.expected) } else { "unknown" })),
                    DataCell::short(Some(answer(review.allowed))).tone(tone),
                ],
                more: known([("Reason", review.reason.clone())]),
            }
        };
        let (differing, others): (Vec<_>, Vec<_>) = reviews.iter().partition(|review| review.is_otherwise());
        self.section(
            "reviews",
            "Asked of the API server",
            "Requests that the API server itself was asked about. Where it answers otherwise, another authorizer decides, too.",
            Body::Rows(DataTable {
                headers: vec!["Request", "By RBAC", "API server"],
                rows: differing.into_iter().chain(others).map(row).collect(),
                nothing: "Nothing was asked.",
                more: "Reason",
            }),
        );
    }

    fn users(&mut self, report: &RightsReport<'_>) {
        let row = |user: &RightsUser| {
            let tone = if user.groups_from == GroupsSourceWord::Assumed { Tone::Attention } else { Tone::Plain };
            DataRow {
                cells: vec![
                    DataCell::new(&*user.text),
                    DataCell::short(user.uid.as_deref()),
                    DataCell::new(user.groups.join(", ")),
                    DataCell::short(Some(user.groups_from.as_str())).tone(tone),
                ],
                more: known([
                    ("Mapping", user.mapping.clone()),
                    ("Cluster", user.cluster_id.clone().or_else(|| user.context.clone())),
                ]),
            }
        };
        self.section(
            "users",
            "Users",
            "User names with their groups, as one request has them. Rights of two of them are never joined.",
            Body::Rows(DataTable {
                headers: vec!["User", "UID", "Groups", "Groups from"],
                rows: report.users.iter().map(row).collect(),
                nothing: "None.",
                more: "Details",
            }),
        );
    }
}

fn unread(report: &RightsReport<'_>) -> Vec<String> {
    let mut unread = unread_clusters(report.clusters.iter().map(|one| (cluster_label(one), &one.error)));
    let roles: BTreeSet<String> =
        report.rules.iter().filter(|rule| rule.role_unread).map(|rule| rule.binding.text()).collect();
    unread.extend(roles.into_iter().map(|binding| format!("what {binding} allows: its role could not be read")));
    if unread.is_empty() && report.incomplete {
        unread.push("the API server did not answer everything".to_owned());
    }
    unread
}

fn decide(page: &mut Page, report: &RightsReport<'_>) {
    let paths = || report.paths.iter().map(|one| &one.path);
    page.decide(
        paths().filter(|path| path.leads_to_full_rights()).count(),
        Tone::Danger,
        ["way to full rights", "ways to full rights"],
        "by the API server alone",
        "paths",
    );
    page.decide(
        paths().filter(|path| path.is_at_the_top() && !path.leads_to_full_rights()).count(),
        Tone::Attention,
        ["way that may lead to full rights", "ways that may lead to full rights"],
        "if something else is the case",
        "paths",
    );
    let reads_secrets = |line: &&Line<'_>| {
        let is_of_secrets = ["secrets", "*", "*.*"].contains(&line.resource.as_str());
        is_of_secrets && ["get", "list", "watch", "*"].iter().any(|verb| line.verbs.contains(verb))
    };
    page.decide(
        lines(report).iter().filter(reads_secrets).count(),
        Tone::Attention,
        ["right to read Secrets", "rights to read Secrets"],
        "in the cluster, a namespace, or by name",
        "rights",
    );
}

fn user_text(report: &RightsReport<'_>, id: &str) -> String {
    report.users.iter().find(|user| user.id == id).map(|user| user.text.clone()).unwrap_or_default()
}

/// What is become, in red where it is everything.
pub(super) fn becomes(path: &PathView) -> DataCell {
    let tone = if path.leads_to_full_rights() { Tone::Danger } else { Tone::Plain };
    DataCell::new(&*path.becomes).tone(tone)
}

/// Whether it holds by the API server alone.
pub(super) fn certainty(path: &PathView) -> DataCell {
    let tone = if path.certainty == CertaintyWord::Exact { Tone::Attention } else { Tone::Plain };
    DataCell::short(Some(path.certainty.as_str())).tone(tone)
}

/// What else must be the case.
pub(super) fn only_if(path: &PathView) -> Option<String> {
    (!path.depends_on.is_empty()).then(|| path.depends_on.join(", and if "))
}

/// All that a user may do with one kind, or one path, in one place.
#[derive(Debug)]
struct Line<'a> {
    user: &'a str,
    scope: String,
    resource: String,
    names: String,
    verbs: BTreeSet<&'a str>,
    /// By which bindings, each with its role.
    by: BTreeSet<String>,
    cluster: Option<&'a str>,
}

impl Line<'_> {
    fn row(&self, report: &RightsReport<'_>) -> DataRow {
        let all = self.verbs.contains("*");
        let is_full = all && self.resource == "*.*" && self.names.is_empty();
        let tone = if is_full { Tone::Danger } else { Tone::Plain };
        let others: Vec<&str> = self.verbs.iter().filter(|verb| !VERBS.contains(verb)).copied().collect();
        let mut cells = vec![
            DataCell::new(user_text(report, self.user)),
            DataCell::short(Some(self.scope.as_str())),
            DataCell::new(self.resource.as_str()).tone(tone),
            DataCell::new(self.names.as_str()),
        ];
        cells.extend(VERBS.map(|verb| DataCell::mark(all || self.verbs.contains(verb))));
        cells.push(DataCell::new(if all { "all".to_owned() } else { others.join(", ") }).tone(tone));
        let by: Vec<&str> = self.by.iter().map(String::as_str).collect();
        DataRow { cells, more: known([("By", Some(by.join(", "))), ("Cluster", self.cluster.map(str::to_owned))]) }
    }
}

/// The rights in the order of users and bindings; what several rules give for the same kind and place is one line.
fn lines<'a>(report: &'a RightsReport<'_>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for rule in report.rules.iter().filter(|rule| rule.reason.is_none() && !rule.role_unread) {
        let user = report.users.iter().find(|user| user.id == rule.user);
        for resource in rule.resource_texts() {
            let (scope, names) = (rule.scope.text(), rule.resource_names.join(", "));
            let is_same = |line: &&mut Line<'_>| {
                (line.user, &line.scope, &line.resource, &line.names) == (&*rule.user, &scope, &resource, &names)
            };
            let by = format!("{} ({})", rule.binding.text(), rule.role.text());
            let verbs = rule.verbs.iter().map(String::as_str);
            match lines.iter_mut().find(is_same) {
                Some(line) => {
                    line.verbs.extend(verbs);
                    line.by.insert(by);
                }
                None => lines.push(Line {
                    user: &rule.user,
                    scope,
                    resource,
                    names,
                    verbs: verbs.collect(),
                    by: BTreeSet::from([by]),
                    cluster: user.and_then(|user| user.cluster_id.as_deref()),
                }),
            }
        }
    }
    lines
}
