//! Writes a kubeconfig file: whole or not at all, for its owner alone, and with the old one kept beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::journal::JournalError;
use super::journal::durable::{create, replace, sync_parent};
use super::kubeconfig_files::{LoadError, read};
use crate::core::secret::Secret;

/// Why a kubeconfig file is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The old file can't be read.
    #[error(transparent)]
    Read(#[from] LoadError),
    /// The old file can't be kept, or the new one can't be written.
    #[error(transparent)]
    Write(#[from] JournalError),
    /// The folder can't be synced: the system may lose what was written.
    #[error("cannot write {}", .path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The file that a path leads to, symbolic links followed; the path itself where there is none.
pub fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether there is something at a path, a link to nothing included.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The bytes of a kubeconfig file.
///
/// # Errors
/// Where it can't be read, or is something else than a file.
pub fn content(path: &Path) -> Result<Secret<Vec<u8>>, WriteError> {
    Ok(Secret::new(std::mem::take(&mut *read(path)?.0)))
}

/// Keeps a file as it is under another name, for its owner alone. One that is kept already stays as it was.
///
/// # Errors
/// Where it can't be read or kept.
pub fn keep(path: &Path, backup: &Path) -> Result<(), WriteError> {
    if is_there(backup) {
        return Ok(());
    }
    let old = content(path)?;
    create(backup, old.expose())?;
    sync_parent(backup).map_err(|source| WriteError::Folder { path: backup.to_owned(), source })
}

/// Writes a file in place of one that may be there, in one step, for its owner alone.
///
/// # Errors
/// Where it can't be written; then the old one is there as it was.
pub fn write(path: &Path, content: &Secret<Vec<u8>>) -> Result<(), WriteError> {
    Ok(replace(path, content.expose())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_for_its_owner_alone_and_the_first_old_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (folder.path().join("config"), folder.path().join("config.before-3f9a2c"));
        fs::write(&path, "old").unwrap();
        for text in ["new", "newer"] {
            keep(&path, &backup).unwrap();
            write(&path, &Secret::new(text.into())).unwrap();
            assert_eq!((fs::read(&path).unwrap(), fs::read(&backup).unwrap()), (text.into(), b"old".to_vec()));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        #[cfg(unix)]
        for file in [&path, &backup] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_file_that_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(real_path(&link), real_path(&real));
        write(&real_path(&link), &Secret::new(b"new".to_vec())).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink() && fs::read(&real).unwrap() == b"new");
        let absent = folder.path().join("absent");
        assert!(!is_there(&absent) && keep(&absent, &folder.path().join("kept")).is_err());
    }
}
