//! What the access flags come to: which kubeconfig files, which context, which timeout.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::stop::Stop;
use crate::adapters::kubeconfig_files::{self, LoadError, Loaded};
use crate::adapters::pod;
use crate::cli::AccessArgs;
use crate::core::cluster::cluster_id::Inference;
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{
    Impersonate, Overrides, ParseError, ResolveError, ResolvedContext, resolve, resolve_each,
};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::cluster_access::Route;
use crate::gather::leaked::Leaked;
use crate::world::World;

/// Loads what kubectl would, even if that is nothing.
pub(super) fn load_any(access: &AccessArgs, world: &World) -> Result<Loaded> {
    kubeconfig_files::load(world, access.kubeconfig.as_deref()).map_err(unreadable)
}

/// Loads what kubectl would, and names what is missing where nothing is left.
pub(super) fn load(access: &AccessArgs, world: &World) -> Result<Loaded> {
    let loaded = load_any(access, world)?;
    if loaded.files.is_empty() && !loaded.missing.is_empty() && access.server.is_none() {
        let names: Vec<String> = loaded.missing.iter().map(|path| path.display().to_string()).collect();
        return Err(Error::failed(anyhow::anyhow!("no kubeconfig found at {}", names.join(", ")))
            .hint("name one with --kubeconfig; kubectl ackcred whoami -f FILE looks at a single file"));
    }
    Ok(loaded)
}

/// A file that can't be used ends the command, as it does for kubectl.
pub(super) fn unreadable(error: LoadError) -> Error {
    let invalid = matches!(error, LoadError::Invalid { .. });
    let repair = "kubectl config view refuses the file, too; repair it or remove it from KUBECONFIG";
    let hint = advice(&error).or_else(|| invalid.then(|| repair.to_owned()));
    Error::failed(error).hint_if(hint)
}

/// A file that is only looked at, and that can't be used, ends the command.
pub(super) fn unreadable_file(error: LoadError) -> Error {
    let hint = advice(&error);
    Error::failed(error).hint_if(hint)
}

/// What to do instead with what is no kubeconfig file.
pub(super) fn advice(error: &LoadError) -> Option<String> {
    let path = error.path().display();
    match error {
        LoadError::Folder { .. } => {
            Some(format!("name a file; for the kubeconfig files of a folder: kubectl ackcred expiry {path}"))
        }
        LoadError::Invalid { source: ParseError::Base64, .. } => {
            Some(format!("decode it first: base64 -d {path} > kubeconfig.yaml"))
        }
        LoadError::Several { .. } => Some(format!(
            "copy the one that is meant into a file of its own; they are in: kubectl ackcred expiry -R {path}"
        )),
        LoadError::Read { source, .. } if source.kind() == ErrorKind::NotFound && path.to_string().contains(',') => {
            Some("a comma is part of a file's name: give each file with a flag of its own".to_owned())
        }
        _ => None,
    }
}

/// Applies the flags to what the files say.
pub(super) fn choose(loaded: &Loaded, access: &AccessArgs, world: &World) -> Result<ResolvedContext> {
    resolve(&loaded.kubeconfig, &overrides(one_context(access)?, access, world)).map_err(unresolved)
}

/// A context that can't be chosen ends the command; its message lists what there is.
pub(super) fn unresolved(error: ResolveError) -> Error {
    let hint = match &error {
        ResolveError::UnknownCluster { .. } => "choose one with --cluster",
        ResolveError::UnknownUser { .. } => "choose one with --user",
        _ => context_hint(&error, "choose one with --context"),
    };
    Error::failed(error).hint(hint)
}

