//! One identity in every cluster of the account, as the cloud alone shows it.

use super::cloud::{account, activities, clusters_of, look_up};
use crate::adapters::cloud::Cloud;
use crate::core::access::holder::LastAccess;
use crate::core::identity::ack::UserKubeconfigState;
use crate::core::identity::evidence::{ClusterSources, Listing};
use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, Verdict};
use crate::core::ids::{ClusterId, Uid};

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
    pub failed: Vec<String>,
}

/// Asks for all of it; for the last access only `with_activity`.
pub async fn of(cloud: &Cloud, uid: &Uid, with_activity: bool) -> Footprint {
    let (mut account, kubeconfigs) = tokio::join!(account(cloud), clusters_of(cloud, uid));
    look_up(cloud, &mut account, [uid]).await;
    let searched = kubeconfigs.items().iter().filter(|_| with_activity);
    let questions = searched.map(|state| (state.cluster.clone(), uid.clone())).collect();
    let answers = activities(cloud, None, questions).await;
    let mut failed = account.failures();
    failed.extend(kubeconfigs.failure().map(str::to_owned));
    let account = AccountDirectory::new(account);
    failed.extend(account.doubts());
    Footprint {
        verdict: account.judge(uid, &ClusterDirectory::new(ClusterSources::not_asked())),
        kubeconfigs,
        activity: answers.into_iter().map(|((cluster, _), access)| (cluster, access)).collect(),
        account,
        failed,
    }
}
