//! As much of OpenAPI v3 as kubectl asks for before it sends an object: whether the server validates fields itself.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3>

use serde_json::{Map, Value, json};

use super::resources::{RESOURCES, Resource};
use super::schema;

/// The groups and versions that have a document, with its address.
pub(crate) fn index() -> Value {
    let mut paths = Map::new();
    for resource in documented() {
        let path = path_of(resource);
        let document = json!({"serverRelativeURL": format!("/openapi/v3/{path}")});
        paths.insert(path, document);
    }
    json!({"paths": paths})
}

/// The document of a group and version, by the address behind `/openapi/v3/`; `version` is the server's own.
pub(crate) fn document(path: &str, version: &str) -> Option<Value> {
    let resources: Vec<&Resource> = documented().filter(|resource| path_of(resource) == path).collect();
    if resources.is_empty() {
        return None;
    }
    let paths: Map<String, Value> = resources.into_iter().map(operations).collect();
    Some(json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": version}, "paths": paths}))
}

fn documented() -> impl Iterator<Item = &'static Resource> {
    RESOURCES.iter().filter(|resource| schema::of(resource).is_some())
}

fn path_of(resource: &Resource) -> String {
    let root = if resource.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", resource.api_version())
}

fn operations(resource: &Resource) -> (String, Value) {
    let namespaces = if resource.namespaced { "namespaces/{namespace}/" } else { "" };
    let path = format!("/{}/{namespaces}{}/{{name}}", path_of(resource), resource.plural);
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation"].into_iter().map(parameter).collect();
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let patch = json!({
        "parameters": parameters, "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind,
    });
    (path, json!({"patch": patch}))
}
