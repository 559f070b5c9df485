//! What the flags that choose clusters come to, and how several of them are read: with a bar at a terminal, and with what is
//! known so far after Ctrl-C.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use super::{access, cloud};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, ClusterArgs};
use crate::core::cluster_id::{Claim, ClusterIdFrom};
use crate::core::ids::ClusterId;
use crate::core::progress::Progress;
use crate::error::{Error, Result};
use crate::gather::conversation::{Conversation, Interrupt};
use crate::gather::fleet::{self, Bounds, Choice, Cluster, Fleet, Question, Wanted};
use crate::gather::holders::{self, Way};
use crate::output::ui::Ui;
use crate::status::Status;
use crate::world::World;

/// How long each of several clusters may take where nobody says.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(60);

/// The clusters that the flags choose.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    /// Whether there may be several: then one that can't be read doesn't end the command.
    pub(super) are_several: bool,
    pub(super) bounds: Bounds,
}

/// Chooses clusters: the pod's own, those of contexts, those with IDs, or all of them.
pub(super) fn choose(args: &ClusterArgs, access: &AccessArgs, in_cluster: bool, world: &World) -> Result<Chosen> {
    let several_contexts = access.context.len() > 1;
    let are_several = args.all_contexts || args.all_clusters || several_contexts || args.cluster_id.len() > 1;
    if args.temporary_credentials && !args.all_clusters && args.cluster_id.is_empty() {
        return Err(Error::usage("--temporary-credentials is for --all-clusters or --cluster-id"));
    }
    if are_several && !args.cluster_id.is_empty() && !access.context.is_empty() {
        return Err(Error::usage("--cluster-id beside --context names the cluster of that one context"));
    }
    if are_several && is_about_one_server(access) {
        let flags = "--server, --cluster, --user, --token and the certificate flags are about one cluster";
        return Err(Error::usage(flags));
    }
    let wanted = if in_cluster {
        Wanted::Ways(vec![access::way(access, true, world)?])
    } else {
        let loaded = access::load(access, world)?;
        match args.cluster_id.as_slice() {
            _ if args.all_contexts => Wanted::Ways(access::all_ways(&loaded, access, world)),
            _ if args.all_clusters => Wanted::OfAccount(access::all_ways(&loaded, access, world)),
            [] if several_contexts => Wanted::Ways(access::named_ways(&loaded, access, world)?),
            [] => Wanted::Ways(vec![Way::by(access::choose(&loaded, access, world)?)]),
            [id] if !access.context.is_empty() => {
                let way = Way::by(access::choose(&loaded, access, world)?);
                Wanted::Exactly(Box::new(on_your_word(way, id)?), id.clone())
            }
            ids => Wanted::Ids(each_once(ids), access::all_ways(&loaded, access, world)),
        }
    };
    let choice = Choice { wanted, temporary_credentials: args.temporary_credentials };
    Ok(Chosen { choice, are_several, bounds: bounds(args, are_several) })
}

/// How far the clusters may go. One alone may take as long as its exchanges, unless somebody says otherwise.
pub(super) fn bounds(args: &ClusterArgs, are_several: bool) -> Bounds {
    let each = args.cluster_timeout.map(positive).or_else(|| are_several.then_some(CLUSTER_TIMEOUT));
    Bounds { parallel: args.parallel.into(), each }
}

/// How long to wait for another operation in the same cluster.
pub(super) fn patience(cluster_timeout: Option<SignedDuration>) -> Duration {
    cluster_timeout.map_or(CLUSTER_TIMEOUT, positive)
}

/// The ways, where a context that tells no ID is known from a record to lead to a cluster. The cluster itself has to confirm it.
pub(super) fn on_record<'a>(
    mut ways: Vec<Way>,
    records: impl IntoIterator<Item = (&'a ClusterId, Option<&'a String>)>,
) -> Vec<Way> {
    for (id, context) in records {
        let is_known = |way: &&mut Way| way.id().is_none() && context.is_some() && way.context.name.as_ref() == context;
        for way in ways.iter_mut().filter(is_known) {
            way.inference.best = Some(Claim { id: id.clone(), from: ClusterIdFrom::Record });
        }
    }
    ways
}

fn is_about_one_server(access: &AccessArgs) -> bool {
    access.cluster.is_some()
        || access.user.is_some()
        || access.server.is_some()
        || access.token.is_some()
        || access.client_certificate.is_some()
        || access.client_key.is_some()
        || access.certificate_authority.is_some()
        || access.tls_server_name.is_some()
        || access.insecure_skip_tls_verify.is_some()
}

/// A context that was named and tells no ID is taken at the user's word, unless the cluster itself says otherwise.
fn on_your_word(mut way: Way, id: &ClusterId) -> Result<Way> {
    match way.id() {
        Some(claimed) if claimed != id => {
            let name = way.context.name.unwrap_or_default();
            let claim = way.inference.best.map(|claim| claim.id.to_string()).unwrap_or_default();
            Err(Error::failed(anyhow::anyhow!("context {name:?} leads to cluster {claim}, not to {id}"))
                .hint("leave out --context or --cluster-id"))
        }
        Some(_) => Ok(way),
        None => {
            way.inference.best = Some(Claim { id: id.clone(), from: ClusterIdFrom::Flag });
            Ok(way)
        }
    }
}

fn each_once(ids: &[ClusterId]) -> Vec<ClusterId> {
    let mut once: Vec<ClusterId> = Vec::new();
    for id in ids {
        if !once.contains(id) {
            once.push(id.clone());
        }
    }
    once
}

