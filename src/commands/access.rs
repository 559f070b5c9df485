//! What the access flags come to: which kubeconfig files, which context, which timeout.

use std::path::{Path, PathBuf};

use crate::adapters::kubeconfig_files::{self, LoadError, Loaded};
use crate::adapters::pod;
use crate::cli::AccessArgs;
use crate::core::cluster_id::{self, Claim, ClusterIdFrom, Inference};
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{Impersonate, Overrides, ResolveError, ResolvedContext, resolve, resolve_each};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::leaked::Leaked;
use crate::world::World;

/// Loads what kubectl would, and names what is missing where nothing is left.
pub(super) fn load(access: &AccessArgs, world: &World) -> Result<Loaded> {
    let loaded = kubeconfig_files::load(world, access.kubeconfig.as_deref()).map_err(unreadable)?;
    if loaded.files.is_empty() && !loaded.missing.is_empty() && access.server.is_none() {
        let names: Vec<String> = loaded.missing.iter().map(|path| path.display().to_string()).collect();
        return Err(Error::failed(anyhow::anyhow!("no kubeconfig found at {}", names.join(", ")))
            .hint("name one with --kubeconfig, or look at a file with -f"));
    }
    Ok(loaded)
}

/// A file that can't be used ends the command, as it does for kubectl.
pub(super) fn unreadable(error: LoadError) -> Error {
    let invalid = matches!(error, LoadError::Invalid { .. });
    let error = Error::failed(error);
    if invalid {
        error.hint("kubectl config view refuses the file too; mend it or leave it out of KUBECONFIG")
    } else {
        error
    }
}

/// Applies the flags to what the files say.
pub(super) fn choose(loaded: &Loaded, access: &AccessArgs, world: &World) -> Result<ResolvedContext> {
    resolve(&loaded.kubeconfig, &overrides(access, world)).map_err(unresolved)
}

/// A context that can't be chosen ends the command; its message lists what there is.
pub(super) fn unresolved(error: ResolveError) -> Error {
    let hint = match &error {
        ResolveError::UnknownCluster { .. } => "choose one with --cluster",
        ResolveError::UnknownUser { .. } => "choose one with --user",
        _ => "choose one with --context",
    };
    Error::failed(error).hint(hint)
}

/// kubectl's flags as the core takes them.
pub(super) fn overrides(access: &AccessArgs, world: &World) -> Overrides {
    let resolved = |path: &Option<PathBuf>| path.as_ref().map(|path| world.cwd.join(path));
    let mut impersonate = Impersonate {
        user: access.as_user.clone(),
        uid: access.as_uid.clone(),
        groups: access.as_group.clone(),
        ..Impersonate::default()
    };
    for (key, value) in &access.as_user_extra {
        impersonate.extra.entry(key.clone()).or_default().push(value.clone());
    }
    Overrides {
        context: access.context.clone(),
        cluster: access.cluster.clone(),
        user: access.user.clone(),
        namespace: None,
        server: access.server.clone(),
        tls_server_name: access.tls_server_name.clone(),
        insecure_skip_tls_verify: access.insecure_skip_tls_verify.unwrap_or(false),
        certificate_authority: resolved(&access.certificate_authority),
        token: access.token.clone(),
        client_certificate: resolved(&access.client_certificate),
        client_key: resolved(&access.client_key),
        impersonate,
    }
}

/// A cluster to talk to.
pub(super) struct Target {
    /// How it is reached.
    pub(super) context: ResolvedContext,
    /// Which ACK cluster it seems to be.
    pub(super) inference: Inference,
}

/// The cluster that the flags choose: the pod's own, the one with an ID, or that of the context.
pub(super) fn target(access: &AccessArgs, in_cluster: bool, id: Option<&ClusterId>, world: &World) -> Result<Target> {
    if in_cluster {
        let context = pod::context(&world.env, Path::new(pod::FOLDER)).map_err(Error::failed)?;
        return Ok(Target { context, inference: Inference::default() });
    }
    let loaded = load(access, world)?;
    match id {
        None => choose(&loaded, access, world).map(Target::of),
        Some(id) => with_id(&loaded, access, id, world),
    }
}

/// The context that leads to the cluster of a leaked credential, the current one first: that with the CA of its file. There
/// is no other way to be sure, and the current context is no fallback.
pub(super) fn of_leaked(
    leaked: &Leaked,
    access: &AccessArgs,
    id: Option<&ClusterId>,
    world: &World,
) -> Result<std::result::Result<Target, Refusal>> {
    let loaded = load(access, world)?;
    let overrides = overrides(access, world);
    let candidates: Vec<Target> = match &access.context {
        Some(_) => vec![choose(&loaded, access, world).map(Target::of)?],
        None => {
            let current = resolve(&loaded.kubeconfig, &overrides).ok().filter(|context| context.name.is_some());
            current.into_iter().chain(resolve_each(&loaded.kubeconfig, &overrides).flatten()).map(Target::of).collect()
        }
    };
    let wanted = |target: &Target| {
        let best = target.inference.best.as_ref();
        leaked.is_of(&target.context) && id.is_none_or(|id| best.is_none_or(|claim| claim.id == *id))
    };
    Ok(candidates.into_iter().find(wanted).ok_or_else(|| {
        let whose = match &access.context {
            Some(name) => format!("context {name:?} leads to another cluster than the file's"),
            None => "no context of yours leads to the cluster of the file".to_owned(),
        };
        let message = format!("{whose}: the key of its CA is another, and names and addresses can be edited");
        let hint =
            format!("with the right context: kubectl ackcred revoke {}, if you are sure of the cluster", leaked.uid);
        Refusal::new(RefusalCode::OtherCluster, message).hint(hint)
    }))
}

/// The context that leads to a cluster, the current one first. A context that was named and tells no ID is taken at the user's
/// word, unless the cluster itself says otherwise.
fn with_id(loaded: &Loaded, access: &AccessArgs, id: &ClusterId, world: &World) -> Result<Target> {
    if access.context.is_some() {
        let mut target = choose(loaded, access, world).map(Target::of)?;
        return match &target.inference.best {
            Some(claim) if claim.id != *id => {
                let name = target.context.name.unwrap_or_default();
                Err(Error::failed(anyhow::anyhow!("context {name:?} leads to cluster {}, not to {id}", claim.id))
                    .hint("leave out --context or --cluster-id"))
            }
            Some(_) => Ok(target),
            None => {
                target.inference.best = Some(Claim { id: id.clone(), from: ClusterIdFrom::Flag });
                Ok(target)
            }
        };
    }
    let overrides = overrides(access, world);
    let current = resolve(&loaded.kubeconfig, &overrides).ok().filter(|context| context.name.is_some());
    let all = resolve_each(&loaded.kubeconfig, &overrides).flatten();
    let mut targets = current.into_iter().chain(all).map(Target::of);
    targets.find(|target| target.inference.best.as_ref().is_some_and(|claim| claim.id == *id)).ok_or_else(|| {
        Error::failed(anyhow::anyhow!("cluster {id} was not reached: no context leads to it"))
            .hint("name its context with --context beside --cluster-id, or get a kubeconfig for it first")
    })
}

impl Target {
    fn of(context: ResolvedContext) -> Self {
        let inference = cluster_id::infer_from(&context);
        Self { context, inference }
    }
}
