//! Bodies of POST and PUT.

use serde_json::{Map, Value};

use super::defaults::default_groups;
use super::field_validation::{FieldValidation, unknown_fields};
use super::object::Object;
use super::protobuf::{self, ProtobufError};
use super::resource_request::ResourceRequest;
use super::resources::{ResourceRef, of_kind};
use super::schema;
use super::status::StatusError;

/// The object in the body of a POST or PUT, with its defaults, and what to warn of. `options` is the kind of the request's
/// parameters.
pub(crate) fn decode(request: &ResourceRequest<'_>, options: &str) -> Result<(Object, Vec<String>), StatusError> {
    let kind = request.resource.kind;
    let validation = FieldValidation::of(request.parameters, options)?;
    let value = read(request)?;
    let Value::Object(mut value) = value else {
        return Err(StatusError::bad_request(format!("the object provided is unrecognized (must be of type {kind})")));
    };
    check_kind(request.resource, &mut value)?;
    let unknown = schema::of(request.resource).map(|fields| unknown_fields(&value, fields)).unwrap_or_default();
    let cannot_be_handled = |error: &dyn std::fmt::Display| {
        let version = request.resource.version;
        StatusError::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    };
    let mut object = Object::from_value(request.resource, value).map_err(|error| cannot_be_handled(&error))?;
    let warnings = validation.judge(unknown).map_err(|error| cannot_be_handled(&error))?;
    default_groups(&mut object);
    Ok((object, warnings))
}

fn read(request: &ResourceRequest<'_>) -> Result<Value, StatusError> {
    let (kind, body) = (request.resource.kind, request.body);
    match (request.content_type(), schema::of(request.resource)) {
        ("application/json" | "", _) => serde_json::from_slice(body).map_err(|error| unrecognized(kind, body, &error)),
        ("application/yaml", _) => serde_saphyr::from_slice(body)
            .map_err(|error| StatusError::bad_request(format!("error converting YAML to JSON: {error}"))),
        (protobuf::MEDIA_TYPE, Some(fields)) => protobuf::object(body, fields).map_err(|error| {
            let why = match error {
                ProtobufError::NotProtobuf => {
                    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
                }
                ProtobufError::Malformed => "unexpected EOF",
            };
            StatusError::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
        }),
        _ => Err(StatusError::unsupported_body(schema::of(request.resource).is_some())),
    }
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
