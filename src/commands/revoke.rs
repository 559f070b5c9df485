//! `revoke`: plan, refuse, ask for consent, write down, change, verify.

use super::consent::{self, Agreement};
use super::{access, cloud};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::retry::Policy;
use crate::cli::{AccessArgs, CloudArgs, DryRun, RevokeArgs};
use crate::core::plan::{Crowd, Flags, Plan};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::conversation::Conversation;
use crate::gather::holders;
use crate::gather::leaked::{self, Leaked, LeakedError};
use crate::gather::revocation::{self, Gathered};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, RevocationPlan};
use crate::status::Status;
use crate::world::World;

mod carry_out;
mod request;

use carry_out::Revocation;
use request::Request;

pub(super) fn run(
    args: &RevokeArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    if args.in_cluster {
        let message = "a pod's service account revokes nobody: nobody could be asked for consent";
        return refuse(vec![Refusal::new(RefusalCode::InCluster, message)], world, ui);
    }
    let request = Request::of(args, world)?;
    let leaked = match args.file.as_deref().map(|file| leaked::read(world, file, args.leaked_context.as_deref())) {
        None => None,
        Some(Ok(leaked)) => Some(leaked),
        Some(Err(LeakedError::Refused(refusal))) => return refuse(vec![refusal], world, ui),
        Some(Err(LeakedError::File(error))) => return Err(access::unreadable(error)),
        Some(Err(LeakedError::Context(error))) => {
            return Err(Error::failed(error).hint("choose one of its contexts with --leaked-context"));
        }
    };
    let target = match target(args, access, &request, leaked.as_ref(), world)? {
        Ok(target) => target,
        Err(refusal) => return refuse(vec![refusal], world, ui),
    };
    let conversation = Conversation::begin()?;
    let gathered = conversation.hold(revocation::gather(revocation::Question {
        holders: holders::Question {
            world,
            context: &target.context,
            inference: target.inference,
            timeout: access.request_timeout.0,
            wanted: None,
            namespace: None,
            cloud: cloud::settings(cloud_args, access, world)?
                .map(|settings| CloudSettings { retries: Policy::urgent(), ..settings }),
        },
        wanted: request.wanted(leaked.as_ref()),
        remembered: &request.remembered,
        word: args.cluster_id.as_ref(),
        dry_run: args.dry_run != DryRun::Client,
    }))??;
    let crowd = request.crowd(&gathered);
    let mut plan = request.plan(&gathered, crowd);
    request.hold_against(&mut plan, &gathered);
    plan.refusals.extend(leaked.as_ref().and_then(|leaked| contradiction(leaked, &gathered)));
    let dry = args.dry_run != DryRun::None;
    if !dry && !args.yes && !ui.can_ask() && !plan.targets.is_empty() {
        let refusal = Refusal::new(RefusalCode::NoTerminal, "there is no terminal to ask for consent at");
        plan.refusals.push(refusal.hint("look at the plan with --dry-run, then give --yes"));
    }
    say_gathered(&gathered, &plan, ui);
    if dry || stops(&plan, crowd) {
        return show_only(&plan, world, ui);
    }
    if plan.targets.is_empty() {
        ui.report(&RevocationPlan { api_version: ApiVersion::V1, plan: &plan, now: world.now })?;
        return Ok(Status::Done);
    }
    plan.refusals.iter().for_each(|refusal| ui.refusal(refusal));

    let shown = RevocationPlan { api_version: ApiVersion::V1, plan: &plan, now: world.now };
    let phrase = consent::phrase("revoke", &plan.uids());
    let consent = match consent::ask(&shown, &plan.hash, &phrase, args.yes, &conversation, ui)? {
        Agreement::Given(consent) => consent,
        Agreement::Declined => {
            let refusal = Refusal::new(RefusalCode::Declined, "consent was not given");
            return refused_after_all(plan, refusal, world, ui);
        }
    };
    Revocation {
        args,
        world,
        ui,
        conversation: &conversation,
        request: &request,
        leaked: leaked.as_ref(),
        gaps: !gathered.failed.is_empty(),
    }
    .carry_out(&gathered, plan, &consent)
}

