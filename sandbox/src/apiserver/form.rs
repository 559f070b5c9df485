//! In which form objects are answered: whole, as the rows of a table, or their metadata alone.

use bytes::Bytes;
use http::HeaderMap;
use http::header::ACCEPT;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::resource_request::ResourceRequest;
use super::resources::Resource;
use super::status::StatusError;
use super::store::StoredObject;
use super::table;

/// A form of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    Table(IncludeObject),
    Metadata,
}

/// What each row of a table has beside its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IncludeObject {
    Nothing,
    Metadata,
    Whole,
}

/// The form that a request for a resource asks for.
pub(crate) fn of(request: &ResourceRequest<'_>) -> Result<Form, StatusError> {
    let form = negotiate(request.headers, false)?;
    let Form::Table(_) = form else { return Ok(form) };
    Ok(Form::Table(match request.parameters.get("includeObject") {
        Some("None") => IncludeObject::Nothing,
        Some("Object") => IncludeObject::Whole,
        Some("Metadata") | None => IncludeObject::Metadata,
        Some(other) => {
            return Err(StatusError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', \
                 'None', or empty"
            )));
        }
    }))
}

/// The first form in the `Accept` header that the server knows.
pub(crate) fn negotiate(headers: &HeaderMap, watch: bool) -> Result<Form, StatusError> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    accept.split(',').find_map(known).ok_or_else(|| StatusError::not_acceptable(watch))
}

fn known(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?;
    if !matches!(media, "application/json" | "application/*" | "*/*") {
        return None;
    }
    match parts.find_map(|parameter| parameter.strip_prefix("as=")) {
        None => Some(Form::Whole),
        Some("Table") => Some(Form::Table(IncludeObject::Metadata)),
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Form::Metadata),
        Some(_) => None,
    }
}

/// One object in this form.
pub(crate) fn single(form: Form, stored: &StoredObject, now: Timestamp) -> Bytes {
    match form {
        Form::Whole => stored.object.to_bytes(),
        Form::Metadata => metadata_only(stored).to_string().into(),
        Form::Table(include) => {
            let resource = stored.object.resource.0;
            let metadata = json!({"resourceVersion": stored.object.metadata.resource_version});
            json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "columnDefinitions": table::columns(resource), "rows": [row(stored, include, now)],
            })
            .to_string()
            .into()
        }
    }
}

/// The head of a list in this form, up to and with the bracket that opens its items.
pub(crate) fn list_head(form: Form, resource: &Resource, metadata: &Value) -> String {
    match form {
        Form::Whole => format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{metadata},\"items\":[",
            resource.list_kind(),
            resource.api_version()
        ),
        Form::Metadata => format!(
            "{{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata},\"items\":["
        ),
        Form::Table(_) => format!(
            "{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata},\"columnDefinitions\":{},\"rows\":[",
            table::columns(resource)
        ),
    }
}

/// One item of a list in this form.
pub(crate) fn item(form: Form, stored: &StoredObject, now: Timestamp) -> Bytes {
    match form {
        Form::Whole if stored.object.resource.0.shape == super::resources::Shape::Custom => stored.object.to_bytes(),
        Form::Whole => stored.item.clone(),
        Form::Metadata => metadata_only(stored).to_string().into(),
        Form::Table(include) => row(stored, include, now).to_string().into(),
    }
}

fn row(stored: &StoredObject, include: IncludeObject, now: Timestamp) -> Value {
    let object = match include {
        IncludeObject::Nothing => Value::Null,
        IncludeObject::Metadata => metadata_only(stored),
        IncludeObject::Whole => stored.object.to_value(),
    };
    json!({"cells": table::cells(&stored.object, now), "object": object})
}

fn metadata_only(stored: &StoredObject) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": stored.object.metadata})
}
