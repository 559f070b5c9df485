//! A credential that was found where it should not be: what its file tells, and which of the operator's clusters it is of.
//!
//! The file is hostile. Nothing that it names is contacted or run, and no file outside its own folder is read. Names and
//! addresses in it can be edited; the key of its CA can't, or the cluster would be another.

use std::path::Path;

use super::credential::of_context;
use crate::adapters::files::{self, Policy};
use crate::adapters::kubeconfig_files::{LoadError, load_file_with_one};
use crate::core::access::likeness::leading_uid;
use crate::core::cluster::authority::{NoAuthority, authority_keys, is_signed_by};
use crate::core::cluster::cluster_id::{Inference, infer_from};
use crate::core::credential::certificate::Certificate;
use crate::core::credential::token::Token;
use crate::core::credential::{Credential, CredentialKind, FileContent, Problem, needed_files};
use crate::core::ids::Uid;
use crate::core::kubeconfig::connection::Login;
use crate::core::kubeconfig::{Cluster, Data, Overrides, ResolveError, ResolvedContext, resolve};
use crate::core::rbac::user_info::CertificateName;
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::secret::Secret;
use crate::world::World;

mod others;

pub use others::OtherLogin;

/// A leaked client certificate, of a file or of the operator's own.
pub struct Leaked {
    /// The identity that it names.
    pub uid: Uid,
    /// What it says of itself.
    pub facts: LeakedFacts,
    /// How to present it. It is sent to the operator's own server and nowhere else.
    pub login: Login,
    /// How to present what the file holds beside the certificate, as long as it may open the cluster.
    pub others: Vec<OtherLogin>,
    /// Which cluster the file says it is for.
    pub inference: Inference,
    /// The keys of the CA in the file, or why there is none to compare.
    pub ca_keys: Result<Vec<String>, NoAuthority>,
    certificate: Vec<u8>,
}