/// A duration of the command line as the clock takes it; a negative one is none.
pub(super) fn positive(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

/// Reads the clusters for a command that only tells what is there.
///
/// # Errors
/// As [`read`]; and why the one cluster that was meant could not be read.
pub(super) fn tell(
    conversation: &Conversation,
    chosen: Chosen,
    cluster: holders::Question<'_>,
    cloud: Option<CloudSettings>,
    ui: &Ui,
) -> Result<Fleet<()>> {
    let question = Question { cluster, choice: chosen.choice, cloud, bounds: chosen.bounds };
    let fleet =
        conversation.finish(async |interrupt| read(question, drop, chosen.are_several, &interrupt, ui).await)?;
    if chosen.are_several { Ok(fleet) } else { only(fleet) }
}

/// The fleet of one cluster, which could be read.
///
/// # Errors
/// Why it could not.
pub(super) fn only<A>(mut fleet: Fleet<A>) -> Result<Fleet<A>> {
    match fleet.clusters.pop() {
        Some(Cluster { place, outcome: Err(error) }) if place.context.is_none() && place.id.is_some() => {
            Err(error.context(&place.describe()))
        }
        Some(Cluster { outcome: Err(error), .. }) => Err(error),
        Some(read) => Ok(Fleet { clusters: vec![read], ..fleet }),
        None => Ok(fleet),
    }
}

/// Says what was not heard and what contradicts, before the result.
pub(super) fn say_heard<A>(fleet: &Fleet<A>, are_several: bool, ui: &Ui) {
    let (mut hints, mut disagreements) = (BTreeSet::new(), BTreeSet::new());
    for Cluster { place, outcome } in &fleet.clusters {
        let prefix = if are_several { format!("{}: ", place.describe()) } else { String::new() };
        match outcome {
            Err(error) => {
                ui.warning(&format!("{prefix}{}", error.message()));
                hints.extend(error.advice());
            }
            Ok((_, heard)) => {
                let told = heard.unread.iter().chain(&heard.failed).chain(&heard.cluster.warnings);
                told.for_each(|text| ui.warning(&format!("{prefix}{text}")));
                let verdicts = heard.scan.verdicts.iter();
                disagreements.extend(verdicts.filter_map(|(uid, verdict)| Some((uid, verdict.disagreement.as_ref()?))));
                for note in &heard.notes {
                    // What is no failure is told once for one cluster, and for many where somebody asks for it.
                    if are_several {
                        tracing::info!("{prefix}{note}");
                    } else {
                        ui.note(note);
                    }
                }
            }
        }
    }
    if fleet.clusters.is_empty() {
        ui.note("there is no cluster to read");
    }
    fleet.account.failed.iter().for_each(|text| ui.warning(text));
    disagreements.into_iter().for_each(|(uid, text)| ui.warning(&format!("{uid}: {text}")));
    hints.into_iter().for_each(|hint| ui.note(&format!("hint: {hint}")));
    let read = fleet.clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok());
    if read.into_iter().any(|(_, heard)| !heard.scan.grants.is_empty()) {
        cloud::say_not_asked(&fleet.account.cloud, ui);
    }
}

/// What of the cloud was asked and failed: of the account, and of each cluster.
pub(super) fn failures<A>(fleet: &Fleet<A>) -> Vec<String> {
    let read = fleet.clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok());
    let mut failed: Vec<String> = read.flat_map(|(_, heard)| heard.failed.clone()).collect();
    failed.extend(fleet.account.failed.iter().cloned());
    failed.sort();
    failed.dedup();
    failed
}

/// How a reading ends: interrupted, failed where nothing could be read, incomplete where something could not.
pub(super) fn status<A>(fleet: &Fleet<A>) -> Status {
    let gaps = |cluster: &Cluster<A>| cluster.outcome.as_ref().map_or(true, |(_, heard)| heard.has_gaps());
    let nothing = || fleet.clusters.iter().all(|cluster| cluster.outcome.is_err());
    match fleet.account.failed.is_empty() && !fleet.clusters.iter().any(gaps) {
        _ if fleet.is_interrupted => Status::Interrupted,
        true => Status::Done,
        false if nothing() => Status::Failed,
        false => Status::Incomplete,
    }
}

/// Reads the clusters, with a bar where somebody looks at it.
///
/// # Errors
/// Where the account's clusters were wanted and the cloud can't be asked, and where Ctrl-C left nothing to tell.
pub(super) async fn read<A>(
    question: Question<'_>,
    keep: impl Fn(ApiServer) -> A,
    are_several: bool,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Fleet<A>> {
    let of_account = matches!(question.choice.wanted, Wanted::OfAccount(_));
    let unattended = question.cluster.world.without_a_person();
    let cluster =
        holders::Question { world: if are_several { &unattended } else { question.cluster.world }, ..question.cluster };
    let question = Question { cluster, ..question };
    let bar = ui.bar().filter(|_| are_several);
    let draw = |progress: &Progress| {
        if let Some(bar) = &bar {
            bar.draw(progress);
        }
    };
    let watcher = bar.as_ref().map(|_| &draw as fleet::Watcher<'_>);
    let fleet = Box::pin(fleet::hear(question, keep, watcher, interrupt)).await;
    drop(bar);
    if of_account && fleet.account.cloud.ready().is_none() && !fleet.is_interrupted {
        return Err(cloud::needed(&fleet.account.cloud, "only the cloud knows the account's clusters"));
    }
    if fleet.is_interrupted && fleet.clusters.iter().all(|cluster| cluster.outcome.is_err()) {
        return Err(Error::interrupted());
    }
    Ok(fleet)
}
