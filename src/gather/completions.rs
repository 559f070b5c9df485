//! What can be completed from local files alone.

use std::collections::BTreeSet;

use super::credential::credential_of;
use crate::adapters::files::Policy;
use crate::adapters::journal::StateFolder;
use crate::adapters::kubeconfig_files::load;
use crate::core::cluster::cluster_id::infer_from;
use crate::core::kubeconfig::{Overrides, ResolvedContext, resolve_each};
use crate::world::World;

/// The contexts of the kubeconfig files, which are read once, and the operations of the state folder, which are listed when
/// one is to be named.
pub struct Candidates {
    contexts: Vec<ResolvedContext>,
    state: Option<StateFolder>,
}

impl Candidates {
    /// Reads the files. Completion can't show an error: a file that can't be read has no candidates.
    pub fn load(world: &World) -> Self {
        let kubeconfig = load(world, None).map(|loaded| loaded.kubeconfig).unwrap_or_default();
        Self {
            contexts: resolve_each(&kubeconfig, &Overrides::default()).flatten().collect(),
            state: StateFolder::of(world).ok(),
        }
    }

    /// The revocations and restores of before.
    pub fn operations(&self) -> BTreeSet<String> {
        let operations = self.state.as_ref().and_then(|folder| folder.operations().ok());
        operations.into_iter().flatten().map(|id| id.to_string()).collect()
    }

    /// The names of the contexts.
    pub fn contexts(&self) -> BTreeSet<String> {
        self.contexts.iter().filter_map(|context| context.name.clone()).collect()
    }

    /// The ACK clusters that contexts lead to.
    pub fn cluster_ids(&self) -> BTreeSet<String> {
        self.contexts.iter().filter_map(|context| infer_from(context).best).map(|claim| claim.id.to_string()).collect()
    }

    /// The RAM identities in the certificates.
    pub fn uids(&self) -> BTreeSet<String> {
        let uid = |context| credential_of(context, &Policy::Trusted).uid;
        self.contexts.iter().filter_map(uid).map(|uid| uid.to_string()).collect()
    }
}
