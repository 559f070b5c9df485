//! What a cloud is made of.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::account::Account;
use super::super::backend::{Backend, Hooks};
use super::super::cs::{CleanBehaviour, Cleaning, IssueRequest, IssuedKubeconfig};
use super::super::gateway::Endpoint;
use super::super::keys::AccessKey;
use super::super::reply::Product;
use super::super::sign_in::SignIn;
use super::{Clock, Cloud, Estate, Listener};
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
    /// A certificate for 127.0.0.1 that is valid now and for a year.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn issued_by(authority: &Authority) -> Result<Self, CertError> {
        let start = clock::now().saturating_sub(SignedDuration::from_hours(1)).unwrap_or_default();
        let server = authority.server(&[], Validity::starting(start, SignedDuration::from_hours(365 * 24)))?;
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
    estate: Estate,
    clock: Clock,
    hooks: Hooks,
    clean_behaviour: CleanBehaviour,
    regions: BTreeSet<String>,
}

impl CloudBuilder {
    pub(super) fn new(tls: Option<Tls>) -> Self {
        Self {
            tls,
            estate: Estate::default(),
            clock: Clock::system(),
            hooks: Hooks::default(),
            clean_behaviour: CleanBehaviour::default(),
            regions: BTreeSet::new(),
        }
    }

    /// Adds an account. Container Service gets an endpoint in the region of each of its clusters.
    pub fn account(mut self, account: Account) -> Self {
        self.regions.extend(account.clusters.iter().map(|cluster| cluster.region.clone()));
        self.estate.accounts.push(account);
        self
    }

    /// Adds an access key.
    pub fn key(mut self, key: AccessKey) -> Self {
        self.estate.add_key(key);
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
        set_up(&mut self.estate.sign_in);
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
    /// When certificate or key don't serve, or the machine gives no thread or port.
    pub fn start(self) -> Result<Cloud, StartError> {
        let acceptor = self.tls.as_ref().map(acceptor).transpose()?;
        let regions = self.regions.into_iter().map(|region| Endpoint::Product(Product::Cs, Some(region)));
        let products =
            [Product::Cs, Product::Ram, Product::Ims, Product::Sts].map(|product| Endpoint::Product(product, None));
        let guarded = products.into_iter().chain(regions).chain([Endpoint::OAuth, Endpoint::CloudSso]);
        let guarded = guarded.map(|endpoint| Listener { endpoint, tls: acceptor.clone() });
        let plain = [Endpoint::Metadata, Endpoint::CredentialsUri].map(|endpoint| Listener { endpoint, tls: None });
        let backend = Backend::new(self.estate, self.clock, self.hooks, self.clean_behaviour);
        Cloud::start(backend, guarded.chain(plain).collect())
    }
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
