//! Where the journal is.

use std::path::{Path, PathBuf};

use super::JournalError;
use crate::core::kubeconfig::clean;
use crate::core::revocation::journal::OperationId;
use crate::core::variables;
use crate::world::World;

/// The folder that holds the operations, their locks and the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    path: PathBuf,
}

impl StateFolder {
    /// The folder that `ACKCRED_HOME` names, else `ackcred` in the platform's state folder, or in its local data folder where
    /// it has no other. Nothing is created or looked at yet.
    ///
    /// # Errors
    /// Where neither is known.
    pub fn of(world: &World) -> Result<Self, JournalError> {
        let path = match world.env.get(variables::ACKCRED_HOME) {
            Some(named) => PathBuf::from(named),
            None => platform_folder(world).ok_or(JournalError::NoFolder)?.join("ackcred"),
        };
        Ok(Self { path: clean(&world.cwd.join(path)) })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn operations_folder(&self) -> PathBuf {
        self.path.join("operations")
    }

    /// The folder of an operation.
    pub fn operation_folder(&self, id: &OperationId) -> PathBuf {
        self.operations_folder().join(id.to_string())
    }
}

/// As the `dirs` crate has it, but by the world's variables and home folder.
#[cfg(unix)]
fn platform_folder(world: &World) -> Option<PathBuf> {
    let home = world.home.as_deref();
    if cfg!(any(target_os = "macos", target_os = "ios")) {
        return home.map(|home| home.join("Library/Application Support"));
    }
    // A relative path in it is to be ignored.
    // Source: <https://specifications.freedesktop.org/basedir-spec/latest/>
    let named = world.env.get(variables::XDG_STATE_HOME).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| home.map(|home| home.join(".local/state")))
}

#[cfg(not(unix))]
fn platform_folder(_world: &World) -> Option<PathBuf> {
    dirs::state_dir().or_else(dirs::data_local_dir)
}

#[cfg(test)]
mod tests {
    use super::super::testing::world;
    use super::*;

    fn of(home: Option<&str>, variables: &[(&str, &str)]) -> Option<String> {
        let world = world(Path::new("/desk"), home, variables);
        StateFolder::of(&world).ok().map(|folder| folder.path().display().to_string())
    }

    #[test]
    fn ackcred_home_is_the_folder_itself() {
        let seen = |value| of(Some("/home/ann"), &[("ACKCRED_HOME", value), ("XDG_STATE_HOME", "/state")]);
        assert_eq!(seen("/vault").as_deref(), Some("/vault"));
        assert_eq!(seen("vault/../safe").as_deref(), Some("/desk/safe"));
        assert_eq!(of(None, &[("ACKCRED_HOME", "/vault")]).as_deref(), Some("/vault"));
    }

    #[cfg(all(unix, not(target_vendor = "apple")))]
    #[test]
    fn without_it_it_is_the_state_folder_s() {
        let home = Some("/home/ann");
        assert_eq!(of(home, &[]).as_deref(), Some("/home/ann/.local/state/ackcred"));
        assert_eq!(of(home, &[("ACKCRED_HOME", "")]).as_deref(), Some("/home/ann/.local/state/ackcred"));
        assert_eq!(of(home, &[("XDG_STATE_HOME", "/state")]).as_deref(), Some("/state/ackcred"));
        assert_eq!(of(home, &[("XDG_STATE_HOME", "state")]).as_deref(), Some("/home/ann/.local/state/ackcred"));
        assert_eq!(of(None, &[("XDG_STATE_HOME", "state")]), None);
    }

    #[cfg(target_os = "macos")]
    #[test]
    fn without_it_it_is_in_the_local_data_folder() {
        let expected = Some("/home/ann/Library/Application Support/ackcred");
        assert_eq!(of(Some("/home/ann"), &[("XDG_STATE_HOME", "/state")]).as_deref(), expected);
    }
}
