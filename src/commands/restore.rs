//! `restore`: gives back what a revocation took away, by its record or by the backups that another tool left.

mod folder;
mod record;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;

use self::record::Recorded;
use super::clusters::{self, positive};
use super::leases::{self, Leases};
use super::operation::{self, Beginning, Running};
use super::stop::{Document, Stop};
use super::{approval, cloud, consent, fleet};
use crate::adapters::cluster::ApiServer;
use crate::adapters::journal::StateFolder;
use crate::apply::{self, STEPS_SIDE_BY_SIDE, StepReport, Tools};
use crate::cli::{AccessArgs, CloudArgs, RestoreArgs, Restored};
use crate::core::distinct::distinct;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::approval::Approval;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::journal::{Action, Ending, OperationId, RestoreOrigin};
use crate::core::revocation::operation::{ClusterRecord, OperationReport, Purpose};
use crate::core::revocation::refusal::Refusal;
use crate::core::revocation::restoration::{RestoreFlags, RestorePlan};
use crate::core::revocation::verification::ClusterAnswers;
use crate::error::{Error, Result};
use crate::gather::account::AccountReading;
use crate::gather::backups::Backups;
use crate::gather::cluster_access::{self, Route};
use crate::gather::fleet::{Choice, Cluster, Fleet, Wanted as WantedClusters};
use crate::gather::grants::BindingsNeeded;
use crate::gather::history::{self, Scrutiny};
use crate::gather::restoration::{self, Gathered, Place};
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
    let wanted = Wanted::of(args)?;
    let no_plan = |refusals: &[Refusal]| document(&wanted.origin(), &RestorePlan::default(), refusals);
    plan_and_carry_out(&wanted, args, access, cloud_args, world, ui).map_err(|stop| stop.after(no_plan))
}

fn plan_and_carry_out(
    wanted: &Wanted,
    args: &RestoreArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let source = match wanted {
        Wanted::Operation(id) => Source::Record(Box::new(Recorded::load(&folder, id, args, ui)?)),
        Wanted::Folder(path, uids) => Source::Folder(folder::find(path, uids, args, world)?),
    };
    let origin = source.origin();
    let others = history::marks(&folder, Scrutiny::Full).map_err(Error::failed)?;
    if !others.unread.is_empty() {
        return Err(others.refusals(&folder).into());
    }
    let chosen = match &source {
        Source::Record(recorded) => recorded.choose(args.temporary_credentials, access, world)?,
        Source::Folder(backups) => folder::choose(backups, args, access, world)?,
    };
    let extent = chosen.extent;
    let settings = cloud::settings(cloud_args, access, world)?;
    let runtime = Runtime::begin()?;
    let query =
        cluster_access::AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: false };
    let Fleet { account, clusters, .. } =
        fleet::read_to_change(&runtime, chosen, query, settings, BindingsNeeded::OneKind, ui)?;
    all_read(&clusters)?;
    let timeout = access.request_timeout.0;
    let query = restoration::RestoreQuery { world, timeout, earlier: &others, flags: &flags(args) };
    let places = match &source {
        Source::Record(recorded) => recorded.places(clusters)?,
        Source::Folder(backups) => folder::places(backups, clusters, args, ui)?,
    };
    let gathered = ui.waiting("making the plan", gather(query, places, &account));
    let gathered = runtime.cancellable(gathered)??;
    ui.failures(&account.failed);
    let mut plan = RestorePlan::joined(gathered.iter().map(|one| one.plan.clone()).collect());
    if let Source::Folder(backups) = &source {
        folder::name_missing(backups, &mut plan);
    }
    operation::say_not_restored(&plan, ui);
    let operators = gathered.iter().map(|one| &one.operator);
    let approval = approval::of_plan(&args.approval, &plan.hash, operators, &mut plan.refusals, &runtime, world, ui)?;
    if plan.refusals.is_empty() && !args.dry_run && !args.yes && !ui.can_ask() {
        plan.refusals.push(consent::no_terminal("look at it with --dry-run"));
    }
    let shown = RestoreReport::planned(&origin, &plan);
    if !plan.refusals.is_empty() {
        return Err(Stop::refused(plan.refusals, extent, Document::Restore(Box::new(shown))));
    }
    if args.dry_run {
        ui.report(&shown)?;
        return Ok(status_of(&plan));
    }
    say_rearmed(&plan, ui);
    let refused_after_all = |refusals: &[Refusal]| document(&origin, &plan, refusals);
    let phrase = consent::phrase("restore", &plan.uids);
    let consent = consent::ask(&shown, &plan.hash, &phrase, args.yes, &runtime, ui)
        .map_err(|stop| stop.after(refused_after_all))?;
    let restore =
        Restore { args, world, ui, runtime: &runtime, origin: &origin, plan: &plan, approval: approval.as_ref() };
    restore.carry_out(&gathered, &consent).map_err(|stop| stop.after(refused_after_all))
}

