use jiff::Timestamp;
use serde::Serialize;

use super::words::Word as _;
use super::{ApiVersion, CloudView, IdentityTypeWord, Kind, KubeconfigWord, StateWord, nothing_in, state_tone, time};
use crate::core::access::holder::{Holder, LastAccess, LifetimeRule};
use crate::core::identity::ack::{AuditProject, UserKubeconfigState};
use crate::core::identity::verdict::Verdict;
use crate::core::ids::Uid;
use crate::output::html::Page;
use crate::output::prometheus::Metrics;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `status` prints: one cluster's identities, or one identity's clusters.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `StatusReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "StatusReport")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The clusters that were read.
    pub clusters: Vec<ClusterStatus>,
    /// One item an identity and cluster, worst first.
    pub items: Vec<StatusItem>,
    /// Who called the cloud, and what failed; null where the cloud was not asked.
    pub cloud: Option<CloudView>,
    /// Whether something that was asked could not be read.
    pub incomplete: bool,
    /// Which of the two views it is.
    #[serde(skip)]
    pub dimension: Dimension,
    /// Whether the audit log was searched.
    #[serde(skip)]
    pub with_activity: bool,
    /// Whether a longest lifetime was given.
    #[serde(skip)]
    pub with_lifetimes: bool,
}

/// The two views of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The identities of a cluster.
    Cluster,
    /// The identities of several clusters.
    Clusters,
    /// The clusters of an identity.
    Identity,
}

/// A cluster.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
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
    /// Whether it has an audit log.
    pub auditing: Auditing,
    /// The log project with the audit log; null where that is unknown or there is none.
    pub audit_project: Option<String>,
    /// Whether ack-ram-authenticator's API group exists; null where that is unknown.
    pub ram_authenticator: Option<bool>,
}

/// Whether a cluster has an audit log: as ACK says, else as far as the activity check shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Auditing {
    /// It has one.
    Enabled,
    /// It has none.
    Disabled,
    /// ACK did not say, and no search showed it: it may be off, or out of reach.
    Unknown,
}

/// An identity in a cluster.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusItem {
    /// The cluster.
    pub cluster_id: Option<String>,
    /// Its name.
    pub cluster_name: Option<String>,
    /// Its state, in the cloud's word.
    pub cluster_state: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// The identity's name in RAM.
    pub name: Option<String>,
    /// Whether the identity still exists.
    pub account_state: StateWord,
    /// State of its kubeconfig; null where ACK lists none.
    pub kubeconfig: Option<KubeconfigWord>,
    /// When the kubeconfig's certificate ends.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub expires: Option<Timestamp>,
    /// Whether the kubeconfig has longer to live than `--max-lifetime` allows; null without that flag, and where it is unknown.
    pub long_lived: Option<bool>,
    /// Whether bindings are left without a working kubeconfig; null where that is unknown.
    pub residue: Option<bool>,
    /// How many bindings name it; null where the cluster was not read.
    pub bindings: Option<usize>,
    /// Whether ACK says that the kubeconfig can be revoked.
    pub revocable: Option<bool>,
    /// What the last seven days' audit log tells; null where it was not searched.
    pub last_access: Option<LastAccessView>,
}

/// The outcome of the activity check.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LastAccessView {
    /// One of the documents' three outcomes.
    pub outcome: Outcome,
    /// What the outcome means.
    pub reason: String,
    /// The last access.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub time: Option<Timestamp>,
    /// The audit ID of the last access.
    pub audit_id: Option<String>,
    /// The log project.
    pub project: Option<String>,
    /// The log store.
    pub logstore: Option<String>,
    /// The query that finds the records again.
    pub query: Option<String>,
    /// Why the check failed.
    pub error: Option<String>,
}

/// The documents' three outcomes of the activity check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Outcome {
    /// No record.
    None,
    /// Records.
    Found,
    /// The check failed.
    Failed,
}

impl Auditing {
    /// What ACK says of a cluster's audit log, else what these searches of it show.
    pub fn of<'a>(said: Option<&AuditProject>, mut searches: impl Iterator<Item = &'a LastAccess>) -> Self {
        match said {
            Some(AuditProject { is_enabled: true, .. }) => Self::Enabled,
            Some(AuditProject { is_enabled: false, .. }) => Self::Disabled,
            None if searches.any(|access| !access.is_failed()) => Self::Enabled,
            None => Self::Unknown,
        }
    }
}

impl StatusItem {
    /// An identity of a cluster, without the cluster; `searched` is what its audit log says.
    pub fn of_holder(holder: &Holder<'_>, searched: Option<&LastAccess>, rule: Option<LifetimeRule>) -> Self {
        Self {
            cluster_id: None,
            cluster_name: None,
            cluster_state: None,
            uid: holder.uid.to_string(),
            kind: IdentityTypeWord::from(holder.verdict.identity_type),
            name: holder.verdict.name.clone(),
            account_state: StateWord::of(holder.verdict.state),
            kubeconfig: holder.kubeconfig.map(|state| KubeconfigWord::from(state.certificate)),
            expires: holder.kubeconfig.and_then(|state| state.expires),
            long_lived: rule.and_then(|rule| holder.is_long_lived(rule)),
            residue: holder.residue,
            bindings: Some(holder.bindings),
            revocable: holder.kubeconfig.and_then(|state| state.revocable),
            last_access: searched.map(LastAccessView::of),
        }
    }

    /// A cluster of an identity, which itself was not read.
    pub fn of_kubeconfig(
        state: &UserKubeconfigState,
        uid: &Uid,
        verdict: &Verdict,
        searched: Option<&LastAccess>,
        rule: Option<LifetimeRule>,
    ) -> Self {
        Self {
            cluster_id: Some(state.cluster.to_string()),
            cluster_name: (!state.cluster_name.is_empty()).then(|| state.cluster_name.clone()),
            cluster_state: (!state.cluster_state.is_empty()).then(|| state.cluster_state.clone()),
            uid: uid.to_string(),
            kind: IdentityTypeWord::from(verdict.identity_type),
            name: verdict.name.clone(),
            account_state: StateWord::of(verdict.state),
            kubeconfig: Some(KubeconfigWord::from(state.certificate)),
            expires: state.expires,
            long_lived: rule.and_then(|rule| rule.is_broken_by(state.certificate, state.expires)),
            residue: None,
            bindings: None,
            revocable: None,
            last_access: searched.map(LastAccessView::of),
        }
    }
}

impl Report for StatusReport {
    fn remarks(&self) -> Vec<String> {
        match self.dimension {
            Dimension::Identity => Vec::new(),
            Dimension::Cluster => self.clusters.iter().map(ClusterStatus::describe).collect(),
            Dimension::Clusters => {
                let read = self.clusters.iter().filter(|cluster| cluster.error.is_none());
                read.map(|cluster| format!("{}   {}", cluster.label(), cluster.describe())).collect()
            }
        }
    }

    fn headline(&self) -> Option<usize> {
        Some(match self.dimension {
            Dimension::Cluster => 4,
            Dimension::Clusters => 6,
            Dimension::Identity => 3,
        })
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let of_holders =
            ["UID", "TYPE", "NAME", "ACCOUNT", "KUBECONFIG", "EXPIRES", "BINDINGS", "RESIDUE", "REVOCABLE"];
        let mut headers = match self.dimension {
            Dimension::Cluster => of_holders.to_vec(),
            Dimension::Clusters => ["CLUSTER-ID", "CLUSTER"].into_iter().chain(of_holders).collect(),
            Dimension::Identity => vec!["CLUSTER-ID", "CLUSTER", "CLUSTER-STATE", "KUBECONFIG", "EXPIRES"],
        };
        headers.extend(self.with_lifetimes.then_some("LONG-LIVED"));
        if self.with_activity {
            headers.push("LAST-ACCESS");
            if wide {
                headers.extend(["AUDIT-ID", "AUDIT-LOG", "QUERY"]);
            }
        }
        Table { headers, rows: Box::new(self.items.iter().map(move |item| self.row(item, wide))) }
    }

    fn metrics(&self) -> Option<Metrics> {
        Some(Metrics::of_status(self))
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_status(self))
    }

    fn list(&self) -> Option<&'static str> {
        Some("items")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.items.iter().filter_map(|item| match self.dimension {
            Dimension::Cluster | Dimension::Clusters => Some(item.uid.clone()),
            Dimension::Identity => item.cluster_id.clone(),
        }))
    }

    fn nothing_found(&self) -> Option<String> {
        let nothing = match self.dimension {
            Dimension::Cluster | Dimension::Clusters => "no kubeconfigs and no bindings of RAM identities found",
            Dimension::Identity => "ACK lists no kubeconfig of this identity; bindings were not read",
        };
        self.items.is_empty().then(|| nothing_in(nothing, self.incomplete))
    }
}

impl StatusReport {
    fn row<'a>(&self, item: &'a StatusItem, wide: bool) -> Vec<Cell<'a>> {
        let kubeconfig = Cell::maybe(item.kubeconfig.map(KubeconfigWord::as_str));
        let expires = Cell::maybe(item.expires.map(time));
        let which = [Cell::maybe(item.cluster_id.as_deref()), Cell::maybe(item.cluster_name.as_deref())];
        let mut cells = match self.dimension {
            Dimension::Cluster => Vec::new(),
            Dimension::Clusters | Dimension::Identity => which.into(),
        };
        cells.extend(match self.dimension {
            Dimension::Cluster | Dimension::Clusters => vec![
                Cell::new(item.uid.as_str()),
                Cell::new(item.kind.as_str()),
                Cell::maybe(item.name.as_deref()),
                Cell::new(item.account_state.as_str()).tone(state_tone(item.account_state)),
                kubeconfig,
                expires,
                Cell::maybe(item.bindings.map(|count| count.to_string())),
                Cell::maybe(item.residue.map(yes_or_no)).tone(attention(item.residue)),
                Cell::maybe(item.revocable.map(yes_or_no)),
            ],
            Dimension::Identity => vec![Cell::maybe(item.cluster_state.as_deref()), kubeconfig, expires],
        });
        if self.with_lifetimes {
            cells.push(Cell::maybe(item.long_lived.map(yes_or_no)).tone(attention(item.long_lived)));
        }
        if self.with_activity {
            let access = item.last_access.as_ref();
            cells.push(Cell::maybe(access.map(LastAccessView::describe)));
            if wide {
                cells.extend([
                    Cell::maybe(access.and_then(|access| access.audit_id.as_deref())),
                    Cell::maybe(access.and_then(LastAccessView::place)),
                    Cell::maybe(access.and_then(|access| access.query.as_deref())),
                ]);
            }
        }
        cells
    }
}

impl ClusterStatus {
    /// Its ID, else the context's name.
    fn label(&self) -> &str {
        self.id.as_deref().or(self.context.as_deref()).unwrap_or("<none>")
    }

    fn describe(&self) -> String {
        let auditing = match self.auditing {
            Auditing::Enabled => "enabled",
            Auditing::Disabled => "disabled",
            Auditing::Unknown => "unknown",
        };
        let authenticator = match self.ram_authenticator {
            Some(true) => "installed",
            Some(false) => "not installed",
            None => "unknown",
        };
        format!("AUDITING: {auditing}   RAM-AUTHENTICATOR: {authenticator}")
    }
}

impl LastAccessView {
    fn of(access: &LastAccess) -> Self {
        let activity = access.activity();
        let (outcome, reason, error) = match access {
            LastAccess::None(_) => (Outcome::None, "no access in the last 7 days", None),
            LastAccess::Found(_) => (Outcome::Found, "accessed within the last 7 days", None),
            LastAccess::Failed { reason, .. } => {
                (Outcome::Failed, "the audit log can't be searched: auditing may be off", Some(reason.clone()))
            }
        };
        Self {
            outcome,
            reason: reason.to_owned(),
            time: activity.last_activity,
            audit_id: activity.last_audit_id.clone(),
            project: activity.project.clone(),
            logstore: activity.log_store.clone(),
            query: activity.query.clone(),
            error,
        }
    }

    /// Where the audit log is.
    pub fn place(&self) -> Option<String> {
        Some(format!("{}/{}", self.project.as_ref()?, self.logstore.as_ref()?))
    }

    /// The outcome in a few words.
    pub fn describe(&self) -> String {
        match (self.outcome, &self.error) {
            (Outcome::None, _) => "none in 7 days".to_owned(),
            (Outcome::Found, _) => self.time.map_or_else(|| "within 7 days".to_owned(), time),
            (Outcome::Failed, error) => format!("check failed: {}", error.as_deref().unwrap_or(&self.reason)),
        }
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn attention(finding: Option<bool>) -> Tone {
    if finding == Some(true) { Tone::Attention } else { Tone::Plain }
}