/// The cluster: that of the flags, of the leaked file's CA, or of the plan.
fn target(
    args: &RevokeArgs,
    access: &AccessArgs,
    request: &Request,
    leaked: Option<&Leaked>,
    world: &World,
) -> Result<Result<access::Target, Refusal>> {
    if let Some(leaked) = leaked {
        return access::of_leaked(leaked, access, args.cluster_id.as_ref(), world);
    }
    let planned = request.cluster.as_ref().filter(|_| access.context.is_none());
    let id = args.cluster_id.as_ref().or(planned);
    match access::target(access, false, id, world) {
        Err(error) if id.is_some() && error.status() == Status::Failed => {
            let refusal = Refusal::new(RefusalCode::OtherCluster, error.message());
            Ok(Err(match error.advice() {
                Some(advice) => refusal.hint(advice),
                None => refusal,
            }))
        }
        other => Ok(Ok(other?)),
    }
}

/// The file need not say which cluster it is for, but what it says must be right.
fn contradiction(leaked: &Leaked, gathered: &Gathered) -> Option<Refusal> {
    let (claim, id) = (leaked.inference.best.as_ref()?, gathered.case.cluster.id()?);
    (claim.id != *id).then(|| {
        let message =
            format!("{} in the file says that its cluster is {}, it is {id}", claim.from.describe(), claim.id);
        Refusal::new(RefusalCode::ClusterContradicted, message)
            .hint(format!("kubectl ackcred revoke {}, if you are sure of the cluster", leaked.uid))
    })
}

/// Whether nothing may be done. Of a crowd the refused are left out, unless it is about all of it.
fn stops(plan: &Plan, crowd: Crowd) -> bool {
    match crowd {
        Crowd::One | Crowd::Several => !plan.refusals.is_empty(),
        Crowd::Bulk => {
            plan.refusals.iter().any(|refusal| refusal.target.is_none())
                || (plan.targets.is_empty() && !plan.refusals.is_empty())
        }
    }
}

fn refuse(refusals: Vec<Refusal>, world: &World, ui: &Ui) -> Result<Status> {
    let plan = Plan { refusals, ..Plan::new(Vec::new(), Flags::default(), None) };
    show_only(&plan, world, ui)
}

fn show_only(plan: &Plan, world: &World, ui: &Ui) -> Result<Status> {
    ui.report(&RevocationPlan { api_version: ApiVersion::V1, plan, now: world.now })?;
    plan.refusals.iter().for_each(|refusal| ui.refusal(refusal));
    if plan.refusals.is_empty() {
        return Ok(Status::Done);
    }
    ui.note("nothing was changed");
    Ok(Status::Refused)
}

/// Something stands in the way after the plan was shown.
fn refused_after_all(mut plan: Plan, refusal: Refusal, world: &World, ui: &Ui) -> Result<Status> {
    ui.refusal(&refusal);
    ui.note("nothing was changed");
    plan.refusals.push(refusal);
    ui.document(&RevocationPlan { api_version: ApiVersion::V1, plan: &plan, now: world.now })?;
    Ok(Status::Refused)
}

fn say_gathered(gathered: &Gathered, plan: &Plan, ui: &Ui) {
    gathered.failed.iter().chain(&gathered.skew).chain(&plan.warnings).for_each(|text| ui.warning(text));
    gathered.notes.iter().for_each(|text| ui.note(text));
    for step in plan.steps.iter().filter(|step| !step.managed_by.is_empty()) {
        let object = step.object.as_ref().map(ToString::to_string).unwrap_or_default();
        step.managed_by.iter().for_each(|manager| ui.warning(&format!("{object}: {manager}")));
    }
    match gathered.inferred {
        0 => {}
        1 => ui.note("1 identity whose end is only inferred is left out, --accept-inferred takes it in"),
        count => ui.note(&format!(
            "{count} identities whose end is only inferred are left out, --accept-inferred takes them in"
        )),
    }
}
