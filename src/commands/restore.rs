//! `restore`: gives back what a revocation took away.

use std::time::Duration;

use super::consent::{self, Agreement};
use super::operation::{self, Beginning};
use super::{access, cloud};
use crate::adapters::journal::StateFolder;
use crate::apply::{self, StepReport, Tools};
use crate::cli::{AccessArgs, CloudArgs, RestoreArgs};
use crate::core::ids::ClusterId;
use crate::core::journal::{Action, Ending, OperationId, State, Tombstone};
use crate::core::operation::Purpose;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::restoration::{RestoreFlags, RestorePlan};
use crate::error::{Error, Result};
use crate::gather::conversation::Conversation;
use crate::gather::history::{self, Past};
use crate::gather::holders;
use crate::gather::restoration::{self, Gathered};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, RestoreReport, RestoredStep, StepView};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &RestoreArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let past = history::load(&folder, &args.operation).map_err(operation::unknown)?;
    let Some(revoked) = past.record.revocation() else {
        return Err(Error::usage(format!("{} is a restore itself", past.id))
            .hint("kubectl ackcred revoke takes the access away again"));
    };
    if past.damaged.iter().any(|name| !name.starts_with("originals/")) {
        let message = format!("{} was changed since it was written: {}", past.id, past.damaged.join(", "));
        return refuse(&past, &RestorePlan::default(), Refusal::new(RefusalCode::JournalDamaged, message), ui);
    }
    // Checksums can be written anew beside what they are of; the operation's name holds part of what was agreed to.
    if !revoked.is_sealed() || !past.id.to_string().contains(&format!("-{}", revoked.short_hash())) {
        let message = format!("the plan of {} is not the one that was agreed to", past.id);
        return refuse(&past, &RestorePlan::default(), Refusal::new(RefusalCode::JournalDamaged, message), ui);
    }
    for name in &past.damaged {
        ui.warning(&format!("{name} was changed since it was written; it is not used"));
    }
    let id: Option<&ClusterId> = revoked.targets.iter().find_map(|target| target.cluster_id.as_ref());
    let target = access::target(access, false, id.filter(|_| access.context.is_none()), world)?;
    let dead = history::tombstones(world).map_err(Error::failed)?;
    let here = dead.into_iter().filter(|dead| dead.is_of(id));
    let tombstones: Vec<Tombstone> = here.map(|dead| dead.tombstone).collect();
    let conversation = Conversation::begin()?;
    let gathered = conversation.hold(restoration::gather(restoration::Question {
        holders: holders::Question {
            world,
            context: &target.context,
            inference: target.inference,
            timeout: access.request_timeout.0,
            wanted: None,
            namespace: None,
            cloud: cloud::settings(cloud_args, access, world)?,
        },
        past: &past,
        unfinished_restore: was_cut_off(&folder, &past)?,
        tombstones: &tombstones,
        flags: RestoreFlags {
            force: args.force,
            accept_role_change: args.accept_role_change,
            rearm: args.rearm.clone(),
        },
    }))??;
    gathered.failed.iter().for_each(|reason| ui.warning(reason));
    let mut refusals = gathered.plan.refusals.clone();
    if !args.dry_run && !args.yes && !ui.can_ask() {
        let refusal = Refusal::new(RefusalCode::NoTerminal, "there is no terminal to ask for consent at");
        refusals.push(refusal.hint("look at it with --dry-run, then give --yes"));
    }
    let planned = report(&past, &gathered.plan, None, planned_steps(&gathered.plan), refusals.clone());
    if args.dry_run || !refusals.is_empty() {
        ui.report(&planned)?;
        refusals.iter().for_each(|refusal| ui.refusal(refusal));
        if refusals.is_empty() {
            return Ok(Status::Done);
        }
        ui.note("nothing was changed");
        return Ok(Status::Refused);
    }
    rearms(&gathered.plan, ui);
    let phrase = consent::phrase("restore", &gathered.plan.uids);
    let consent = match consent::ask(&planned, &gathered.plan.hash, &phrase, args.yes, &conversation, ui)? {
        Agreement::Given(consent) => consent,
        Agreement::Declined => {
            let refusal = Refusal::new(RefusalCode::Declined, "consent was not given");
            return refuse(&past, &gathered.plan, refusal, ui);
        }
    };
    let patience = Duration::try_from(args.cluster_timeout).unwrap_or_default();
    let locked = operation::lock(world, &gathered.cluster.key, patience, &conversation)?;
    let begun = locked.and_then(|locked| locked.begin(beginning(args, &past, &gathered), &[], world));
    let running = match begun {
        Ok(running) => running,
        Err(refusal) => return refuse(&past, &gathered.plan, refusal, ui),
    };
    let (steps, interrupted) = conversation.finish(async |interrupt| {
        let tools = Tools {
            api: &gathered.api,
            cloud: None,
            cluster: gathered.cluster.id.as_ref(),
            region: None,
            recorder: &running.recorder,
            interrupted: &|| interrupt.is_pending(),
        };
        let steps = apply::restore(&tools, &gathered.plan, &consent).await;
        (steps, interrupt.is_pending())
    });
    let ending = match steps.iter().all(StepReport::is_done) {
        _ if interrupted => Ending::Interrupted,
        true => Ending::Restored,
        false => Ending::Incomplete,
    };
    let views: Vec<StepView> = steps.iter().map(|step| view(&gathered.plan, step)).collect();
    let restored = views.iter().cloned().map(RestoredStep::from).collect();
    let done = report(&past, &gathered.plan, Some(running.id.clone()), restored, Vec::new());
    let kept = running.end(ending, &done, &views, world);
    ui.report(&done)?;
    if let Err(reason) = &kept {
        ui.warning(&format!("the record of the operation is not complete: {reason}"));
    }
    Ok(match ending {
        Ending::Interrupted => Status::Interrupted,
        Ending::Restored if kept.is_ok() => Status::Done,
        _ => Status::Incomplete,
    })
}

