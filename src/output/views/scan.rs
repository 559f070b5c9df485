use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::words::Word as _;
use super::{
    ApiVersion, CloudView, IdentityTypeWord, Kind, KubeconfigWord, StateWord, distance, nothing_in, state_tone, time,
};
use crate::core::access::likeness::Likeness;
use crate::core::access::scan::{ClusterScan, DeadNames, Holding, ScanRow, Selection};
use crate::core::ids::ClusterId;
use crate::core::rbac::grants::Grant;
use crate::core::rbac::inventory;
use crate::output::html::Page;
use crate::output::prometheus::Metrics;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `scan` prints: one grant a (binding, subject), worst first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScanReport<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `ScanReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "ScanReport")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The clusters that were read, or that were to be.
    pub clusters: Vec<ScannedCluster>,
    /// Who holds them, and in how many clusters.
    #[serde(serialize_with = "holders")]
    #[cfg_attr(test, schemars(with = "Vec<HolderView<'static>>"))]
    pub identities: Identities<'a>,
    /// The grants. They are made one by one while they are written: there can be many.
    #[serde(serialize_with = "one_by_one")]
    #[cfg_attr(test, schemars(with = "Vec<GrantView<'static>>"))]
    pub grants: Rows<'a>,
    /// User names that resemble a RAM identity's, and mappings that give an identity's name to another.
    pub resembling: Vec<ResemblingView<'a>>,
    /// Who called the cloud, and what failed; null where the cloud was not asked.
    pub cloud: Option<CloudView>,
    /// Whether something that was asked could not be read.
    pub incomplete: bool,
    /// Grants of living identities that `--all-users` would show.
    pub hidden: usize,
}

/// The rows of a scan.
#[derive(Debug)]
pub struct Rows<'a> {
    /// What was read.
    pub clusters: &'a [ClusterScan],
    /// What of it is shown.
    pub selection: &'a Selection,
    /// The time that ages are counted to.
    pub now: Timestamp,
    /// User names of leaked credentials that were revoked from this machine.
    pub dead: &'a DeadNames,
    /// Whether rows of several clusters may stand beside each other.
    pub are_several: bool,
}

/// The identities of a scan's rows.
#[derive(Debug)]
pub struct Identities<'a> {
    /// What was read.
    pub clusters: &'a [ClusterScan],
    /// What of it is shown.
    pub selection: &'a Selection,
}

/// What an identity holds in all clusters together.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HolderView<'a> {
    /// The RAM UID.
    pub uid: &'a str,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// The identity's name in RAM.
    pub name: Option<&'a str>,
    /// Whether the identity still exists: the worst of what a cluster's sources say.
    pub state: StateWord,
    /// What that is known from, or why it is not known.
    pub evidence: &'a str,
    /// In how many of the clusters it holds something.
    pub clusters: usize,
    /// How many grants it has there.
    pub grants: usize,
}

/// A cluster of the scan.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScannedCluster {
    /// The ACK cluster ID.
    pub id: Option<String>,
    /// The cluster's name.
    pub name: Option<String>,
    /// The context that it was reached through.
    pub context: Option<String>,
    /// Whether it was reached by a credential of 15 minutes that the cloud issued for it.
    pub temporary_credential: bool,
    /// What could not be read, and why.
    pub error: Option<String>,
}

/// One grant.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GrantView<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a str>,
    /// The context that it was read through.
    pub context: Option<&'a str>,
    /// The RAM UID; null for a mapping that the authenticator has not resolved.
    pub uid: Option<&'a str>,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// The identity's name in RAM.
    pub name: Option<&'a str>,
    /// Whether the identity still exists.
    pub state: StateWord,
    /// What the state is known from, or why it is not known.
    pub evidence: &'a str,
    /// The Kubernetes user name, with its suffix; null for an identity without a binding.
    pub subject: Option<&'a str>,
    /// What gives access; null for an identity that holds a kubeconfig and no binding.
    pub binding: Option<Binding<'a>>,
    /// The role; null for a mapping that is in no binding.
    pub role: Option<Role<'a>>,
    /// The first of the binding's other subjects, `Kind/name` or `Kind/namespace/name`.
    pub shared_with: Vec<String>,
    /// How many other subjects the binding has.
    pub shared_with_count: usize,
    /// State of the identity's kubeconfig for this cluster.
    pub kubeconfig: Option<KubeconfigWord>,
    /// When that kubeconfig's certificate ends.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub expires: Option<Timestamp>,
    /// Whether this is the name of a leaked credential that was revoked from this machine; null where that is unknown.
    pub reappeared: Option<bool>,
}

/// What a user name is given that resembles a RAM identity's and is not known to be its own.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResemblingView<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a str>,
    /// The UID that the name resembles. For a mapping of another identity it can be the UID whose own name it is.
    pub uid: &'a str,
    /// The Kubernetes user name.
    pub subject: &'a str,
    /// What gives access.
    pub binding: Binding<'a>,
    /// The role; null for a mapping that is in no binding.
    pub role: Option<Role<'a>>,
}

impl<'a> ResemblingView<'a> {
    /// The view of a likeness in this cluster.
    pub fn of(cluster: Option<&'a ClusterId>, likeness: &Likeness<'a>) -> Self {
        let Likeness { uid, grant, .. } = likeness;
        Self {
            cluster_id: cluster.map(ClusterId::as_str),
            uid,
            subject: grant.subject,
            binding: Binding::of(grant),
            role: grant.role.map(Role::of),
        }
    }
}

/// A binding, or what stands for one.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Binding<'a> {
    /// `ClusterRoleBinding`, `RoleBinding` or `RAMIdentityMapping`.
    pub kind: &'a str,
    /// Its namespace.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// A role.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Role<'a> {
    /// `ClusterRole` or `Role`.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Binding<'a> {
    fn of(grant: &Grant<'a>) -> Self {
        Self { kind: grant.kind(), namespace: grant.namespace(), name: grant.name() }
    }

    pub(super) fn of_inventory(binding: &'a inventory::Binding) -> Self {
        Self { kind: binding.kind().as_str(), namespace: binding.namespace(), name: binding.name() }
    }

    /// `RoleBinding/namespace/name`, `ClusterRoleBinding/-/name`.
    pub(in crate::output) fn text(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace.unwrap_or("-"), self.name)
    }
}

impl<'a> Role<'a> {
    /// `ClusterRole/view`.
    pub(in crate::output) fn text(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    pub(super) fn of(role: &'a inventory::Role) -> Self {
        Self { kind: &role.kind, name: &role.name }
    }
}

impl<'a> Rows<'a> {
    /// The grants of the document.
    pub fn views(&self) -> impl Iterator<Item = GrantView<'a>> {
        self.iter().map(|row| view(row, self))
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = ScanRow<'a>> {
        self.selection.rows(self.clusters)
    }

    fn reappeared(&self, row: &ScanRow<'_>) -> Option<bool> {
        self.dead.has_reappeared(row)
    }
}

fn holders<S: Serializer>(identities: &Identities<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(identities.iter())
}

impl<'a> Identities<'a> {
    /// The identities of the document.
    pub fn iter(&self) -> impl Iterator<Item = HolderView<'a>> {
        let holdings = self.selection.holdings(self.clusters).into_iter();
        holdings.map(|Holding { uid, verdict, clusters, grants }| HolderView {
            uid,
            kind: IdentityTypeWord::from(verdict.identity_type),
            name: verdict.name.as_deref(),
            state: StateWord::of(verdict.state),
            evidence: &verdict.evidence,
            clusters,
            grants,
        })
    }
}

fn one_by_one<S: Serializer>(rows: &Rows<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.views())
}

fn view<'a>(row: ScanRow<'a>, rows: &Rows<'_>) -> GrantView<'a> {
    let others = row.grant.as_ref().map(Grant::others).unwrap_or_default();
    GrantView {
        cluster_id: row.cluster.id.as_ref().map(|id| id.as_str()),
        context: row.cluster.context.as_deref(),
        uid: row.uid,
        kind: IdentityTypeWord::from(row.verdict.identity_type),
        name: row.verdict.name.as_deref(),
        state: StateWord::of(row.verdict.state),
        evidence: &row.verdict.evidence,
        subject: row.grant.map(|grant| grant.subject),
        binding: row.grant.as_ref().map(Binding::of),
        role: row.grant.and_then(|grant| grant.role).map(Role::of),
        shared_with: others.named,
        shared_with_count: others.count,
        kubeconfig: row.kubeconfig.map(|state| KubeconfigWord::from(state.certificate)),
        expires: row.kubeconfig.and_then(|state| state.expires),
        reappeared: rows.reappeared(&row),
    }
}

impl Report for ScanReport<'_> {
    fn overview(&self) -> Option<Table<'_>> {
        (self.grants.are_several && !self.grants.selection.is_empty()).then(|| Table {
            headers: vec!["UID", "TYPE", "NAME", "STATE", "CLUSTERS", "GRANTS"],
            rows: Box::new(self.identities.iter().map(|holder| {
                vec![
                    Cell::new(holder.uid),
                    Cell::new(holder.kind.as_str()),
                    Cell::maybe(holder.name),
                    Cell::new(holder.state.as_str()).tone(state_tone(holder.state)),
                    Cell::new(holder.clusters.to_string()),
                    Cell::new(holder.grants.to_string()),
                ]
            })),
        })
    }

    fn headline(&self) -> Option<usize> {
        Some(if self.grants.are_several { 6 } else { 4 })
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["UID", "TYPE", "NAME", "STATE", "BINDING", "ROLE"];
        if self.grants.are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        if wide {
            headers.extend(["SUBJECT", "SHARED-WITH", "KUBECONFIG", "EXPIRES", "AGE", "EVIDENCE"]);
        }
        Table {
            headers,
            rows: Box::new(
                self.grants.iter().map(move |row| cells(row, &self.grants, wide.then_some(self.grants.now))),
            ),
        }
    }

    fn metrics(&self) -> Option<Metrics> {
        Some(Metrics::of_scan(self))
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_scan(self))
    }

    fn list(&self) -> Option<&'static str> {
        Some("grants")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.identities.iter().map(|holder| holder.uid.to_owned()))
    }

    fn nothing_found(&self) -> Option<String> {
        let none_at_all = || self.grants.clusters.iter().all(|cluster| cluster.grants.is_empty());
        self.grants.selection.is_empty().then(|| {
            let nothing = if none_at_all() { "no grants of RAM identities found" } else { "no grant matches" };
            nothing_in(nothing, self.incomplete)
        })
    }
}

/// The cluster's ID and its name; where the account tells none, its context's.
fn which(cluster: &ClusterScan) -> [Cell<'_>; 2] {
    let name = cluster.name.as_deref().or(cluster.context.as_deref());
    [Cell::maybe(cluster.id.as_ref().map(ClusterId::as_str)), Cell::maybe(name)]
}

fn cells<'a>(row: ScanRow<'a>, rows: &Rows<'_>, wide: Option<Timestamp>) -> Vec<Cell<'a>> {
    let grant = row.grant;
    let state = StateWord::of(row.verdict.state);
    let state_cell = match rows.reappeared(&row) {
        Some(true) => Cell::new(format!("{}, Reappeared", state.as_str())).tone(Tone::Danger),
        _ => Cell::new(state.as_str()).tone(state_tone(state)),
    };
    let mut cells = Vec::new();
    if rows.are_several {
        cells.extend(which(row.cluster));
    }
    cells.extend([
        Cell::maybe(row.uid),
        Cell::new(IdentityTypeWord::from(row.verdict.identity_type).as_str()),
        Cell::maybe(row.verdict.name.as_deref()),
        state_cell,
        Cell::maybe(grant.map(|grant| grant.to_string())),
        Cell::maybe(grant.and_then(|grant| grant.role).map(|role| format!("{}/{}", role.kind, role.name))),
    ]);
    if let Some(now) = wide {
        let shared = grant.map(|grant| grant.others().to_string());
        let created = grant.and_then(|grant| grant.created);
        cells.extend([
            Cell::maybe(grant.map(|grant| grant.subject)),
            Cell::maybe(shared),
            Cell::maybe(row.kubeconfig.map(|state| KubeconfigWord::from(state.certificate).as_str())),
            Cell::maybe(row.kubeconfig.and_then(|state| state.expires).map(time)),
            Cell::maybe(created.map(|created| distance(now.as_second() - created.as_second()))),
            Cell::new(row.verdict.evidence.as_str()),
        ]);
    }
    cells
}
