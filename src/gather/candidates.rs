//! What can be completed from local files alone.

use std::collections::BTreeSet;

use super::credential::credential_of;
use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::load;
use crate::core::cluster_id::infer_from;
use crate::core::kubeconfig::{Overrides, ResolvedContext, resolve_each};
use crate::world::World;

/// The contexts of the kubeconfig files, which are read once.
pub struct Candidates(Vec<ResolvedContext>);

impl Candidates {
    /// Reads the files. Completion has nobody to tell an error: a file that can't be read has no candidates.
    pub fn load(world: &World) -> Self {
        let kubeconfig = load(world, None).map(|loaded| loaded.kubeconfig).unwrap_or_default();
        Self(resolve_each(&kubeconfig, &Overrides::default()).flatten().collect())
    }

    /// The names of the contexts.
    pub fn contexts(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|context| context.name.clone()).collect()
    }

    /// The ACK clusters that contexts lead to.
    pub fn cluster_ids(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|context| infer_from(context).best).map(|claim| claim.id.to_string()).collect()
    }

    /// The RAM identities in the certificates.
    pub fn uids(&self) -> BTreeSet<String> {
        let uid = |context| credential_of(context, &Policy::Trusted).uid;
        self.0.iter().filter_map(uid).map(|uid| uid.to_string()).collect()
    }
}
