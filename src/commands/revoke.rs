//! `revoke`: plan, refuse, ask for consent, write down, change, verify; in one cluster or in several.

use std::collections::BTreeSet;

use super::clusters::{self, Chosen};
use super::{access, cloud, consent, fleet};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::retry::Policy;
use crate::cli::{AccessArgs, CloudArgs, DryRun, RevokeArgs};
use crate::core::ids::ClusterId;
use crate::core::revocation::plan::{Flags, Plan, RevokeMode};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::cluster_access;
use crate::gather::fleet::{Choice, Fleet, Wanted};
use crate::gather::leaked::{self, Leaked, LeakedError};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, RevocationPlan};
use crate::status::Status;
use crate::world::World;

mod carry_out;
mod planning;
mod request;

use carry_out::Revocation;
use planning::{Planning, say_gathered};
use request::Request;

pub(super) fn run(
    args: &RevokeArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    if args.in_cluster {
        let message = "a pod's service account can't revoke: there is no user to ask for consent";
        return refuse(vec![Refusal::new(RefusalCode::InCluster, message)], world, ui);
    }
    let request = match Request::of(args, world)? {
        Ok(request) => request,
        Err(refusal) => return refuse(vec![refusal], world, ui),
    };
    let leaked = match args.file.as_deref().map(|file| leaked::read(world, file, args.leaked_context.as_deref())) {
        None => None,
        Some(Ok(leaked)) => Some(leaked),
        Some(Err(LeakedError::Refused(refusal))) => return refuse(vec![refusal], world, ui),
        Some(Err(LeakedError::File(error))) => return Err(access::unreadable(error)),
        Some(Err(LeakedError::Context(error))) => {
            return Err(Error::failed(error).hint("choose one of its contexts with --leaked-context"));
        }
    };
    if let Some(error) = request.other_file(leaked.as_ref()) {
        return Err(error);
    }
    let chosen = match chosen(args, access, &request, leaked.as_ref(), world)? {
        Ok(chosen) => chosen,
        Err(refusal) => return refuse(vec![refusal], world, ui),
    };
    let settings = cloud::settings(cloud_args, access, world)?
        .map(|settings| CloudSettings { retries: Policy::urgent(), ..settings });
    let runtime = Runtime::begin()?;
    let planning = Planning { args, access, world, request: &request, leaked: leaked.as_ref(), bounds: chosen.bounds };
    let are_several = chosen.are_several;
    let question = cluster_access::AccessQuery { world, timeout: access.request_timeout.0, namespace: None };
    let Fleet { account, clusters, .. } = fleet::read_to_change(&runtime, chosen, question, settings, ui)?;
    let gathered = runtime.cancellable(planning.gather(clusters, &account, are_several))??;
    let mode = planning.mode(&gathered, are_several);
    let mut plan = planning.plan(&gathered, mode);
    let dry = args.dry_run != DryRun::None;
    if !dry && !args.yes && !ui.can_ask() && !plan.targets.is_empty() {
        plan.refusals.push(consent::no_terminal("look at the plan with --dry-run"));
    }
    account.failed.iter().for_each(|text| ui.warning(text));
    say_gathered(&gathered.clusters, &plan, ui);
    let has_gaps = !account.failed.is_empty() || gathered.has_gaps();
    // Where the lists say whom a plan is about, or that nothing is left to do, all of them must have been read.
    let is_incomplete = has_gaps && (plan.flags.all_deleted || plan.steps.is_empty());
    if dry || stops(&plan, mode) || plan.targets.is_empty() {
        return show_only(&plan, is_incomplete, are_several, world, ui);
    }
    say_refusals(&plan, are_several, ui);

    let phrase = consent::phrase("revoke", &plan.uids());
    let shown = RevocationPlan { is_incomplete, ..view(&plan, world) };
    let consent = match consent::ask(&shown, &plan.hash, &phrase, args.yes, &runtime, ui)? {
        Ok(consent) => consent,
        Err(refusal) => return refused_after_all(plan, refusal, world, ui),
    };
    let revocation = Revocation {
        args,
        world,
        ui,
        runtime: &runtime,
        request: &request,
        leaked: leaked.as_ref(),
        cloud: &account.cloud,
        has_gaps,
    };
    revocation.carry_out(&gathered.clusters, plan, &consent)
}

