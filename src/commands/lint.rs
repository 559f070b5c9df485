//! `lint`: what gives more than is needed, and how to end it.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters;
use super::{cloud, fleet};
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, CloudArgs, LintArgs, LintFailOn};
use crate::core::failure::merged;
use crate::core::lint::{Allowed, Kubectl, Level, Lifetimes, Linted, LintedCluster, Rule, lint};
use crate::error::Result;
use crate::gather::cluster_access::{AccessQuery, ClusterReading};
use crate::gather::fleet::{Cluster, Fleet};
use crate::gather::runtime::Runtime;
use crate::gather::static_tokens::{self, TokenReading};
use crate::output::ui::Ui;
use crate::output::views::{
    AcceptedView, ApiVersion, Kind, LintFindingView, LintLevelWord, LintReport, NotCheckedView, ScannedCluster, counted,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &LintArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let chosen = clusters::choose(&args.clusters, access, args.in_cluster, world)?;
    let extent = chosen.extent;
    let query = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: true };
    let settings = cloud::settings(cloud_args, access, world)?;
    let at_a_time = chosen.bounds.parallel;
    let runtime = Runtime::begin()?;
    let keep = |api: ApiServer| {
        if extent.is_several() {
            api.disconnect();
        }
        api
    };
    let fleet = fleet::read_to_show(&runtime, chosen, query, settings, keep, ui)?;
    fleet::say_sources(&fleet, extent, ui);
    let readings: Vec<(&ClusterReading<ApiServer>, Kubectl)> = readings(&fleet, access).collect();
    let tokens = match args.skip.contains(&Rule::StaticToken) || fleet.is_interrupted {
        true => readings.iter().map(|_| TokenReading::default()).collect(),
        false => {
            let apis: Vec<&ApiServer> = readings.iter().map(|(reading, _)| &reading.api).collect();
            let asked = static_tokens::ask(&apis, world.now, at_a_time);
            runtime.cancellable(ui.waiting("listing Secrets that hold static tokens", asked))?
        }
    };
    ui.failures(tokens.iter().flat_map(|tokens| &tokens.unread));

    let status = match fleet::status(&fleet) {
        Status::Done if tokens.iter().any(|tokens| !tokens.unread.is_empty()) => Status::Incomplete,
        status => status,
    };
    let allowed = Allowed::new(&args.allow);
    let lifetimes = Lifetimes { now: world.now, longest: args.max_lifetime };
    let (mut findings, mut not_checked) = (Vec::new(), Vec::new());
    for ((reading, kubectl), tokens) in readings.iter().zip(&tokens) {
        let Some(rights) = &reading.rights else { continue };
        let cluster = LintedCluster {
            scan: &reading.scan,
            roles: &rights.roles,
            kinds: &rights.kinds,
            discovered: rights.discovered,
            static_tokens: &tokens.tokens,
            cloud_was_asked: fleet.account.cloud.ready().is_some(),
            kubectl,
        };
        let linted: Linted<'_> = lint(&cluster, lifetimes, &allowed, &args.skip);
        findings.extend(linted.findings.iter().map(|finding| LintFindingView::of(&reading.scan, finding)));
        not_checked.extend(linted.not_checked.into_iter().map(|one| NotCheckedView::of(&reading.scan, one)));
    }
    findings.sort_by_key(|finding| (finding.level, finding.id));
    let mut summary = BTreeMap::from([LintLevelWord::Error, LintLevelWord::Warning].map(|level| (level, 0)));
    findings.iter().for_each(|finding| *summary.entry(finding.level).or_default() += 1);
    let report = LintReport {
        api_version: ApiVersion::V1,
        kind: Kind::LintReport,
        time: world.now,
        clusters: clusters_of(&fleet, &tokens),
        findings,
        summary,
        accepted: allowed.allowances().iter().map(AcceptedView::from).collect(),
        not_checked,
        cloud: cloud::view(&fleet.account.cloud, fleet.account.people.sources(), &fleet::failures(&fleet)),
        incomplete: status != Status::Done,
        are_several: extent.is_several(),
    };
    ui.report(&report)?;
    sum_up(&report, ui);
    Ok(if status == Status::Done && finds(&args.fail_on, &report) { Status::Findings } else { status })
}

/// The clusters with what of them was not read.
fn clusters_of(fleet: &Fleet<ApiServer>, tokens: &[TokenReading]) -> Vec<ScannedCluster> {
    let mut tokens = tokens.iter();
    let of_cluster = |cluster: &Cluster<ApiServer>| {
        let mut scanned = fleet::scanned(cluster);
        let unread = if cluster.outcome.is_ok() { tokens.next() } else { None };
        let unread = merged(unread.into_iter().flat_map(|tokens| &tokens.unread));
        let texts: Vec<String> = scanned.error.into_iter().chain(unread.into_iter().map(|one| one.text)).collect();
        scanned.error = (!texts.is_empty()).then(|| texts.join("; "));
        scanned
    };
    fleet.clusters.iter().map(of_cluster).collect()
}

/// The clusters that were read, each with how commands reach it.
fn readings<'f>(
    fleet: &'f Fleet<ApiServer>,
    access: &'f AccessArgs,
) -> impl Iterator<Item = (&'f ClusterReading<ApiServer>, Kubectl)> {
    fleet.clusters.iter().filter_map(|cluster| {
        let (_, reading) = cluster.outcome.as_ref().ok()?;
        Some((reading, kubectl(cluster, access)))
    })
}

fn kubectl(cluster: &Cluster<ApiServer>, access: &AccessArgs) -> Kubectl {
    let kubeconfig = access.kubeconfig.as_ref().map(|path| ["--kubeconfig".to_owned(), path.display().to_string()]);
    let context = cluster.context().map(|name| ["--context".to_owned(), name.to_owned()]);
    let is_by_flags = access.server.is_some() || access.cluster.is_some();
    Kubectl {
        flags: kubeconfig.into_iter().chain(context).flatten().collect(),
        is_out_of_reach: is_by_flags || cluster.cluster_ref.temporary_credential,
    }
}

fn sum_up(report: &LintReport<'_>, ui: &Ui) {
    let reasons: BTreeSet<String> =
        report.not_checked.iter().map(|one| format!("{} not checked: {}", one.id, one.reason)).collect();
    reasons.iter().for_each(|text| ui.note(text));
    for accepted in &report.accepted {
        match accepted.count {
            0 => ui.note(&format!("--allow {} accepted nothing", accepted.name)),
            count => ui.note(&format!("--allow {} accepted {}", accepted.name, counted(count, "case"))),
        }
    }
    if !report.findings.is_empty() {
        let of = |level: LintLevelWord| report.summary.get(&level).copied().unwrap_or_default();
        ui.note(&format!(
            "{} and {}; -o wide shows how to end each",
            counted(of(LintLevelWord::Error), "error"),
            counted(of(LintLevelWord::Warning), "warning")
        ));
    }
}

fn finds(fail_on: &[LintFailOn], report: &LintReport<'_>) -> bool {
    fail_on.iter().any(|word| {
        let worst = match word {
            LintFailOn::Error => Level::Error,
            LintFailOn::Warning => Level::Warning,
        };
        report.findings.iter().any(|finding| finding.level <= LintLevelWord::from(worst))
    })
}
