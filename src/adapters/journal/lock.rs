//! One operation a cluster at a time, among the processes of this host.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::durable::{self, cannot_write, create_folders, options};
use super::{JournalError, StateFolder};
use crate::core::hex::sha256;

/// The time between two attempts to take a lock.
pub const LOCK_POLL: Duration = Duration::from_millis(50);

/// A lock that is held until it is dropped, or its process ends in whatever way. Its file stays: one that is removed could
/// be locked by two, each having their own.
#[derive(Debug)]
#[must_use = "it is held only as long as it is kept"]
pub struct Lock {
    _file: File,
}

impl StateFolder {
    /// Takes the lock of a cluster; `None` where another process has it.
    ///
    /// # Errors
    /// Where the file can't be made, or the system can't lock it.
    pub fn try_lock(&self, cluster_key: &str) -> Result<Option<Lock>, JournalError> {
        let path = self.lock_path(cluster_key);
        create_folders(&self.locks_folder())?;
        let mut file = durable::open(options().write(true).create(true).truncate(false), &path, cannot_write(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(JournalError::Lock { path, source }),
        }
        // For people who look: the lock is as good without.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Some(Lock { _file: file }))
    }

    /// Takes the lock of a cluster, trying again until `wait` is over. Between two attempts `pause` is awaited, which is to
    /// take as long as [`LOCK_POLL`].
    ///
    /// # Errors
    /// [`JournalError::Locked`] where another process has it all the time; else as [`try_lock`](Self::try_lock).
    pub async fn lock(
        &self,
        cluster_key: &str,
        wait: Duration,
        mut pause: impl AsyncFnMut(),
    ) -> Result<Lock, JournalError> {
        let mut left = wait;
        loop {
            if let Some(lock) = self.try_lock(cluster_key)? {
                return Ok(lock);
            }
            if left.is_zero() {
                return Err(JournalError::Locked { path: self.lock_path(cluster_key) });
            }
            pause().await;
            left = left.saturating_sub(LOCK_POLL);
        }
    }

    fn locks_folder(&self) -> PathBuf {
        self.path().join("locks")
    }

    /// The file that locks a cluster. A key may hold a URL, so that its hash is the name.
    pub fn lock_path(&self, cluster_key: &str) -> PathBuf {
        self.locks_folder().join(format!("{}.lock", sha256(cluster_key.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::testing::{Place, names};
    use super::*;

    #[test]
    fn a_cluster_is_one_operation_s_at_a_time() {
        let place = Place::new();
        let one = place.state.try_lock("https://cluster/1?a").unwrap().unwrap();
        assert!(place.state.try_lock("https://cluster/1?a").unwrap().is_none());
        let other = place.state.try_lock("https://cluster/2").unwrap().unwrap();
        let path = place.state.lock_path("https://cluster/1?a");
        assert_eq!(fs::read_to_string(path).unwrap(), format!("{}\n", std::process::id()));
        drop((one, other));
        assert!(place.state.try_lock("https://cluster/1?a").unwrap().is_some());
        assert_eq!(names(&place.state.path().join("locks")).len(), 2, "the files stay");
    }

    #[tokio::test]
    async fn a_lock_is_waited_for_and_not_longer() {
        let place = Place::new();
        let mut held = place.state.try_lock("c").unwrap();
        let mut pauses = 0;
        let error = place.state.lock("c", Duration::from_millis(120), async || pauses += 1).await.unwrap_err();
        assert!(matches!(&error, JournalError::Locked { path } if *path == place.state.lock_path("c")), "{error}");
        assert_eq!(pauses, 3);
        let freed = place.state.lock("c", LOCK_POLL, async || held = None).await.unwrap();
        assert!(place.state.lock("c", Duration::ZERO, async || panic!("no time to wait")).await.is_err());
        drop(freed);
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_belongs_to_one_process_and_is_no_link() {
        use super::super::testing::mode;
        let place = Place::new();
        let lock = place.state.try_lock("c").unwrap().unwrap();
        let path = place.state.lock_path("c");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(lock);
        let precious = place.root().join("precious");
        fs::write(&precious, "precious").unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        assert!(matches!(place.state.try_lock("c"), Err(JournalError::NotRegular { .. })));
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
    }
}
