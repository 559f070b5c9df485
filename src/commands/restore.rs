//! `restore`: gives back what a revocation took away.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use super::clusters::{self, Chosen, Extent, positive};
use super::operation::{self, Beginning, Running};
use super::stop::{Document, Stop};
use super::{access, cloud, consent, fleet};
use crate::adapters::cluster::ApiServer;
use crate::adapters::journal::StateFolder;
use crate::apply::{self, STEPS_SIDE_BY_SIDE, StepReport, Tools};
use crate::cli::{AccessArgs, CloudArgs, RestoreArgs};
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::journal::{Action, Ending, OperationId};
use crate::core::revocation::operation::{ClusterRecord, OperationReport, Purpose};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::restoration::{RestoreFlags, RestorePlan};
use crate::core::revocation::verification::ClusterAnswers;
use crate::error::{Error, Result};
use crate::gather::account::AccountReading;
use crate::gather::cluster_access;
use crate::gather::fleet::{Bounds, Choice, Cluster, Fleet, Wanted};
use crate::gather::grants::BindingsNeeded;
use crate::gather::history::{self, Past, PastError, Scrutiny};
use crate::gather::restoration::{self, Gathered};
use crate::gather::runtime::{Interrupt, Runtime};
use crate::gather::verification::{Again, allowed_again};
use crate::output::ui::Ui;
use crate::output::views::RestoreReport;
use crate::status::Status;
use crate::world::World;

/// How many clusters are read at a time.
const CLUSTERS_AT_A_TIME: usize = 16;

pub(super) fn run(
    args: &RestoreArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let no_plan = |refusals: &[Refusal]| document(&args.operation, &RestorePlan::default(), refusals);
    plan_and_carry_out(args, access, cloud_args, world, ui).map_err(|stop| stop.after(no_plan))
}

fn plan_and_carry_out(
    args: &RestoreArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let past = past(&folder, args)?;
    let others = history::marks(&folder, Scrutiny::Full).map_err(Error::failed)?;
    if !others.unread.is_empty() {
        return Err(others.refusals(&folder).into());
    }
    operation::say_damaged(&past, ui);
    let records = records(&past, &args.cluster_id)?;
    let chosen = chosen(&records, args.temporary_credentials, access, world)?;
    let extent = chosen.extent;
    let settings = cloud::settings(cloud_args, access, world)?;
    let runtime = Runtime::begin()?;
    let query =
        cluster_access::AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: false };
    let Fleet { account, clusters, .. } =
        fleet::read_to_change(&runtime, chosen, query, settings, BindingsNeeded::OneKind, ui)?;
    all_read(&clusters)?;
    let query = restoration::RestoreQuery {
        world,
        timeout: access.request_timeout.0,
        past: &past,
        earlier: &others,
        flags: &flags(args),
    };
    let gathered = ui.waiting("making the plan", gather(query, &records, clusters, &account));
    let gathered = runtime.cancellable(gathered)??;
    ui.failures(&account.failed);
    let mut plan = RestorePlan::joined(gathered.iter().map(|one| one.plan.clone()).collect());
    if plan.refusals.is_empty() && !args.dry_run && !args.yes && !ui.can_ask() {
        plan.refusals.push(consent::no_terminal("look at it with --dry-run"));
    }
    let shown = RestoreReport::planned(&past.id, &plan);
    if !plan.refusals.is_empty() {
        return Err(Stop::refused(plan.refusals, extent, Document::Restore(Box::new(shown))));
    }
    if args.dry_run {
        ui.report(&shown)?;
        return Ok(Status::Done);
    }
    say_rearmed(&plan, ui);
    let refused_after_all = |refusals: &[Refusal]| document(&past.id, &plan, refusals);
    let phrase = consent::phrase("restore", &plan.uids);
    let consent = consent::ask(&shown, &plan.hash, &phrase, args.yes, &runtime, ui)
        .map_err(|stop| stop.after(refused_after_all))?;
    let restore = Restore { args, world, ui, runtime: &runtime, past: &past, plan: &plan };
    restore.carry_out(&gathered, &consent).map_err(|stop| stop.after(refused_after_all))
}

/// A restore that was agreed to.
struct Restore<'a> {
    args: &'a RestoreArgs,
    world: &'a World,
    ui: &'a Ui,
    runtime: &'a Runtime,
    past: &'a Past,
    plan: &'a RestorePlan,
}

