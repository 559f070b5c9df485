//! `scan`: who holds access to the cluster.

use std::collections::BTreeSet;

use super::access;
use super::cloud;
use crate::cli::{AccessArgs, CloudArgs, FailOn, ScanArgs};
use crate::core::ids::ClusterId;
use crate::core::journal::OperationId;
use crate::core::scan::{ClusterScan, Filter, ScanRow, Selection, StateKind};
use crate::error::{Result, chain};
use crate::gather::conversation;
use crate::gather::history;
use crate::gather::holders::{Heard, Question, hear};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, Rows, ScanReport, ScannedCluster};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &ScanArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let target = access::target(access, args.in_cluster, args.cluster_id.as_ref(), world)?;
    let heard = conversation::run(hear(Question {
        world,
        context: &target.context,
        inference: target.inference,
        timeout: access.request_timeout.0,
        wanted: args.cluster_id.as_ref(),
        namespace: args.namespace.as_deref().filter(|name| !name.is_empty()),
        cloud: cloud::settings(cloud_args, access, world)?,
    }))??;
    let incomplete = !heard.unread.is_empty() || !heard.failed.is_empty();
    cloud::say_heard(&heard, ui);

    let cluster = scanned(&heard, target.context.name);
    let cloud = cloud::view(&heard.cloud, heard.account.voices(), &heard.failed);
    let clusters = [heard.scan];
    let dead = dead_names(clusters[0].id.as_ref(), world);
    let filter = Filter {
        all_users: args.all_users,
        uids: args.uid.clone(),
        states: args.state.clone(),
        dead: dead.iter().flatten().map(|(name, _)| name.clone()).collect(),
    };
    let selection = Selection::new(&clusters, &filter);
    say_reappeared(&selection, &clusters, dead.as_deref().unwrap_or_default(), ui);
    let names: Option<Vec<String>> = dead.map(|dead| dead.into_iter().map(|(name, _)| name).collect());
    ui.report(&ScanReport {
        api_version: ApiVersion::V1,
        clusters: vec![cluster],
        grants: Rows { clusters: &clusters, selection: &selection, now: world.now, dead: names.as_deref() },
        cloud,
        incomplete,
        hidden: selection.hidden_rows,
    })?;
    sum_up(&selection, &clusters, ui);
    Ok(match (incomplete, finds(&args.fail_on, &selection, &clusters)) {
        (true, _) => Status::Incomplete,
        (false, true) => Status::Findings,
        (false, false) => Status::Done,
    })
}

/// The user names of leaked credentials that were revoked in this cluster from this machine, with the operations that did it;
/// `None` where the state folder can't be read.
fn dead_names(cluster: Option<&ClusterId>, world: &World) -> Option<Vec<(String, OperationId)>> {
    let standing = history::tombstones(world)
        .inspect_err(|error| tracing::debug!(error = chain(error), "nobody can tell what has reappeared"))
        .ok()?;
    let here = standing.into_iter().filter(|dead| dead.is_of(cluster));
    Some(here.map(|dead| (dead.tombstone.common_name, dead.operation)).collect())
}

fn say_reappeared(selection: &Selection, clusters: &[ClusterScan], dead: &[(String, OperationId)], ui: &Ui) {
    for (name, operation) in dead {
        if selection.rows(clusters).any(|row| row.grant.is_some_and(|grant| grant.subject == name)) {
            ui.warning(&format!(
                "{name} is the name of a leaked credential that {operation} revoked, and holds a grant again"
            ));
        }
    }
}

fn scanned(heard: &Heard, context: Option<String>) -> ScannedCluster {
    ScannedCluster {
        id: heard.cluster.id.as_ref().map(ToString::to_string),
        name: heard.listed.as_ref().map(|listed| listed.name.clone()),
        context,
        error: (!heard.unread.is_empty()).then(|| heard.unread.join("; ")),
    }
}

fn sum_up(selection: &Selection, clusters: &[ClusterScan], ui: &Ui) {
    let gone = |row: &ScanRow<'_>| StateKind::of(row.verdict.state) == StateKind::Deleted;
    let (granted, unbound): (Vec<_>, Vec<_>) =
        selection.rows(clusters).filter(gone).partition(|row| row.grant.is_some());
    let holders = granted.iter().map(|row| row.uid).collect::<BTreeSet<_>>().len();
    let bindings = count(granted.len(), "binding");
    match holders {
        0 => {}
        1 => ui.note(&format!("1 identity that no longer exists holds {bindings} here")),
        number => ui.note(&format!("{number} identities that no longer exist hold {bindings} here")),
    }
    match unbound.len() {
        0 => {}
        1 => ui.note("1 identity that no longer exists has an issued kubeconfig and no binding"),
        number => {
            ui.note(&format!("{number} identities that no longer exist have an issued kubeconfig and no binding"))
        }
    }
    let rows = count(selection.hidden_rows, "row");
    match selection.hidden_identities {
        0 => {}
        1 => ui.note(&format!("{rows} of 1 living identity not shown, --all-users shows them")),
        number => ui.note(&format!("{rows} of {number} living identities not shown, --all-users shows them")),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
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
