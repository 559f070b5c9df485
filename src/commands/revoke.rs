//! `revoke`: plan, refuse, ask for consent, write down, change, verify.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use super::consent::{self, Agreement};
use super::operation::{self, Running};
use super::{access, cloud};
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::retry::Policy;
use crate::adapters::files;
use crate::adapters::journal::StateFolder;
use crate::apply::{self, Collateral, StepReport, Tools};
use crate::cli::{AccessArgs, CloudArgs, DryRun, RevokeArgs};
use crate::core::consent::Consent;
use crate::core::ids::{ClusterId, Uid};
use crate::core::journal::{Action as AuditAction, Ending};
use crate::core::operation::{ClusterRecord, Purpose, tombstone_of};
use crate::core::plan::{Crowd, Draft, Flags, Plan, PlannedTarget, roles_then};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::verification::{Outcome, Probe, Verification};
use crate::error::{Error, Result, chain};
use crate::gather::conversation::Conversation;
use crate::gather::history::{self, Past};
use crate::gather::holders;
use crate::gather::leaked::{self, Leaked, LeakedError};
use crate::gather::revocation::{self, Gathered, Wanted};
use crate::gather::verification;
use crate::output::ui::Ui;
use crate::output::views::{ApiVersion, CollateralView, RevocationPlan, RevocationReport, StepView, step_text};
use crate::status::Status;
use crate::world::World;

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
            ui.refusal(&Refusal::new(RefusalCode::Declined, "consent was not given; nothing was changed"));
            return Ok(Status::Refused);
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

/// What is asked for: on the command line, by a plan, or by an operation that was cut off.
struct Request {
    flags: Flags,
    uids: Vec<Uid>,
    /// The cluster that a plan or an operation is about.
    cluster: Option<ClusterId>,
    /// The hash of the plan that was given.
    hash: Option<String>,
    /// The operation to go on with.
    resumed: Option<Past>,
    /// What that operation knew of its identities.
    remembered: Vec<PlannedTarget>,
}

impl Request {
    fn of(args: &RevokeArgs, world: &World) -> Result<Self> {
        if let Some(path) = &args.plan {
            return Self::of_plan(read_plan(&world.cwd.join(path))?, args);
        }
        if let Some(id) = &args.resume {
            let folder = StateFolder::of(world).map_err(Error::failed)?;
            let past = history::load(&folder, id).map_err(operation::unknown)?;
            let Some(plan) = past.record.revocation().cloned() else {
                return Err(Error::usage(format!("{id} is a restore; run the restore again instead")));
            };
            let resumed = Self { resumed: Some(past), hash: None, ..Self::of_plan(plan.clone(), args)? };
            return Ok(Self { remembered: plan.targets, ..resumed });
        }
        Ok(Self {
            flags: Flags {
                force: args.force,
                rbac_only: args.rbac_only,
                all_deleted: args.all_deleted,
                accept_inferred: args.accept_inferred,
                leave_no_admin: args.leave_no_admin,
                accept_group_grants: args.accept_group_grant.clone(),
            },
            uids: each_once(&args.uids),
            cluster: None,
            hash: None,
            resumed: None,
            remembered: Vec::new(),
        })
    }

    fn of_plan(plan: Plan, args: &RevokeArgs) -> Result<Self> {
        if args.resume.is_none() && plan.leaked.is_some() != args.file.is_some() {
            return Err(Error::usage(match &plan.leaked {
                Some(leaked) => {
                    format!("the plan is about the leaked certificate of {}: give its file with -f", leaked.common_name)
                }
                None => "the plan is about no file: leave out -f".to_owned(),
            }));
        }
        Ok(Self {
            uids: plan.targets.iter().map(|target| target.uid.clone()).collect(),
            cluster: plan.targets.iter().find_map(|target| target.cluster_id.clone()),
            flags: plan.flags,
            hash: Some(plan.hash),
            resumed: None,
            remembered: Vec::new(),
        })
    }

