//! The Lease by which programs on different machines agree whose turn it is.
//!
//! Source: <https://kubernetes.io/docs/concepts/architecture/leases/>

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::{CallError, Failure};
use super::object::Expected;
use super::review::absent_when_not_found;

const COORDINATION_V1: &str = "coordination.k8s.io/v1";
const NAMESPACE: &str = "kube-system";
const NAME: &str = "kubectl-ackcred";
const COLLECTION: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const EXPECTED: Expected<'static> = Expected::object(COORDINATION_V1, "Lease", Some(NAMESPACE), NAME);

/// The Lease as it was read or written last.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseObject(Lease);

impl LeaseObject {
    /// Who holds it; `None`: it is free.
    pub fn holder(&self) -> Option<&str> {
        self.0.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// How long a holder who doesn't renew it has it.
    pub fn duration(&self) -> Duration {
        let seconds = self.0.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
        Duration::from_secs(seconds.try_into().unwrap_or_default())
    }

    /// Its version: a Lease that was renewed has another.
    pub fn version(&self) -> &str {
        self.0.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// The Lease as a new holder writes it.
    #[must_use]
    pub fn taken(self, holder: &str, duration: Duration, now: Timestamp) -> Self {
        let transitions = self.0.spec.as_ref().and_then(|spec| spec.lease_transitions);
        let spec = LeaseSpec {
            lease_transitions: transitions.map(|count| count.saturating_add(1)),
            ..spec(holder, duration, now)
        };
        Self(Lease { spec: Some(spec), ..self.0 })
    }

    /// The Lease as its holder renews it.
    #[must_use]
    pub fn renewed(mut self, now: Timestamp) -> Self {
        self.0.spec.get_or_insert_default().renew_time = Some(MicroTime(now));
        self
    }

    /// The Lease as its holder leaves it to others.
    #[must_use]
    pub fn released(mut self, now: Timestamp) -> Self {
        let spec = self.0.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        // Zero is refused.
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(now));
        self
    }
}

fn spec(holder: &str, duration: Duration, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: Some(duration.as_secs().try_into().unwrap_or(i32::MAX)),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(0),
        ..LeaseSpec::default()
    }
}

impl ApiServer {
    /// Reads the Lease kube-system/kubectl-ackcred. `None`: there is none.
    ///
    /// # Errors
    /// The call failed.
    pub async fn lease(&self) -> Result<Option<LeaseObject>, CallError> {
        let question = ApiRequest::get(call("get"), format!("{COLLECTION}/{NAME}"));
        Ok(absent_when_not_found(self.object(&question, EXPECTED).await)?.map(LeaseObject))
    }

    /// Creates the Lease for its first holder.
    ///
    /// # Errors
    /// The call failed; with 409 where there is one by now.
    pub async fn create_lease(
        &self,
        holder: &str,
        duration: Duration,
        now: Timestamp,
    ) -> Result<LeaseObject, CallError> {
        let metadata =
            ObjectMeta { name: Some(NAME.to_owned()), namespace: Some(NAMESPACE.to_owned()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(spec(holder, duration, now)) };
        self.write_lease("create", Method::POST, COLLECTION.to_owned(), &lease).await
    }

    /// Writes the Lease, if it still has the version that was read.
    ///
    /// # Errors
    /// The call failed; with 409 where another version is there by now.
    pub async fn update_lease(&self, LeaseObject(lease): &LeaseObject) -> Result<LeaseObject, CallError> {
        self.write_lease("update", Method::PUT, format!("{COLLECTION}/{NAME}"), lease).await
    }

    async fn write_lease(
        &self,
        verb: &str,
        method: Method,
        path: String,
        lease: &Lease,
    ) -> Result<LeaseObject, CallError> {
        let body =
            serde_json::to_vec(lease).map_err(|error| self.error(call(verb), Failure::Malformed(error.into())))?;
        let question = ApiRequest::with_body(call(verb), method, path, Bytes::from(body));
        self.object(&question, EXPECTED).await.map(LeaseObject)
    }
}

/// In words, for errors: `update lease kube-system/kubectl-ackcred`.
fn call(verb: &str) -> String {
    format!("{verb} lease {NAMESPACE}/{NAME}")
}
