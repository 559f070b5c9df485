//! The one way out of a verb before its end: `?`.

use std::collections::BTreeSet;

use super::clusters::Extent;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::Error;
use crate::output::ui::Ui;
use crate::output::views::{RestoreReport, RevocationPlan, RotationPlanDocument};
use crate::status::Status;

/// Why a verb ends before its end.
pub(super) enum Stop {
    /// Nothing that was asked for could be read or done, or the command line makes no sense.
    Failed(Error),
    /// Something speaks against the change, and nothing was changed.
    Refused(Box<Refused>),
}

/// What speaks against a change, and the document that says so.
pub(super) struct Refused {
    refusals: Vec<Refusal>,
    extent: Extent,
    document: Option<Document>,
    /// Whether people have seen the document already, but for the refusals.
    is_seen: bool,
}

/// What a verb that changes something prints where it changes nothing.
pub(super) enum Document {
    /// Of `revoke`.
    Plan(Box<RevocationPlan>),
    /// Of `restore`.
    Restore(Box<RestoreReport>),
    /// Of `rotate`.
    Rotation(Box<RotationPlanDocument>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::from(vec![refusal])
    }
}

impl From<Vec<Refusal>> for Stop {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(Box::new(Refused { refusals, extent: Extent::One, document: None, is_seen: false }))
    }
}

impl Stop {
    /// Refuses what a document shows, of one cluster or of several.
    pub(super) fn refused(refusals: Vec<Refusal>, extent: Extent, document: Document) -> Self {
        Self::Refused(Box::new(Refused { refusals, extent, document: Some(document), is_seen: false }))
    }

    /// A refusal after consent was asked for: people have seen what is refused.
    #[must_use]
    pub(super) fn after(self, document: impl FnOnce(&[Refusal]) -> Document) -> Self {
        self.with(document, true)
    }

    /// A refusal before there is a plan.
    #[must_use]
    pub(super) fn before(self, document: impl FnOnce(&[Refusal]) -> Document) -> Self {
        self.with(document, false)
    }

    /// Gives a refusal its document, unless it has one.
    fn with(self, document: impl FnOnce(&[Refusal]) -> Document, is_seen: bool) -> Self {
        match self {
            Self::Refused(refused) if refused.document.is_none() => {
                let document = Some(document(&refused.refusals));
                Self::Refused(Box::new(Refused { document, is_seen, ..*refused }))
            }
            other => other,
        }
    }

    /// Says why, and how the run ends.
    pub(super) fn end(self, ui: &Ui) -> Status {
        match self {
            Self::Failed(error) => {
                ui.error(&error);
                error.status()
            }
            Self::Refused(refused) => refused.end(ui),
        }
    }
}

impl Refused {
    fn end(self, ui: &Ui) -> Status {
        if !self.is_seen {
            self.show(ui);
        }
        say_refusals(&self.refusals, self.extent, ui);
        ui.note("nothing was changed");
        if self.is_seen {
            self.show(ui);
        }
        Status::Refused
    }

    fn show(&self, ui: &Ui) {
        let shown = match (&self.document, self.is_seen) {
            (Some(Document::Plan(plan)), false) => ui.report(&**plan),
            (Some(Document::Plan(plan)), true) => ui.document(&**plan),
            (Some(Document::Restore(report)), false) => ui.report(&**report),
            (Some(Document::Restore(report)), true) => ui.document(&**report),
            (Some(Document::Rotation(plan)), false) => ui.report(&**plan),
            (Some(Document::Rotation(plan)), true) => ui.document(&**plan),
            (None, _) => Ok(()),
        };
        shown.unwrap_or_else(|error| ui.error(&error));
    }
}

/// Says every refusal; among several clusters with its own, and each advice once.
pub(super) fn say_refusals(refusals: &[Refusal], extent: Extent, ui: &Ui) {
    let mut advised = BTreeSet::new();
    for refusal in refusals {
        let names_its_cluster = refusal.code == RefusalCode::ClusterUnread;
        let cluster = refusal.cluster_id.as_ref().filter(|_| extent.is_several() && !names_its_cluster);
        let prefix = cluster.map(|id| format!("cluster {id}: ")).unwrap_or_default();
        ui.refusal(&Refusal {
            message: format!("{prefix}{}", refusal.message),
            hint: refusal.hint.clone().filter(|hint| advised.insert(hint.clone())),
            ..refusal.clone()
        });
    }
}
