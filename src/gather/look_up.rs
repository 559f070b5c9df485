//! Questions about single identities, asked where the lists don't say enough: so many at a time, no more than so many, and none after
//! one that failed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::cloud::{self, SIDE_BY_SIDE};
use super::cluster_access::ClusterReading;
use crate::adapters::cloud::Cloud;
use crate::core::failure::Failure;
use crate::core::identity::evidence::{AccountSources, Answer, Lookup};
use crate::core::identity::trace::Trace;
use crate::core::identity::verdict::AccountDirectory;
use crate::core::ids::{Region, Uid};

/// More identities than these are not looked up one by one.
const MOST_USERS: usize = 200;

/// The permission records of no more numbers than these are read: a cluster can know thousands of users whose names are numbers of
/// another origin.
const MOST_RECORDS: usize = 40;

/// Asks for identities one by one where lists broke off: where those of users did, whether an identity exists; where that of the
/// recycle bin did, whether it is in it.
pub async fn users(cloud: &Cloud, sources: &mut AccountSources, uids: impl IntoIterator<Item = &Uid>) {
    let (users, infos) = (sources.users.is_complete(), sources.basic_infos.is_complete());
    let broke_off = sources.recycle_bin.failure().is_some();
    if users && infos && !broke_off {
        return;
    }
    let missing = in_no_list(sources, uids);
    if !(users && infos) {
        sources.lookups = one_by_one(missing.clone(), MOST_USERS, async |uid| cloud.user(uid).await).await;
    }
    if broke_off {
        let binned: BTreeSet<&Uid> = sources.recycle_bin.items().iter().map(|user| &user.uid).collect();
        let exists = |uid: &Uid| matches!(sources.lookups.get(uid), Some(Lookup::Found(_)));
        let missing = missing.into_iter().filter(|uid| !binned.contains(uid) && !exists(uid)).collect();
        sources.bin_lookups = one_by_one(missing, MOST_USERS, async |uid| cloud.user_in_recycle_bin(uid).await).await;
    }
}

/// Those of the identities that no list of the living that was read has.
fn in_no_list<'a>(sources: &AccountSources, uids: impl IntoIterator<Item = &'a Uid>) -> Vec<Uid> {
    let users = sources.users.items().iter().map(|user| &user.uid);
    let infos = sources.basic_infos.items().iter().map(|user| &user.uid);
    let roles = sources.roles.items().iter().map(|role| &role.uid);
    let listed: BTreeSet<&Uid> = users.chain(infos).chain(roles).collect();
    let is_meant = |uid: &&Uid| !uid.begins_with_zero() && !listed.contains(*uid);
    let missing: BTreeSet<&Uid> = uids.into_iter().filter(is_meant).collect();
    missing.into_iter().cloned().collect()
}

/// Asks what ACK granted to numbers that are in no listing of the account and that nothing else shows to be RAM identities. Gives why
/// an answer is missing.
pub async fn permission_records<A>(
    cloud: &Cloud,
    account: &AccountDirectory,
    readings: &mut [&mut ClusterReading<A>],
) -> Option<Failure> {
    let without: Vec<Vec<Uid>> =
        readings.iter_mut().map(|reading| reading.scan.holders_without_trace(account)).collect();
    let mut regions: BTreeMap<Uid, Option<Region>> = BTreeMap::new();
    for (reading, uids) in readings.iter().zip(&without) {
        for uid in uids {
            regions.entry(uid.clone()).or_insert_with(|| reading.region.clone());
        }
    }
    // RAM's numbers have 16 digits and more.
    let mut uids: Vec<Uid> = regions.keys().cloned().collect();
    uids.sort_by_key(|uid| Reverse(uid.as_str().len()));
    let records = one_by_one(uids, MOST_RECORDS, async |uid| {
        let region = regions.get(uid).and_then(Option::as_ref);
        match cloud::permissions(cloud, region, uid).await {
            Answer::Known(records) if records.is_empty() => Lookup::NotFound,
            Answer::Known(records) => Lookup::Found(records),
            Answer::Failed(reason) => Lookup::Failed(reason),
            Answer::NotAsked => Lookup::NotAsked("no need".to_owned()),
        }
    })
    .await;
    for (reading, uids) in readings.iter_mut().zip(without) {
        for uid in uids {
            match &records[&uid] {
                Lookup::Found(_) => reading.scan.directory.add_trace(uid, Trace::Permission),
                Lookup::Failed(reason) => reading.scan.directory.add_unread_records(uid, reason.to_string()),
                Lookup::NotAsked(reason) => reading.scan.directory.add_unread_records(uid, reason.clone()),
                Lookup::NotFound => {}
            }
        }
    }
    records.into_values().find_map(|record| match record {
        Lookup::Failed(reason) => Some(reason),
        Lookup::Found(_) | Lookup::NotFound | Lookup::NotAsked(_) => None,
    })
}

/// Asks about each identity, and says of each that was not asked about why.
async fn one_by_one<T>(
    mut uids: Vec<Uid>,
    most: usize,
    ask: impl AsyncFn(&Uid) -> Lookup<T>,
) -> BTreeMap<Uid, Lookup<T>> {
    let too_many = || Lookup::NotAsked(format!("more than {most} identities are in no list that was read"));
    let beyond = uids.split_off(uids.len().min(most));
    let mut lookups: BTreeMap<Uid, Lookup<T>> = beyond.into_iter().map(|uid| (uid, too_many())).collect();
    let mut answers =
        std::pin::pin!(stream::iter(&uids).map(async |uid| (uid, ask(uid).await)).buffer_unordered(SIDE_BY_SIDE));
    while let Some((uid, answer)) = answers.next().await {
        // Who can't answer about one can't about the next: two hundred waits would be in vain.
        let failed = match &answer {
            Lookup::Failed(reason) => Some(format!("it failed for {uid}: {reason}")),
            Lookup::Found(_) | Lookup::NotFound | Lookup::NotAsked(_) => None,
        };
        lookups.insert(uid.clone(), answer);
        if let Some(reason) = failed {
            for uid in &uids {
                lookups.entry(uid.clone()).or_insert_with(|| Lookup::NotAsked(reason.clone()));
            }
            break;
        }
    }
    lookups
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

    #[test]
    fn after_a_look_up_that_failed_the_others_are_not_asked_for_and_it_is_said_why() {
        let lookups = run(one_by_one((0..30).map(uid).collect(), MOST_USERS, async |asked| {
            if *asked == uid(9) { Lookup::<()>::Failed("no permission".into()) } else { Lookup::NotFound }
        }));
        assert_eq!(lookups.len(), 30);
        assert_eq!(lookups[&uid(9)], Lookup::Failed("no permission".into()));
        assert_eq!(lookups[&uid(0)], Lookup::NotFound);
        assert_eq!(lookups[&uid(29)], Lookup::NotAsked("it failed for 9: no permission".to_owned()));
    }

    #[test]
    fn beyond_the_limit_no_identity_is_looked_up_and_that_is_said() {
        let calls = Cell::new(0);
        let lookups = run(one_by_one((0..MOST_USERS + 5).map(uid).collect(), MOST_USERS, async |_| {
            calls.set(calls.get() + 1);
            Lookup::<()>::NotFound
        }));
        assert_eq!((calls.get(), lookups.len()), (MOST_USERS, MOST_USERS + 5));
        let unasked = &lookups[&uid(MOST_USERS)];
        assert!(matches!(unasked, Lookup::NotAsked(why) if why.contains("more than 200")), "{unasked:?}");
    }
}
