//! The page of `scan`.

use std::collections::{BTreeMap, BTreeSet};

use super::timeline::Timeline;
use super::{Body, DataCell, DataRow, DataTable, Page, Share, bars, cluster_fact, cluster_label, known, unread};
use crate::output::table::Tone;
use crate::output::views::{
    Binding, GrantView, HolderView, KubeconfigWord, Role, ScanReport, StateWord, Word as _, counted, state_tone, time,
};

impl Page {
    /// Who holds access.
    pub fn of_scan(report: &ScanReport<'_>) -> Self {
        let grants: Vec<GrantView<'_>> = report.grants.views().collect();
        let identities: Vec<HolderView<'_>> = report.identities.iter().collect();
        let mut facts = vec![format!("Read {}", time(report.time))];
        facts.extend(cluster_fact(report.clusters.iter().map(cluster_label)));
        if report.hidden > 0 {
            facts.push(format!("{} grants of living identities not shown", report.hidden));
        }
        let mut page = Self::new("Who holds access", "kubectl ackcred scan", facts);
        let clusters = report.clusters.iter().map(|one| (cluster_label(one), &one.error));
        page.unread = unread(clusters, report.cloud.as_ref(), report.incomplete);
        decide(&mut page, report, &grants, &identities);

        let ends: BTreeSet<_> = grants.iter().filter_map(|row| Some((row.expires?, row.uid?, row.name))).collect();
        let named = |(end, uid, name): (_, &str, Option<&str>)| {
            (end, name.map_or(uid.to_owned(), |name| format!("{name} ({uid})")))
        };
        let ends: Vec<_> = ends.into_iter().map(named).collect();
        if !ends.is_empty() {
            let timeline = Timeline::of_ends(report.time, &ends, None);
            page.section(
                "timeline",
                "Timeline",
                "In which month the kubeconfigs of these identities end.",
                Body::Timeline(timeline),
            );
        }
        let states = identities.iter().map(|holder| (holder.state.as_str(), state_tone(holder.state)));
        page.section(
            "states",
            "Identities by state",
            "How many identities are in each state, the worst first.",
            Body::Bars(bars(states)),
        );
        let headers = vec!["State", "UID", "Type", "Name", "Clusters", "Grants"];
        let rows = identities.iter().map(identity).collect();
        page.section(
            "identities",
            "Identities",
            "Who holds the grants below. The evidence says what a state is known from, or why it is not known.",
            Body::Rows(DataTable { headers, rows, nothing: "No identities.", more: "Evidence" }),
        );
        let headers = vec!["State", "UID", "Name", "Binding", "Role", "Shared with", "Kubeconfig", "Expires"];
        page.section(
            "grants",
            "Grants",
            "Every binding and mapping that names one of these identities, the worst first.",
            Body::Rows(DataTable {
                headers,
                rows: grants.iter().map(grant).collect(),
                nothing: "No grants found.",
                more: "Evidence",
            }),
        );
        let shares = shares(&grants);
        if !shares.is_empty() {
            page.section(
                "shared",
                "Who shares what",
                "Bindings that others are in too. A revocation takes the identity out and leaves the others in.",
                Body::Shares(shares),
            );
        }
        if !report.resembling.is_empty() {
            let rows = report.resembling.iter().map(|one| {
                let binding = one.binding.text();
                let role = one.role.as_ref().map(Role::text);
                let cells = vec![
                    DataCell::new(one.subject),
                    DataCell::short(Some(one.uid)),
                    DataCell::new(binding),
                    DataCell::maybe(role),
                    DataCell::maybe(one.cluster_id),
                ];
                DataRow { cells, more: Vec::new() }
            });
            let headers = vec!["User name", "Resembles", "Binding", "Role", "Cluster"];
            page.section(
                "resembling",
                "Names that only resemble",
                "User names that look like an identity's and may be another's.",
                Body::Rows(DataTable { headers, rows: rows.collect(), nothing: "None.", more: "Details" }),
            );
        }
        page
    }
}

