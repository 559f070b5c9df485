//! `suggest`: the smallest roles for what an identity was seen to use. Nothing is applied.

mod today;

use super::log_progress::LogProgressBar;
use super::stop::Stop;
use crate::adapters::audit_log::{AuditLog, LogSource};
use crate::cli::{AccessArgs, CloudArgs, SuggestArgs, SuggestDryRun, TimeBound, Widen};
use crate::core::audit::period::Period;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::suggestion::draft::Draft;
use crate::core::suggestion::proof::prove;
use crate::core::suggestion::usage_log::LoggedUsage;
use crate::core::suggestion::whose::Whose;
use crate::core::suggestion::widening::Widening;
use crate::error::{Error, Result, chain};
use crate::gather::audit_log;
use crate::gather::rbac_dry_run;
use crate::gather::runtime::Runtime;
use crate::gather::used_rights::{self, UsageReading};
use crate::output::report::Report as _;
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, CoveredView, DryRunView, Kind, NotCoveredView, RoleHolder, StateWord, SuggestedRoleView, Suggestion,
    SuggestionFor, SuggestionWindow, WidenedView, counted,
};
use crate::status::Status;
use crate::world::World;
use today::{ClusterToday, IdentityToday};

/// On fewer days than this, what is done once a month may not be in a log.
const DAYS: usize = 30;
/// A rule with more names than this is one that names of pods fill.
const MANY_NAMES: usize = 20;

pub(super) fn run(
    args: &SuggestArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let Some(whose) = whose(args) else { return Err(Error::usage("a UID or --subject is expected").into()) };
    let mut logs = open(args, world)?;
    let runtime = Runtime::begin()?;
    let is_sent = args.dry_run == SuggestDryRun::Server;
    let today = match args.log_only {
        true => ClusterToday::NotAsked,
        false => ClusterToday::read(&runtime, is_sent, (access, cloud_args), world, ui)?,
    };
    let identity = today.identity(&whose);
    refuse_deleted(&whose, identity.as_ref())?;

    let moment = |bound: Option<TimeBound>| bound.map(|bound| bound.before(world.now));
    let period = Period { since: moment(args.since), until: moment(args.until) };
    let UsageReading { logged, failures } = {
        let mut bar = LogProgressBar::begin(ui);
        used_rights::read(&mut logs, whose, period, today.minor_version(), &mut |progress| bar.draw(progress))
    };
    let LoggedUsage { usage, mut head, days } = logged;
    let usage = &usage;
    let draft = Draft::of(usage, &ways(&args.widen));
    prove(&draft, usage.asked.keys()).map_err(|error| {
        Error::failed(error).hint("this is a fault of kubectl-ackcred: please report it, with the version")
    })?;
    let objects = draft.documents();
    let dry_run = today.api().map(|api| runtime.to_completion(|| (), async |_| rbac_dry_run::ask(api, &objects).await));
    let dry_run = dry_run.map(|answers| {
        let view = |answer: rbac_dry_run::DryRunAnswer| DryRunView {
            kind: answer.kind,
            namespace: answer.namespace,
            name: answer.name,
            error: answer.error,
        };
        answers.into_iter().map(view).collect::<Vec<_>>()
    });
    let is_refused = |answers: &Vec<DryRunView>| answers.iter().any(|answer| answer.error.is_some());
    let incomplete = head.unreadable > 0
        || !failures.is_empty()
        || today.has_gaps()
        || !draft.uncovered.is_empty()
        || dry_run.as_ref().is_some_and(is_refused);
    let report = Suggestion {
        api_version: ApiVersion::V1,
        kind: Kind::Suggestion,
        suggested_for: SuggestionFor {
            uid: usage.whose.uid().map(|uid| uid.to_string()),
            state: identity.as_ref().map(|identity| StateWord::of(identity.state)),
            subjects: draft.subjects.iter().map(RoleHolder::of).collect(),
            text: usage.whose.to_string(),
        },
        cluster: today.view(),
        window: SuggestionWindow::of(&mut head, period, days, logs.iter().map(|log| log.name.clone()).collect()),
        covered: CoveredView::of(usage),
        roles: draft.roles.iter().map(|role| SuggestedRoleView::of(role, usage)).collect(),
        would_lose: today.would_lose(usage, &draft.rights),
        not_covered: NotCoveredView::all(&draft),
        widened: draft.added.iter().map(WidenedView::of).collect(),
        dry_run,
        unreadable: head.unreadable,
        incomplete,
        objects,
    };
    failures.iter().for_each(|error| ui.warning(&chain(error)));
    say_unreadable(head.unreadable, ui);
    ui.report(&report)?;
    sum_up(&report, &draft, ui);
    today.say(usage, ui);
    Ok(if incomplete { Status::Incomplete } else { Status::Done })
}