/// Why a file tells of nothing that could be revoked.
#[derive(Debug, thiserror::Error)]
pub enum LeakedError {
    /// It can't be read as a kubeconfig.
    #[error(transparent)]
    File(#[from] LoadError),
    /// It is not clear which of its contexts is meant.
    #[error(transparent)]
    Context(#[from] ResolveError),
    /// Its credential names no RAM identity, or can't be read.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
}

/// Reads the credential of a file; `context` chooses one of its contexts.
///
/// # Errors
/// If it names no identity that could be revoked.
pub fn read(world: &World, path: &Path, context: Option<&str>) -> Result<Leaked, LeakedError> {
    let file = load_file_with_one(world, path)?;
    let chosen = context.or_else(|| file.kubeconfig.only_context()).map(str::to_owned);
    let context = resolve(&file.kubeconfig, &Overrides { context: chosen, ..Overrides::default() })?;
    certificate_of(world, path, context, &Policy::beside(&file.facts.path)).map_err(LeakedError::Refused)
}

/// The credential of one of the operator's own contexts, which leaked.
///
/// # Errors
/// If it is no certificate of a RAM identity.
pub fn own(world: &World, context: &ResolvedContext) -> Result<Leaked, Box<Refusal>> {
    let file = context.user.as_ref().map(|user| user.file.to_path_buf()).unwrap_or_default();
    certificate_of(world, &file, context.clone(), &Policy::Trusted)
}

/// The certificate of a context; `path` is the file that it is in, for messages.
fn certificate_of(
    world: &World,
    path: &Path,
    context: ResolvedContext,
    policy: &Policy,
) -> Result<Leaked, Box<Refusal>> {
    let gathered = of_context(&context, policy, None);
    let credential = gathered.credential;
    if credential.kind != CredentialKind::ClientCertificate {
        return Err(Box::new(names_no_identity(&credential)));
    }
    let Some((certificate, key)) = certificate_and_key(&context, policy) else {
        return Err(Box::new(has_no_key_pair(path, &credential)));
    };
    let Ok(read) = Certificate::from_pem(&certificate) else {
        let message = format!("the certificate of {} can't be read", path.display());
        return Err(Box::new(Refusal::new(RefusalCode::NoRamIdentity, message)));
    };
    if read.ca_comes_first {
        return Err(Box::new(has_its_ca_first(path)));
    }
    let uid = credential.uid.filter(|uid| !uid.begins_with_zero());
    let (Some(uid), Some(common_name)) = (uid, read.subject.common_name) else {
        return Err(Box::new(not_of_ram(&certificate)));
    };
    let others = others::that_may_open(&gathered.others, &context, policy, world.now);
    Ok(Leaked {
        uid,
        facts: LeakedFacts {
            file: Some(path.display().to_string()),
            common_name,
            organizations: read.subject.organizations,
            serial: read.serial,
            certificate_sha256: read.sha256,
            key_sha256: read.key_sha256,
            not_after: read.not_after,
            signed_by_ca: None,
            other_credentials: others.iter().map(|other| other.credential.clone()).collect(),
        },
        login: Login { certificate: Some((certificate.clone(), Secret::new(key))), ..Login::default() },
        others,
        inference: infer_from(&context),
        ca_keys: context.cluster.map_or(Err(NoAuthority::Absent), |cluster| ca_keys(&cluster.value, policy)),
        certificate,
    })
}

impl Leaked {
    /// What is known of it once its cluster's CA is at hand.
    pub fn facts_under(&self, authority: Option<&[u8]>) -> LeakedFacts {
        let signed_by_ca = authority.and_then(|authority| is_signed_by(&self.certificate, authority));
        LeakedFacts { signed_by_ca, ..self.facts.clone() }
    }

    /// The name and the groups that its certificate gives.
    pub fn certificate_name(&self) -> CertificateName {
        let LeakedFacts { common_name, organizations, .. } = &self.facts;
        CertificateName { common_name: common_name.clone(), organizations: organizations.clone() }
    }

    /// Whether a context leads to a cluster with the file's CA.
    pub fn is_of(&self, context: &ResolvedContext) -> bool {
        let own = context.cluster.as_ref().and_then(|cluster| ca_keys(&cluster.value, &Policy::Trusted).ok());
        let theirs = self.ca_keys.as_deref().unwrap_or_default();
        own.is_some_and(|own| own.iter().any(|key| theirs.contains(key)))
    }
}

fn ca_keys(cluster: &Cluster, policy: &Policy) -> Result<Vec<String>, NoAuthority> {
    let bundle = match (&cluster.certificate_authority_data, cluster.certificate_authority.as_deref()) {
        (Some(Data::Decoded(bytes)), _) => bytes.clone(),
        (Some(Data::Malformed(reason)), _) => return Err(NoAuthority::Unread(reason.clone())),
        (None, Some(file)) => match files::read(file, policy) {
            FileContent::Read { bytes, .. } => bytes.expose().clone(),
            content => return Err(NoAuthority::Unread(why_unread(file, &content))),
        },
        (None, None) => return Err(NoAuthority::Absent),
    };
    authority_keys(&bundle)
}

fn why_unread(file: &Path, content: &FileContent) -> String {
    let why = match content {
        FileContent::Missing => "does not exist",
        FileContent::NotAllowed => "lies outside the file's folder, and is not read",
        FileContent::Unreadable(reason) => return format!("{}: {reason}", file.display()),
        FileContent::Read { .. } => "can be read",
    };
    format!("{} {why}", file.display())
}

fn certificate_and_key(context: &ResolvedContext, policy: &Policy) -> Option<(Vec<u8>, Vec<u8>)> {
    let user = &context.user.as_ref()?.value;
    let needed = needed_files(user);
    let certificate = content(user.client_certificate_data.as_ref(), needed.certificate, policy)?;
    let key = content(user.client_key_data.as_ref().map(Secret::expose), needed.key, policy)?;
    Some((certificate, key))
}

fn content(data: Option<&Data>, file: Option<&Path>, policy: &Policy) -> Option<Vec<u8>> {
    match (data, file.map(|file| files::read(file, policy))) {
        (Some(Data::Decoded(bytes)), _) => Some(bytes.clone()),
        (None, Some(FileContent::Read { bytes, .. })) => Some(bytes.expose().clone()),
        _ => None,
    }
}

/// The file's certificate or key is missing or can't be read; which one, the assessment says.
fn has_no_key_pair(path: &Path, credential: &Credential) -> Refusal {
    let reason = credential.problem.as_ref().map_or("its certificate or key can't be read", Problem::reason);
    let refusal = Refusal::new(RefusalCode::NoRamIdentity, format!("{}: {reason}", path.display()));
    match &credential.uid {
        Some(uid) => refusal.hint(format!("name the identity: kubectl ackcred revoke {uid}")),
        None => refusal,
    }
}

/// kubectl takes the first certificate of a bundle for the client's.
fn has_its_ca_first(path: &Path) -> Refusal {
    let message = format!(
        "{}: the first certificate in the bundle is a CA's; the client certificate must come first",
        path.display()
    );
    Refusal::new(RefusalCode::NoRamIdentity, message)
        .hint("put them in order, or name the identity: kubectl ackcred revoke UID")
}

/// The certificate names no RAM identity; where its name resembles one's, how that one is revoked with it.
fn not_of_ram(certificate: &[u8]) -> Refusal {
    let message = "the certificate's common name is not that of a RAM identity";
    let refusal = Refusal::new(RefusalCode::NoRamIdentity, message);
    let name = Certificate::from_pem(certificate).ok().and_then(|read| read.subject.common_name);
    match name.as_deref().and_then(|name| Some((name, leading_uid(name)?))) {
        Some((name, uid)) => refusal.hint(format!(
            "{name:?} resembles a name of {uid}; if it is its own, revoke {uid} with --also-name and this name"
        )),
        None => refusal.hint("kubectl ackcred whoami -f shows whose it is"),
    }
}

/// What to take away instead, where the credential names no RAM identity.
fn names_no_identity(credential: &Credential) -> Refusal {
    let name_it = "name the identity: kubectl ackcred revoke UID";
    let (what, instead) = match (&credential.token, credential.kind) {
        (Some(Token::Jwt(_)), _) | (_, CredentialKind::Basic) => {
            let OtherCredential { description, remedy, .. } = OtherCredential::of(credential);
            (format!("the file holds {description}"), remedy)
        }
        (Some(Token::Ack(_)), _) => {
            let OtherCredential { description, remedy, .. } = OtherCredential::of(credential);
            (format!("the file holds {description}"), format!("{remedy}, and {name_it}"))
        }
        (_, CredentialKind::Exec) => {
            ("the file holds no credential but a plugin, which is not run".to_owned(), name_it.to_owned())
        }
        _ => ("the file holds no credential that names a RAM identity".to_owned(), name_it.to_owned()),
    };
    Refusal::new(RefusalCode::NoRamIdentity, what).hint(instead)
}
