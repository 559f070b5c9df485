//! The account of a run: asked once, for all clusters, and each part as soon as it is needed.

use tokio::sync::OnceCell;

use super::account_clusters;
use super::cloud::{self, CloudAccess};
use super::look_up;
use crate::adapters::cloud::CloudSettings;
use crate::core::access::scan::ClusterScan;
use crate::core::failure::Failure;
use crate::core::identity::Caller;
use crate::core::identity::ack::AccountCluster;
use crate::core::identity::evidence::{AccountSources, Answer, KubeconfigListings, Listing};
use crate::core::identity::trace::Trace;
use crate::core::identity::verdict::{AccountDirectory, Verdict};
use crate::core::ids::{ClusterId, Uid};
use crate::world::World;

const INTERRUPTED: &str = "the account was not read: interrupted";

/// Which listing the account's clusters are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterListing {
    /// The central one: one call, enough to know the name and the region of a cluster.
    Central,
    /// That of each region: where every cluster matters.
    ByRegion,
}

/// The account while it is asked.
pub struct Account<'a> {
    world: &'a World,
    settings: Option<CloudSettings>,
    listing: ClusterListing,
    source: OnceCell<CloudAccess>,
    clusters: OnceCell<Listing<AccountCluster>>,
    caller: OnceCell<Answer<Caller>>,
}

/// The account as it was read.
pub struct AccountReading {
    /// Whether the cloud could be asked.
    pub cloud: CloudAccess,
    /// Who there is.
    pub people: AccountDirectory,
    /// What was asked and failed.
    pub failed: Vec<Failure>,
}

impl<'a> Account<'a> {
    /// An account that was not asked yet. `settings` is `None` where the cloud is not wanted.
    pub fn new(world: &'a World, settings: Option<CloudSettings>, listing: ClusterListing) -> Self {
        let (source, clusters, caller) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { world, settings, listing, source, clusters, caller }
    }

    /// The way to the cloud.
    pub async fn source(&self) -> &CloudAccess {
        self.source.get_or_init(|| Box::pin(cloud::connect(self.world, self.settings.clone()))).await
    }

    /// The clusters, in all regions.
    pub async fn clusters(&self) -> &Listing<AccountCluster> {
        let listing = async {
            match (self.source().await.ready(), self.listing) {
                (None, _) => Listing::NotAsked,
                (Some(cloud), ClusterListing::Central) => Box::pin(cloud::clusters(cloud)).await,
                (Some(cloud), ClusterListing::ByRegion) => Box::pin(account_clusters::by_region(cloud)).await,
            }
        };
        self.clusters.get_or_init(|| listing).await
    }

    /// The entry of one cluster, where the account lists it.
    pub async fn cluster(&self, id: &ClusterId) -> Option<AccountCluster> {
        self.clusters().await.items().iter().find(|cluster| cluster.id == *id).cloned()
    }

    /// The caller, if the cloud says who that is.
    pub async fn caller(&self) -> Option<Caller> {
        let asking = async {
            match self.source().await.ready() {
                None => Answer::NotAsked,
                Some(cloud) => cloud::caller(cloud).await,
            }
        };
        self.caller.get_or_init(|| asking).await.known().cloned()
    }

    /// Who there is. The clusters are asked for beside them.
    pub async fn people(&self) -> AccountSources {
        match self.source().await.ready() {
            None => AccountSources::not_asked(),
            Some(cloud) => {
                let (people, _, _) = tokio::join!(Box::pin(cloud::people(cloud)), self.clusters(), self.caller());
                AccountSources { caller: self.caller.get().cloned().unwrap_or(Answer::NotAsked), ..people }
            }
        }
    }

    /// Ends the asking. Identities that may hold something and are in no listing that was read are looked up one by one, unless
    /// the result is no longer waited for. `people` is `None` where the answer was not waited for.
    pub async fn reading(
        self,
        people: Option<AccountSources>,
        holders: impl IntoIterator<Item = &Uid>,
        is_interrupted: bool,
    ) -> AccountReading {
        let not_asked = || CloudAccess::Unusable { reason: INTERRUPTED.to_owned(), renew: None };
        let cloud = self.source.into_inner().unwrap_or_else(not_asked);
        let clusters = self.clusters.into_inner().unwrap_or(Listing::NotAsked);
        let people = match (cloud.ready(), people) {
            (None, _) => AccountSources::not_asked(),
            (Some(_), None) => AccountSources::failed(INTERRUPTED),
            (Some(_), Some(people)) if is_interrupted => people,
            (Some(cloud), Some(mut people)) => {
                Box::pin(look_up::users(cloud, &mut people, holders)).await;
                people
            }
        };
        let mut failed = cloud::failures(&cloud, &people, &clusters, &KubeconfigListings::not_asked());
        let people = AccountDirectory::new(people);
        failed.extend(people.doubts());
        AccountReading { cloud, people, failed }
    }
}

impl AccountReading {
    /// Whether an identity still exists, also one that holds nothing in the cluster. `trace` is what shows beside the scan that the
    /// number is a RAM identity's.
    pub fn verdict(&self, uid: &Uid, scan: &ClusterScan, trace: Option<Trace>) -> Verdict {
        match (self.cloud.ready(), trace, scan.verdicts.get(uid)) {
            (Some(_), Some(_), _) | (Some(_), None, None) => self.people.judge_with_trace(uid, &scan.directory, trace),
            (_, _, Some(verdict)) => verdict.clone(),
            (None, _, None) => scan.unasked.clone(),
        }
    }
}
