//! `who-can`: who may do something, and whether they still exist.

use std::collections::BTreeSet;

use super::clusters;
use super::{cloud, fleet};
use crate::cli::{AccessArgs, CloudArgs, WhoCanArgs, WhoCanFailOn};
use crate::core::access::allowed::{AllowedRow, allowed, could_become};
use crate::core::access::scan::{ClusterScan, StateKind};
use crate::core::rbac::asked::{AskedRequest, request};
use crate::core::rbac::kinds::Kinds;
use crate::core::rbac::reach::{Reach, ReachCluster};
use crate::core::rbac::who_can::{AccessQuestion, Place, undecided};
use crate::error::Result;
use crate::gather::cluster_access::AccessQuery;
use crate::gather::rights::RightsReading;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{AllowedView, ApiVersion, Kind, WhoCanColumns, WhoCanReport};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &WhoCanArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let chosen = clusters::choose(&args.clusters, access, args.in_cluster, world)?;
    let extent = chosen.extent;
    let namespace = args.namespace.as_deref().filter(|name| !name.is_empty());
    let query = AccessQuery {
        world,
        timeout: access.request_timeout.0,
        // Paths lead through every namespace.
        namespace: namespace.filter(|_| !args.reach),
        with_rights: true,
    };
    let settings = cloud::settings(cloud_args, access, world)?;
    let fleet = fleet::read_to_show(&Runtime::begin()?, chosen, query, settings, drop, ui)?;
    fleet::say_read(&fleet, extent, ui);

    let status = fleet::status(&fleet);
    let read: Vec<(&ClusterScan, &RightsReading)> =
        fleet.reading().filter_map(|reading| Some((&reading.scan, reading.rights.as_ref()?))).collect();
    let mut answers = Answers::default();
    for (scan, rights) in &read {
        answers.add(scan, rights, namespace, args, ui);
    }
    let kinds = Kinds::default();
    let nothing_known = || request(&args.verb, &args.object, &args.subresource, &kinds).attributes;
    let question = answers.question.take().unwrap_or_else(|| AccessQuestion::new(nothing_known(), namespace, &kinds));
    let report = WhoCanReport {
        api_version: ApiVersion::V1,
        kind: Kind::WhoCanReport,
        time: world.now,
        clusters: fleet.clusters.iter().map(fleet::scanned).collect(),
        question: WhoCanReport::question(&question),
        subjects: answers.rows.iter().map(AllowedView::of).collect(),
        by_name_only: answers.by_name_only,
        cloud: cloud::view(&fleet.account.cloud, fleet.account.people.sources(), &fleet::failures(&fleet)),
        incomplete: status != Status::Done,
        columns: WhoCanColumns { are_several: extent.is_several(), names: args.named, reach: args.reach },
    };
    ui.report(&report)?;
    answers.sum_up(status, ui);
    Ok(match status {
        Status::Done if finds(&args.fail_on, &answers.rows) => Status::Findings,
        status => status,
    })
}

/// The answers of all clusters.
#[derive(Default)]
struct Answers<'a> {
    question: Option<AccessQuestion>,
    rows: Vec<AllowedRow<'a>>,
    by_name_only: usize,
    said: BTreeSet<String>,
}

impl<'a> Answers<'a> {
    fn add(
        &mut self,
        scan: &'a ClusterScan,
        rights: &'a RightsReading,
        namespace: Option<&str>,
        args: &WhoCanArgs,
        ui: &Ui,
    ) {
        let AskedRequest { attributes, warnings, notes } =
            request(&args.verb, &args.object, &args.subresource, &rights.kinds);
        let new = |said: &mut BTreeSet<String>, text: &String| said.insert(text.clone());
        warnings.iter().filter(|text| new(&mut self.said, text)).for_each(|text| ui.warning(text));
        notes.iter().filter(|text| new(&mut self.said, text)).for_each(|text| ui.note(text));
        let question = AccessQuestion::new(attributes, namespace, &rights.kinds);
        if question.place == Place::Cluster && namespace.is_some() {
            let text = "this is asked for the whole cluster: -n changes nothing".to_owned();
            if self.said.insert(text.clone()) {
                ui.note(&text);
            }
        }
        self.question.get_or_insert_with(|| question.clone());
        say_undecided(scan, rights, &question, ui);
        let rows = allowed(scan, &rights.roles, &question);
        let (shown, by_name): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| args.named || row.names.is_empty());
        self.by_name_only += by_name.len();
        self.rows.extend(shown);
        if args.reach {
            let inventory = scan.grants.inventory();
            let cluster = ReachCluster::new(inventory, scan.grants.mappings(), &rights.roles, rights.discovered);
            let all_users = cluster.all_users();
            self.rows.extend(could_become(scan, Reach::new(cluster).becoming(&all_users, &question)));
        }
    }

    fn sum_up(&self, status: Status, ui: &Ui) {
        match self.by_name_only {
            0 => {}
            1 => ui.note("1 subject may for some names only; use --named to show it"),
            number => ui.note(&format!("{number} subjects may for some names only; use --named to show them")),
        }
        let is_by_binding = |row: &AllowedRow<'_>| row.by.binding().is_some();
        // Where no cluster was read there are no rows, and that is said in their place.
        if !self.rows.is_empty() && !self.rows.iter().any(is_by_binding) {
            let more = if status == Status::Done { "" } else { ", but not everything could be read" };
            ui.note(&format!("no binding read allows it{more}; other authorizers than RBAC were not read"));
        }
    }
}

fn say_undecided(scan: &ClusterScan, rights: &RightsReading, question: &AccessQuestion, ui: &Ui) {
    let bindings = undecided(scan.grants.inventory(), &rights.roles, question);
    if !bindings.is_empty() {
        let (number, noun) = (bindings.len(), if bindings.len() == 1 { "binding" } else { "bindings" });
        ui.warning(&format!("the roles of {number} {noun} could not be read: whether they allow it is not known"));
    }
}

fn finds(fail_on: &[WhoCanFailOn], rows: &[AllowedRow<'_>]) -> bool {
    rows.iter().any(|row| {
        let state = row.verdict.map(|verdict| StateKind::of(verdict.state));
        fail_on.iter().any(|word| match word {
            WhoCanFailOn::Deleted => state == Some(StateKind::Deleted),
            WhoCanFailOn::Recycled => state == Some(StateKind::Recycled),
            WhoCanFailOn::Unknown => state == Some(StateKind::Unknown),
            WhoCanFailOn::Orphaned => matches!(state, Some(StateKind::Deleted | StateKind::Recycled)),
            WhoCanFailOn::Everyone => row.is_everyone(),
        })
    })
}