/// What is to be restored, by the command line.
enum Wanted {
    /// What this operation took.
    Operation(OperationId),
    /// What these identities held, by the backups in this folder.
    Folder(PathBuf, Vec<Uid>),
}

/// Who knows what was taken.
enum Source {
    /// The record of a revocation.
    Record(Box<Recorded>),
    /// Backups that another tool left.
    Folder(Backups),
}

impl Wanted {
    fn of(args: &RestoreArgs) -> Result<Self> {
        match (&args.from, args.what.as_slice()) {
            (None, [Restored::Operation(id)]) => Ok(Self::Operation(id.clone())),
            (None, [Restored::Operation(_), ..]) => Err(Error::usage("one operation at a time is restored")),
            (None, _) => Err(Error::usage("a UID says what to restore only beside --from DIR")
                .hint("kubectl ackcred history lists the operations; name the one to restore")),
            (Some(folder), what) => {
                let uid = |one: &Restored| match one {
                    Restored::Identity(uid) => Ok(uid.clone()),
                    Restored::Operation(id) => Err(Error::usage(format!(
                        "{id} is an operation: beside --from DIR, identities are named by UID"
                    ))),
                };
                let uids: Vec<Uid> = what.iter().map(uid).collect::<Result<_>>()?;
                Ok(Self::Folder(folder.clone(), distinct(uids)))
            }
        }
    }

    /// What is to be restored, in a document without a plan.
    fn origin(&self) -> RestoreOrigin {
        match self {
            Self::Operation(id) => RestoreOrigin::Operation(id.clone()),
            Self::Folder(path, _) => RestoreOrigin::Folder(path.display().to_string()),
        }
    }
}

impl Source {
    fn origin(&self) -> RestoreOrigin {
        match self {
            Self::Record(recorded) => recorded.origin(),
            Self::Folder(backups) => backups.origin(),
        }
    }
}

/// A restore that was agreed to.
struct Restore<'a> {
    args: &'a RestoreArgs,
    world: &'a World,
    ui: &'a Ui,
    runtime: &'a Runtime,
    origin: &'a RestoreOrigin,
    plan: &'a RestorePlan,
    /// Who approved it; `None`: no approval was asked for.
    approval: Option<&'a Approval>,
}

