//! `restore`: gives back what a revocation took away.

use super::clusters::{self, Chosen, positive};
use super::operation::{self, Beginning, Running};
use super::{access, cloud, consent, fleet};
use crate::adapters::cluster::ApiServer;
use crate::adapters::journal::StateFolder;
use crate::apply::{self, StepReport, Tools};
use crate::cli::{AccessArgs, CloudArgs, RestoreArgs};
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::journal::{Action, Ending, OperationId, StepResult};
use crate::core::revocation::operation::{ClusterRecord, EndedStep, OperationReport, Purpose};
use crate::core::revocation::refusal::Refusal;
use crate::core::revocation::restoration::{RestoreFlags, RestorePlan};
use crate::error::{Error, Result};
use crate::gather::account::AccountReading;
use crate::gather::cluster_access;
use crate::gather::fleet::{Bounds, Choice, Cluster, Fleet, Wanted};
use crate::gather::history::{self, Past, PastError, Scrutiny};
use crate::gather::restoration::{self, Gathered};
use crate::gather::runtime::{Interrupt, Runtime};
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, CollateralView, RestoreReport, RestoredStep};
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
    let past = match history::load(&folder, &args.operation) {
        Ok(past) => past,
        Err(error) if error.is_missing() => return Err(operation::unknown(error)),
        Err(error) => {
            return refuse(&args.operation, &RestorePlan::default(), vec![unusable(&folder, args, &error)], ui);
        }
    };
    if past.record.revocation().is_none() {
        return Err(Error::usage(format!("{} is a restore itself", past.id))
            .hint("use kubectl ackcred revoke to revoke the access again"));
    }
    let others = history::marks(&folder, Scrutiny::Full).map_err(Error::failed)?;
    if !others.unread.is_empty() {
        return refuse(&past.id, &RestorePlan::default(), others.refusals(&folder), ui);
    }
    operation::say_damaged(&past, ui);
    let records = records(&past, &args.cluster_id)?;
    let chosen = chosen(&records, args.temporary_credentials, access, world)?;
    let settings = cloud::settings(cloud_args, access, world)?;
    let runtime = Runtime::begin()?;
    let question = cluster_access::AccessQuery { world, timeout: access.request_timeout.0, namespace: None };
    let Fleet { account, clusters, .. } = fleet::read_to_change(&runtime, chosen, question, settings, ui)?;
    if let Some(refusal) = unread(&clusters) {
        return refuse(&past.id, &RestorePlan::default(), vec![refusal], ui);
    }
    let flags =
        RestoreFlags { force: args.force, accept_role_change: args.accept_role_change, rearm: args.rearm.clone() };
    let question = restoration::RestoreQuery {
        world,
        timeout: access.request_timeout.0,
        past: &past,
        earlier: &others,
        flags: &flags,
    };
    let gathered = runtime.cancellable(gather(question, &records, clusters, &account))??;
    account.failed.iter().for_each(|reason| ui.warning(reason));
    let plan = RestorePlan::joined(gathered.iter().map(|one| one.plan.clone()).collect());
    let mut refusals = plan.refusals.clone();
    if !args.dry_run && !args.yes && !ui.can_ask() {
        refusals.push(consent::no_terminal("look at it with --dry-run"));
    }
    let planned = report(&past.id, &plan, None, RestoredStep::all(&plan), refusals.clone());
    if args.dry_run || !refusals.is_empty() {
        let shown = ui.report(&planned);
        refusals.iter().for_each(|refusal| ui.refusal(refusal));
        if refusals.is_empty() {
            return shown.map(|()| Status::Done);
        }
        shown.unwrap_or_else(|error| ui.error(&error));
        ui.note("nothing was changed");
        return Ok(Status::Refused);
    }
    rearms(&plan, ui);
    let phrase = consent::phrase("restore", &plan.uids);
    let consent = match consent::ask(&planned, &plan.hash, &phrase, args.yes, &runtime, ui)? {
        Ok(consent) => consent,
        Err(refusal) => return refuse(&past.id, &plan, vec![refusal], ui),
    };
    let keys = gathered.iter().map(|one| one.cluster.key.as_str());
    let locked = operation::lock(world, keys, positive(args.cluster_timeout), &runtime)?;
    let begun = locked.and_then(|locked| locked.begin(beginning(args, &past, &gathered, &plan), &[], world));
    let running = match begun {
        Ok(running) => running,
        Err(refusal) => return refuse(&past.id, &plan, vec![refusal], ui),
    };
    let (steps, is_interrupted) = runtime.to_completion(operation::say_interrupted(ui), async |interrupt| {
        let steps = give_back(&gathered, &plan, &consent, &running, &interrupt).await;
        (steps, interrupt.is_pending())
    });
    let ending = match steps.iter().all(StepReport::is_done) {
        _ if is_interrupted => Ending::Interrupted,
        true => Ending::Restored,
        false => Ending::Incomplete,
    };
    let kept = OperationReport { steps: steps.iter().map(StepReport::ended).collect(), ..OperationReport::default() };
    let done = ended(running.id.clone(), &past.id, &plan, kept.steps.clone());
    let in_words = done.steps.iter().map(|step| step.what.as_str());
    let is_kept = running.end(ending, &kept, &done, in_words, world, ui);
    if ending != Ending::Restored {
        ui.note(&format!("resume it: kubectl ackcred restore {}", past.id));
    }
    Ok(match ending {
        Ending::Interrupted => Status::Interrupted,
        Ending::Restored if is_kept => Status::Done,
        _ => Status::Incomplete,
    })
}

