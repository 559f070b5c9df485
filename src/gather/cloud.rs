//! What the cloud says of an account and a cluster: every source is asked side by side, each with its own failure.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::adapters::cloud::cs::Cs;
use crate::adapters::cloud::error::Error as CallError;
use crate::adapters::cloud::page::source;
use crate::adapters::cloud::{Cloud, CloudSettings, Connection};
use crate::core::access::holder::LastAccess;
use crate::core::failure::Failure;
use crate::core::identity::ack::{AccountCluster, AuditProject, Permission, UserKubeconfigState};
use crate::core::identity::evidence::{AccountSources, Answer, KubeconfigListings, Listing};
use crate::core::identity::{Caller, RecycledUser};
use crate::core::ids::{ClusterId, Region, Uid};
use crate::error::chain;
use crate::world::World;

/// How many questions about single identities are under way at a time.
pub(super) const SIDE_BY_SIDE: usize = 8;

/// Whether the cloud can be asked.
pub enum CloudAccess {
    /// It is not wanted: `--offline`.
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
pub async fn connect(world: &World, settings: Option<CloudSettings>) -> CloudAccess {
    let Some(settings) = settings else { return CloudAccess::NotWanted };
    match Cloud::connect(world, settings).await {
        Ok(Connection::Connected(cloud)) => CloudAccess::Ready(cloud),
        Ok(Connection::NoCredentials(nothing)) => {
            nothing.looked_at.iter().for_each(|place| tracing::info!("no cloud credentials: {place}"));
            CloudAccess::NoCredentials
        }
        Err(error) => {
            CloudAccess::Unusable { reason: chain(&error), renew: error.renewing_command().map(str::to_owned) }
        }
    }
}

impl CloudAccess {
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

/// The cloud's sources that failed, each reason once.
pub fn failures(
    source: &CloudAccess,
    account: &AccountSources,
    clusters: &Listing<AccountCluster>,
    kubeconfigs: &KubeconfigListings,
) -> Vec<Failure> {
    let mut failed = account.failures();
    failed.extend(source.failure().map(Failure::from));
    failed.extend(clusters.failure().cloned());
    failed.extend(kubeconfigs.failure().cloned());
    failed.sort();
    failed.dedup();
    failed
}

/// Asks who is calling and who there is in the account.
pub async fn account(cloud: &Cloud) -> AccountSources {
    let (caller, people) = tokio::join!(caller(cloud), people(cloud));
    AccountSources { caller, ..people }
}

/// Asks who is calling.
pub async fn caller(cloud: &Cloud) -> Answer<Caller> {
    cloud.caller().await.map_or_else(|error| Answer::Failed(error.failure()), Answer::Known)
}

/// Asks who there is in the account.
pub async fn people(cloud: &Cloud) -> AccountSources {
    let people = async { tokio::join!(cloud.users(), cloud.roles(), cloud.user_basic_infos()) };
    let bin = async || source(cloud.users_in_recycle_bin().await);
    let ((users, roles, basic_infos), recycle_bin) = between_looks_into_the_bin(bin, people).await;
    AccountSources {
        caller: Answer::NotAsked,
        users: source(users),
        roles: source(roles),
        basic_infos: source(basic_infos),
        recycle_bin,
        lookups: BTreeMap::new(),
        bin_lookups: BTreeMap::new(),
    }
}

/// Reads the listings of people between two readings of the recycle bin.
///
/// A user who is moved while the account is read must be in one of the listings, or would be called deleted. Who is
/// restored from the bin after it was first read is in that reading, who is restored before is in the listings that
/// follow. Who is put into the bin before the listings reached them is in its second reading. Side by side, each could be
/// read on the wrong side of the move. Who is found in the bin and among the living is in neither for sure, and the verdict
/// says so.
async fn between_looks_into_the_bin<T>(
    bin: impl AsyncFn() -> Listing<RecycledUser>,
    people: impl Future<Output = T>,
) -> (T, Listing<RecycledUser>) {
    let before = bin().await;
    let people = people.await;
    // A bin that can't be read once ends every inference: asking again would be one more wait in vain.
    let recycled = if before.is_complete() { union(before, bin().await) } else { before };
    (people, recycled)
}

/// The users that were in the bin in either reading, the later reading first.
fn union(before: Listing<RecycledUser>, mut after: Listing<RecycledUser>) -> Listing<RecycledUser> {
    let (Listing::Complete(earlier), Listing::Complete(read) | Listing::Failed { read, .. }) = (before, &mut after)
    else {
        return after;
    };
    let known: BTreeSet<Uid> = read.iter().map(|user| user.uid.clone()).collect();
    read.extend(earlier.into_iter().filter(|user| !known.contains(&user.uid)));
    after
}

/// Asks for the account's clusters in all regions by the central listing: one call, which can lack clusters.
pub async fn clusters(cloud: &Cloud) -> Listing<AccountCluster> {
    match cloud.cs_of_account() {
        Err(error) => Listing::failed(error.to_string()),
        Ok(cs) => source(cs.describe_clusters().await),
    }
}

/// Asks who holds a kubeconfig of a cluster, and beside it which cloud services do, at the endpoint of its region.
pub async fn kubeconfigs(cloud: &Cloud, cluster: &ClusterId, region: Option<&Region>) -> KubeconfigListings {
    let cs = match cloud.cs(cloud.region(region).as_ref()) {
        Err(error) => return KubeconfigListings::failed(&error.to_string()),
        Ok(cs) => cs,
    };
    let (people, cloud_services) = tokio::join!(
        cs.list_cluster_kubeconfig_states(cluster, false),
        cs.list_cluster_kubeconfig_states(cluster, true),
    );
    KubeconfigListings { people: source(people), cloud_services: source(cloud_services) }
}

/// Asks whether a cluster writes an audit log, at the endpoint of its region.
pub async fn audit_project(cloud: &Cloud, region: Option<&Region>, cluster: &ClusterId) -> Answer<AuditProject> {
    answer(cloud, region, async |cs| cs.get_cluster_audit_project(cluster).await).await
}

/// Asks for an identity's kubeconfigs in all clusters.
pub async fn clusters_of(cloud: &Cloud, uid: &Uid) -> Listing<UserKubeconfigState> {
    match cloud.cs(cloud.region(None).as_ref()) {
        Err(error) => Listing::failed(error.to_string()),
        Ok(cs) => source(cs.list_user_kubeconfig_states(uid).await),
    }
}

/// Asks for the roles that ACK granted an identity, at the endpoint of the cluster's region.
pub async fn permissions(cloud: &Cloud, region: Option<&Region>, uid: &Uid) -> Answer<Vec<Permission>> {
    answer(cloud, region, async |cs| cs.describe_user_permission(uid).await).await
}

/// Asks the Container Service of a region, and keeps why where it does not answer.
async fn answer<T>(
    cloud: &Cloud,
    region: Option<&Region>,
    ask: impl AsyncFnOnce(&Cs<'_>) -> Result<T, CallError>,
) -> Answer<T> {
    let asked = match cloud.cs(cloud.region(region).as_ref()) {
        Err(error) => return Answer::Failed(error.to_string().into()),
        Ok(cs) => ask(&cs).await,
    };
    asked.map_or_else(|error| Answer::Failed(error.failure()), Answer::Known)
}

/// Searches the audit logs of the last seven days of one cluster for each identity.
pub async fn activities(
    cloud: &Cloud,
    region: Option<&Region>,
    questions: Vec<(ClusterId, Uid)>,
) -> Vec<((ClusterId, Uid), LastAccess)> {
    let region = cloud.region(region);
    let answers = stream::iter(questions).map(async |(cluster, uid)| {
        let access = activity(cloud, region.as_ref(), &cluster, &uid).await;
        ((cluster, uid), access)
    });
    answers.buffer_unordered(SIDE_BY_SIDE).collect().await
}

/// Searches the audit log of the last seven days of a cluster for an identity, at the endpoint of this region.
pub async fn activity(cloud: &Cloud, region: Option<&Region>, cluster: &ClusterId, uid: &Uid) -> LastAccess {
    let answer = match cloud.cs(region) {
        Err(error) => Err(error.to_string()),
        Ok(cs) => cs.describe_user_cluster_activity_state(cluster, uid).await.map_err(|error| error.to_string()),
    };
    LastAccess::of(answer)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn uid(number: usize) -> Uid {
        Uid::parse(&number.to_string()).unwrap()
    }

    fn recycled(number: usize) -> RecycledUser {
        RecycledUser {
            uid: uid(number),
            principal_name: String::new(),
            display_name: String::new(),
            recycled: None,
            deleted: None,
        }
    }

    /// One user of an account, who is among the living or in the bin, and moves after so many readings.
    fn found_although_moved(starts_in_bin: bool, moves_after: usize) -> bool {
        let readings = Cell::new(0);
        let in_bin = || {
            let number = readings.replace(readings.get() + 1);
            starts_in_bin == (number < moves_after)
        };
        let bin = async || Listing::Complete(if in_bin() { vec![recycled(1)] } else { Vec::new() });
        let people = async { !in_bin() };
        let (living, recycled) = run(between_looks_into_the_bin(bin, people));
        assert!(recycled.is_complete() && recycled.items().len() < 2, "{recycled:?}");
        living || !recycled.items().is_empty()
    }

    #[test]
    fn a_user_who_is_moved_while_the_account_is_read_is_not_missed() {
        for starts_in_bin in [true, false] {
            for moves_after in 0..=3 {
                assert!(found_although_moved(starts_in_bin, moves_after), "{starts_in_bin} {moves_after}");
            }
        }
    }

    #[test]
    fn a_bin_that_can_not_be_read_at_one_time_is_incomplete_and_keeps_what_was_seen() {
        for (fails_at, readings) in [(0, 1), (1, 2)] {
            let asked = Cell::new(0);
            let bin = async || {
                let number = asked.replace(asked.get() + 1);
                let read = vec![recycled(number)];
                if number == fails_at {
                    Listing::Failed { read, reason: "cut".into() }
                } else {
                    Listing::Complete(read)
                }
            };
            let ((), recycled) = run(between_looks_into_the_bin(bin, async {}));
            assert_eq!((recycled.failure(), recycled.items().len()), (Some(&"cut".into()), readings));
            assert_eq!(asked.get(), readings);
        }
    }
}
