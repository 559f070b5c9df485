//! What ack-ram-tool's cleanup left of bindings, as far as it is about the identities that are named.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::adapters::backup_folder::BackupFolders;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::revocation::journal::RestoreOrigin;
use crate::core::revocation::restoration::backup::{Backup, read_backup};
use crate::core::revocation::restoration::{NotRestored, Taken};
use crate::core::revocation::target::TargetNames;

/// A folder of backups, and who is to be given back by it.
pub struct Backups {
    /// The identities.
    pub uids: Vec<Uid>,
    folders: BackupFolders,
}

/// What the backups of one cluster say.
#[derive(Default)]
pub struct ClusterBackups {
    /// The bindings that the identities held.
    pub taken: Vec<Taken>,
    /// The files that can't be used, and why.
    pub not_restored: Vec<NotRestored>,
    /// Bindings of groups and service accounts that bear an identity's digits for a name, each with who bears them.
    pub same_digits: Vec<(BindingRef, Vec<String>)>,
}

impl Backups {
    /// Finds the clusters' folders in a folder, or the folder that is one of them.
    ///
    /// # Errors
    /// Where it is no folder, or can't be read.
    pub fn find(folder: &Path, uids: Vec<Uid>) -> io::Result<Self> {
        Ok(Self { uids, folders: BackupFolders::find(folder)? })
    }

    /// The folder, as an operation names it.
    pub fn origin(&self) -> RestoreOrigin {
        RestoreOrigin::Folder(self.folders.root.display().to_string())
    }

    /// The clusters that there are folders of.
    pub fn clusters(&self) -> &[ClusterId] {
        &self.folders.clusters
    }

    /// Reads the backups of a cluster. A file that can't be used doesn't stand in the others' way.
    pub fn read(&self, cluster: &ClusterId) -> ClusterBackups {
        let names = TargetNames::new(self.uids.iter().map(|uid| (uid.clone(), BTreeSet::new())));
        let not_restored = |what: String, why: String| NotRestored { cluster_id: Some(cluster.clone()), what, why };
        let mut found = ClusterBackups::default();
        let files = match self.folders.files(cluster) {
            Ok(files) => files,
            Err(error) => {
                found.not_restored.push(not_restored(cluster.to_string(), error.to_string()));
                return found;
            }
        };
        for file in files {
            let read = match file.content {
                Ok(content) => read_backup(&file.name, &content, &names).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match read {
                Ok(Backup::Taken(taken)) => found.taken.push(*taken),
                Ok(Backup::SameDigits { binding, subjects }) => found.same_digits.push((binding, subjects)),
                Ok(Backup::OfOthers) => {}
                Err(why) => found.not_restored.push(not_restored(file.name, why)),
            }
        }
        found
    }

    /// The identities that hold something by these backups.
    pub fn held_by(&self, backups: &ClusterBackups) -> Vec<Uid> {
        let names = |uid: &Uid| TargetNames::new([(uid.clone(), BTreeSet::new())]);
        let holds = |uid: &&Uid| {
            let names = names(uid);
            backups.taken.iter().flat_map(|taken| &taken.subjects).any(|subject| names.have(subject))
        };
        self.uids.iter().filter(holds).cloned().collect()
    }
}
