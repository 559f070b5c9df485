//! The folders that ack-ram-tool's cleanup leaves: one for each cluster, named for its ID, and in it one file for each binding.
//!
//! No symbolic link in them is followed, and only regular files of moderate size are read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, FileError};
use crate::core::ids::ClusterId;

/// Larger files are not read, in bytes: the API server stores no object that is as large.
pub const LARGEST: u64 = 8 << 20;

/// The folders of clusters.
#[derive(Debug)]
pub struct BackupFolders {
    /// The folder that they are in, without symbolic links.
    pub root: PathBuf,
    /// The clusters, in the order of their IDs.
    pub clusters: Vec<ClusterId>,
}

/// A file of a cluster's folder.
#[derive(Debug)]
pub struct BackupFile {
    /// Its name, as far as that is text.
    pub name: String,
    /// What it holds.
    pub content: Result<Vec<u8>, FileError>,
}

/// Why a cluster's folder is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFolder {
    /// It leads elsewhere.
    #[error("it is a symbolic link")]
    Link,
    /// A file in its place.
    #[error("it is no folder")]
    NoFolder,
    /// The system refuses.
    #[error("{0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for UnreadableFolder {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl BackupFolders {
    /// Finds the folders of clusters: `folder` is one of them, or the folder that they are in.
    ///
    /// # Errors
    /// Where it is no folder, or can't be read.
    pub fn find(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        if let (Some(cluster), Some(root)) = (cluster_of(&folder), folder.parent()) {
            let clusters =
                if folder.is_dir() { vec![cluster] } else { return Err(io::ErrorKind::NotADirectory.into()) };
            return Ok(Self { root: root.to_owned(), clusters });
        }
        let mut clusters = Vec::new();
        for entry in fs::read_dir(&folder)? {
            clusters.extend(cluster_of(&entry?.path()));
        }
        clusters.sort();
        Ok(Self { root: folder, clusters })
    }

    /// The backups of a cluster, each read when its turn comes. Files whose name does not end in `.json` are none.
    ///
    /// # Errors
    /// Where its folder is none, or can't be listed.
    pub fn files(&self, cluster: &ClusterId) -> Result<impl Iterator<Item = BackupFile>, UnreadableFolder> {
        let folder = self.root.join(cluster.as_str());
        let metadata = fs::symlink_metadata(&folder)?;
        if metadata.is_symlink() {
            return Err(UnreadableFolder::Link);
        }
        if !metadata.is_dir() {
            return Err(UnreadableFolder::NoFolder);
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths
            .into_iter()
            .map(|path| BackupFile { name: name_of(&path), content: files::load_unlinked(&path, LARGEST) }))
    }
}

fn cluster_of(folder: &Path) -> Option<ClusterId> {
    ClusterId::parse(folder.file_name()?.to_str()?)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn cluster(digit: &str) -> ClusterId {
        ClusterId::parse(&format!("c{}", digit.repeat(32))).unwrap()
    }

    #[test]
    fn a_clusters_folder_and_the_one_above_it_lead_to_the_same() {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().canonicalize().unwrap();
        for id in [cluster("b"), cluster("a")] {
            fs::create_dir(real.join(id.as_str())).unwrap();
        }
        fs::create_dir(real.join("notes")).unwrap();
        symlink(&real, real.join("link")).unwrap();
        for above in [real.clone(), real.join("link"), real.join("notes/..")] {
            let found = BackupFolders::find(&above).unwrap();
            assert_eq!((&found.root, found.clusters), (&real, vec![cluster("a"), cluster("b")]), "{above:?}");
        }
        let one = BackupFolders::find(&real.join("link").join(cluster("b").as_str())).unwrap();
        assert_eq!((one.root, one.clusters), (real.clone(), vec![cluster("b")]));
        assert_eq!(BackupFolders::find(&real.join("notes")).unwrap().clusters, []);
        fs::write(real.join("notes").join(cluster("c").as_str()), "").unwrap();
        assert!(BackupFolders::find(&real.join("notes").join(cluster("c").as_str())).is_err());
        assert!(BackupFolders::find(&real.join("none")).is_err());
    }

    #[test]
    fn only_regular_files_of_moderate_size_are_read_and_the_others_are_named() {
        let root = tempfile::tempdir().unwrap();
        let folders = BackupFolders { root: root.path().to_owned(), clusters: Vec::new() };
        let folder = root.path().join(cluster("a").as_str());
        fs::create_dir(&folder).unwrap();
        fs::create_dir(folder.join("folder.json")).unwrap();
        fs::write(folder.join("good.json"), "{}").unwrap();
        fs::write(folder.join("notes.txt"), "{}").unwrap();
        fs::write(root.path().join("secret"), "hunter2").unwrap();
        symlink(root.path().join("secret"), folder.join("link.json")).unwrap();
        symlink("nowhere", folder.join("loose.json")).unwrap();
        let _listener = UnixListener::bind(folder.join("socket.json")).unwrap();
        fs::File::create(folder.join("vast.json")).unwrap().set_len(LARGEST + 1).unwrap();
        let found: Vec<_> = folders.files(&cluster("a")).unwrap().map(|file| (file.name, file.content)).collect();
        let expected = [
            ("folder.json", Err(FileError::NotRegular)),
            ("good.json", Ok(b"{}".to_vec())),
            ("link.json", Err(FileError::Link)),
            ("loose.json", Err(FileError::Link)),
            ("socket.json", Err(FileError::NotRegular)),
            ("vast.json", Err(FileError::TooLong(LARGEST))),
        ];
        assert_eq!(found, expected.map(|(name, content)| (name.to_owned(), content)));
    }

    #[test]
    fn a_clusters_folder_that_is_none_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let folders = BackupFolders { root: root.path().to_owned(), clusters: Vec::new() };
        let why = |id: &ClusterId| folders.files(id).err();
        assert_eq!(why(&cluster("a")), Some(UnreadableFolder::Io(io::ErrorKind::NotFound)));
        symlink("/", root.path().join(cluster("a").as_str())).unwrap();
        assert_eq!(why(&cluster("a")), Some(UnreadableFolder::Link));
        fs::write(root.path().join(cluster("b").as_str()), "").unwrap();
        assert_eq!(why(&cluster("b")), Some(UnreadableFolder::NoFolder));
    }
}
