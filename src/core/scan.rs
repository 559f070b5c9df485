//! Which grants a scan shows, in which order, and what it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::grants::{Grant, Grants};
use super::ids::{ClusterId, Uid};
use super::verdict::{State, Verdict};

/// What was read of one cluster.
#[derive(Debug)]
pub struct ClusterScan {
    /// The ACK cluster, where its ID is known.
    pub id: Option<ClusterId>,
    /// Who holds access.
    pub grants: Grants,
    /// Who the identities are, as far as somebody was asked.
    pub verdicts: BTreeMap<Uid, Verdict>,
    /// What is said of an identity that nobody was asked about.
    pub unasked: Verdict,
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
}

/// The words for an identity's existence, without what they rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Grants that are left out although they were not filtered by UID or state: those of living identities.
    pub hidden_grants: usize,
    /// How many identities hold the hidden grants.
    pub hidden_identities: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    cluster: u32,
    grant: u32,
}

/// One row: a grant, where it is, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct ScanRow<'a> {
    /// The cluster.
    pub cluster: &'a ClusterScan,
    /// The grant.
    pub grant: Grant<'a>,
    /// Who holds it.
    pub verdict: &'a Verdict,
}

impl ClusterScan {
    /// Who holds a grant. A mapping whose UID the authenticator hasn't recorded is nobody's.
    pub fn verdict(&self, grant: &Grant<'_>) -> &Verdict {
        grant.uid.and_then(Uid::parse).and_then(|uid| self.verdicts.get(&uid)).unwrap_or(&self.unasked)
    }
}

impl Selection {
    /// Chooses and sorts the rows of some clusters: worst state first, then by UID and by what gives access.
    pub fn new(clusters: &[ClusterScan], filter: &Filter) -> Self {
        let mut selection = Self::default();
        let mut hidden = BTreeSet::new();
        for (cluster, scan) in (0..).zip(clusters) {
            for (grant, row) in (0..).zip(scan.grants.iter()) {
                let state = scan.verdict(&row).state;
                match filter.decide(row.uid, state) {
                    Decision::Show => selection.rows.push(Place { cluster, grant }),
                    Decision::Hide => {
                        selection.hidden_grants += 1;
                        hidden.insert(row.uid);
                    }
                    Decision::Drop => {}
                }
            }
        }
        selection.hidden_identities = hidden.len();
        selection.rows.sort_by_key(|place| {
            let scan = &clusters[place.cluster as usize];
            scan.grants.get(place.grant as usize).map(|grant| scan.verdict(&grant).state)
        });
        selection
    }

    /// The rows, of the same clusters that the selection was made from.
    pub fn rows<'a>(&'a self, clusters: &'a [ClusterScan]) -> impl ExactSizeIterator<Item = ScanRow<'a>> {
        self.rows.iter().map(|place| {
            let cluster = &clusters[place.cluster as usize];
            match cluster.grants.get(place.grant as usize) {
                Some(grant) => ScanRow { cluster, grant, verdict: cluster.verdict(&grant) },
                None => unreachable!("a selection is only read with the clusters that it was made from"),
            }
        })
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
    fn decide(&self, uid: Option<&str>, state: State) -> Decision {
        if !self.uids.is_empty() && !self.uids.iter().any(|wanted| Some(wanted.as_str()) == uid) {
            return Decision::Drop;
        }
        if !self.states.is_empty() {
            return if self.states.contains(&StateKind::of(state)) { Decision::Show } else { Decision::Drop };
        }
        let alive = matches!(state, State::Active | State::Frozen);
        if alive && !self.all_users && self.uids.is_empty() { Decision::Hide } else { Decision::Show }
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
    use super::super::binding::{BindingItem, BindingKind};
    use super::super::identity::IdentityType;
    use super::super::inventory::Inventory;
    use super::super::verdict::Basis;
    use super::*;

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
        ];
        let verdicts = states.map(|(uid, state)| (Uid::parse(uid).unwrap(), verdict(state)));
        [ClusterScan {
            id: None,
            grants: Grants::extract(inventory, Vec::new()),
            verdicts: verdicts.into(),
            unasked: verdict(State::Unknown),
        }]
    }

    fn shown(filter: &Filter) -> (Vec<String>, usize) {
        let clusters = cluster();
        let selection = Selection::new(&clusters, filter);
        let uids = selection.rows(&clusters).map(|row| row.grant.uid.unwrap().to_owned()).collect();
        (uids, selection.hidden_identities)
    }

    fn words(uids: &[&str]) -> Vec<String> {
        uids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn by_default_the_living_are_hidden_and_the_worst_comes_first() {
        assert_eq!(shown(&Filter::default()), (words(&["2", "4", "5"]), 2));
    }

    #[test]
    fn all_users_hides_nobody() {
        let filter = Filter { all_users: true, ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["2", "4", "5", "3", "1"]), 0));
    }

    #[test]
    fn a_named_identity_is_shown_whatever_its_state() {
        let filter = Filter { uids: vec![Uid::parse("1").unwrap()], ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["1"]), 0));
    }

    #[test]
    fn a_named_state_shows_that_state_only() {
        let filter = Filter { states: vec![StateKind::Frozen], ..Filter::default() };
        assert_eq!(shown(&filter), (words(&["3"]), 0));
    }
}
