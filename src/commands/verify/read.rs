//! The clusters of operations, each read once however many operations are about it.

use super::{CLUSTERS_AT_A_TIME, Place};
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, CloudArgs, VerifyArgs};
use crate::commands::clusters::{self, Chosen, Extent, is_about_one_server, positive};
use crate::commands::{access, cloud, fleet};
use crate::core::cluster::authority::key_fingerprints;
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::operation::ClusterRecord;
use crate::error::{Error, Result};
use crate::gather::account::AccountReading;
use crate::gather::cluster_access::{AccessQuery, ClusterReading, Route};
use crate::gather::fleet::{Bounds, Choice, Cluster, Fleet, Wanted};
use crate::gather::grants::BindingsNeeded;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::world::World;

/// What was read.
pub(super) struct Read {
    clusters: Vec<Cluster<ApiServer>>,
    /// The account that was asked.
    pub(super) account: AccountReading,
    /// How far the clusters may go.
    pub(super) bounds: Bounds,
}

/// Reads the clusters of these places.
///
/// # Errors
/// Where no kubeconfig can be read, the flags make no sense, or Ctrl-C.
pub(super) fn read(
    args: &VerifyArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    places: &[Place<'_>],
    runtime: &Runtime,
    world: &World,
    ui: &Ui,
) -> Result<Read> {
    let asked = places.iter().filter(|place| !place.uids.is_empty()).map(|place| place.cluster);
    let records: Vec<&ClusterRecord> = distinct_clusters(asked);
    let bounds = Bounds::new(
        CLUSTERS_AT_A_TIME.min(records.len().max(1)),
        Some(positive(args.cluster_timeout)),
        world.open_files,
    );
    let settings = cloud::settings(cloud_args, access, world)?.filter(|_| !args.rbac_only);
    let (mut clusters, mut account) = (Vec::new(), None);
    for wanted in wanted(args, access, &records, world)? {
        let choice = Choice { wanted, issue: clusters::issue(args.temporary_credentials) };
        let chosen = Chosen { choice, extent: Extent::Several, bounds };
        let query = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: false };
        let fleet: Fleet<ApiServer> =
            fleet::read_to_change(runtime, chosen, query, settings.clone(), BindingsNeeded::OneKind, ui)?;
        clusters.extend(fleet.clusters);
        account = Some(fleet.account);
    }
    match account {
        Some(account) => Ok(Read { clusters, account, bounds }),
        None => Err(Error::failed(anyhow::anyhow!("the operations are about no cluster"))),
    }
}

fn distinct_clusters<'a>(records: impl Iterator<Item = &'a ClusterRecord>) -> Vec<&'a ClusterRecord> {
    let mut once: Vec<&ClusterRecord> = Vec::new();
    for record in records {
        if !once.iter().any(|known| known.key == record.key) {
            once.push(record);
        }
    }
    once
}

/// The ways to the clusters: by the pod's own credential, by the contexts that are named, else by any context that leads there. A cluster
/// without an ID is known by the context that led to it.
fn wanted(args: &VerifyArgs, access: &AccessArgs, records: &[&ClusterRecord], world: &World) -> Result<Vec<Wanted>> {
    if args.in_cluster {
        return Ok(vec![Wanted::Routes(vec![access::route(access, true, world)?])]);
    }
    let ids: Vec<ClusterId> = distinct(records.iter().filter_map(|record| record.id.clone()));
    if is_about_one_server(access) {
        return match records {
            [] | [_] => Ok(vec![Wanted::Routes(vec![access::route(access, false, world)?])]),
            _ => Err(Error::usage(
                "--server, --cluster, --user, --token and the certificate flags are about one cluster",
            )),
        };
    }
    if !access.context.is_empty() {
        let loaded = access::load(access, world)?;
        return Ok(vec![Wanted::Routes(access::named_routes(&loaded, access, world)?)]);
    }
    let routes = clusters::routes_of_all(args.temporary_credentials, access, world)?;
    let known = records.iter().filter_map(|record| Some((record.id.as_ref()?, record.context.as_ref())));
    let routes = clusters::on_record(routes, known);
    let nameless = records.iter().filter(|record| record.id.is_none());
    let contexts: Vec<&String> = nameless.filter_map(|record| record.context.as_ref()).collect();
    let by_context = |route: &&Route| route.context.name.as_ref().is_some_and(|name| contexts.contains(&name));
    let by_context: Vec<Route> = routes.iter().filter(by_context).cloned().collect();
    let mut wanted = Vec::new();
    if !ids.is_empty() || by_context.is_empty() {
        wanted.push(Wanted::Ids(ids, routes));
    }
    if !by_context.is_empty() {
        wanted.push(Wanted::Routes(by_context));
    }
    Ok(wanted)
}

impl Read {
    /// The place of a cluster among those that were read.
    ///
    /// # Errors
    /// Why it was not read, or that another cluster was.
    pub(super) fn of(&self, record: &ClusterRecord) -> Result<usize, String> {
        let is_it = |cluster: &Cluster<ApiServer>| match (&cluster.outcome, &record.id) {
            (Ok((_, reading)), Some(id)) => reading.cluster.id.as_ref() == Some(id),
            (Ok((_, reading)), None) => is_reached(record, &reading.api),
            (Err(_), Some(id)) => cluster.cluster_ref.id.as_ref() == Some(id),
            (Err(_), None) => cluster.cluster_ref.context.is_some() && cluster.cluster_ref.context == record.context,
        };
        let Some(place) = self.clusters.iter().position(is_it) else {
            return Err("not reached: no context leads to it".to_owned());
        };
        match &self.clusters[place].outcome {
            Err(error) => Err(format!("not reached: {}", error.message())),
            Ok((_, reading)) if !is_reached(record, &reading.api) => {
                Err("not reached: the context leads to a cluster with another CA than that of the record".to_owned())
            }
            Ok(_) => Ok(place),
        }
    }

    /// What a cluster said, and by which way.
    pub(super) fn reading(&self, place: usize) -> Option<&(Route, ClusterReading<ApiServer>)> {
        self.clusters.get(place)?.outcome.as_ref().ok()
    }

    /// Who asks, as the API servers and the cloud see it; nothing where they don't say.
    pub(super) async fn operators(&self) -> Vec<String> {
        let mut names = Vec::new();
        let first = self.clusters.iter().find_map(|cluster| cluster.outcome.as_ref().ok());
        if let Some((_, reading)) = first
            && let Ok(Some(seen)) = reading.api.self_subject_review().await
        {
            names.push(seen.username);
        }
        names.extend(self.account.people.sources().caller.known().map(|caller| caller.arn.clone()));
        names
    }
}

fn is_reached(record: &ClusterRecord, api: &ApiServer) -> bool {
    let keys = key_fingerprints(api.certificate_authority().unwrap_or_default());
    record.is_reached_by(&keys, api.server())
}
