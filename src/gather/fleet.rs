//! Several clusters, read side by side: so many at a time, none of them for longer than it may take, and with one account
//! asked for all of them. A cluster that is slow, dead or silent costs itself and nobody else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{OnceCell, Semaphore};

use super::account::{Account, HeardAccount};
use super::cloud::activities;
use super::conversation::Interrupt;
use super::holders::{self, Heard, ServerAnswer, Unheard, Way, ask_cloud, ask_server};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::core::access::holder::{LastAccess, holders as holders_of};
use crate::core::cluster::cluster_id::{ClusterIdFrom, KnownCluster};
use crate::core::identity::evidence::{AccountVoices, Listing};
use crate::core::ids::{ClusterId, Uid};
use crate::core::progress::Progress;
use crate::error::{Error, Result};

mod board;
mod members;
mod temporary;

pub use members::{Choice, Place, Wanted};
pub use temporary::Issue;

use board::Board;
use members::{Member, Reach, have_one_authority};

/// What is to be found out.
pub struct Question<'a> {
    /// Of each cluster.
    pub cluster: holders::Question<'a>,
    /// Which clusters.
    pub choice: Choice,
    /// How the cloud is reached; `None` where it is not wanted.
    pub cloud: Option<CloudSettings>,
    /// How far the clusters may go.
    pub bounds: Bounds,
}

/// How far the clusters may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many API servers are read at a time.
    pub parallel: usize,
    /// How long a cluster may take; `None` for as long as its exchanges may.
    pub each: Option<Duration>,
}

impl Bounds {
    /// Lets work go on for as long as a cluster may take.
    ///
    /// # Errors
    /// What the work ends with; or that it took too long.
    pub async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.timed(work).await.unwrap_or_else(|limit| {
            let error = anyhow::anyhow!("not read within {}s", limit.as_secs_f64());
            Err(Error::failed(error).hint("--cluster-timeout waits longer"))
        })
    }

    async fn timed<T>(&self, work: impl Future<Output = T>) -> Result<T, Duration> {
        match self.each {
            None => Ok(work.await),
            Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
        }
    }
}

/// What the voices said.
pub struct Fleet<A> {
    /// The account that was asked.
    pub account: HeardAccount,
    /// The clusters, in the order in which they were chosen.
    pub clusters: Vec<Cluster<A>>,
    /// Whether somebody ended it before its time.
    pub is_interrupted: bool,
}

/// A cluster that was to be read.
pub struct Cluster<A> {
    /// Which one, as far as it was known beforehand.
    pub place: Place,
    /// What came of it.
    pub outcome: Outcome<A>,
}

/// What a cluster said, and by which way; or why it could not be read.
pub type Outcome<A> = Result<(Way, Heard<A>)>;

impl<A> Fleet<A> {
    /// What the clusters said that could be read.
    pub fn heard(&self) -> impl Iterator<Item = &Heard<A>> {
        self.clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok()).map(|(_, heard)| heard)
    }
}

impl<A> Cluster<A> {
    /// The context that it was read through, or that was tried first.
    pub fn context(&self) -> Option<&str> {
        match &self.outcome {
            Ok((way, _)) => way.context.name.as_deref(),
            Err(_) => self.place.context.as_deref(),
        }
    }
}

/// Whoever wants to know how far it is.
pub type Watcher<'a> = &'a dyn Fn(&Progress);

/// Asks everybody. `keep` makes of the way to each API server what is still needed; a way that is kept keeps its connections.
/// Ctrl-C ends it with what is known by then.
pub async fn hear<A>(
    question: Question<'_>,
    keep: impl Fn(ApiServer) -> A,
    watcher: Option<Watcher<'_>>,
    interrupt: &Interrupt,
) -> Fleet<A> {
    let Question { cluster, choice, cloud, bounds } = question;
    let account = Account::new(cluster.world, cloud);
    let (members, people, heard) = (OnceCell::new(), RefCell::new(None), RefCell::new(BTreeMap::new()));
    let is_interrupted = {
        let board = Board::default();
        let reader = Reader { question: cluster, account: &account, bounds, board: &board };
        let everybody = async {
            let ask_people = async { people.replace(Some(account.people().await)) };
            let read = async {
                let members = members.get_or_init(|| choice.members(&account)).await;
                reader.read_all(members, &keep, &heard).await;
            };
            // On the heap: what talks to so many servers is large.
            tokio::join!(Box::pin(ask_people), Box::pin(read))
        };
        tokio::select! {
            biased;
            () = interrupt.pressed() => true,
            _ = everybody => false,
            () = board.tell(watcher) => unreachable!("there is always more to tell"),
        }
    };
    let members = members.into_inner().unwrap_or_default();
    let clusters = each_once(in_order(members, heard.into_inner()));
    judged(account, people.into_inner(), clusters, is_interrupted).await
}

/// Every member with its outcome; whoever has none was not waited for.
fn in_order<A>(members: Vec<Member>, mut heard: BTreeMap<usize, Outcome<A>>) -> Vec<Cluster<A>> {
    let cluster = |(index, member): (usize, Member)| {
        let outcome = heard.remove(&index).unwrap_or_else(|| Err(Error::interrupted()));
        Cluster { place: member.place, outcome }
    };
    members.into_iter().enumerate().map(cluster).collect()
}

/// Leaves out clusters that turned out to be one that was read before, by another context: the first counts. Only the clusters'
/// own word, or the same CA, makes two of them one: an ID in an edited name doesn't.
fn each_once<A>(clusters: Vec<Cluster<A>>) -> Vec<Cluster<A>> {
    let mut once: Vec<Cluster<A>> = Vec::new();
    for cluster in clusters {
        match once.iter().find(|earlier| are_the_same(earlier, &cluster)) {
            None => once.push(cluster),
            Some(earlier) => {
                tracing::info!(first = ?earlier.context(), second = ?cluster.context(), "two contexts lead to one cluster");
            }
        }
    }
    once
}

