//! A server on loopback that answers exactly what a test says, byte by byte.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to the client.
pub(crate) type Connection = Pin<Box<dyn Stream>>;

pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    task: JoinHandle<()>,
}

impl Server {
    /// Calls `serve` with the head of the first request of each connection, and closes the connection when it returns.
    pub(crate) async fn start<S, F>(serve: S) -> Self
    where
        S: Fn(String, Connection) -> F + Clone + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(None, serve).await
    }

    /// Answers each request with the bytes that `answer` makes of its head.
    pub(crate) async fn answering(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static) -> Self {
        Self::listen(None, whole(answer)).await
    }

    /// The same over TLS.
    pub(crate) async fn with_tls(tls: &Tls, answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static) -> Self {
        Self::listen(Some(tls.acceptor()), whole(answer)).await
    }

    async fn listen<S, F>(tls: Option<TlsAcceptor>, serve: S) -> Self
    where
        S: Fn(String, Connection) -> F + Clone + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, serve) = (tls.clone(), serve.clone());
                tokio::spawn(async move {
                    let mut stream: Connection = match tls {
                        None => Box::pin(stream),
                        Some(tls) => Box::pin(tls.accept(stream).await?),
                    };
                    let head = head(&mut stream).await?;
                    serve(head, stream).await
                });
            }
        });
        Self { address, scheme, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Stops listening and gives the address where nobody listens any more.
    pub(crate) async fn stop(self) -> String {
        self.task.abort();
        let url = self.url();
        let _ = self.task.await;
        url
    }
}

type Answered = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

fn whole(
    answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> impl Fn(String, Connection) -> Answered + Clone + Send + 'static {
    move |head, mut stream| {
        let answer = answer(&head);
        Box::pin(async move {
            stream.write_all(&answer).await?;
            stream.shutdown().await
        })
    }
}

/// The head of the next request.
pub(crate) async fn head(stream: &mut Connection) -> io::Result<String> {
    let mut head = Vec::new();
    // A client that expects TLS sends no head; its first byte says so.
    while !head.ends_with(b"\r\n\r\n") && head.first() != Some(&22) {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A certificate authority and a server certificate signed by it.
pub(crate) struct Tls {
    pub(crate) authority: String,
    certificate: String,
    key: String,
}

impl Tls {
    /// A server that presents these certificates, its own first.
    pub(crate) fn presenting(certificates: &[String], key: &KeyPair) -> Self {
        Self { authority: String::new(), certificate: certificates.concat(), key: key.serialize_pem() }
    }

    pub(crate) fn valid_for(name: &str) -> Self {
        Self::valid_between(name, 2001, 4001)
    }

    pub(crate) fn valid_between(name: &str, first_year: i32, last_year: i32) -> Self {
        Self::signed_by("kubernetes", name, first_year, last_year)
    }

    pub(crate) fn signed_by(authority_name: &str, name: &str, first_year: i32, last_year: i32) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, authority_name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let mut server = CertificateParams::new([name.to_owned()]).unwrap();
        server.not_before = date_time_ymd(first_year, 1, 1);
        server.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = server.signed_by(&key, &issuer).unwrap().pem();
        Self { authority: authority_pem, certificate, key: key.serialize_pem() }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let certificates = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A whole answer with a JSON body.
pub(crate) fn json(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn binding(name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"n"}},"roleRef":{{"kind":"Role","name":"r"}}}}"#)
}

pub(crate) fn list(names: &[&str]) -> String {
    page(names, "")
}

pub(crate) fn page(names: &[&str], token: &str) -> String {
    let items: Vec<String> = names.iter().map(|name| binding(name)).collect();
    let metadata = format!(r#"{{"resourceVersion":"7","continue":"{token}"}}"#);
    role_bindings(&metadata, &format!("[{}]", items.join(",")))
}

/// A list of RoleBindings with this metadata and these items.
pub(crate) fn role_bindings(metadata: &str, items: &str) -> String {
    format!(
        r#"{{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{metadata},"items":{items}}}"#
    )
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