    fn wanted<'a>(&'a self, leaked: Option<&'a Leaked>) -> Wanted<'a> {
        match leaked {
            Some(leaked) => Wanted::Leaked(leaked),
            None if self.flags.all_deleted && self.resumed.is_none() => {
                Wanted::Deleted { accept_inferred: self.flags.accept_inferred }
            }
            None => Wanted::Named(&self.uids),
        }
    }

    fn crowd(&self, gathered: &Gathered) -> Crowd {
        match gathered.case.targets.len() {
            _ if self.flags.all_deleted => Crowd::Bulk,
            0 | 1 => Crowd::One,
            _ => Crowd::Several,
        }
    }

    fn plan(&self, gathered: &Gathered, crowd: Crowd) -> Plan {
        let leaked = gathered.leaked.as_ref();
        let draft = Draft::of(&gathered.case, &self.flags, leaked, crowd, &gathered.dry_runs);
        Plan::new(vec![draft], self.flags.clone(), gathered.leaked.clone())
    }

    /// Holds a plan made now against the one that was given, or against the operation that is gone on with.
    fn hold_against(&self, plan: &mut Plan, gathered: &Gathered) {
        if let Some(hash) = self.hash.as_ref().filter(|hash| **hash != plan.hash) {
            let message = format!(
                "a plan made now is {}, not {}: something has changed since",
                plan.short_hash(),
                &hash[..6.min(hash.len())]
            );
            plan.refusals.push(
                Refusal::new(RefusalCode::PlanChanged, message)
                    .hint("make a new plan with --dry-run -o json, and look at it"),
            );
        }
        let Some(past) = &self.resumed else { return };
        // What speaks against beginning an operation does not speak against finishing it.
        plan.refusals.retain(|refusal| {
            !matches!(
                refusal.code,
                RefusalCode::RecentAccess
                    | RefusalCode::ActivityUnknown
                    | RefusalCode::NothingIssued
                    | RefusalCode::CredentialDead
                    | RefusalCode::IdentityUnknown
            )
        });
        let same = past.record.clusters.iter().any(|cluster| {
            cluster.ca_keys.iter().any(|key| gathered.case.cluster.ca_keys.contains(key))
                || cluster.key == gathered.case.cluster.key
        });
        if !same {
            let message = format!("{} was begun in another cluster than this context leads to", past.id);
            plan.refusals
                .push(Refusal::new(RefusalCode::OtherCluster, message).hint("name its context with --context"));
        }
    }
}

fn each_once(uids: &[Uid]) -> Vec<Uid> {
    let mut once: Vec<Uid> = Vec::new();
    for uid in uids {
        if !once.contains(uid) {
            once.push(uid.clone());
        }
    }
    once
}

fn read_plan(path: &Path) -> Result<Plan> {
    let unusable = |error: anyhow::Error| {
        Error::failed(error.context(format!("cannot use {}", path.display())))
            .hint("a plan is what revoke --dry-run -o json prints")
    };
    let bytes = files::load(path).map_err(|error| unusable(error.into()))?;
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| unusable(error.into()))?;
    let fields = document.as_object_mut().ok_or_else(|| unusable(anyhow::anyhow!("it is no JSON object")))?;
    let (version, kind) = (fields.remove("apiVersion"), fields.remove("kind"));
    if version != Some("ackcred/v1".into()) || kind != Some("RevocationPlan".into()) {
        return Err(unusable(anyhow::anyhow!("it is no RevocationPlan of ackcred/v1")));
    }
    serde_json::from_value(document).map_err(|error| unusable(error.into()))
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

fn say_gathered(gathered: &Gathered, plan: &Plan, ui: &Ui) {
    gathered.failed.iter().chain(&plan.warnings).for_each(|text| ui.warning(text));
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

/// A revocation that was agreed to.
struct Revocation<'a> {
    args: &'a RevokeArgs,
    world: &'a World,
    ui: &'a Ui,
    conversation: &'a Conversation,
    request: &'a Request,
    leaked: Option<&'a Leaked>,
    /// Whether a voice failed before the change.
    gaps: bool,
}

