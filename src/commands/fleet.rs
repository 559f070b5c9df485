//! One cluster or several, read for a command: with a bar at a terminal, and with what is known so far after Ctrl-C.

use std::collections::{BTreeMap, BTreeSet};

use super::cloud;
use super::clusters::{Chosen, Extent};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::core::failure::Failure;
use crate::core::progress::Progress;
use crate::core::rbac::others::and_more;
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::error::{Error, Result};
use crate::gather::cluster_access;
use crate::gather::fleet::{self, Bounds, Cluster, ClusterRef, Fleet, FleetQuery, Wanted};
use crate::gather::grants::BindingsNeeded;
use crate::gather::runtime::{Interrupt, Runtime};
use crate::output::ui::Ui;
use crate::output::views::ScannedCluster;
use crate::status::Status;
use crate::world::OpenFiles;

/// How many clusters are named that were not read for one reason.
const FEW: usize = 5;

/// Reads the clusters for a command that only shows what is there. `keep` makes of the connection to each API server what is still
/// needed.
///
/// # Errors
/// As [`read`]; and why the one cluster that was meant could not be read.
pub(super) fn read_to_show<A>(
    runtime: &Runtime,
    chosen: Chosen,
    cluster: cluster_access::AccessQuery<'_>,
    cloud: Option<CloudSettings>,
    keep: impl Fn(ApiServer) -> A,
    ui: &Ui,
) -> Result<Fleet<A>> {
    let question =
        FleetQuery { cluster, choice: chosen.choice, cloud, bounds: chosen.bounds, needed: BindingsNeeded::OneKind };
    let fleet =
        runtime.to_completion(|| (), async |interrupt| read(question, &keep, chosen.extent, &interrupt, ui).await)?;
    if chosen.extent.is_several() { Ok(fleet) } else { only(fleet) }
}

/// Reads the clusters for a command that changes something there: what was read in part is no basis for that, but bindings that are not
/// `needed` may be unread.
///
/// # Errors
/// As [`read_to_show`]; and Ctrl-C.
pub(super) fn read_to_change(
    runtime: &Runtime,
    chosen: Chosen,
    cluster: cluster_access::AccessQuery<'_>,
    cloud: Option<CloudSettings>,
    needed: BindingsNeeded,
    ui: &Ui,
) -> Result<Fleet<ApiServer>> {
    let Chosen { choice, extent, bounds } = chosen;
    // Connections of more clusters than are asked at a time would only wait, and take memory.
    let stays_connected = choice.at_most().is_some_and(|clusters| clusters <= bounds.parallel);
    let keep = |api: ApiServer| {
        if !stays_connected {
            api.disconnect();
        }
        api
    };
    let question = FleetQuery { cluster, choice, cloud, bounds, needed };
    let fleet = runtime.to_completion(|| (), async |interrupt| read(question, keep, extent, &interrupt, ui).await)?;
    match fleet.is_interrupted {
        true => Err(Error::interrupted()),
        false if extent.is_several() => Ok(fleet),
        false => only(fleet),
    }
}

/// The fleet of one cluster, which could be read.
///
/// # Errors
/// Why it could not.
fn only<A>(mut fleet: Fleet<A>) -> Result<Fleet<A>> {
    match fleet.clusters.pop() {
        Some(Cluster { cluster_ref, outcome: Err(error) })
            if cluster_ref.context.is_none() && cluster_ref.id.is_some() =>
        {
            Err(error.context(&cluster_ref.describe()))
        }
        Some(Cluster { outcome: Err(error), .. }) => Err(error),
        Some(read) => Ok(Fleet { clusters: vec![read], ..fleet }),
        None => Ok(fleet),
    }
}

/// Why nothing is changed in a cluster that could not be read.
pub(super) fn unread(cluster_ref: &ClusterRef, error: &Error) -> Refusal {
    let message = format!("{}: {}", cluster_ref.describe(), error.message());
    let scope = RefusalScope::Cluster(Some(cluster_ref.describe()));
    Refusal::new(RefusalCode::ClusterUnread, message).of(scope).in_cluster(cluster_ref.id.as_ref())
}

/// Reports what was not read and what contradicts, before the result; and that identities are Unknown where no cloud was asked.
pub(super) fn say_read<A>(fleet: &Fleet<A>, extent: Extent, ui: &Ui) {
    say_sources(fleet, extent, ui);
    if fleet.reading().any(|reading| !reading.scan.grants.is_empty()) {
        cloud::say_not_asked(&fleet.account.cloud, ui);
    }
}

/// Reports what was not read and what contradicts, before the result.
pub(super) fn say_sources<A>(fleet: &Fleet<A>, extent: Extent, ui: &Ui) {
    say_unread(fleet, extent, ui);
    let (mut failed, mut disagreements) = (Vec::new(), BTreeSet::new());
    for Cluster { cluster_ref, outcome } in &fleet.clusters {
        let prefix = if extent.is_several() { format!("{}: ", cluster_ref.describe()) } else { String::new() };
        let Ok((_, reading)) = outcome else { continue };
        let messages = reading.unread.iter().chain(&reading.cluster.warnings);
        messages.for_each(|text| ui.warning(&format!("{prefix}{text}")));
        let of_cluster = reading.failed.iter().cloned();
        failed.extend(of_cluster.map(|failure| failure.in_words(|text| format!("{prefix}{text}"))));
        let verdicts = reading.scan.verdicts.iter();
        disagreements.extend(verdicts.filter_map(|(uid, verdict)| Some((uid, verdict.disagreement.as_ref()?))));
        for note in &reading.notes {
            // What is no failure is reported for one cluster, and for several only on request.
            if extent.is_several() {
                tracing::info!("{prefix}{note}");
            } else {
                ui.note(note);
            }
        }
    }
    // If the list failed, it is unknown whether there is one.
    if fleet.clusters.is_empty() && fleet.account.failed.is_empty() {
        ui.note("there is no cluster to read");
    }
    ui.failures(failed.iter().chain(&fleet.account.failed));
    disagreements.into_iter().for_each(|(uid, text)| ui.warning(&format!("{uid}: {text}")));
}

