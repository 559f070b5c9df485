//! The kinds of credential that a user entry can hold, each assessed in its own way.

use std::path::Path;

use super::{Credential, CredentialKind, FileContent, Lifespan, Material, Problem, Warning};
use crate::core::credential::token::Token;
use crate::core::kubeconfig::exec_credential::API_VERSIONS;
use crate::core::kubeconfig::{AuthProvider, Data, Exec, User};
use crate::core::secret::Secret;

/// Which part of a user entry counts.
pub fn kind_of(user: &User) -> CredentialKind {
    kinds_of(user).first().copied().unwrap_or_default()
}

/// The files that have to be read to assess a user entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeededFiles<'a> {
    /// For [`Material::certificate`].
    pub certificate: Option<&'a Path>,
    /// For [`Material::key`].
    pub key: Option<&'a Path>,
    /// For [`Material::token`].
    pub token: Option<&'a Path>,
}

/// The files that a user entry names, without those that inline data takes the place of.
pub fn needed_files(user: &User) -> NeededFiles<'_> {
    let certificate = file_unless(certificate_data(user), user.client_certificate.as_deref());
    let has_certificate = has_certificate(user);
    NeededFiles {
        certificate,
        key: file_unless(key_data(user), user.client_key.as_deref()).filter(|_| has_certificate),
        token: user.token_file.as_deref(),
    }
}

fn file_unless<'a>(inline: Option<&Data>, path: Option<&'a Path>) -> Option<&'a Path> {
    path.filter(|_| inline.is_none())
}

/// Assesses the part of a user entry that counts.
pub(super) fn assess(user: &User, material: &Material) -> Credential {
    assess_kind(kind_of(user), user, material)
}

/// Assesses the parts of a user entry beside the one of kind `first`, which counts.
pub(super) fn beside(user: &User, material: &Material, first: CredentialKind) -> Vec<Credential> {
    // A token in place of its file is the one credential of both.
    let is_replaced = |kind: CredentialKind| kind == CredentialKind::TokenFile && first == CredentialKind::Token;
    let others = kinds_of(user).into_iter().filter(|kind| *kind != first && !is_replaced(*kind));
    others.map(|kind| assess_kind(kind, user, material)).filter(|credential| credential.kind != first).collect()
}

fn assess_kind(kind: CredentialKind, user: &User, material: &Material) -> Credential {
    match kind {
        CredentialKind::ClientCertificate => client_certificate(user, material),
        CredentialKind::TokenFile => token_file(user, material),
        CredentialKind::Token => inline_token(user),
        CredentialKind::Basic => basic(),
        CredentialKind::Exec => exec(user.exec.as_ref()),
        CredentialKind::AuthProvider => auth_provider(user.auth_provider.as_ref()),
        CredentialKind::None => none(user),
    }
}

/// What a user entry holds, in the order in which it counts.
pub(super) fn kinds_of(user: &User) -> Vec<CredentialKind> {
    let present = [
        (has_certificate(user), CredentialKind::ClientCertificate),
        (user.token_file.is_some(), CredentialKind::TokenFile),
        (token_of(user).is_some(), CredentialKind::Token),
        (has_basic(user), CredentialKind::Basic),
        (user.exec.is_some(), CredentialKind::Exec),
        (user.auth_provider.is_some(), CredentialKind::AuthProvider),
    ];
    present.into_iter().filter_map(|(is_there, kind)| is_there.then_some(kind)).collect()
}

fn client_certificate(user: &User, material: &Material) -> Credential {
    let credential = Credential::new(CredentialKind::ClientCertificate);
    let named = Part {
        inline: "client-certificate-data",
        field: "client-certificate",
        data: certificate_data(user),
        path: user.client_certificate.as_deref(),
        file: material.certificate.as_ref(),
    };
    let certificate_name = named.name();
    let bundle = match named.bytes() {
        Ok(Some(bundle)) => bundle,
        Ok(None) => return credential.with_problem(Problem::Missing("there is no certificate".to_owned())),
        Err(problem) => return credential.with_problem(problem),
    };
    let key_part = Part {
        inline: "client-key-data",
        field: "client-key",
        data: key_data(user),
        path: user.client_key.as_deref(),
        file: material.key.as_ref(),
    };
    let key_name = key_part.name();
    let unread_key = key_part.data.is_none() && material.key == Some(FileContent::NotAllowed);
    let key = match key_part.bytes() {
        Ok(Some(key)) => Ok(Secret::new(key.to_vec())),
        Ok(None) => Err(Problem::Missing("the certificate has no private key beside it".to_owned())),
        Err(problem) => Err(problem),
    };
    let mut credential =
        credential.with_certificate(&certificate_name, bundle, &key_name, key.as_ref().map_err(Clone::clone));
    if unread_key && matches!(credential.problem, Some(Problem::Missing(_))) && credential.subject.is_some() {
        // What was not looked for may well be there.
        credential.problem = None;
        credential
            .warnings
            .push(Warning::KeyUnchecked("its file lies outside the kubeconfig's folder and was not read"));
    }
    credential
}

/// A value that a user entry holds itself or names a file for.
struct Part<'a> {
    inline: &'static str,
    field: &'static str,
    data: Option<&'a Data>,
    path: Option<&'a Path>,
    file: Option<&'a FileContent>,
}

impl<'a> Part<'a> {
    fn name(&self) -> String {
        match (self.data, self.path) {
            (None, Some(path)) => format!("{} {}", self.field, path.display()),
            _ => self.inline.to_owned(),
        }
    }

