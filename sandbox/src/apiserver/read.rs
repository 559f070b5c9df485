//! GET of one object, and lists: whole, by page, or as of an earlier version.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::form;
use super::request::QueryParameters;
use super::resource_request::ResourceRequest;
use super::respond::{self, ApiResponse};
use super::selector::Selector;
use super::status::{FieldError, StatusError};
use super::store::{StoredObject, key_of};

/// Answers one object.
pub(crate) fn get(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = form::of(request)?;
    let stored = request.stored()?;
    Ok(respond::json(200, form::single(form, &stored, request.now), request.headers))
}

/// The position from which a list continues.
#[derive(Debug, Serialize, Deserialize)]
struct ContinueToken {
    v: String,
    rv: i64,
    start: String,
}

impl ContinueToken {
    fn after(place: &str, version: i64) -> String {
        let token = Self { v: "meta.k8s.io/v1".into(), rv: version, start: format!("/{place}\0") };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    }

    fn parse(text: &str) -> Result<Self, StatusError> {
        let invalid = |detail: String| {
            StatusError::bad_request(format!("invalid continue token: continue key is not valid: {detail}"))
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| invalid("illegal base64 data at input byte 0".into()))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let first = bytes.first().map(|byte| char::from(*byte)).unwrap_or_default();
            invalid(format!("invalid character {first:?} looking for beginning of value"))
        })
    }
}

/// Answers a list.
pub(crate) fn list(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = form::of(request)?;
    check_version_match(request.parameters)?;
    let selector = Selector::parse(request.parameters, request.resource.shape)?;
    let limit = number(request.parameters, "limit")?.filter(|limit| *limit > 0).map(|limit| limit as usize);
    let (objects, version) = snapshot(request, limit.is_some())?;
    let mut wanted: Vec<Arc<StoredObject>> =
        objects.into_iter().filter(|stored| selector.matches(&stored.object)).collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let Some(limit) = limit.filter(|limit| wanted.len() > *limit) {
        let remaining = wanted.len() - limit;
        wanted.truncate(limit);
        let last = wanted.last().map(|stored| key_of(&stored.object)).unwrap_or_default();
        metadata["continue"] = ContinueToken::after(&last, version as i64).into();
        if selector.is_empty() {
            metadata["remainingItemCount"] = remaining.into();
        }
    }
    let items = wanted.iter().map(|stored| form::item(form, stored, request.now)).collect();
    Ok(respond::list(form::list_head(form, request.resource, &metadata), items, request.headers))
}

type Snapshot = (Vec<Arc<StoredObject>>, u64);

fn snapshot(request: &ResourceRequest<'_>, paged: bool) -> Result<Snapshot, StatusError> {
    let store = &request.server.store;
    let namespace = request.namespace();
    if let Some(token) = request.parameters.get("continue") {
        return continued(request, &ContinueToken::parse(token)?);
    }
    let Some(wanted) = version(request.parameters)? else { return Ok(store.list(request.resource, namespace)) };
    let current = store.version();
    if wanted > current {
        return Err(StatusError::version_too_large(wanted, current));
    }
    let version_match = request.parameters.get("resourceVersionMatch");
    let exact = version_match == Some("Exact") || (paged && wanted > 0 && version_match.is_none());
    if !exact {
        return Ok(store.list(request.resource, namespace));
    }
    let objects = store.list_at(request.resource, namespace, wanted);
    let objects = objects.map_err(|_| StatusError::expired("The resourceVersion for the provided list is too old."))?;
    Ok((objects, wanted))
}

fn continued(request: &ResourceRequest<'_>, token: &ContinueToken) -> Result<Snapshot, StatusError> {
    if request.parameters.get("resourceVersion").is_some_and(|version| version != "0") {
        return Err(StatusError::bad_request("specifying resource version is not allowed when using continue"));
    }
    let store = &request.server.store;
    let start = token.start.trim_start_matches('/');
    // A negative version means: go on with whatever is there now.
    let (objects, version) = match u64::try_from(token.rv) {
        Err(_) => store.list(request.resource, request.namespace()),
        Ok(version) => match store.list_at(request.resource, request.namespace(), version) {
            Ok(objects) => (objects, version),
            Err(_) => return Err(StatusError::expired_page(ContinueToken::after(start.trim_end_matches('\0'), -1))),
        },
    };
    Ok((objects.into_iter().filter(|stored| key_of(&stored.object).as_str() >= start).collect(), version))
}

fn check_version_match(parameters: &QueryParameters) -> Result<(), StatusError> {
    let Some(version_match) = parameters.get("resourceVersionMatch") else { return Ok(()) };
    let version = parameters.get("resourceVersion");
    let field = "resourceVersionMatch";
    let error = if version.is_none() {
        FieldError::forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")
    } else if parameters.get("continue").is_some() {
        FieldError::forbidden(field, "resourceVersionMatch is forbidden when continue is provided")
    } else if !matches!(version_match, "Exact" | "NotOlderThan") {
        FieldError::not_supported(field, &json!(version_match), &["Exact", "NotOlderThan", ""])
    } else if version_match == "Exact" && version == Some("0") {
        FieldError::forbidden(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
    } else {
        return Ok(());
    };
    Err(StatusError::invalid("meta.k8s.io", "ListOptions", "", &[error]))
}

fn version(parameters: &QueryParameters) -> Result<Option<u64>, StatusError> {
    let Some(text) = parameters.get("resourceVersion") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let go = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
        StatusError::bad_request(format!("invalid resource version: resourceVersion: Invalid value: {text:?}: {go}"))
    })
}

/// A whole number among the parameters.
pub(crate) fn number(parameters: &QueryParameters, name: &str) -> Result<Option<i64>, StatusError> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    let invalid = |_| StatusError::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    text.parse().map(Some).map_err(invalid)
}
