//! Connections: HTTP/1.1 over TLS or plain, and the ways in which faults break them.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

use super::super::backend::Backend;
use super::super::builder::impostor;
use super::super::faults::FaultOutcome;
use super::super::gateway::{Endpoint, answer};
use super::super::reply::CloudResponse;
use super::super::request::CloudRequest;

const LARGEST_BODY: usize = 1 << 20;

/// The connection is broken on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken on purpose")]
struct Broken;

pub(super) async fn listen(
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    backend: Arc<Backend>,
    endpoint: Arc<Endpoint>,
) {
    loop {
        // A connection that ends before it is accepted needs no handling.
        let Ok((stream, _)) = socket.accept().await else { continue };
        let (tls, backend, endpoint) = (tls.clone(), Arc::clone(&backend), Arc::clone(&endpoint));
        tokio::spawn(async move {
            let reset = Arc::new(AtomicBool::new(false));
            let connection = ResettableStream { stream, reset: Arc::clone(&reset) };
            match tls {
                None => speak(connection, reset, backend, endpoint).await,
                Some(tls) => {
                    let presented = if backend.is_impostor() { impostor() } else { Some(tls) };
                    let Some(tls) = presented else { return };
                    // Clients that don't trust the certificate hang up here.
                    if let Ok(connection) = tls.accept(connection).await {
                        speak(connection, reset, backend, endpoint).await;
                    }
                }
            }
        });
    }
}

async fn speak(
    connection: impl AsyncRead + AsyncWrite + Unpin,
    reset: Arc<AtomicBool>,
    backend: Arc<Backend>,
    endpoint: Arc<Endpoint>,
) {
    let service = service_fn(move |request| {
        let (backend, endpoint, reset) = (Arc::clone(&backend), Arc::clone(&endpoint), Arc::clone(&reset));
        async move { respond(&backend, &endpoint, &reset, request).await }
    });
    // The client sees what goes wrong here.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
}

async fn respond(
    backend: &Backend,
    endpoint: &Endpoint,
    reset: &AtomicBool,
    request: http::Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|_| Broken)?.to_bytes();
    match answer(backend, endpoint, &CloudRequest::new(&parts, body)) {
        FaultOutcome::Answered(reply) => whole(&reply),
        FaultOutcome::Slow(time, reply) => {
            sleep(time).await;
            whole(&reply)
        }
        FaultOutcome::Truncated(reply) => {
            let body = HalfBody { half: Some(reply.body.slice(..reply.body.len() / 2)), break_off: None };
            response(&reply, body.boxed())
        }
        FaultOutcome::Endless => Response::builder().body(EndlessBody.boxed()).map_err(|_| Broken),
        FaultOutcome::Impostor => {
            backend.lead_to_impostor();
            reset.store(true, Ordering::Relaxed);
            Err(Broken)
        }
        FaultOutcome::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(Broken)
        }
        FaultOutcome::Hang(None) => std::future::pending().await,
        FaultOutcome::Hang(Some(time)) => {
            sleep(time).await;
            Err(Broken)
        }
    }
}

fn whole(reply: &CloudResponse) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
    response(reply, Full::new(reply.body.clone()).map_err(|never: Infallible| match never {}).boxed())
}

/// The length announced is that of the whole body, whatever comes of it.
fn response(reply: &CloudResponse, body: BoxBody<Bytes, Broken>) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
    let mut builder = Response::builder().status(reply.status).header("content-length", reply.body.len());
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value);
    }
    builder.body(body).map_err(|_| Broken)
}

/// A body without end.
struct EndlessBody;

impl Body for EndlessBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        const PIECE: &[u8] = &[b'['; 16 * 1024];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PIECE)))))
    }
}

/// Half a body, time for it to leave, and the end of the connection.
struct HalfBody {
    half: Option<Bytes>,
    break_off: Option<Pin<Box<Sleep>>>,
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = self.get_mut();
        if let Some(half) = this.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        let break_off = this.break_off.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(20))));
        break_off.as_mut().poll(context).map(|()| Some(Err(Broken)))
    }
}

/// A TCP stream that can end in a reset instead of a proper close.
struct ResettableStream {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for ResettableStream {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without it the connection merely closes, which breaks it as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ResettableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResettableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            Poll::Ready(Ok(()))
        } else {
            Pin::new(&mut self.stream).poll_shutdown(context)
        }
    }
}
