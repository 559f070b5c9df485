//! The credentials of a kubeconfig file, as audit logs name them. Nothing that the file names is contacted or run.

use std::path::Path;

use jiff::Timestamp;

use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::{LoadError, load_file};
use crate::core::credential::Credential;
use crate::core::credential::token::Token;
use crate::core::kubeconfig::{Overrides, ResolveError, resolve};
use crate::gather::credential::of_context;
use crate::world::World;

/// What of a file an audit log can be searched for.
#[derive(Debug, Default)]
pub struct TraceableFile {
    /// Its credentials.
    pub credentials: Vec<String>,
    /// The user names that API servers give them.
    pub names: Vec<String>,
    /// When the first of them was issued.
    pub issued: Option<Timestamp>,
}

/// Why a file holds nothing that an audit log could be searched for.
#[derive(Debug, thiserror::Error)]
pub enum NotTraceable {
    /// It can't be read as a kubeconfig.
    #[error(transparent)]
    File(#[from] LoadError),
    /// It is not clear which of its contexts is meant.
    #[error(transparent)]
    Context(#[from] ResolveError),
    /// It holds no certificate and no token with an ID or a name.
    #[error("the file holds no certificate or token that an audit log names")]
    NoCredential,
}

/// Reads the credentials of a file; `context` chooses one of its contexts.
///
/// # Errors
/// If it can't be read, or holds none.
pub fn credentials_of(world: &World, path: &Path, context: Option<&str>) -> Result<TraceableFile, NotTraceable> {
    let file = load_file(world, path)?;
    let chosen = context.or_else(|| file.kubeconfig.only_context()).map(str::to_owned);
    let context = resolve(&file.kubeconfig, &Overrides { context: chosen, ..Overrides::default() })?;
    let gathered = of_context(&context, &Policy::beside(&file.facts.path), None);
    let mut found = TraceableFile::default();
    std::iter::once(&gathered.credential).chain(&gathered.others).for_each(|credential| found.add(credential));
    if found.credentials.is_empty() && found.names.is_empty() { Err(NotTraceable::NoCredential) } else { Ok(found) }
}

impl TraceableFile {
    fn add(&mut self, credential: &Credential) {
        if let Some(sha256) = &credential.sha256 {
            self.credentials.push(format!("X509SHA256={sha256}"));
            self.names.extend(credential.subject.as_ref().and_then(|subject| subject.common_name.clone()));
        }
        if let Some(Token::Jwt(claims)) = &credential.token {
            match &claims.id {
                Some(id) => self.credentials.push(format!("JTI={id}")),
                // A static token has no ID that a log could name.
                None => self.names.extend(claims.subject.clone()),
            }
        }
        self.issued = self.issued.into_iter().chain(credential.issued).min();
    }
}