impl Restore<'_> {
    /// Carries it out: what is begun here is in the journal first.
    fn carry_out(&self, gathered: &[Gathered], consent: &Consent) -> Result<Status, Stop> {
        let keys = gathered.iter().map(|one| one.cluster.key.as_str());
        let locked = operation::lock(self.world, keys, positive(self.args.cluster_timeout), self.runtime, self.ui)?;
        let running = locked.begin(beginning(self.args, self.past, gathered, self.plan), &[], self.world)?;
        let say_interrupted = operation::say_interrupted(self.ui);
        let (given_back, is_interrupted) = self.runtime.to_completion(say_interrupted, async |interrupt| {
            let given_back = give_back(gathered, self.plan, consent, &running, &interrupt).await;
            (given_back, interrupt.is_pending())
        });
        let (steps, again): (Vec<_>, Vec<Again>) = given_back.into_iter().unzip();
        let steps = steps.concat();
        let sum = |count: fn(&Again) -> usize| again.iter().map(count).sum::<usize>();
        let (asked, allowed) = (sum(|one| one.asked), sum(|one| one.allowed));
        if asked > 0 {
            self.ui.note(&format!(
                "access reviews: {allowed} of {asked} rights held before the revocation are held again"
            ));
        }
        let ending = match steps.iter().all(StepReport::is_done) {
            _ if is_interrupted => Ending::Interrupted,
            true => Ending::Restored,
            false => Ending::Incomplete,
        };
        let answers = gathered
            .iter()
            .zip(again)
            .map(|(one, again)| ClusterAnswers { cluster_id: one.cluster.id.clone(), answers: again.answers });
        Ok(self.finish(running, &steps, answers.collect(), ending))
    }

    fn finish(&self, running: Running, steps: &[StepReport], answers: Vec<ClusterAnswers>, ending: Ending) -> Status {
        let kept = OperationReport {
            steps: steps.iter().map(StepReport::ended).collect(),
            answers: Some(answers),
            ..OperationReport::default()
        };
        let done = RestoreReport::ended(&running.id, &self.past.id, self.plan, kept.steps.clone());
        let in_words = done.steps.iter().map(|step| step.sentence_among(self.plan.is_of_several()));
        let is_kept = running.end(ending, &kept, &done, in_words, self.world, self.ui);
        if ending != Ending::Restored {
            self.ui.note(&format!("resume it: kubectl ackcred restore {}", self.past.id));
        }
        match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Restored if is_kept => Status::Done,
            _ => Status::Incomplete,
        }
    }
}

/// The revocation that is taken back.
fn past(folder: &StateFolder, args: &RestoreArgs) -> Result<Past, Stop> {
    let past = match history::load(folder, &args.operation) {
        Ok(past) => past,
        Err(error) if error.is_missing() => return Err(operation::unknown(error).into()),
        Err(error) => return Err(unusable(folder, args, &error).into()),
    };
    if past.record.rotation().is_some() {
        let message = format!("{} is a rotation: a certificate that ACK revoked can't be given back", past.id);
        let hint = format!("use the new kubeconfig; if there is none yet: kubectl ackcred rotate --resume {}", past.id);
        return Err(Refusal::new(RefusalCode::NothingToRestore, message).hint(hint).into());
    }
    if past.record.revocation().is_none() {
        let error = Error::usage(format!("{} is a restore itself", past.id));
        return Err(error.hint("use kubectl ackcred revoke to revoke the access again").into());
    }
    Ok(past)
}

fn flags(args: &RestoreArgs) -> RestoreFlags {
    RestoreFlags { force: args.force, accept_role_change: args.accept_role_change, rearm: args.rearm.clone() }
}

/// The document of a plan with what speaks against it.
fn document(of: &OperationId, plan: &RestorePlan, refusals: &[Refusal]) -> Document {
    let refusals = plan.refusals.iter().chain(refusals).cloned().collect();
    Document::Restore(Box::new(RestoreReport::planned(of, &RestorePlan { refusals, ..plan.clone() })))
}

