//! Where the new kubeconfig of a cluster is written, or why nowhere: decided before anything is changed.

use std::path::Path;

use crate::adapters::kubeconfig_files::Loaded;
use crate::adapters::kubeconfig_writer::{content, is_there, real_path};
use crate::cli::RotateArgs;
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::edit::{CertificateAndKey, EditError, with_certificate};
use crate::core::kubeconfig::{Kubeconfig, ResolvedContext};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::rotation::{Destination, Place};
use crate::core::secret::Secret;
use crate::error::chain;
use crate::world::World;

/// What leads to another file instead.
const ELSEWHERE: &str = "write the new kubeconfig to a file of its own: --write FILE";

/// Where the new kubeconfig is written.
///
/// # Errors
/// Why it can't be written there, or that nothing says where to.
pub(super) fn of(
    args: &RotateArgs,
    context: &ResolvedContext,
    loaded: &Loaded,
    cluster_id: Option<&ClusterId>,
    world: &World,
) -> Result<Destination, Box<Refusal>> {
    let to = |place| Destination { cluster_id: cluster_id.cloned(), place };
    if let Some(path) = &args.write {
        return file(&world.cwd.join(path), loaded).map(to);
    }
    if args.in_place {
        return in_place(context, loaded).map(to);
    }
    let hint = "--in-place changes your user entry of the kubeconfig, --write FILE writes a file of its own";
    if args.all_contexts {
        let message = "several kubeconfigs can't be written to standard output";
        return Err(Refusal::new(RefusalCode::NoDestination, message).hint("use --in-place").into());
    }
    if world.streams.stdout_is_terminal {
        let message = "the new kubeconfig holds a private key and is not shown on a terminal: say where to write it";
        return Err(Refusal::new(RefusalCode::NoDestination, message).hint(hint).into());
    }
    Ok(to(Place::StandardOutput))
}

fn file(path: &Path, loaded: &Loaded) -> Result<Place, Box<Refusal>> {
    let path = real_path(path);
    let refused = |message: String| Refusal::new(RefusalCode::NotEditable, message);
    if loaded.files.iter().any(|file| real_path(&file.path) == path) {
        let message = format!("--write would replace all of {}, which kubectl uses", path.display());
        return Err(refused(message).hint("--in-place changes your user entry in it, and nothing else").into());
    }
    if path.file_name().is_none() || !path.parent().is_some_and(Path::is_dir) {
        let message = format!("{} can't be written: there is no such folder", path.display());
        return Err(refused(message).hint("create the folder first, or name another file").into());
    }
    let is_there = is_there(&path);
    if is_there && let Err(error) = content(&path) {
        return Err(refused(chain(&error)).hint("name another file").into());
    }
    Ok(Place::File { path, is_there })
}

fn in_place(context: &ResolvedContext, loaded: &Loaded) -> Result<Place, Box<Refusal>> {
    let refused = |message: String| Box::new(Refusal::new(RefusalCode::NotEditable, message).hint(ELSEWHERE));
    let user = context.user.as_ref().filter(|_| loaded.kubeconfig.users.contains_key(&context.user_name));
    let Some(user) = user else {
        return Err(refused("the credential is in no kubeconfig file: flags give it".to_owned()));
    };
    let (path, name) = (real_path(&user.file), context.user_name.clone());
    let shared = other_clusters(&loaded.kubeconfig, context);
    if !shared.is_empty() {
        let message = format!("user entry {name:?} is that of other clusters' contexts, too: {}", shared.join(", "));
        return Err(refused(message));
    }
    let old = content(&path).map_err(|error| refused(chain(&error)))?;
    // Whether the entry can be edited is tried before anything is revoked.
    let trial = CertificateAndKey { certificate: b"trial".to_vec(), key: Secret::new(b"trial".to_vec()) };
    match with_certificate(old.expose(), &name, &trial) {
        Ok(_) => Ok(Place::UserEntry { path, user: name }),
        Err(error @ EditError::Yaml(_)) => Err(refused(format!("{}: {}", path.display(), chain(&error)))),
        Err(error) => Err(refused(format!("{} can't be edited in place: {error}", path.display()))),
    }
}

/// The contexts that use the same user entry for another cluster entry.
fn other_clusters(kubeconfig: &Kubeconfig, context: &ResolvedContext) -> Vec<String> {
    let server = |name: &str| kubeconfig.clusters.get(name).map(|cluster| cluster.value.server.as_str());
    let own = server(&context.cluster_name);
    let others = kubeconfig.contexts.iter().filter(|(_, one)| one.value.user == context.user_name);
    others.filter(|(_, one)| server(&one.value.cluster) != own).map(|(name, _)| name.clone()).collect()
}
