//! Talking to a Kubernetes API server.
//!
//! Requests go through `kube::Client::send`, which gives TLS, proxies, impersonation and gzip. Everything above is here:
//! kube's own `request` holds whole bodies in memory and logs them when they can't be read, its retries are silent and
//! last for minutes, and its timeouts don't cover a body.

use std::fmt;
use std::time::Duration;

mod access_review;
mod bindings;
mod connect;
mod exchange;
mod failure;
mod json_value;
mod list;
mod mappings;
mod protobuf_list;
mod review;
mod roles;
mod status_of_get;
mod tls;
mod watch;

pub use bindings::BindingScope;
pub use connect::ConnectError;
pub use failure::{CallError, Failure, Refusal};
pub use list::{ListDecoder, ListError, ListTrailer};
pub use protobuf_list::ProtobufListError;
pub use tls::TlsFailure;
pub use watch::{WatchEvent, WatchedChange};

/// One API server, as one user. Calls can run side by side.
#[derive(Clone)]
pub struct ApiServer {
    client: kube::Client,
    server: String,
    timeout: Option<Duration>,
    limits: Limits,
}

/// How much is read before an answer is given up, in bytes after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A small document.
    pub document: u64,
    /// One item of a list. etcd stores no object above 1.5 MiB unless told otherwise.
    pub item: usize,
    /// All pages of a list. 100,000 bindings are about 70 MB.
    pub list: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document: 4 << 20, item: 3 << 20, list: 512 << 20 }
    }
}

impl ApiServer {
    /// The same API server with other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
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
