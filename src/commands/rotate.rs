//! `rotate`: the operator's own kubeconfig leaked. ACK revokes it and issues another, in one cluster or in several.

use super::clusters::{self, Chosen};
use super::stop::{Document, Stop, say_refusals};
use super::{access, approval, cloud, consent, leaked_file};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::retry::Policy;
use crate::adapters::kubeconfig_files::Loaded;
use crate::cli::{AccessArgs, CloudArgs, ClusterArgs, DryRun, RotateArgs};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::rotation::RotationPlan;
use crate::error::{Error, Result};
use crate::gather::cloud::{caller, connect};
use crate::gather::cluster_access::Route;
use crate::gather::fleet::{Choice, Wanted};
use crate::gather::leaked::{self, Leaked};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::RotationPlanDocument;
use crate::status::Status;
use crate::world::World;

mod carry_out;
mod destination;
mod planned;
mod planning;
mod request;

use carry_out::Rotation;
use planning::Planning;
use request::Request;

pub(super) fn run(
    args: &RotateArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let no_plan = |refusals: &[Refusal]| {
        let mut rotation = RotationPlan::new(Vec::new(), args.keep_others);
        rotation.plan.refusals = refusals.to_vec();
        Document::Rotation(Box::new(RotationPlanDocument::of(&rotation, world.now)))
    };
    plan_and_carry_out(args, access, cloud_args, world, ui).map_err(|stop| stop.before(no_plan))
}

fn plan_and_carry_out(
    args: &RotateArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let request = Request::of(args, world)?;
    let is_dry = args.dry_run != DryRun::None;
    if !is_dry && request.is_to_standard_output(args) && !ui.is_for_people() {
        let error = Error::usage("standard output is for the new kubeconfig, so there is no -o beside it");
        return Err(error.hint("write it elsewhere with --in-place or --write").into());
    }
    let leaked = leaked_file::read_or_refuse(args.file.as_deref(), args.leaked_context.as_deref(), world)?;
    let loaded = access::load(access, world)?;
    let settings = cloud::settings(cloud_args, access, world)?
        .map(|settings| CloudSettings { retries: Policy::urgent(), ..settings });
    let runtime = Runtime::begin()?;
    let chosen = chosen(args, access, &request, leaked.as_ref(), settings.as_ref(), &loaded, &runtime, world, ui)?;
    let planning = Planning {
        args,
        access,
        world,
        request: &request,
        leaked: leaked.as_ref(),
        loaded: &loaded,
        bounds: chosen.bounds,
    };
    let mut planned = planning.plan_of(chosen, settings, &runtime, ui)?;
    if !is_dry && !args.yes && !ui.can_ask() && !planned.is_stopped() {
        planned.rotation.plan.refusals.push(consent::no_terminal("look at the plan with --dry-run"));
    }
    let approval = match &request.resumed {
        Some(past) => past.record.approval.clone().inspect(|_| approval::say_resumed(past, ui)),
        None => planned.approval(&args.approval, &runtime, world, ui)?,
    };
    planned.say_found(ui);
    if is_dry || planned.is_stopped() {
        return planned.show_only(world, ui);
    }
    say_refusals(&planned.rotation.plan.refusals, planned.extent, ui);
    // What is said of a new kubeconfig on standard output must not stand in it.
    let beside;
    let ui = match request.is_to_standard_output(args) {
        true => {
            beside = ui.with_results_beside_data();
            Channels { messages: &beside, data: ui }
        }
        false => Channels { messages: ui, data: ui },
    };
    let rotation = Rotation {
        args,
        world,
        ui,
        runtime: &runtime,
        request: &request,
        planned: &planned,
        approval: approval.as_ref(),
    };
    planned
        .agree(args.yes, &runtime, world, ui.messages)
        .and_then(|consent| rotation.carry_out(&consent))
        .map_err(|stop| stop.after(|refusals| planned.refused_after_all(refusals, world)))
}

