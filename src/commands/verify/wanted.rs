//! Which operations are checked, of whom and where; and what a restore gave back on purpose.

use super::is_unfinished;
use crate::adapters::journal::{Glance, StateFolder};
use crate::cli::VerifyArgs;
use crate::commands::operation;
use crate::core::ids::Uid;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::recheck::{GivenBack, PastSummary, given_back};
use crate::error::{Error, Result, chain};
use crate::gather::history::{self, Operations, Past, Scrutiny};
use crate::gather::leaked::Leaked;
use crate::output::views::RecheckView;

/// What is to be checked.
pub(super) struct Wanted {
    /// The revocations, the last first.
    pub(super) pasts: Vec<Past>,
    /// Operations that can't be read, and why. Each may be a revocation, or a restore of one.
    pub(super) unread: Vec<(OperationId, String)>,
    /// All operations that can be read, the last first.
    all: Vec<PastSummary>,
}

/// A cluster of an operation.
pub(super) struct Place<'a> {
    /// The operation.
    pub(super) past: &'a Past,
    /// The cluster, as its record has it.
    pub(super) cluster: &'a ClusterRecord,
    /// Whose access is meant to be gone.
    pub(super) uids: Vec<Uid>,
    /// Whose access was given back.
    given_back: Vec<(Uid, GivenBack)>,
}

impl Wanted {
    /// The revocations that are named, or all of this machine.
    ///
    /// # Errors
    /// An operation that is named is none, or is a restore or a rotation.
    pub(super) fn of(args: &VerifyArgs, folder: &StateFolder) -> Result<Self> {
        let keep = |id: &OperationId, Glance { summary, state }| Some(PastSummary { id: id.clone(), summary, state });
        let Operations { read: all, unread } =
            history::glance(folder, Scrutiny::Glance, keep).map_err(Error::failed)?;
        let mut unread: Vec<(OperationId, String)> =
            unread.into_iter().map(|(id, error)| (id, chain(&error))).collect();
        let ids: Vec<OperationId> = match args.all {
            true => all.iter().filter(|one| one.is_revocation()).map(|one| one.id.clone()).collect(),
            false => {
                args.operations.iter().filter(|id| !unread.iter().any(|(other, _)| other == *id)).cloned().collect()
            }
        };
        let mut pasts = Vec::new();
        for id in ids {
            match history::load(folder, &id) {
                Ok(past) if past.record.revocation().is_none() => {
                    let what = match past.record.rotation() {
                        Some(_) => {
                            "a rotation: the old certificate and key are not kept, so that they can't be tried again"
                        }
                        None => "a restore: it gave access back",
                    };
                    let error = Error::usage(format!("{id} is {what}"));
                    return Err(error.hint("name a revocation, or use --all"));
                }
                Ok(past) => pasts.push(past),
                Err(error) if error.is_missing() => return Err(operation::unknown(error)),
                Err(error) => unread.push((id, chain(&error))),
            }
        }
        Ok(Self { pasts, unread, all })
    }

    /// The operations that were cut off or stopped.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &Past> {
        self.pasts.iter().filter(|past| is_unfinished(past.state()))
    }

    /// Whether one of the operations is about this certificate.
    pub(super) fn is_about(&self, leaked: &Leaked) -> bool {
        let plans = self.pasts.iter().filter_map(|past| past.record.revocation());
        plans.flat_map(|plan| &plan.leaked).any(|then| then.certificate_sha256 == leaked.facts.certificate_sha256)
    }

    /// Each cluster of each operation.
    pub(super) fn places(&self) -> Vec<Place<'_>> {
        let all = self.pasts.iter().flat_map(|past| past.record.clusters.iter().map(move |cluster| (past, cluster)));
        all.map(|(past, cluster)| self.place(past, cluster)).collect()
    }

    fn place<'a>(&self, past: &'a Past, cluster: &'a ClusterRecord) -> Place<'a> {
        let id = cluster.id.as_ref();
        let uids = past.record.revocation().map(|plan| plan.in_cluster(id).uids()).unwrap_or_default();
        let (mut gone, mut back) = (Vec::new(), Vec::new());
        for uid in uids {
            match given_back(&past.id, id, &uid, &self.all) {
                Some(restore) => back.push((uid, restore)),
                None => gone.push(uid),
            }
        }
        Place { past, cluster, uids: gone, given_back: back }
    }
}

impl Place<'_> {
    fn cluster_id(&self) -> Option<String> {
        self.cluster.id.as_ref().map(ToString::to_string)
    }

    /// The rows of those whose access was given back.
    pub(super) fn given_back_rows(&self) -> Vec<RecheckView> {
        let row = |(uid, GivenBack { by, is_whole }): &(Uid, GivenBack)| {
            RecheckView::restored(self.cluster_id(), uid.to_string(), by.to_string(), *is_whole)
        };
        self.given_back.iter().map(row).collect()
    }

    /// The rows of those of whom nothing could be checked, and why.
    pub(super) fn not_read_rows(&self, why: &str) -> Vec<RecheckView> {
        let row = |uid: &Uid| RecheckView::not_read(self.cluster_id(), uid.to_string(), why.to_owned());
        self.uids.iter().map(row).collect()
    }
}
