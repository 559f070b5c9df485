//! What the API server would say to a role or a binding as `kubectl apply` would send it. Nothing is stored.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::ApiServer;
use super::bindings::RBAC_V1;
use super::exchange::ApiRequest;
use super::failure::CallError;
use super::object::Expected;
use crate::core::percent;

/// Every request here has it: nothing is stored.
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run>
const DRY_RUN: &str = "?dryRun=All&fieldManager=kubectl-ackcred";
/// There is one of this name already.
const EXISTS: u16 = 409;

impl ApiServer {
    /// Asks whether a Role, a ClusterRole or a binding of them would be taken: created, or written over the one of its name.
    ///
    /// # Errors
    /// It would be refused, or the call failed.
    pub async fn dry_run_rbac(&self, object: &Value) -> Result<(), CallError> {
        let created = self.dry_run_by(Method::POST, object).await;
        match created {
            Err(error) if error.status() == Some(EXISTS) => self.dry_run_by(Method::PUT, object).await,
            other => other,
        }
    }

    async fn dry_run_by(&self, method: Method, object: &Value) -> Result<(), CallError> {
        let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, name, namespace) =
            (text(&object["kind"]), text(&object["metadata"]["name"]), text(&object["metadata"]["namespace"]));
        let resource = kind.to_ascii_lowercase();
        let collection = match namespace.as_str() {
            "" => format!("/apis/{RBAC_V1}/{resource}s"),
            namespace => format!("/apis/{RBAC_V1}/namespaces/{}/{resource}s", percent::encode_segment(namespace)),
        };
        let (verb, path) = match method {
            Method::PUT => ("update", format!("{collection}/{}{DRY_RUN}", percent::encode_segment(&name))),
            _ => ("create", format!("{collection}{DRY_RUN}")),
        };
        let place = if namespace.is_empty() { String::new() } else { format!("{}/", namespace.escape_debug()) };
        let call = format!("{verb} {resource} {place}{} (dry run)", name.escape_debug());
        let question = ApiRequest::with_body(call, method, path, Bytes::from(object.to_string()));
        let read = async {
            let body = self.small_body(&question).await?;
            let namespace = Some(namespace.as_str()).filter(|namespace| !namespace.is_empty());
            Expected::object(RBAC_V1, &kind, namespace, &name).check(&body)
        };
        read.await.map_err(|failure| self.error(&question.call, failure))
    }
}
