//! A server's port: the connections to it, and its state after the server stops listening.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming as Body;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::Acceptor;

use super::exchange;
use super::host::Host;
use super::incoming_request::IncomingRequest;
use super::server_state::ServerState;
use super::tls::{Certificates, ClientVerifier};
use crate::clock;

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct ConnectionContext {
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) verifier: Arc<ClientVerifier>,
    pub(crate) server: Arc<ServerState>,
}

/// A port that is this server's until this is dropped.
pub(crate) struct Port(Mutex<PortState>);

enum PortState {
    Open {
        _listening: Listening,
    },
    /// Bound, so that no other process gets it, but not listening: connections are refused.
    Shut {
        _socket: TcpSocket,
    },
    /// Between the two: a socket can't be bound beside one that listens.
    Free,
}

impl Port {
    /// Answers all connections to the listener.
    ///
    /// # Errors
    /// If the listener can't be used.
    pub(crate) fn open(host: &Host, listener: TcpListener, context: ConnectionContext) -> io::Result<Self> {
        Ok(Self(Mutex::new(PortState::Open { _listening: Listening::start(host, listener, context)? })))
    }

    /// Refuses new connections and closes the open ones.
    ///
    /// # Errors
    /// If another process takes the port first.
    pub(crate) fn shut(&self, address: SocketAddr) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = PortState::Free;
        let socket = TcpSocket::new_v4()?;
        // Connections of before linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        *state = PortState::Shut { _socket: socket };
        Ok(())
    }
}

/// A task on a host that accepts connections. When this has been dropped, the task and all of its connections have ended.
struct Listening {
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
    _host: Host,
}

impl Listening {
    fn start(host: &Host, listener: TcpListener, context: ConnectionContext) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = {
            let _in_the_runtime = host.runtime().enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        host.runtime().spawn(async move {
            accept(listener, context, stopped).await;
            drop(end);
        });
        Ok(Self { stop: Some(stop), ended, _host: host.clone() })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Nothing is ever sent: the other end is dropped.
        let _ = self.ended.recv();
    }
}

async fn accept(listener: tokio::net::TcpListener, context: ConnectionContext, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = &mut stopped => break,
        };
        if let Ok((stream, _)) = accepted {
            connections.spawn(serve(stream, context.clone()));
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, context: ConnectionContext) {
    // Small answers are not to wait for more.
    drop(stream.set_nodelay(true));
    let ConnectionContext { certificates, verifier, server } = context;
    let Ok(begun) = LazyConfigAcceptor::new(Acceptor::default(), stream).await else { return };
    // Who stands between it and its clients does not stand before the sandbox's own, which call it by its name.
    let is_called_by_name = begun.client_hello().server_name().is_some();
    let Ok(config) = certificates.config(server.faults.impostor().filter(|_| !is_called_by_name)) else { return };
    let Ok(stream) = begun.into_stream(config).await else { return };
    let chain: Option<Arc<[CertificateDer<'static>]>> = stream
        .get_ref()
        .1
        .peer_certificates()
        .map(|chain| chain.iter().map(|certificate| certificate.clone().into_owned()).collect());
    let service = service_fn(move |request| {
        let (chain, verifier, server) = (chain.clone(), verifier.clone(), server.clone());
        async move {
            let incoming = incoming(request, chain.as_deref(), &verifier).await?;
            exchange::answer(server, incoming).await.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))
        }
    });
    // A client that goes away is its own business.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn incoming(
    request: Request<Body>,
    chain: Option<&[CertificateDer<'static>]>,
    verifier: &ClientVerifier,
) -> io::Result<IncomingRequest> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let now = clock::now();
    Ok(IncomingRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        certificate: chain.map(|chain| verifier.user(chain, now)),
        now,
    })
}