/// Something stands in the way that is no part of the plan; people have seen the plan, if there is one.
fn refuse(past: &Past, plan: &RestorePlan, refusal: Refusal, ui: &Ui) -> Result<Status> {
    ui.refusal(&refusal);
    ui.note("nothing was changed");
    ui.document(&report(past, plan, None, planned_steps(plan), vec![refusal]))?;
    Ok(Status::Refused)
}

/// Whether an earlier restore of this revocation was cut off: what it gave back is then no reason to refuse the rest.
fn was_cut_off(folder: &StateFolder, past: &Past) -> Result<bool> {
    let all = history::all(folder).map_err(Error::failed)?;
    Ok(all.iter().filter_map(|(_, other)| other.as_ref().ok()).any(|other| {
        let complete = matches!(other.state(), State::Ended(Ending::Restored));
        matches!(&other.record.purpose, Purpose::Restore { of, .. } if *of == past.id) && !complete
    }))
}

/// A restore arms certificates again. Whoever agrees must know whose.
fn rearms(plan: &RestorePlan, ui: &Ui) {
    let mut names: Vec<&str> =
        plan.steps.iter().flat_map(|step| &step.subjects).map(|subject| subject.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        ui.warning(&format!("every holder of a certificate of {name} has access again until the certificate ends"));
    }
    ui.note("the kubeconfig's record itself comes back only through ACK's recycle bin, in the console, within 30 days");
}

fn beginning(args: &RestoreArgs, past: &Past, gathered: &Gathered) -> Beginning {
    Beginning {
        action: Action::Restore,
        operator: gathered.operator.describe(),
        reason: args.reason.clone(),
        hash: gathered.plan.hash.clone(),
        uids: gathered.plan.uids.clone(),
        clusters: vec![gathered.cluster.clone()],
        purpose: Purpose::Restore {
            of: past.id.clone(),
            plan: Box::new(gathered.plan.clone()),
            // A name that doesn't come back stays dead.
            rearmed: args.rearm.iter().filter(|name| gathered.plan.gives_back(name)).cloned().collect(),
        },
    }
}

fn planned_steps(plan: &RestorePlan) -> Vec<RestoredStep> {
    plan.steps.iter().map(RestoredStep::planned).collect()
}

fn view(plan: &RestorePlan, report: &StepReport) -> StepView {
    let step = plan.steps.iter().find(|step| step.id == report.id);
    StepView {
        id: report.id,
        what: step.map(|step| RestoredStep::planned(step).what).unwrap_or_default(),
        result: report.result,
        error: report.error.clone(),
        request_id: None,
        audit_id: report.audit_id.clone(),
    }
}

fn report(
    past: &Past,
    plan: &RestorePlan,
    operation: Option<OperationId>,
    steps: Vec<RestoredStep>,
    refusals: Vec<Refusal>,
) -> RestoreReport {
    RestoreReport {
        api_version: ApiVersion::V1,
        operation,
        restores: past.id.clone(),
        steps,
        verification: Vec::new(),
        collateral: Vec::new(),
        diff: plan.diff.clone(),
        refusals,
    }
}
