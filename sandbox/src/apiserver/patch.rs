//! PATCH: JSON patch with its tests, merge patch, and strategic merge patch for the kinds that have one.

use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::Value;

use super::field_validation::{FieldValidation, unknown_fields, warned};
use super::form;
use super::object::Object;
use super::request_checks::{check_dry_run, check_name};
use super::resource_request::ResourceRequest;
use super::respond::{self, ApiResponse};
use super::status::{FieldError, StatusError};
use super::write::replace;
use super::{schema, strategic_merge};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: &str = "application/apply-patch+yaml";

enum PatchKind {
    Json,
    Merge,
    StrategicMerge,
}

#[derive(Debug, Deserialize)]
struct PatchOperation {
    op: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    from: String,
    value: Option<Value>,
}

/// Answers a patch.
pub(crate) fn patch(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = form::of(request)?;
    let fields = schema::of(request.resource);
    let kind = match request.content_type() {
        JSON_PATCH => PatchKind::Json,
        MERGE_PATCH => PatchKind::Merge,
        STRATEGIC_MERGE_PATCH if fields.is_some() => PatchKind::StrategicMerge,
        APPLY_PATCH => return Err(StatusError::no_server_side_apply()),
        _ => return Err(StatusError::unsupported_patch()),
    };
    check_dry_run(request, "PatchOptions")?;
    let validation = FieldValidation::of(request.parameters, "PatchOptions")?;
    let _writing = request.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let old = request.stored()?;
    let mut value = old.object.to_value();
    // What an error shows: the object as the patch has made it, or the patch itself.
    let mut shown = None;
    match kind {
        PatchKind::Json => apply(&mut value, request.body)?,
        PatchKind::Merge => merge(&mut value, &read(request.body)?),
        PatchKind::StrategicMerge => {
            let patch = read(request.body)?;
            strategic_merge::merge(&mut value, &patch).ok_or_else(StatusError::patch_failed)?;
            shown = Some(strategic_merge::as_go_shows(&patch));
        }
    }
    let unknown =
        value.as_object().zip(fields).map(|(object, fields)| unknown_fields(object, fields)).unwrap_or_default();
    let shown = Value::from(shown.unwrap_or_else(|| value.to_string()));
    let object = decode(request, value).map_err(|error| not_patched(&shown, &error))?;
    let warnings = validation.judge(unknown).map_err(|error| not_patched(&shown, &error))?;
    let stored = check_name(request, &object).and_then(|()| replace(request, object, &old));
    let answer = stored.map(|stored| respond::json(200, form::single(form, &stored, request.now), request.headers));
    warned(answer, warnings)
}

fn read(body: &[u8]) -> Result<Value, StatusError> {
    serde_json::from_slice(body).map_err(|error| StatusError::bad_request(format!("error decoding patch: {error}")))
}

fn decode(request: &ResourceRequest<'_>, value: Value) -> Result<Object, String> {
    let Value::Object(mut map) = value else { return Err("no object".to_owned()) };
    map.remove("kind");
    map.remove("apiVersion");
    Object::from_value(request.resource, map)
}

/// The error for an object that the patch has made wrong.
fn not_patched(object: &Value, error: &str) -> StatusError {
    StatusError::invalid("", "", "", &[FieldError::invalid("patch", object, error)])
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
