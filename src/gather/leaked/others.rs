//! What a leaked file holds beside its certificate, and how that is presented.

use std::path::Path;

use jiff::Timestamp;

use crate::adapters::files::{self, Policy};
use crate::core::credential::expiry::{self, CredentialStatus, Limits};
use crate::core::credential::{Credential, CredentialKind, FileContent, Problem};
use crate::core::kubeconfig::connection::Login;
use crate::core::kubeconfig::{ResolvedContext, User};
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::secret::Secret;

/// A credential beside the certificate.
pub struct OtherLogin {
    /// What it is.
    pub credential: OtherCredential,
    /// How to present it, or why that is not done. It is sent to the operator's own server and nowhere else.
    pub login: Result<Login, &'static str>,
}

/// Those of the credentials that an API server may accept now or later.
pub(super) fn that_may_open(
    others: &[Credential],
    context: &ResolvedContext,
    policy: &Policy,
    now: Timestamp,
) -> Vec<OtherLogin> {
    let Some(user) = &context.user else { return Vec::new() };
    let living = others.iter().filter(|other| may_open(other, now));
    living
        .map(|other| OtherLogin {
            credential: OtherCredential::of(other),
            login: login(other.kind, &user.value, policy),
        })
        .collect()
}

/// A token file that is not at hand is with the one who has the kubeconfig, or may be.
fn may_open(credential: &Credential, now: Timestamp) -> bool {
    match (&credential.problem, credential.kind) {
        (Some(Problem::Missing(_)), CredentialKind::TokenFile) => true,
        (Some(_), _) => false,
        (None, _) => expiry::assess(credential, now, &Limits::default()).status != CredentialStatus::Expired,
    }
}

fn login(kind: CredentialKind, user: &User, policy: &Policy) -> Result<Login, &'static str> {
    let bearer = |token: &Secret<String>| Login { bearer: Some(token.clone()), ..Login::default() };
    match kind {
        CredentialKind::Token => user.token.as_ref().map(bearer).ok_or("there is no token"),
        CredentialKind::TokenFile => {
            let token = user.token_file.as_deref().and_then(|path| token_in(path, policy));
            token.as_ref().map(bearer).ok_or("its file was not read")
        }
        CredentialKind::Basic => {
            let name = user.username.clone().unwrap_or_default();
            let password = user.password.clone().unwrap_or_else(|| Secret::new(String::new()));
            Ok(Login { basic: Some((name, password)), ..Login::default() })
        }
        CredentialKind::AuthProvider => {
            let settings = user.auth_provider.as_ref().map(|provider| &provider.config);
            let token = settings.filter(|settings| !settings.contains_key("refresh-token"));
            let token = token.and_then(|settings| settings.get("id-token"));
            token.map(bearer).ok_or("an auth provider of a leaked file is not asked")
        }
        CredentialKind::Exec => Err("a plugin of a leaked file is not run"),
        CredentialKind::ClientCertificate | CredentialKind::None => Err("there is nothing to present"),
    }
}

fn token_in(path: &Path, policy: &Policy) -> Option<Secret<String>> {
    match files::read(path, policy) {
        FileContent::Read { bytes, .. } => {
            let text = std::str::from_utf8(bytes.expose()).ok()?;
            Some(Secret::new(text.trim().to_owned()))
        }
        _ => None,
    }
}