/// The clusters: those of the flags, that of the leaked file's CA, or those of the plan.
fn chosen(
    args: &RevokeArgs,
    access: &AccessArgs,
    request: &Request,
    leaked: Option<&Leaked>,
    world: &World,
) -> Result<Result<Chosen, Refusal>> {
    let flags = &args.clusters;
    let bounds = clusters::bounds(flags, false);
    if let Some(leaked) = leaked {
        let id = match flags.cluster_id.as_slice() {
            [] => None,
            [id] => Some(id),
            _ => return Err(Error::usage("a leaked file is of one cluster: give one --cluster-id")),
        };
        let route = access::of_leaked(leaked, access, id, world)?;
        return Ok(route.map(|route| Chosen { choice: Choice::one(route), are_several: false, bounds }));
    }
    let planned = request.clusters();
    let chosen = if !planned.is_empty() && access.context.is_empty() && flags.cluster_id.is_empty() {
        planned_clusters(&planned, args, access, world)
    } else {
        clusters::choose(flags, access, false, world)
    };
    match chosen {
        Err(error) if !flags.cluster_id.is_empty() && error.status() == Status::Failed => {
            Ok(Err(other_cluster(&error)))
        }
        Err(error) => Err(error),
        Ok(chosen) => Ok(match chosen.choice.leads_nowhere() {
            Some(error) => Err(other_cluster(&error)),
            None => Ok(chosen),
        }),
    }
}

fn planned_clusters(
    planned: &[(&ClusterId, Option<&String>)],
    args: &RevokeArgs,
    access: &AccessArgs,
    world: &World,
) -> Result<Chosen> {
    let are_several = planned.len() > 1;
    let temporary_credentials = args.clusters.temporary_credentials;
    let routes = clusters::routes_of_all(temporary_credentials, access, world)?;
    let routes = clusters::on_record(routes, planned.iter().copied());
    let ids = planned.iter().map(|(id, _)| ClusterId::clone(id)).collect();
    let issue = clusters::issue(temporary_credentials);
    let choice = Choice { wanted: Wanted::Ids(ids, routes), issue };
    Ok(Chosen { choice, are_several, bounds: clusters::bounds(&args.clusters, are_several) })
}

fn other_cluster(error: &Error) -> Refusal {
    Refusal::new(RefusalCode::OtherCluster, error.message()).hint_if(error.advice())
}

/// Whether nothing may be done. Of a crowd the refused are left out, unless it is about all of it.
fn stops(plan: &Plan, mode: RevokeMode) -> bool {
    let is_about_all = |refusal: &Refusal| {
        refusal.target.is_none() && (mode != RevokeMode::MultiCluster || refusal.cluster_id.is_none())
    };
    match mode {
        RevokeMode::Single | RevokeMode::Named => !plan.refusals.is_empty(),
        RevokeMode::AllDeleted | RevokeMode::MultiCluster => {
            plan.refusals.iter().any(is_about_all) || (plan.targets.is_empty() && !plan.refusals.is_empty())
        }
    }
}

fn view<'a>(plan: &'a Plan, world: &World) -> RevocationPlan<'a> {
    RevocationPlan { api_version: ApiVersion::V1, plan, now: world.now, is_incomplete: false }
}

fn refuse(refusals: Vec<Refusal>, world: &World, ui: &Ui) -> Result<Status> {
    let plan = Plan { refusals, ..Plan::new(Vec::new(), Flags::default(), None) };
    show_only(&plan, false, false, world, ui)
}

/// Shows a plan that is not carried out. `is_incomplete`: whether something may be missing from it because a list was not read.
fn show_only(plan: &Plan, is_incomplete: bool, are_several: bool, world: &World, ui: &Ui) -> Result<Status> {
    let shown = ui.report(&RevocationPlan { is_incomplete, ..view(plan, world) });
    say_refusals(plan, are_several, ui);
    if plan.refusals.is_empty() {
        return shown.map(|()| if is_incomplete { Status::Incomplete } else { Status::Done });
    }
    shown.unwrap_or_else(|error| ui.error(&error));
    ui.note("nothing was changed");
    Ok(Status::Refused)
}

/// Says every refusal; among several clusters with its own, and each advice once.
fn say_refusals(plan: &Plan, are_several: bool, ui: &Ui) {
    let mut advised = BTreeSet::new();
    for refusal in &plan.refusals {
        let cluster = refusal.cluster_id.as_ref().filter(|_| are_several && refusal.code != RefusalCode::ClusterUnread);
        let prefix = cluster.map(|id| format!("cluster {id}: ")).unwrap_or_default();
        ui.refusal(&Refusal {
            message: format!("{prefix}{}", refusal.message),
            hint: refusal.hint.clone().filter(|hint| advised.insert(hint.clone())),
            ..refusal.clone()
        });
    }
}

/// Something stands in the way after the plan was shown.
fn refused_after_all(mut plan: Plan, refusal: Refusal, world: &World, ui: &Ui) -> Result<Status> {
    ui.refusal(&refusal);
    ui.note("nothing was changed");
    plan.refusals.push(refusal);
    ui.document(&view(&plan, world)).unwrap_or_else(|error| ui.error(&error));
    Ok(Status::Refused)
}
