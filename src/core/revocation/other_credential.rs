//! A credential that a leaked file holds beside its certificate: what it is, and how the access that it gives is ended.
//!
//! The certificate's access is the identity's, and ends with its grants. That of another credential is the one's whom that credential
//! names.

use crate::core::credential::token::{ServiceAccount, Token};
use crate::core::credential::{Credential, CredentialKind};

/// A credential, in words. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCredential {
    /// Its kind.
    pub kind: CredentialKind,
    /// What it is, such as `a token of ServiceAccount shop/ci`.
    pub description: String,
    /// How the access that it gives is ended.
    pub remedy: String,
}

impl OtherCredential {
    /// Describes a credential.
    pub fn of(credential: &Credential) -> Self {
        let (description, remedy) = match (&credential.token, credential.kind) {
            (Some(Token::Jwt(claims)), _) => match &claims.service_account {
                Some(ServiceAccount { namespace, name }) => (
                    format!("a token of ServiceAccount {namespace}/{name}"),
                    format!("delete the token's Secret, or: kubectl delete serviceaccount -n {namespace} {name}"),
                ),
                None => (
                    "a token of an OpenID Connect issuer".to_owned(),
                    "end the session at the issuer; Kubernetes accepts the token until it expires".to_owned(),
                ),
            },
            (Some(Token::Ack(_)), _) => (
                "an ACK token, which names an access key and no identity; it is accepted for 15 minutes".to_owned(),
                "disable the access key in RAM".to_owned(),
            ),
            (Some(Token::Opaque), _) => (
                "a token that does not say whose it is".to_owned(),
                "take it out of the API server's token file, or end it where it was issued".to_owned(),
            ),
            (None, CredentialKind::Basic) => (
                "a user name and a password".to_owned(),
                "take the user out of the API server's password file".to_owned(),
            ),
            (None, CredentialKind::TokenFile) => (
                "the name of a token file, which was not read".to_owned(),
                "look into that file, and end its token where it was issued".to_owned(),
            ),
            (None, CredentialKind::Exec) => (
                "a credential plugin, which is not run here".to_owned(),
                "find out what the plugin fetches, and end that where it is issued".to_owned(),
            ),
            (None, CredentialKind::AuthProvider) => (
                "an auth provider, which is not asked here".to_owned(),
                "end the session at the provider's issuer".to_owned(),
            ),
            (None, CredentialKind::ClientCertificate | CredentialKind::Token | CredentialKind::None) => (
                "a credential that can't be read".to_owned(),
                "find out whose it is, and end it where it was issued".to_owned(),
            ),
        };
        Self { kind: credential.kind, description, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::credential::Material;
    use crate::core::kubeconfig::{AuthProvider, Exec, User};
    use crate::core::secret::Secret;

    /// `{"sub":"system:serviceaccount:shop:ci"}`, unsigned.
    const SERVICE_ACCOUNT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDpjaSJ9.c2ln";
    /// `{"iss":"https://id.example.com","sub":"carl"}`, unsigned.
    const OPEN_ID: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoiY2FybCJ9.c2ln";

    fn described(user: &User) -> (String, String) {
        let other = OtherCredential::of(&Credential::assess(user, &Material::default()));
        (other.description, other.remedy)
    }

    fn token(text: &str) -> User {
        User { token: Some(Secret::new(text.to_owned())), ..User::default() }
    }

    #[test]
    fn each_credential_is_described_with_the_way_to_end_it() {
        let plugin = Exec {
            command: "corp-login".into(),
            api_version: "client.authentication.k8s.io/v1".into(),
            ..Exec::default()
        };
        let provider = AuthProvider { name: "gcp".into(), ..AuthProvider::default() };
        let password = Secret::new("correct horse".to_owned());
        for (user, is, ends) in [
            (token(SERVICE_ACCOUNT), "a token of ServiceAccount shop/ci", "kubectl delete serviceaccount -n shop ci"),
            (token(OPEN_ID), "a token of an OpenID Connect issuer", "end the session at the issuer"),
            (token("0123456789abcdef"), "a token that does not say whose it is", "token file"),
            (
                User { username: Some("bo".into()), password: Some(password), ..User::default() },
                "a user name and a password",
                "password file",
            ),
            (
                User { token_file: Some("/run/token".into()), ..User::default() },
                "the name of a token file, which was not read",
                "look into that file",
            ),
            (
                User { exec: Some(plugin), ..User::default() },
                "a credential plugin, which is not run here",
                "what the plugin fetches",
            ),
            (
                User { auth_provider: Some(provider), ..User::default() },
                "an auth provider, which is not asked here",
                "the provider's issuer",
            ),
        ] {
            let (description, remedy) = described(&user);
            assert_eq!(description, is);
            assert!(remedy.contains(ends), "{description}: {remedy}");
            assert!(!description.contains("correct horse") && !description.contains("0123"), "{description}");
        }
    }
}
