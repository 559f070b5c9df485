//! A stand-in for the RBAC part of the Kubernetes API, on loopback, over TLS.
//!
//! It answers as kube-apiserver 1.36 does, in words and codes; `tests/cluster` runs one set of scenarios against both and fails where
//! they differ. It speaks HTTP/1.1 only, and serves JSON only.

mod admission;
mod authorizer;
mod bootstrap;
mod delete;
mod discovery;
mod escalation;
mod exchange;
mod faults;
mod form;
mod managed_fields;
mod object;
mod patch;
mod protobuf;
mod read;
mod request;
mod resources;
mod respond;
mod reviews;
mod selector;
mod status;
mod store;
mod table;
mod tls;
mod user;
mod validation;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming as Body;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch as signal;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::CertificateDer;

pub use self::faults::{Exchange, Fault, Faults, Gate};
pub use self::user::User;

use self::admission::Admission;
use self::exchange::{Incoming, Server};
use self::object::Object;
use self::store::Store;
use self::tls::ClientJudge;
use crate::binding::BindingRef;
use crate::certs::{Authority, Validity};
use crate::clock;
use crate::cluster::{Cluster, ClusterError};

/// How a server differs from a plain one.
#[derive(Default)]
pub struct Options {
    /// Bearer tokens and whose they are.
    pub tokens: BTreeMap<String, User>,
    /// Whether ack-ram-authenticator's API group exists.
    pub ram_authenticator: bool,
    /// Names beside `localhost` in the server's certificate.
    pub names: Vec<String>,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
}

/// A running server; it ends when this is dropped.
pub struct ApiServer {
    address: SocketAddr,
    authority: Arc<Authority>,
    server: Arc<Server>,
    stop: signal::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl ApiServer {
    /// Starts a server under a CA of its own, on a thread of its own.
    ///
    /// # Errors
    /// Where no port is free or a certificate can't be made.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        Self::start_under(Arc::new(Authority::new(clock::now())?), options)
    }

    /// Starts a server under this CA.
    ///
    /// # Errors
    /// Where no port is free or a certificate can't be made.
    pub fn start_under(authority: Arc<Authority>, options: Options) -> Result<Self, ClusterError> {
        let now = clock::now();
        let identity = authority.server(&options.names, Validity::ack(now))?;
        let acceptor = TlsAcceptor::from(tls::server_config(&identity)?);
        let judge = Arc::new(ClientJudge::new(authority.certificate_der())?);
        let server = Arc::new(Server {
            store: Store::new(),
            tokens: options.tokens,
            ram_authenticator: options.ram_authenticator,
            faults: Faults::default(),
            admission: Admission::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = signal::channel(false);
        let shared = server.clone();
        let thread = std::thread::Builder::new().name("sandbox-apiserver".into()).spawn(move || {
            runtime.block_on(accept(listener, acceptor, judge, shared, stopped));
        })?;
        let running = Self { address, authority, server, stop, thread: Some(thread) };
        for object in bootstrap::objects() {
            running.put(object, "kube-apiserver")?;
        }
        Ok(running)
    }

    /// Stores an object past all checks, as if `manager` had made it just now; for filling a server before use.
    ///
    /// # Errors
    /// Where `apiVersion` and `kind` aren't served or the object can't be read.
    pub fn put(&self, object: Value, manager: &str) -> Result<(), ClusterError> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let unknown =
            |reason: String| ClusterError::Object { api_version: api_version.clone(), kind: kind.clone(), reason };
        let resource = resources::of_kind(&api_version, &kind).ok_or_else(|| unknown("not served".into()))?;
        let Value::Object(mut map) = object else { return Err(unknown("not an object".into())) };
        map.remove("apiVersion");
        map.remove("kind");
        let mut object = Object::from_value(resource, map).map_err(unknown)?;
        let created = object.metadata.creation_timestamp.clone();
        let now = clock::now();
        write::default_groups(&mut object);
        write::fill_new(&mut object, now);
        if created.is_some() {
            object.metadata.creation_timestamp = created;
        }
        managed_fields::record(&mut object, None, manager, &write::stamp(now));
        self.server.store.put(object);
        Ok(())
    }

    /// The faults of this server, and what it was asked.
    pub fn faults(&self) -> Faults {
        self.server.faults.clone()
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Cluster for ApiServer {
    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Watches from before get 410 too; the real server's go on as far as its cache reaches.
    fn compact(&self) -> Result<(), ClusterError> {
        self.server.store.compact();
        Ok(())
    }

    fn keep_subject(&self, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError> {
        self.server.admission.keep(binding, subject).map_err(|error| ClusterError::Object {
            api_version: "rbac.authorization.k8s.io/v1".into(),
            kind: binding.kind().into(),
            reason: error.to_string(),
        })
    }

    fn keep_no_subject(&self) -> Result<(), ClusterError> {
        self.server.admission.keep_none();
        Ok(())
    }

    /// It always has.
    fn catch_up(&self) -> Result<(), ClusterError> {
        Ok(())
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // Nobody listens any more where the thread has ended already.
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    judge: Arc<ClientJudge>,
    server: Arc<Server>,
    mut stopped: signal::Receiver<bool>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(serve(stream, acceptor.clone(), judge.clone(), server.clone()));
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, judge: Arc<ClientJudge>, server: Arc<Server>) {
    // Small answers are not to wait for more.
    drop(stream.set_nodelay(true));
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let chain: Option<Arc<[CertificateDer<'static>]>> = stream
        .get_ref()
        .1
        .peer_certificates()
        .map(|chain| chain.iter().map(|certificate| certificate.clone().into_owned()).collect());
    let service = service_fn(move |request| {
        let (chain, judge, server) = (chain.clone(), judge.clone(), server.clone());
        async move {
            let incoming = incoming(request, chain.as_deref(), &judge).await?;
            exchange::answer(server, incoming)
                .await
                .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
        }
    });
    // A client that goes away is its own business.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn incoming(
    request: Request<Body>,
    chain: Option<&[CertificateDer<'static>]>,
    judge: &ClientJudge,
) -> std::io::Result<Incoming> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let now = clock::now();
    Ok(Incoming {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        certificate: chain.map(|chain| judge.user(chain, now)),
        now,
    })
}
