//! The journal of the operation under way. Without it nothing is sent.

use std::cell::RefCell;

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

/// Writes events with the time at which they happen, and remembers whether one could not be written.
pub struct Recorder {
    journal: RefCell<OperationJournal>,
    clock: Clock,
    failure: RefCell<Option<String>>,
}

impl Recorder {
    /// Goes on with a journal.
    pub fn new(journal: OperationJournal, clock: Clock) -> Self {
        Self { journal: RefCell::new(journal), clock, failure: RefCell::new(None) }
    }

    /// Why the journal can't be written any more, where it can't.
    pub fn failure(&self) -> Option<String> {
        self.failure.borrow().clone()
    }

    /// Writes an event and waits until it is on the disk.
    pub(super) fn record(&self, event: &Event) -> Result<(), String> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        self.journal.borrow_mut().append(event).map_err(|error| {
            let reason = chain(&error);
            self.failure.replace(Some(reason.clone()));
            reason
        })
    }

    pub(super) fn time(&self) -> jiff::Timestamp {
        self.clock.time()
    }

    /// What follows a change is written as well as can be: the change has been made.
    pub(super) fn note(&self, event: &Event) {
        if let Err(reason) = self.record(event) {
            tracing::debug!(reason, "the journal can't be written");
        }
    }

    pub(super) fn step_ended(&self, report: &StepReport) {
        self.note(&Event::StepEnded {
            time: self.time(),
            step: report.id.to_string(),
            result: report.result,
            error: report.error.clone(),
            request_id: report.request_id.clone(),
        });
    }

    /// Writes the bindings of others that the cloud is about to be called beside.
    pub(super) fn at_risk(&self, cluster: Option<&ClusterId>, bindings: &[BindingObject]) -> Result<(), String> {
        self.record(&Event::AtRisk { time: self.time(), cluster_id: cluster.cloned(), bindings: bindings.to_vec() })
    }

    /// Writes that the bindings that were at risk are there, now that the cloud is done.
    pub fn kept(&self, cluster: Option<&ClusterId>, bindings: Vec<BindingRef>) {
        self.note(&Event::Kept { time: self.time(), cluster_id: cluster.cloned(), bindings });
    }

    /// Writes what became of each identity.
    pub fn verified(&self, verifications: &[Verification]) {
        for Verification { cluster_id, uid, outcome, .. } in verifications {
            let (cluster_id, uid, outcome) = (cluster_id.clone(), uid.clone(), *outcome);
            self.note(&Event::Verified { time: self.time(), cluster_id, uid, outcome });
        }
    }

    /// Ends the operation and keeps its report.
    pub fn end(&self, ending: Ending, report: &OperationReport) {
        let written = self.journal.borrow_mut().write_report(&ReportV1::from(report));
        if let Err(error) = &written {
            self.failure.replace(Some(chain(error)));
        }
        self.note(&Event::Ended { time: self.time(), outcome: ending, report: written.ok() });
    }

    /// The hash of the journal's last line.
    pub fn last_hash(&self) -> String {
        self.journal.borrow().chain().hash().to_owned()
    }
}
