//! One cluster of a fleet.

use std::sync::Arc;

use jiff::Timestamp;
use ring::digest;

use crate::apiserver::{self, ApiServer, Host};
use crate::certs::{Authority, KeyKind};
use crate::cluster::ClusterError;
use crate::kubeconfigs::Credential;
use crate::story::{self, OPERATOR};

/// One cluster of a fleet.
pub struct Member {
    /// The ID in ACK.
    pub id: String,
    /// The name in ACK, `shop-001` for the first.
    pub name: String,
    /// The context in the operator's kubeconfig, `<uid>-<cluster ID>` as ACK names it.
    pub context: String,
    /// The API server.
    pub server: ApiServer,
    pub(super) operator: Credential,
}

impl Member {
    /// Starts the cluster of this number, with ack-ram-authenticator's API group or without.
    pub(super) fn start(
        place: usize,
        host: &Host,
        ram_authenticator: bool,
        now: Timestamp,
    ) -> Result<Self, ClusterError> {
        let id = cluster_id(place);
        let authority = Arc::new(Authority::new(now)?);
        let operator = story::people::identity(&authority, OPERATOR, KeyKind::EcdsaP256, now)?;
        let operator = Credential::bundled(&operator, &authority);
        let options = apiserver::ApiServerOptions { ram_authenticator, ..apiserver::ApiServerOptions::default() };
        let server = ApiServer::start_on(host, authority, options)?;
        for object in story::cluster::objects(&id, now) {
            server.put(object, "ack-console")?;
        }
        let context = format!("{}-{id}", OPERATOR.uid);
        Ok(Self { name: format!("shop-{:03}", place + 1), context, server, operator, id })
    }
}

/// `c` and 32 hex digits, always the same for the same place.
fn cluster_id(place: usize) -> String {
    let digest = digest::digest(&digest::SHA256, format!("cluster {place}").as_bytes());
    let digits: String = digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("c{digits}")
}