/// Gives back what was taken, one cluster after the other.
async fn give_back(
    gathered: &[Gathered],
    plan: &RestorePlan,
    consent: &Consent,
    running: &Running,
    interrupt: &Interrupt,
) -> Vec<StepReport> {
    let mut steps = Vec::new();
    for Gathered { api, cluster, .. } in gathered {
        let id = cluster.id.as_ref();
        let tools = Tools {
            api,
            cloud: None,
            cluster: id,
            region: None,
            recorder: &running.recorder,
            interrupted: &|| interrupt.is_pending(),
        };
        steps.extend(apply::restore(&tools, &plan.in_cluster(id), consent).await);
    }
    steps
}

/// Why nothing is given back by a record that can't be trusted.
fn unusable(folder: &StateFolder, args: &RestoreArgs, error: &PastError) -> Refusal {
    let originals = folder.operation_folder(&args.operation).join("originals");
    let hint = format!(
        "the bindings as they were are in {}: read them, and create by hand what you want to restore",
        originals.display()
    );
    error.refusal(&args.operation).hint(hint)
}

/// The clusters of the operation, or those of them that were named.
fn records(past: &Past, wanted: &[ClusterId]) -> Result<Vec<ClusterRecord>> {
    let all = &past.record.clusters;
    if let Some(stranger) = wanted.iter().find(|id| !all.iter().any(|cluster| cluster.id.as_ref() == Some(*id))) {
        return Err(Error::usage(format!("{} revoked nothing in cluster {stranger}", past.id)));
    }
    let is_wanted =
        |cluster: &&ClusterRecord| wanted.is_empty() || cluster.id.as_ref().is_some_and(|id| wanted.contains(id));
    let records: Vec<ClusterRecord> = all.iter().filter(is_wanted).cloned().collect();
    if records.is_empty() {
        return Err(Error::failed(anyhow::anyhow!("operation {} is about no cluster", past.id)));
    }
    Ok(records)
}

/// The ways to the clusters: one is reached by the context that is named, else by its ID, else by the current context.
fn chosen(
    records: &[ClusterRecord],
    temporary_credentials: bool,
    access: &AccessArgs,
    world: &World,
) -> Result<Chosen> {
    let ids: Vec<ClusterId> = records.iter().filter_map(|record| record.id.clone()).collect();
    let are_several = records.len() > 1;
    if are_several && ids.len() < records.len() {
        return Err(Error::failed(anyhow::anyhow!("the record names a cluster among several that has no ID")));
    }
    let bounds = Bounds { parallel: records.len(), each: None };
    if !are_several && (access::one_context(access)?.is_some() || ids.is_empty()) {
        let choice = Choice::one(access::route(access, false, world)?);
        return Ok(Chosen { choice, are_several, bounds });
    }
    if are_several && !access.context.is_empty() {
        return Err(Error::usage("--context is for an operation in one cluster; --cluster-id chooses among several"));
    }
    let routes = clusters::routes_of_all(temporary_credentials, access, world)?;
    let known = records.iter().filter_map(|record| Some((record.id.as_ref()?, record.context.as_ref())));
    let routes = clusters::on_record(routes, known);
    let issue = clusters::issue(temporary_credentials);
    let choice = Choice { wanted: Wanted::Ids(ids, routes), issue };
    match choice.leads_nowhere() {
        Some(error) => Err(error),
        None => Ok(Chosen { choice, are_several, bounds }),
    }
}

