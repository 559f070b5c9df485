//! What every operation has in common: one at a time in each cluster, a journal before the first change, two lines in the audit
//! file.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::stop::Stop;
use crate::adapters::journal::{JournalError, LOCK_POLL, Lock, OperationJournal, StateFolder};
use crate::apply::Recorder;
use crate::core::ids::Uid;
use crate::core::revocation::approval::Approval;
use crate::core::revocation::journal::originals::Original;
use crate::core::revocation::journal::{Action, AuditLine, AuditResult, Ending, Event, OperationId, Phase};
use crate::core::revocation::operation::{ClusterRecord, LaterPlan, OperationRecord, OperationReport, Purpose};
use crate::core::revocation::record::operation::OperationV1;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::restoration::RestorePlan;
use crate::error::{Error, Result, chain};
use crate::gather::history::{Past, PastError};
use crate::gather::runtime::Runtime;
use crate::output::report::Report;
use crate::output::ui::Ui;
use crate::world::World;

/// What an operation begins with.
pub(super) struct Beginning {
    pub(super) action: Action,
    pub(super) operator: Vec<String>,
    pub(super) reason: Option<String>,
    pub(super) hash: String,
    /// Who approved it; `None`: no approval was asked for.
    pub(super) approval: Option<Approval>,
    pub(super) uids: Vec<Uid>,
    pub(super) clusters: Vec<ClusterRecord>,
    pub(super) purpose: Purpose,
}

/// The right to change some clusters from this machine.
pub(super) struct Locked {
    folder: StateFolder,
    locks: Vec<Lock>,
}

/// An operation under way.
pub(super) struct Running {
    /// Its ID.
    pub(super) id: OperationId,
    /// Its journal.
    pub(super) recorder: Recorder,
    folder: StateFolder,
    audit: AuditLine,
    _locks: Vec<Lock>,
}

/// Waits until no other process changes one of the clusters from this machine. Several are locked in one order, so that no
/// two wait for each other.
///
/// # Errors
/// Ctrl-C. It is refused where the wait was in vain, or nothing can be written.
pub(super) fn lock<'a>(
    world: &World,
    keys: impl IntoIterator<Item = &'a str>,
    lock_timeout: Duration,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Locked, Stop> {
    let folder = StateFolder::of(world).map_err(|error| no_journal(&error))?;
    let in_order: BTreeSet<&str> = keys.into_iter().collect();
    if let Some(limit) = world.open_files.limit().filter(|_| world.open_files.beside(in_order.len()).is_exhausted()) {
        return Err(too_few_files(in_order.len(), limit).into());
    }
    let (begun, mut locks) = (Instant::now(), Vec::new());
    for key in in_order {
        let left = lock_timeout.saturating_sub(begun.elapsed());
        let lock = folder.lock(key, left, async || tokio::time::sleep(LOCK_POLL).await);
        match runtime.cancellable(ui.waiting("another operation on this cluster is running", lock))? {
            Ok(lock) => locks.push(lock),
            Err(JournalError::Locked { .. }) => return Err(locked_by_others(lock_timeout).into()),
            Err(error) => return Err(no_journal(&error).into()),
        }
    }
    Ok(Locked { folder, locks })
}

fn locked_by_others(lock_timeout: Duration) -> Refusal {
    let seconds = lock_timeout.as_secs_f64();
    let message = format!("another operation on this cluster is running and did not end within {seconds}s");
    Refusal::new(RefusalCode::Locked, message)
        .hint("kubectl ackcred history shows it; use --cluster-timeout to wait longer")
}

fn too_few_files(clusters: usize, limit: u64) -> Refusal {
    let message = format!("{clusters} clusters are locked at a time, and this process may open only {limit} files");
    Refusal::new(RefusalCode::NoJournal, message).hint("choose fewer clusters, or raise the limit (ulimit -n)")
}

fn no_journal(error: &JournalError) -> Refusal {
    let message = format!("no changes without a journal: {}", chain(error));
    Refusal::new(RefusalCode::NoJournal, message).hint("set ACKCRED_HOME to use another folder")
}

/// Says that a signal was seen: what is under way may take a while to finish.
pub(super) fn say_interrupted(ui: &Ui) -> impl Fn() {
    || ui.note("interrupted: the steps under way are finished first")
}

/// Says which parts of an operation's record were changed by others since.
pub(super) fn say_damaged(past: &Past, ui: &Ui) {
    for name in &past.damaged {
        ui.warning(&format!("{name} was changed since it was written; it is not used"));
    }
}

