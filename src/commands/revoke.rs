//! `revoke`: plan, refuse, ask for consent, write down, change, verify; in one cluster or in several.

use super::clusters::{self, Chosen, Extent};
use super::stop::{Document, Stop, say_refusals};
use super::{access, cloud, consent, leaked_file};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::retry::Policy;
use crate::cli::{AccessArgs, CloudArgs, DryRun, RevokeArgs};
use crate::core::revocation::plan::{Flags, Plan};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::fleet::Choice;
use crate::gather::leaked::Leaked;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::RevocationPlan;
use crate::status::Status;
use crate::world::World;

mod carry_out;
mod planned;
mod planning;
mod request;

use carry_out::Revocation;
use planning::Planning;
use request::Request;

pub(super) fn run(
    args: &RevokeArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let no_plan = |refusals: &[Refusal]| {
        let plan = Plan { refusals: refusals.to_vec(), ..Plan::new(Vec::new(), Flags::default(), Vec::new()) };
        Document::Plan(Box::new(RevocationPlan::of(&plan, world.now)))
    };
    plan_and_carry_out(args, access, cloud_args, world, ui).map_err(|stop| stop.before(no_plan))
}

fn plan_and_carry_out(
    args: &RevokeArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    if args.in_cluster {
        let message = "a pod's service account can't revoke: there is no user to ask for consent";
        return Err(Refusal::new(RefusalCode::InCluster, message).into());
    }
    let leaked = leaked_file::read_all(&args.file, args.leaked_context.as_deref(), world)?;
    let request = Request::of(args, &leaked, world)?;
    let chosen = chosen(args, access, &request, &leaked, world)?;
    let settings = cloud::settings(cloud_args, access, world)?
        .map(|settings| CloudSettings { retries: Policy::urgent(), ..settings });
    let runtime = Runtime::begin()?;
    let planning = Planning { args, access, world, request: &request, leaked: &leaked, bounds: chosen.bounds };
    let mut planned = planning.plan_of(chosen, settings, &runtime, ui)?;
    let approval = match &request.resumed {
        Some(past) => planned.keep_to_approval(past, ui),
        None => planned.approval(&args.approval, &runtime, world, ui)?,
    };
    let is_dry = args.dry_run != DryRun::None;
    let agreed = args.yes || !planned.may_change(request.resumed.is_some());
    if !is_dry && !agreed && !ui.can_ask() && !planned.is_stopped() {
        planned.plan.refusals.push(consent::no_terminal("look at the plan with --dry-run"));
    }
    planned.say_found(ui);
    if is_dry || planned.is_stopped() {
        return planned.show_only(world, ui);
    }
    say_refusals(&planned.plan.refusals, planned.extent, ui);
    let revocation = Revocation {
        args,
        world,
        ui,
        runtime: &runtime,
        request: &request,
        leaked: &leaked,
        approval: approval.as_ref(),
        cloud: &planned.account.cloud,
        has_gaps: planned.has_gaps,
    };
    planned
        .agree(agreed, &runtime, world, ui)
        .and_then(|consent| revocation.carry_out(&planned.clusters, &planned.plan, &consent))
        .map_err(|stop| stop.after(|refusals| planned.refused_after_all(refusals, world)))
}

/// The clusters: those of the flags, that of the leaked files' CA, or those of the plan.
fn chosen(
    args: &RevokeArgs,
    access: &AccessArgs,
    request: &Request,
    leaked: &[Leaked],
    world: &World,
) -> Result<Chosen, Stop> {
    let flags = &args.clusters;
    let bounds = clusters::bounds(flags, Extent::One, world);
    if !leaked.is_empty() {
        let id = match flags.cluster_id.as_slice() {
            [] => None,
            [id] => Some(id),
            _ => return Err(Error::usage("a leaked file is of one cluster: give one --cluster-id").into()),
        };
        let choice = Choice::one(access::of_all_leaked(leaked, access, id, world)?);
        return Ok(Chosen { choice, extent: Extent::One, bounds });
    }
    let planned = request.clusters();
    let chosen = if !planned.is_empty() && access.context.is_empty() && flags.cluster_id.is_empty() {
        clusters::planned(&planned, flags, access, world)
    } else {
        clusters::choose(flags, access, false, world)
    };
    match chosen {
        Err(error) if !flags.cluster_id.is_empty() && error.status() == Status::Failed => {
            Err(other_cluster(&error).into())
        }
        Err(error) => Err(error.into()),
        Ok(chosen) => match chosen.choice.leads_nowhere() {
            Some(error) => Err(other_cluster(&error).into()),
            None => Ok(chosen),
        },
    }
}

fn other_cluster(error: &Error) -> Refusal {
    Refusal::new(RefusalCode::OtherCluster, error.message()).hint_if(error.advice())
}
