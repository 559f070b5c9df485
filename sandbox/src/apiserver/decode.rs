//! Bodies of POST and PUT.

use serde_json::{Map, Value};

use super::defaults::default_groups;
use super::object::Object;
use super::resource_request::ResourceRequest;
use super::resources::{ResourceRef, of_kind};
use super::status::StatusError;

/// The object in the body of a POST or PUT, with its defaults.
pub(crate) fn decode(request: &ResourceRequest<'_>) -> Result<Object, StatusError> {
    let kind = request.resource.kind;
    let value = match request.content_type() {
        "application/json" | "" => {
            serde_json::from_slice(request.body).map_err(|error| unrecognized(kind, request.body, &error))?
        }
        "application/yaml" => serde_saphyr::from_slice(request.body)
            .map_err(|error| StatusError::bad_request(format!("error converting YAML to JSON: {error}")))?,
        _ => return Err(StatusError::unsupported_body()),
    };
    let Value::Object(mut value) = value else {
        return Err(StatusError::bad_request(format!("the object provided is unrecognized (must be of type {kind})")));
    };
    check_kind(request.resource, &mut value)?;
    let mut object = Object::from_value(request.resource, value).map_err(|error| {
        StatusError::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: {error}",
            request.resource.version
        ))
    })?;
    default_groups(&mut object);
    Ok(object)
}

fn unrecognized(kind: &str, body: &[u8], error: &serde_json::Error) -> StatusError {
    let shown = if body.is_empty() { "<empty>".into() } else { String::from_utf8_lossy(body) };
    let detail = if error.is_eof() { "unexpected end of JSON input".into() } else { error.to_string() };
    StatusError::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {detail} ({shown})"
    ))
}

fn check_kind(resource: ResourceRef, value: &mut Map<String, Value>) -> Result<(), StatusError> {
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let (api_version, kind) = (text(value.remove("apiVersion")), text(value.remove("kind")));
    let expected = resource.api_version();
    if !api_version.is_empty() && api_version != expected {
        return Err(StatusError::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    if kind.is_empty() || kind == resource.kind {
        return Ok(());
    }
    let version = resource.version;
    let group = resource.group.split('.').next().unwrap_or_default();
    let why = match of_kind(&expected, &kind) {
        Some(_) => format!("converting ({version}.{kind}) to ({group}.{}): unknown conversion", resource.kind),
        None => format!("no kind {kind:?} is registered for version {expected:?}"),
    };
    Err(StatusError::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {}: {why}",
        resource.kind
    )))
}
