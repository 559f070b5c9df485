//! Several clusters, read side by side: so many at a time, none of them for longer than it may take, and with one account
//! asked for all of them. A cluster that is slow or does not answer does not stop the others.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{OnceCell, Semaphore};

use super::account::{Account, AccountReading};
use super::cluster_access::{self, ClusterReading, ReadError, Route, ServerAnswer, ask_cloud, ask_server};
use super::grants::BindingsNeeded;
use super::look_up;
use super::runtime::Interrupt;
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::core::cluster::cluster_id::{ClusterIdFrom, KnownCluster};
use crate::core::identity::evidence::{AccountSources, KubeconfigListings};
use crate::core::ids::Uid;
use crate::core::progress::Progress;
use crate::error::{Error, Result};
use crate::world::OpenFiles;

mod audit_logs;
mod members;
mod progress_tracker;
mod temporary;

pub use audit_logs::{Activities, AuditLogs, audit_logs};
pub use members::{Choice, ClusterRef, Wanted};

use members::{Member, Reach, have_one_authority};
use progress_tracker::ProgressTracker;

/// What is to be found out.
pub struct FleetQuery<'a> {
    /// Of each cluster.
    pub cluster: cluster_access::AccessQuery<'a>,
    /// Which clusters.
    pub choice: Choice,
    /// How the cloud is reached; `None` where it is not wanted.
    pub cloud: Option<CloudSettings>,
    /// How far the clusters may go.
    pub bounds: Bounds,
    /// Which bindings must be readable, for a cluster to count as read.
    pub needed: BindingsNeeded,
}

/// How far the clusters may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many API servers are read at a time.
    pub parallel: usize,
    /// How many were asked for, where so many files and connections can't be open at a time.
    pub lowered_from: Option<usize>,
    /// How long a cluster may take; `None` for as long as its exchanges may.
    pub each: Option<Duration>,
}

impl Bounds {
    /// So many clusters at a time, or as many of them as the system's limit on open files lets.
    pub fn new(parallel: usize, each: Option<Duration>, open_files: OpenFiles) -> Self {
        let possible = open_files.clusters(parallel);
        Self { parallel: possible, lowered_from: (possible < parallel).then_some(parallel), each }
    }

    /// Lets work go on for as long as a cluster may take.
    ///
    /// # Errors
    /// What the work ends with; or that it took too long.
    pub async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.timed(work).await.unwrap_or_else(|limit| {
            let error = anyhow::anyhow!("not read within {}s", limit.as_secs_f64());
            Err(Error::failed(error).hint("use --cluster-timeout to wait longer"))
        })
    }

    async fn timed<T>(&self, work: impl Future<Output = T>) -> Result<T, Duration> {
        match self.each {
            None => Ok(work.await),
            Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
        }
    }
}

/// What was read.
pub struct Fleet<A> {
    /// The account that was asked.
    pub account: AccountReading,
    /// The clusters, in the order in which they were chosen.
    pub clusters: Vec<Cluster<A>>,
    /// Whether it was interrupted.
    pub is_interrupted: bool,
}

/// A cluster that was to be read.
pub struct Cluster<A> {
    /// Which one, as far as it was known beforehand.
    pub cluster_ref: ClusterRef,
    /// What came of it.
    pub outcome: Outcome<A>,
}

/// What a cluster said, and by which way; or why it could not be read.
pub type Outcome<A> = Result<(Route, ClusterReading<A>)>;

impl<A> Fleet<A> {
    /// What the clusters said that could be read.
    pub fn reading(&self) -> impl Iterator<Item = &ClusterReading<A>> {
        self.clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok()).map(|(_, reading)| reading)
    }
}

impl<A> Cluster<A> {
    /// The context that it was read through, or that was tried first.
    pub fn context(&self) -> Option<&str> {
        match &self.outcome {
            Ok((route, _)) => route.context.name.as_deref(),
            Err(_) => self.cluster_ref.context.as_deref(),
        }
    }
}

/// What follows the progress.
pub type Watcher<'a> = &'a dyn Fn(&Progress);

/// Asks all members. `keep` makes of the way to each API server what is still needed; a way that is kept keeps its connections.
/// Ctrl-C ends it with what is known by then.
pub async fn read<A>(
    question: FleetQuery<'_>,
    keep: impl Fn(ApiServer) -> A,
    watcher: Option<Watcher<'_>>,
    interrupt: &Interrupt,
) -> Fleet<A> {
    let FleetQuery { cluster, choice, cloud, bounds, needed } = question;
    let account = Account::new(cluster.world, cloud, choice.listing());
    let (members, people, reading) = (OnceCell::new(), RefCell::new(None), RefCell::new(BTreeMap::new()));
    let is_interrupted = {
        let progress_tracker = ProgressTracker::default();
        let reader =
            Reader { question: cluster, account: &account, bounds, needed, progress_tracker: &progress_tracker };
        let everybody = async {
            let ask_people = async { people.replace(Some(account.people().await)) };
            let read = async {
                let members = members.get_or_init(|| choice.members(&account)).await;
                reader.read_all(members, &keep, &reading).await;
            };
            // On the heap: what talks to so many servers is large.
            tokio::join!(Box::pin(ask_people), Box::pin(read))
        };
        tokio::select! {
            biased;
            () = interrupt.pressed() => true,
            _ = everybody => false,
            () = progress_tracker.tell(watcher) => unreachable!("there is always more to tell"),
        }
    };
    let members = members.into_inner().unwrap_or_default();
    let clusters = each_once(in_order(members, reading.into_inner()));
    judged(account, people.into_inner(), clusters, is_interrupted).await
}

