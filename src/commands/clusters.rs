//! What the flags that choose clusters come to: which ones, by which ways, and how far they may go.

use std::time::Duration;

use jiff::SignedDuration;

use super::access;
use crate::adapters::cloud::IssueKubeconfig;
use crate::adapters::kubeconfig_files::Loaded;
use crate::apply;
use crate::cli::{AccessArgs, ClusterArgs};
use crate::core::cluster::cluster_id::{Claim, ClusterIdFrom};
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::consent::MayIssue;
use crate::error::{Error, Result};
use crate::gather::cluster_access::Route;
use crate::gather::fleet::{Bounds, Choice, Wanted};
use crate::world::World;

/// How long each of several clusters may take by default.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a cloud that refuses a change for now is waited for by default: twice what
/// Terraform's provider waits after one throttled call.
const CLOUD_TIMEOUT: Duration = Duration::from_secs(120);

/// How many clusters a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// One, which has to be read.
    One,
    /// Perhaps several: one that can't be read doesn't end the command.
    Several,
}

impl Extent {
    pub(super) fn of(is_several: bool) -> Self {
        if is_several { Self::Several } else { Self::One }
    }

    pub(super) fn is_several(self) -> bool {
        self == Self::Several
    }
}

/// The clusters that the flags choose.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    pub(super) extent: Extent,
    pub(super) bounds: Bounds,
}

/// Chooses clusters: the pod's own, those of contexts, those with IDs, or all of them.
pub(super) fn choose(args: &ClusterArgs, access: &AccessArgs, in_cluster: bool, world: &World) -> Result<Chosen> {
    let several_contexts = access.context.len() > 1;
    let is_several = args.all_contexts || args.all_clusters || several_contexts || args.cluster_id.len() > 1;
    let extent = Extent::of(is_several);
    if args.temporary_credentials && !args.all_clusters && args.cluster_id.is_empty() {
        return Err(Error::usage("--temporary-credentials is for --all-clusters or --cluster-id"));
    }
    if is_several && !args.cluster_id.is_empty() && !access.context.is_empty() {
        return Err(Error::usage("--cluster-id beside --context names the cluster of that one context"));
    }
    if is_several && is_about_one_server(access) {
        let flags = "--server, --cluster, --user, --token and the certificate flags are about one cluster";
        return Err(Error::usage(flags));
    }
    let wanted = if in_cluster {
        Wanted::Routes(vec![access::route(access, true, world)?])
    } else {
        let loaded = loaded(args.temporary_credentials, access, world)?;
        match args.cluster_id.as_slice() {
            _ if args.all_contexts => Wanted::Routes(access::all_routes(&loaded, access, world)),
            _ if args.all_clusters => Wanted::OfAccount(access::all_routes(&loaded, access, world)),
            [] if several_contexts => Wanted::Routes(access::named_routes(&loaded, access, world)?),
            [] => Wanted::Routes(vec![Route::by(access::choose(&loaded, access, world)?)]),
            [id] if !access.context.is_empty() => {
                let route = Route::by(access::choose(&loaded, access, world)?);
                Wanted::Exactly(Box::new(asserted(route, id)?), id.clone())
            }
            ids => Wanted::Ids(distinct(ids.iter().cloned()), access::all_routes(&loaded, access, world)),
        }
    };
    let choice = Choice { wanted, issue: issue(args.temporary_credentials) };
    Ok(Chosen { choice, extent, bounds: bounds(args, extent, world) })
}

/// The clusters that a plan or an operation names, each by the context that led there then, or else by another that leads there.
pub(super) fn planned(
    planned: &[(&ClusterId, Option<&String>)],
    args: &ClusterArgs,
    access: &AccessArgs,
    world: &World,
) -> Result<Chosen> {
    let extent = Extent::of(planned.len() > 1);
    let routes = routes_of_all(args.temporary_credentials, access, world)?;
    let mut routes = on_record(routes, planned.iter().copied());
    let is_recorded = |route: &Route| {
        let name = route.context.name.as_ref();
        planned.iter().any(|(id, context)| context.is_some() && *context == name && route.id() == Some(*id))
    };
    routes.sort_by_key(|route| !is_recorded(route));
    let ids = planned.iter().map(|(id, _)| ClusterId::clone(id)).collect();
    let choice = Choice { wanted: Wanted::Ids(ids, routes), issue: issue(args.temporary_credentials) };
    Ok(Chosen { choice, extent, bounds: bounds(args, extent, world) })
}