impl Revocation<'_> {
    fn carry_out(&self, gathered: &Gathered, plan: Plan, consent: &Consent) -> Result<Status> {
        let key = &gathered.case.cluster.key;
        let patience = positive(self.args.cluster_timeout);
        let locked = match operation::lock(self.world, key, patience, self.conversation)? {
            Ok(locked) => locked,
            Err(refusal) => return self.refused(&refusal),
        };
        let probes = self.probes(gathered)?;
        if let Err(reason) = &probes {
            self.ui.warning(&format!("access reviews can't be compared: {reason}"));
        }
        let probes = probes.unwrap_or_default();
        let begun = match &self.request.resumed {
            Some(past) => locked.resume(past, &gathered.case.operator.describe(), self.world),
            None => locked.begin(self.record(gathered, &plan, &probes), &originals(gathered, &plan), self.world),
        };
        let running = match begun {
            Ok(running) => running,
            Err(refusal) => return self.refused(&refusal),
        };
        self.ui.note(&format!("operation {}", running.id));
        let outcome = self.change_and_verify(gathered, &plan, &probes, &running, consent);
        self.finish(&plan, running, outcome)
    }

    fn refused(&self, refusal: &Refusal) -> Result<Status> {
        self.ui.refusal(refusal);
        self.ui.note("nothing was changed");
        Ok(Status::Refused)
    }

    /// The questions to compare: those of the operation that is gone on with, else those that are answered with yes now.
    fn probes(&self, gathered: &Gathered) -> Result<std::result::Result<Vec<Probe>, String>> {
        if let Some(past) = &self.request.resumed {
            return Ok(Ok(past.record.clusters.iter().flat_map(|cluster| cluster.probes.clone()).collect()));
        }
        let asked = self.conversation.hold(verification::probes_that_work(&gathered.api, &gathered.case))?;
        Ok(asked.map_err(|error| chain(&error)))
    }

    fn record(&self, gathered: &Gathered, plan: &Plan, probes: &[Probe]) -> operation::Beginning {
        let (case, cluster) = (&gathered.case, &gathered.case.cluster);
        let tombstone = plan.leaked.as_ref().zip(plan.targets.first());
        operation::Beginning {
            action: AuditAction::Revoke,
            operator: case.operator.describe(),
            reason: self.args.reason.clone(),
            hash: plan.hash.clone(),
            uids: plan.uids(),
            clusters: vec![ClusterRecord {
                id: cluster.id().cloned(),
                key: cluster.key.clone(),
                name: cluster.name.clone(),
                context: cluster.context.clone(),
                server: cluster.server.clone(),
                ca_keys: cluster.ca_keys.clone(),
                region: gathered.region.clone(),
                confirmation: cluster.confirmation,
                roles: roles_then(case),
                probes: probes.to_vec(),
            }],
            purpose: Purpose::Revoke {
                tombstone: tombstone.map(|(leaked, target)| tombstone_of(leaked, &target.uid)),
                plan: Box::new(plan.clone()),
            },
        }
    }

    fn change_and_verify(
        &self,
        gathered: &Gathered,
        plan: &Plan,
        probes: &[Probe],
        running: &Running,
        consent: &Consent,
    ) -> Done {
        let (case, cloud) = (&gathered.case, &gathered.cloud);
        self.conversation.finish(async |interrupt| {
            let tools = Tools {
                api: &gathered.api,
                cloud: cloud.ready().filter(|_| !plan.flags.rbac_only),
                cluster: case.cluster.id(),
                region: gathered.region.as_ref(),
                recorder: &running.recorder,
                interrupted: &|| interrupt.is_pending(),
            };
            let steps = apply::revoke(&tools, plan, &case.bindings, consent).await;
            for report in &steps {
                say_step(plan, report, self.ui);
            }
            let mut done =
                Done { steps, verification: Vec::new(), collateral: Vec::new(), interrupted: interrupt.is_pending() };
            if done.interrupted {
                return done;
            }
            let question = verification::Question {
                api: &gathered.api,
                cloud,
                region: gathered.region.as_ref(),
                cluster: &case.cluster,
                targets: case.targets.iter().filter(|target| plan.uids().contains(&target.target.uid)).collect(),
                plan,
                probes,
                leaked: self.leaked,
                settle: verification::settle_time(self.args.settle.map(positive), plan),
                now: self.world.clock().time(),
            };
            let said = verification::ask_cloud(&question).await;
            done.collateral = apply::repair(&tools, plan, &case.bindings, &done.steps).await;
            done.verification = verification::verify(&question, said).await;
            done.collateral.extend(apply::repair(&tools, plan, &case.bindings, &done.steps).await);
            done.interrupted = interrupt.is_pending();
            running.recorder.verified(&done.verification);
            done
        })
    }

    fn finish(&self, plan: &Plan, running: Running, done: Done) -> Result<Status> {
        let report = RevocationReport {
            api_version: ApiVersion::V1,
            operation: running.id.clone(),
            plan_hash: plan.hash.clone(),
            steps: done.steps.iter().map(|report| step_view(plan, report)).collect(),
            collateral: done.collateral.iter().map(|one| collateral_view(plan, one)).collect(),
            verification: done.verification,
        };
        let undone = done.steps.iter().any(|report| !report.is_done());
        let broken = done.collateral.iter().any(|one| !one.is_whole);
        let worst = report.verification.iter().map(|one| one.outcome).max();
        let ending = match worst {
            _ if done.interrupted => Ending::Interrupted,
            _ if undone || broken => Ending::Incomplete,
            Some(Outcome::Residual) => Ending::Residual,
            Some(Outcome::Unverifiable) | None => Ending::Unverifiable,
            Some(Outcome::Verified) => Ending::Verified,
        };
        let id = running.id.clone();
        let kept = running.end(ending, &report, &report.steps, self.world);
        self.ui.report(&report)?;
        if let Err(reason) = &kept {
            self.ui.warning(&format!("the record of the operation is not complete: {reason}"));
        }
        if matches!(ending, Ending::Incomplete | Ending::Interrupted) {
            self.ui.note(&format!("go on with it: kubectl ackcred revoke --resume {id}"));
        }
        let left_out = !plan.refusals.is_empty();
        Ok(match ending {
            Ending::Interrupted => Status::Interrupted,
            Ending::Verified if !left_out && kept.is_ok() && !self.gaps => Status::Done,
            _ => Status::Incomplete,
        })
    }
}

