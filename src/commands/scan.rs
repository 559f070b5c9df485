//! `scan`: who holds access to the cluster.

use std::collections::BTreeSet;

use super::clusters::{self, Extent};
use super::{cloud, fleet};
use crate::adapters::journal::{JournalError, StateFolder};
use crate::cli::{AccessArgs, CloudArgs, FailOn, ScanArgs};
use crate::core::access::likeness::{Likeness, RamNames, likenesses};
use crate::core::access::scan::{ClusterScan, DeadNames, Filter, ScanRow, Selection, StateKind};
use crate::core::identity::verdict::AccountDirectory;
use crate::core::ids::Uid;
use crate::core::rbac::grants::GrantSource;
use crate::error::{Error, Result, chain};
use crate::gather::cluster_access::AccessQuery;
use crate::gather::history::{self, Mark, Operations, RevokedCredential, Scrutiny};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, Identities, Kind, ResemblingView, Rows, ScanReport, ScannedCluster, counted};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &ScanArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    if args.fail_on.contains(&FailOn::Any) {
        return Err(Error::usage("--fail-on any is for --persistence").hint("kubectl ackcred scan --help"));
    }
    let chosen = clusters::choose(&args.clusters, access, args.in_cluster, world)?;
    let extent = chosen.extent;
    let question = AccessQuery {
        world,
        timeout: access.request_timeout.0,
        namespace: args.namespace.as_deref().filter(|name| !name.is_empty()),
        with_rights: false,
    };
    let settings = cloud::settings(cloud_args, access, world)?;
    let fleet = fleet::read_to_show(&Runtime::begin()?, chosen, question, settings, drop, ui)?;
    fleet::say_read(&fleet, extent, ui);

    let status = fleet::status(&fleet);
    let cloud = cloud::view(&fleet.account.cloud, fleet.account.people.sources(), &fleet::failures(&fleet));
    let views: Vec<ScannedCluster> = fleet.clusters.iter().map(fleet::scanned).collect();
    let reading = fleet.clusters.into_iter().filter_map(|cluster| cluster.outcome.ok());
    let clusters: Vec<ClusterScan> = reading.map(|(_, reading)| reading.scan).collect();
    let marks = marks(world, ui);
    let active = marks.as_ref().map(Operations::tombstones).unwrap_or_default();
    let is_complete = marks.as_ref().is_some_and(|marks| marks.unread.is_empty());
    let dead = dead(&clusters, &active, is_complete);
    let filter =
        Filter { all_users: args.all_users, uids: args.uid.clone(), states: args.state.clone(), dead: dead.clone() };
    let selection = Selection::new(&clusters, &filter);
    say_reappeared(&selection, &clusters, &dead, &active, ui);
    let alike = alike(&clusters, &fleet.account.people, &args.uid);
    ui.report(&ScanReport {
        api_version: ApiVersion::V1,
        kind: Kind::ScanReport,
        time: world.now,
        clusters: views,
        identities: Identities { clusters: &clusters, selection: &selection },
        grants: Rows {
            clusters: &clusters,
            selection: &selection,
            now: world.now,
            dead: &dead,
            are_several: extent.is_several(),
        },
        resembling: alike.iter().map(|(cluster, likeness)| ResemblingView::of(cluster.id.as_ref(), likeness)).collect(),
        cloud,
        incomplete: status != Status::Done,
        hidden: selection.hidden_rows,
    })?;
    sum_up(&selection, &clusters, extent, ui);
    say_alike(&alike, extent, ui);
    Ok(match status {
        Status::Done if finds(&args.fail_on, &selection, &clusters) => Status::Findings,
        status => status,
    })
}

/// What operations of before say of leaked credentials; `None` where nothing can be read of them. An operation that can't be read may
/// have revoked others.
fn marks(world: &World, ui: &Ui) -> Option<Operations<Mark>> {
    match StateFolder::of(world).and_then(|folder| history::marks(&folder, Scrutiny::Glance)) {
        Ok(marks) => {
            if let Some((id, error)) = marks.unread.first() {
                say_unread(&format!("operation {id} can't be read: {}", chain(error)), marks.unread.len() - 1, ui);
            }
            Some(marks)
        }
        // Without a folder nothing was ever revoked from here that would be remembered.
        Err(JournalError::NoFolder) => None,
        Err(error) => {
            say_unread(&chain(&error), 0, ui);
            None
        }
    }
}

/// The user names of leaked credentials that were revoked in these clusters from this machine.
fn dead(clusters: &[ClusterScan], active: &[&RevokedCredential], are_all: bool) -> DeadNames {
    let mut names = DeadNames::new(are_all);
    for id in clusters.iter().map(|cluster| cluster.id.as_ref()) {
        let here = active.iter().filter(|dead| dead.is_of(id));
        here.for_each(|dead| names.add(id, &dead.tombstone.common_name));
    }
    names
}

fn say_unread(what: &str, others: usize, ui: &Ui) {
    let others = match others {
        0 => String::new(),
        1 => "; nor can 1 other, which kubectl ackcred history shows".to_owned(),
        number => format!("; nor can {number} others, which kubectl ackcred history shows"),
    };
    ui.warning(&format!("whether a revoked leaked credential holds a grant again is not known: {what}{others}"));
}

