//! A plain HTTPS client that adds nothing, so that both API servers get the same requests.

mod kubeconfig;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::certs::{Authority, Identity};
use crate::cluster::{Cluster, ClusterError};

/// The header field that makes a PATCH a JSON patch.
pub const JSON_PATCH: (&str, &str) = ("Content-Type", "application/json-patch+json");

const TIMEOUT: Duration = Duration::from_secs(60);

/// The address of one server and the TLS configuration of one identity. Threads can share it; each makes its own [`Client`].
#[derive(Clone)]
pub struct Connector {
    address: SocketAddr,
    tls: TlsConnector,
}

/// A client's certificates, its own first, and its key.
type Certified = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Connector {
    /// A connector to `cluster`; without an identity it sends no certificate.
    ///
    /// # Errors
    /// If the URL isn't an address with a port or the certificates don't fit.
    pub fn new(cluster: &dyn Cluster, identity: Option<&Identity>) -> Result<Self, ClusterError> {
        Self::to(&cluster.url(), cluster.authority(), identity)
    }

    /// A connector to a server at `https://<address>:<port>` with a certificate by this authority.
    ///
    /// # Errors
    /// If the URL isn't an address with a port or the certificates don't fit.
    pub fn to(url: &str, authority: &Authority, identity: Option<&Identity>) -> Result<Self, ClusterError> {
        let certified = identity.map(|identity| {
            let chain = vec![CertificateDer::from(identity.certificate_der().to_vec())];
            (chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key().pkcs8_der().to_vec())))
        });
        Self::trusting(url, CertificateDer::from(authority.certificate_der().to_vec()), certified)
    }

    fn trusting(
        url: &str,
        authority: CertificateDer<'static>,
        certified: Option<Certified>,
    ) -> Result<Self, ClusterError> {
        let address = url.trim_start_matches("https://").parse().map_err(std::io::Error::other)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let tls = match certified {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        };
        Ok(Self { address, tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// A connection over TLS.
    pub(crate) async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        // By name: whoever stands before a server for others does not for this.
        let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
        self.tls.connect(name, stream).await
    }

    /// A client of this server and identity.
    ///
    /// # Errors
    /// If the machine gives no runtime.
    pub fn client(&self) -> std::io::Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Client { connector: self.clone(), runtime, idle: RefCell::default() })
    }
}

/// A client of one server under one identity. It keeps its connection as long as responses come, and never retries.
///
/// It has its own runtime, so it can't be used on a thread that runs one.
pub struct Client {
    connector: Connector,
    runtime: Runtime,
    idle: RefCell<Option<HttpConnection>>,
}

type HttpConnection = SendRequest<Full<Bytes>>;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub code: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body as it came, still compressed where it was.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON; a body that isn't is given as a JSON text.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&self.body)))
    }

    /// The body's lines, each as JSON: the events of a watch.
    pub fn events(&self) -> Vec<Value> {
        self.body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// The error that this answer to a request is.
    pub(crate) fn refused(&self, method: &str, path: &str) -> ClusterError {
        let (method, path, body) = (method.to_owned(), path.to_owned(), self.json().to_string());
        ClusterError::Refused { method, path, code: self.code, body }
    }
}

impl Client {
    /// A client of `cluster`; without an identity it sends no certificate.
    ///
    /// # Errors
    /// If the URL isn't an address with a port or the certificates don't fit.
    pub fn new(cluster: &dyn Cluster, identity: Option<&Identity>) -> Result<Self, ClusterError> {
        Ok(Connector::new(cluster, identity)?.client()?)
    }

    /// Sends a request and reads its answer; `body` is JSON unless `headers` say otherwise.
    ///
    /// # Errors
    /// If there is no answer within 60 seconds, or it breaks off.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> std::io::Result<Reply> {
        self.runtime.block_on(async {
            let exchange = self.exchange(method, path, headers, body, None);
            tokio::time::timeout(TIMEOUT, exchange).await.map_err(std::io::Error::other)?
        })
    }

    /// Reads what comes within `time`: the events of a watch so far.
    ///
    /// # Errors
    /// If the answer's head doesn't come within 60 seconds.
    pub fn listen(&self, path: &str, time: Duration) -> std::io::Result<Reply> {
        self.runtime.block_on(async {
            let exchange = self.exchange("GET", path, &[], "", Some(time));
            tokio::time::timeout(TIMEOUT, exchange).await.map_err(std::io::Error::other)?
        })
    }

    /// Starts a watch; `path` says of what and from which version on.
    ///
    /// # Errors
    /// If the answer isn't 200 or doesn't come within 60 seconds.
    pub fn watch(&self, path: &str) -> std::io::Result<Watch<'_>> {
        self.runtime.block_on(async {
            let starting = async {
                let mut connection = self.connection().await?;
                let request = request(self.connector.address, "GET", path, &[], "")?;
                let (parts, body) = connection.send_request(request).await.map_err(std::io::Error::other)?.into_parts();
                if parts.status != StatusCode::OK {
                    return Err(std::io::Error::other(format!("{path}: {}", parts.status)));
                }
                Ok(Watch { client: self, _connection: connection, body, read: Vec::new() })
            };
            tokio::time::timeout(TIMEOUT, starting).await.map_err(std::io::Error::other)?
        })
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
        listen: Option<Duration>,
    ) -> std::io::Result<Reply> {
        let mut connection = self.connection().await?;
        let request = request(self.connector.address, method, path, headers, body)?;
        let answer = connection.send_request(request).await.map_err(std::io::Error::other)?;
        let (parts, body) = answer.into_parts();
        let body = match listen {
            None => body.collect().await.map_err(std::io::Error::other)?.to_bytes(),
            Some(time) => return Ok(reply(parts, so_far(body, time).await)),
        };
        self.idle.replace(Some(connection));
        Ok(reply(parts, body))
    }

    async fn connection(&self) -> std::io::Result<HttpConnection> {
        if let Some(mut idle) = self.idle.take()
            && idle.ready().await.is_ok()
        {
            return Ok(idle);
        }
        let stream = self.connector.connect().await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// A running watch. It ends when this is dropped.
pub struct Watch<'a> {
    client: &'a Client,
    // Kept so that the connection stays open.
    _connection: HttpConnection,
    body: Incoming,
    read: Vec<u8>,
}

impl Watch<'_> {
    /// The next event, if one comes within `time`.
    ///
    /// # Errors
    /// If the server has ended the watch.
    pub fn next(&mut self, time: Duration) -> std::io::Result<Option<Value>> {
        let Self { client, body, read, .. } = self;
        client.runtime.block_on(async {
            let until = tokio::time::Instant::now() + time;
            loop {
                if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = read.drain(..=end).collect();
                    return serde_json::from_slice(&line).map(Some).map_err(std::io::Error::other);
                }
                let Ok(frame) = tokio::time::timeout_at(until, body.frame()).await else { return Ok(None) };
                let frame = frame.ok_or(std::io::ErrorKind::UnexpectedEof)?.map_err(std::io::Error::other)?;
                read.extend(frame.into_data().unwrap_or_default());
            }
        })
    }
}

fn reply(parts: Parts, body: Bytes) -> Reply {
    Reply { code: parts.status.as_u16(), headers: parts.headers, body }
}

async fn so_far(mut body: Incoming, time: Duration) -> Bytes {
    let mut read = Vec::new();
    let until = tokio::time::Instant::now() + time;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, body.frame()).await {
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
    }
    read.into()
}

fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        request = request.header(USER_AGENT, "scenario/1");
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).map_err(std::io::Error::other)
}