impl Restore<'_> {
    /// Carries it out: what is begun here is in the journal first.
    fn carry_out(&self, gathered: &[Gathered], consent: &Consent) -> Result<Status, Stop> {
        let keys = gathered.iter().map(|one| one.cluster.key.as_str());
        let lock_timeout = positive(self.args.cluster_timeout);
        let locked = operation::lock(self.world, keys, lock_timeout, self.runtime, self.ui)?;
        let holder = leases::holder(&operators(gathered), self.world);
        let held = gathered.iter().filter(|_| self.args.lease);
        let places = held.map(|one| leases::Place { api: &one.api, key: &one.cluster.key }).collect();
        let leases = Leases::acquire(places, &holder, lock_timeout, self.runtime, self.world, self.ui)?;
        let running = locked.begin(self.beginning(gathered), &[], self.world)?;
        let say_interrupted = operation::say_interrupted(self.ui);
        let (given_back, is_interrupted) = self.runtime.to_completion(say_interrupted, async |interrupt| {
            let work = give_back(gathered, self.plan, consent, &running, &leases, &interrupt);
            let given_back = leases.held_during(work, self.ui).await;
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
        let clusters: Vec<ClusterId> = gathered.iter().filter_map(|one| one.cluster.id.clone()).collect();
        Ok(self.finish(running, &steps, answers.collect(), &clusters, ending))
    }

    fn beginning(&self, gathered: &[Gathered]) -> Beginning {
        let Self { args, plan, .. } = self;
        Beginning {
            action: Action::Restore,
            operator: operators(gathered),
            reason: args.reason.clone(),
            hash: plan.hash.clone(),
            approval: self.approval.cloned(),
            uids: plan.uids.clone(),
            clusters: gathered.iter().map(record).collect(),
            purpose: Purpose::Restore {
                of: self.origin.clone(),
                plan: Box::new(RestorePlan::clone(plan)),
                // A name that doesn't come back stays dead.
                rearmed: args.rearm.iter().filter(|name| plan.gives_back(name)).cloned().collect(),
            },
        }
    }

    fn finish(
        &self,
        running: Running,
        steps: &[StepReport],
        answers: Vec<ClusterAnswers>,
        clusters: &[ClusterId],
        ending: Ending,
    ) -> Status {
        let kept = OperationReport {
            steps: steps.iter().map(StepReport::ended).collect(),
            answers: Some(answers),
            ..OperationReport::default()
        };
        let done =
            RestoreReport::ended(&running.id, self.origin, self.plan, kept.steps.clone()).approved(self.approval);
        let in_words = done.steps.iter().map(|step| step.sentence_among(self.plan.is_of_several()));
        let is_kept = running.end(ending, &kept, &done, in_words, self.world, self.ui);
        if ending != Ending::Restored {
            self.ui.note(&format!("resume it: {}", self.origin.command(&self.plan.uids, clusters)));
        }
        match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Restored if is_kept => status_of(self.plan),
            _ => Status::Incomplete,
        }
    }
}

/// What a plan that is carried out comes to: what could not be restored from a folder is missing.
fn status_of(plan: &RestorePlan) -> Status {
    if plan.not_restored.is_empty() { Status::Done } else { Status::Incomplete }
}

fn flags(args: &RestoreArgs) -> RestoreFlags {
    RestoreFlags { force: args.force, accept_role_change: args.accept_role_change, rearm: args.rearm.clone() }
}

/// The document of a plan with what speaks against it.
fn document(of: &RestoreOrigin, plan: &RestorePlan, refusals: &[Refusal]) -> Document {
    let refusals = plan.refusals.iter().chain(refusals).cloned().collect();
    Document::Restore(Box::new(RestoreReport::planned(of, &RestorePlan { refusals, ..plan.clone() })))
}

/// Gives back what was taken, in all clusters side by side; and asks what the API servers allow again by then.
async fn give_back(
    gathered: &[Gathered],
    plan: &RestorePlan,
    consent: &Consent,
    running: &Running,
    leases: &Leases<'_>,
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
            lease: leases.of(&cluster.key),
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
    places: Vec<Place<'_>>,
    account: &AccountReading,
) -> Result<Vec<Gathered>> {
    let mut gathered = Vec::new();
    let stays_connected = places.len() <= CLUSTERS_AT_A_TIME;
    for place in places {
        let one = restoration::gather(question, place, account).await?;
        if !stays_connected {
            one.api.disconnect();
        }
        gathered.push(one);
    }
    Ok(gathered)
}

/// The ways to clusters that are known by their IDs.
fn by_ids(ids: Vec<ClusterId>, routes: Vec<Route>, temporary_credentials: bool) -> Result<Choice> {
    let choice = Choice { wanted: WantedClusters::Ids(ids, routes), issue: clusters::issue(temporary_credentials) };
    choice.leads_nowhere().map_or(Ok(choice), Err)
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

/// Every name that the operator is known by.
fn operators(gathered: &[Gathered]) -> Vec<String> {
    distinct(gathered.iter().flat_map(|one| one.operator.describe()))
}

/// The cluster, as it was found. Nothing is asked there before a restore.
fn record(gathered: &Gathered) -> ClusterRecord {
    ClusterRecord { answers: Some(Vec::new()), ..gathered.cluster.clone() }
}
