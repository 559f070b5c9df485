//! The account's clusters, by the listings of its regions.
//!
//! ACK's central listing is one call, but it can be partial and out of date; each region's own listing is not. A region whose
//! listing fails is named, the others count all the same, and the central listing is read for what is missing.
//!
//! No listing is a proof that there are no other clusters: a policy that allows only some of them makes ACK leave out the
//! others without an error.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::adapters::cloud::Cloud;
use crate::adapters::cloud::error::{Error, Kind};
use crate::adapters::cloud::page::{Listed, Partial};
use crate::core::identity::ack::AccountCluster;
use crate::core::identity::evidence::Listing;
use crate::core::ids::{ClusterId, Region};

/// How many regions are listed at a time.
const SIDE_BY_SIDE: usize = 16;

/// How long the listing of one region may take: a region that does not answer must not delay the others longer.
const EACH: Duration = Duration::from_secs(30);

/// Lists the clusters of every region, or of the one region that `--region` names.
pub async fn by_region(cloud: &Cloud) -> Listing<AccountCluster> {
    match cloud.wanted_region() {
        Some(region) => of_regions(cloud, std::slice::from_ref(region)).await,
        None => of_every_region(cloud).await,
    }
}

/// Lists the clusters of every region that ACK has.
pub async fn of_every_region(cloud: &Cloud) -> Listing<AccountCluster> {
    let regions = match cloud.cs_of_account() {
        Err(error) => return Listing::failed(error.to_string()),
        Ok(cs) => cs.describe_regions().await,
    };
    match regions {
        Ok(regions) => of_regions(cloud, &regions).await,
        Err(error) => {
            let reason = format!("the regions could not be listed: {error}");
            with_central(cloud, Vec::new(), |_| true, reason).await
        }
    }
}

async fn of_regions(cloud: &Cloud, regions: &[Region]) -> Listing<AccountCluster> {
    let listed = stream::iter(regions).map(async |region| (region, list(cloud, region).await));
    let listed: Vec<_> = listed.buffered(SIDE_BY_SIDE).collect().await;
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for (region, RegionListing { read, failure }) in listed {
        clusters.extend(read);
        failures.extend(failure.map(|failure| (region, failure)));
    }
    if failures.is_empty() {
        return Listing::Complete(once(clusters));
    }
    let missing: BTreeSet<&str> = failures.iter().map(|(region, _)| region.as_str()).collect();
    let is_missing = |cluster: &AccountCluster| missing.contains(cluster.region.as_str());
    with_central(cloud, clusters, is_missing, describe(&failures, regions.len())).await
}

/// Adds those of the central listing that are missing. The listing stays incomplete, whatever comes of it.
async fn with_central(
    cloud: &Cloud,
    mut clusters: Vec<AccountCluster>,
    is_missing: impl Fn(&AccountCluster) -> bool,
    reason: String,
) -> Listing<AccountCluster> {
    let central = match cloud.cs_of_account() {
        Err(error) => Err((Vec::new(), error.to_string())),
        Ok(cs) => cs.describe_clusters().await.map_err(|Partial { read, error }| (read, error.to_string())),
    };
    let (read, reason) = match central {
        Ok(read) => (read, format!("{reason}; the central listing was read instead, which can lack clusters")),
        Err((read, error)) => (read, format!("{reason}; {error}")),
    };
    clusters.extend(read.into_iter().filter(is_missing));
    Listing::Failed { read: once(clusters), reason: reason.into() }
}

/// What a region's listing brought.
struct RegionListing {
    read: Vec<AccountCluster>,
    failure: Option<Failure>,
}

/// Why a region's listing is incomplete.
#[derive(Debug)]
struct Failure {
    /// What two regions have in common that failed for one reason.
    cause: (Option<Kind>, Option<u16>, Option<String>),
    text: String,
}

impl Failure {
    fn of(error: &Error) -> Self {
        let cause = (Some(error.kind()), error.status(), error.code().map(str::to_owned));
        Self { cause, text: error.to_string() }
    }

    fn other(text: String) -> Self {
        Self { cause: (None, None, None), text }
    }
}

async fn list(cloud: &Cloud, region: &Region) -> RegionListing {
    let incomplete = |read, failure| RegionListing { read, failure: Some(failure) };
    let cs = match cloud.cs(Some(region)) {
        Ok(cs) => cs,
        Err(error) => return incomplete(Vec::new(), Failure::other(error.to_string())),
    };
    let listed: Option<Listed<AccountCluster>> =
        tokio::time::timeout(EACH, cs.describe_clusters_for_region(region)).await.ok();
    match listed {
        Some(Ok(read)) => RegionListing { read, failure: None },
        Some(Err(Partial { read, error })) => incomplete(read, Failure::of(&error)),
        None => {
            let text = format!("cs:DescribeClustersForRegion: not listed within {}s", EACH.as_secs());
            incomplete(Vec::new(), Failure::other(text))
        }
    }
}

/// Each cluster once: the first entry counts.
fn once(mut clusters: Vec<AccountCluster>) -> Vec<AccountCluster> {
    let mut seen: BTreeSet<ClusterId> = BTreeSet::new();
    clusters.retain(|cluster| seen.insert(cluster.id.clone()));
    clusters
}

/// Names the regions whose listing failed, those with one cause together; the first one's words stand for them.
fn describe(failures: &[(&Region, Failure)], asked: usize) -> String {
    let mut causes: Vec<(&Failure, Vec<&str>)> = Vec::new();
    for (region, failure) in failures {
        match causes.iter_mut().find(|(first, _)| first.cause == failure.cause) {
            Some((_, regions)) => regions.push(region.as_str()),
            None => causes.push((failure, vec![region.as_str()])),
        }
    }
    let sentence = |(failure, regions): (&Failure, Vec<&str>)| {
        let which = match regions.as_slice() {
            all if all.len() == asked && asked > 1 => format!("all {asked} regions"),
            some => some.join(", "),
        };
        format!("clusters not listed in {which}: {}", failure.text)
    };
    causes.into_iter().map(sentence).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str, text: &str) -> Failure {
        Failure { cause: (Some(Kind::Unavailable), Some(503), Some(code.to_owned())), text: text.to_owned() }
    }

    #[test]
    fn regions_that_failed_are_named_with_their_cause() {
        let [one, two, three] = ["cn-beijing", "cn-hangzhou", "eu-central-1"].map(|id| Region::parse(id).unwrap());
        let failures =
            [(&one, failure("A", "A (request 1)")), (&two, failure("B", "B")), (&three, failure("A", "A (request 2)"))];
        assert_eq!(
            describe(&failures, 37),
            "clusters not listed in cn-beijing, eu-central-1: A (request 1); clusters not listed in cn-hangzhou: B"
        );
        let all = [(&one, failure("A", "A")), (&two, failure("A", "A"))];
        assert_eq!(describe(&all, 2), "clusters not listed in all 2 regions: A");
        assert_eq!(describe(&all[..1], 1), "clusters not listed in cn-beijing: A");
    }

    #[test]
    fn a_cluster_that_two_listings_have_counts_once() {
        let cluster = |id: &str, name: &str| AccountCluster {
            id: ClusterId::parse(&format!("c{}", id.repeat(32))).unwrap(),
            name: name.to_owned(),
            region: String::new(),
            state: String::new(),
            cluster_type: String::new(),
            public_server: None,
            intranet_server: None,
        };
        let listed = once(vec![cluster("a", "first"), cluster("b", "other"), cluster("a", "again")]);
        let names: Vec<&str> = listed.iter().map(|cluster| cluster.name.as_str()).collect();
        assert_eq!(names, ["first", "other"]);
    }
}
