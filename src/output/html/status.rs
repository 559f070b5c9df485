//! The page of `status`.

use super::timeline::Timeline;
use super::{Body, DataCell, DataRow, DataTable, Page, bars, cluster_fact, known, unread};
use crate::output::table::Tone;
use crate::output::views::{
    Auditing, ClusterStatus, KubeconfigWord, LastAccessView, StateWord, StatusItem, StatusReport, Word as _,
    state_tone, time,
};

impl Page {
    /// The state of kubeconfigs.
    pub fn of_status(report: &StatusReport) -> Self {
        let mut facts = vec![format!("Read {}", time(report.time))];
        facts.extend(cluster_fact(report.clusters.iter().map(label)));
        let mut page = Self::new("State of kubeconfigs", "kubectl ackcred status", facts);
        let clusters = report.clusters.iter().map(|one| (label(one), &one.error));
        page.unread = unread(clusters, report.cloud.as_ref(), report.incomplete);
        decide(&mut page, report);

        let name =
            |item: &StatusItem| item.name.as_ref().map_or(item.uid.clone(), |name| format!("{name} ({})", item.uid));
        let ends: Vec<_> = report.items.iter().filter_map(|item| Some((item.expires?, name(item)))).collect();
        let timeline = Timeline::of_ends(report.time, &ends, None);
        page.section("timeline", "Timeline", "In which month the kubeconfigs end.", Body::Timeline(timeline));
        let states = report.items.iter().map(|item| (item.account_state.as_str(), state_tone(item.account_state)));
        page.section(
            "states",
            "Identities by state",
            "How many rows below are of identities in each state, the worst first.",
            Body::Bars(bars(states)),
        );
        let mut headers = vec!["Account", "UID", "Name", "Kubeconfig", "Expires", "Bindings", "Residue", "Revocable"];
        let optional = OptionalColumns {
            cluster: report.clusters.len() != 1,
            long_lived: report.with_lifetimes,
            last_access: report.items.iter().any(|item| item.last_access.is_some()),
        };
        headers.extend(optional.cluster.then_some("Cluster"));
        headers.extend(optional.long_lived.then_some("Long-lived"));
        headers.extend(optional.last_access.then_some("Last access"));
        let rows = report.items.iter().map(|item| row(item, optional)).collect();
        page.section(
            "kubeconfigs",
            "Kubeconfigs",
            "One row for each identity and cluster. Residue means bindings without a kubeconfig that works.",
            Body::Rows(DataTable {
                headers,
                rows,
                nothing: "No kubeconfigs and no bindings of RAM identities found.",
                more: "Details",
            }),
        );
        if !report.clusters.is_empty() {
            let headers = vec!["Cluster", "Context", "Auditing", "ack-ram-authenticator"];
            let rows = report.clusters.iter().map(cluster).collect();
            page.section(
                "clusters",
                "Clusters",
                "What was read, and where an audit log is kept.",
                Body::Rows(DataTable { headers, rows, nothing: "None.", more: "Details" }),
            );
        }
        page
    }
}

/// Which columns there are beside those that every page has.
#[derive(Clone, Copy)]
struct OptionalColumns {
    cluster: bool,
    long_lived: bool,
    last_access: bool,
}

fn decide(page: &mut Page, report: &StatusReport) {
    let count = |is: &dyn Fn(&StatusItem) -> bool| report.items.iter().filter(|item| is(item)).count();
    let effective = |item: &StatusItem| {
        item.account_state == StateWord::Deleted && item.kubeconfig == Some(KubeconfigWord::Effective)
    };
    page.decide(
        count(&effective),
        Tone::Danger,
        ["kubeconfig of a deleted identity is effective", "kubeconfigs of deleted identities are effective"],
        "or deleted, with bindings left: ACK has one word for both",
        "kubeconfigs",
    );
    page.decide(
        count(&|item| item.residue == Some(true)),
        Tone::Attention,
        ["identity has residue", "identities have residue"],
        "bindings without a kubeconfig that works",
        "kubeconfigs",
    );
    page.decide(
        count(&|item| item.long_lived == Some(true)),
        Tone::Attention,
        ["kubeconfig has longer to live than allowed", "kubeconfigs have longer to live than allowed"],
        "counted from now: ACK doesn't say when they were issued",
        "kubeconfigs",
    );
    page.decide(
        count(&|item| item.account_state == StateWord::Unknown),
        Tone::Attention,
        ["identity is unknown", "identities are unknown"],
        "whether they exist was not proved",
        "kubeconfigs",
    );
    let silent = report.clusters.iter().filter(|cluster| cluster.auditing == Auditing::Disabled).count();
    page.decide(
        silent,
        Tone::Attention,
        ["cluster has no audit log", "clusters have no audit log"],
        "who does what there is not recorded",
        "clusters",
    );
}

fn row(item: &StatusItem, optional: OptionalColumns) -> DataRow {
    let yes_or_no = |value: bool| if value { "yes" } else { "no" };
    let tone = |finding| if finding == Some(true) { Tone::Attention } else { Tone::Plain };
    let mut cells = vec![
        DataCell::short(Some(item.account_state.as_str())).tone(state_tone(item.account_state)),
        DataCell::short(Some(item.uid.as_str())),
        DataCell::maybe(item.name.as_deref()),
        DataCell::short(item.kubeconfig.map(KubeconfigWord::as_str)),
        DataCell::time(item.expires),
        DataCell::number(item.bindings),
        DataCell::short(item.residue.map(yes_or_no)).tone(tone(item.residue)),
        DataCell::short(item.revocable.map(yes_or_no)),
    ];
    if optional.cluster {
        cells.push(DataCell::maybe(item.cluster_name.as_deref().or(item.cluster_id.as_deref())));
    }
    if optional.long_lived {
        cells.push(DataCell::short(item.long_lived.map(yes_or_no)).tone(tone(item.long_lived)));
    }
    let access = item.last_access.as_ref();
    if optional.last_access {
        cells.push(match access.and_then(|access| access.time) {
            Some(time) => DataCell::time(Some(time)),
            None => DataCell::maybe(access.map(LastAccessView::describe)),
        });
    }
    DataRow {
        cells,
        more: known([
            ("Type", Some(item.kind.as_str().to_owned())),
            ("Cluster", item.cluster_id.clone()),
            ("State of the cluster", item.cluster_state.clone()),
            ("Last access", access.map(|access| access.reason.clone())),
            ("Audit ID", access.and_then(|access| access.audit_id.clone())),
            ("Audit log", access.and_then(LastAccessView::place)),
            ("Query", access.and_then(|access| access.query.clone())),
            ("Error", access.and_then(|access| access.error.clone())),
        ]),
    }
}

fn cluster(cluster: &ClusterStatus) -> DataRow {
    let (auditing, tone) = match cluster.auditing {
        Auditing::Enabled => ("enabled", Tone::Plain),
        Auditing::Disabled => ("disabled", Tone::Attention),
        Auditing::Unknown => ("unknown", Tone::Plain),
    };
    let authenticator = match cluster.ram_authenticator {
        Some(true) => "installed",
        Some(false) => "not installed",
        None => "unknown",
    };
    DataRow {
        cells: vec![
            DataCell::new(label(cluster)),
            DataCell::maybe(cluster.context.as_deref()),
            DataCell::new(auditing).tone(tone),
            DataCell::new(authenticator),
        ],
        more: known([("Not read", cluster.error.clone()), ("Log project", cluster.audit_project.clone())]),
    }
}

fn label(cluster: &ClusterStatus) -> String {
    super::label([&cluster.name, &cluster.id, &cluster.context])
}
