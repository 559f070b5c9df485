//! Which holders of access a scan shows, in which order, and what it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::traces::traces;
use crate::core::identity::ack::KubeconfigState;
use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, State, Verdict};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::grants::{Grant, Grants};

/// What was read of one cluster.
#[derive(Debug)]
pub struct ClusterScan {
    /// The ACK cluster, where its ID is known.
    pub id: Option<ClusterId>,
    /// Its name in the account.
    pub name: Option<String>,
    /// The context that it was read through.
    pub context: Option<String>,
    /// Who holds access.
    pub grants: Grants,
    /// What ACK says of issued kubeconfigs.
    pub directory: ClusterDirectory,
    /// Who the identities are, as far as sources were asked.
    pub verdicts: BTreeMap<Uid, Verdict>,
    /// The verdict on an identity about which no source was asked.
    pub unasked: Verdict,
    /// What is said of a mapping whose UID the authenticator has not recorded.
    pub without_uid: Verdict,
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Rows of active and frozen identities too.
    pub all_users: bool,
    /// Rows of these identities only; empty means any.
    pub uids: Vec<Uid>,
    /// Rows in these states only; empty means those that are worth a look.
    pub states: Vec<StateKind>,
    /// User names of leaked credentials that were revoked: a grant to one is a finding, whether or not the identity exists.
    pub dead: DeadNames,
}

/// User names of leaked credentials that were revoked, each with the cluster that it is dead in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadNames {
    names: BTreeSet<(Option<ClusterId>, String)>,
    /// Whether these are all that were revoked from this machine.
    are_all: bool,
}

impl DeadNames {
    /// No names yet. `are_all` says whether those that will be added are all that were revoked from this machine.
    pub fn new(are_all: bool) -> Self {
        Self { names: BTreeSet::new(), are_all }
    }

    /// Adds a name that is dead in a cluster.
    pub fn add(&mut self, cluster: Option<&ClusterId>, name: &str) {
        self.names.insert((cluster.cloned(), name.to_owned()));
    }

    /// Whether a row gives such a name something again.
    pub fn is_risen(&self, row: &ScanRow<'_>) -> bool {
        let named = |grant: Grant<'_>| self.names.contains(&(row.cluster.id.clone(), grant.subject.to_owned()));
        !self.names.is_empty() && row.grant.is_some_and(named)
    }

    /// Whether a row gives such a name something again; `None` where that is not known.
    pub fn has_reappeared(&self, row: &ScanRow<'_>) -> Option<bool> {
        match self.is_risen(row) {
            false if !self.are_all => None,
            known => Some(known),
        }
    }
}

/// The words for an identity's existence, without what they rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// The identity exists.
    Active,
    /// It exists and may do nothing at present.
    Frozen,
    /// It is in the recycle bin and can be restored.
    Recycled,
    /// It is gone.
    Deleted,
    /// Neither existence nor absence is proved.
    Unknown,
}

/// The rows to show, worst first, and a count of the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selection {
    rows: Vec<Place>,
    /// Rows that are left out although they were not filtered by UID or state: those of living identities.
    pub hidden_rows: usize,
    /// How many identities have hidden rows.
    pub hidden_identities: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    cluster: u32,
    holding: Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    Grant(u32),
    Kubeconfig(u32),
}

/// One row: an identity, what it holds, and where.
#[derive(Clone, Copy, Debug)]
pub struct ScanRow<'a> {
    /// The cluster.
    pub cluster: &'a ClusterScan,
    /// The RAM UID; `None` for a mapping that the authenticator has not resolved.
    pub uid: Option<&'a str>,
    /// The grant; `None` for an identity that holds a kubeconfig and no binding.
    pub grant: Option<Grant<'a>>,
    /// The identity's kubeconfig, where ACK lists one.
    pub kubeconfig: Option<&'a KubeconfigState>,
    /// Who it is.
    pub verdict: &'a Verdict,
}

/// What an identity holds in all clusters together.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'a> {
    /// The RAM UID.
    pub uid: &'a str,
    /// Who it is: the worst verdict of all clusters.
    pub verdict: &'a Verdict,
    /// In how many clusters it holds something.
    pub clusters: usize,
    /// How many grants it has there.
    pub grants: usize,
}

