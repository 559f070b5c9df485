//! Asks the API server what a user may do.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::CallError;
use super::object::Expected;
use crate::core::cluster::server_view::AccessReview;
use crate::core::rbac::{Attributes, UserInfo};

const API_VERSION: &str = "authorization.k8s.io/v1";

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    allowed: bool,
    #[serde(default)]
    denied: Option<bool>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    evaluation_error: Option<String>,
}

impl ApiServer {
    /// Asks whether a user may do this. The groups are sent as they are: no server adds `system:authenticated`.
    /// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/>
    pub async fn subject_access_review(
        &self,
        user_info: &UserInfo,
        attributes: &Attributes,
    ) -> Result<AccessReview, CallError> {
        let mut spec = spec(attributes);
        spec["user"] = user_info.name.as_str().into();
        spec["groups"] = json!(user_info.groups);
        self.access_review("SubjectAccessReview", "subjectaccessreviews", &spec).await
    }

    /// Asks whether one may do this oneself.
    /// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/>
    pub async fn self_subject_access_review(&self, attributes: &Attributes) -> Result<AccessReview, CallError> {
        self.access_review("SelfSubjectAccessReview", "selfsubjectaccessreviews", &spec(attributes)).await
    }

    async fn access_review(&self, kind: &str, plural: &str, spec: &Value) -> Result<AccessReview, CallError> {
        let body = json!({"apiVersion": API_VERSION, "kind": kind, "spec": spec}).to_string();
        let call = format!("create {plural}.authorization.k8s.io");
        let path = format!("/apis/authorization.k8s.io/v1/{plural}");
        let question = ApiRequest { method: Method::POST, body: Bytes::from(body), ..ApiRequest::get(call, path) };
        let Review { status } = self.object(&question, Expected::kind(API_VERSION, kind)).await?;
        Ok(AccessReview {
            allowed: status.allowed,
            denied: status.denied.unwrap_or_default(),
            reason: status.reason.unwrap_or_default(),
            evaluation_error: status.evaluation_error.filter(|error| !error.is_empty()),
        })
    }
}

/// Empty texts mean the same as none.
fn spec(attributes: &Attributes) -> Value {
    let Attributes { verb, group, resource, subresource, name, namespace, path } = attributes;
    match path {
        Some(path) => json!({"nonResourceAttributes": {"verb": verb, "path": path}}),
        None => json!({"resourceAttributes": {
            "verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": name,
            "namespace": namespace,
        }}),
    }
}
