//! What the stand-in and the real API server have in common: an address, a CA, and clients of chosen names.

use serde_json::Value;

use crate::binding::BindingRef;
use crate::certs::{Authority, CertError, Identity, KeyKind, Subject, Validity};
use crate::clock;
use crate::cloud::StartError;
use crate::kubeconfigs::{Credential, Kubeconfig};

/// Why a server could not be started or filled.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A certificate could not be made.
    #[error("making a certificate failed")]
    Certificate(#[from] CertError),
    /// The cloud beside it could not be started.
    #[error("starting the cloud failed")]
    Cloud(#[from] StartError),
    /// TLS could not be set up.
    #[error("setting up TLS failed")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// A socket, a thread, a file or a process.
    #[error("starting the API server failed")]
    Io(#[from] std::io::Error),
    /// An object that isn't served.
    #[error("{api_version} {kind} can't be stored: {reason}")]
    Object {
        /// The object's `apiVersion`.
        api_version: String,
        /// The object's `kind`.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The API server refused what the sandbox needs of it.
    #[error("{method} {path} was answered with {code}: {body}")]
    Refused {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
        /// The HTTP status.
        code: u16,
        /// The answer.
        body: String,
    },
    /// The real API server didn't come up.
    #[error("{what} didn't get ready: {last}")]
    NotReady {
        /// Which process.
        what: &'static str,
        /// The end of its log.
        last: String,
    },
}

/// A running API server, real or not.
pub trait Cluster {
    /// Where it listens, `https://127.0.0.1:<port>`.
    fn url(&self) -> String;

    /// The CA that signed the server's certificate and signs its clients'.
    fn authority(&self) -> &Authority;

    /// Forgets the history, as etcd's compaction does: pages of older lists get 410.
    ///
    /// # Errors
    /// If the store doesn't answer.
    fn compact(&self) -> Result<(), ClusterError>;

    /// From now on a request that changes the binding and leaves this subject out of it has it in its answer, at the end of the
    /// list, and in what is stored: as where a mutating admission policy puts it back. Creating and deleting are let alone.
    ///
    /// # Errors
    /// If the server doesn't take the policy.
    fn keep_subject(&self, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError>;

    /// Ends what [`Self::keep_subject`] began, for all bindings.
    ///
    /// # Errors
    /// If the server doesn't let go of the policies.
    fn keep_no_subject(&self) -> Result<(), ClusterError>;

    /// Waits until authorization follows from everything that was written so far: the real server notices it a moment later.
    ///
    /// # Errors
    /// If it doesn't get there.
    fn catch_up(&self) -> Result<(), ClusterError>;

    /// The CA's certificate in PEM.
    fn ca_pem(&self) -> String {
        self.authority().certificate_pem()
    }

    /// A client certificate of this subject, valid from now on for three years.
    ///
    /// # Errors
    /// If the system has no randomness.
    fn client(&self, subject: &Subject) -> Result<Identity, CertError> {
        // A minute back, for clocks that were read a moment apart.
        let start = clock::now().saturating_sub(jiff::SignedDuration::from_mins(1)).unwrap_or_default();
        self.authority().client(subject, Validity::ack(start), KeyKind::EcdsaP256)
    }

    /// A kubeconfig file for this subject, with a fresh certificate; its user bears the common name.
    ///
    /// # Errors
    /// If the system has no randomness.
    fn kubeconfig(&self, subject: &Subject) -> Result<String, CertError> {
        let user = &subject.common_name;
        let credential = Credential::of(&self.client(subject)?);
        let file = Kubeconfig::new().cluster("kubernetes", &self.url(), Some(&self.ca_pem())).user(user, &credential);
        Ok(file.context(user, "kubernetes", user).current(user).yaml())
    }

    /// The certificate of an administrator, by the group `system:masters`.
    ///
    /// # Errors
    /// If the system has no randomness.
    fn administrator(&self) -> Result<Identity, CertError> {
        self.client(&Subject::user("admin", ["system:masters"]))
    }
}
