//! A user entry's credential: the files that it names are read, no plugin is run and no socket is opened.

use std::path::{Path, PathBuf};

use crate::adapters::files::{self, Policy};
use crate::core::credential::{CacheFile, Credential, CredentialKind, Material, kind_of};
use crate::core::exec_cache::CacheQuery;
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{Kubeconfig, User};
use crate::core::sourced::Sourced;

/// A user entry's credential, and what its credential plugin left on the disk.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The credential.
    pub credential: Credential,
    /// The plugin's caches, each a credential of its own. Empty for entries without a plugin, and for a kubeconfig that
    /// is not to be trusted.
    pub caches: Vec<Cached>,
}

/// A credential in a credential plugin's cache.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The file; the folder, when that can't be read.
    pub path: PathBuf,
    /// The cluster that the file's name tells.
    pub cluster_id: Option<ClusterId>,
    /// The credential, of kind [`CredentialKind::Exec`].
    pub credential: Credential,
}

/// Assesses the user of that name.
pub fn of_user_named(name: &str, kubeconfig: &Kubeconfig, policy: &Policy, home: Option<&Path>) -> Gathered {
    match kubeconfig.users.get(name) {
        Some(user) => of_user(user, policy, home),
        None => Gathered { credential: Credential::of_missing_user(name), caches: Vec::new() },
    }
}

/// Assesses a user entry. `home` is where credential plugins keep their caches.
pub fn of_user(user: &Sourced<User>, policy: &Policy, home: Option<&Path>) -> Gathered {
    let credential = Credential::assess(&user.value, &material(user, policy));
    Gathered { credential, caches: caches(&user.value, policy, home) }
}

/// Reads what the part of the entry that counts names, and nothing else.
fn material(user: &Sourced<User>, policy: &Policy) -> Material {
    let kind = kind_of(&user.value);
    let read = |path: &Option<PathBuf>| path.as_deref().map(|path| files::read(path, policy));
    let mut material = Material {
        kubeconfig: user.file.to_path_buf(),
        kubeconfig_mode: files::mode(&user.file),
        ..Material::default()
    };
    match kind {
        CredentialKind::ClientCertificate => {
            material.certificate = read(&user.value.client_certificate);
            material.key = read(&user.value.client_key);
        }
        CredentialKind::TokenFile => material.token = read(&user.value.token_file),
        _ => {}
    }
    material
}

fn caches(user: &User, policy: &Policy, home: Option<&Path>) -> Vec<Cached> {
    let query = user.exec.as_ref().and_then(|exec| CacheQuery::of(exec, home));
    match (policy, query) {
        (Policy::Trusted, Some(query)) => files::read_caches(&query).into_iter().map(Cached::assess).collect(),
        _ => Vec::new(),
    }
}

impl Cached {
    fn assess(file: CacheFile) -> Self {
        let credential = Credential::assess_cache(&file);
        Self { path: file.path, cluster_id: file.name.map(|name| name.cluster_id), credential }
    }
}
