//! Talking to a Kubernetes API server.
//!
//! Requests go through `kube::Client::send`, which gives TLS, proxies, impersonation and gzip. Everything above is here:
//! kube's own `request` holds whole bodies in memory and logs them when they can't be read, its retries are silent and
//! last for minutes, and its timeouts don't cover a body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::{HeaderMap, header};
use jiff::Timestamp;

mod access_review;
mod admission;
mod audit_id;
mod binding_object;
mod bindings;
mod byte_budget;
mod certificate_requests;
mod client;
mod client_key;
mod collected;
mod connect;
mod connections;
mod discovery;
mod exchange;
mod failure;
mod json_value;
mod lease;
mod list;
mod mappings;
mod object;
mod protobuf_list;
mod rbac_dry_run;
mod review;
mod roles;
mod secret_label;
mod secret_table;
mod server_certificate;
mod status_of_get;
mod table;
mod tls;
mod watch;
mod whole_bindings;

use crate::core::credential::certificate::{Certificate, CertificateError};
use crate::core::kubeconfig::connection::{Endpoint, Login};

pub use audit_id::new_audit_id;
pub use binding_object::ChangedBinding;
pub use bindings::BindingScope;
pub use byte_budget::ByteBudget;
pub use connect::ConnectError;
pub use failure::{CallError, Failure};
pub use lease::LeaseObject;
pub use list::{ListDecoder, ListError};
pub use protobuf_list::ProtobufListDecoder;
pub use secret_table::{SECRET as SECRET_COLUMNS, secret_row};
pub use status_of_get::GetAnswer;
pub use table::read_table;
pub use tls::TlsFailure;

use connections::Connections;

/// One API server, as one user. Calls can run side by side; so many of them have a connection at a time, and the others wait.
#[derive(Clone)]
pub struct ApiServer {
    connections: Arc<Connections>,
    endpoint: Endpoint,
    login: Login,
    clock: ServerClock,
    server: String,
    timeout: Option<Duration>,
    limits: Limits,
}

/// How much is read before an answer is given up, in bytes after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A small document.
    pub document: u64,
    /// One item of a list. etcd stores no object above 1.5 MiB by default.
    pub item: usize,
    /// All pages of a list. 100,000 bindings are about 70 MB.
    pub list: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document: 4 << 20, item: 3 << 20, list: 512 << 20 }
    }
}

/// What the `Date` of the last answer said, in seconds since 1970; 0 before the first.
#[derive(Clone, Default)]
struct ServerClock(Arc<AtomicI64>);

impl ServerClock {
    fn set(&self, headers: &HeaderMap) {
        let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            self.0.store(date.timestamp().as_second(), Ordering::Relaxed);
        }
    }

    fn time(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            seconds => Timestamp::from_second(seconds).ok(),
        }
    }
}

impl ApiServer {
    /// The same API server with other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same API server with no more connections than this at a time.
    #[must_use]
    pub fn with_connections(self, most: usize) -> Self {
        Self { connections: Arc::new(self.connections.bounded(most)), ..self }
    }

    /// Closes the connections that are idle and forgets what was made to open them. The next call connects anew.
    pub fn disconnect(&self) {
        self.connections.forget();
    }

    /// The same API server with another login.
    ///
    /// # Errors
    /// The credential can't be used.
    pub fn with_login(&self, login: &Login) -> Result<Self, ConnectError> {
        Self::connect(&self.endpoint, login, self.timeout)
    }

    /// The time of the last answer by the API server's own clock, to the second; `None` before the first answer.
    pub fn time(&self) -> Option<Timestamp> {
        self.clock.time()
    }

    /// The client certificate that is presented; `None` where there is none.
    ///
    /// # Errors
    /// Where it can't be read, which does not mean that there is none.
    pub fn client_certificate(&self) -> Result<Option<Certificate>, CertificateError> {
        self.login.certificate.as_ref().map(|(certificate, _)| Certificate::from_pem(certificate)).transpose()
    }

    /// The CA bundle that the API server is checked against.
    pub fn certificate_authority(&self) -> Option<&[u8]> {
        self.endpoint.certificate_authority.as_deref()
    }

    /// The API server's URL, without user name and password.
    pub fn server(&self) -> &str {
        &self.server
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApiServer").field("server", &self.server).finish_non_exhaustive()
    }
}
