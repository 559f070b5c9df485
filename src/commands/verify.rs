//! `verify`: is what was revoked from this machine still gone?

mod read;
mod wanted;

use futures_util::{StreamExt as _, stream};

use self::read::Read;
use self::wanted::{Place, Wanted};
use super::stop::Stop;
use super::{leaked_file, operation};
use crate::adapters::journal::StateFolder;
use crate::cli::{AccessArgs, CloudArgs, VerifyArgs};
use crate::core::revocation::journal::{Action, AuditLine, AuditResult, Ending, Phase, State, StepResult};
use crate::error::{Error, Result, chain};
use crate::gather::leaked::Leaked;
use crate::gather::recheck::{Part, RecheckQuery, Rechecked, recheck};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, Kind, OperationOutcome, RecheckOutcome, RecheckView, VerificationReport, VerificationView,
    VerifiedOperation,
};
use crate::status::Status;
use crate::world::World;

/// How many clusters are checked at a time.
const CLUSTERS_AT_A_TIME: usize = 16;

pub(super) fn run(
    args: &VerifyArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let wanted = Wanted::of(args, &folder)?;
    for (id, why) in &wanted.unread {
        ui.warning(&format!("operation {id} can't be read: {why}"));
    }
    wanted.pasts.iter().for_each(|past| operation::say_damaged(past, ui));
    for past in wanted.unfinished() {
        ui.warning(&format!("{} is not finished; finish it: kubectl ackcred revoke --resume {}", past.id, past.id));
    }
    let leaked = leaked_files(args, &wanted, world)?;
    let mut places = wanted.places();
    if places.is_empty() {
        return show(&report(&wanted, &places, &[], world), true, ui);
    }
    let runtime = Runtime::begin()?;
    let read = read::read(args, access, cloud_args, &places, &runtime, world, ui)?;
    if args.in_cluster {
        leave_out_others(&mut places, &read, ui);
    }
    let checking = check(args, &places, &read, &leaked, world);
    let (rows, who) = runtime.cancellable(ui.waiting("checking what was revoked", async {
        let rows = checking.await;
        (rows, read.operators().await)
    }))?;
    let report = report(&wanted, &places, &rows, world);
    let line = audit_line(&places, &report, who, world);
    let written = folder.append_audit(&line);
    if let Err(error) = &written {
        ui.warning(&format!("what was checked is not on record: {}", chain(error)));
    }
    show(&report, written.is_ok(), ui)
}

fn show(report: &VerificationReport, is_written: bool, ui: &Ui) -> Result<Status, Stop> {
    ui.report(report)?;
    Ok(match report.incomplete || !is_written {
        true => Status::Incomplete,
        false if report.has_findings() => Status::Findings,
        false => Status::Done,
    })
}

/// The leaked files, each of which must be one that an operation is about.
fn leaked_files(args: &VerifyArgs, wanted: &Wanted, world: &World) -> Result<Vec<Leaked>, Stop> {
    let leaked = leaked_file::read_all(&args.file, args.leaked_context.as_deref(), world)?;
    let Some(other) = leaked.iter().find(|leaked| !wanted.is_about(leaked)) else { return Ok(leaked) };
    let file = other.facts.label();
    let error = Error::usage(format!("none of the operations is about the certificate in {file}"));
    Err(error.hint("leave out -f, or name the operation that revoked it").into())
}

/// In a pod only its own cluster is meant.
fn leave_out_others(places: &mut Vec<Place<'_>>, read: &Read, ui: &Ui) {
    let all = places.len();
    places.retain(|place| read.of(place.cluster).is_ok());
    if let left_out @ 1.. = all - places.len() {
        ui.note(&format!("{left_out} of {all} clusters of operations are not this pod's, and are left out"));
    }
}

