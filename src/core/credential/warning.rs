//! What the owner of a credential should know about it.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::client_pair::Obstacle;
use super::entry::{kinds_of, token_of};
use super::{CredentialKind, FileContent, Material};
use crate::core::kubeconfig::{User, refusal};
use crate::core::system_groups::MASTERS;

/// Something about a credential that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The certificate is in `system:masters`.
    Masters,
    /// Certificate and private key don't belong together.
    KeyMismatch,
    /// Whether they do is unknown, and why.
    KeyUnchecked(&'static str),
    /// This program can't connect with it, and kubectl can.
    NoConnectionHere(Obstacle),
    /// Others than the owner may read (or write) a file that holds a secret.
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A CA certificate in the bundle ends before the certificate does.
    EarlierCa(Timestamp),
    /// The entry holds other credentials too.
    AlsoHolds(Vec<CredentialKind>),
    /// kubectl refuses the entry as it stands, and what for.
    RefusedByKubectl(Cow<'static, str>),
    /// The token file can't be used, so that the token in the entry is.
    TokenFileUnused(String),
}

/// What is worth a warning about an entry, whatever its credential turns out to be.
pub(super) fn about_entry(user: &User, kind: CredentialKind, material: &Material) -> Vec<Warning> {
    let mut warnings = readable_by_others(user, material);
    warnings.extend(refusal(user).map(Warning::RefusedByKubectl));
    warnings.extend(also_holds(user, kind));
    warnings
}

fn readable_by_others(user: &User, material: &Material) -> Vec<Warning> {
    let mode_of = |file: &Option<FileContent>| match file {
        Some(FileContent::Read { mode, .. }) => *mode,
        _ => None,
    };
    let kubeconfig_mode = material.kubeconfig_mode.filter(|_| holds_secret(user));
    let files = [
        (Some(material.kubeconfig.as_path()), kubeconfig_mode),
        (user.client_key.as_deref(), mode_of(&material.key)),
        (user.token_file.as_deref(), mode_of(&material.token)),
    ];
    files.into_iter().filter_map(|(path, mode)| open_to_others(path?, mode)).collect()
}

pub(super) fn open_to_others(path: &Path, mode: Option<u32>) -> Option<Warning> {
    const OTHERS: u32 = 0o077;
    let mode = mode.filter(|mode| mode & OTHERS != 0)?;
    Some(Warning::ReadableByOthers { path: path.to_owned(), mode })
}

/// Whether the kubeconfig itself holds what must stay secret.
fn holds_secret(user: &User) -> bool {
    let plugin_variables = user.exec.as_ref().is_some_and(|exec| !exec.env.is_empty());
    let provider_settings = user.auth_provider.as_ref().is_some_and(|provider| !provider.config.is_empty());
    let key = user.client_key_data.is_some();
    key || token_of(user).is_some() || user.password.is_some() || plugin_variables || provider_settings
}

fn also_holds(user: &User, kind: CredentialKind) -> Option<Warning> {
    let others: Vec<_> = kinds_of(user).into_iter().filter(|other| *other != kind).collect();
    (!others.is_empty()).then_some(Warning::AlsoHolds(others))
}

impl Warning {
    /// Whether it is about a file, whichever entry led to it.
    pub fn is_about_a_file(&self) -> bool {
        matches!(self, Self::ReadableByOthers { .. })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Masters => {
                write!(formatter, "the certificate is in {MASTERS}: RBAC can't take its rights away while it is valid")
            }
            Self::KeyMismatch => formatter.write_str("the private key does not belong to the certificate"),
            Self::KeyUnchecked(reason) => {
                write!(formatter, "whether the private key belongs to the certificate was not checked: {reason}")
            }
            Self::NoConnectionHere(obstacle) => obstacle.fmt(formatter),
            Self::ReadableByOthers { path, mode } => {
                write!(formatter, "{} is open to others (mode {mode:04o})", path.display())
            }
            Self::EarlierCa(end) => write!(formatter, "a CA certificate in the bundle ends earlier, at {end}"),
            Self::AlsoHolds(kinds) => {
                formatter.write_str("the user entry holds other credentials, too: ")?;
                let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                formatter.write_str(&names.join(", "))
            }
            Self::RefusedByKubectl(reason) => write!(formatter, "kubectl refuses the user entry, which {reason}"),
            Self::TokenFileUnused(reason) => write!(formatter, "the token in the user entry is used: {reason}"),
        }
    }
}
