//! Which certificates are a client's, and which entries of a kubeconfig are credentials and no example of one.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use crate::core::credential::certificate::{certificate_blocks, x509};
use crate::core::credential::{Credential, CredentialKind};
use crate::core::kubeconfig::User;

/// Whether a PEM certificate is for a client: not for a CA, nor for a server, nor for anything else alone.
pub(super) fn is_for_clients(pem: &[u8]) -> bool {
    let Ok(blocks) = certificate_blocks(pem) else { return false };
    blocks.first().and_then(|der| x509(der)).is_some_and(|certificate| is_a_clients(&certificate))
}

fn is_a_clients(certificate: &X509Certificate<'_>) -> bool {
    if certificate.is_ca() {
        return false;
    }
    let names_a_server = certificate.subject_alternative_name().ok().flatten().is_some_and(|names| {
        let is_server = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_));
        names.value.general_names.iter().any(is_server)
    });
    match certificate.extended_key_usage().ok().flatten() {
        Some(usage) if usage.value.client_auth => !(usage.value.server_auth && names_a_server),
        Some(usage) => usage.value.any && !names_a_server,
        // A certificate that its own subject issued is a server's or an old CA's.
        None => !names_a_server && certificate.subject() != certificate.issuer(),
    }
}

/// Whether what was found in a user entry opens a cluster for the one who finds it, or once did. An entry that only names files which are
/// not there, or that has an example's words where a secret belongs, does not.
pub fn is_credential(user: Option<&User>, credential: &Credential) -> bool {
    let secret = |of: fn(&User) -> Option<&str>| user.and_then(of).is_some_and(is_a_secrets_text);
    match credential.kind {
        CredentialKind::ClientCertificate => credential.subject.is_some(),
        CredentialKind::Token => secret(|user| Some(user.token.as_ref()?.expose())),
        CredentialKind::Basic => secret(|user| Some(user.password.as_ref()?.expose())),
        CredentialKind::TokenFile => credential.token.is_some(),
        CredentialKind::Exec | CredentialKind::AuthProvider => credential.problem.is_none(),
        CredentialKind::None => false,
    }
}

/// Whether a text may be a secret, and is no placeholder.
fn is_a_secrets_text(text: &str) -> bool {
    const PLACEHOLDERS: [&str; 8] =
        ["redacted", "omitted", "your", "example", "placeholder", "token", "password", "changeme"];
    const SIGNS: [&str; 6] = ["<", "${", "{{", "$(", "...", "***"];
    let lower = text.to_lowercase();
    let is_placeholder = PLACEHOLDERS.iter().any(|word| lower == *word || (text.len() < 40 && lower.contains(word)));
    !text.is_empty() && !is_placeholder && !SIGNS.iter().any(|sign| text.contains(sign))
}
