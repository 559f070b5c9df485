//! One HTTP exchange: TLS by ring, proxy and roots by the environment's snapshot, a bound on time and size.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use zeroize::Zeroizing;

use super::error::Kind;
use crate::adapters::files;
use crate::core::kubeconfig::proxy::ProxyVariables;
use crate::core::secret::Secret;
use crate::core::variables;
use crate::error::chain;
use crate::world::World;

/// The largest body that is read. A page of 1,000 users is below 1 MiB.
const LARGEST_BODY: usize = 16 * MIB;
const MIB: usize = 1024 * 1024;

const USER_AGENT: &str = concat!("kubectl-ackcred/", env!("CARGO_PKG_VERSION"));

/// Does HTTP exchanges. TLS roots are read with the first of them.
#[derive(Debug)]
pub(super) struct Http {
    certificate_file: Option<PathBuf>,
    proxy: Option<Secret<String>>,
    no_proxy: String,
    secure: OnceLock<reqwest::Client>,
    plain: OnceLock<reqwest::Client>,
}

/// A request as it goes over the wire.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, Secret<String>)>,
    pub(super) body: Vec<u8>,
    /// For the whole exchange with its body; none when `None`.
    pub(super) timeout: Option<Duration>,
}

/// A response that was read to its end.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Secret<Vec<u8>>,
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An exchange that came to no end. The text names no URL's query, no header and no body.
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) what: String,
}

impl Failure {
    fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }
}

impl Http {
    pub(super) fn new(world: &World) -> Self {
        let variables = ProxyVariables::of(|name| world.env.text(name));
        let no_proxy = variables.exceptions.unwrap_or_default();
        Self {
            certificate_file: world.env.get(variables::SSL_CERT_FILE).map(|file| world.cwd.join(file)),
            proxy: variables.https,
            // As in Go, and so in kubectl: this machine is never reached through a proxy.
            no_proxy: format!("{no_proxy},localhost,127.0.0.0/8,::1"),
            secure: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// Sends a request and reads the response. Redirects are not followed: a signature is for one host.
    pub(super) async fn exchange(&self, request: Request) -> Result<Response, Failure> {
        let client = self.client(request.url.starts_with("https:"))?;
        let timeout = request.timeout;
        let exchange = exchange(client, request);
        match timeout {
            None => exchange.await,
            Some(limit) => tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| {
                Err(Failure::new(Kind::TimedOut, format!("no complete answer within {}", seconds(limit))))
            }),
        }
    }

    /// Plain http has a client of its own: the system's roots are neither read nor missed for it.
    fn client(&self, secure: bool) -> Result<&reqwest::Client, Failure> {
        let place = if secure { &self.secure } else { &self.plain };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = self.build(secure)?;
        Ok(place.get_or_init(|| client))
    }

    fn build(&self, secure: bool) -> Result<reqwest::Client, Failure> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls(secure)?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(USER_AGENT)
            .no_proxy();
        if let Some(proxy) = self.proxy.as_ref().filter(|_| secure) {
            let url = proxy.expose();
            let url = if url.contains("://") { url.clone() } else { format!("http://{url}") };
            // The proxy's URL can hold a password: neither it nor an error that quotes it is shown.
            let proxy = reqwest::Proxy::https(url).map_err(|_| Failure::new(Kind::Setup, "HTTPS_PROXY is no URL"))?;
            builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&self.no_proxy)));
        }
        builder.build().map_err(|error| Failure::new(Kind::Setup, chain(&error.without_url())))
    }

    fn tls(&self, secure: bool) -> Result<ClientConfig, Failure> {
        let setup = |what: String| Failure::new(Kind::Setup, what);
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| setup(chain(&error)))?;
        let builder = match &self.certificate_file {
            _ if !secure => builder.with_root_certificates(RootCertStore::empty()),
            Some(file) => {
                let roots = roots(file).map_err(|what| setup(format!("SSL_CERT_FILE {}: {what}", file.display())))?;
                builder.with_root_certificates(roots)
            }
            None => builder.with_platform_verifier().map_err(|error| setup(chain(&error)))?,
        };
        Ok(builder.with_no_client_auth())
    }
}

fn roots(file: &Path) -> Result<RootCertStore, String> {
    let bundle = files::load(file).map_err(|error| chain(&error))?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&bundle).collect::<Result<_, _>>().map_err(|error| chain(&error))?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 { Err("holds no certificate".to_owned()) } else { Ok(roots) }
}

async fn exchange(client: &reqwest::Client, request: Request) -> Result<Response, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let unfit =
            |_| Failure::new(Kind::Setup, format!("the value for header {name} has characters that none can have"));
        let mut value = HeaderValue::from_str(value.expose()).map_err(unfit)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    let sent = client.request(request.method, request.url).headers(headers).body(request.body).send().await;
    let mut response = sent.map_err(broken)?;
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(Failure::new(Kind::Malformed, format!("an answer of more than {} MiB", LARGEST_BODY / MIB)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: Secret::new(std::mem::take(&mut *body)),
    })
}

fn broken(error: reqwest::Error) -> Failure {
    let kind = if is_about_trust(&error) {
        Kind::Untrusted
    } else if error.is_connect() {
        Kind::Unreachable
    } else if error.is_builder() {
        Kind::Setup
    } else {
        Kind::Broken
    };
    Failure::new(kind, chain(&error.without_url()))
}

/// Whether TLS itself refused: another try would be refused alike.
fn is_about_trust(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An I/O error gives the source of what it wraps, not what it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    }
    false
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}