/// How to choose a context, where there is one to choose.
pub(super) fn context_hint(error: &ResolveError, choose: &'static str) -> &'static str {
    match error {
        ResolveError::NoContext { available } if available.is_empty() => {
            "kubectl ackcred expiry FILE shows the users of a file without contexts"
        }
        _ => choose,
    }
}

/// kubectl's flags as the core takes them, with this context.
pub(super) fn overrides(context: Option<&String>, access: &AccessArgs, world: &World) -> Overrides {
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
        context: context.cloned(),
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

/// The one context that a command takes; `None` for the current one.
pub(super) fn one_context(access: &AccessArgs) -> Result<Option<&String>> {
    match access.context.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(Error::usage(format!("--context is given {} times: one is meant here", several.len()))),
    }
}

/// The way that the flags choose: the pod's own, or that of the context.
pub(super) fn route(access: &AccessArgs, in_cluster: bool, world: &World) -> Result<Route> {
    if in_cluster {
        let context = pod::context(&world.env, Path::new(pod::FOLDER)).map_err(Error::failed)?;
        return Ok(Route { context, inference: Inference::default() });
    }
    one_context(access)?;
    choose(&load(access, world)?, access, world).map(Route::by)
}

/// The ways of all contexts, the current one first.
pub(super) fn all_routes(loaded: &Loaded, access: &AccessArgs, world: &World) -> Vec<Route> {
    let overrides = overrides(None, access, world);
    let current = resolve(&loaded.kubeconfig, &overrides).ok().filter(|context| context.name.is_some());
    let first = current.as_ref().and_then(|context| context.name.clone());
    let others = resolve_each(&loaded.kubeconfig, &overrides).flatten().filter(|context| context.name != first);
    current.into_iter().chain(others).map(Route::by).collect()
}

/// The ways of the contexts that were named.
pub(super) fn named_routes(loaded: &Loaded, access: &AccessArgs, world: &World) -> Result<Vec<Route>> {
    let named = access.context.iter().map(|name| {
        let chosen = overrides(Some(name), access, world);
        resolve(&loaded.kubeconfig, &chosen).map(Route::by).map_err(unresolved)
    });
    named.collect()
}

/// The way to the cluster of a leaked credential.
pub(super) fn of_leaked(
    leaked: &Leaked,
    access: &AccessArgs,
    id: Option<&ClusterId>,
    world: &World,
) -> Result<Route, Stop> {
    of_all_leaked(std::slice::from_ref(leaked), access, id, world)
}

/// The way to the one cluster of leaked credentials, the current context first: that with the CA of their files. There is no other
/// way to be sure, and the current context is no fallback.
pub(super) fn of_all_leaked(
    leaked: &[Leaked],
    access: &AccessArgs,
    id: Option<&ClusterId>,
    world: &World,
) -> Result<Route, Stop> {
    let loaded = load(access, world)?;
    let candidates = if access.context.is_empty() {
        all_routes(&loaded, access, world)
    } else {
        named_routes(&loaded, access, world)?
    };
    let fits = |route: &Route, one: &Leaked| {
        one.is_of(&route.context) && id.is_none_or(|id| route.id().is_none_or(|claimed| claimed == id))
    };
    if let Some(route) = candidates.iter().find(|route| leaked.iter().all(|one| fits(route, one))) {
        return Ok(route.clone());
    }
    let homeless: Vec<&Leaked> = leaked.iter().filter(|one| !candidates.iter().any(|route| fits(route, one))).collect();
    let refusals: Vec<Refusal> = match homeless.as_slice() {
        [] => vec![of_several_clusters(leaked, |other, first| {
            candidates.iter().any(|route| fits(route, other) && fits(route, first))
        })],
        homeless => homeless.iter().map(|one| no_way_to(one, leaked.len() > 1, &access.context)).collect(),
    };
    Err(refusals.into())
}

/// No context leads to the cluster of the file.
fn no_way_to(leaked: &Leaked, is_one_of_several: bool, contexts: &[String]) -> Refusal {
    let file = if is_one_of_several { leaked.facts.label() } else { "the file" };
    let whose = match contexts {
        [] => format!("no context of yours leads to the cluster of {file}"),
        [name] => match is_one_of_several {
            true => format!("context {name:?} leads to another cluster than that of {file}"),
            false => format!("context {name:?} leads to another cluster than the file's"),
        },
        names => format!("none of the contexts {} leads to the cluster of {file}", names.join(", ")),
    };
    let message = match &leaked.ca_keys {
        Ok(_) => format!("{whose}: the key of its CA is another, and names and addresses can be edited"),
        Err(why) => {
            format!("which cluster {file} is for is not known: {why}, and names and addresses can be edited")
        }
    };
    let hint = format!("with the right context: kubectl ackcred revoke {}, if you are sure of the cluster", leaked.uid);
    Refusal::new(RefusalCode::OtherCluster, message).hint(hint)
}

/// Each file has a cluster that a context leads to, and they are not of one.
fn of_several_clusters(leaked: &[Leaked], is_together: impl Fn(&Leaked, &Leaked) -> bool) -> Refusal {
    let (first, others) = leaked.split_first().map_or((None, leaked), |(first, others)| (Some(first), others));
    let apart = others.iter().filter(|other| first.is_some_and(|first| !is_together(other, first)));
    let apart: Vec<&str> = apart.map(|other| other.facts.label()).collect();
    let first = first.map(|first| first.facts.label()).unwrap_or_default();
    let verb = if apart.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} of another cluster than {first}", apart.join(", "));
    Refusal::new(RefusalCode::OtherCluster, message).hint("revoke the files of each cluster by a command of their own")
}