/// The first of several clusters that could not be read: then nothing is given back in any of them.
fn unread(clusters: &[Cluster<ApiServer>]) -> Option<Refusal> {
    let (cluster_ref, error) = clusters.iter().find_map(|one| Some((&one.cluster_ref, one.outcome.as_ref().err()?)))?;
    Some(fleet::unread(cluster_ref, error).hint("use --cluster-id to restore in the others"))
}

async fn gather(
    question: restoration::RestoreQuery<'_>,
    records: &[ClusterRecord],
    clusters: Vec<Cluster<ApiServer>>,
    account: &AccountReading,
) -> Result<Vec<Gathered>> {
    let mut gathered = Vec::new();
    for (record, cluster) in records.iter().zip(clusters) {
        let (route, reading) = cluster.outcome?;
        gathered.push(restoration::gather(question, record, &route, reading, account).await?);
    }
    Ok(gathered)
}

/// Something stands in the way that is no part of the plan; people have seen the plan, if there is one.
fn refuse(of: &OperationId, plan: &RestorePlan, refusals: Vec<Refusal>, ui: &Ui) -> Result<Status> {
    refusals.iter().for_each(|refusal| ui.refusal(refusal));
    ui.note("nothing was changed");
    let refused = report(of, plan, None, RestoredStep::all(plan), refusals);
    ui.document(&refused).unwrap_or_else(|error| ui.error(&error));
    Ok(Status::Refused)
}

/// A restore makes certificates work again. Before consent it must be clear whose.
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

fn beginning(args: &RestoreArgs, past: &Past, gathered: &[Gathered], plan: &RestorePlan) -> Beginning {
    Beginning {
        action: Action::Restore,
        operator: distinct(gathered.iter().flat_map(|one| one.operator.describe())),
        reason: args.reason.clone(),
        hash: plan.hash.clone(),
        uids: plan.uids.clone(),
        clusters: gathered.iter().map(|one| one.cluster.clone()).collect(),
        purpose: Purpose::Restore {
            of: past.id.clone(),
            plan: Box::new(plan.clone()),
            // A name that doesn't come back stays dead.
            rearmed: args.rearm.iter().filter(|name| plan.gives_back(name)).cloned().collect(),
        },
    }
}

/// The report of a restore that has ended, by what is kept of it.
pub(super) fn ended(id: OperationId, of: &OperationId, plan: &RestorePlan, kept: Vec<EndedStep>) -> RestoreReport {
    report(of, plan, Some(id), RestoredStep::ended(plan, kept), Vec::new())
}

fn report(
    of: &OperationId,
    plan: &RestorePlan,
    operation: Option<OperationId>,
    steps: Vec<RestoredStep>,
    refusals: Vec<Refusal>,
) -> RestoreReport {
    RestoreReport {
        api_version: ApiVersion::V1,
        operation,
        restores: of.clone(),
        verification: Vec::new(),
        collateral: collateral(plan, &steps),
        steps,
        diff: plan.diff.clone(),
        refusals,
    }
}

/// The bindings that the others get back too. They are whole once their step is done.
fn collateral(plan: &RestorePlan, steps: &[RestoredStep]) -> Vec<CollateralView> {
    let lost = plan.steps.iter().filter(|step| !step.others.is_empty());
    lost.map(|step| {
        let result = steps.iter().find(|one| one.id == step.id).and_then(|one| one.result);
        let whole = matches!(result, Some(StepResult::Done | StepResult::AlreadyDone));
        let what = match whole {
            true => "the cloud deleted it whole; it was created anew, for the other subjects, too",
            false => "the cloud deleted it whole; its other subjects have no access by it",
        };
        CollateralView {
            cluster_id: step.cluster_id.clone(),
            binding: step.object.clone(),
            whole,
            what: what.to_owned(),
        }
    })
    .collect()
}
