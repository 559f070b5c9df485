//! DELETE with preconditions, finalizers and dry run.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::form::{self, Form, negotiate};
use super::object::{Content, Object};
use super::request_checks::check_dry_run;
use super::resource_request::ResourceRequest;
use super::respond::{self, ApiResponse};
use super::status::{FieldError, StatusError, deleted};
use super::store::StoredObject;
use super::timestamp::stamp;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DeleteOptions {
    preconditions: Option<Preconditions>,
    propagation_policy: Option<String>,
    dry_run: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Preconditions {
    uid: Option<String>,
    resource_version: Option<String>,
}

/// Deletes an object, or marks it if finalizers hold it: it then still grants access.
pub(crate) fn delete(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    negotiate(request.headers, false)?;
    check_dry_run(request, "DeleteOptions")?;
    let options = options(request)?;
    let dry_run = request.parameters.dry_run() || options.dry_run.as_ref().is_some_and(|stages| !stages.is_empty());
    let _writing = request.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let stored = request.stored()?;
    check_preconditions(request, &options.preconditions.unwrap_or_default(), &stored.object)?;
    if stored.object.metadata.finalizers.is_empty() && !matches!(stored.object.content, Content::Namespace(_)) {
        if !dry_run {
            request.server.store.remove(&stored.object);
        }
        let status = deleted(request.resource, &request.target.name, &stored.object.metadata.uid);
        return Ok(respond::json(200, status.to_string(), request.headers));
    }
    let marked = mark(request, &stored, dry_run);
    Ok(respond::json(200, form::single(Form::Whole, &marked, request.now), request.headers))
}

fn mark(request: &ResourceRequest<'_>, stored: &Arc<StoredObject>, dry_run: bool) -> Arc<StoredObject> {
    if stored.object.metadata.deletion_timestamp.is_some() {
        return stored.clone();
    }
    let mut object = stored.object.clone();
    object.metadata.deletion_timestamp = Some(stamp(request.now));
    match &mut object.content {
        Content::Namespace(namespace) => namespace.status.phase = "Terminating".into(),
        _ => object.metadata.deletion_grace_period_seconds = Some(0),
    }
    if dry_run {
        return Arc::new(StoredObject { item: Bytes::new(), object, version: stored.version });
    }
    request.server.store.put(object)
}

fn options(request: &ResourceRequest<'_>) -> Result<DeleteOptions, StatusError> {
    if request.body.is_empty() {
        return Ok(DeleteOptions::default());
    }
    if !matches!(request.content_type(), "application/json" | "") {
        return Err(StatusError::unsupported_body(true));
    }
    let options: DeleteOptions =
        serde_json::from_slice(request.body).map_err(|error| StatusError::bad_request(error.to_string()))?;
    let policies = ["Foreground", "Background", "Orphan", "nil"];
    match &options.propagation_policy {
        Some(policy) if !policies[..3].contains(&policy.as_str()) => {
            let error = FieldError::not_supported("propagationPolicy", &json!(policy), &policies);
            Err(StatusError::invalid("meta.k8s.io", "DeleteOptions", "", &[error]))
        }
        _ => Ok(options),
    }
}

fn check_preconditions(
    request: &ResourceRequest<'_>,
    wanted: &Preconditions,
    object: &Object,
) -> Result<(), StatusError> {
    let metadata = &object.metadata;
    if let Some(uid) = wanted.uid.as_ref().filter(|uid| **uid != metadata.uid) {
        let detail = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). \
             The object might have been deleted and then recreated",
            metadata.uid
        );
        return Err(StatusError::precondition(request.resource, &metadata.name, &detail));
    }
    if let Some(version) = wanted.resource_version.as_ref().filter(|version| **version != metadata.resource_version) {
        let detail = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). \
             The object might have been modified",
            metadata.resource_version
        );
        return Err(StatusError::precondition(request.resource, &metadata.name, &detail));
    }
    Ok(())
}
