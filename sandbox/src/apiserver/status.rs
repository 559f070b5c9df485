//! Errors as the API server sends them: `Status` objects.

use serde::Serialize;
use serde_json::{Value, json};

use super::resources::Resource;

/// An error: an HTTP status with a `Status` object, or plain text where the real server answers so.
#[derive(Clone, Debug)]
pub(crate) struct StatusError {
    pub(crate) code: u16,
    pub(crate) body: StatusErrorBody,
    /// What the answer warns of besides.
    pub(crate) warnings: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum StatusErrorBody {
    Status(Box<Value>),
    Text(&'static str),
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FieldError {
    reason: &'static str,
    message: String,
    field: String,
}

impl FieldError {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        Self::new("FieldValueRequired", field, with_detail("Required value", detail))
    }

    /// `value` is shown as Go's JSON shows it: texts in quotes.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self::new("FieldValueInvalid", field, with_detail(&format!("Invalid value: {value}"), detail))
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::new("FieldValueForbidden", field, with_detail("Forbidden", detail))
    }

    pub(crate) fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let supported = supported.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        Self::new("FieldValueNotSupported", field, format!("Unsupported value: {value}: supported values: {supported}"))
    }

    fn new(reason: &'static str, field: impl Into<String>, message: String) -> Self {
        Self { reason, message, field: field.into() }
    }
}

fn with_detail(message: &str, detail: &str) -> String {
    if detail.is_empty() { message.into() } else { format!("{message}: {detail}") }
}

