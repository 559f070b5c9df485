//! The journal of the operation under way. Without it nothing is sent.

use std::cell::{Cell, RefCell};

use super::StepReport;
use crate::adapters::journal::OperationJournal;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::journal::{Ending, Event};
use crate::core::revocation::operation::OperationReport;
use crate::core::revocation::record::report::ReportV1;
use crate::core::revocation::verification::Verification;
use crate::error::chain;
use crate::world::Clock;

/// Writes events with the time at which they happen, and remembers whether one could not be written. Steps that run side by side
/// wait for the disk together.
pub struct Recorder {
    journal: RefCell<OperationJournal>,
    clock: Clock,
    failure: RefCell<Option<String>>,
    /// Events that are to be written next, in this order.
    queue: RefCell<Vec<Event>>,
    /// How many events are on the disk.
    written: Cell<usize>,
}

impl Recorder {
    /// Goes on with a journal.
    pub fn new(journal: OperationJournal, clock: Clock) -> Self {
        let (journal, failure, queue) = (RefCell::new(journal), RefCell::new(None), RefCell::new(Vec::new()));
        Self { journal, clock, failure, queue, written: Cell::new(0) }
    }

    /// Why the journal can't be written any more, where it can't.
    pub fn failure(&self) -> Option<String> {
        self.failure.borrow().clone()
    }

    /// Writes an event and waits until it is on the disk, with all that are queued before it.
    ///
    /// # Errors
    /// Why it is not on the disk.
    pub(super) async fn record(&self, event: Event) -> Result<(), String> {
        self.queue(event);
        let own = self.written.get() + self.queue.borrow().len();
        // What else is ready adds its events, so that one wait for the disk is for all of them.
        tokio::task::yield_now().await;
        if self.written.get() < own { self.write() } else { Ok(()) }
    }

    /// Has an event written with the next one, or when [`flush`](Self::flush) is called.
    pub(super) fn queue(&self, event: Event) {
        self.queue.borrow_mut().push(event);
    }

    /// Writes what is queued as well as can be: it follows changes that have been made.
    pub(super) fn flush(&self) {
        if let Err(reason) = self.write() {
            tracing::debug!(reason, "the journal can't be written");
        }
    }

    /// Writes all that is queued, and waits for the disk once.
    fn write(&self) -> Result<(), String> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let events = self.queue.take();
        self.journal.borrow_mut().append_all(&events).map_err(|error| {
            let reason = chain(&error);
            self.failure.replace(Some(reason.clone()));
            reason
        })?;
        self.written.set(self.written.get() + events.len());
        Ok(())
    }

    pub(super) fn time(&self) -> jiff::Timestamp {
        self.clock.time()
    }

    /// Writes how a step ended, with what was answered to it. Steps that end at the same time wait for the disk together.
    pub(super) async fn step_ended(&self, report: &StepReport) {
        let ended = Event::StepEnded {
            time: self.time(),
            step: report.id.to_string(),
            result: report.result,
            error: report.error.clone(),
            request_id: report.request_id.clone(),
        };
        if let Err(reason) = self.record(ended).await {
            tracing::debug!(reason, "the journal can't be written");
        }
    }

    /// Writes the bindings of others that the cloud is about to be called beside.
    pub(super) async fn at_risk(&self, cluster: Option<&ClusterId>, bindings: &[BindingObject]) -> Result<(), String> {
        let (cluster_id, bindings) = (cluster.cloned(), bindings.to_vec());
        self.record(Event::AtRisk { time: self.time(), cluster_id, bindings }).await
    }

    /// Writes that the bindings that were at risk are there, now that the cloud is done.
    pub fn kept(&self, cluster: Option<&ClusterId>, bindings: Vec<BindingRef>) {
        self.queue(Event::Kept { time: self.time(), cluster_id: cluster.cloned(), bindings });
        self.flush();
    }

    /// Writes what became of each identity.
    pub fn verified(&self, verifications: &[Verification]) {
        for Verification { cluster_id, uid, outcome, .. } in verifications {
            let (cluster_id, uid, outcome) = (cluster_id.clone(), uid.clone(), *outcome);
            self.queue(Event::Verified { time: self.time(), cluster_id, uid, outcome });
        }
        self.flush();
    }

    /// Ends the operation and keeps its report.
    pub fn end(&self, ending: Ending, report: &OperationReport) {
        let written = self.journal.borrow_mut().write_report(&ReportV1::from(report));
        if let Err(error) = &written {
            self.failure.replace(Some(chain(error)));
        }
        self.queue(Event::Ended { time: self.time(), outcome: ending, report: written.ok() });
        self.flush();
    }

    /// The hash of the journal's last line.
    pub fn last_hash(&self) -> String {
        self.journal.borrow().chain().hash().to_owned()
    }
}
