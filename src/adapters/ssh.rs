//! `ssh-keygen`, which says whether an SSH signature is good, and where the user's own keys are: the agent and `~/.ssh`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::adapters::child::{self, ChildError};
use crate::adapters::files::{self, FileError};
use crate::adapters::journal::{JournalError, ScratchFolder, StateFolder};
use crate::core::revocation::approval::{NAMESPACE, SshSignature};
use crate::core::variables;
use crate::world::World;

const KEYGEN: &str = "ssh-keygen";
const ADD: &str = "ssh-add";
/// Neither has anything to wait for but an agent that hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// The status by which `ssh-keygen` says no.
const NO: i32 = 255;
/// The status by which `ssh-add -L` says that the agent answers and has no key.
const NO_KEYS: i32 = 1;
/// More public keys than these are not read.
const MOST_PUBLIC_KEYS: usize = 1000;

/// Why a question about SSH keys has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// A program has none.
    #[error("{program}: {source}")]
    Program {
        /// Which.
        program: &'static str,
        /// Why.
        source: ChildError,
    },
    /// The copies that it reads can't be made.
    #[error(transparent)]
    Copies(#[from] JournalError),
    /// A file or a folder can't be read.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// Where the user's keys would be is unknown.
    #[error("the home folder is unknown")]
    NoHome,
    /// There are too many of them.
    #[error("{} holds more than {MOST_PUBLIC_KEYS} public keys", .0.display())]
    TooMany(PathBuf),
}

impl SshError {
    /// Whether a program is not there.
    pub fn is_missing_program(&self) -> bool {
        matches!(self, Self::Program { source: ChildError::Io(error), .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

/// A signature, a text and a file of allowed signers, as they were read: private copies that no one else changes, which go with it.
pub struct SignatureCheck<'w> {
    world: &'w World,
    folder: ScratchFolder,
}

impl<'w> SignatureCheck<'w> {
    /// Makes the copies.
    ///
    /// # Errors
    /// Where they can't be written.
    pub fn new(world: &'w World, signature: &SshSignature, text: &str, allowed: &[u8]) -> Result<Self, SshError> {
        let folder = StateFolder::of(world)?.scratch("approval")?;
        folder.write("signature", signature.armored().as_bytes())?;
        folder.write("text", text.as_bytes())?;
        folder.write("allowed_signers", allowed)?;
        Ok(Self { world, folder })
    }

    /// Whether the signature is one of the text, by the key that it names, for [`NAMESPACE`].
    ///
    /// # Errors
    /// Where `ssh-keygen` doesn't say.
    pub async fn is_of_the_text(&self) -> Result<bool, SshError> {
        Ok(self.ask(&["check-novalidate", "-n", NAMESPACE]).await?.is_some())
    }

    /// To whom the allowed signers give the key now; none where it is not among them, or not now.
    ///
    /// # Errors
    /// Where `ssh-keygen` doesn't say.
    pub async fn principals(&self) -> Result<Vec<String>, SshError> {
        let output = self.ask(&["find-principals", "-f", "allowed_signers"]).await?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&output).lines().map(str::to_owned).collect())
    }

    /// Whether the signature is one of the text by this principal, whom the allowed signers allow that.
    ///
    /// # Errors
    /// Where `ssh-keygen` doesn't say.
    pub async fn is_allowed(&self, principal: &str) -> Result<bool, SshError> {
        let arguments = ["verify", "-n", NAMESPACE, "-f", "allowed_signers", "-I", principal];
        Ok(self.ask(&arguments).await?.is_some())
    }

    /// What `ssh-keygen -Y` prints; `None` where it says no.
    async fn ask(&self, arguments: &[&str]) -> Result<Option<Vec<u8>>, SshError> {
        let text = File::open(self.folder.path().join("text"))
            .map_err(|error| SshError::File { path: self.folder.path().join("text"), source: error.into() })?;
        let mut process = command(self.world, KEYGEN);
        process.arg("-Y").args(arguments).args(["-s", "signature"]);
        process.current_dir(self.folder.path()).stdin(Stdio::from(text));
        run(process, KEYGEN, NO).await
    }
}

/// What the user's agent lists, as `ssh-add -L` prints it. `None` where no variable names an agent.
///
/// # Errors
/// Where it is named and doesn't answer.
pub async fn agent_keys(world: &World) -> Result<Option<String>, SshError> {
    if world.env.get(variables::SSH_AUTH_SOCK).is_none() {
        return Ok(None);
    }
    let mut process = command(world, ADD);
    process.arg("-L");
    let listed = run(process, ADD, NO_KEYS).await?.unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(&listed).into_owned()))
}

/// The user's public keys, `~/.ssh/*.pub`, by their paths. A folder that isn't there holds none.
///
/// # Errors
/// Where one of them, or the folder, can't be read.
pub fn public_keys(world: &World) -> Result<Vec<(PathBuf, String)>, SshError> {
    let folder = world.home.as_deref().ok_or(SshError::NoHome)?.join(".ssh");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: FileError| SshError::File { path, source }
    };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&folder)(error.into())),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&folder)(error.into()))?.path();
        if path.extension() != Some(OsStr::new("pub")) {
            continue;
        }
        if keys.len() == MOST_PUBLIC_KEYS {
            return Err(SshError::TooMany(folder));
        }
        match files::load(&path) {
            Ok(bytes) => keys.push((path, String::from_utf8_lossy(&bytes).into_owned())),
            // A link to a file that is not there.
            Err(FileError::Missing) => {}
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Ok(keys)
}

fn command(world: &World, program: &str) -> Command {
    let mut process = child::command(world, program);
    // What it says there is for its own users, and only the status is needed.
    process.stderr(Stdio::null());
    process
}

/// What a program prints; `None` where it ends with the status that means no.
async fn run(process: Command, program: &'static str, no: i32) -> Result<Option<Vec<u8>>, SshError> {
    match child::output(process, Some(LIMIT), None).await {
        Ok(output) => Ok(Some(output.to_vec())),
        Err(ChildError::Failed(status)) if status.code() == Some(no) => Ok(None),
        Err(source) => Err(SshError::Program { program, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::journal::testing::world;

    #[test]
    fn public_keys_are_all_read_or_it_is_said_which_is_not() {
        let home = tempfile::tempdir().unwrap();
        let keys = |home: &Path| public_keys(&world(home, home.to_str(), &[])).map_err(|error| error.to_string());
        assert_eq!(keys(home.path()), Ok(Vec::new()), "there is no ~/.ssh");
        let folder = home.path().join(".ssh");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("id_ed25519"), "private").unwrap();
        fs::write(folder.join("known_hosts"), "others'").unwrap();
        fs::write(folder.join("id_ed25519.pub"), "public").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("gone", folder.join("link.pub")).unwrap();
        assert_eq!(keys(home.path()), Ok(vec![(folder.join("id_ed25519.pub"), "public".to_owned())]));
        let other = folder.join("folder.pub");
        fs::create_dir(&other).unwrap();
        assert_eq!(keys(home.path()), Err(format!("{}: it is no regular file", other.display())));
        let nowhere = public_keys(&world(home.path(), None, &[])).unwrap_err();
        assert_eq!(nowhere.to_string(), "the home folder is unknown");
    }
}