fn decide(page: &mut Page, report: &ScanReport<'_>, grants: &[GrantView<'_>], identities: &[HolderView<'_>]) {
    let in_state = |state| identities.iter().filter(move |holder| holder.state == state && holder.grants > 0);
    let held = |state| format!("with {}", counted(in_state(state).map(|holder| holder.grants).sum(), "grant"));
    page.decide(
        in_state(StateWord::Deleted).count(),
        Tone::Danger,
        ["deleted identity still has access", "deleted identities still have access"],
        held(StateWord::Deleted),
        "grants",
    );
    let again = grants.iter().filter(|row| row.reappeared == Some(true)).count();
    page.decide(
        again,
        Tone::Danger,
        ["grant names a leaked credential", "grants name leaked credentials"],
        "revoked from this machine, and back",
        "grants",
    );
    let unbound = grants.iter().filter(|row| row.binding.is_none() && row.state == StateWord::Deleted);
    page.decide(
        unbound.count(),
        Tone::Attention,
        ["deleted identity has a kubeconfig", "deleted identities have kubeconfigs"],
        "and no binding here",
        "grants",
    );
    for (state, words) in [
        (StateWord::Recycled, ["identity is in the recycle bin", "identities are in the recycle bin"]),
        (StateWord::Unknown, ["identity is unknown", "identities are unknown"]),
    ] {
        page.decide(in_state(state).count(), Tone::Attention, words, held(state), "identities");
    }
    let names: BTreeSet<&str> = report.resembling.iter().map(|one| one.subject).collect();
    page.decide(
        names.len(),
        Tone::Attention,
        ["user name resembles an identity's", "user names resemble an identity's"],
        "whose they are is not known",
        "resembling",
    );
}

fn identity(holder: &HolderView<'_>) -> DataRow {
    DataRow {
        cells: vec![
            DataCell::short(Some(holder.state.as_str())).tone(state_tone(holder.state)),
            DataCell::short(Some(holder.uid)),
            DataCell::short(Some(holder.kind.as_str())),
            DataCell::maybe(holder.name),
            DataCell::number(Some(holder.clusters)),
            DataCell::number(Some(holder.grants)),
        ],
        more: known([("Evidence", Some(holder.evidence.to_owned()))]),
    }
}

fn grant(row: &GrantView<'_>) -> DataRow {
    let (state, tone) = match row.reappeared {
        Some(true) => (format!("{}, Reappeared", row.state.as_str()), Tone::Danger),
        _ => (row.state.as_str().to_owned(), state_tone(row.state)),
    };
    DataRow {
        cells: vec![
            DataCell::short(Some(state)).tone(tone),
            DataCell::short(row.uid),
            DataCell::maybe(row.name),
            DataCell::maybe(row.binding.as_ref().map(Binding::text)),
            DataCell::maybe(row.role.map(|role| format!("{}/{}", role.kind, role.name))),
            DataCell::short(
                Some(row.shared_with_count).filter(|count| *count > 0).map(|count| counted(count, "other")),
            ),
            DataCell::short(row.kubeconfig.map(KubeconfigWord::as_str)),
            DataCell::time(row.expires),
        ],
        more: known([
            ("Evidence", Some(row.evidence.to_owned())),
            ("User name", row.subject.map(str::to_owned)),
            ("Cluster", row.cluster_id.or(row.context).map(str::to_owned)),
        ]),
    }
}

/// The bindings with others in them, each once, in the order of the rows.
fn shares(grants: &[GrantView<'_>]) -> Vec<Share> {
    let mut rows: BTreeMap<_, Vec<&GrantView<'_>>> = BTreeMap::new();
    let mut order = Vec::new();
    for row in grants.iter().filter(|row| row.shared_with_count > 0) {
        let Some(of) = row.binding else { continue };
        let key = (row.cluster_id, row.context, of.kind, of.namespace, of.name);
        let rows = rows.entry(key).or_default();
        if rows.is_empty() {
            order.push(key);
        }
        rows.push(row);
    }
    order.into_iter().filter_map(|key| Some(share(&rows.remove(&key)?))).collect()
}

/// A binding, of which these are the rows.
fn share(rows: &[&GrantView<'_>]) -> Share {
    let holders: Vec<&str> = rows.iter().filter_map(|row| row.subject).collect();
    let is_holder = |other: &str| other.strip_prefix("User/").is_some_and(|name| holders.contains(&name));
    let named = rows.iter().flat_map(|row| &row.shared_with);
    let others: BTreeSet<&String> = named.filter(|other| !is_holder(other)).collect();
    let subjects = rows.iter().map(|row| row.shared_with_count + 1).max().unwrap_or_default();
    let holder =
        |row: &&GrantView<'_>| (row.subject.unwrap_or_default().to_owned(), row.state.as_str(), state_tone(row.state));
    let of = rows.iter().find_map(|row| row.binding);
    let role = rows.iter().find_map(|row| row.role);
    Share {
        binding: of.as_ref().map(Binding::text).unwrap_or_default(),
        role: role.as_ref().map(Role::text).unwrap_or_default(),
        holders: rows.iter().map(holder).collect(),
        more: subjects.saturating_sub(rows.len() + others.len()),
        others: others.into_iter().cloned().collect(),
    }
}