fn whose(args: &SuggestArgs) -> Option<Whose> {
    let by_uid = args.uid.clone().map(Whose::Identity);
    by_uid.or_else(|| args.subject.clone().map(Whose::of))
}

/// A log that is not there is a mistake on the command line: nothing else is read then.
fn open(args: &SuggestArgs, world: &World) -> Result<Vec<AuditLog>> {
    let sources: Vec<LogSource> = args.audit_log.iter().map(|path| LogSource::of(path)).collect();
    if sources.iter().filter(|source| **source == LogSource::Stdin).count() > 1 {
        return Err(Error::usage("standard input can be read only once"));
    }
    let (logs, failures) = audit_log::open(&sources, world);
    match failures.into_iter().next() {
        Some(error) => {
            Err(Error::failed(error).hint("name the files of the API server's audit log, or - for standard input"))
        }
        None => Ok(logs),
    }
}

fn ways(widen: &[Widen]) -> Vec<Widening> {
    let way = |word: &Widen| match word {
        Widen::Names => Widening::Names,
        Widen::Namespaces => Widening::Namespaces,
        Widen::Reads => Widening::Reads,
    };
    widen.iter().map(way).collect()
}

/// Roles are suggested for those who stay.
fn refuse_deleted(whose: &Whose, identity: Option<&IdentityToday>) -> Result<(), Stop> {
    let Some(deleted) = identity.filter(|identity| identity.is_deleted()) else { return Ok(()) };
    let message = format!("{whose} is deleted ({}): roles are suggested for those who stay", deleted.evidence);
    let hint = format!("kubectl ackcred revoke {} takes away what it still holds", deleted.uid);
    Err(Refusal::new(RefusalCode::IdentityGone, message).hint(hint).into())
}

fn say_unreadable(records: u64, ui: &Ui) {
    match records {
        0 => {}
        1 => ui.warning("1 record of the log is no audit event, or is cut off: what it says is not counted"),
        number => ui.warning(&format!(
            "{number} records of the log are no audit events, or are cut off: what they say is not counted"
        )),
    }
}

fn sum_up(report: &Suggestion<'_>, draft: &Draft, ui: &Ui) {
    let SuggestionFor { uid, state, subjects, text } = &report.suggested_for;
    let days = report.window.days;
    if days < DAYS {
        let days = counted(days, "day");
        ui.warning(&format!("the log has events of {days} only: what is done less often may not be in it"));
    }
    if let (Some(uid), None | Some(StateWord::Unknown)) = (uid, state) {
        ui.note(&format!("whether {uid} still exists is not known"));
    }
    if *state == Some(StateWord::Recycled) {
        ui.warning(&format!("{text} is in the recycle bin"));
    }
    if let Some(message) = report.no_role().filter(|_| report.nothing_found().is_none()) {
        ui.note(&message);
    }
    if subjects.len() > 1 {
        ui.note(&format!("it was seen under {} names: each is given what was seen of any", subjects.len()));
    }
    let has_many_names = |rule: &&crate::core::rbac::PolicyRule| rule.resource_names.len() >= MANY_NAMES;
    if let Some(rule) = draft.roles.iter().flat_map(|role| &role.rules).find(has_many_names) {
        ui.note(&format!(
            "{} are allowed by more than {MANY_NAMES} names; --widen names leaves the names out",
            rule.resources.join(",")
        ));
    }
    if !report.roles.is_empty() {
        ui.note("applying the roles takes nothing away: rights add up, and bindings that name it today still do");
    }
}