/// What resembles an identity, or one of those that are asked for.
fn alike<'a>(
    clusters: &'a [ClusterScan],
    account: &'a AccountDirectory,
    wanted: &[Uid],
) -> Vec<(&'a ClusterScan, Likeness<'a>)> {
    let names = RamNames::of_account(account);
    let is_wanted =
        |likeness: &Likeness<'a>| wanted.is_empty() || wanted.iter().any(|uid| uid.as_str() == likeness.uid);
    let of_cluster = |cluster| likenesses(cluster, &names).into_iter().map(move |likeness| (cluster, likeness));
    clusters.iter().flat_map(of_cluster).filter(|(_, likeness)| is_wanted(likeness)).collect()
}

/// How many names or mappings are shown; the JSON document has them all.
const MOST_SHOWN: usize = 10;

/// Says what looks like an identity's name and stands in no row of its own.
fn say_alike(alike: &[(&ClusterScan, Likeness<'_>)], extent: Extent, ui: &Ui) {
    let in_cluster = |cluster: &ClusterScan| match cluster.name.as_ref().or(cluster.context.as_ref()) {
        Some(name) if extent.is_several() => format!(" in {name}"),
        _ => String::new(),
    };
    let (own, resembling): (Vec<_>, Vec<_>) = alike.iter().partition(|(_, likeness)| likeness.is_its_name);
    let mapped: BTreeSet<String> = own
        .iter()
        .filter_map(|(cluster, Likeness { uid, grant, .. })| {
            let GrantSource::Mapping { mapping, .. } = grant.source else { return None };
            let (identity, name) = (mapping.identity.as_str(), grant.subject);
            Some(format!("{grant}{} maps {identity} to {name}, a user name of {uid}", in_cluster(cluster)))
        })
        .collect();
    mapped.iter().take(MOST_SHOWN).for_each(|text| ui.warning(text));
    if let more @ 1.. = mapped.len().saturating_sub(MOST_SHOWN) {
        ui.warning(&format!(
            "{} map to a user name of a RAM identity, too: -o json lists them",
            counted(more, "mapping")
        ));
    }
    let names: BTreeSet<(&str, &str)> =
        resembling.iter().map(|(_, Likeness { uid, grant, .. })| (*uid, grant.subject)).collect();
    if names.is_empty() {
        return;
    }
    let shown = names.iter().take(MOST_SHOWN).map(|(uid, name)| format!("{name} (UID {uid})"));
    let more = match names.len().saturating_sub(MOST_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ui.warning(&format!(
        "{} with {} {} a RAM identity's and may be its own, -o json lists what they are given: {}{more}",
        counted(names.len(), "user name"),
        counted(resembling.len(), "grant"),
        if names.len() == 1 { "resembles" } else { "resemble" },
        shown.collect::<Vec<_>>().join(", ")
    ));
}

fn say_reappeared(
    selection: &Selection,
    clusters: &[ClusterScan],
    names: &DeadNames,
    active: &[&RevokedCredential],
    ui: &Ui,
) {
    let risen: BTreeSet<&str> = selection
        .rows(clusters)
        .filter(|row| names.is_risen(row))
        .filter_map(|row| row.grant)
        .map(|grant| grant.subject)
        .collect();
    for RevokedCredential { operation, tombstone, .. } in
        active.iter().filter(|dead| risen.contains(&*dead.tombstone.common_name))
    {
        let name = &tombstone.common_name;
        ui.warning(&format!(
            "{name} is the name of a leaked credential that {operation} revoked, and holds a grant again"
        ));
    }
}

fn sum_up(selection: &Selection, clusters: &[ClusterScan], extent: Extent, ui: &Ui) {
    let gone = |row: &ScanRow<'_>| StateKind::of(row.verdict.state) == StateKind::Deleted;
    let (granted, unbound): (Vec<_>, Vec<_>) =
        selection.rows(clusters).filter(gone).partition(|row| row.grant.is_some());
    let identities = granted.iter().map(|row| row.uid).collect::<BTreeSet<_>>().len();
    let bindings = counted(granted.len(), "binding");
    let concerned = granted.iter().map(|row| std::ptr::from_ref(row.cluster)).collect::<BTreeSet<_>>().len();
    let here = if extent.is_several() { format!("in {}", counted(concerned, "cluster")) } else { "here".to_owned() };
    match identities {
        0 => {}
        1 => ui.note(&format!("1 identity that no longer exists holds {bindings} {here}")),
        number => ui.note(&format!("{number} identities that no longer exist hold {bindings} {here}")),
    }
    match unbound.iter().map(|row| row.uid).collect::<BTreeSet<_>>().len() {
        0 => {}
        1 => ui.note("1 identity that no longer exists has an issued kubeconfig and no binding"),
        number => {
            ui.note(&format!("{number} identities that no longer exist have an issued kubeconfig and no binding"))
        }
    }
    let rows = counted(selection.hidden_rows, "row");
    match selection.hidden_identities {
        0 => {}
        1 => ui.note(&format!("{rows} of 1 living identity hidden; use --all-users to show them")),
        number => ui.note(&format!("{rows} of {number} living identities hidden; use --all-users to show them")),
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
            FailOn::Any => false,
        })
    })
}