fn are_the_same<A>(one: &Cluster<A>, other: &Cluster<A>) -> bool {
    let (Ok((way, heard)), Ok((other_way, other))) = (&one.outcome, &other.outcome) else { return false };
    let is_sure =
        |known: &KnownCluster| known.confirmed == Some(true) || known.from == Some(ClusterIdFrom::ClusterProfile);
    heard.cluster.id.is_some()
        && heard.cluster.id == other.cluster.id
        && ((is_sure(&heard.cluster) && is_sure(&other.cluster)) || have_one_authority(way, other_way))
}

async fn judged<A>(
    account: Account<'_>,
    people: Option<AccountVoices>,
    mut clusters: Vec<Cluster<A>>,
    is_interrupted: bool,
) -> Fleet<A> {
    let heard = clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok());
    let holders: Vec<Uid> = heard.flat_map(|(_, heard)| heard.scan.identities()).collect();
    let account = account.heard(people, &holders, is_interrupted).await;
    let asked = account.cloud.ready().is_some();
    for (_, heard) in clusters.iter_mut().filter_map(|cluster| cluster.outcome.as_mut().ok()) {
        heard.scan.judge(&account.people, asked);
    }
    Fleet { account, clusters, is_interrupted }
}

/// Last accesses, by cluster and identity.
pub type Activities = BTreeMap<(ClusterId, Uid), LastAccess>;

/// Searches the audit logs of the last seven days for everybody who holds something; after Ctrl-C, for whom it was done by then.
pub async fn last_accesses<A>(fleet: &mut Fleet<A>, interrupt: &Interrupt) -> Activities {
    let told = RefCell::new(BTreeMap::new());
    tokio::select! {
        biased;
        () = interrupt.pressed() => fleet.is_interrupted = true,
        () = search(fleet, &told) => {}
    }
    told.into_inner()
}

async fn search<A>(fleet: &Fleet<A>, told: &RefCell<Activities>) {
    let Some(cloud) = fleet.account.cloud.ready() else { return };
    let known = fleet.heard().filter_map(|heard| Some((heard, heard.cluster.id.as_ref()?)));
    let searched = known.map(async |(heard, id)| {
        let questions = holders_of(&heard.scan).into_iter().map(|holder| (id.clone(), holder.uid)).collect();
        let answers = activities(cloud, heard.region.as_ref(), questions).await;
        told.borrow_mut().extend(answers);
    });
    searched.collect::<FuturesUnordered<_>>().collect::<()>().await;
}

/// Reads clusters.
struct Reader<'a> {
    question: holders::Question<'a>,
    account: &'a Account<'a>,
    bounds: Bounds,
    board: &'a Board,
}

impl Reader<'_> {
    async fn read_all<A>(
        &self,
        members: &[Member],
        keep: &impl Fn(ApiServer) -> A,
        heard: &RefCell<BTreeMap<usize, Outcome<A>>>,
    ) {
        self.board.expect(members.len());
        let places = Semaphore::new(self.bounds.parallel);
        // Small until its turn has come: what reading takes is made then.
        let readings = members.iter().enumerate().map(async |(index, member)| {
            let outcome = self.read(index, member, &places, keep).await;
            self.board.ended(index, outcome.is_ok());
            heard.borrow_mut().insert(index, outcome);
        });
        readings.collect::<FuturesUnordered<_>>().collect::<()>().await;
    }

    /// Reads one cluster. Its place is given back once the API server has answered: the cloud is the account's.
    async fn read<A>(
        &self,
        index: usize,
        member: &Member,
        places: &Semaphore,
        keep: &impl Fn(ApiServer) -> A,
    ) -> Outcome<A> {
        let place = places.acquire().await;
        self.board.begun(index, member.place.word());
        let (way, answer) = self.bounds.within(Box::pin(self.ask_server(member))).await?;
        drop(place);
        let told = self.bounds.timed(Box::pin(ask_cloud(self.account, &answer))).await;
        let (listed, kubeconfigs) = told.unwrap_or_else(|limit| {
            let reason = format!("cs:ListClusterKubeconfigStates: no answer within {}s", limit.as_secs_f64());
            (None, Listing::failed(reason))
        });
        let heard = answer.beside(listed, kubeconfigs, way.context.name.as_deref(), keep);
        Ok((way, heard))
    }

    /// Asks by the first way; by the next one where its credential isn't taken.
    async fn ask_server(&self, member: &Member) -> Result<(Way, ServerAnswer)> {
        let issued;
        let ways = match &member.reach {
            Reach::Nothing(unreachable) => return Err(unreachable.error()),
            Reach::TemporaryCredential(cluster, issue) => {
                issued = [temporary::way(self.question.world, self.account, cluster, *issue).await?];
                issued.as_slice()
            }
            Reach::Ways(ways) => ways,
        };
        let mut refused = None;
        for way in ways {
            match ask_server(self.question, way, member.wanted.as_ref()).await {
                Ok(answer) => return Ok((way.clone(), answer)),
                Err(Unheard::Failed(error)) => return Err(error),
                Err(Unheard::Refused(error)) => {
                    tracing::info!(context = ?way.context.name, error = error.message(), "refused");
                    refused.get_or_insert(error);
                }
            }
        }
        Err(refused.unwrap_or_else(Error::interrupted))
    }
}
