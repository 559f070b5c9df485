//! Who holds access to one cluster: its API server is asked, and the cloud for who holds a kubeconfig of it.

use std::time::Duration;

use super::account::Account;
use super::cloud;
use super::connection::{self, ConnectionError};
use super::grants::{self, BindingsNeeded, Reading};
use super::rights::{self, RightsReading};
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::access::scan::ClusterScan;
use crate::core::cluster::cluster_id::{ClusterIdFrom, Inference, KnownCluster, confirm};
use crate::core::failure::Failure;
use crate::core::identity::ack::AccountCluster;
use crate::core::identity::evidence::{ClusterSources, KubeconfigListings};
use crate::core::identity::verdict::ClusterDirectory;
use crate::core::ids::{ClusterId, Region};
use crate::core::kubeconfig::ResolvedContext;
use crate::core::rbac::grants::Grants;
use crate::error::{Error, Result};
use crate::world::World;

/// A way to a cluster.
#[derive(Clone, Debug)]
pub struct Route {
    /// The context that leads there.
    pub context: ResolvedContext,
    /// Which ACK cluster it seems to be.
    pub inference: Inference,
}

/// What is to be found out of a cluster.
#[derive(Clone, Copy)]
pub struct AccessQuery<'a> {
    /// The machine.
    pub world: &'a World,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// Narrows the RoleBindings.
    pub namespace: Option<&'a str>,
    /// Whether roles and kinds are read, too.
    pub with_rights: bool,
}

/// What the API server said.
pub struct ServerAnswer {
    /// The way to it, for further questions.
    pub api: ApiServer,
    /// Which cluster it is.
    pub cluster: KnownCluster,
    region: Option<Region>,
    reading: Reading,
    rights: Option<RightsReading>,
}

/// What the sources say of a cluster.
pub struct ClusterReading<A> {
    /// The way to the API server, for further questions, where there are some.
    pub api: A,
    /// Who holds access, and who they are once they are judged.
    pub scan: ClusterScan,
    /// Which cluster it is.
    pub cluster: KnownCluster,
    /// Its region, where that is known.
    pub region: Option<Region>,
    /// The cluster in the account's list.
    pub listed: Option<AccountCluster>,
    /// Whether ack-ram-authenticator's API group exists; `None` if that is unknown.
    pub ram_authenticator: Option<bool>,
    /// What of the API server may give access and could not be read.
    pub unread: Vec<String>,
    /// Those of them that are bindings.
    pub unread_bindings: Vec<String>,
    /// What of the cloud was asked about this cluster and failed.
    pub failed: Vec<Failure>,
    /// What could not be read and gives no access.
    pub notes: Vec<String>,
    /// What decides what the bindings allow, where that was asked for.
    pub rights: Option<RightsReading>,
}

/// Why a cluster could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The API server doesn't know the credential, or doesn't allow it anything: another one may do.
    Refused(Error),
    /// Something that another credential doesn't mend.
    Failed(Error),
}

impl Route {
    /// A way by a context, and where that seems to lead.
    pub fn by(context: ResolvedContext) -> Self {
        let inference = crate::core::cluster::cluster_id::infer_from(&context);
        Self { context, inference }
    }

    /// The ID of the cluster that it seems to lead to.
    pub fn id(&self) -> Option<&ClusterId> {
        self.inference.best.as_ref().map(|claim| &claim.id)
    }
}

/// Asks the API server at the end of a way. `wanted` is the cluster that it must be.
///
/// # Errors
/// Where neither kind of binding could be read and some are needed: then nothing is known of who holds access.
pub async fn ask_server(
    question: AccessQuery<'_>,
    route: &Route,
    wanted: Option<&ClusterId>,
    needed: BindingsNeeded,
) -> Result<ServerAnswer, ReadError> {
    let api = Box::pin(reach(question.world, &route.context, question.timeout)).await.map_err(ReadError::Failed)?;
    let ask_rights =
        async { if question.with_rights { Some(Box::pin(rights::ask(&api, question.namespace)).await) } else { None } };
    let (answers, rights) = tokio::join!(Box::pin(grants::ask(&api, question.namespace)), ask_rights);
    let reading = answers.settle(needed).map_err(refused)?;
    let cluster = confirm(route.inference.clone(), reading.profile.cluster_id.as_deref());
    if let (Some(wanted), Some(id)) = (wanted, &cluster.id)
        && wanted != id
    {
        let name = route.context.name.as_deref().unwrap_or_default();
        let message = format!(
            "cluster {wanted} was not reached: context {name:?} leads to cluster {id}, as the cluster itself says"
        );
        return Err(ReadError::Failed(Error::failed(anyhow::anyhow!(message))));
    }
    Ok(ServerAnswer { api, cluster, region: route.inference.region.clone(), reading, rights })
}