    fn bytes(&self) -> Result<Option<&'a [u8]>, Problem> {
        match (self.data, self.file) {
            (Some(Data::Decoded(bytes)), _) => Ok(Some(bytes)),
            (Some(Data::Malformed(reason)), _) => Err(Problem::Invalid(format!("{}: {reason}", self.inline))),
            (None, Some(file)) => {
                file.bytes(format_args!("{}", self.name())).map(|(bytes, _)| Some(bytes.expose().as_slice()))
            }
            (None, None) => Ok(None),
        }
    }
}

fn token_file(user: &User, material: &Material) -> Credential {
    let name = user.token_file.as_deref().unwrap_or(Path::new("")).display();
    let text = match &material.token {
        Some(file) => file.bytes(format_args!("tokenFile {name}")).and_then(|(bytes, _)| {
            let text = String::from_utf8(bytes.expose().clone())
                .map_err(|_| Problem::Invalid(format!("tokenFile {name}: it is no text")))?;
            // client-go cuts off white space around a file's token, and of no other.
            match text.trim() {
                "" => Err(Problem::Invalid(format!("tokenFile {name}: it is empty"))),
                token => Ok(Secret::new(token.to_owned())),
            }
        }),
        None => Err(Problem::Missing(format!("tokenFile {name}: it was not read"))),
    };
    match (text, token_of(user)) {
        (Ok(token), _) => Credential::new(CredentialKind::TokenFile).with_token(&token),
        (Err(Problem::Missing(reason) | Problem::Invalid(reason)), Some(_)) => {
            let mut credential = inline_token(user);
            credential.warnings.push(Warning::TokenFileUnused(reason));
            credential
        }
        (Err(problem), None) => Credential::new(CredentialKind::TokenFile).with_problem(problem),
    }
}

fn inline_token(user: &User) -> Credential {
    let credential = Credential::new(CredentialKind::Token);
    match token_of(user) {
        Some(token) => credential.with_token(token),
        None => credential,
    }
}

fn basic() -> Credential {
    let reason = "a password has no end; API servers since Kubernetes 1.19 accept none";
    Credential { lifespan: Lifespan::Unlimited(reason), ..Credential::new(CredentialKind::Basic) }
}

fn exec(exec: Option<&Exec>) -> Credential {
    let credential = Credential::new(CredentialKind::Exec);
    match exec {
        Some(exec) if exec.command.is_empty() => {
            credential.with_problem(Problem::Invalid("the credential plugin has no command".to_owned()))
        }
        Some(exec) if exec.api_version.is_empty() => {
            credential.with_problem(Problem::Invalid("the credential plugin has no apiVersion".to_owned()))
        }
        Some(exec) if !API_VERSIONS.contains(&exec.api_version.as_str()) => {
            credential.with_problem(Problem::Invalid(format!(
                "the credential plugin's apiVersion {:?} is unknown to kubectl, which refuses it",
                exec.api_version
            )))
        }
        _ => Credential { lifespan: Lifespan::Renewed("the credential plugin renews it".to_owned()), ..credential },
    }
}

/// Of the providers, kubectl still has `oidc`; the others were replaced by plugins in 1.26. Older kubectls know them.
fn auth_provider(provider: Option<&AuthProvider>) -> Credential {
    let credential = Credential::new(CredentialKind::AuthProvider);
    let Some(provider) = provider else { return credential };
    let setting = |name: &str| provider.config.get(name).filter(|value| !value.expose().is_empty());
    if provider.name != "oidc" {
        let reason =
            format!("the auth provider {:?} fetches it; kubectl since 1.26 has none of that name", provider.name);
        return Credential { lifespan: Lifespan::Renewed(reason), ..credential };
    }
    match (setting("refresh-token"), setting("id-token")) {
        (Some(_), _) => {
            let reason = "the auth provider \"oidc\" fetches it with its refresh token".to_owned();
            Credential { lifespan: Lifespan::Renewed(reason), ..credential }
        }
        (None, Some(token)) => {
            let credential = credential.with_token(token);
            if credential.token == Some(Token::Opaque) {
                let reason = "the id-token of the auth provider \"oidc\" is no JSON web token";
                return credential.with_problem(Problem::Invalid(reason.to_owned()));
            }
            credential
        }
        (None, None) => {
            let reason = "the auth provider \"oidc\" holds neither id-token nor refresh-token";
            credential.with_problem(Problem::Missing(reason.to_owned()))
        }
    }
}

fn none(user: &User) -> Credential {
    let has_key = user.client_key.is_some() || user.client_key_data.is_some();
    let reason = if has_key {
        "the user entry holds a private key and no certificate"
    } else {
        "the user entry holds no credential"
    };
    Credential::new(CredentialKind::None).with_problem(Problem::Missing(reason.to_owned()))
}

fn has_certificate(user: &User) -> bool {
    user.client_certificate.is_some() || certificate_data(user).is_some()
}

fn has_basic(user: &User) -> bool {
    let name = user.username.as_ref().is_some_and(|name| !name.is_empty());
    name || user.password.as_ref().is_some_and(|password| !password.expose().is_empty())
}

pub(super) fn token_of(user: &User) -> Option<&Secret<String>> {
    user.token.as_ref().filter(|token| !token.expose().is_empty())
}

fn certificate_data(user: &User) -> Option<&Data> {
    user.client_certificate_data.as_ref().filter(|data| is_given(data))
}

fn key_data(user: &User) -> Option<&Data> {
    user.client_key_data.as_ref().map(Secret::expose).filter(|data| is_given(data))
}

/// An empty value counts as none, as in client-go.
fn is_given(data: &Data) -> bool {
    !matches!(data, Data::Decoded(bytes) if bytes.is_empty())
}