impl ClusterScan {
    /// What was read of a cluster. There are no verdicts yet: every identity is Unknown, and the cluster's name is not set.
    pub fn new(id: Option<ClusterId>, grants: Grants, directory: ClusterDirectory) -> Self {
        let directory = directory.with_accounts(grants.accounts());
        Self {
            id,
            name: None,
            context: None,
            grants,
            directory,
            verdicts: BTreeMap::new(),
            unasked: Verdict::not_asked(),
            without_uid: Verdict::without_uid(),
        }
    }

    /// The holders who are in no listing of the account and whom nothing shows to be RAM identities.
    pub fn holders_without_trace(&mut self, account: &AccountDirectory) -> Vec<Uid> {
        self.collect_traces();
        let holders = self.identities().into_iter();
        holders.filter(|uid| account.lacks_only_a_trace(uid, &self.directory)).collect()
    }

    fn collect_traces(&mut self) {
        for (uid, trace) in traces(&self.grants) {
            self.directory.add_trace(uid, trace);
        }
    }

    /// Says who the holders are. If no cloud was asked, only the cluster's owner can be known.
    pub fn judge(&mut self, account: &AccountDirectory, asked: bool) {
        if asked {
            self.collect_traces();
        }
        let holders = if asked {
            self.identities()
        } else {
            self.directory.sources().owner.known().cloned().into_iter().collect()
        };
        let verdicts = holders.into_iter().map(|uid| {
            let verdict = account.judge(&uid, &self.directory);
            (uid, verdict)
        });
        self.verdicts = verdicts.collect();
    }

    /// Identities that hold an issued kubeconfig here, as ACK lists it, and are named in no grant.
    fn holders_without_grant(&self) -> impl Iterator<Item = (u32, &KubeconfigState)> {
        let listed = self.directory.sources().kubeconfigs.items();
        // Without a list there is nothing to compare the grants with, and there can be many.
        let grants = (!listed.is_empty()).then_some(&self.grants);
        let granted: BTreeSet<&str> = grants.into_iter().flat_map(Grants::iter).filter_map(|grant| grant.uid).collect();
        // An identity with several rows holds one kubeconfig: the row that counts.
        let counts = |state: &KubeconfigState| {
            self.directory.kubeconfig(&state.uid).is_some_and(|counting| std::ptr::eq(counting, state))
        };
        (0..).zip(listed).filter(move |(_, state)| {
            state.certificate.is_issued() && counts(state) && !granted.contains(state.uid.as_str())
        })
    }

    fn row(&self, holding: Index) -> ScanRow<'_> {
        let (uid, grant) = match holding {
            Index::Grant(index) => match self.grants.get(index as usize) {
                Some(grant) => (grant.uid, Some(grant)),
                None => unreachable!("a selection is only read with the clusters that it was made from"),
            },
            Index::Kubeconfig(index) => {
                (Some(self.directory.sources().kubeconfigs.items()[index as usize].uid.as_str()), None)
            }
        };
        let parsed = uid.and_then(Uid::parse);
        ScanRow {
            cluster: self,
            uid,
            grant,
            kubeconfig: parsed.as_ref().and_then(|uid| self.directory.kubeconfig(uid)),
            verdict: self.verdict(parsed.as_ref()),
        }
    }

    /// Who an identity is; `None`: one whose UID is not known.
    pub fn verdict(&self, uid: Option<&Uid>) -> &Verdict {
        match uid {
            None => &self.without_uid,
            Some(uid) => self.verdicts.get(uid).unwrap_or(&self.unasked),
        }
    }

    /// Every RAM identity that holds something here.
    pub fn identities(&self) -> BTreeSet<Uid> {
        let granted = self.grants.iter().filter_map(|grant| grant.uid).filter_map(Uid::parse);
        granted.chain(self.directory.sources().kubeconfigs.items().iter().map(|state| state.uid.clone())).collect()
    }
}

