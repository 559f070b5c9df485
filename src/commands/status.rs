//! `status`: the console's two views of kubeconfigs, a cluster's identities and an identity's clusters.

use super::{access, cloud};
use crate::cli::{AccessArgs, CloudArgs, StatusArgs};
use crate::core::ack::UserKubeconfigState;
use crate::core::evidence::Listing;
use crate::core::holder::{Holder, LastAccess, holders};
use crate::core::ids::Uid;
use crate::core::scan::StateKind;
use crate::error::{Error, Result};
use crate::gather::cloud::{CloudVoice, activities, connect};
use crate::gather::conversation;
use crate::gather::footprint::{self, Footprint};
use crate::gather::holders::{Heard, Question, hear};
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, Auditing, ClusterStatus, Dimension, KubeconfigWord, LastAccessView, Outcome, StatusItem, StatusReport,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &StatusArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let report = match &args.uid {
        None => of_cluster(args, access, cloud_args, world, ui)?,
        Some(uid) => of_identity(args, uid, access, cloud_args, world, ui)?,
    };
    ui.report(&report)?;
    sum_up(&report, ui);
    Ok(if report.incomplete { Status::Incomplete } else { Status::Done })
}

fn of_cluster(
    args: &StatusArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<StatusReport> {
    let target = access::target(access, args.in_cluster, args.cluster_id.as_ref(), world)?;
    let question = Question {
        world,
        context: &target.context,
        inference: target.inference,
        timeout: access.request_timeout.0,
        wanted: args.cluster_id.as_ref(),
        namespace: None,
        cloud: cloud::settings(cloud_args, access, world)?,
    };
    let (heard, activity) = conversation::run(async {
        let heard = hear(question).await?;
        let activity = if args.activity { search(&heard).await } else { Vec::new() };
        Ok::<_, Error>((heard, activity))
    })??;
    cloud::say_heard(&heard, ui);

    let found = holders(&heard.scan);
    let items: Vec<StatusItem> = found.iter().map(|holder| item_of(holder, &heard, &activity)).collect();
    Ok(StatusReport {
        api_version: ApiVersion::V1,
        clusters: vec![cluster_of(&heard, target.context.name, &activity)],
        incomplete: !heard.unread.is_empty() || !heard.failed.is_empty() || any_failed(&activity),
        cloud: cloud::view(&heard.cloud, heard.account.voices(), &heard.failed),
        items,
        dimension: Dimension::Cluster,
        with_activity: args.activity,
    })
}

/// Searches the audit log for everybody who holds something here.
async fn search(heard: &Heard) -> Vec<(Uid, LastAccess)> {
    let (Some(cloud), Some(id)) = (heard.cloud.ready(), &heard.cluster.id) else { return Vec::new() };
    let questions = holders(&heard.scan).into_iter().map(|holder| (id.clone(), holder.uid)).collect();
    let answers = activities(cloud, heard.region.as_ref(), questions).await;
    answers.into_iter().map(|((_, uid), access)| (uid, access)).collect()
}

fn of_identity(
    args: &StatusArgs,
    uid: &Uid,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<StatusReport> {
    let settings = cloud::settings(cloud_args, access, world)?;
    let (voice, found) = conversation::run(async {
        let voice = connect(world, settings).await;
        let Some(cloud) = voice.ready() else { return Err(needs_the_cloud(&voice)) };
        let found = footprint::of(cloud, uid, args.activity).await;
        Ok((voice, found))
    })??;
    if let Listing::Failed { read, reason } = &found.kubeconfigs
        && read.is_empty()
    {
        return Err(Error::failed(anyhow::anyhow!(reason.clone())));
    }
    found.failed.iter().for_each(|reason| ui.warning(reason));
    Ok(StatusReport {
        api_version: ApiVersion::V1,
        clusters: Vec::new(),
        items: found.kubeconfigs.items().iter().map(|state| item_in(state, uid, &found)).collect(),
        incomplete: !found.failed.is_empty() || found.activity.iter().any(|(_, access)| access.is_failed()),
        cloud: cloud::view(&voice, found.account.voices(), &found.failed),
        dimension: Dimension::Identity,
        with_activity: args.activity,
    })
}

fn needs_the_cloud(voice: &CloudVoice) -> Error {
    let (reason, hint) = match voice {
        CloudVoice::Unusable { reason, renew } => {
            (reason.as_str(), renew.as_ref().map(|renew| format!("renew it: {renew}")))
        }
        CloudVoice::NotWanted => ("--offline", Some("leave out --offline".to_owned())),
        CloudVoice::NoCredentials | CloudVoice::Ready(_) => (
            "there are no cloud credentials",
            Some(
                "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile"
                    .to_owned(),
            ),
        ),
    };
    Error::failed(anyhow::anyhow!("only the cloud knows an identity's clusters: {reason}")).hint_if(hint)
}

fn cluster_of(heard: &Heard, context: Option<String>, activity: &[(Uid, LastAccess)]) -> ClusterStatus {
    let searched = activity.iter().any(|(_, access)| !access.is_failed());
    ClusterStatus {
        id: heard.cluster.id.as_ref().map(ToString::to_string),
        name: heard.listed.as_ref().map(|listed| listed.name.clone()),
        context,
        error: (!heard.unread.is_empty()).then(|| heard.unread.join("; ")),
        auditing: (!activity.is_empty()).then_some(if searched { Auditing::Enabled } else { Auditing::Unknown }),
        ram_authenticator: heard.ram_authenticator,
    }
}

fn item_of(holder: &Holder<'_>, heard: &Heard, activity: &[(Uid, LastAccess)]) -> StatusItem {
    let searched = activity.iter().find(|(uid, _)| *uid == holder.uid);
    StatusItem {
        cluster_id: heard.cluster.id.as_ref().map(ToString::to_string),
        cluster_name: heard.listed.as_ref().map(|listed| listed.name.clone()),
        cluster_state: heard.listed.as_ref().map(|listed| listed.state.clone()),
        uid: holder.uid.to_string(),
        kind: holder.verdict.identity_type,
        name: holder.verdict.name.clone(),
        account_state: StateKind::of(holder.verdict.state),
        kubeconfig: holder.kubeconfig.map(|state| KubeconfigWord::of(state.certificate)),
        expires: holder.kubeconfig.and_then(|state| state.expires),
        residue: holder.residue,
        bindings: Some(holder.bindings),
        revocable: holder.kubeconfig.and_then(|state| state.revocable),
        last_access: searched.map(|(_, access)| last_access(access)),
    }
}

fn item_in(state: &UserKubeconfigState, uid: &Uid, found: &Footprint) -> StatusItem {
    let searched = found.activity.iter().find(|(cluster, _)| *cluster == state.cluster);
    StatusItem {
        cluster_id: Some(state.cluster.to_string()),
        cluster_name: (!state.cluster_name.is_empty()).then(|| state.cluster_name.clone()),
        cluster_state: (!state.cluster_state.is_empty()).then(|| state.cluster_state.clone()),
        uid: uid.to_string(),
        kind: found.verdict.identity_type,
        name: found.verdict.name.clone(),
        account_state: StateKind::of(found.verdict.state),
        kubeconfig: Some(KubeconfigWord::of(state.certificate)),
        expires: state.expires,
        residue: None,
        bindings: None,
        revocable: None,
        last_access: searched.map(|(_, access)| last_access(access)),
    }
}

fn last_access(access: &LastAccess) -> LastAccessView {
    let activity = access.activity();
    let (outcome, reason, error) = match access {
        LastAccess::None(_) => (Outcome::None, "no access in the last 7 days", None),
        LastAccess::Found(_) => (Outcome::Found, "accessed within the last 7 days", None),
        LastAccess::Failed { reason, .. } => {
            (Outcome::Failed, "the audit log can't be searched: auditing may be off", Some(reason.clone()))
        }
    };
    LastAccessView {
        outcome,
        reason: reason.to_owned(),
        time: activity.last_activity,
        audit_id: activity.last_audit_id.clone(),
        project: activity.project.clone(),
        logstore: activity.log_store.clone(),
        query: activity.query.clone(),
        error,
    }
}

fn any_failed(activity: &[(Uid, LastAccess)]) -> bool {
    activity.iter().any(|(_, access)| access.is_failed())
}

fn sum_up(report: &StatusReport, ui: &Ui) {
    let effective = |item: &&StatusItem| {
        item.account_state == StateKind::Deleted && item.kubeconfig == Some(KubeconfigWord::Effective)
    };
    let count = report.items.iter().filter(effective).count();
    if report.dimension == Dimension::Cluster && count > 0 {
        let who = if count == 1 { "1 deleted identity has" } else { &format!("{count} deleted identities have") };
        ui.note(&format!("{who} an effective kubeconfig here, or one that was deleted while its bindings remain"));
    }
}
