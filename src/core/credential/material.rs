//! What was read for a user entry, before any of it is looked into.

use std::fmt;
use std::path::PathBuf;

use super::Problem;
use crate::core::credential::exec_cache::CacheName;
use crate::core::secret::Secret;

/// What was read for a user entry, before any of it is looked into.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The kubeconfig file that defines the entry.
    pub kubeconfig: PathBuf,
    /// Its permission bits, where the system has such.
    pub kubeconfig_mode: Option<u32>,
    /// The file that `client-certificate` names.
    pub certificate: Option<FileContent>,
    /// The file that `client-key` names.
    pub key: Option<FileContent>,
    /// The file that `tokenFile` names.
    pub token: Option<FileContent>,
}

/// What became of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// It was read.
    Read {
        /// What it holds.
        bytes: Secret<Vec<u8>>,
        /// Its permission bits, where the system has such.
        mode: Option<u32>,
    },
    /// There is none.
    Missing,
    /// It is there and can't be read, and why.
    Unreadable(String),
    /// It lies outside the kubeconfig's folder and was neither opened nor looked for.
    NotAllowed,
}

/// A file in which a credential plugin left a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFile {
    /// The file.
    pub path: PathBuf,
    /// What its name tells; `None` for the folder itself, when that can't be read.
    pub name: Option<CacheName>,
    /// What became of reading it.
    pub content: FileContent,
}

impl FileContent {
    /// What it holds and its permission bits, or why not; `name` says in the problem which file it is.
    pub(super) fn bytes(&self, name: fmt::Arguments<'_>) -> Result<(&Secret<Vec<u8>>, Option<u32>), Problem> {
        match self {
            FileContent::Read { bytes, mode } => Ok((bytes, *mode)),
            FileContent::Missing => Err(Problem::Missing(format!("{name}: there is no such file"))),
            FileContent::Unreadable(reason) => Err(Problem::Invalid(format!("{name}: {reason}"))),
            FileContent::NotAllowed => {
                Err(Problem::Missing(format!("{name}: it lies outside the kubeconfig's folder and was not read")))
            }
        }
    }
}
