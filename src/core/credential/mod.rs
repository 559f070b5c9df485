//! What a kubeconfig user's credential is: its kind, whom it names, from when to when it is valid, what is wrong with it.
//!
//! Everything comes from the kubeconfig entry and the files that were read for it ([`Material`]). Which part of an entry
//! counts follows client-go and the API server: a client certificate comes first, because the API server looks at it
//! before it looks at a token; then a token (of the file, if there is one that can be read, before the one in the
//! entry), then user name and password; a credential plugin is run, and an authentication provider is asked, only where
//! none of these is there.
//! Source: <https://github.com/kubernetes/client-go/blob/master/plugin/pkg/client/auth/exec/exec.go>
//! (`UpdateTransportConfig`), <https://github.com/kubernetes/client-go/blob/master/transport/round_trippers.go>

pub mod certificate;
pub mod certificate_request;
pub mod client_pair;
pub mod duration;
pub mod exec_cache;
pub mod expiry;
pub mod found;
pub mod pem;
pub mod private_key;
pub mod public_key;
pub mod static_token;
pub mod token;

use jiff::Timestamp;

use crate::core::credential::certificate::{Certificate, Subject};
use crate::core::credential::client_pair::ClientPair;
use crate::core::credential::exec_cache::CachedCredential;
use crate::core::credential::private_key::KeyMatch;
use crate::core::credential::token::Token;
use crate::core::ids::Uid;
use crate::core::kubeconfig::User;
use crate::core::secret::Secret;
use crate::core::system_groups::MASTERS;

pub use entry::needed_files;
pub use material::{CacheFile, FileContent, Material};
pub use warning::Warning;

mod der;
mod entry;
mod material;
mod rsa_key;
mod warning;
mod x509;

/// The kind of a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialKind {
    /// A client certificate, inline or in a file.
    ClientCertificate,
    /// A bearer token in the kubeconfig.
    Token,
    /// A bearer token in a file.
    TokenFile,
    /// A credential plugin, or what it left in its cache.
    Exec,
    /// A legacy authentication provider.
    AuthProvider,
    /// User name and password.
    Basic,
    /// Nothing to authenticate with.
    #[default]
    None,
}

/// How a credential's time is bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifespan {
    /// By [`Credential::not_after`].
    Dated,
    /// By nothing, and why.
    Unlimited(&'static str),
    /// It is fetched anew when needed, and by what.
    Renewed(String),
    /// It could not be read that far.
    Unknown,
}

/// Why a credential can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something that is named is not there, or nothing is named.
    Missing(String),
    /// It is there and can't work.
    Invalid(String),
}

impl Problem {
    /// What is wrong, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Missing(reason) | Self::Invalid(reason) => reason,
        }
    }
}

/// A credential's facts.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its kind.
    pub kind: CredentialKind,
    /// The subject of the client certificate.
    pub subject: Option<Subject>,
    /// The RAM UID that the certificate's common name holds.
    pub uid: Option<Uid>,
    /// The certificate's serial number, in hexadecimal digits.
    pub serial: Option<String>,
    /// The certificate's SHA-256 fingerprint, in hexadecimal digits.
    pub sha256: Option<String>,
    /// When it was issued: its lifetime begins here.
    pub issued: Option<Timestamp>,
    /// The first second in which it is accepted.
    pub not_before: Option<Timestamp>,
    /// The last second in which it is accepted.
    pub not_after: Option<Timestamp>,
    /// The earliest end of a CA certificate in the same bundle.
    pub ca_not_after: Option<Timestamp>,
    /// How its time is bounded.
    pub lifespan: Lifespan,
    /// The worst thing that keeps it from working.
    pub problem: Option<Problem>,
    /// What the bearer token says of itself.
    pub token: Option<Token>,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
}

impl Credential {
    fn new(kind: CredentialKind) -> Self {
        Self {
            kind,
            subject: None,
            uid: None,
            serial: None,
            sha256: None,
            issued: None,
            not_before: None,
            not_after: None,
            ca_not_after: None,
            lifespan: Lifespan::Unknown,
            problem: None,
            token: None,
            warnings: Vec::new(),
        }
    }

    /// What stands for the credential of a user entry that a context names and no file defines.
    pub fn of_missing_user(name: &str) -> Self {
        let reason = match name {
            "" => "the context names no user".to_owned(),
            name => format!("there is no user {name:?}"),
        };
        Self::new(CredentialKind::None).with_problem(Problem::Missing(reason))
    }

    /// Assesses a user entry. No plugin is run and no server is asked.
    pub fn assess(user: &User, material: &Material) -> Self {
        let mut credential = entry::assess(user, material);
        credential.warnings.extend(warning::about_entry(user, credential.kind, material));
        credential
    }

    /// Assesses every credential of a user entry, the one that counts first; there is always one. Each of them may open the
    /// cluster for the one who has the file, whichever a client sends.
    pub fn assess_all(user: &User, material: &Material) -> Vec<Self> {
        let first = Self::assess(user, material);
        let others = entry::beside(user, material, first.kind);
        std::iter::once(first).chain(others).collect()
    }

    /// Assesses what a credential plugin left in its cache.
    ///
    /// What the file holds is judged by its own dates. The plugin's `expirationTimestamp` says when the plugin stops using
    /// it, which counts only for a token that says nothing itself.
    pub fn assess_cache(file: &CacheFile) -> Self {
        let credential = Self::new(CredentialKind::Exec);
        let name = file.path.display();
        let (bytes, mode) = match file.content.bytes(format_args!("the cache {name}")) {
            Ok(read) => read,
            Err(problem) => return credential.with_problem(problem),
        };
        let mut credential = match CachedCredential::parse(bytes.expose()) {
            Ok(cached) => credential.with_cached(cached),
            Err(error) => credential.with_problem(Problem::Invalid(format!("the cache {name}: {error}"))),
        };
        credential.warnings.extend(warning::open_to_others(&file.path, mode));
        credential
    }

