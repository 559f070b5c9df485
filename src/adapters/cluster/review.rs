//! Who one is to the API server, and which cluster it says it belongs to.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::CallError;
use super::object::Expected;
use crate::core::cluster::server_view::{ClusterProfile, ServerIdentity};

const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;

#[derive(Deserialize)]
struct Review {
    status: ReviewStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewStatus {
    user_info: UserInfo,
}

#[derive(Deserialize)]
struct UserInfo {
    username: String,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    extra: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct ConfigMap {
    #[serde(default)]
    data: Option<BTreeMap<String, String>>,
}

impl ApiServer {
    /// Asks who one is. `None`: the API server is older than the question (Kubernetes 1.28).
    pub async fn self_subject_review(&self) -> Result<Option<ServerIdentity>, CallError> {
        let question = ApiRequest::with_body(
            "create selfsubjectreviews.authentication.k8s.io",
            Method::POST,
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            Bytes::from_static(REVIEW.as_bytes()),
        );
        let expected = Expected::kind("authentication.k8s.io/v1", "SelfSubjectReview");
        let review: Option<Review> = absent_when_not_found(self.object(&question, expected).await)?;
        Ok(review.map(|review| {
            let user = review.status.user_info;
            ServerIdentity {
                username: user.username,
                uid: user.uid.filter(|uid| !uid.is_empty()),
                groups: user.groups.unwrap_or_default(),
                extra: user.extra.unwrap_or_default(),
            }
        }))
    }

    /// Reads ConfigMap kube-system/ack-cluster-profile. `None`: there is none, as on clusters outside ACK.
    pub async fn cluster_profile(&self) -> Result<Option<ClusterProfile>, CallError> {
        let call = "get configmap kube-system/ack-cluster-profile";
        let mut data = match self.config_map(call, "ack-cluster-profile").await? {
            None => return Ok(None),
            Some(data) => data,
        };
        let mut text = |key: &str| data.remove(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Some(ClusterProfile { cluster_id: text("clusterid"), owner: text("uid") }))
    }

    /// The data of a ConfigMap in kube-system, if it exists.
    pub(super) async fn config_map(
        &self,
        call: &'static str,
        name: &str,
    ) -> Result<Option<BTreeMap<String, String>>, CallError> {
        let question = ApiRequest::get(call, format!("/api/v1/namespaces/kube-system/configmaps/{name}"));
        let expected = Expected::object("v1", "ConfigMap", Some("kube-system"), name);
        let object: Option<ConfigMap> = absent_when_not_found(self.object(&question, expected).await)?;
        Ok(object.map(|object| object.data.unwrap_or_default()))
    }
}

pub(super) fn absent_when_not_found<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