impl StatusError {
    fn status(code: u16, reason: &str, message: impl Into<String>, details: Option<Value>) -> Self {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message.into(), "code": code,
        });
        if !reason.is_empty() {
            status["reason"] = reason.into();
        }
        if let Some(details) = details {
            status["details"] = details;
        }
        Self { code, body: StatusErrorBody::Status(Box::new(status)), warnings: Vec::new() }
    }

    pub(crate) fn no_such_page() -> Self {
        Self { code: 404, body: StatusErrorBody::Text("404 page not found\n"), warnings: Vec::new() }
    }

    pub(crate) fn no_such_resource() -> Self {
        Self::status(404, "NotFound", "the server could not find the requested resource", Some(json!({})))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::status(405, "MethodNotAllowed", message, Some(json!({})))
    }

    pub(crate) fn not_acceptable(watch: bool) -> Self {
        let available = "application/json, application/yaml, application/vnd.kubernetes.protobuf, \
                         application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        let available = if watch {
            "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        } else {
            available
        };
        let message = format!("406: Not Acceptable\n\nAvailable representations: {available}");
        Self::status(406, "NotAcceptable", message, Some(json!({})))
    }

    pub(crate) fn unsupported_patch() -> Self {
        Self::status(415, "UnsupportedMediaType", "415: Unsupported Media Type", Some(json!({})))
    }

    /// Custom resources have no protobuf.
    pub(crate) fn unsupported_body(has_protobuf: bool) -> Self {
        let protobuf = if has_protobuf { ", application/vnd.kubernetes.protobuf" } else { "" };
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/yaml{protobuf}"
        );
        Self::status(415, "UnsupportedMediaType", message, None)
    }

    /// The real server has it; this one says that it doesn't.
    pub(crate) fn no_server_side_apply() -> Self {
        Self::status(415, "UnsupportedMediaType", "the sandbox has no server-side apply", None)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::status(401, "Unauthorized", "Unauthorized", None)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::status(400, "BadRequest", message, None)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::status(500, "", message, None)
    }

    /// A JSON patch whose `test` failed, or whose path isn't there.
    pub(crate) fn patch_failed() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::status(422, "Invalid", message, Some(json!({})))
    }

    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::status(404, "NotFound", message, Some(details_of(resource, name)))
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::status(409, "AlreadyExists", message, Some(details_of(resource, name)))
    }

    pub(crate) fn modified(resource: &Resource, name: &str, detail: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {detail}", resource.qualified());
        Self::status(409, "Conflict", message, Some(details_of(resource, name)))
    }

    pub(crate) fn stale(resource: &Resource, name: &str) -> Self {
        let detail = "the object has been modified; please apply your changes to the latest version and try again";
        Self::modified(resource, name, detail)
    }

    /// A DELETE precondition that doesn't hold: the only conflict that names the kind instead of the resource.
    pub(crate) fn precondition(resource: &Resource, name: &str, detail: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {detail}", resource.qualified_kind());
        Self::status(409, "Conflict", message, Some(details(name, resource.group, resource.kind)))
    }

    pub(crate) fn forbidden(group: &str, resource: &str, name: &str, detail: &str) -> Self {
        let qualified = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let message = if name.is_empty() {
            format!("{qualified} is forbidden: {detail}")
        } else {
            format!("{qualified} {name:?} is forbidden: {detail}")
        };
        Self::status(403, "Forbidden", message, Some(details(name, group, resource)))
    }

    /// Nothing new in a namespace that goes.
    pub(crate) fn terminating(resource: &Resource, name: &str, namespace: &str) -> Self {
        let detail = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut error = Self::forbidden(resource.group, resource.plural, name, &detail);
        if let StatusErrorBody::Status(status) = &mut error.body {
            let message = format!("namespace {namespace} is being terminated");
            let cause = json!({"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"});
            status["details"]["causes"] = json!([cause]);
        }
        error
    }

    pub(crate) fn forbidden_path(detail: &str) -> Self {
        Self::status(403, "Forbidden", format!("forbidden: {detail}"), Some(json!({})))
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::status(410, "Expired", message, None)
    }

    /// A page of a list that is too old, with a token to go on inconsistently.
    pub(crate) fn expired_page(token: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                       list without the continue parameter, or use the continue token in this response to retrieve the \
                       remainder of the results. Continuing with the provided token results in an inconsistent list - \
                       objects that were created, modified, or deleted between the time the first chunk was returned and \
                       now may show up in the list.";
        let mut error = Self::expired(message);
        if let StatusErrorBody::Status(status) = &mut error.body {
            status["metadata"]["continue"] = token.into();
        }
        error
    }

    pub(crate) fn version_too_large(wanted: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
        let details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1,
        });
        Self::status(504, "Timeout", message, Some(details))
    }

    pub(crate) fn too_many_requests(seconds: u32) -> Self {
        let details = json!({"retryAfterSeconds": seconds});
        Self::status(429, "TooManyRequests", "storage is (re)initializing", Some(details))
    }

    /// The header field `Retry-After`, which the real server sends with every status that has the seconds in its details.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match &self.body {
            StatusErrorBody::Status(status) => {
                status["details"]["retryAfterSeconds"].as_u64().filter(|seconds| *seconds > 0)
            }
            StatusErrorBody::Text(_) => None,
        }
    }

    /// `kind` and `group` as the real server sends them: some of its own validations leave the kind out.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let mut text: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
        text.dedup();
        let text = if let [one] = text.as_slice() { one.clone() } else { format!("[{}]", text.join(", ")) };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut details = details(name, group, kind);
        details["causes"] = json!(errors);
        Self::status(422, "Invalid", format!("{qualified} {name:?} is invalid: {text}"), Some(details))
    }

    pub(crate) fn to_json(&self) -> Option<String> {
        match &self.body {
            StatusErrorBody::Status(status) => Some(status.to_string()),
            StatusErrorBody::Text(_) => None,
        }
    }
}

/// The answer to a DELETE that took the object away.
pub(crate) fn deleted(resource: &Resource, name: &str, uid: &str) -> Value {
    let mut details = details_of(resource, name);
    details["uid"] = uid.into();
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

fn details_of(resource: &Resource, name: &str) -> Value {
    details(name, resource.group, resource.plural)
}

fn details(name: &str, group: &str, kind: &str) -> Value {
    let mut details = serde_json::Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.into(), value.into());
        }
    }
    details.into()
}
