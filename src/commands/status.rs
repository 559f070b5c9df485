//! `status`: the console's two views of kubeconfigs, a cluster's identities and an identity's clusters.

use std::collections::BTreeSet;

use super::{cloud, clusters, fleet};
use crate::cli::{AccessArgs, CloudArgs, StatusArgs};
use crate::core::access::holder::{Holder, LastAccess, LifetimeRule, holders};
use crate::core::identity::ack::{AuditProject, UserKubeconfigState};
use crate::core::identity::evidence::Listing;
use crate::core::ids::{ClusterId, Uid};
use crate::error::{Error, Result};
use crate::gather::cloud::connect;
use crate::gather::cluster_access::{AccessQuery, ClusterReading};
use crate::gather::fleet::{Activities, AuditLogs, Cluster, audit_logs};
use crate::gather::identity_clusters::{self, Footprint};
use crate::gather::runtime::{self, Runtime};
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, Auditing, ClusterStatus, Dimension, Kind, KubeconfigWord, StateWord, StatusItem, StatusReport,
};
use crate::status::Status;
use crate::world::World;

mod gate;

pub(super) fn run(
    args: &StatusArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    gate::refuse_useless(args)?;
    let (mut report, status) = match &args.uid {
        None => of_clusters(args, access, cloud_args, world, ui)?,
        Some(uid) => of_identity(args, uid, access, cloud_args, world, ui)?,
    };
    let status = match status {
        Status::Done => gate::status(&args.fail_on, &report.items, ui),
        status => status,
    };
    report.incomplete |= status == Status::Incomplete;
    ui.report(&report)?;
    sum_up(&report, ui);
    Ok(status)
}

fn of_clusters(
    args: &StatusArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<(StatusReport, Status)> {
    let chosen = clusters::choose(&args.clusters, access, args.in_cluster, world)?;
    let extent = chosen.extent;
    let question = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: false };
    let settings = cloud::settings(cloud_args, access, world)?;
    let runtime = Runtime::begin()?;
    let mut fleet = fleet::read_to_show(&runtime, chosen, question, settings, drop, ui)?;
    let logs = match fleet.is_interrupted {
        true => AuditLogs::default(),
        false => {
            let search = async |interrupt| {
                let logs = audit_logs(&mut fleet, args.activity, &interrupt);
                ui.waiting("searching the audit logs", logs).await
            };
            runtime.to_completion(|| (), search)
        }
    };
    let activity = &logs.activities;
    fleet::say_read(&fleet, extent, ui);

    let mut found: Vec<(Holder<'_>, &ClusterReading<()>)> = fleet
        .reading()
        .flat_map(|reading| holders(&reading.scan).into_iter().map(move |holder| (holder, reading)))
        .collect();
    // The rows of an identity in several clusters stand together.
    found.sort_by_key(|(holder, _)| (holder.verdict.state, holder.uid.as_str().len(), holder.uid.clone()));
    let status = match fleet::status(&fleet) {
        Status::Done if activity.values().any(LastAccess::is_failed) => Status::Incomplete,
        status => status,
    };
    let rule = rule(args, world);
    let report = StatusReport {
        api_version: ApiVersion::V1,
        kind: Kind::StatusReport,
        time: world.now,
        clusters: fleet.clusters.iter().map(|cluster| cluster_of(cluster, &logs)).collect(),
        items: found.iter().map(|(holder, reading)| item_of(holder, reading, activity, rule)).collect(),
        incomplete: status != Status::Done,
        cloud: cloud::view(&fleet.account.cloud, fleet.account.people.sources(), &fleet::failures(&fleet)),
        dimension: if extent.is_several() { Dimension::Clusters } else { Dimension::Cluster },
        with_activity: args.activity,
        with_lifetimes: rule.is_some(),
    };
    Ok((report, status))
}

fn of_identity(
    args: &StatusArgs,
    uid: &Uid,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<(StatusReport, Status)> {
    let settings = cloud::settings(cloud_args, access, world)?;
    let (source, found) = runtime::run(async {
        let source = connect(world, settings).await;
        let Some(cloud) = source.ready() else {
            return Err(cloud::needed(&source, "only the cloud knows an identity's clusters"));
        };
        let found = identity_clusters::of(cloud, uid, args.activity).await;
        Ok((source, found))
    })??;
    if let Listing::Failed { read, reason } = &found.kubeconfigs
        && read.is_empty()
    {
        return Err(Error::failed(anyhow::anyhow!(reason.to_string())).hint_if(reason.hint()));
    }
    ui.failures(&found.failed);
    let incomplete = !found.failed.is_empty() || found.activity.iter().any(|(_, access)| access.is_failed());
    let rule = rule(args, world);
    let report = StatusReport {
        api_version: ApiVersion::V1,
        kind: Kind::StatusReport,
        time: world.now,
        clusters: Vec::new(),
        items: found.kubeconfigs.items().iter().map(|state| item_in(state, uid, &found, rule)).collect(),
        incomplete,
        cloud: cloud::view(&source, found.account.sources(), &found.failed),
        dimension: Dimension::Identity,
        with_activity: args.activity,
        with_lifetimes: rule.is_some(),
    };
    Ok((report, if incomplete { Status::Incomplete } else { Status::Done }))
}

fn rule(args: &StatusArgs, world: &World) -> Option<LifetimeRule> {
    args.max_lifetime.map(|allowed| LifetimeRule { allowed, now: world.now })
}

fn cluster_of(cluster: &Cluster<()>, logs: &AuditLogs) -> ClusterStatus {
    let (cluster_ref, context) = (&cluster.cluster_ref, cluster.context().map(str::to_owned));
    match &cluster.outcome {
        Ok((_, reading)) => ClusterStatus {
            id: reading.cluster.id.as_ref().map(ToString::to_string),
            name: reading.scan.name.clone(),
            context,
            temporary_credential: cluster_ref.temporary_credential,
            error: (!reading.unread.is_empty()).then(|| reading.unread.join("; ")),
            auditing: auditing(reading.cluster.id.as_ref(), logs),
            audit_project: project(reading.cluster.id.as_ref(), logs).and_then(|said| said.project.clone()),
            ram_authenticator: reading.ram_authenticator,
        },
        Err(error) => ClusterStatus {
            id: cluster_ref.id.as_ref().map(ToString::to_string),
            name: cluster_ref.name.clone(),
            context,
            temporary_credential: cluster_ref.temporary_credential,
            error: Some(error.message()),
            auditing: Auditing::Unknown,
            audit_project: None,
            ram_authenticator: None,
        },
    }
}

/// What ACK says of a cluster's audit log.
fn project<'a>(cluster: Option<&ClusterId>, logs: &'a AuditLogs) -> Option<&'a AuditProject> {
    logs.projects.get(cluster?)?.known()
}

