//! A connector from a kubeconfig.

use std::io::{self, ErrorKind};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Connector;
use crate::cluster::ClusterError;

impl Connector {
    /// The connector of a kubeconfig's context (`None`: the current one); CA, certificate and key must be inline.
    ///
    /// # Errors
    /// If something is missing or can't be read.
    pub fn of_kubeconfig(text: &str, context: Option<&str>) -> Result<Self, ClusterError> {
        let file: Value = serde_saphyr::from_str(text).map_err(io::Error::other)?;
        let context = context.or_else(|| file["current-context"].as_str()).unwrap_or_default();
        let context = entry(&file, "context", context)?;
        let named = |key: &str| context[key].as_str().unwrap_or_default();
        let cluster = entry(&file, "cluster", named("cluster"))?;
        let user = entry(&file, "user", named("user"))?;
        let authority = CertificateDer::from_pem_slice(&data(cluster, "certificate-authority-data")?);
        let chain = data(user, "client-certificate-data")?;
        let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(&data(user, "client-key-data")?).map_err(io::Error::other)?;
        let server = cluster["server"].as_str().unwrap_or_default();
        Self::trusting(server, authority.map_err(io::Error::other)?, Some((chain, key)))
    }
}

/// What a kubeconfig holds under this name: `context` names both the list and the member of its entries.
fn entry<'a>(file: &'a Value, kind: &str, name: &str) -> io::Result<&'a Value> {
    let entries = file[format!("{kind}s")].as_array().into_iter().flatten();
    let found = entries.filter(|entry| entry["name"] == name).find_map(|entry| entry.get(kind));
    found.ok_or_else(|| io::Error::new(ErrorKind::NotFound, format!("the kubeconfig has no {kind} {name:?}")))
}

fn data(entry: &Value, key: &str) -> io::Result<Vec<u8>> {
    STANDARD.decode(entry[key].as_str().unwrap_or_default()).map_err(io::Error::other)
}