/// What became of a revocation.
struct Done {
    steps: Vec<StepReport>,
    verification: Vec<Verification>,
    collateral: Vec<Collateral>,
    interrupted: bool,
}

/// The bindings as they can be created anew.
fn originals(gathered: &Gathered, plan: &Plan) -> Vec<crate::core::binding_object::BindingObject> {
    let changed = gathered
        .case
        .bindings
        .iter()
        .filter(|object| plan.binding_steps().any(|step| step.object.as_ref() == Some(&object.reference())));
    changed.map(|object| object.stripped(object.subjects.clone())).collect()
}

fn positive(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

fn say_step(plan: &Plan, report: &StepReport, ui: &Ui) {
    let view = step_view(plan, report);
    let because = view.error.map(|error| format!(": {error}")).unwrap_or_default();
    ui.note(&format!("  {}  {:?}  {}{because}", view.id, view.result, view.what));
}

fn step_view(plan: &Plan, report: &StepReport) -> StepView {
    let step = plan.steps.iter().find(|step| step.id == report.id);
    StepView {
        id: report.id,
        what: step.map(step_text).unwrap_or_default(),
        result: report.result,
        error: report.error.clone(),
        request_id: report.request_id.clone(),
        audit_id: report.audit_id.clone(),
    }
}

fn collateral_view(plan: &Plan, one: &Collateral) -> CollateralView {
    let step = plan.steps.iter().find(|step| step.object.as_ref() == Some(&one.binding));
    CollateralView {
        cluster_id: step.and_then(|step| step.cluster_id.clone()),
        binding: one.binding.clone(),
        whole: one.is_whole,
        what: one.what.clone(),
    }
}
