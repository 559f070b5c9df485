//! What the API server shows that findings are made of.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::core::access::scan::ClusterScan;
use crate::core::credential::certificate::Subject;
use crate::core::credential::static_token::StaticToken;
use crate::core::rbac::Roles;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::reach::Discovered;

/// One cluster. What could not be read is empty here, and named elsewhere.
pub struct ClusterFacts<'a> {
    /// Bindings, mappings, and who the identities are.
    pub scan: &'a ClusterScan,
    /// The roles.
    pub roles: &'a Roles,
    /// The API server's version.
    pub discovered: Discovered,
    /// The Secrets that hold static tokens.
    pub tokens: &'a [StaticToken],
    /// Requests for certificates.
    pub requests: &'a [CertificateRequest],
    /// Roles whose rules become a part of others.
    pub aggregated: &'a [AggregatedRole],
    /// Webhooks that are asked about what others write.
    pub webhooks: &'a [Webhook],
    /// Policies that change what others write.
    pub policies: &'a [AdmissionPolicy],
    /// Services that answer for a part of the API.
    pub services: &'a [ApiService],
    /// When the subjects of bindings were written last, as far as that was read.
    pub changed: &'a BTreeMap<BindingRef, Timestamp>,
    /// The time, from which days are reckoned.
    pub now: Timestamp,
}

/// A CertificateSigningRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Who asked, as the API server wrote down.
    pub requester: String,
    /// The credential with which it was asked, as the API server names it.
    pub credential_id: Option<String>,
    /// Who is to sign.
    pub signer: String,
    /// For whom it was asked; `None` where the request can't be read.
    pub subject: Option<Subject>,
    /// How far it came.
    pub state: RequestState,
}

/// How far a request for a certificate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// The certificate was issued.
    Issued,
    /// It was approved, and is not signed.
    Approved,
    /// It is not approved.
    Pending,
    /// It was denied, or failed.
    Ended,
}

/// A ClusterRole whose rules become a part of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregatedRole {
    /// Its name.
    pub name: String,
    /// The role that they become a part of: `admin`, `edit` or `view`.
    pub into: &'static str,
    /// When it was created.
    pub created: Option<Timestamp>,
}

/// Whether a webhook may change what it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookKind {
    /// It may.
    Mutating,
    /// It sees it, and may refuse it.
    Validating,
}

impl WebhookKind {
    /// The kind of its configuration.
    pub fn configuration(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }
}

/// A webhook that is reached by a URL. Those that are reached by a Service are in the cluster and not among these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Whether it may change what it is asked about.
    pub kind: WebhookKind,
    /// The configuration's name.
    pub configuration: String,
    /// The webhook's name.
    pub name: String,
    /// The host of its URL.
    pub host: String,
    /// When the configuration was created.
    pub created: Option<Timestamp>,
}

/// A MutatingAdmissionPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionPolicy {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Timestamp>,
}

/// An APIService that a Service answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiService {
    /// Its name, such as `v1beta1.metrics.k8s.io`.
    pub name: String,
    /// The Service.
    pub service: ServiceRef,
    /// When it was created.
    pub created: Option<Timestamp>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}
