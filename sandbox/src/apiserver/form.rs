//! In which form objects are answered: whole, as the rows of a table, or their metadata alone.

use bytes::Bytes;
use http::HeaderMap;
use http::header::ACCEPT;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::resources::Resource;
use super::status::StatusError;
use super::store::StoredObject;
use super::table;

/// A form of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    Table,
    Metadata,
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
        Some("Table") => Some(Form::Table),
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Form::Metadata),
        Some(_) => None,
    }
}

/// One object in this form.
pub(crate) fn single(form: Form, stored: &StoredObject, now: Timestamp) -> Bytes {
    match form {
        Form::Whole => stored.object.to_bytes(),
        Form::Metadata => metadata_only(stored).to_string().into(),
        Form::Table => {
            let resource = stored.object.resource.0;
            let metadata = json!({"resourceVersion": stored.object.metadata.resource_version});
            json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "columnDefinitions": table::columns(resource), "rows": [row(stored, now)],
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
        Form::Table => format!(
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
        Form::Table => row(stored, now).to_string().into(),
    }
}

fn row(stored: &StoredObject, now: Timestamp) -> Value {
    json!({"cells": table::cells(&stored.object, now), "object": metadata_only(stored)})
}

fn metadata_only(stored: &StoredObject) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": stored.object.metadata})
}
