//! Who presents a credential: what the API server sees of its bearer, and what the cloud knows of the identity.

use std::time::Duration;

use super::cloud::{self, CloudAccess};
use super::cluster_access::reach;
use super::{grants, look_up};
use crate::adapters::cloud::{Cloud, CloudSettings};
use crate::adapters::cluster::CallError;
use crate::core::cluster::cluster_id::{Inference, KnownCluster, confirm};
use crate::core::cluster::server_view::{ClusterProfile, ServerIdentity};
use crate::core::failure::Failure;
use crate::core::identity::ack::AccountCluster;
use crate::core::identity::evidence::{AccountSources, Answer, ClusterSources, KubeconfigListings, Listing};
use crate::core::identity::trace::Trace;
use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, Verdict};
use crate::core::ids::{Region, Uid};
use crate::core::kubeconfig::ResolvedContext;
use crate::error::chain;
use crate::world::World;

/// What is to be found out.
pub struct CallerQuery<'a> {
    /// The machine.
    pub world: &'a World,
    /// The context.
    pub context: &'a ResolvedContext,
    /// Which ACK cluster it seems to be.
    pub inference: Inference,
    /// The UID that the credential itself names.
    pub uid: Option<Uid>,
    /// Whether the credential is a client certificate.
    pub is_certificate: bool,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// Whether the API server may be asked: never with a credential from elsewhere.
    pub ask_server: bool,
    /// How the cloud is reached; `None` where it is not wanted.
    pub cloud: Option<CloudSettings>,
}

/// What was read.
pub struct CallerReading {
    /// The API server's answer; `None` where it was not asked.
    pub server: Option<ServerAnswer>,
    /// Which cluster it is.
    pub cluster: KnownCluster,
    /// The UID of the credential, else the one in the name that the API server sees.
    pub uid: Option<Uid>,
    /// Who that is.
    pub verdict: Verdict,
    /// Whether the cloud could be asked.
    pub cloud: CloudAccess,
    /// The account's sources.
    pub account: AccountSources,
    /// What of the cloud was asked and failed.
    pub failed: Vec<Failure>,
}

/// The API server's answers, each with its own failure.
pub struct ServerAnswer {
    /// Whom it sees; `Ok(None)` from servers that are too old to say.
    pub identity: Result<Option<ServerIdentity>, String>,
    /// What the cluster says of itself; `None` where the question before it failed.
    pub profile: Option<Result<Option<ClusterProfile>, CallError>>,
}

impl ServerAnswer {
    /// Whether a question was left without its answer. Few may read kube-system: that alone is no failure.
    pub fn failed(&self) -> bool {
        let unread = |profile: &Result<_, CallError>| profile.as_ref().is_err_and(|error| !error.is_forbidden());
        !matches!(self.identity, Ok(Some(_))) || self.profile.as_ref().is_some_and(unread)
    }
}

/// Asks all sources that may be asked.
pub async fn read(question: CallerQuery<'_>) -> CallerReading {
    let (server, cloud) = tokio::join!(ask_server(&question), cloud::connect(question.world, question.cloud.clone()));
    let seen = server.as_ref().and_then(|server| server.identity.as_ref().ok()).and_then(Option::as_ref);
    let profile = server.as_ref().and_then(|server| server.profile.as_ref());
    let owner = profile.map_or(Answer::NotAsked, grants::owner);
    let profile = profile.and_then(|profile| profile.as_ref().ok()).and_then(Option::as_ref);
    let seen_uid = seen.and_then(|seen| Uid::of_user_name(&seen.username));
    // The API server authenticates no certificate but one that a CA of the cluster signed.
    let accepted = question.is_certificate && seen_uid.is_some() && seen_uid == question.uid;
    let trace = accepted.then_some(Trace::Certificate);
    let uid = question.uid.or(seen_uid);
    let region = question.inference.region.clone();
    let cluster = confirm(question.inference, profile.and_then(|profile| profile.cluster_id.as_deref()));

    let mut sources = AccountSources::not_asked();
    let mut of_cluster = OfCluster::not_asked();
    match (cloud.ready(), &uid) {
        (None, _) => {}
        (Some(cloud), None) => sources.caller = cloud::caller(cloud).await,
        (Some(cloud), Some(uid)) => (sources, of_cluster) = ask_about(cloud, uid, &cluster, region).await,
    }
    let OfCluster { clusters, kubeconfigs } = of_cluster;
    let failed = cloud::failures(&cloud, &sources, &clusters, &kubeconfigs);
    let directory = ClusterDirectory::new(ClusterSources::new(owner, kubeconfigs));
    let account = AccountDirectory::new(sources);
    let verdict =
        uid.as_ref().map_or_else(Verdict::without_uid, |uid| account.judge_with_trace(uid, &directory, trace));
    CallerReading { server, cluster, uid, verdict, cloud, account: account.into_sources(), failed }
}

async fn ask_server(question: &CallerQuery<'_>) -> Option<ServerAnswer> {
    if !question.ask_server {
        return None;
    }
    Some(match reach(question.world, question.context, question.timeout).await {
        Err(error) => ServerAnswer { identity: Err(error.message()), profile: None },
        Ok(api) => {
            let (identity, profile) = tokio::join!(api.self_subject_review(), api.cluster_profile());
            ServerAnswer { identity: identity.map_err(|error| chain(&error)), profile: Some(profile) }
        }
    })
}

/// What the Container Service says of the cluster.
struct OfCluster {
    /// The account's clusters, asked for only where nothing else tells the region.
    clusters: Listing<AccountCluster>,
    kubeconfigs: KubeconfigListings,
}

impl OfCluster {
    fn not_asked() -> Self {
        Self { clusters: Listing::NotAsked, kubeconfigs: KubeconfigListings::not_asked() }
    }
}

async fn ask_about(
    cloud: &Cloud,
    uid: &Uid,
    cluster: &KnownCluster,
    region: Option<Region>,
) -> (AccountSources, OfCluster) {
    let of_cluster = async {
        let Some(id) = &cluster.id else { return OfCluster::not_asked() };
        let clusters = if region.is_none() { cloud::clusters(cloud).await } else { Listing::NotAsked };
        let listed = clusters.items().iter().find(|listed| listed.id == *id);
        let region = region.or_else(|| listed.and_then(|listed| Region::parse(&listed.region)));
        let kubeconfigs = cloud::kubeconfigs(cloud, id, region.as_ref()).await;
        OfCluster { clusters, kubeconfigs }
    };
    let (mut sources, of_cluster) = tokio::join!(cloud::account(cloud), of_cluster);
    look_up::users(cloud, &mut sources, [uid]).await;
    (sources, of_cluster)
}
