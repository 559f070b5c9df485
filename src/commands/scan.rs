//! `scan`: who holds access to the cluster.

use std::collections::BTreeMap;

use super::access;
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, FailOn, ScanArgs};
use crate::core::cluster_id::{KnownCluster, confirm};
use crate::core::evidence::{AccountVoices, Answer, ClusterVoices, Listing};
use crate::core::grants::Grants;
use crate::core::ids::Uid;
use crate::core::kubeconfig::ResolvedContext;
use crate::core::scan::{ClusterScan, Filter, Selection, StateKind};
use crate::core::verdict::{AccountDirectory, ClusterDirectory, Verdict};
use crate::error::{Error, Result};
use crate::gather::grants::{AccessVoices, Reading, ask};
use crate::gather::{connection, conversation};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, Rows, ScanReport, ScannedCluster};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(args: &ScanArgs, flags: &AccessArgs, world: &World, ui: &Ui) -> Result<Status> {
    let target = access::target(flags, args.in_cluster, args.cluster_id.as_ref(), world)?;
    let voices = conversation::run(read(args, flags, &target.context, world))??;
    let reading = voices.settle().map_err(access::refused)?;
    let cluster = confirm(target.inference, reading.profile.cluster_id.as_deref());
    let incomplete = !reading.unread.is_empty();
    say(&reading, &cluster, ui);

    let shown = ScannedCluster {
        id: cluster.id.as_ref().map(ToString::to_string),
        name: None,
        context: target.context.name,
        error: incomplete.then(|| reading.unread.join("; ")),
    };
    let clusters = [judge(reading, cluster)];
    let filter = Filter { all_users: args.all_users, uids: args.uid.clone(), states: args.state.clone() };
    let selection = Selection::new(&clusters, &filter);
    ui.report(&ScanReport {
        api_version: ApiVersion::V1,
        clusters: vec![shown],
        grants: Rows { clusters: &clusters, selection: &selection, now: world.now },
        incomplete,
        hidden: selection.hidden_grants,
    })?;
    sum_up(&selection, &clusters, ui);
    Ok(match (incomplete, finds(&args.fail_on, &selection, &clusters)) {
        (true, _) => Status::Incomplete,
        (false, true) => Status::Findings,
        (false, false) => Status::Done,
    })
}

async fn read(args: &ScanArgs, flags: &AccessArgs, context: &ResolvedContext, world: &World) -> Result<AccessVoices> {
    let timeout = flags.request_timeout.0;
    let (endpoint, login) = connection::connection(world, context, timeout).await.map_err(Error::failed)?;
    let api = ApiServer::connect(&endpoint, &login, timeout).map_err(Error::failed)?;
    Ok(ask(&api, args.namespace.as_deref()).await)
}

/// Says who the identities are. The cloud is not asked: only the cluster's owner is known.
fn judge(reading: Reading, cluster: KnownCluster) -> ClusterScan {
    let owner = reading.profile.owner.as_deref().and_then(Uid::parse);
    let account = AccountDirectory::new(AccountVoices::not_asked());
    let voices =
        ClusterVoices { owner: owner.clone().map_or(Answer::NotAsked, Answer::Known), kubeconfigs: Listing::NotAsked };
    let directory = ClusterDirectory::new(voices);
    ClusterScan {
        id: cluster.id,
        grants: Grants::extract(reading.inventory, reading.mappings),
        verdicts: owner
            .into_iter()
            .map(|uid| (uid.clone(), account.judge(&uid, &directory)))
            .collect::<BTreeMap<_, _>>(),
        unasked: Verdict::not_asked(),
    }
}

fn say(reading: &Reading, cluster: &KnownCluster, ui: &Ui) {
    reading.unread.iter().chain(&cluster.warnings).for_each(|text| ui.warning(text));
    reading.notes.iter().for_each(|text| ui.note(text));
}

fn sum_up(selection: &Selection, clusters: &[ClusterScan], ui: &Ui) {
    if clusters.iter().any(|cluster| !cluster.grants.is_empty()) {
        ui.note("every identity is Unknown: the cloud was not asked who these numbers are");
    }
    if selection.hidden_grants > 0 {
        ui.note(&format!(
            "{} grants of {} living identities hidden, --all-users shows them",
            selection.hidden_grants, selection.hidden_identities
        ));
    }
}

fn finds(fail_on: &[FailOn], selection: &Selection, clusters: &[ClusterScan]) -> bool {
    selection.rows(clusters).any(|row| {
        let state = StateKind::of(row.verdict.state);
        fail_on.iter().any(|word| match word {
            FailOn::Deleted => state == StateKind::Deleted,
            FailOn::Recycled => state == StateKind::Recycled,
            FailOn::Unknown => state == StateKind::Unknown,
            FailOn::Orphaned => matches!(state, StateKind::Deleted | StateKind::Recycled),
        })
    })
}
