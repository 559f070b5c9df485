//! The journal of the operation under way. Without it nothing is sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::StepReport;
use crate::adapters::journal::OperationJournal;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::journal::{Ending, Event};
use crate::core::revocation::operation::OperationReport;
use crate::core::revocation::record::report::ReportV1;
use crate::core::revocation::verification::Verification;
use crate::error::{chain, of_task};
use crate::world::Clock;

/// Writes events with the time at which they happen, and remembers whether one could not be written. Steps that run side by side
/// wait for the disk together, and what is not a wait for it goes on meanwhile.
pub struct Recorder {
    journal: Arc<QueuedJournal>,
    /// Of those who wait for the disk one has it write.
    turn: tokio::sync::Mutex<()>,
    clock: Clock,
}

/// A journal, and what is to be written to it.
struct QueuedJournal {
    /// Events that are to be written next, in this order.
    queue: Mutex<Queue>,
    journal: Mutex<OperationJournal>,
}

#[derive(Default)]
struct Queue {
    events: Vec<Event>,
    /// How many events were ever queued, and how many of them are on the disk.
    queued: usize,
    written: usize,
    failure: Option<String>,
}

impl QueuedJournal {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, OperationJournal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that is queued, and waits for the disk once. After a failure nothing is written any more.
    fn write(&self) {
        let mut journal = self.journal();
        let events = match &mut *self.queue() {
            Queue { failure: Some(_), .. } => return,
            queue => std::mem::take(&mut queue.events),
        };
        let written = journal.append_all(&events);
        let mut queue = self.queue();
        match written {
            Ok(()) => queue.written += events.len(),
            Err(error) => queue.failure = Some(chain(&error)),
        }
    }
}

impl Recorder {
    /// Goes on with a journal.
    pub fn new(journal: OperationJournal, clock: Clock) -> Self {
        let journal = QueuedJournal { queue: Mutex::default(), journal: Mutex::new(journal) };
        Self { journal: Arc::new(journal), turn: tokio::sync::Mutex::new(()), clock }
    }

    /// Why the journal can't be written any more, where it can't.
    pub fn failure(&self) -> Option<String> {
        self.journal.queue().failure.clone()
    }

    /// Writes an event and waits until it is on the disk, with all that are queued before it.
    ///
    /// # Errors
    /// Why it is not on the disk.
    pub(super) async fn record(&self, event: Event) -> Result<(), String> {
        let own = self.queue(event);
        // What else is ready adds its events, so that one wait for the disk is for all of them.
        tokio::task::yield_now().await;
        let _turn = self.turn.lock().await;
        if self.journal.queue().written < own {
            let journal = Arc::clone(&self.journal);
            let written = tokio::task::spawn_blocking(move || journal.write()).await;
            written.map_err(|error| of_task(&error).to_owned())?;
        }
        let queue = self.journal.queue();
        match &queue.failure {
            Some(failure) if queue.written < own => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    /// Has an event written with the next one, or when [`flush`](Self::flush) is called. Gives its number.
    pub(super) fn queue(&self, event: Event) -> usize {
        let mut queue = self.journal.queue();
        queue.events.push(event);
        queue.queued += 1;
        queue.queued
    }

    /// Writes what is queued as well as can be: it follows changes that have been made.
    pub(super) fn flush(&self) {
        self.journal.write();
        if let Some(reason) = self.failure() {
            tracing::debug!(reason, "the journal can't be written");
        }
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
        let written = self.journal.journal().write_report(&ReportV1::from(report));
        if let Err(error) = &written {
            self.journal.queue().failure = Some(chain(error));
        }
        self.queue(Event::Ended { time: self.time(), outcome: ending, report: written.ok() });
        self.flush();
    }

    /// The hash of the journal's last line.
    pub fn last_hash(&self) -> String {
        self.journal.journal().chain().hash().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::journal::testing::{Place, event};
    use crate::core::revocation::journal::StepResult;

    fn recorder(place: &Place) -> Recorder {
        Recorder::new(place.begun(), Place::clock())
    }

    #[tokio::test]
    async fn what_was_recorded_is_on_the_disk_with_all_that_was_queued_before_it() {
        let place = Place::new();
        let recorder = recorder(&place);
        recorder.queue(event("a"));
        recorder.record(event("b")).await.unwrap();
        assert_eq!(place.events(), ["a", "b"].map(event));
        recorder.queue(event("c"));
        assert_eq!(place.events().len(), 2);
        recorder.flush();
        assert_eq!(place.events(), ["a", "b", "c"].map(event));
        assert_eq!(recorder.failure(), None);
    }

    #[tokio::test]
    async fn how_a_step_ended_is_on_the_disk_with_what_was_answered() {
        let place = Place::new();
        let recorder = recorder(&place);
        let answered = StepReport::new(3, StepResult::Failed).because("the cloud refused it");
        let report = StepReport { request_id: Some("R-1".to_owned()), ..answered };
        recorder.step_ended(&report).await;
        let events = place.events();
        let [Event::StepEnded { step, result, error, request_id, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((step.as_str(), *result), ("3", StepResult::Failed));
        assert_eq!((error.as_deref(), request_id.as_deref()), (Some("the cloud refused it"), Some("R-1")));
    }

    #[tokio::test]
    async fn what_can_not_be_written_is_an_error_then_and_from_then_on() {
        let place = Place::new();
        let recorder = recorder(&place);
        recorder.record(event("a")).await.unwrap();
        recorder.journal.journal().loses_its_file();
        for name in ["b", "c"] {
            let reason = recorder.record(event(name)).await.unwrap_err();
            assert!(reason.contains("journal.jsonl"), "{reason}");
            assert_eq!(recorder.failure(), Some(reason));
        }
        assert_eq!(place.events(), [event("a")]);
    }
}