/// A cluster as documents name it.
pub(super) fn scanned<A>(cluster: &Cluster<A>) -> ScannedCluster {
    let cluster_ref = &cluster.cluster_ref;
    let (id, name, error) = match &cluster.outcome {
        Ok((_, reading)) => {
            let error = (!reading.unread.is_empty()).then(|| reading.unread.join("; "));
            (reading.scan.id.as_ref(), reading.scan.name.as_ref(), error)
        }
        Err(error) => (cluster_ref.id.as_ref(), cluster_ref.name.as_ref(), Some(error.message())),
    };
    ScannedCluster {
        id: id.map(ToString::to_string),
        name: name.cloned(),
        context: cluster.context().map(str::to_owned),
        temporary_credential: cluster_ref.temporary_credential,
        error,
    }
}

/// Says which clusters were not read: those of one reason together.
fn say_unread<A>(fleet: &Fleet<A>, extent: Extent, ui: &Ui) {
    let (mut reasons, mut hints): (BTreeMap<String, Vec<String>>, _) = (BTreeMap::new(), BTreeSet::new());
    let mut interrupted = 0;
    for Cluster { cluster_ref, outcome } in &fleet.clusters {
        match outcome {
            Err(error) if error.status() == Status::Interrupted && extent.is_several() => interrupted += 1,
            Err(error) => {
                reasons.entry(error.message()).or_default().push(cluster_ref.describe());
                hints.extend(error.advice());
            }
            Ok(_) => {}
        }
    }
    for (reason, clusters) in reasons {
        let named = and_more(&clusters[..clusters.len().min(FEW)], ", ", clusters.len());
        match clusters.len() {
            1 if !extent.is_several() => ui.warning(&reason),
            1 => ui.warning(&format!("{named}: {reason}")),
            count => ui.warning(&format!("{named}: {reason} ({count} clusters)")),
        }
    }
    hints.into_iter().for_each(|hint| ui.note(&format!("hint: {hint}")));
    if interrupted > 0 {
        let (read, all) = (fleet.reading().count(), fleet.clusters.len());
        ui.warning(&format!("{read} of {all} clusters read; {interrupted} interrupted"));
    }
}

/// What of the cloud was asked and failed: of the account, and of each cluster.
pub(super) fn failures<A>(fleet: &Fleet<A>) -> Vec<Failure> {
    let mut failed: Vec<Failure> = fleet.reading().flat_map(|reading| reading.failed.clone()).collect();
    failed.extend(fleet.account.failed.iter().cloned());
    failed.sort();
    failed.dedup();
    failed
}

/// How a reading ends: interrupted, failed where nothing could be read, incomplete where something could not.
pub(super) fn status<A>(fleet: &Fleet<A>) -> Status {
    let gaps = |cluster: &Cluster<A>| cluster.outcome.as_ref().map_or(true, |(_, reading)| reading.has_gaps());
    let nothing = || fleet.reading().next().is_none();
    match fleet.account.failed.is_empty() && !fleet.clusters.iter().any(gaps) {
        _ if fleet.is_interrupted => Status::Interrupted,
        true => Status::Done,
        false if nothing() => Status::Failed,
        false => Status::Incomplete,
    }
}

/// Says that fewer clusters are read at a time than were asked for.
fn say_lowered(bounds: Bounds, open_files: OpenFiles, ui: &Ui) {
    if let (Some(wanted), Some(limit)) = (bounds.lowered_from, open_files.limit()) {
        let parallel = bounds.parallel;
        ui.note(&format!("--parallel is {parallel}, not {wanted}: this process may open {limit} files (ulimit -n)"));
    }
}

/// Reads the clusters, with a bar if standard error is a terminal.
///
/// # Errors
/// Where the account's clusters were wanted and the cloud can't be asked, and where Ctrl-C left nothing to show.
async fn read<A>(
    question: FleetQuery<'_>,
    keep: impl Fn(ApiServer) -> A,
    extent: Extent,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Fleet<A>> {
    let of_account = matches!(question.choice.wanted, Wanted::OfAccount(_));
    if extent.is_several() {
        say_lowered(question.bounds, question.cluster.world.open_files, ui);
    }
    let unattended = extent.is_several().then(|| question.cluster.world.without_a_person());
    let world = unattended.as_ref().unwrap_or(question.cluster.world);
    let cluster = cluster_access::AccessQuery { world, ..question.cluster };
    let question = FleetQuery { cluster, ..question };
    let bar = ui.bar().filter(|_| extent.is_several());
    let draw = |progress: &Progress| {
        if let Some(bar) = &bar {
            bar.draw(progress);
        }
    };
    let watcher = bar.as_ref().map(|_| &draw as fleet::Watcher<'_>);
    // A plugin that asks something at the terminal is left alone with it.
    let is_one = !extent.is_several() && !question.choice.runs_plugin();
    let reading = Box::pin(fleet::read(question, keep, watcher, interrupt));
    let fleet = if is_one { ui.waiting("reading the cluster", reading).await } else { reading.await };
    drop(bar);
    if of_account && fleet.account.cloud.ready().is_none() && !fleet.is_interrupted {
        return Err(cloud::needed(&fleet.account.cloud, "only the cloud knows the account's clusters"));
    }
    if fleet.is_interrupted && fleet.reading().next().is_none() {
        return Err(Error::interrupted());
    }
    Ok(fleet)
}
