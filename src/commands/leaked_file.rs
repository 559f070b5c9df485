//! A leaked file: whose it is, and which cluster is meant by it where a verb only looks at it.

use std::path::{Path, PathBuf};

use super::access;
use super::clusters::{self, Chosen, Extent};
use super::stop::Stop;
use crate::cli::{AccessArgs, ClusterArgs};
use crate::core::distinct::distinct;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, chain};
use crate::gather::fleet::Choice;
use crate::gather::leaked::{self, Leaked, LeakedError};
use crate::world::World;

/// Reads the certificate of a file, where one is given. Nothing that the file names is contacted.
pub(super) fn read(file: Option<&Path>, context: Option<&str>, world: &World) -> Result<Option<Leaked>, Stop> {
    let Some(file) = file else { return Ok(None) };
    match leaked::read(world, file, context) {
        Ok(leaked) => Ok(Some(leaked)),
        Err(LeakedError::Refused(refusal)) => {
            Err(Error::failed(anyhow::anyhow!(refusal.message)).hint_if(refusal.hint).into())
        }
        Err(other) => Err(stop(other)),
    }
}

/// The same for a verb of operations: a file without the certificate of a RAM identity is a refusal.
pub(super) fn read_or_refuse(
    file: Option<&Path>,
    context: Option<&str>,
    world: &World,
) -> Result<Option<Leaked>, Stop> {
    file.map(|file| leaked::read(world, file, context).map_err(stop)).transpose()
}

/// The certificates of all files, each file once. Nothing is left out: what can't be used of several is refused, all of it by name.
pub(super) fn read_all(files: &[PathBuf], context: Option<&str>, world: &World) -> Result<Vec<Leaked>, Stop> {
    let files = distinct(files.iter().map(PathBuf::as_path));
    if let [] | [_] = files.as_slice() {
        return Ok(read_or_refuse(files.first().copied(), context, world)?.into_iter().collect());
    }
    if context.is_some() {
        let error = Error::usage("--leaked-context is about one file, and several are given");
        return Err(error.hint("revoke the file that has several contexts by a command of its own").into());
    }
    let (mut read, mut refusals) = (Vec::new(), Vec::new());
    for file in files {
        match leaked::read(world, file, None) {
            Ok(leaked) => read.push(leaked),
            Err(error) => refusals.push(among_others(file, error)),
        }
    }
    if refusals.is_empty() { Ok(read) } else { Err(refusals.into()) }
}

/// Why one of several files can't be used.
fn among_others(file: &Path, error: LeakedError) -> Refusal {
    let name = file.display().to_string();
    match error {
        LeakedError::Refused(refusal) if refusal.message.contains(&name) => *refusal,
        LeakedError::Refused(refusal) => Refusal { message: format!("{name}: {}", refusal.message), ..*refusal },
        LeakedError::File(error) => {
            let hint = access::advice(&error);
            Refusal::new(RefusalCode::FileUnread, chain(&error)).hint_if(hint)
        }
        LeakedError::Context(error) => Refusal::new(RefusalCode::FileUnread, format!("{name}: {}", chain(&error)))
            .hint("revoke this file by a command of its own, and choose with --leaked-context"),
    }
}

fn stop(error: LeakedError) -> Stop {
    match error {
        LeakedError::Refused(refusal) => (*refusal).into(),
        LeakedError::File(error) => access::unreadable_file(error).into(),
        LeakedError::Context(error) => {
            let hint = access::context_hint(&error, "choose one of its contexts with --leaked-context");
            Error::failed(error).hint(hint).into()
        }
    }
}

/// A file's certificate means something in the cluster of its CA alone, unless the operator names another.
pub(super) fn choose(
    args: &ClusterArgs,
    in_cluster: bool,
    access: &AccessArgs,
    leaked: Option<&Leaked>,
    world: &World,
) -> Result<Chosen, Stop> {
    match leaked {
        Some(leaked) if access.context.is_empty() && args.cluster_id.is_empty() && !in_cluster => {
            let own = access::all_routes(&access::load(access, world)?, access, world);
            let Some(route) = own.into_iter().find(|route| leaked.is_of(&route.context)) else {
                let message = "no context of yours leads to the cluster of the file: the key of its CA is another";
                let hint = "name the context with --context, if you are sure of the cluster";
                return Err(Error::failed(anyhow::anyhow!(message)).hint(hint).into());
            };
            let bounds = clusters::bounds(args, Extent::One, world);
            Ok(Chosen { choice: Choice::one(route), extent: Extent::One, bounds })
        }
        _ => Ok(clusters::choose(args, access, in_cluster, world)?),
    }
}