/// Asks the cloud who holds a kubeconfig of a cluster.
pub async fn ask_cloud(account: &Account<'_>, answer: &ServerAnswer) -> (Option<AccountCluster>, KubeconfigListings) {
    let Some(cloud) = account.source().await.ready() else { return (None, KubeconfigListings::not_asked()) };
    let Some(id) = &answer.cluster.id else {
        let reason = "cs:ListClusterKubeconfigStates: the cluster's ID is not known";
        return (None, KubeconfigListings::failed(reason));
    };
    match &answer.region {
        Some(region) => tokio::join!(account.cluster(id), cloud::kubeconfigs(cloud, id, Some(region))),
        None => {
            let listed = account.cluster(id).await;
            let region = listed.as_ref().and_then(|listed| Region::parse(&listed.region));
            let kubeconfigs = cloud::kubeconfigs(cloud, id, region.as_ref()).await;
            (listed, kubeconfigs)
        }
    }
}

impl ServerAnswer {
    /// Adds what the cloud says; no verdicts yet. `keep` makes of the connection to the API server what is still needed: a kept one
    /// keeps its connections.
    pub fn beside<A>(
        self,
        listed: Option<AccountCluster>,
        kubeconfigs: KubeconfigListings,
        context: Option<&str>,
        keep: impl FnOnce(ApiServer) -> A,
    ) -> ClusterReading<A> {
        let Self { api, cluster, region, reading, rights } = self;
        let undecided = rights.iter().flat_map(|rights| rights.unread.iter().cloned());
        let unread = reading.unread.into_iter().chain(undecided).collect();
        let region = region.or_else(|| listed.as_ref().and_then(|listed| Region::parse(&listed.region)));
        let mut notes = reading.notes;
        if cluster.from == Some(ClusterIdFrom::ContextName) && cluster.confirmed.is_none() {
            let note = "the cluster's ID is only known from the context's name: the cluster did not confirm it";
            notes.push(note.to_owned());
        }
        let failed = kubeconfigs.failure().cloned().into_iter().collect();
        let grants = Grants::extract(reading.inventory, reading.mappings);
        let directory = ClusterDirectory::new(ClusterSources::new(reading.owner, kubeconfigs));
        let scan = ClusterScan {
            name: listed.as_ref().map(|listed| listed.name.clone()),
            context: context.map(str::to_owned),
            ..ClusterScan::new(cluster.id.clone(), grants, directory)
        };
        ClusterReading {
            api: keep(api),
            scan,
            cluster,
            region,
            listed,
            ram_authenticator: reading.ram_authenticator,
            unread,
            unread_bindings: reading.unread_bindings,
            failed,
            notes,
            rights,
        }
    }
}

impl<A> ClusterReading<A> {
    /// Whether a part of what may give access, or what the cloud says of it, is missing.
    pub fn has_gaps(&self) -> bool {
        !self.unread.is_empty() || !self.failed.is_empty()
    }
}

/// Reads what a context names, runs its plugin, and prepares to talk to its API server.
///
/// # Errors
/// Where kubectl would refuse as well.
pub async fn reach(world: &World, context: &ResolvedContext, timeout: Option<Duration>) -> Result<ApiServer> {
    let (endpoint, login) =
        connection::connection(world, context, timeout).await.map_err(|error| unusable(error, context))?;
    let api = ApiServer::connect(&endpoint, &login, timeout).map_err(Error::failed)?;
    Ok(api.with_connections(world.open_files.connections()))
}

fn unusable(error: ConnectionError, context: &ResolvedContext) -> Error {
    let hint = match &error {
        ConnectionError::Plugin(error) => error.install_hint().map(str::to_owned),
        _ => None,
    };
    let name = context.name.as_deref().unwrap_or("given by flags");
    Error::failed(anyhow::Error::new(error).context(format!("context {name:?} can't be used"))).hint_if(hint)
}

fn refused(error: CallError) -> ReadError {
    match error.status() {
        Some(401) => ReadError::Refused(
            Error::failed(error).hint("kubectl ackcred whoami shows whose credential it is and whether it has expired"),
        ),
        Some(403) => ReadError::Refused(
            Error::failed(error)
                .hint("ask for list on clusterrolebindings and rolebindings (rbac.authorization.k8s.io)"),
        ),
        _ => {
            let hint = error.hint();
            ReadError::Failed(Error::failed(error).hint_if(hint))
        }
    }
}
