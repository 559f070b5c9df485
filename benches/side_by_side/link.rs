//! Long, thin lines: relays on loopback that delay and meter what goes through them.
//!
//! Both directions of a line have their own capacity, which all connections share. What is sent leaves when the line is free and
//! arrives half a round trip later; opening a connection costs one round trip. Nothing is lost and there is no slow start.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// At most so much is read at once, about ten packets.
const PIECE: usize = 16 * 1024;
/// How long the line's queue may grow before a sender is held back.
const QUEUE: Duration = Duration::from_millis(100);

/// A line's properties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// Half a round trip.
    pub(crate) one_way: Duration,
    /// Capacity of each direction.
    pub(crate) bytes_a_second: u32,
}

/// Running relays, each with a line of its own and all of them on one thread; they end when this is dropped.
pub(crate) struct Relays {
    urls: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Relays {
    /// Starts a relay to each of these servers, `https://127.0.0.1:<port>`.
    pub(crate) fn start(servers: &[String], link: Link) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut urls = Vec::new();
        for server in servers {
            let server: SocketAddr = server.trim_start_matches("https://").parse()?;
            let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
            urls.push(format!("https://{}", listener.local_addr()?));
            runtime.spawn(serve(listener, server, link));
        }
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("relays".into()).spawn(move || {
            // The sender says nothing: it goes, and all tasks go with the runtime.
            drop(runtime.block_on(stopped));
        });
        Ok(Self { urls, stop: Some(stop), thread: Some(thread.context("the relays' thread")?) })
    }

    /// Where the relay to the server at this place of the list listens.
    pub(crate) fn url(&self, place: usize) -> &str {
        &self.urls[place]
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, link: Link) {
    let (up, down) = (Direction::new(link), Direction::new(link));
    while let Ok((client, _)) = listener.accept().await {
        let opened = Instant::now() + link.one_way * 2;
        let Ok(server) = TcpStream::connect(server).await else { continue };
        for stream in [&client, &server] {
            // Small pieces must not wait for each other on top of the delay.
            drop(stream.set_nodelay(true));
        }
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(up.clone().carry(from_client, to_server, opened));
        tokio::spawn(down.clone().carry(from_server, to_client, opened));
    }
}

/// One direction of the line.
#[derive(Clone)]
struct Direction {
    link: Link,
    /// When everything that was sent so far has left.
    free_at: Arc<Mutex<Instant>>,
}

impl Direction {
    fn new(link: Link) -> Self {
        Self { link, free_at: Arc::new(Mutex::new(Instant::now())) }
    }

    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, opened: Instant) {
        let (pieces, mut arriving) = mpsc::unbounded_channel::<(Instant, Bytes)>();
        let deliver = async move {
            while let Some((arrives, piece)) = arriving.recv().await {
                sleep_until(arrives).await;
                if to.write_all(&piece).await.is_err() {
                    return;
                }
            }
            drop(to.shutdown().await);
        };
        let collect = async move {
            let mut buffer = vec![0; PIECE];
            sleep_until(opened).await;
            while let Ok(length @ 1..) = from.read(&mut buffer).await {
                let left = self.send(length);
                if pieces.send((left + self.link.one_way, Bytes::copy_from_slice(&buffer[..length]))).is_err() {
                    return;
                }
                if let Some(pause) = left.checked_duration_since(Instant::now() + QUEUE) {
                    tokio::time::sleep(pause).await;
                }
            }
        };
        tokio::join!(deliver, collect);
    }

    /// Puts so many bytes on the line; when the last of them has left.
    fn send(&self, length: usize) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let time = Duration::from_secs_f64(length as f64 / f64::from(self.link.bytes_a_second));
        *free_at = (*free_at).max(Instant::now()) + time;
        *free_at
    }
}
