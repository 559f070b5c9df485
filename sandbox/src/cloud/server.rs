//! The running cloud: one port for each endpoint, on its own thread, until it is dropped.

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::backend::{Backend, LoggedRequest};
use super::cleaning::CleanBehaviour;
use super::cloud_state::CloudState;
use super::cs;
use super::faults::CloudFault;
use super::gateway::Endpoint;
use super::reply::Product;
use super::rotating::RotateBehaviour;

/// The cloud, running on loopback. Dropping it stops it.
#[must_use = "the cloud stops when it is dropped"]
pub struct Cloud {
    backend: Arc<Backend>,
    urls: BTreeMap<EndpointKey, String>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Product or host of an endpoint, and its region.
type EndpointKey = (&'static str, Option<String>);

fn endpoint_key(endpoint: &Endpoint) -> EndpointKey {
    match endpoint {
        Endpoint::Product(product, region) => (product.name(), region.clone()),
        Endpoint::Metadata => ("metadata", None),
        Endpoint::OAuth => ("oauth", None),
        Endpoint::CloudSso => ("sso", None),
        Endpoint::CredentialsUri => ("uri", None),
    }
}

impl Cloud {
    /// The central endpoint of a product, `https://127.0.0.1:port`.
    pub fn url(&self, product: Product) -> &str {
        self.at((product.name(), None))
    }

    /// Container Service's endpoint in a region that was named to the builder. Clusters of other regions are not found there.
    pub fn region_url(&self, region: &str) -> Option<&str> {
        self.urls.get(&(Product::Cs.name(), Some(region.to_owned()))).map(String::as_str)
    }

    /// The instance metadata, always plain http.
    pub fn metadata_url(&self) -> &str {
        self.at(("metadata", None))
    }

    /// The OAuth server.
    pub fn oauth_url(&self) -> &str {
        self.at(("oauth", None))
    }

    /// CloudSSO's sign-in host.
    pub fn sso_url(&self) -> &str {
        self.at(("sso", None))
    }

    /// The host of the credentials endpoint, always plain http.
    pub fn credentials_url(&self) -> &str {
        self.at(("uri", None))
    }

    fn at(&self, endpoint_key: EndpointKey) -> &str {
        self.urls.get(&endpoint_key).map_or("", String::as_str)
    }

    /// Reads or changes the state. The cloud answers no request meanwhile.
    pub fn edit<T>(&self, change: impl FnOnce(&mut CloudState) -> T) -> T {
        change(&mut self.backend.cloud_state())
    }

    /// Adds a fault. Where several strike a call, the one added first counts.
    pub fn add_fault(&self, fault: CloudFault) {
        self.backend.faults().push(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.backend.clear_faults();
    }

    /// Changes what CleanClusterUserPermissions does from now on. Tasks that were scheduled before are carried out as they are.
    pub fn set_clean_behaviour(&self, behaviour: CleanBehaviour) {
        self.backend.set_clean_behaviour(behaviour);
    }

    /// Changes what RevokeK8sClusterKubeConfig does from now on. Tasks that were scheduled before are carried out as they are.
    pub fn set_rotate_behaviour(&self, behaviour: RotateBehaviour) {
        self.backend.set_rotate_behaviour(behaviour);
    }

    /// Shifts the cloud's clock against its own, ahead or (negative) behind.
    pub fn shift_clock(&self, by: SignedDuration) {
        self.backend.clock.shift(by);
    }

    /// All requests so far, in the order in which they were answered.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.backend.log().clone()
    }

    /// Everything that no output may hold: the secrets and tokens of all keys and sessions, and the signatures and tokens that
    /// requests have brought so far.
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = self.edit(|cloud_state| cloud_state.secrets());
        secrets.extend(self.backend.proofs().iter().cloned());
        secrets
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.backend.log().clear();
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // A thread that is gone already needs no stopping.
        let _ = self.stop.send(true);
        // It may be held at something that a failing test won't open any more.
        if let Some(thread) = self.thread.take().filter(|_| !std::thread::panicking()) {
            let _ = thread.join();
        }
    }
}

/// An endpoint, and whether it serves TLS.
pub(super) struct EndpointListener {
    pub(super) endpoint: Endpoint,
    pub(super) tls: Option<TlsAcceptor>,
}

impl Cloud {
    pub(super) fn start(backend: Backend, listeners: Vec<EndpointListener>) -> io::Result<Self> {
        let backend = Arc::new(backend);
        let (stop, stopped) = watch::channel(false);
        let (report, started) = mpsc::channel();
        let shared = Arc::clone(&backend);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(serve(shared, listeners, stopped, &report)),
                // The caller is waiting for this report and nothing else.
                Err(error) => drop(report.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new().name("sandbox-cloud".to_owned()).spawn(run)?;
        let urls = started.recv().map_err(io::Error::other)??;
        Ok(Self { backend, urls, stop, thread: Some(thread) })
    }
}

/// Binds all listeners, reports their URLs, and serves until `stopped`.
async fn serve(
    backend: Arc<Backend>,
    listeners: Vec<EndpointListener>,
    mut stopped: watch::Receiver<bool>,
    report: &mpsc::Sender<io::Result<BTreeMap<EndpointKey, String>>>,
) {
    let mut urls = BTreeMap::new();
    for EndpointListener { endpoint, tls } in listeners {
        let socket = match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await {
            Ok(socket) => socket,
            Err(error) => return drop(report.send(Err(error))),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = match socket.local_addr() {
            Ok(address) => address,
            Err(error) => return drop(report.send(Err(error))),
        };
        urls.insert(endpoint_key(&endpoint), format!("{scheme}://{address}"));
        tokio::spawn(wire::listen(socket, tls, Arc::clone(&backend), Arc::new(endpoint)));
    }
    tokio::spawn(async move {
        let shared = Arc::clone(&backend);
        // The call was answered long ago: a failure leaves the records as they are.
        backend.delayed_tasks.run(move |task| drop(cs::carry_out_task(&shared, task))).await;
    });
    if report.send(Ok(urls)).is_ok() {
        // An error means that the handle is gone: stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}

#[cfg(test)]
mod tests;