/// Gives back what was taken, in all clusters side by side; and asks what the API servers allow again by then.
async fn give_back(
    gathered: &[Gathered],
    plan: &RestorePlan,
    consent: &Consent,
    running: &Running,
    interrupt: &Interrupt,
) -> Vec<(Vec<StepReport>, Again)> {
    let turns = Semaphore::new(STEPS_SIDE_BY_SIDE);
    let given_back = stream::iter(gathered).map(async |Gathered { api, cluster, .. }| {
        let id = cluster.id.as_ref();
        let tools = Tools {
            api,
            cloud: None,
            cluster: id,
            region: None,
            recorder: &running.recorder,
            turns: &turns,
            interrupted: &|| interrupt.is_pending(),
            // Nothing of a restore is the cloud's.
            cloud_timeout: Duration::ZERO,
            on_wait: &|_| (),
        };
        let steps = apply::restore(&tools, &plan.in_cluster(id), consent).await;
        let again = if interrupt.is_pending() { Again::default() } else { allowed_again(api, &cluster.probes).await };
        api.disconnect();
        (steps, again)
    });
    given_back.buffered(STEPS_SIDE_BY_SIDE).collect().await
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
    let extent = Extent::of(records.len() > 1);
    if extent.is_several() && ids.len() < records.len() {
        return Err(Error::failed(anyhow::anyhow!("the record names a cluster among several that has no ID")));
    }
    let bounds = Bounds::new(CLUSTERS_AT_A_TIME.min(records.len()), None, world.open_files);
    if !extent.is_several() && (access::one_context(access)?.is_some() || ids.is_empty()) {
        let choice = Choice::one(access::route(access, false, world)?);
        return Ok(Chosen { choice, extent, bounds });
    }
    if extent.is_several() && !access.context.is_empty() {
        return Err(Error::usage("--context is for an operation in one cluster; --cluster-id chooses among several"));
    }
    let routes = clusters::routes_of_all(temporary_credentials, access, world)?;
    let known = records.iter().filter_map(|record| Some((record.id.as_ref()?, record.context.as_ref())));
    let routes = clusters::on_record(routes, known);
    let issue = clusters::issue(temporary_credentials);
    let choice = Choice { wanted: Wanted::Ids(ids, routes), issue };
    match choice.leads_nowhere() {
        Some(error) => Err(error),
        None => Ok(Chosen { choice, extent, bounds }),
    }
}

/// Refuses where one of several clusters could not be read: then nothing is given back in any of them.
fn all_read(clusters: &[Cluster<ApiServer>]) -> Result<(), Stop> {
    let unread = clusters.iter().find_map(|one| Some((&one.cluster_ref, one.outcome.as_ref().err()?)));
    match unread {
        Some((cluster_ref, error)) => {
            Err(fleet::unread(cluster_ref, error).hint("use --cluster-id to restore in the others").into())
        }
        None => Ok(()),
    }
}

async fn gather(
    question: restoration::RestoreQuery<'_>,
    records: &[ClusterRecord],
    clusters: Vec<Cluster<ApiServer>>,
    account: &AccountReading,
) -> Result<Vec<Gathered>> {
    let mut gathered = Vec::new();
    let stays_connected = clusters.len() <= CLUSTERS_AT_A_TIME;
    for (record, cluster) in records.iter().zip(clusters) {
        let (route, reading) = cluster.outcome?;
        let one = restoration::gather(question, record, &route, reading, account).await?;
        if !stays_connected {
            one.api.disconnect();
        }
        gathered.push(one);
    }
    Ok(gathered)
}

/// A restore makes certificates work again. Before consent it must be clear whose.
fn say_rearmed(plan: &RestorePlan, ui: &Ui) {
    let mut names: Vec<&str> =
        plan.steps.iter().flat_map(|step| &step.subjects).map(|subject| subject.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        ui.warning(&format!("every holder of a certificate of {name} has access again until the certificate ends"));
    }
    for token in &plan.tokens {
        ui.warning(&format!("every holder of the static token in {} has access again", token.secret));
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
        clusters: gathered.iter().map(record).collect(),
        purpose: Purpose::Restore {
            of: past.id.clone(),
            plan: Box::new(plan.clone()),
            // A name that doesn't come back stays dead.
            rearmed: args.rearm.iter().filter(|name| plan.gives_back(name)).cloned().collect(),
        },
    }
}

/// The cluster as the revocation's record has it. Nothing is asked there before a restore.
fn record(gathered: &Gathered) -> ClusterRecord {
    ClusterRecord { answers: Some(Vec::new()), ..gathered.cluster.clone() }
}
