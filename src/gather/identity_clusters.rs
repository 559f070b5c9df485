//! One identity in every cluster of the account, as the cloud alone shows it.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};

use super::cloud::{SIDE_BY_SIDE, account, activity, clusters_of};
use super::{account_clusters, look_up};
use crate::adapters::cloud::Cloud;
use crate::core::access::holder::LastAccess;
use crate::core::failure::Failure;
use crate::core::identity::ack::{AccountCluster, UserKubeconfigState};
use crate::core::identity::evidence::{ClusterSources, Listing};
use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, Verdict};
use crate::core::ids::{ClusterId, Region, Uid};

/// Where an identity has, or had, a kubeconfig.
pub struct Footprint {
    /// Who it is.
    pub verdict: Verdict,
    /// Its kubeconfig in each cluster.
    pub kubeconfigs: Listing<UserKubeconfigState>,
    /// Its last access to each cluster, where that was searched for.
    pub activity: Vec<(ClusterId, LastAccess)>,
    /// The account's sources.
    pub account: AccountDirectory,
    /// What of the cloud was asked and failed.
    pub failed: Vec<Failure>,
}

/// Asks for all of it; for the last access only `with_activity`.
pub async fn of(cloud: &Cloud, uid: &Uid, with_activity: bool) -> Footprint {
    let regions =
        async { if with_activity { account_clusters::of_every_region(cloud).await } else { Listing::NotAsked } };
    let (mut account, kubeconfigs, clusters) = tokio::join!(account(cloud), clusters_of(cloud, uid), Box::pin(regions));
    look_up::users(cloud, &mut account, [uid]).await;
    let searched = kubeconfigs.items().iter().filter(|_| with_activity).map(|state| state.cluster.clone());
    let activity = last_accesses(cloud, uid, searched.collect(), &clusters).await;
    let mut failed = account.failures();
    failed.extend(kubeconfigs.failure().cloned());
    let account = AccountDirectory::new(account);
    failed.extend(account.doubts());
    Footprint {
        verdict: account.judge(uid, &ClusterDirectory::new(ClusterSources::not_asked())),
        kubeconfigs,
        activity,
        account,
        failed,
    }
}

/// Searches each cluster's audit log in the cluster's own region: another region knows nothing of it. ACK's list of an
/// identity's clusters does not say where they are; the regions' listings do.
async fn last_accesses(
    cloud: &Cloud,
    uid: &Uid,
    searched: Vec<ClusterId>,
    clusters: &Listing<AccountCluster>,
) -> Vec<(ClusterId, LastAccess)> {
    let regions: BTreeMap<&ClusterId, Region> =
        clusters.items().iter().filter_map(|cluster| Some((&cluster.id, Region::parse(&cluster.region)?))).collect();
    let answers = stream::iter(searched).map(async |id| {
        let region = regions.get(&id).cloned();
        let access = match (&region, clusters.failure()) {
            // `--region` is what the caller knows; a guess would only bring "not found".
            (None, Some(unread)) if cloud.wanted_region().is_none() => {
                LastAccess::of(Err(format!("the cluster's region is not known: {unread}")))
            }
            (None, _) => activity(cloud, cloud.region(None).as_ref(), &id, uid).await,
            (Some(_), _) => activity(cloud, region.as_ref(), &id, uid).await,
        };
        (id, access)
    });
    answers.buffered(SIDE_BY_SIDE).collect().await
}
