//! Single bindings: read whole, changed exactly, or asked about by a dry run.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiServer;
use super::bindings::RBAC_V1;
use super::exchange::ApiRequest;
use super::failure::{CallError, Failure};
use super::object::{Expected, Head};
use super::review::absent_when_not_found;
use crate::core::percent;
use crate::core::rbac::binding::{BindingKind, RBAC_GROUP};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::revocation::change::Change;

/// Under this name changes stand in `managedFields`.
const FIELD_MANAGER: &str = "kubectl-ackcred";

/// What a request is for.
enum Purpose<'a> {
    /// To change the binding, under this name in the audit log.
    Change { audit_id: &'a str },
    /// To learn what the API server would say.
    DryRun,
}

/// What the API server answered to a change.
pub struct ChangedBinding {
    /// The HTTP status.
    pub status: u16,
    /// The binding as it is afterwards, as far as the answer tells; `None` where it is gone.
    pub after: Option<BindingObject>,
}

impl ApiServer {
    /// Reads a binding as it is now. `None`: there is none, or no such namespace.
    ///
    /// # Errors
    /// The call failed.
    pub async fn binding(&self, binding: &BindingRef) -> Result<Option<BindingObject>, CallError> {
        let question = ApiRequest::get(call("get", binding), item_path(binding));
        absent_when_not_found(self.object(&question, expected(binding)).await)
    }

    /// Changes a binding.
    ///
    /// # Errors
    /// The call failed. Where no answer came it may have been carried out all the same.
    pub async fn change_binding(
        &self,
        binding: &BindingRef,
        change: &Change,
        audit_id: &str,
    ) -> Result<ChangedBinding, CallError> {
        self.request(binding, change, Purpose::Change { audit_id }).await
    }

    /// Asks what the API server would say to a change. Admission is asked as well, nothing is stored.
    /// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run>
    ///
    /// # Errors
    /// It would refuse, or the call failed.
    pub async fn dry_run(&self, binding: &BindingRef, change: &Change) -> Result<(), CallError> {
        self.request(binding, change, Purpose::DryRun).await.map(|_| ())
    }

    async fn request(
        &self,
        binding: &BindingRef,
        change: &Change,
        purpose: Purpose<'_>,
    ) -> Result<ChangedBinding, CallError> {
        let question = question(binding, change, &purpose);
        let read = async {
            let (status, body) = self.small_answer(&question).await?;
            if matches!(change, Change::Delete { .. }) && says_that_it_is_gone(&body)? {
                return Ok(ChangedBinding { status, after: None });
            }
            expected(binding).check(&body)?;
            let after = serde_json::from_slice(&body).map(Some).map_err(Failure::malformed)?;
            Ok(ChangedBinding { status, after })
        };
        read.await.map_err(|failure| self.error(&question.call, failure))
    }
}

fn expected(binding: &BindingRef) -> Expected<'_> {
    Expected::object(RBAC_V1, binding.kind.as_str(), binding.namespace.as_deref(), &binding.name)
}

/// What DELETE answers where the object is gone: a Status of success. Where it waits for a finalizer, the object is answered.
fn says_that_it_is_gone(body: &[u8]) -> Result<bool, Failure> {
    #[derive(Deserialize)]
    struct Outcome {
        #[serde(default)]
        status: Value,
    }
    if Head::of(body)?.kind != "Status" {
        return Ok(false);
    }
    let outcome: Outcome = serde_json::from_slice(body).map_err(Failure::malformed)?;
    Ok(outcome.status == "Success")
}

fn question(binding: &BindingRef, change: &Change, purpose: &Purpose<'_>) -> ApiRequest {
    let dry_run = matches!(purpose, Purpose::DryRun);
    let parameters = match dry_run {
        true => format!("?fieldManager={FIELD_MANAGER}&dryRun=All"),
        false => format!("?fieldManager={FIELD_MANAGER}"),
    };
    let question = match change {
        Change::Delete { uid, resource_version } => {
            let mut options = json!({
                "kind": "DeleteOptions", "apiVersion": "v1",
                "preconditions": {"uid": uid, "resourceVersion": resource_version},
            });
            let mut path = item_path(binding);
            if dry_run {
                // With a body the parameters don't count; they are for readers of a log.
                options["dryRun"] = json!(["All"]);
                path.push_str("?dryRun=All");
            }
            let body = Bytes::from(options.to_string());
            ApiRequest::with_body(call("delete", binding), Method::DELETE, path, body)
        }
        Change::Patch { operations } => {
            let (path, body) = (item_path(binding) + &parameters, Value::from(operations.clone()).to_string());
            let patch = ApiRequest::with_body(call("patch", binding), Method::PATCH, path, Bytes::from(body));
            ApiRequest { content_type: "application/json-patch+json", ..patch }
        }
        Change::Create { object } => {
            let (path, body) = (list_path(binding) + &parameters, Value::from((**object).clone()).to_string());
            ApiRequest::with_body(call("create", binding), Method::POST, path, Bytes::from(body))
        }
    };
    match purpose {
        Purpose::Change { audit_id } => ApiRequest { audit_id: Some((*audit_id).to_owned()), ..question },
        Purpose::DryRun => question,
    }
}

/// In words, for errors: `patch rolebinding shop/team`.
fn call(verb: &str, binding: &BindingRef) -> String {
    let kind = binding.kind.as_str().to_ascii_lowercase();
    match &binding.namespace {
        None => format!("{verb} {kind} {}", binding.name.escape_debug()),
        Some(namespace) => format!("{verb} {kind} {}/{}", namespace.escape_debug(), binding.name.escape_debug()),
    }
}

fn list_path(binding: &BindingRef) -> String {
    match binding.kind {
        BindingKind::ClusterRoleBinding => format!("/apis/{RBAC_GROUP}/v1/clusterrolebindings"),
        BindingKind::RoleBinding => {
            let namespace = percent::encode_segment(binding.namespace.as_deref().unwrap_or_default());
            format!("/apis/{RBAC_GROUP}/v1/namespaces/{namespace}/rolebindings")
        }
    }
}

fn item_path(binding: &BindingRef) -> String {
    format!("{}/{}", list_path(binding), percent::encode_segment(&binding.name))
}
