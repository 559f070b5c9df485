//! The kubeconfig that ACK issues after the old one was revoked.

use std::path::Path;
use std::sync::Arc;

use crate::core::credential::certificate::{Certificate, CertificateError};
use crate::core::ids::Uid;
use crate::core::kubeconfig::connection::Login;
use crate::core::kubeconfig::edit::CertificateAndKey;
use crate::core::kubeconfig::{Data, Overrides, ParseError, ResolveError, parse, resolve};
use crate::core::secret::Secret;

/// Where the issued file is from, for messages.
const SOURCE: &str = "the issued kubeconfig";

/// A kubeconfig that ACK issued.
pub struct NewKubeconfig {
    /// The file. It holds the private key.
    pub text: Secret<String>,
    /// Its certificate and key.
    pub pair: CertificateAndKey,
    /// What its certificate says.
    pub certificate: Certificate,
    /// The common name of its certificate.
    pub common_name: String,
}

/// Why what ACK issued is no kubeconfig to go on with.
#[derive(Debug, thiserror::Error)]
pub enum IssuedError {
    /// It is no kubeconfig.
    #[error("it can't be read")]
    Parse(#[from] ParseError),
    /// It has no context, or several.
    #[error(transparent)]
    Context(#[from] ResolveError),
    /// It names files or programs of this machine, or its certificate or key is missing.
    #[error("it is more than a certificate with its key, or less")]
    NotAPair,
    /// Its certificate can't be read.
    #[error("its certificate can't be read")]
    Certificate(#[from] CertificateError),
    /// Its certificate is another identity's.
    #[error("its certificate is of {0:?}, another identity")]
    OtherIdentity(String),
}

impl NewKubeconfig {
    /// How it is presented.
    pub fn login(&self) -> Login {
        let CertificateAndKey { certificate, key } = &self.pair;
        Login { certificate: Some((certificate.clone(), key.clone())), ..Login::default() }
    }
}

/// Reads what ACK issued to an identity.
///
/// # Errors
/// Where it is not one certificate of that identity with its key.
pub fn read_issued(text: &Secret<String>, uid: &Uid) -> Result<NewKubeconfig, IssuedError> {
    let kubeconfig = parse(text.expose().as_bytes(), Arc::from(Path::new(SOURCE)))?;
    let chosen = kubeconfig.only_context().map(str::to_owned);
    let context = resolve(&kubeconfig, &Overrides { context: chosen, ..Overrides::default() })?;
    if !context.is_self_contained() {
        return Err(IssuedError::NotAPair);
    }
    let user = context.user.map(|user| user.value).unwrap_or_default();
    let (Some(Data::Decoded(certificate)), Some(key)) = (user.client_certificate_data, user.client_key_data) else {
        return Err(IssuedError::NotAPair);
    };
    let Data::Decoded(key) = key.expose().clone() else { return Err(IssuedError::NotAPair) };
    let read = Certificate::from_pem(&certificate)?;
    let common_name = read.subject.common_name.clone().unwrap_or_default();
    if Uid::of_user_name(&common_name).as_ref() != Some(uid) {
        return Err(IssuedError::OtherIdentity(common_name));
    }
    let pair = CertificateAndKey { certificate, key: Secret::new(key) };
    Ok(NewKubeconfig { text: text.clone(), pair, certificate: read, common_name })
}
