//! What a rotation would do: the operator's own kubeconfig leaked, ACK revokes it and issues another, and what named the old
//! certificate names the new one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::journal::Tombstone;
use super::leaked::LeakedFacts;
use super::operation::tombstone_of;
use super::plan::{Draft, Flags, Plan};
use super::seal;
use crate::core::ids::{ClusterId, Uid};

mod draft;
mod issued;
mod progress;
mod refuse;
mod renaming;
#[cfg(test)]
mod tests;

pub use draft::{RotationFacts, draft};
pub use issued::{NewKubeconfig, read_issued};
pub use progress::{Progress, RevokeState, Written, progress};
pub use renaming::{names_old, rename, renaming_command};

/// A plan to rotate the operator's own kubeconfig, of one cluster or of several.
#[derive(Clone, Debug, PartialEq)]
pub struct RotationPlan {
    /// What is changed, refused and left. Its hash covers all that is agreed to here, too.
    pub plan: Plan,
    /// `--keep-others`: bindings that others made keep the old name.
    pub keep_others: bool,
    /// The certificates that are known, which stop working.
    pub certificates: Vec<KnownCertificate>,
    /// Where each new kubeconfig is written.
    pub destinations: Vec<Destination>,
}

/// A certificate of the operator's that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The cluster that it is of.
    pub cluster_id: Option<ClusterId>,
    /// Where it was seen.
    pub from: CertificateFrom,
    /// What it says of itself.
    pub facts: LeakedFacts,
    /// What it holds by its name: `RoleBinding/shop/team gives ClusterRole/view`.
    pub holds: Vec<String>,
}

/// Where a certificate was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFrom {
    /// In the user entry of the context.
    Context,
    /// In the file of `-f`.
    LeakedFile,
}

/// Where the new kubeconfig of a cluster is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// To what.
    pub place: Place,
}

/// To what a new kubeconfig is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To standard output, which is no terminal.
    StandardOutput,
    /// To a file of its own: `--write`.
    File {
        /// The file.
        path: PathBuf,
        /// Whether there was one, which is kept.
        is_there: bool,
    },
    /// Into the user entry that holds the old certificate: `--in-place`.
    UserEntry {
        /// The file.
        path: PathBuf,
        /// The name of the entry.
        user: String,
    },
}

impl Destination {
    /// The file; `None` for standard output.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::StandardOutput => None,
            Place::File { path, .. } | Place::UserEntry { path, .. } => Some(path),
        }
    }

    /// The user entry that alone is changed.
    pub fn user(&self) -> Option<&str> {
        match &self.place {
            Place::UserEntry { user, .. } => Some(user),
            Place::StandardOutput | Place::File { .. } => None,
        }
    }
}

impl RotationPlan {
    /// Joins the clusters' drafts and seals them.
    pub fn new(drafts: Vec<RotationDraft>, keep_others: bool) -> Self {
        let (mut parts, mut certificates, mut destinations) = (Vec::new(), Vec::new(), Vec::new());
        for draft in drafts {
            certificates.extend(draft.certificates);
            destinations.extend(draft.destination);
            parts.push(draft.draft);
        }
        let plan = Plan::new(parts, Flags::default(), Vec::new());
        let mut rotation = Self { plan, keep_others, certificates, destinations };
        rotation.plan.hash = seal::of_rotation(&rotation);
        rotation
    }

    /// Whether the plan is still the one that its hash was made of.
    pub fn is_sealed(&self) -> bool {
        self.plan.hash == seal::of_rotation(self)
    }

    /// The part that is about one cluster, with the hash of the whole.
    #[must_use]
    pub fn in_cluster(&self, id: Option<&ClusterId>) -> Self {
        Self {
            plan: self.plan.in_cluster(id),
            keep_others: self.keep_others,
            certificates: self.certificates_of(id).cloned().collect(),
            destinations: self.destinations.iter().filter(|one| one.cluster_id.as_ref() == id).cloned().collect(),
        }
    }

    /// The certificates of one cluster.
    pub fn certificates_of(&self, id: Option<&ClusterId>) -> impl Iterator<Item = &KnownCertificate> {
        self.certificates.iter().filter(move |one| one.cluster_id.as_ref() == id)
    }

    /// The names of one cluster's certificates.
    pub fn old_names(&self, id: Option<&ClusterId>) -> BTreeSet<String> {
        self.certificates_of(id).map(|one| one.facts.common_name.clone()).collect()
    }

    /// Where one cluster's new kubeconfig is written.
    pub fn destination(&self, id: Option<&ClusterId>) -> Option<&Destination> {
        self.destinations.iter().find(|one| one.cluster_id.as_ref() == id)
    }

    /// Where a file is kept as it was before it is changed: beside it.
    pub fn backup_of(&self, path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}.before-{}", self.plan.short_hash()))
    }

    /// The certificates that must not come back to life unnoticed.
    pub fn tombstones(&self) -> Vec<Tombstone> {
        let uid_in = |id: Option<&ClusterId>| -> Option<&Uid> {
            self.plan.targets.iter().find(|target| target.cluster_id.as_ref() == id).map(|target| &target.uid)
        };
        let tombstone = |one: &KnownCertificate| Some(tombstone_of(&one.facts, uid_in(one.cluster_id.as_ref())?));
        self.certificates.iter().filter_map(tombstone).collect()
    }
}

/// The part of a plan that is about one cluster.
pub struct RotationDraft {
    /// Its steps, refusals and what remains.
    pub draft: Draft,
    /// The certificates that are known.
    pub certificates: Vec<KnownCertificate>,
    /// Where the new kubeconfig is written; `None` where that is refused.
    pub destination: Option<Destination>,
}