/// Makes the checks of all places, those in one cluster together. Gives the rows of each place.
async fn check(
    args: &VerifyArgs,
    places: &[Place<'_>],
    read: &Read,
    leaked: &[Leaked],
    world: &World,
) -> Vec<Vec<RecheckView>> {
    let mut rows: Vec<Vec<RecheckView>> = places.iter().map(Place::given_back_rows).collect();
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (index, place) in places.iter().enumerate().filter(|(_, place)| !place.uids.is_empty()) {
        match read.of(place.cluster) {
            Err(why) => rows[index].extend(place.not_read_rows(&why)),
            Ok(cluster) => match groups.iter_mut().find(|(known, _)| *known == cluster) {
                Some((_, members)) => members.push(index),
                None => groups.push((cluster, vec![index])),
            },
        }
    }
    let checks = stream::iter(&groups).map(async |(cluster, members)| {
        let (route, reading) = read.reading(*cluster)?;
        let query = RecheckQuery {
            reading,
            account: &read.account,
            leaked: leaked.iter().filter(|leaked| leaked.is_of(&route.context)).collect(),
            is_rbac_only: args.rbac_only,
            now: world.clock().time(),
        };
        let part = |index: &usize| {
            let Place { past, cluster, uids, .. } = &places[*index];
            Part { past, cluster, uids: uids.clone() }
        };
        let parts: Vec<Part<'_>> = members.iter().map(part).collect();
        let found = read.bounds.within(async { Ok(Box::pin(recheck(&query, &parts)).await) }).await;
        reading.api.disconnect();
        Some((members, found))
    });
    let checked: Vec<_> = checks.buffered(read.bounds.parallel).collect().await;
    for (members, found) in checked.into_iter().flatten() {
        match found {
            Ok(found) => {
                for (index, found) in members.iter().zip(found) {
                    rows[*index].extend(found.into_iter().map(view));
                }
            }
            Err(error) => {
                members.iter().for_each(|index| rows[*index].extend(places[*index].not_read_rows(&error.message())))
            }
        }
    }
    rows
}

fn view(Rechecked { verification, put_back }: Rechecked) -> RecheckView {
    RecheckView::checked(VerificationView::of(verification), &put_back)
}

/// The document: each operation with its rows.
fn report(wanted: &Wanted, places: &[Place<'_>], rows: &[Vec<RecheckView>], world: &World) -> VerificationReport {
    let damaged = wanted.unread.iter().map(|(id, why)| VerifiedOperation {
        id: id.to_string(),
        ended: None,
        error: Some(why.clone()),
        verification: Vec::new(),
    });
    let mut operations: Vec<VerifiedOperation> = damaged.collect();
    for past in &wanted.pasts {
        let own = places.iter().zip(rows).filter(|(place, _)| place.past.id == past.id);
        let verification: Vec<RecheckView> = own.flat_map(|(_, rows)| rows.iter().cloned()).collect();
        if verification.is_empty() {
            continue;
        }
        let ended = Some(OperationOutcome::of(past.state()));
        operations.push(VerifiedOperation { id: past.id.to_string(), ended, error: None, verification });
    }
    let is_open =
        |one: &VerifiedOperation| one.verification.iter().any(|row| row.outcome == RecheckOutcome::Unverifiable);
    let incomplete = !wanted.unread.is_empty()
        || operations.iter().any(is_open)
        || wanted.unfinished().any(|past| operations.iter().any(|one| one.id == past.id.to_string()));
    let (api_version, kind) = (ApiVersion::V1, Kind::VerificationReport);
    VerificationReport { api_version, kind, time: world.now, operations, incomplete }
}

/// The line of the log of all operations.
fn audit_line(places: &[Place<'_>], report: &VerificationReport, who: Vec<String>, world: &World) -> AuditLine {
    let result = |(one, row): (&VerifiedOperation, &RecheckView)| {
        let place = row.cluster_id.as_ref().map(|id| format!(" in {id}")).unwrap_or_default();
        AuditResult {
            step: format!("{} of {}{place}: {}", row.uid, one.id, row.outcome.as_str()),
            result: StepResult::Done,
            audit_id: None,
            request_id: None,
        }
    };
    let ending = match report.incomplete {
        _ if report.has_findings() => Ending::Residual,
        true => Ending::Unverifiable,
        false => Ending::Verified,
    };
    let mut clusters: Vec<String> = places.iter().map(|place| place.cluster.key.clone()).collect();
    clusters.sort();
    clusters.dedup();
    let mut uids: Vec<String> = report.rows().map(|(_, row)| row.uid.clone()).collect();
    uids.sort();
    uids.dedup();
    AuditLine {
        time: world.clock().time(),
        operation: None,
        action: Action::Verify,
        phase: Phase::Ended,
        who,
        reason: None,
        clusters,
        uids,
        results: report.rows().map(result).collect(),
        outcome: Some(ending),
        journal: None,
    }
}

/// Whether an operation was cut off or stopped before its end.
fn is_unfinished(state: State) -> bool {
    matches!(state, State::Unfinished | State::Ended(Ending::Interrupted))
}