/// What issues a credential, where the flag says that it may.
pub(super) fn issue(temporary_credentials: bool) -> Option<IssueKubeconfig> {
    MayIssue::by_flag(temporary_credentials).map(|leave| apply::issuing(&leave))
}

/// The kubeconfig; with temporary credentials none is needed.
fn loaded(temporary_credentials: bool, access: &AccessArgs, world: &World) -> Result<Loaded> {
    if temporary_credentials { access::load_any(access, world) } else { access::load(access, world) }
}

/// The ways of all contexts, for clusters that a plan or an operation names.
pub(super) fn routes_of_all(temporary_credentials: bool, access: &AccessArgs, world: &World) -> Result<Vec<Route>> {
    Ok(access::all_routes(&loaded(temporary_credentials, access, world)?, access, world))
}

/// How far the clusters may go. One alone may take as long as its exchanges, unless a limit is given.
pub(super) fn bounds(args: &ClusterArgs, extent: Extent, world: &World) -> Bounds {
    let each = args.cluster_timeout.map(positive).or_else(|| extent.is_several().then_some(CLUSTER_TIMEOUT));
    Bounds::new(args.parallel.into(), each, world.open_files)
}

/// How long to wait for another operation in the same cluster.
pub(super) fn lock_timeout(cluster_timeout: Option<SignedDuration>) -> Duration {
    cluster_timeout.map_or(CLUSTER_TIMEOUT, positive)
}

/// How long to wait for a cloud that refuses a change for now.
pub(super) fn cloud_timeout(cluster_timeout: Option<SignedDuration>) -> Duration {
    cluster_timeout.map_or(CLOUD_TIMEOUT, positive)
}

/// The ways, where a context that tells no ID is known from a record to lead to a cluster. The cluster itself has to confirm it.
pub(super) fn on_record<'a>(
    mut routes: Vec<Route>,
    records: impl IntoIterator<Item = (&'a ClusterId, Option<&'a String>)>,
) -> Vec<Route> {
    for (id, context) in records {
        let is_known =
            |route: &&mut Route| route.id().is_none() && context.is_some() && route.context.name.as_ref() == context;
        for route in routes.iter_mut().filter(is_known) {
            route.inference.best = Some(Claim { id: id.clone(), from: ClusterIdFrom::Record });
        }
    }
    routes
}

/// Whether a flag names the one server, or the one credential, that is meant.
pub(super) fn is_about_one_server(access: &AccessArgs) -> bool {
    access.cluster.is_some()
        || access.user.is_some()
        || access.server.is_some()
        || access.token.is_some()
        || access.client_certificate.is_some()
        || access.client_key.is_some()
        || access.certificate_authority.is_some()
        || access.tls_server_name.is_some()
        || access.insecure_skip_tls_verify.is_some()
}

/// A context that was named and tells no ID is taken at the user's word, unless the cluster itself says otherwise.
pub(super) fn asserted(mut route: Route, id: &ClusterId) -> Result<Route> {
    match route.id() {
        Some(claimed) if claimed != id => {
            let name = route.context.name.unwrap_or_default();
            let claim = route.inference.best.map(|claim| claim.id.to_string()).unwrap_or_default();
            Err(Error::failed(anyhow::anyhow!("context {name:?} leads to cluster {claim}, not to {id}"))
                .hint("leave out --context or --cluster-id"))
        }
        Some(_) => Ok(route),
        None => {
            route.inference.best = Some(Claim { id: id.clone(), from: ClusterIdFrom::Flag });
            Ok(route)
        }
    }
}

/// A duration of the command line as the clock takes it; a negative one is none.
pub(super) fn positive(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}
