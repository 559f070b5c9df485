//! What can be completed from local files alone.

use std::collections::BTreeSet;

use super::credential::of_user;
use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::load;
use crate::core::cluster_id::infer_from;
use crate::core::kubeconfig::{Overrides, ResolvedContext, resolve};
use crate::world::World;

/// The names of the contexts.
pub fn contexts(world: &World) -> BTreeSet<String> {
    each_context(world).into_iter().filter_map(|context| context.name).collect()
}

/// The ACK clusters that contexts lead to.
pub fn cluster_ids(world: &World) -> BTreeSet<String> {
    let known = |context: &ResolvedContext| infer_from(context).best.map(|claim| claim.id.to_string());
    each_context(world).iter().filter_map(known).collect()
}

/// The RAM identities in the certificates.
pub fn uids(world: &World) -> BTreeSet<String> {
    let users = each_context(world).into_iter().filter_map(|context| context.user);
    let uid = |user| of_user(&user, &Policy::Trusted, None).credential.uid;
    users.filter_map(uid).map(|uid| uid.to_string()).collect()
}

/// Completion has nobody to tell an error: a file that can't be read has no candidates.
fn each_context(world: &World) -> Vec<ResolvedContext> {
    let kubeconfig = load(world, None).map(|loaded| loaded.kubeconfig).unwrap_or_default();
    let resolved =
        |name: &String| resolve(&kubeconfig, &Overrides { context: Some(name.clone()), ..Overrides::default() }).ok();
    kubeconfig.contexts.keys().filter_map(resolved).collect()
}
