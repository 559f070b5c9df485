//! What a cluster's own sources say of an identity: ACK's list of its kubeconfigs, and the account that a
//! mapping knows it to belong to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::core::identity::ack::{CertificateState, KubeconfigState};
use crate::core::identity::evidence::ClusterSources;
use crate::core::identity::trace::Trace;
use crate::core::ids::Uid;

/// A cluster's sources, ready to be asked about many UIDs.
#[derive(Debug)]
pub struct ClusterDirectory {
    sources: ClusterSources,
    /// Where an identity's rows are, the one that matters most first.
    kubeconfigs: BTreeMap<Uid, Vec<usize>>,
    accounts: BTreeMap<Uid, BTreeSet<Uid>>,
    traces: BTreeMap<Uid, Trace>,
    /// Why ACK's permission records of an identity, which could have been a trace, were not read.
    unread_records: BTreeMap<Uid, String>,
}

impl ClusterDirectory {
    /// Takes a cluster's sources.
    pub fn new(sources: ClusterSources) -> Self {
        let rows = sources.kubeconfigs.items();
        let mut kubeconfigs: BTreeMap<Uid, Vec<usize>> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            kubeconfigs.entry(row.uid.clone()).or_default().push(position);
        }
        let rank = |row: &KubeconfigState| (row.certificate == CertificateState::Unexpired, row.expires);
        for positions in kubeconfigs.values_mut() {
            positions.sort_by_key(|position| Reverse(rank(&rows[*position])));
        }
        Self {
            sources,
            kubeconfigs,
            accounts: BTreeMap::new(),
            traces: BTreeMap::new(),
            unread_records: BTreeMap::new(),
        }
    }

    /// Takes in which identities are known to belong to which accounts: pairs of an identity's UID and an account's.
    pub fn with_accounts<'a>(mut self, known: impl IntoIterator<Item = (&'a Uid, &'a Uid)>) -> Self {
        for (uid, account) in known {
            self.accounts.entry(uid.clone()).or_default().insert(account.clone());
        }
        self
    }

    /// Takes in what shows that a number is, or was, a RAM identity's.
    pub fn add_trace(&mut self, uid: Uid, trace: Trace) {
        self.traces.entry(uid).or_insert(trace);
    }

    /// Takes in why ACK's permission records of an identity were not read.
    pub fn add_unread_records(&mut self, uid: Uid, reason: String) {
        self.unread_records.insert(uid, reason);
    }

    /// What shows that a number is, or was, a RAM identity's.
    pub(super) fn trace(&self, uid: &Uid) -> Option<Trace> {
        let listed = self.kubeconfigs.contains_key(uid).then_some(Trace::KubeconfigState);
        listed.or_else(|| self.traces.get(uid).copied())
    }

    /// Why ACK's permission records of an identity were not read, where they would have helped.
    pub(super) fn unread_records(&self, uid: &Uid) -> Option<&str> {
        self.unread_records.get(uid).map(String::as_str)
    }

    /// The sources.
    pub fn sources(&self) -> &ClusterSources {
        &self.sources
    }

    /// The kubeconfig of this UID that counts, where ACK's list has the UID: of several the one that is in effect, and
    /// of several such, or of none, the one that ends last.
    pub fn kubeconfig(&self, uid: &Uid) -> Option<&KubeconfigState> {
        self.kubeconfigs(uid).next()
    }

    /// Every row that ACK's list has of this UID, the one that counts first.
    pub fn kubeconfigs(&self, uid: &Uid) -> impl Iterator<Item = &KubeconfigState> {
        let positions = self.kubeconfigs.get(uid).map(Vec::as_slice).unwrap_or_default();
        positions.iter().map(|position| &self.sources.kubeconfigs.items()[*position])
    }

    /// The cloud service that works by this identity, where ACK lists it as a cloud service's role; empty where ACK doesn't name it.
    pub fn cloud_service(&self, uid: &Uid) -> Option<&str> {
        self.kubeconfigs(uid).find_map(|row| row.cloud_service.as_deref())
    }

    /// The names that ACK's list has for identities.
    pub fn account_names(&self) -> impl Iterator<Item = (&Uid, &str)> {
        self.sources.kubeconfigs.items().iter().map(|row| (&row.uid, row.account_name.as_str()))
    }

    /// An account other than `own` that the identity is known to belong to.
    pub(super) fn foreign_account(&self, uid: &Uid, own: &Uid) -> Option<&Uid> {
        self.accounts.get(uid)?.iter().find(|account| *account != own)
    }
}