    fn with_cached(self, cached: CachedCredential) -> Self {
        let (Some(certificate), key) = (cached.certificate, cached.key) else {
            let mut credential = match cached.token {
                Some(token) => self.with_token(&token),
                None => self,
            };
            if matches!(credential.lifespan, Lifespan::Unlimited(_)) && cached.expires.is_some() {
                credential.not_after = cached.expires;
                credential.lifespan = Lifespan::Dated;
            }
            return credential;
        };
        let key = key.ok_or_else(|| Problem::Missing("the cache holds no private key".to_owned()));
        self.with_certificate(
            "clientCertificateData",
            &certificate,
            "clientKeyData",
            key.as_ref().map_err(Clone::clone),
        )
    }

    fn with_problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }

    fn with_certificate(
        self,
        certificate_name: &str,
        bundle: &[u8],
        key_name: &str,
        key: Result<&Secret<Vec<u8>>, Problem>,
    ) -> Self {
        let certificate = match Certificate::from_pem(bundle) {
            Ok(certificate) => certificate,
            Err(error) => return self.with_problem(Problem::Invalid(format!("{certificate_name}: {error}"))),
        };
        let refusal = certificate.refusal.map(|refusal| Problem::Invalid(format!("{certificate_name}: {refusal}")));
        let ca_comes_first = certificate.ca_comes_first;
        let pair = key.map(|key| ClientPair::read(&certificate, key));
        let mut credential = self.with_facts(certificate);
        let problem = match pair {
            Ok(Ok(pair)) => {
                let problem = match (&pair.key_match, ca_comes_first) {
                    (KeyMatch::Mismatch, true) => {
                        let reason =
                            "the first certificate in the bundle is a CA's; the client certificate must come first";
                        Some(Problem::Invalid(format!("{certificate_name}: {reason}")))
                    }
                    _ => credential.problem_of(&pair),
                };
                let works = refusal.is_none() && problem.is_none();
                credential.warnings.extend(pair.obstacle.filter(|_| works).map(Warning::NoConnectionHere));
                problem
            }
            Ok(Err(error)) => Some(Problem::Invalid(format!("{key_name}: {error}"))),
            Err(problem) => Some(problem),
        };
        credential.problem = refusal.or(problem);
        credential
    }

    fn problem_of(&mut self, pair: &ClientPair) -> Option<Problem> {
        match pair.key_match {
            KeyMatch::Matches => {}
            KeyMatch::Unknown(reason) => self.warnings.push(Warning::KeyUnchecked(reason)),
            KeyMatch::Mismatch => {
                self.warnings.push(Warning::KeyMismatch);
                return Some(Problem::Invalid("the private key does not belong to the certificate".to_owned()));
            }
        }
        None
    }

    fn with_facts(mut self, certificate: Certificate) -> Self {
        let common_name = certificate.subject.common_name.as_deref();
        self.uid = common_name.and_then(Uid::of_user_name);
        if certificate.subject.organizations.iter().any(|group| group == MASTERS) {
            self.warnings.push(Warning::Masters);
        }
        let earlier = |ca: &Timestamp| certificate.not_after.is_none_or(|leaf| *ca < leaf);
        self.warnings.extend(certificate.ca_not_after.filter(earlier).map(Warning::EarlierCa));
        self.lifespan = match certificate.not_after {
            Some(_) => Lifespan::Dated,
            None => Lifespan::Unlimited("the certificate has no well-defined end (year 9999)"),
        };
        self.issued = Some(certificate.not_before);
        self.not_before = Some(certificate.not_before);
        self.not_after = certificate.not_after;
        self.ca_not_after = certificate.ca_not_after;
        self.subject = Some(certificate.subject);
        self.serial = Some(certificate.serial);
        self.sha256 = Some(certificate.sha256);
        self
    }

    fn with_token(mut self, token: &Secret<String>) -> Self {
        let token = match Token::read(token) {
            Ok(token) => token,
            Err(error) => return self.with_problem(Problem::Invalid(error.to_string())),
        };
        self.lifespan = Lifespan::Dated;
        match &token {
            Token::Jwt(claims) => {
                self.issued = claims.issued_at.or(claims.not_before);
                // API servers accept a token neither before its nbf nor before its iat.
                self.not_before = claims.not_before.max(claims.issued_at);
                self.not_after = claims.expires;
                if claims.expires.is_none() {
                    self.lifespan = Lifespan::Unlimited(match claims.has_end {
                        true => "the token ends after the year 9999 (exp is counted in seconds)",
                        false => "the token has no end (exp)",
                    });
                }
            }
            // No not_before: the cloud also accepts a request that was signed by a clock some minutes ahead.
            Token::Ack(ack) => (self.issued, self.not_after) = (Some(ack.issued_at), ack.expires()),
            Token::Opaque => self.lifespan = Lifespan::Unlimited("the token contains no expiry"),
        }
        self.token = Some(token);
        self
    }
}

impl CredentialKind {
    /// The output's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientCertificate => "ClientCertificate",
            Self::Token => "Token",
            Self::TokenFile => "TokenFile",
            Self::Exec => "Exec",
            Self::AuthProvider => "AuthProvider",
            Self::Basic => "Basic",
            Self::None => "None",
        }
    }
}

#[cfg(test)]
mod tests;
