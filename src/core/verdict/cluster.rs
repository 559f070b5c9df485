//! What a cluster's own voices say of an identity: ACK's list of its kubeconfigs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::core::ack::{CertificateState, KubeconfigState};
use crate::core::evidence::ClusterVoices;
use crate::core::ids::Uid;

/// A cluster's voices, ready to be asked about many UIDs.
#[derive(Debug)]
pub struct ClusterDirectory {
    voices: ClusterVoices,
    /// Where an identity's rows are, the one that matters most first.
    kubeconfigs: BTreeMap<Uid, Vec<usize>>,
}

impl ClusterDirectory {
    /// Takes in a cluster's voices.
    pub fn new(voices: ClusterVoices) -> Self {
        let rows = voices.kubeconfigs.items();
        let mut kubeconfigs: BTreeMap<Uid, Vec<usize>> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            kubeconfigs.entry(row.uid.clone()).or_default().push(position);
        }
        let rank = |row: &KubeconfigState| (row.certificate == CertificateState::Unexpired, row.expires);
        for positions in kubeconfigs.values_mut() {
            positions.sort_by_key(|position| Reverse(rank(&rows[*position])));
        }
        Self { voices, kubeconfigs }
    }

    /// The voices.
    pub fn voices(&self) -> &ClusterVoices {
        &self.voices
    }

    /// The kubeconfig of this UID that counts, where ACK's list has the UID: of several the one that is in effect, and
    /// of several such, or of none, the one that ends last.
    pub fn kubeconfig(&self, uid: &Uid) -> Option<&KubeconfigState> {
        self.kubeconfigs(uid).next()
    }

    /// Every row that ACK's list has of this UID, the one that counts first.
    pub fn kubeconfigs(&self, uid: &Uid) -> impl Iterator<Item = &KubeconfigState> {
        let positions = self.kubeconfigs.get(uid).map(Vec::as_slice).unwrap_or_default();
        positions.iter().map(|position| &self.voices.kubeconfigs.items()[*position])
    }
}
