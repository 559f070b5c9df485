//! Client certificates that kubectl sends are sent here too.
//!
//! rustls reads a client's own certificate before it sends it, and refuses what its reader doesn't know, X.509 v1 for example.
//! Whether a certificate can be used and its key belongs to it is decided by [`core::credential`](crate::core::credential), as
//! kubectl decides it; rustls asks for nothing where a key does not name its public half.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// kube's TLS uses the process' provider, and nothing else in this program does.
pub(super) fn accept_any_client_certificate() {
    let provider = CryptoProvider { key_provider: &Keys, ..ring::default_provider() };
    // It is there already after the first connection.
    let _ = provider.install_default();
}

#[derive(Debug)]
struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Ok(Arc::new(Key(ring::sign::any_supported_type(&key)?)))
    }
}

#[derive(Debug)]
struct Key(Arc<dyn SigningKey>);

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(offered)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        None
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}
