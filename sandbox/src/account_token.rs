//! Static tokens of ServiceAccounts, as kube-controller-manager signs them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::certs::{CertError, Key, KeyKind};

/// The ServiceAccount of a static token, and the Secret that the token lies in.
#[derive(Clone, Copy, Debug)]
pub struct StaticTokenOf<'a> {
    /// The namespace of both.
    pub namespace: &'a str,
    /// The Secret's name.
    pub secret: &'a str,
    /// The ServiceAccount's name.
    pub account: &'a str,
    /// The ServiceAccount's UID.
    pub uid: &'a str,
}

impl StaticTokenOf<'_> {
    /// The token. The real API server of the tests takes it, since its key for tokens is the same fixed one; the simulated one takes any
    /// text that lies in a Secret.
    ///
    /// # Errors
    /// If the key can't be read or the system has no randomness.
    pub fn signed(&self) -> Result<String, CertError> {
        let Self { namespace, secret, account, uid } = self;
        let claims = json!({
            "iss": "kubernetes/serviceaccount", "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "kubernetes.io/serviceaccount/namespace": namespace, "kubernetes.io/serviceaccount/secret.name": secret,
            "kubernetes.io/serviceaccount/service-account.name": account,
            "kubernetes.io/serviceaccount/service-account.uid": uid,
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let message = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let key = RsaKeyPair::from_pkcs8(Key::generate(KeyKind::Rsa)?.pkcs8_der())?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
