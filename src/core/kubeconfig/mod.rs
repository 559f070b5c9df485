//! Kubeconfig files: their model, and how several become one.
//!
//! The rules are client-go's: <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>

pub mod connection;
pub mod edit;
pub mod exec_credential;
pub mod plugin_arguments;
pub mod plugin_policy;
pub mod proxy;

mod lines;
mod merge;
mod parse;
mod paths;
mod refusal;
mod resolve;

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroize;

use crate::core::secret::Secret;
use crate::core::sourced::Sourced;

pub use lines::UserLines;
pub use merge::merge;
pub use parse::{ParseError, looks_like_kubeconfig, parse};
pub use paths::clean;
pub use refusal::refusal;
pub use resolve::{Overrides, ResolveError, ResolvedContext, resolve, resolve_each};

/// The merged content of one or more kubeconfig files.
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// `current-context` of the first file that sets one.
    pub current_context: Option<Sourced<String>>,
    /// Contexts by name.
    pub contexts: BTreeMap<String, Sourced<Context>>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Sourced<Cluster>>,
    /// Users (`authInfo`s) by name.
    pub users: BTreeMap<String, Sourced<User>>,
}

impl Kubeconfig {
    /// The context that must be meant where none is current: the only one.
    pub fn only_context(&self) -> Option<&str> {
        match (&self.current_context, self.contexts.len()) {
            (None, 1) => self.contexts.keys().next().map(String::as_str),
            _ => None,
        }
    }
}

/// A context: which cluster, as which user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Name of an entry in `clusters`; empty when the file names none.
    pub cluster: String,
    /// Name of an entry in `users`; empty when the file names none.
    pub user: String,
    /// Default namespace.
    pub namespace: Option<String>,
}

/// How an API server is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// URL of the API server.
    pub server: String,
    /// Name to check the server's certificate against, instead of the URL's host.
    pub tls_server_name: Option<String>,
    /// Whether the server's certificate is not checked at all.
    pub insecure_skip_tls_verify: bool,
    /// File with the CA bundle, already resolved against the kubeconfig's folder.
    pub certificate_authority: Option<PathBuf>,
    /// The CA bundle itself; it wins over the file.
    pub certificate_authority_data: Option<Data>,
    /// Proxy for requests to this cluster.
    pub proxy_url: Option<String>,
    /// Whether responses should not be compressed.
    pub disable_compression: bool,
    /// The extension `client.authentication.k8s.io/exec`, which credential plugins are given.
    pub exec_config: Option<serde_json::Value>,
}

/// A credential, in the order in which client-go looks at its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// File with the client certificate, already resolved.
    pub client_certificate: Option<PathBuf>,
    /// The client certificate itself (PEM); it wins over the file.
    pub client_certificate_data: Option<Data>,
    /// File with the private key, already resolved.
    pub client_key: Option<PathBuf>,
    /// The private key itself (PEM); it wins over the file.
    pub client_key_data: Option<Secret<Data>>,
    /// Bearer token.
    pub token: Option<Secret<String>>,
    /// File with a bearer token, already resolved; it wins over `token`.
    pub token_file: Option<PathBuf>,
    /// `as`, `as-uid`, `as-groups`, `as-user-extra`.
    pub impersonate: Impersonate,
    /// Basic authentication.
    pub username: Option<String>,
    /// Basic authentication.
    pub password: Option<Secret<String>>,
    /// Legacy authentication provider.
    pub auth_provider: Option<AuthProvider>,
    /// Credential plugin.
    pub exec: Option<Exec>,
}

/// Whom to act as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonate {
    /// User name.
    pub user: Option<String>,
    /// User ID.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Extra fields.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// An entry of the removed `auth-provider` kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthProvider {
    /// Provider name, such as `oidc`.
    pub name: String,
    /// Its settings; they hold tokens.
    pub config: BTreeMap<String, Secret<String>>,
}

/// A credential plugin.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exec {
    /// `client.authentication.k8s.io/v1` or `/v1beta1`.
    pub api_version: String,
    /// The program; resolved against the kubeconfig's folder when it holds a path separator.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables set for it, in order. Values can be secrets.
    pub env: Vec<(String, Secret<String>)>,
    /// Whether it is given the cluster's address and CA.
    pub provide_cluster_info: bool,
    /// Whether it may use the terminal.
    pub interactive_mode: InteractiveMode,
    /// Shown when the program is not installed.
    pub install_hint: Option<String>,
}

/// Whether a credential plugin may use standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InteractiveMode {
    /// Never given standard input.
    Never,
    /// Given it when it is a terminal.
    #[default]
    IfAvailable,
    /// Fails without a terminal.
    Always,
    /// Not stated, which `client.authentication.k8s.io/v1` demands: kubectl refuses to run the plugin.
    Unspecified,
    /// Stated, but none of the above: kubectl refuses to run the plugin.
    Unknown,
}

/// A base64 field (`*-data`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// The decoded bytes.
    Decoded(Vec<u8>),
    /// Not base64, with the reason. kubectl refuses such a file; here only the entry is invalid.
    Malformed(String),
}

impl Zeroize for Data {
    fn zeroize(&mut self) {
        match self {
            Self::Decoded(bytes) => bytes.zeroize(),
            Self::Malformed(reason) => reason.zeroize(),
        }
    }
}
