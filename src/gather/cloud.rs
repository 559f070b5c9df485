//! What the cloud says of an account and a cluster: every voice asked side by side, each with its own failure.

use futures_util::{StreamExt as _, stream};

use crate::adapters::cloud::page::{Listed, voice};
use crate::adapters::cloud::{Cloud, CloudSettings, Connection};
use crate::core::ack::{AccountCluster, KubeconfigState, UserKubeconfigState};
use crate::core::evidence::{AccountVoices, Answer, Listing, Lookup};
use crate::core::holder::LastAccess;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::error::chain;
use crate::world::World;

/// How many questions about single identities are under way at a time.
const SIDE_BY_SIDE: usize = 8;

/// More identities than these are not looked up one by one.
const MOST_LOOKUPS: usize = 200;

/// Whether the cloud can be asked.
pub enum CloudVoice {
    /// Nobody wants to: `--offline`.
    NotWanted,
    /// There are no credentials; the log tells where was looked.
    NoCredentials,
    /// There are credentials that can't be used: why, and what renews them.
    Unusable {
        /// Why.
        reason: String,
        /// The command that renews them, where one is known.
        renew: Option<String>,
    },
    /// It can.
    Ready(Box<Cloud>),
}

/// Looks for credentials. `settings` is `None` where the cloud is not wanted.
pub async fn connect(world: &World, settings: Option<CloudSettings>) -> CloudVoice {
    let Some(settings) = settings else { return CloudVoice::NotWanted };
    match Cloud::connect(world, settings).await {
        Ok(Connection::Connected(cloud)) => CloudVoice::Ready(cloud),
        Ok(Connection::NoCredentials(nothing)) => {
            nothing.looked_at.iter().for_each(|place| tracing::info!("no cloud credentials: {place}"));
            CloudVoice::NoCredentials
        }
        Err(error) => {
            CloudVoice::Unusable { reason: chain(&error), renew: error.renewing_command().map(str::to_owned) }
        }
    }
}

impl CloudVoice {
    /// The cloud, where it can be asked.
    pub fn ready(&self) -> Option<&Cloud> {
        match self {
            Self::Ready(cloud) => Some(cloud),
            _ => None,
        }
    }

    /// Why there are credentials that can't be used, with the command that renews them.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Unusable { reason, renew: None } => Some(reason.clone()),
            Self::Unusable { reason, renew: Some(command) } => Some(format!("{reason}; renew it: {command}")),
            Self::NotWanted | Self::NoCredentials | Self::Ready(_) => None,
        }
    }
}

/// Asks who is calling and who there is in the account.
pub async fn account(cloud: &Cloud) -> AccountVoices {
    let (caller, users, roles, basic_infos, recycle_bin) = tokio::join!(
        cloud.caller(),
        cloud.users(),
        cloud.roles(),
        cloud.user_basic_infos(),
        cloud.users_in_recycle_bin(),
    );
    AccountVoices {
        caller: caller.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Known),
        users: voice(users),
        roles: voice(roles),
        basic_infos: voice(basic_infos),
        recycle_bin: voice(recycle_bin),
        lookups: std::collections::BTreeMap::new(),
    }
}

/// Asks for identities one by one where the listings of users broke off: a look-up can prove that somebody lives.
pub async fn look_up(cloud: &Cloud, voices: &mut AccountVoices, uids: impl IntoIterator<Item = &Uid>) {
    if voices.users.is_complete() && voices.basic_infos.is_complete() {
        return;
    }
    let listed = |uid: &Uid| {
        voices.users.items().iter().any(|user| user.uid == *uid)
            || voices.basic_infos.items().iter().any(|user| user.uid == *uid)
            || voices.roles.items().iter().any(|role| role.uid == *uid)
    };
    let missing: Vec<&Uid> = uids.into_iter().filter(|uid| !listed(uid)).take(MOST_LOOKUPS).collect();
    let answers = stream::iter(missing).map(async |uid| (uid.clone(), cloud.user(uid).await));
    let mut answers = std::pin::pin!(answers.buffer_unordered(SIDE_BY_SIDE));
    while let Some((uid, answer)) = answers.next().await {
        // Who can't answer about one can't about the next: two hundred waits would be in vain.
        let failed = matches!(answer, Lookup::Failed(_));
        voices.lookups.insert(uid, answer);
        if failed {
            return;
        }
    }
}

/// Asks for the account's clusters, in all regions.
pub async fn clusters(cloud: &Cloud) -> Listing<AccountCluster> {
    match cloud.cs(None) {
        Err(error) => Listing::failed(error.to_string()),
        Ok(cs) => voice(cs.describe_clusters().await),
    }
}

/// Asks who holds a kubeconfig of a cluster, at the endpoint of its region.
pub async fn kubeconfigs(cloud: &Cloud, cluster: &ClusterId, region: Option<&Region>) -> Listing<KubeconfigState> {
    let listed: Listed<KubeconfigState> = match cloud.cs(cloud.region(region).as_ref()) {
        Err(error) => return Listing::failed(error.to_string()),
        Ok(cs) => cs.list_cluster_kubeconfig_states(cluster).await,
    };
    voice(listed)
}

/// Asks for an identity's kubeconfigs in all clusters.
pub async fn clusters_of(cloud: &Cloud, uid: &Uid) -> Listing<UserKubeconfigState> {
    match cloud.cs(cloud.region(None).as_ref()) {
        Err(error) => Listing::failed(error.to_string()),
        Ok(cs) => voice(cs.list_user_kubeconfig_states(uid).await),
    }
}

/// Searches audit logs of the last seven days: each cluster for each identity.
pub async fn activities(
    cloud: &Cloud,
    region: Option<&Region>,
    questions: Vec<(ClusterId, Uid)>,
) -> Vec<((ClusterId, Uid), LastAccess)> {
    let region = cloud.region(region);
    let answers = stream::iter(questions).map(async |(cluster, uid)| {
        let answer = match cloud.cs(region.as_ref()) {
            Err(error) => Err(error.to_string()),
            Ok(cs) => {
                let told = cs.describe_user_cluster_activity_state(&cluster, &uid).await;
                told.map_err(|error| error.to_string())
            }
        };
        ((cluster, uid), LastAccess::of(answer))
    });
    answers.buffer_unordered(SIDE_BY_SIDE).collect().await
}
