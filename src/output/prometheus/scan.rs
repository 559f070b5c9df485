//! Metrics of `scan`. A cluster that was not read has no counts: absent is not 0.

use super::{Labels, Metrics, count, labels};
use crate::output::views::{GrantView, ScanReport, ScannedCluster, StateWord, Word as _};

impl Metrics {
    /// What `scan` found.
    pub fn of_scan(report: &ScanReport<'_>) -> Self {
        let mut metrics = Self::default();
        let grants: Vec<GrantView<'_>> = report.grants.views().collect();
        let read = || report.clusters.iter().filter(|cluster| cluster.error.is_none());
        // Of living identities there may be more than are shown.
        let is_counted =
            |state: &StateWord| report.hidden == 0 || !matches!(state, StateWord::Active | StateWord::Frozen);
        let of_state = |row: &GrantView<'_>| {
            labels([("cluster_id", row.cluster_id), ("context", row.context), ("state", Some(row.state.as_str()))])
        };
        let zeros = || {
            let states = || StateWord::ALL.iter().copied().filter(is_counted);
            read().flat_map(move |cluster| states().map(move |state| (in_state(cluster, state), 0)))
        };
        let counted = |row: &&GrantView<'_>| is_counted(&row.state);
        metrics.add_sums(
            "ackcred_scan_grants",
            "How many bindings and mappings name an identity in this state.",
            zeros()
                .chain(grants.iter().filter(counted).filter(|row| row.binding.is_some()).map(|row| (of_state(row), 1))),
        );
        metrics.add_sums(
            "ackcred_scan_unbound_kubeconfigs",
            "How many identities in this state have a kubeconfig and no binding.",
            zeros()
                .chain(grants.iter().filter(counted).filter(|row| row.binding.is_none()).map(|row| (of_state(row), 1))),
        );
        metrics.add_sums(
            "ackcred_scan_reappeared_grants",
            "How many bindings name a leaked credential that was revoked from this machine; absent where that is unknown.",
            read().filter_map(|cluster| {
                let here = || grants.iter().filter(|row| is_of(row, cluster));
                let is_known = here().all(|row| row.reappeared.is_some());
                let number = here().filter(|row| row.reappeared == Some(true)).count();
                is_known.then(|| (place(cluster), count(number)))
            }),
        );
        metrics.add_sums(
            "ackcred_scan_resembling_names",
            "How many grants are of a user name that only resembles an identity's.",
            report.resembling.iter().map(|one| (labels([("cluster_id", one.cluster_id)]), 1)),
        );
        metrics.add(
            "ackcred_scan_identity_grants",
            "How many bindings and mappings an identity has in all clusters together.",
            report.identities.iter().map(|holder| {
                let whose = labels([
                    ("name", holder.name),
                    ("state", Some(holder.state.as_str())),
                    ("type", Some(holder.kind.as_str())),
                    ("uid", Some(holder.uid)),
                ]);
                (whose, count(holder.grants))
            }),
        );
        metrics.add(
            "ackcred_scan_hidden_grants",
            "How many grants of living identities are not counted; --all-users counts them.",
            [(Labels::new(), count(report.hidden))],
        );
        metrics.add(
            "ackcred_scan_cluster_read",
            "Whether the cluster was read to the end.",
            report.clusters.iter().map(|cluster| (place(cluster), i64::from(cluster.error.is_none()))),
        );
        metrics.add(
            "ackcred_scan_incomplete",
            "Whether something that was asked for could not be read.",
            [(Labels::new(), i64::from(report.incomplete))],
        );
        metrics
    }
}

fn place(cluster: &ScannedCluster) -> Labels {
    labels([("cluster_id", cluster.id.as_deref()), ("context", cluster.context.as_deref())])
}

fn in_state(cluster: &ScannedCluster, state: StateWord) -> Labels {
    let mut labels = place(cluster);
    labels.insert("state", state.as_str().to_owned());
    labels
}

fn is_of(row: &GrantView<'_>, cluster: &ScannedCluster) -> bool {
    (row.cluster_id, row.context) == (cluster.id.as_deref(), cluster.context.as_deref())
}
