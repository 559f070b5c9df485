//! The user's `kuberc`: here only for what it says about credential plugins.
//!
//! Source: <https://github.com/kubernetes/kubectl/blob/v0.36.3/pkg/kuberc/kuberc.go>

use std::path::PathBuf;

use crate::adapters::files::{self, FileError};
use crate::core::kubeconfig::plugin_policy::{self, KubercError, PluginPolicy};
use crate::core::variables;
use crate::core::yaml;
use crate::world::World;

/// Why the policy is unknown. Nothing may run then.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file can't be read, or isn't for its kind or length.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// Its content makes no sense.
    #[error("cannot use {}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KubercError,
    },
}

/// Reads the policy: from the file that `KUBERC` names, else from `~/.kube/kuberc`, which is `./.kube/kuberc` where
/// `HOME` is not set; `KUBERC=off` means none.
///
/// # Errors
/// Where the file's policy contradicts itself, and where a file that `KUBERC` names can't be used. A default file that
/// is missing or otherwise broken is passed over, as kubectl does; but one that kubectl would read and that is not read
/// here, being no regular file or too long, may hold a policy.
pub fn plugin_policy(world: &World) -> Result<PluginPolicy, PolicyError> {
    let named = world.env.get(variables::KUBERC);
    if named.is_some_and(|value| value == "off") {
        return Ok(PluginPolicy::AllowAll);
    }
    // Without a home folder kubectl looks in the working directory.
    let default = || world.home.clone().unwrap_or_default().join(".kube").join("kuberc");
    let path = world.cwd.join(named.map_or_else(default, PathBuf::from));
    let bytes = match files::load(&path) {
        Ok(bytes) => bytes,
        Err(FileError::Missing | FileError::Io(_)) if named.is_none() => return Ok(PluginPolicy::AllowAll),
        Err(source) => return Err(PolicyError::Read { path, source }),
    };
    let parsed = match yaml::text(&bytes) {
        Ok(text) => plugin_policy::parse(&text),
        Err(_) => Err(KubercError::NoPreference),
    };
    match parsed {
        Ok(policy) => Ok(policy),
        Err(source) if named.is_some() || source.is_policy() => Err(PolicyError::Invalid { path, source }),
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "no preferences loaded");
            Ok(PluginPolicy::AllowAll)
        }
    }
}
