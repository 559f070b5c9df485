//! A restore by the backups that ack-ram-tool's cleanup left: which clusters there are backups of, by which ways those are reached, and
//! that what was reached is what the backups are of.

use std::path::Path;

use super::super::access;
use super::super::clusters::{self, Chosen, Extent};
use super::super::stop::Stop;
use super::{CLUSTERS_AT_A_TIME, WantedClusters, by_ids};
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, RestoreArgs};
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::others::and_more;
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::restoration::{NotRestored, RestorePlan};
use crate::error::{Error, Result};
use crate::gather::backups::{Backups, ClusterBackups};
use crate::gather::cluster_access::Route;
use crate::gather::fleet::{Bounds, Choice, Cluster};
use crate::gather::restoration::{Place, Source, cluster_record};
use crate::output::ui::Ui;
use crate::world::World;

/// How many clusters are named of those that there are backups of.
const FEW: usize = 3;

/// Finds the backups.
///
/// # Errors
/// The folder can't be read, or holds none of a cluster that is named. It is refused where it holds none at all.
pub(super) fn find(folder: &Path, uids: &[Uid], args: &RestoreArgs, world: &World) -> Result<Backups, Stop> {
    let hint = "give the folder in which ack-ram-tool's cleanup was run, or a cluster's folder in it";
    let backups = Backups::find(&world.cwd.join(folder), uids.to_vec()).map_err(|error| {
        let cause = anyhow::Error::new(error).context(format!("cannot read {}", folder.display()));
        Error::failed(cause).hint(hint)
    })?;
    if backups.clusters().is_empty() {
        let message = format!("{} holds no backups: no folder in it is named for a cluster", folder.display());
        return Err(Refusal::new(RefusalCode::NothingToRestore, message).hint(hint).into());
    }
    if let Some(stranger) = args.cluster_id.iter().find(|id| !backups.clusters().contains(id)) {
        return Err(Error::usage(format!("{} holds no backups of cluster {stranger}", folder.display())).into());
    }
    Ok(backups)
}

/// The ways to the clusters. Without `--cluster-id` one is meant: that of the context that is named, else the only one that there are
/// backups of, else that of the current context.
pub(super) fn choose(backups: &Backups, args: &RestoreArgs, access: &AccessArgs, world: &World) -> Result<Chosen> {
    let ids = distinct(args.cluster_id.iter().cloned());
    let extent = Extent::of(ids.len() > 1);
    let bounds = Bounds::new(CLUSTERS_AT_A_TIME.min(ids.len().max(1)), None, world.open_files);
    let is_named = access::one_context(access)?.is_some() || clusters::is_about_one_server(access);
    if extent.is_several() && is_named {
        let what = "--context and the flags of one server are for one cluster; --cluster-id chooses among several";
        return Err(Error::usage(what));
    }
    let choice = match (ids.as_slice(), backups.clusters()) {
        ([id], _) if is_named => {
            let route = clusters::asserted(access::route(access, false, world)?, id)?;
            Choice { wanted: WantedClusters::Exactly(Box::new(route), id.clone()), issue: None }
        }
        ([], [only]) if !is_named => of_the_only_one(only, args.temporary_credentials, access, world)?,
        ([], _) => Choice::one(access::route(access, false, world)?),
        (_, _) => {
            let routes = clusters::routes_of_all(args.temporary_credentials, access, world)?;
            by_ids(ids, routes, args.temporary_credentials)?
        }
    };
    Ok(Chosen { choice, extent, bounds })
}

/// A context need not say its cluster's ID: where none says this one, the current one may lead there all the same.
fn of_the_only_one(id: &ClusterId, temporary_credentials: bool, access: &AccessArgs, world: &World) -> Result<Choice> {
    let routes = clusters::routes_of_all(temporary_credentials, access, world)?;
    match temporary_credentials || routes.iter().any(|route| route.id() == Some(id)) {
        true => by_ids(vec![id.clone()], routes, temporary_credentials),
        false => access::route(access, false, world).map(Choice::one),
    }
}

/// The clusters as they were read, each with its backups.
///
/// # Errors
/// A cluster could not be read. It is refused where one was read that there are no backups of.
pub(super) fn places(
    backups: &Backups,
    clusters: Vec<Cluster<ApiServer>>,
    args: &RestoreArgs,
    ui: &Ui,
) -> Result<Vec<Place<'static>>, Stop> {
    let asserted = match args.cluster_id.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let mut places = Vec::new();
    for cluster in clusters {
        let (route, reading) = cluster.outcome?;
        let id = reading.cluster.id.as_ref().filter(|id| backups.clusters().contains(id));
        let Some(id) = id else { return Err(other_cluster(backups, reading.cluster.id.as_ref(), &route).into()) };
        let found = backups.read(id);
        say_same_digits(&found, ui);
        let source = Source::Folder { origin: backups.origin(), uids: backups.held_by(&found), backups: found };
        places.push(Place { cluster: cluster_record(&reading, &route, asserted), source, route, reading });
    }
    Ok(places)
}

fn other_cluster(backups: &Backups, id: Option<&ClusterId>, route: &Route) -> Refusal {
    let all: Vec<String> = backups.clusters().iter().map(ToString::to_string).collect();
    let known = and_more(&all[..all.len().min(FEW)], ", ", all.len());
    let context = route.context.name.as_deref().unwrap_or("given by flags");
    let scope = RefusalScope::Cluster(route.context.name.clone());
    let refusal = match id {
        Some(id) => {
            let message = format!("the backups are of {known}; context {context:?} leads to cluster {id}");
            Refusal::new(RefusalCode::OtherCluster, message).hint("choose the cluster with --context or --cluster-id")
        }
        None => {
            let message =
                format!("the backups are of {known}; it is unknown to which cluster context {context:?} leads");
            Refusal::new(RefusalCode::ClusterUnconfirmed, message)
                .hint("give its ID with --cluster-id beside --context if you are sure of it")
        }
    };
    refusal.of(scope).in_cluster(id)
}

/// The tool takes whatever bears an identity's digits for a name, be it a group or a service account.
fn say_same_digits(found: &ClusterBackups, ui: &Ui) {
    for (binding, subjects) in &found.same_digits {
        let who = and_more(&subjects[..subjects.len().min(FEW)], ", ", subjects.len());
        ui.note(&format!(
            "there is a backup of {binding} for {who}, which is no RAM identity: nothing is put back there"
        ));
    }
}

/// Names the identities that no backup gives anything back to.
pub(super) fn name_missing(backups: &Backups, plan: &mut RestorePlan) {
    let missing: Vec<&Uid> = backups.uids.iter().filter(|uid| !plan.uids.contains(uid)).collect();
    let why = "no backup that can be used gives it anything";
    let not_restored = |uid: &Uid| NotRestored { cluster_id: None, what: uid.to_string(), why: why.to_owned() };
    plan.not_restored.extend(missing.into_iter().map(not_restored));
}
