//! Copies that another program reads while it runs, for this user alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::durable::{cannot_write, create, create_folder, create_folders};
use super::{JournalError, StateFolder};
use crate::core::hex;
use ring::rand::{SecureRandom as _, SystemRandom};

/// A folder of its own that is gone when this is dropped.
#[derive(Debug)]
pub struct ScratchFolder {
    path: PathBuf,
}

impl StateFolder {
    /// Creates an empty folder, whose name begins so and is new.
    ///
    /// # Errors
    /// Where that can't be written.
    pub fn scratch(&self, begins: &str) -> Result<ScratchFolder, JournalError> {
        create_folders(self.path())?;
        let mut bytes = [0; 16];
        if SystemRandom::new().fill(&mut bytes).is_err() {
            tracing::debug!("the system gives no random bytes");
        }
        let path = self.path().join(format!("{begins}-{}", hex::encode(&bytes)));
        create_folder(&path).map_err(cannot_write(&path))?;
        Ok(ScratchFolder { path })
    }
}

impl ScratchFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// Where that can't be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), JournalError> {
        create(&self.path.join(name), content)
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What stays behind is no secret.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::world;
    use super::*;

    #[test]
    fn each_is_new_private_and_gone_afterwards() {
        let home = tempfile::tempdir().unwrap();
        let state = StateFolder::of(&world(home.path(), None, &[("ACKCRED_HOME", "state")])).unwrap();
        let (one, other) = (state.scratch("x").unwrap(), state.scratch("x").unwrap());
        assert_ne!(one.path(), other.path());
        one.write("file", b"1").unwrap();
        one.write("file", b"2").unwrap_err();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!([mode(one.path()), mode(&one.path().join("file"))], [0o700, 0o600]);
        }
        drop((one, other));
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
    }
}
