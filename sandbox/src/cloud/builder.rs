//! How a cloud is set up and started.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::account::Account;
use super::backend::{Backend, ClusterHooks};
use super::cleaning::{CleanBehaviour, Cleaning};
use super::clock::Clock;
use super::cloud_state::CloudState;
use super::gateway::Endpoint;
use super::host_names::certificate_names;
use super::issue_request::{IssueRequest, IssuedKubeconfig};
use super::keys::AccessKey;
use super::reply::Product;
use super::rotating::Rotation;
use super::server::{Cloud, EndpointListener};
use super::sign_in::SignIn;
use crate::certs::{Authority, CertError, Validity};
use crate::clock;

/// A server certificate for 127.0.0.1 with its key, both PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate, with whatever stands between it and the CA.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Tls {
    /// A certificate for 127.0.0.1 and the cloud's own host names that is valid now and for a year.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn issued_by(authority: &Authority) -> Result<Self, CertError> {
        let start = clock::now().saturating_sub(SignedDuration::from_hours(1)).unwrap_or_default();
        let server =
            authority.server(&certificate_names(), Validity::starting(start, SignedDuration::from_hours(365 * 24)))?;
        Ok(Self { certificate: server.certificate_pem(), key: server.key().pkcs8_pem() })
    }
}

/// Why the cloud doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine gives no thread or port.
    #[error("the cloud can't be started")]
    Io(#[from] std::io::Error),
    /// Certificate or key aren't PEM.
    #[error("certificate or key can't be read")]
    Pem(#[from] pem::Error),
    /// Certificate and key don't serve.
    #[error("certificate or key can't be used")]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// A cloud before it runs.
#[must_use]
pub struct CloudBuilder {
    tls: Option<Tls>,
    cloud_state: CloudState,
    clock: Clock,
    hooks: ClusterHooks,
    clean_behaviour: CleanBehaviour,
    regions: BTreeSet<String>,
}

impl Cloud {
    /// Prepares a cloud that serves https by a certificate for 127.0.0.1, or plain http where there is none.
    pub fn builder(tls: Option<Tls>) -> CloudBuilder {
        CloudBuilder::new(tls)
    }
}

impl CloudBuilder {
    fn new(tls: Option<Tls>) -> Self {
        Self {
            tls,
            cloud_state: CloudState::default(),
            clock: Clock::system(),
            hooks: ClusterHooks::default(),
            clean_behaviour: CleanBehaviour::default(),
            regions: BTreeSet::new(),
        }
    }

    /// Adds an account. Container Service gets an endpoint in the region of each of its clusters.
    pub fn account(mut self, account: Account) -> Self {
        self.regions.extend(account.clusters.iter().map(|cluster| cluster.region.clone()));
        self.cloud_state.accounts.push(account);
        self
    }

    /// Adds an access key.
    pub fn key(mut self, key: AccessKey) -> Self {
        self.cloud_state.add_key(key);
        self
    }

    /// Gives Container Service an endpoint in a region that has no cluster.
    pub fn region(mut self, region: &str) -> Self {
        self.regions.insert(region.to_owned());
        self
    }

    /// Goes by this clock instead of the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets up what the endpoints that give credentials know.
    pub fn sign_in(mut self, set_up: impl FnOnce(&mut SignIn)) -> Self {
        set_up(&mut self.cloud_state.sign_in);
        self
    }

    /// What CleanClusterUserPermissions does in a cluster. An error is answered with 500, and the cloud's records stay.
    pub fn on_clean(mut self, clean: impl Fn(&Cleaning) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.hooks.clean = Arc::new(clean);
        self
    }

    /// What CleanClusterUserPermissions does, of all that its documents leave open.
    pub fn clean_behaviour(mut self, behaviour: CleanBehaviour) -> Self {
        self.clean_behaviour = behaviour;
        self
    }

    /// What RevokeK8sClusterKubeConfig does in a cluster. An error is answered with 500, and the cloud's records stay.
    pub fn on_rotate(mut self, rotate: impl Fn(&Rotation) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.hooks.rotate = Arc::new(rotate);
        self
    }

    /// Who issues kubeconfigs for DescribeClusterUserKubeconfig. An error is answered with 500.
    pub fn on_issue(
        mut self,
        issue: impl Fn(&IssueRequest) -> Result<IssuedKubeconfig, String> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.issue = Arc::new(issue);
        self
    }

    /// Starts the cloud on free ports of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If certificate or key don't serve, or the machine gives no thread or port.
    pub fn start(self) -> Result<Cloud, StartError> {
        let acceptor = self.tls.as_ref().map(acceptor).transpose()?;
        let regions = self.regions.into_iter().map(|region| Endpoint::Product(Product::Cs, Some(region)));
        let products =
            [Product::Cs, Product::Ram, Product::Ims, Product::Sts].map(|product| Endpoint::Product(product, None));
        let guarded = products.into_iter().chain(regions).chain([Endpoint::OAuth, Endpoint::CloudSso]);
        let guarded = guarded.map(|endpoint| EndpointListener { endpoint, tls: acceptor.clone() });
        let plain =
            [Endpoint::Metadata, Endpoint::CredentialsUri].map(|endpoint| EndpointListener { endpoint, tls: None });
        let backend = Backend::new(self.cloud_state, self.clock, self.hooks, self.clean_behaviour);
        Ok(Cloud::start(backend, guarded.chain(plain).collect())?)
    }
}

/// A server of another CA; `None` where the system has no randomness.
pub(super) fn impostor() -> Option<TlsAcceptor> {
    acceptor(&Tls::issued_by(&Authority::of_today().ok()?).ok()?).ok()
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, StartError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(tls.certificate.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes())?;
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
