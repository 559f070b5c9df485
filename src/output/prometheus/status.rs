//! Metrics of `status`. A cluster that was not read has no counts: absent is not 0.

use super::{Labels, Metrics, count, labels};
use crate::output::views::{Auditing, ClusterStatus, KubeconfigWord, StatusItem, StatusReport, Word as _};

impl Metrics {
    /// What `status` found.
    pub fn of_status(report: &StatusReport) -> Self {
        let mut metrics = Self::default();
        let items = || report.items.iter();
        metrics.add_sums(
            "ackcred_status_kubeconfigs",
            "How many identities have a kubeconfig in this state.",
            items().map(|item| {
                let mut labels = place(item);
                labels.insert("account_state", item.account_state.as_str().to_owned());
                labels.insert("kubeconfig", item.kubeconfig.map_or("None", key).to_owned());
                (labels, 1)
            }),
        );
        metrics.add_sums(
            "ackcred_status_residue",
            "How many identities have bindings and no kubeconfig that works.",
            items().filter_map(|item| Some((place(item), i64::from(item.residue?)))),
        );
        metrics.add(
            "ackcred_status_bindings",
            "How many bindings name the identity.",
            items().filter_map(|item| Some((whose(item), count(item.bindings?)))),
        );
        metrics.add(
            "ackcred_status_kubeconfig_expiration_timestamp_seconds",
            "When the certificate of an identity's kubeconfig ends, in seconds since 1970.",
            items().filter_map(|item| Some((whose(item), item.expires?.as_second()))),
        );
        metrics.add(
            "ackcred_status_last_access_timestamp_seconds",
            "When the identity was last seen in the audit log of the last 7 days, in seconds since 1970.",
            items().filter_map(|item| Some((whose(item), item.last_access.as_ref()?.time?.as_second()))),
        );
        let clusters = || report.clusters.iter();
        metrics.add(
            "ackcred_status_auditing_enabled",
            "Whether the cluster has an audit log; absent where that is unknown.",
            clusters().filter_map(|cluster| {
                let enabled = match cluster.auditing {
                    Auditing::Enabled => 1,
                    Auditing::Disabled => 0,
                    Auditing::Unknown => return None,
                };
                Some((of_cluster(cluster), enabled))
            }),
        );
        metrics.add(
            "ackcred_status_ram_authenticator_installed",
            "Whether ack-ram-authenticator is installed; absent where that is unknown.",
            clusters().filter_map(|cluster| Some((of_cluster(cluster), i64::from(cluster.ram_authenticator?)))),
        );
        metrics.add(
            "ackcred_status_cluster_read",
            "Whether the cluster was read to the end.",
            clusters().map(|cluster| (of_cluster(cluster), i64::from(cluster.error.is_none()))),
        );
        metrics.add(
            "ackcred_status_incomplete",
            "Whether something that was asked for could not be read.",
            [(Labels::new(), i64::from(report.incomplete))],
        );
        metrics
    }
}

fn of_cluster(cluster: &ClusterStatus) -> Labels {
    labels([("cluster_id", cluster.id.as_deref()), ("context", cluster.context.as_deref())])
}

fn place(item: &StatusItem) -> Labels {
    labels([("cluster_id", item.cluster_id.as_deref()), ("cluster", item.cluster_name.as_deref())])
}

fn whose(item: &StatusItem) -> Labels {
    let mut whose = place(item);
    whose.extend(labels([
        ("account_state", Some(item.account_state.as_str())),
        ("kubeconfig", item.kubeconfig.map(key)),
        ("name", item.name.as_deref()),
        ("type", Some(item.kind.as_str())),
        ("uid", Some(&item.uid)),
    ]));
    whose
}

/// The word of the document, which has no blanks.
fn key(state: KubeconfigWord) -> &'static str {
    match state {
        KubeconfigWord::NotIssued => "NotIssued",
        other => other.as_str(),
    }
}
