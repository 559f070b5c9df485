//! A proxy at whose end the cloud stands under its own host names, as seen from the internet or from inside a VPC.
//!
//! With it a client chooses its endpoints as it does in the real cloud, where `--cs-endpoint` would hide a wrong choice.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::host_names::host_name;
use super::reply::Product;
use super::server::Cloud;

/// Where the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// No endpoint inside a VPC is reached.
    Internet,
    /// In a VPC of this region that has no way out: only its region's own endpoints inside the VPC are reached.
    Vpc(String),
}

impl Network {
    fn reaches(&self, host: &str) -> Option<Product> {
        let name = host_name(host)?;
        let reached = match self {
            Self::Internet => !name.inside_vpc,
            Self::Vpc(here) => name.inside_vpc && name.region.is_none_or(|region| region == here),
        };
        reached.then_some(name.product)
    }
}

/// The running proxy. Dropping it stops it.
#[must_use = "the proxy stops when it is dropped"]
pub struct Proxy {
    url: String,
    hosts: Arc<Mutex<Vec<String>>>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy to this cloud.
    ///
    /// # Errors
    /// If the machine gives no thread or port.
    pub fn start(cloud: &Cloud, network: Network) -> io::Result<Self> {
        let address = |product| cloud.url(product).rsplit('/').next().unwrap_or_default().to_owned();
        let addresses =
            [Product::Cs, Product::Ram, Product::Ims, Product::Sts].map(|product| (product, address(product)));
        let (stop, mut stopped) = watch::channel(false);
        let (report, started) = mpsc::channel();
        let hosts = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&hosts);
        let run = async move {
            let socket = match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await {
                Ok(socket) => socket,
                Err(error) => return drop(report.send(Err(error))),
            };
            if report.send(socket.local_addr()).is_err() {
                return;
            }
            let (network, addresses) = (Arc::new(network), Arc::new(addresses));
            let accept = async {
                loop {
                    let Ok((stream, _)) = socket.accept().await else { continue };
                    let (network, addresses) = (Arc::clone(&network), Arc::clone(&addresses));
                    let seen = Arc::clone(&seen);
                    // The client sees what goes wrong here.
                    tokio::spawn(async move { drop(connect(stream, &network, &addresses[..], &seen).await) });
                }
            };
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => {}
                () = accept => {}
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread =
            std::thread::Builder::new().name("sandbox-proxy".to_owned()).spawn(move || runtime.block_on(run))?;
        let address = started.recv().map_err(io::Error::other)??;
        Ok(Self { url: format!("http://{address}"), hosts, stop, thread: Some(thread) })
    }

    /// What HTTPS_PROXY is to be.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The hosts that were asked for so far, those that could not be reached included.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A thread that is gone already needs no stopping.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The longest head of a request that is read.
const LARGEST_HEAD: usize = 8 * 1024;

async fn connect(
    mut client: TcpStream,
    network: &Network,
    addresses: &[(Product, String)],
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LARGEST_HEAD {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let host = target.split(':').next().unwrap_or_default();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(host.to_owned());
    let product = network.reaches(host);
    let address = addresses.iter().find(|(served, _)| Some(*served) == product).map(|(_, address)| address);
    let Some(address) = address else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
    };
    let mut server = TcpStream::connect(address.as_str()).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_inside_a_vpc_only_its_own_endpoints_are_reached() {
        let inside = Network::Vpc("cn-hangzhou".to_owned());
        for (host, from_internet, from_vpc) in [
            ("cs.aliyuncs.com", true, false),
            ("cs.cn-hangzhou.aliyuncs.com", true, false),
            ("cs-anony-vpc.cn-hangzhou.aliyuncs.com", false, true),
            ("cs-anony-vpc.cn-beijing.aliyuncs.com", false, false),
            ("ram.vpc-proxy.aliyuncs.com", false, true),
            ("example.com", false, false),
        ] {
            assert_eq!(Network::Internet.reaches(host).is_some(), from_internet, "{host}");
            assert_eq!(inside.reaches(host).is_some(), from_vpc, "{host}");
        }
    }
}
