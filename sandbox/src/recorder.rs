//! A wire that is listened to: TLS ends here and begins anew to the API server, and every byte that comes back is kept in clear.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::apiserver::Host;
use crate::certs::{Identity, Validity};
use crate::client::Connector;
use crate::clock;
use crate::cluster::{Cluster, ClusterError};

type Heard = Arc<Mutex<Vec<u8>>>;

/// A server that passes everything on to an API server, and keeps its answers. It asks for no client certificate: to the API server
/// everybody is one identity.
pub struct Recorder {
    address: SocketAddr,
    heard: Heard,
    _host: Host,
}

impl Recorder {
    /// Listens in front of a cluster. Its certificate is by the cluster's CA; what it passes on comes from this identity.
    ///
    /// # Errors
    /// If no port is free, or a certificate can't be made.
    pub fn start(cluster: &dyn Cluster, identity: &Identity) -> Result<Self, ClusterError> {
        let own = cluster.authority().server(&[], Validity::ack(clock::now()))?;
        let chain = vec![CertificateDer::from(own.certificate_der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key().pkcs8_der().to_vec()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let upstream = Connector::new(cluster, Some(identity))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (host, heard) = (Host::start()?, Heard::default());
        let listener = {
            let _in_the_runtime = host.runtime().enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let keep = heard.clone();
        host.runtime().spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass_on(stream, acceptor.clone(), upstream.clone(), keep.clone()));
            }
        });
        Ok(Self { address, heard, _host: host })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Every byte that the API server has answered, heads included, in the order of the answers of each connection.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One connection, until either side ends it.
async fn pass_on(stream: TcpStream, acceptor: TlsAcceptor, upstream: Connector, heard: Heard) -> io::Result<()> {
    let (mut from_client, mut to_client) = split(acceptor.accept(stream).await?);
    let (mut from_server, mut to_server) = split(upstream.connect().await?);
    let asking = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let answering = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = from_server.read(&mut buffer).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            heard.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
            to_client.write_all(&buffer[..length]).await?;
        }
    };
    tokio::try_join!(asking, answering)?;
    Ok(())
}