fn auditing(cluster: Option<&ClusterId>, logs: &AuditLogs) -> Auditing {
    let searches = logs.activities.iter().filter(|((id, _), _)| cluster == Some(id)).map(|(_, access)| access);
    Auditing::of(project(cluster, logs), searches)
}

fn item_of(
    holder: &Holder<'_>,
    reading: &ClusterReading<()>,
    activity: &Activities,
    rule: Option<LifetimeRule>,
) -> StatusItem {
    let searched = reading.cluster.id.clone().and_then(|id| activity.get(&(id, holder.uid.clone())));
    StatusItem {
        cluster_id: reading.cluster.id.as_ref().map(ToString::to_string),
        cluster_name: reading.scan.name.clone(),
        cluster_state: reading.listed.as_ref().map(|listed| listed.state.clone()),
        ..StatusItem::of_holder(holder, searched, rule)
    }
}

fn item_in(state: &UserKubeconfigState, uid: &Uid, found: &Footprint, rule: Option<LifetimeRule>) -> StatusItem {
    let searched = found.activity.iter().find(|(cluster, _)| *cluster == state.cluster);
    StatusItem::of_kubeconfig(state, uid, &found.verdict, searched.map(|(_, access)| access), rule)
}

fn sum_up(report: &StatusReport, ui: &Ui) {
    let effective = |item: &&StatusItem| {
        item.account_state == StateWord::Deleted && item.kubeconfig == Some(KubeconfigWord::Effective)
    };
    let count = report.items.iter().filter(effective).map(|item| &item.uid).collect::<BTreeSet<_>>().len();
    let here = match report.dimension {
        _ if count == 0 => return,
        Dimension::Identity => return,
        Dimension::Cluster => "here",
        Dimension::Clusters => "in one of these clusters",
    };
    let who = if count == 1 { "1 deleted identity has" } else { &format!("{count} deleted identities have") };
    ui.note(&format!("{who} an effective kubeconfig {here}, or one that was deleted while its bindings remain"));
}
