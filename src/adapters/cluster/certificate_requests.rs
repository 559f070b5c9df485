//! Reads the requests for certificates that the API server still has.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::ApiServer;
use super::collected::{ClusterKind, Metadata};
use super::failure::CallError;
use crate::core::audit::event::CREDENTIAL_ID;
use crate::core::credential::certificate_request::subject_of;
use crate::core::persistence::{CertificateRequest, RequestState};

const REQUESTS: ClusterKind = ClusterKind {
    group: "certificates.k8s.io",
    api_version: "certificates.k8s.io/v1",
    plural: "certificatesigningrequests",
    list_kind: "CertificateSigningRequestList",
};

#[derive(Deserialize)]
struct Request {
    metadata: Metadata,
    spec: Spec,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    request: String,
    #[serde(default)]
    signer_name: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    extra: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    certificate: Option<String>,
    #[serde(default)]
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
}

impl ApiServer {
    /// Reads every request for a certificate. API servers forget them after an hour to a day.
    ///
    /// # Errors
    /// The call failed.
    pub async fn certificate_requests(&self) -> Result<Vec<CertificateRequest>, CallError> {
        let requests: Option<Vec<Request>> = self.collected(&REQUESTS).await?;
        Ok(requests.unwrap_or_default().into_iter().map(facts).collect())
    }
}

fn facts(Request { metadata, spec, status }: Request) -> CertificateRequest {
    let pem = STANDARD.decode(&spec.request).ok();
    let credential = spec.extra.and_then(|mut extra| extra.remove(CREDENTIAL_ID)).unwrap_or_default();
    CertificateRequest {
        name: metadata.name,
        created: metadata.creation_timestamp,
        requester: spec.username,
        credential_id: credential.into_iter().next(),
        signer: spec.signer_name,
        subject: pem.and_then(|pem| subject_of(&pem)),
        state: state(&status.unwrap_or_default()),
    }
}

fn state(status: &Status) -> RequestState {
    let has = |kind: &str| status.conditions.iter().flatten().any(|condition| condition.kind == kind);
    if has("Denied") || has("Failed") {
        RequestState::Ended
    } else if status.certificate.as_ref().is_some_and(|certificate| !certificate.is_empty()) {
        RequestState::Issued
    } else if has("Approved") {
        RequestState::Approved
    } else {
        RequestState::Pending
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_api_server_wrote_and_how_far_it_came_is_read() {
        let request = |status: serde_json::Value| {
            let document = json!({
                "metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}, "status": status,
                "spec": {"request": "!", "signerName": "s", "username": "ann", "extra": {CREDENTIAL_ID: ["X509SHA256=1"]}},
            });
            facts(serde_json::from_value(document).unwrap())
        };
        for (status, expected) in [
            (json!(null), RequestState::Pending),
            (json!({"conditions": [{"type": "Approved"}]}), RequestState::Approved),
            (json!({"conditions": [{"type": "Approved"}], "certificate": "LS0="}), RequestState::Issued),
            (json!({"conditions": [{"type": "Approved"}, {"type": "Failed"}]}), RequestState::Ended),
            (json!({"conditions": [{"type": "Denied"}], "certificate": "LS0="}), RequestState::Ended),
        ] {
            assert_eq!(request(status.clone()).state, expected, "{status}");
        }
        let read = request(json!({}));
        assert_eq!((read.credential_id.as_deref(), read.subject), (Some("X509SHA256=1"), None));
    }
}
