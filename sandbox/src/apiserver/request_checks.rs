//! Checks that several writing handlers make before they change anything.

use serde_json::json;

use super::object::Object;
use super::resource_request::ResourceRequest;
use super::resources::find;
use super::status::{FieldError, StatusError};

/// Gives the object the namespace of the address, and refuses another.
pub(crate) fn set_namespace(request: &ResourceRequest<'_>, object: &mut Object) -> Result<(), StatusError> {
    let namespace = request.namespace().unwrap_or_default();
    if !object.metadata.namespace.is_empty() && object.metadata.namespace != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(StatusError::bad_request(message));
    }
    object.metadata.namespace = namespace.into();
    Ok(())
}

/// The name in an object that is to take this address.
pub(crate) fn check_name(request: &ResourceRequest<'_>, object: &Object) -> Result<(), StatusError> {
    let (name, url) = (&object.metadata.name, &request.target.name);
    if name.is_empty() {
        return Err(StatusError::bad_request(format!(
            "the name of the object ({url} based on URL) was undeterminable: name must be provided"
        )));
    }
    if name != url {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({url})");
        return Err(StatusError::bad_request(message));
    }
    Ok(())
}

/// The UID in an object that replaces another.
pub(crate) fn check_uid(object: &Object, old: &Object) -> Result<(), StatusError> {
    check_precondition(object, &old.metadata.uid)
}

/// The UID in an object that replaces one that is gone.
pub(crate) fn check_absent_uid(object: &Object) -> Result<(), StatusError> {
    check_precondition(object, "")
}

fn check_precondition(object: &Object, actual: &str) -> Result<(), StatusError> {
    let metadata = &object.metadata;
    let wanted = &metadata.uid;
    if wanted.is_empty() || wanted == actual {
        return Ok(());
    }
    let place = if metadata.namespace.is_empty() { String::new() } else { format!("{}/", metadata.namespace) };
    let resource = object.resource.0;
    let detail = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}{}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}",
        resource.plural, metadata.name
    );
    Err(StatusError::modified(resource, &metadata.name, &detail))
}

/// A namespaced object needs a namespace that is there and stays.
pub(crate) fn check_namespace(request: &ResourceRequest<'_>, name: &str) -> Result<(), StatusError> {
    let Some(namespace) = request.namespace() else { return Ok(()) };
    let namespaces = find("", "v1", "namespaces").unwrap_or(request.resource);
    let Some(stored) = request.server.store.get(namespaces, "", namespace) else {
        return Err(StatusError::not_found(namespaces, namespace));
    };
    if stored.object.metadata.deletion_timestamp.is_some() {
        return Err(StatusError::terminating(request.resource, name, namespace));
    }
    Ok(())
}

/// `dryRun` may be absent or `All`.
pub(crate) fn check_dry_run(request: &ResourceRequest<'_>, options: &str) -> Result<(), StatusError> {
    match request.parameters.get("dryRun") {
        None | Some("All") => Ok(()),
        Some(other) => {
            let error = FieldError::not_supported("dryRun", &json!([other]), &["All"]);
            Err(StatusError::invalid("meta.k8s.io", options, "", &[error]))
        }
    }
}