/// Every member with its outcome; one without an outcome was not waited for.
fn in_order<A>(members: Vec<Member>, mut reading: BTreeMap<usize, Outcome<A>>) -> Vec<Cluster<A>> {
    let cluster = |(index, member): (usize, Member)| {
        let outcome = reading.remove(&index).unwrap_or_else(|| Err(Error::interrupted()));
        Cluster { cluster_ref: member.cluster_ref, outcome }
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
    let (Ok((route, reading)), Ok((other_route, other))) = (&one.outcome, &other.outcome) else { return false };
    let is_sure =
        |known: &KnownCluster| known.confirmed == Some(true) || known.from == Some(ClusterIdFrom::ClusterProfile);
    reading.cluster.id.is_some()
        && reading.cluster.id == other.cluster.id
        && ((is_sure(&reading.cluster) && is_sure(&other.cluster)) || have_one_authority(route, other_route))
}

async fn judged<A>(
    account: Account<'_>,
    people: Option<AccountSources>,
    mut clusters: Vec<Cluster<A>>,
    is_interrupted: bool,
) -> Fleet<A> {
    let reading = clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok());
    let holders: Vec<Uid> = reading.flat_map(|(_, reading)| reading.scan.identities()).collect();
    let mut account = account.reading(people, &holders, is_interrupted).await;
    let asked = account.cloud.ready().is_some();
    let mut readings: Vec<&mut ClusterReading<A>> =
        clusters.iter_mut().filter_map(|cluster| cluster.outcome.as_mut().ok()).map(|(_, reading)| reading).collect();
    if let (Some(cloud), false) = (account.cloud.ready(), is_interrupted) {
        let failed = Box::pin(look_up::permission_records(cloud, &account.people, &mut readings)).await;
        account.failed.extend(failed);
    }
    for reading in readings {
        reading.scan.judge(&account.people, asked);
    }
    Fleet { account, clusters, is_interrupted }
}

/// Reads clusters.
struct Reader<'a> {
    question: cluster_access::AccessQuery<'a>,
    account: &'a Account<'a>,
    bounds: Bounds,
    needed: BindingsNeeded,
    progress_tracker: &'a ProgressTracker,
}

impl Reader<'_> {
    async fn read_all<A>(
        &self,
        members: &[Member],
        keep: &impl Fn(ApiServer) -> A,
        reading: &RefCell<BTreeMap<usize, Outcome<A>>>,
    ) {
        self.progress_tracker.expect(members.len());
        let permits = Semaphore::new(self.bounds.parallel);
        // Small until its turn has come: what reading takes is made then.
        let readings = members.iter().enumerate().map(async |(index, member)| {
            let outcome = self.read(index, member, &permits, keep).await;
            self.progress_tracker.ended(index, outcome.is_ok());
            reading.borrow_mut().insert(index, outcome);
        });
        readings.collect::<FuturesUnordered<_>>().collect::<()>().await;
    }

    /// Reads one cluster. Its permit is given back once the API server has answered: the cloud is the account's.
    async fn read<A>(
        &self,
        index: usize,
        member: &Member,
        permits: &Semaphore,
        keep: &impl Fn(ApiServer) -> A,
    ) -> Outcome<A> {
        let permit = permits.acquire().await;
        self.progress_tracker.begun(index, member.cluster_ref.word());
        let (route, answer) = self.bounds.within(Box::pin(self.ask_server(member))).await?;
        drop(permit);
        let answers = self.bounds.timed(Box::pin(ask_cloud(self.account, &answer))).await;
        let (listed, kubeconfigs) = answers.unwrap_or_else(|limit| {
            let reason = format!("cs:ListClusterKubeconfigStates: no answer within {}s", limit.as_secs_f64());
            (None, KubeconfigListings::failed(&reason))
        });
        let reading = answer.beside(listed, kubeconfigs, route.context.name.as_deref(), keep);
        Ok((route, reading))
    }

    /// Asks by the first route; by the next one where its credential isn't taken.
    async fn ask_server(&self, member: &Member) -> Result<(Route, ServerAnswer)> {
        let issued;
        let routes = match &member.reach {
            Reach::Nothing(unreachable) => return Err(unreachable.error()),
            Reach::TemporaryCredential(cluster, issue) => {
                issued = [temporary::route(self.question.world, self.account, cluster, *issue).await?];
                issued.as_slice()
            }
            Reach::Routes(routes) => routes,
        };
        let mut refused = None;
        for route in routes {
            match ask_server(self.question, route, member.wanted.as_ref(), self.needed).await {
                Ok(answer) => return Ok((route.clone(), answer)),
                Err(ReadError::Failed(error)) => return Err(error),
                Err(ReadError::Refused(error)) => {
                    tracing::info!(context = ?route.context.name, error = error.message(), "refused");
                    refused.get_or_insert(error);
                }
            }
        }
        Err(refused.unwrap_or_else(Error::interrupted))
    }
}
