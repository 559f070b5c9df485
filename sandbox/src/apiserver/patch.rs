//! PATCH: JSON patch with its tests, and merge patch.

use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::Value;

use super::form::{self, negotiate};
use super::object::Object;
use super::request_checks::{check_dry_run, check_name};
use super::resource_request::ResourceRequest;
use super::respond::{self, ApiResponse};
use super::status::{FieldError, StatusError};
use super::write::replace;

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

#[derive(Debug, Deserialize)]
struct PatchOperation {
    op: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    from: String,
    value: Option<Value>,
}

/// Answers a patch. Strategic merge and apply are left out: on subjects they are the wrong tool.
pub(crate) fn patch(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = negotiate(request.headers, false)?;
    let media = request.content_type();
    if !matches!(media, JSON_PATCH | MERGE_PATCH) {
        return Err(StatusError::unsupported_patch());
    }
    check_dry_run(request, "PatchOptions")?;
    let _writing = request.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let old = request.stored()?;
    let mut value = old.object.to_value();
    if media == JSON_PATCH {
        apply(&mut value, request.body)?;
    } else {
        let patch = serde_json::from_slice(request.body)
            .map_err(|error| StatusError::bad_request(format!("error decoding patch: {error}")))?;
        merge(&mut value, &patch);
    }
    let object = decode(request, value)?;
    check_name(request, &object)?;
    let stored = replace(request, object, &old)?;
    Ok(respond::json(200, form::single(form, &stored, request.now), request.headers))
}

fn decode(request: &ResourceRequest<'_>, value: Value) -> Result<Object, StatusError> {
    let shown = Value::from(value.to_string());
    let Value::Object(mut map) = value else { return Err(StatusError::patch_failed()) };
    map.remove("kind");
    map.remove("apiVersion");
    Object::from_value(request.resource, map)
        .map_err(|error| StatusError::invalid("", "", "", &[FieldError::invalid("patch", &shown, &error)]))
}

fn apply(value: &mut Value, body: &[u8]) -> Result<(), StatusError> {
    let operations: Vec<Value> = serde_json::from_slice(body).map_err(|_| {
        let go = "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
        StatusError::bad_request(format!("error decoding patch: {go}"))
    })?;
    for operation in operations {
        let operation = serde_json::from_value(operation).map_err(|_| StatusError::patch_failed())?;
        apply_one(value, operation).ok_or_else(StatusError::patch_failed)?;
    }
    Ok(())
}

fn apply_one(document: &mut Value, operation: PatchOperation) -> Option<()> {
    match operation.op.as_str() {
        "test" => {
            let actual = document.pointer(&operation.path).cloned().unwrap_or_default();
            (actual == operation.value.unwrap_or_default()).then_some(())
        }
        "add" => add(document, &operation.path, operation.value?),
        "remove" => remove(document, &operation.path).map(drop),
        "replace" => replace_at(document, &operation.path, operation.value?),
        "copy" => {
            let value = document.pointer(&operation.from)?.clone();
            add(document, &operation.path, value)
        }
        "move" => {
            let value = remove(document, &operation.from)?;
            add(document, &operation.path, value)
        }
        _ => None,
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, last) = parent(document, path)?;
    match parent {
        Value::Object(map) => drop(map.insert(last, value)),
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            let index = last.parse::<usize>().ok().filter(|index| *index <= list.len())?;
            list.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

/// The server's library replaces what isn't there in a map, but not in a list.
fn replace_at(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, last) = parent(document, path)?;
    match parent {
        Value::Object(map) => drop(map.insert(last, value)),
        Value::Array(list) => *list.get_mut(last.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = parent(document, path)?;
    match parent {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => {
            let index = last.parse::<usize>().ok().filter(|index| *index < list.len())?;
            Some(list.remove(index))
        }
        _ => None,
    }
}

fn parent<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((document.pointer_mut(parent)?, last.replace("~1", "/").replace("~0", "~")))
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
