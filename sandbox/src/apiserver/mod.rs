//! A stand-in for the RBAC part of the Kubernetes API, on loopback, over TLS.
//!
//! It answers as kube-apiserver 1.36 does, with the same messages and codes; `tests/servers/cluster` runs one set of scenarios
//! against both and fails where they differ. It speaks HTTP/1.1 only, reads JSON, YAML and protobuf, and answers in JSON only.
//! Server-side apply is left out, and says so.

mod action;
mod admission;
mod audit;
mod authentication;
mod authorizer;
mod bootstrap;
mod decode;
mod defaults;
mod delete;
mod discovery;
mod escalation;
mod exchange;
mod faults;
mod field_validation;
mod form;
mod host;
mod impersonation;
mod incoming_request;
mod lease;
mod managed_fields;
mod object;
mod openapi;
mod patch;
mod percent;
mod port;
mod protobuf;
mod random;
mod read;
mod request;
mod request_checks;
mod request_headers;
mod resource_request;
mod resources;
mod respond;
mod reviews;
mod schema;
mod selector;
mod server_state;
mod static_token;
mod status;
mod store;
mod strategic_merge;
mod table;
mod timestamp;
mod tls;
mod user;
mod validation;
mod watch;
mod wire;
mod write;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use serde_json::Value;

pub use self::faults::{Exchange, Fault, Faults, Gate, Impostor};
pub use self::user::User;

pub(crate) use self::host::Host;

use self::admission::Admission;
use self::audit::AuditLog;
use self::object::Object;
use self::port::{ConnectionContext, Port};
use self::server_state::ServerState;
use self::store::Store;
use self::tls::{Certificates, ClientVerifier};
use crate::binding::BindingRef;
use crate::certs::Authority;
use crate::clock;
use crate::cluster::{Cluster, ClusterError};

/// How a server differs from a plain one.
#[derive(Default)]
pub struct ApiServerOptions {
    /// Bearer tokens and whose they are.
    pub tokens: BTreeMap<String, User>,
    /// Whether ack-ram-authenticator's API group exists.
    pub ram_authenticator: bool,
    /// Names beside `localhost` in the server's certificate.
    pub names: Vec<String>,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Whether an audit log is kept.
    pub audit: bool,
}

/// A running server; it ends when this is dropped.
pub struct ApiServer {
    address: SocketAddr,
    authority: Arc<Authority>,
    server: Arc<ServerState>,
    port: Port,
}

impl ApiServer {
    /// Starts a server under its own CA, on its own thread.
    ///
    /// # Errors
    /// If no port is free or a certificate can't be made.
    pub fn start(options: ApiServerOptions) -> Result<Self, ClusterError> {
        Self::start_under(Arc::new(Authority::new(clock::now())?), options)
    }

    /// Starts a server under this CA, on its own thread.
    ///
    /// # Errors
    /// If no port is free or a certificate can't be made.
    pub fn start_under(authority: Arc<Authority>, options: ApiServerOptions) -> Result<Self, ClusterError> {
        Self::start_on(&Host::start()?, authority, options)
    }

    /// Starts a server under this CA, on a thread that may have others.
    ///
    /// # Errors
    /// If no port is free or a certificate can't be made.
    pub(crate) fn start_on(
        host: &Host,
        authority: Arc<Authority>,
        options: ApiServerOptions,
    ) -> Result<Self, ClusterError> {
        let certificates = Certificates::new(authority.clone(), options.names)?;
        let verifier = Arc::new(ClientVerifier::new(authority.certificate_der())?);
        let server = Arc::new(ServerState {
            store: Store::new(),
            tokens: options.tokens,
            ram_authenticator: options.ram_authenticator,
            faults: Faults::default(),
            admission: Admission::default(),
            audit: AuditLog::new(options.audit),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let address = listener.local_addr()?;
        let port = Port::open(
            host,
            listener,
            ConnectionContext { certificates: Arc::new(certificates), verifier, server: server.clone() },
        )?;
        let running = Self { address, authority, server, port };
        for object in bootstrap::objects() {
            running.put(object, "kube-apiserver")?;
        }
        Ok(running)
    }

    /// Stores an object past all checks, as if `manager` had made it just now; for filling a server before use.
    ///
    /// # Errors
    /// If `apiVersion` and `kind` aren't served or the object can't be read.
    pub fn put(&self, object: Value, manager: &str) -> Result<(), ClusterError> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let unknown =
            |reason: String| ClusterError::Object { api_version: api_version.clone(), kind: kind.clone(), reason };
        let resource = resources::of_kind(&api_version, &kind).ok_or_else(|| unknown("not served".into()))?;
        let Value::Object(mut map) = object else { return Err(unknown("not an object".into())) };
        map.remove("apiVersion");
        map.remove("kind");
        let mut object = Object::from_value(resource, map).map_err(unknown)?;
        let created = object.metadata.creation_timestamp.clone();
        let now = clock::now();
        defaults::default_groups(&mut object);
        defaults::fill_new(&mut object, now);
        if created.is_some() {
            object.metadata.creation_timestamp = created;
        }
        managed_fields::record(&mut object, None, manager, &timestamp::stamp(now));
        self.server.store.put(object);
        Ok(())
    }

    /// The faults of this server, and what it was asked.
    pub fn faults(&self) -> Faults {
        self.server.faults.clone()
    }

    /// The audit log so far, one event a line; empty where none is kept.
    pub fn audit_log(&self) -> Vec<String> {
        self.server.audit.lines()
    }

    /// Stops listening: from now on connections are refused, and what was open is closed. The port stays
    /// reserved, so that no other process answers there.
    ///
    /// # Errors
    /// If another process takes the port first.
    pub fn shut(&self) -> std::io::Result<()> {
        self.port.shut(self.address)
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Cluster for ApiServer {
    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Watches from before get 410 too; the real server's go on as far as its cache reaches.
    fn compact(&self) -> Result<(), ClusterError> {
        self.server.store.compact();
        Ok(())
    }

    fn keep_subject(&self, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError> {
        self.server.admission.keep(binding, subject).map_err(|error| ClusterError::Object {
            api_version: "rbac.authorization.k8s.io/v1".into(),
            kind: binding.kind().into(),
            reason: error.to_string(),
        })
    }

    fn keep_no_subject(&self) -> Result<(), ClusterError> {
        self.server.admission.keep_none();
        Ok(())
    }

    /// It always has.
    fn catch_up(&self) -> Result<(), ClusterError> {
        Ok(())
    }
}
