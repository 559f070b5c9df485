//! Who holds access to one cluster and who they are: the API server and the cloud, asked side by side.

use std::time::Duration;

use super::cloud::{self, CloudVoice};
use super::connection::{self, ConnectionError};
use super::grants::{self, AccessVoices};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::ack::AccountCluster;
use crate::core::cluster_id::{ClusterIdFrom, Inference, KnownCluster, confirm};
use crate::core::evidence::{AccountVoices, ClusterVoices, Listing};
use crate::core::grants::Grants;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::kubeconfig::ResolvedContext;
use crate::core::scan::ClusterScan;
use crate::core::verdict::{AccountDirectory, ClusterDirectory, Verdict};
use crate::error::{Error, Result};
use crate::world::World;

/// What is to be found out.
pub struct Question<'a> {
    /// The machine.
    pub world: &'a World,
    /// How the cluster is reached.
    pub context: &'a ResolvedContext,
    /// Which ACK cluster it seems to be.
    pub inference: Inference,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// The cluster that it must be, where the user named one.
    pub wanted: Option<&'a ClusterId>,
    /// Narrows the RoleBindings.
    pub namespace: Option<&'a str>,
    /// How the cloud is reached; `None` where it is not wanted.
    pub cloud: Option<CloudSettings>,
}

/// What the voices said.
pub struct Heard {
    /// The way to the API server, for further questions.
    pub api: ApiServer,
    /// Who holds access, and who they are.
    pub scan: ClusterScan,
    /// Which cluster it is.
    pub cluster: KnownCluster,
    /// Its region, where that is known.
    pub region: Option<Region>,
    /// The cluster in the account's list.
    pub listed: Option<AccountCluster>,
    /// Whether ack-ram-authenticator's API group exists; `None` where that could not be told.
    pub ram_authenticator: Option<bool>,
    /// Whether the cloud could be asked.
    pub cloud: CloudVoice,
    /// The account's voices.
    pub account: AccountDirectory,
    /// What of the API server may give access and could not be read.
    pub unread: Vec<String>,
    /// Those of them that are bindings.
    pub unread_bindings: Vec<String>,
    /// What of the cloud was asked and failed.
    pub failed: Vec<String>,
    /// What could not be read and gives nobody access.
    pub notes: Vec<String>,
}

impl Heard {
    /// Whether an identity still exists, also one that holds nothing here.
    pub fn verdict(&self, uid: &Uid) -> Verdict {
        match (self.scan.verdicts.get(uid), self.cloud.ready()) {
            (Some(verdict), _) => verdict.clone(),
            (None, Some(_)) => self.account.judge(uid, &self.scan.directory),
            (None, None) => self.scan.unasked.clone(),
        }
    }
}

/// Asks everybody.
///
/// # Errors
/// Where neither kind of binding could be read: then nothing is known of who holds access.
pub async fn hear(question: Question<'_>) -> Result<Heard> {
    let server = ask_server(&question);
    let account = ask_account(question.world, question.cloud.clone());
    let (reading, (voice, mut voices, clusters)) = tokio::join!(server, account);
    let (api, reading) = reading?;
    let reading = reading.settle().map_err(refused)?;

    let region = question.inference.region.clone();
    let cluster = confirm(question.inference, reading.profile.cluster_id.as_deref());
    if let (Some(wanted), Some(id)) = (question.wanted, &cluster.id)
        && wanted != id
    {
        let name = question.context.name.as_deref().unwrap_or_default();
        return Err(Error::failed(anyhow::anyhow!(
            "cluster {wanted} was not reached: context {name:?} leads to cluster {id}, as the cluster itself says"
        )));
    }
    let listed = clusters.items().iter().find(|listed| cluster.id.as_ref() == Some(&listed.id)).cloned();
    let region = region.or_else(|| listed.as_ref().and_then(|listed| Region::parse(&listed.region)));
    let kubeconfigs = match (voice.ready(), &cluster.id) {
        (Some(cloud), Some(id)) => cloud::kubeconfigs(cloud, id, region.as_ref()).await,
        (Some(_), None) => Listing::failed("cs:ListClusterKubeconfigStates: the cluster's ID is not known"),
        (None, _) => Listing::NotAsked,
    };
    let mut notes = reading.notes;
    if cluster.from == Some(ClusterIdFrom::ContextName) && cluster.confirmed.is_none() {
        notes.push("the cluster's ID is only known from the context's name: the cluster did not confirm it".to_owned());
    }
    let grants = Grants::extract(reading.inventory, reading.mappings);
    let failed = cloud::failures(&voice, &voices, &clusters, &kubeconfigs);
    let directory = ClusterDirectory::new(ClusterVoices { owner: reading.owner, kubeconfigs });
    if let Some(cloud) = voice.ready() {
        cloud::look_up(cloud, &mut voices, &ClusterScan::identities(&grants, &directory)).await;
    }
    let account = AccountDirectory::new(voices);
    Ok(Heard {
        api,
        scan: ClusterScan::judge(cluster.id.clone(), grants, directory, &account, voice.ready().is_some()),
        cluster,
        region,
        listed,
        ram_authenticator: reading.ram_authenticator,
        cloud: voice,
        account,
        unread: reading.unread,
        unread_bindings: reading.unread_bindings,
        failed,
        notes,
    })
}

async fn ask_server(question: &Question<'_>) -> Result<(ApiServer, AccessVoices)> {
    let api = reach(question.world, question.context, question.timeout).await?;
    let voices = grants::ask(&api, question.namespace).await;
    Ok((api, voices))
}

/// Reads what a context names, runs its plugin, and prepares to talk to its API server.
///
/// # Errors
/// Where kubectl would refuse as well.
pub async fn reach(world: &World, context: &ResolvedContext, timeout: Option<Duration>) -> Result<ApiServer> {
    let (endpoint, login) =
        connection::connection(world, context, timeout).await.map_err(|error| unusable(error, context))?;
    ApiServer::connect(&endpoint, &login, timeout).map_err(Error::failed)
}

async fn ask_account(
    world: &World,
    settings: Option<CloudSettings>,
) -> (CloudVoice, AccountVoices, Listing<AccountCluster>) {
    let voice = cloud::connect(world, settings).await;
    match voice.ready() {
        None => (voice, AccountVoices::not_asked(), Listing::NotAsked),
        Some(cloud) => {
            let (account, clusters) = tokio::join!(cloud::account(cloud), cloud::clusters(cloud));
            (voice, account, clusters)
        }
    }
}

fn unusable(error: ConnectionError, context: &ResolvedContext) -> Error {
    let hint = match &error {
        ConnectionError::Plugin(error) => error.install_hint().map(str::to_owned),
        _ => None,
    };
    let name = context.name.as_deref().unwrap_or("given by flags");
    Error::failed(anyhow::Error::new(error).context(format!("context {name:?} can't be used"))).hint_if(hint)
}

fn refused(error: CallError) -> Error {
    let hint = match error.status() {
        Some(401) => Some("kubectl ackcred whoami tells whose credential it is and whether it has expired"),
        Some(403) => Some("ask for list on clusterrolebindings and rolebindings (rbac.authorization.k8s.io)"),
        _ => None,
    };
    Error::failed(error).hint_if(hint)
}