impl Selection {
    /// Chooses and sorts the rows of some clusters: worst state first, then by UID and by what gives access.
    pub fn new(clusters: &[ClusterScan], filter: &Filter) -> Self {
        let mut selection = Self::default();
        let mut hidden = BTreeSet::new();
        for (cluster, scan) in (0..).zip(clusters) {
            let grants = (0..scan.grants.len() as u32).map(Index::Grant);
            let kubeconfigs = scan.holders_without_grant().map(|(index, _)| Index::Kubeconfig(index));
            for holding in grants.chain(kubeconfigs) {
                let row = scan.row(holding);
                match filter.decide(&row) {
                    Decision::Show => selection.rows.push(Place { cluster, holding }),
                    Decision::Hide => {
                        selection.hidden_rows += 1;
                        hidden.insert(row.uid);
                    }
                    Decision::Drop => {}
                }
            }
        }
        selection.hidden_identities = hidden.len();
        let row = |place: &Place| clusters[place.cluster as usize].row(place.holding);
        if clusters.len() > 1 {
            // The rows of an identity in several clusters stand together.
            let holder = |row: &ScanRow<'_>| row.uid.map(|uid| (uid.len(), uid.to_owned()));
            selection.rows.sort_by_cached_key(|place| (row(place).verdict.state, holder(&row(place)), place.cluster));
        } else {
            // Grants are in the order of their holders already, and the sort keeps it.
            selection.rows.sort_by_cached_key(|place| row(place).verdict.state);
        }
        selection
    }

    /// Every identity with a row, in the rows' order, and how much each holds.
    pub fn holdings<'a>(&'a self, clusters: &'a [ClusterScan]) -> Vec<Holding<'a>> {
        let mut holdings: Vec<Holding<'a>> = Vec::new();
        // Of one cluster the rows of an identity follow each other. In several it can be in different states: then it is looked
        // for among the earlier ones.
        let are_several = clusters.len() > 1;
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut last: Option<(&str, u32)> = None;
        for (place, row) in self.rows.iter().zip(self.rows(clusters)) {
            let Some(uid) = row.uid else { continue };
            let before = last.replace((uid, place.cluster));
            let is_new_cluster = before != Some((uid, place.cluster));
            let known = match are_several {
                true => places.get(uid).copied(),
                false => before.filter(|(before, _)| *before == uid).map(|_| holdings.len() - 1),
            };
            let index = known.unwrap_or_else(|| {
                // The rows' order makes the first verdict the worst.
                holdings.push(Holding { uid, verdict: row.verdict, clusters: 0, grants: 0 });
                holdings.len() - 1
            });
            if are_several && known.is_none() {
                places.insert(uid, index);
            }
            let holding = &mut holdings[index];
            holding.grants += usize::from(row.grant.is_some());
            holding.clusters += usize::from(is_new_cluster);
        }
        holdings
    }

    /// The rows, of the same clusters that the selection was made from.
    pub fn rows<'a>(&'a self, clusters: &'a [ClusterScan]) -> impl ExactSizeIterator<Item = ScanRow<'a>> {
        self.rows.iter().map(|place| clusters[place.cluster as usize].row(place.holding))
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

enum Decision {
    Show,
    Hide,
    Drop,
}

impl Filter {
    fn decide(&self, row: &ScanRow<'_>) -> Decision {
        let (uid, state) = (row.uid, row.verdict.state);
        if !self.uids.is_empty() && !self.uids.iter().any(|wanted| Some(wanted.as_str()) == uid) {
            return Decision::Drop;
        }
        if !self.states.is_empty() {
            return if self.states.contains(&StateKind::of(state)) { Decision::Show } else { Decision::Drop };
        }
        let reappeared = self.dead.is_risen(row);
        let alive = matches!(state, State::Active | State::Frozen);
        if alive && !reappeared && !self.all_users && self.uids.is_empty() { Decision::Hide } else { Decision::Show }
    }
}

impl StateKind {
    /// The output's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Frozen => "Frozen",
            Self::Recycled => "Recycled",
            Self::Deleted => "Deleted",
            Self::Unknown => "Unknown",
        }
    }