/// Says what could not be restored from a folder.
pub(super) fn say_not_restored(plan: &RestorePlan, ui: &Ui) {
    plan.not_restored.iter().for_each(|one| ui.warning(&format!("not restored: {one}")));
}

/// Why an operation that was named can't be used.
pub(super) fn unknown(error: PastError) -> Error {
    Error::failed(error).hint("kubectl ackcred history lists the operations")
}

impl Locked {
    /// Writes down what is going to be done. Nothing was changed where that fails.
    pub(super) fn begin(self, beginning: Beginning, originals: &[Original], world: &World) -> Result<Running, Stop> {
        let Some(id) = OperationId::new(world.now, &beginning.hash) else {
            return Err(Refusal::new(RefusalCode::NoJournal, "the operation can't be named").into());
        };
        let record = OperationRecord {
            begun: world.now,
            operator: beginning.operator.clone(),
            reason: beginning.reason.clone(),
            approval: beginning.approval,
            clusters: beginning.clusters,
            purpose: beginning.purpose,
        };
        let journal = self
            .folder
            .begin(&id, &OperationV1::from(&record), |length| record.summary(length), originals)
            .map_err(|error| no_journal(&error))?;
        let clusters = record.clusters.iter().map(|cluster| cluster.key.clone()).collect();
        let audit = AuditLine {
            time: world.now,
            operation: Some(journal.id().clone()),
            action: beginning.action,
            phase: Phase::Begun,
            who: beginning.operator,
            reason: beginning.reason,
            clusters,
            uids: beginning.uids.iter().map(ToString::to_string).collect(),
            results: Vec::new(),
            outcome: None,
            journal: Some(journal.chain().hash().to_owned()),
        };
        self.run(journal, audit, world)
    }

    /// Goes on with an operation that was cut off; `later` is what of a revocation is planned now.
    pub(super) fn resume(
        self,
        past: &Past,
        operator: &[String],
        later: Option<LaterPlan>,
        world: &World,
    ) -> Result<Running, Stop> {
        let mut journal = self.folder.reopen(&past.id).map_err(|error| no_journal(&error))?;
        let later = later.map(Box::new);
        let event = Event::Resumed { time: world.now, operator: operator.join(", "), later };
        journal.append(&event).map_err(|error| no_journal(&error))?;
        let record = &past.record;
        let audit = AuditLine {
            time: world.now,
            operation: Some(past.id.clone()),
            action: Action::Resume,
            phase: Phase::Begun,
            who: operator.to_vec(),
            reason: record.reason.clone(),
            clusters: record.clusters.iter().map(|cluster| cluster.key.clone()).collect(),
            uids: record.uids().iter().map(ToString::to_string).collect(),
            results: Vec::new(),
            outcome: None,
            journal: Some(journal.chain().hash().to_owned()),
        };
        self.run(journal, audit, world)
    }

    fn run(self, journal: OperationJournal, audit: AuditLine, world: &World) -> Result<Running, Stop> {
        self.folder.append_audit(&audit).map_err(|error| no_journal(&error))?;
        let id = journal.id().clone();
        let recorder = Recorder::new(journal, world.clock());
        Ok(Running { id, recorder, folder: self.folder, audit, _locks: self.locks })
    }
}

impl Running {
    /// Ends the operation: its report is kept and shown, and the audit file says how it ended. Says whether all of that is
    /// written. `in_words` has each step that is kept in one line. What was done is done: that its report can't be shown is no failure of it.
    pub(super) fn end(
        self,
        ending: Ending,
        kept: &OperationReport,
        report: &impl Report,
        in_words: impl Iterator<Item = String>,
        world: &World,
        ui: &Ui,
    ) -> bool {
        self.recorder.end(ending, kept);
        let results = kept.steps.iter().zip(in_words).map(|(step, in_words)| AuditResult {
            step: in_words,
            result: step.result,
            audit_id: step.audit_id.clone(),
            request_id: step.request_id.clone(),
        });
        let line = AuditLine {
            time: world.clock().time(),
            phase: Phase::Ended,
            results: results.collect(),
            outcome: Some(ending),
            journal: Some(self.recorder.last_hash()),
            ..self.audit
        };
        let audited = self.folder.append_audit(&line).map_err(|error| chain(&error));
        let shown = ui.report(report).inspect_err(|error| ui.error(error)).is_ok();
        let failure = self.recorder.failure().or(audited.err());
        if let Some(reason) = &failure {
            ui.warning(&format!("the record of the operation is not complete: {reason}"));
        }
        shown && failure.is_none()
    }
}
