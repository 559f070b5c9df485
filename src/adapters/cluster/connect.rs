//! Builds the client for one API server, from what is known and nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri, header};
use kube::client::{ConfigExt as _, RustlsTlsError};
use kube::config::AuthInfo;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use super::client::client;
use super::client_key::accept_any_client_certificate;
use super::connections::Connections;
use super::server_certificate::ServerVerifier;
use super::{ApiServer, Limits, ServerClock};
use crate::core::credential::certificate::{Certificate, CertificateError, CertificateRefusal, RefusedBy};
use crate::core::credential::client_pair::{ClientPair, Obstacle};
use crate::core::credential::private_key::{KeyMatch, PrivateKeyError, SigningKey};
use crate::core::kubeconfig::connection::{Endpoint, Login, without_secrets};
use crate::core::kubeconfig::proxy::{PROXY_SCHEMES, with_lower_scheme};
use crate::core::secret::Secret;

/// Why no connection can even be tried.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server's URL can't be read.
    #[error("`{0}` is no URL of an API server")]
    Server(String),
    /// The proxy's URL can't be read. It can hold a password, so it isn't shown.
    #[error("the proxy's URL can't be read")]
    Proxy,
    /// The proxy speaks a protocol that isn't supported.
    #[error("proxies of the kind {0} are not supported; http, https and socks5 are")]
    ProxyScheme(String),
    /// The CA bundle holds no certificate that can be used.
    #[error("the certificate authority holds no usable certificate")]
    CertificateAuthority,
    /// Both a bearer token and a password: only one can be sent.
    #[error("a bearer token and a user name with password can't be used together")]
    TwoAuthorizations,
    /// A part of the credential can't be sent as it is.
    #[error("the {0} can't be sent in an HTTP header")]
    Header(&'static str),
    /// The client certificate can't be read.
    #[error("the client certificate can't be read")]
    ClientCertificate(#[source] CertificateError),
    /// kubectl refuses the client certificate, and API servers would.
    #[error("the client certificate can't be used: {0}")]
    RefusedCertificate(CertificateRefusal),
    /// The client certificate's private key can't be used.
    #[error("the client certificate's private key can't be used")]
    ClientKey(#[source] PrivateKeyError),
    /// The private key is another certificate's.
    #[error("the private key does not belong to the client certificate")]
    KeyMismatch,
    /// This program can't use the private key, and kubectl can.
    #[error("{0}")]
    NotSupportedHere(Obstacle),
    /// The TLS library can't use the private key.
    #[error("kubectl-ackcred can't sign with the client certificate's private key")]
    Signing(#[source] rustls::Error),
    /// No CA is given and the system's own can't be loaded.
    #[error("the system's CA certificates can't be loaded")]
    SystemRoots(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The name to check the server's certificate against is none.
    #[error("`{0}` is no name that a certificate could be for")]
    ServerName(String),
    /// The client can't be built for another reason.
    #[error("the connection can't be set up")]
    Client(#[source] Box<kube::Error>),
}

impl ApiServer {
    /// Prepares talking to an API server. Nothing is sent yet, but a tokio runtime must be running.
    ///
    /// `timeout` bounds each exchange with its body; `None` waits for ever.
    pub fn connect(endpoint: &Endpoint, login: &Login, timeout: Option<Duration>) -> Result<Self, ConnectError> {
        let server = display_url(&server_url(endpoint, login)?);
        let client = client_for(endpoint, login, timeout)?;
        Ok(Self {
            connections: Arc::new(Connections::new(client)),
            endpoint: endpoint.clone(),
            login: login.clone(),
            clock: ServerClock::default(),
            server,
            timeout,
            limits: Limits::default(),
        })
    }

    /// The client, made anew after [`disconnect`](Self::disconnect).
    pub(super) fn client(&self) -> Result<kube::Client, ConnectError> {
        self.connections.client(|| client_for(&self.endpoint, &self.login, self.timeout))
    }
}

/// A client without connections yet.
fn client_for(endpoint: &Endpoint, login: &Login, timeout: Option<Duration>) -> Result<kube::Client, ConnectError> {
    let mut config = kube::Config::new(server_url(endpoint, login)?);
    config.default_retry = false;
    config.connect_timeout = timeout;
    config.read_timeout = timeout;
    config.write_timeout = timeout;
    config.reset_reader_on_write = true;
    config.accept_invalid_certs = endpoint.insecure_skip_tls_verify;
    config.root_cert = endpoint.certificate_authority.as_deref().map(usable_certificates).transpose()?;
    config.tls_server_name.clone_from(&endpoint.tls_server_name);
    let proxy = endpoint.proxy.as_ref().map(proxy_url).transpose()?;
    config.disable_compression = endpoint.disable_compression;
    config.auth_info = auth_info(login)?;
    accept_any_client_certificate();
    config.headers.push((header::USER_AGENT, user_agent()));
    http_client(&config, proxy, endpoint)
}

/// A client that verifies the server's certificate as kubectl does.
fn http_client(config: &kube::Config, proxy: Option<Uri>, endpoint: &Endpoint) -> Result<kube::Client, ConnectError> {
    let mut tls = config.rustls_client_config().map_err(|error| refusal(error, endpoint))?;
    if let (Some(authority), false) = (&config.root_cert, config.accept_invalid_certs) {
        let authority = authority.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let verifier = ServerVerifier::new(authority, Arc::clone(tls.crypto_provider()));
        tls.dangerous().set_certificate_verifier(Arc::new(verifier));
    }
    let name = endpoint.tls_server_name.clone();
    let name = name.map(|name| ServerName::try_from(name.clone()).map_err(|_| ConnectError::ServerName(name)));
    client(config, proxy, &tls, name.transpose()?).map_err(|error| refusal(error, endpoint))
}

/// Tells why kube builds no client.
fn refusal(error: kube::Error, endpoint: &Endpoint) -> ConnectError {
    match error {
        kube::Error::RustlsTls(error) => match error {
            RustlsTlsError::InvalidPrivateKey(reason) => ConnectError::Signing(reason),
            RustlsTlsError::AddRootCertificate(reason) => ConnectError::SystemRoots(reason),
            RustlsTlsError::NoValidNativeRootCA(reason) => ConnectError::SystemRoots(Box::new(reason)),
            RustlsTlsError::InvalidServerName(_) => {
                ConnectError::ServerName(endpoint.tls_server_name.clone().unwrap_or_default())
            }
            error => ConnectError::Client(Box::new(kube::Error::RustlsTls(error))),
        },
        error => ConnectError::Client(Box::new(error)),
    }
}

/// The server's URL. Without a scheme it is https where anything of TLS is configured, else http, as in client-go.
fn server_url(endpoint: &Endpoint, login: &Login) -> Result<Uri, ConnectError> {
    let secure = endpoint.certificate_authority.is_some()
        || endpoint.insecure_skip_tls_verify
        || endpoint.tls_server_name.is_some()
        || login.certificate.is_some();
    let text = match (endpoint.server.contains("://"), secure) {
        (true, _) => endpoint.server.clone(),
        (false, true) => format!("https://{}", endpoint.server),
        (false, false) => format!("http://{}", endpoint.server),
    };
    let invalid = || ConnectError::Server(without_secrets(&text));
    let url: Uri = text.parse().map_err(|_| invalid())?;
    if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none_or(str::is_empty) {
        return Err(invalid());
    }
    Ok(url)
}

/// The URL without user name and password.
fn display_url(url: &Uri) -> String {
    let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    format!("{}://{host}{path}", url.scheme_str().unwrap_or_default())
}

fn proxy_url(proxy: &Secret<String>) -> Result<Uri, ConnectError> {
    let url = with_lower_scheme(proxy.expose());
    // What the environment names may also be socks5h, which differs from socks5 for curl alone: the proxy resolves the name.
    let url: Uri = url.replacen("socks5h://", "socks5://", 1).parse().map_err(|_| ConnectError::Proxy)?;
    match url.scheme_str() {
        Some(scheme) if url.host().is_some() && PROXY_SCHEMES.contains(&scheme) => Ok(url),
        Some(scheme) if url.host().is_some() => Err(ConnectError::ProxyScheme(scheme.to_owned())),
        _ => Err(ConnectError::Proxy),
    }
}

/// The certificates of a bundle that can be trusted; others are skipped, as client-go does.
fn usable_certificates(bundle: &[u8]) -> Result<Vec<Vec<u8>>, ConnectError> {
    let certificates: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(bundle)
        .filter_map(Result::ok)
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .map(|certificate| certificate.to_vec())
        .collect();
    if certificates.is_empty() {
        return Err(ConnectError::CertificateAuthority);
    }
    Ok(certificates)
}

fn auth_info(login: &Login) -> Result<AuthInfo, ConnectError> {
    if login.bearer.is_some() && login.basic.is_some() {
        return Err(ConnectError::TwoAuthorizations);
    }
    let mut auth = AuthInfo::default();
    if let Some((certificate, key)) = &login.certificate {
        let (certificates, key) = identity(certificate, key)?;
        auth.client_certificate_data = Some(STANDARD.encode(certificates));
        auth.client_key_data = Some(STANDARD.encode(key.expose()).into());
    }
    if let Some(token) = &login.bearer {
        let token = token.expose().trim();
        HeaderValue::from_str(token).map_err(|_| ConnectError::Header("bearer token"))?;
        auth.token = Some(token.to_owned().into());
    }
    if let Some((name, password)) = &login.basic {
        auth.username = Some(name.clone());
        auth.password = Some(password.expose().clone().into());
    }
    impersonate(login, &mut auth)?;
    Ok(auth)
}

/// The certificates and the key as kube reads them: certificates first, the key in the form that its label says.
fn identity(bundle: &[u8], key: &Secret<Vec<u8>>) -> Result<(String, Secret<String>), ConnectError> {
    let certificate = Certificate::from_pem(bundle).map_err(ConnectError::ClientCertificate)?;
    // What API servers alone refuse, they are asked about.
    if let Some(refusal) = certificate.refusal.filter(|refusal| refusal.by() == RefusedBy::Kubectl) {
        return Err(ConnectError::RefusedCertificate(refusal));
    }
    let pair = ClientPair::read(&certificate, key).map_err(ConnectError::ClientKey)?;
    if pair.key_match == KeyMatch::Mismatch {
        return Err(ConnectError::KeyMismatch);
    }
    let (label, key) = match pair.signing_key(&certificate) {
        Ok(SigningKey::Pkcs1(key)) => ("RSA PRIVATE KEY", key),
        Ok(SigningKey::Pkcs8(key)) => ("PRIVATE KEY", key),
        Err(obstacle) => return Err(ConnectError::NotSupportedHere(obstacle)),
    };
    let certificates = certificate.chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect();
    Ok((certificates, Secret::new(pem(label, key.expose()))))
}

fn pem(label: &str, content: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(content))
}

fn impersonate(login: &Login, auth: &mut AuthInfo) -> Result<(), ConnectError> {
    let whom = &login.impersonate;
    let values = whom.user.iter().chain(&whom.uid).chain(&whom.groups).chain(whom.extra.values().flatten());
    for value in values {
        HeaderValue::from_str(value).map_err(|_| ConnectError::Header("identity to act as"))?;
    }
    auth.impersonate.clone_from(&whom.user);
    auth.impersonate_uid.clone_from(&whom.uid);
    auth.impersonate_groups = (!whom.groups.is_empty()).then(|| whom.groups.clone());
    let extra = whom.extra.iter().map(|(key, values)| (key.clone(), values.clone()));
    auth.impersonate_user_extra = (!whom.extra.is_empty()).then(|| extra.collect());
    Ok(())
}

/// `kubectl-ackcred/<version> (<os>/<arch>)`, with Go's names for both as kubectl has them.
fn user_agent() -> HeaderValue {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let text = format!("kubectl-ackcred/{} ({system}/{architecture})", env!("CARGO_PKG_VERSION"));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("kubectl-ackcred"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(server: &str) -> Endpoint {
        Endpoint { server: server.into(), ..Endpoint::default() }
    }

    fn failure(endpoint: &Endpoint, login: &Login) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _guard = runtime.enter();
        match ApiServer::connect(endpoint, login, None) {
            Ok(_) => panic!("{endpoint:?} was accepted"),
            Err(error) => format!("{error} {error:?}"),
        }
    }

    #[test]
    fn a_server_without_a_scheme_gets_https_only_with_tls_settings() {
        let plain = server_url(&endpoint("10.0.0.1:6443"), &Login::default()).unwrap();
        assert_eq!(plain.to_string(), "http://10.0.0.1:6443/");
        let secure = Endpoint { insecure_skip_tls_verify: true, ..endpoint("10.0.0.1:6443") };
        assert_eq!(server_url(&secure, &Login::default()).unwrap().scheme_str(), Some("https"));
    }

    #[test]
    fn urls_are_shown_without_credentials() {
        let url: Uri = "https://me:secret@10.0.0.1:6443/k8s/c-1/".parse().unwrap();
        assert_eq!(display_url(&url), "https://10.0.0.1:6443/k8s/c-1");
        for server in
            ["", "ftp://host", "https://", "http://me:secret@", "https://me:secret@ho st", "ftp://host/?token=secret"]
        {
            assert!(!failure(&endpoint(server), &Login::default()).contains("secret"), "{server}");
        }
    }

    #[test]
    fn a_proxy_is_refused_without_showing_its_password() {
        for proxy in ["ftp://me:secret@proxy:1", "://me:secret", "me:secret", ""] {
            let endpoint = Endpoint { proxy: Some(Secret::new(proxy.into())), ..endpoint("https://host") };
            assert!(!failure(&endpoint, &Login::default()).contains("secret"), "{proxy}");
        }
    }

    #[test]
    fn credentials_that_cannot_be_sent_are_refused_unseen() {
        let token = Login { bearer: Some(Secret::new("se\ncret".into())), ..Login::default() };
        assert!(!failure(&endpoint("http://host"), &token).contains("cret\""));
        let both = Login {
            bearer: Some(Secret::new("a".into())),
            basic: Some(("b".into(), Secret::new("c".into()))),
            ..Login::default()
        };
        assert!(failure(&endpoint("http://host"), &both).contains("together"));
    }

    #[test]
    fn a_client_certificate_and_key_that_cannot_be_used_are_distinguished() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let failure = |certificate: &str, key: &str| {
            let login = Login { certificate: Some((certificate.into(), Secret::new(key.into()))), ..Login::default() };
            failure(&endpoint("https://host"), &login)
        };
        assert!(failure(&certificate, &other).contains("private key does not belong"));
        assert!(failure(&certificate, "hunter2").contains("private key can't be used"));
        assert!(failure("nothing", &key.serialize_pem()).contains("client certificate can't be read"));
        assert!(!failure(&certificate, "hunter2").contains("hunter2"));
    }

    #[test]
    fn a_name_that_no_certificate_could_have_is_reported() {
        let endpoint = Endpoint { tls_server_name: Some("a b".into()), ..endpoint("https://host") };
        assert!(failure(&endpoint, &Login::default()).contains("`a b`"));
    }

    #[test]
    fn a_certificate_authority_without_certificates_is_refused() {
        let endpoint = Endpoint { certificate_authority: Some(b"nothing".to_vec()), ..endpoint("https://host") };
        assert!(failure(&endpoint, &Login::default()).contains("no usable certificate"));
    }
}