    /// The word for a state.
    pub fn of(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Frozen => Self::Frozen,
            State::Recycled => Self::Recycled,
            State::Deleted(_) => Self::Deleted,
            State::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::access::fixtures::kubeconfig;
    use crate::core::identity::ack::CertificateState;
    use crate::core::identity::evidence::{AccountSources, Answer, ClusterSources, Listing};
    use crate::core::identity::verdict::Basis;
    use crate::core::identity::{Caller, IdentityType, RamRole};
    use crate::core::rbac::binding::{BindingItem, BindingKind};
    use crate::core::rbac::inventory::Inventory;
    use crate::core::rbac::mapping::RamIdentityMapping;

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    fn verdict(state: State) -> Verdict {
        Verdict {
            identity_type: IdentityType::RamUser,
            name: None,
            state,
            evidence: "test".to_owned(),
            disagreement: None,
        }
    }

    fn cluster() -> [ClusterScan; 1] {
        let mut inventory = Inventory::default();
        for uid in ["1", "2", "3", "4", "5"] {
            let text = format!(
                r#"{{"metadata":{{"name":"b{uid}"}},"roleRef":{{"kind":"ClusterRole","name":"r"}},
                    "subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{uid}"}}]}}"#
            );
            let item: BindingItem<'_> = serde_json::from_str(&text).unwrap();
            inventory.add(BindingKind::ClusterRoleBinding, &item);
        }
        let states = [
            ("1", State::Active),
            ("2", State::Deleted(Basis::Confirmed)),
            ("3", State::Frozen),
            ("4", State::Recycled),
            ("6", State::Deleted(Basis::Inferred)),
        ];
        let kubeconfigs = vec![
            kubeconfig("1", CertificateState::Unexpired),
            kubeconfig("6", CertificateState::Expired),
            kubeconfig("6", CertificateState::Removed),
            kubeconfig("6", CertificateState::Unexpired),
            kubeconfig("7", CertificateState::Removed),
        ];
        let sources = ClusterSources {
            owner: Answer::NotAsked,
            kubeconfigs: Listing::Complete(kubeconfigs),
            ..ClusterSources::not_asked()
        };
        [ClusterScan {
            id: None,
            name: None,
            context: None,
            grants: Grants::extract(inventory, Vec::new()),
            directory: ClusterDirectory::new(sources),
            verdicts: states.map(|(holder, state)| (uid(holder), verdict(state))).into(),
            unasked: verdict(State::Unknown),
            without_uid: Verdict::without_uid(),
        }]
    }

    fn shown(filter: &Filter) -> (Vec<String>, usize) {
        let clusters = cluster();
        let selection = Selection::new(&clusters, filter);
        let uids = selection.rows(&clusters).map(|row| row.uid.unwrap().to_owned()).collect();
        (uids, selection.hidden_identities)
    }

    fn words(uids: &[&str]) -> Vec<String> {
        uids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mapped_identity_of_another_account_is_not_deleted_because_this_one_lacks_it() {
        let judged = |account: &str| {
            let object = serde_json::json!({
                "metadata": { "name": "m" }, "spec": { "arn": format!("acs:ram::{account}:user/a") },
                "status": { "userID": format!("ack-ram-authenticator:{account}:77") },
            });
            let mapping: RamIdentityMapping = serde_json::from_value(object).unwrap();
            let sources = ClusterSources {
                owner: Answer::Known(uid("100")),
                kubeconfigs: Listing::Complete(Vec::new()),
                ..ClusterSources::not_asked()
            };
            let grants = Grants::extract(Inventory::default(), vec![mapping.into()]);
            let mut scan = ClusterScan::new(None, grants, ClusterDirectory::new(sources));
            scan.judge(&account_100(), true);
            scan.verdicts[&uid("77")].clone()
        };
        assert_eq!(judged("100").state, State::Deleted(Basis::Inferred));
        let foreign = judged("424242");
        assert_eq!(foreign.state, State::Unknown);
        assert!(foreign.evidence.ends_with("; belongs to account 424242, the caller to 100"), "{}", foreign.evidence);
    }

    /// An account with one role, read to the end by itself.
    fn account_100() -> AccountDirectory {
        let caller = Caller { kind: IdentityType::Root, uid: None, account_id: uid("100"), arn: String::new() };
        let role = RamRole { uid: uid("1"), name: "role".to_owned(), arn: String::new() };
        AccountDirectory::new(AccountSources {
            caller: Answer::Known(caller),
            users: Listing::Complete(Vec::new()),
            roles: Listing::Complete(vec![role]),
            basic_infos: Listing::Complete(Vec::new()),
            recycle_bin: Listing::Complete(Vec::new()),
            ..AccountSources::not_asked()
        })
    }

    #[test]
    fn by_default_the_living_are_hidden_and_the_worst_comes_first() {
        assert_eq!(shown(&Filter::default()), (words(&["2", "6", "4", "5"]), 2));
    }

    #[test]
    fn the_rows_of_an_identity_in_several_clusters_stand_together() {
        let clusters: Vec<ClusterScan> = (0..3).flat_map(|_| cluster()).collect();
        let selection = Selection::new(&clusters, &Filter::default());
        let uids: Vec<&str> = selection.rows(&clusters).map(|row| row.uid.unwrap()).collect();
        assert_eq!(uids, ["2", "2", "2", "6", "6", "6", "4", "4", "4", "5", "5", "5"]);
        let holdings = selection.holdings(&clusters);
        let found: Vec<_> = holdings.iter().map(|held| (held.uid, held.clusters, held.grants)).collect();
        assert_eq!(found, [("2", 3, 3), ("6", 3, 0), ("4", 3, 3), ("5", 3, 3)]);
        assert_eq!((selection.hidden_rows, selection.hidden_identities), (6, 2));
    }

    #[test]
    fn an_identity_in_different_states_in_several_clusters_is_counted_once() {
        let [one] = cluster();
        let [mut other] = cluster();
        other.verdicts.insert(uid("4"), verdict(State::Deleted(Basis::Confirmed)));
        let clusters = [one, other];
        let selection = Selection::new(&clusters, &Filter::default());
        let holdings = selection.holdings(&clusters);
        let found: Vec<_> = holdings.iter().map(|held| (held.uid, held.verdict.state, held.clusters)).collect();
        let deleted = State::Deleted(Basis::Confirmed);
        assert_eq!(found.iter().filter(|(uid, ..)| *uid == "4").collect::<Vec<_>>(), [&("4", deleted, 2)], "{found:?}");
    }

    #[test]
    fn a_dead_name_is_risen_in_its_own_cluster_only() {
        let [mut one] = cluster();
        one.id = ClusterId::parse("c0123456789abcdef0123456789abcdef");
        let [other] = cluster();
        let mut dead = DeadNames::default();
        dead.add(one.id.as_ref(), "1");
        let clusters = [one, other];
        let filter = Filter { dead: dead.clone(), ..Filter::default() };
        let selection = Selection::new(&clusters, &filter);
        let risen: Vec<_> = selection.rows(&clusters).filter(|row| dead.is_risen(row)).map(|row| row.uid).collect();
        assert_eq!(risen, [Some("1")]);
        let known = |are_all: bool| {
            let dead = DeadNames { are_all, ..dead.clone() };
            selection.rows(&clusters).map(|row| dead.has_reappeared(&row)).collect::<BTreeSet<_>>()
        };
        assert_eq!(known(true), BTreeSet::from([Some(false), Some(true)]));
        assert_eq!(known(false), BTreeSet::from([None, Some(true)]), "other names may have been revoked elsewhere");
    }

    #[test]
    fn all_users_hides_no_row() {
        let filter = Filter { all_users: true, ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["2", "6", "4", "5", "3", "1"]), 0));
    }

    #[test]
    fn a_named_identity_is_shown_whatever_its_state() {
        let filter = Filter { uids: vec![uid("1")], ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["1"]), 0));
    }

    #[test]
    fn a_named_state_shows_that_state_only() {
        let filter = Filter { states: vec![StateKind::Frozen], ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["3"]), 0));
    }

    #[test]
    fn an_issued_kubeconfig_without_a_binding_is_a_row_of_its_own() {
        let clusters = cluster();
        let filter = Filter { uids: vec![uid("6"), uid("7")], ..Filter::default() };
        let selection = Selection::new(&clusters, &filter);
        let rows: Vec<_> = selection.rows(&clusters).map(|row| (row.uid, row.grant.is_none())).collect();
        assert_eq!(rows, [(Some("6"), true)]);
        let shown = selection.rows(&clusters).map(|row| row.kubeconfig.unwrap().certificate);
        assert_eq!(shown.collect::<Vec<_>>(), [CertificateState::Unexpired]);
        let with_binding = Selection::new(&clusters, &Filter { uids: vec![uid("1")], ..Filter::default() });
        assert!(with_binding.rows(&clusters).all(|row| row.grant.is_some() && row.kubeconfig.is_some()));
    }
}