/// Where is said what happens, and where a new kubeconfig is written.
#[derive(Clone, Copy)]
struct Channels<'a> {
    messages: &'a Ui,
    data: &'a Ui,
}

/// The clusters: that of the leaked file's CA, that of the flags, those of the operation that is gone on with, or those of all contexts
/// that hold a certificate of the cloud's caller.
#[expect(clippy::too_many_arguments, reason = "each is asked for one thing")]
fn chosen(
    args: &RotateArgs,
    access: &AccessArgs,
    request: &Request,
    leaked: Option<&Leaked>,
    settings: Option<&CloudSettings>,
    loaded: &Loaded,
    runtime: &Runtime,
    world: &World,
    ui: &Ui,
) -> Result<Chosen, Stop> {
    let flags = ClusterArgs {
        cluster_id: args.cluster_id.iter().cloned().collect(),
        all_contexts: args.all_contexts,
        all_clusters: false,
        temporary_credentials: false,
        parallel: PARALLEL,
        cluster_timeout: args.cluster_timeout,
    };
    if !args.all_contexts {
        access::one_context(access)?;
    }
    let mut chosen = match leaked {
        Some(leaked) => {
            let extent = clusters::Extent::One;
            let choice = Choice::one(access::of_leaked(leaked, access, args.cluster_id.as_ref(), world)?);
            Chosen { choice, extent, bounds: clusters::bounds(&flags, extent, world) }
        }
        None => {
            let planned = request.clusters();
            let is_named = !access.context.is_empty() || !flags.cluster_id.is_empty();
            let is_by_record = !planned.is_empty() && !is_named && !clusters::is_about_one_server(access);
            let chosen = match is_by_record {
                true => clusters::planned(&planned, &flags, access, world)?,
                false => clusters::choose(&flags, access, false, world)?,
            };
            match chosen.choice.leads_nowhere() {
                Some(error) => return Err(no_context(&error).into()),
                None => chosen,
            }
        }
    };
    if args.all_contexts {
        let own = own_routes(access::all_routes(loaded, access, world), settings, runtime, world, ui)?;
        chosen.choice = Choice { wanted: Wanted::Routes(own), issue: None };
    }
    Ok(chosen)
}

/// How many clusters are read at a time.
const PARALLEL: u16 = 16;

fn no_context(error: &Error) -> Refusal {
    Refusal::new(RefusalCode::OtherCluster, error.message()).hint(
        "get your kubeconfig of it first, from the ACK console, and name it: kubectl ackcred rotate --kubeconfig FILE",
    )
}

/// The ways whose certificate is the cloud's caller's: of other identities nothing is asked.
fn own_routes(
    routes: Vec<Route>,
    settings: Option<&CloudSettings>,
    runtime: &Runtime,
    world: &World,
    ui: &Ui,
) -> Result<Vec<Route>, Stop> {
    let caller = runtime.cancellable(async {
        let source = connect(world, settings.cloned()).await;
        match source.ready() {
            Some(cloud) => caller(cloud).await.known().and_then(|caller| caller.uid.clone()),
            None => None,
        }
    })?;
    // Without a caller every cluster says so itself.
    let Some(caller) = caller else { return Ok(routes) };
    let count = routes.len();
    let own: Vec<Route> = routes
        .into_iter()
        .filter(|route| leaked::own(world, &route.context).is_ok_and(|leaked| leaked.uid == caller))
        .collect();
    if own.is_empty() {
        let message = format!("no context holds a certificate of {caller}, the cloud's caller");
        let refusal = Refusal::new(RefusalCode::OtherIdentity, message);
        return Err(refusal
            .hint("use the cloud credentials of the identity whose kubeconfig it is, by --profile say")
            .into());
    }
    match count - own.len() {
        0 => {}
        1 => ui.note("1 context holds no certificate of yours and is left out"),
        others => ui.note(&format!("{others} contexts hold no certificate of yours and are left out")),
    }
    Ok(own)
}
