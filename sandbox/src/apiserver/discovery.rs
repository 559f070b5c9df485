//! Discovery: version, health, groups and resources.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::openapi;
use super::resources::{AUTHENTICATION, AUTHORIZATION, RAM_AUTHENTICATOR, RESOURCES, Resource, Shape};
use super::respond::{self, ApiResponse};
use super::server_state::ServerState;
use super::status::StatusError;

/// The release whose answers the sandbox gives.
pub(crate) const VERSION: &str = "v1.36.3";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const READ: &[&str] = &["get", "list", "watch"];
const ALL: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];

/// Reviews: (group, plural, kind, namespaced).
const REVIEWS: &[(&str, &str, &str, bool)] = &[
    (AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", false),
    (AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
    (AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
    (AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
    (AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", false),
];

/// One resource in discovery.
struct Entry {
    plural: &'static str,
    singular: String,
    kind: &'static str,
    namespaced: bool,
    verbs: &'static [&'static str],
    short: &'static [&'static str],
}

/// Answers a path that isn't below a group and version.
pub(crate) fn answer(
    server: &ServerState,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<ApiResponse, StatusError> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(StatusError::no_such_page());
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let body = match parts.as_slice() {
        ["version"] => version(),
        ["healthz" | "livez" | "readyz"] => return Ok(respond::typed(200, "text/plain; charset=utf-8", "ok", headers)),
        ["api"] if wants_aggregated(headers) => return Ok(aggregated(&[""], server, headers)),
        ["apis"] if wants_aggregated(headers) => return Ok(aggregated(&groups(server), server, headers)),
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ["apis"] => {
            let groups: Vec<Value> = groups(server).into_iter().map(group).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["api", "v1"] => resource_list("", "v1", server),
        ["apis", name] if groups(server).contains(name) => {
            let mut group = group(name);
            group["kind"] = "APIGroup".into();
            group["apiVersion"] = "v1".into();
            group
        }
        ["apis", name, version] if groups(server).contains(name) && *version == version_of(name) => {
            resource_list(name, version, server)
        }
        ["openapi", "v3"] => openapi::index(),
        ["openapi", "v3", path @ ..] => {
            openapi::document(&path.join("/"), VERSION).ok_or_else(StatusError::no_such_page)?
        }
        _ => return Err(StatusError::no_such_page()),
    };
    Ok(respond::json(200, body.to_string(), headers))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "gc", "platform": "linux/amd64",
    })
}

fn wants_aggregated(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|range| {
        let range = range.trim();
        range.starts_with("application/json") && range.contains("as=APIGroupDiscoveryList") && range.contains("v=v2;")
            || range.starts_with("application/json")
                && range.ends_with("v=v2")
                && range.contains("as=APIGroupDiscoveryList")
    })
}

fn groups(server: &ServerState) -> Vec<&'static str> {
    let mut groups = vec![AUTHENTICATION, AUTHORIZATION];
    for resource in RESOURCES.iter().filter(|resource| !resource.group.is_empty()) {
        let served = resource.group != RAM_AUTHENTICATOR || server.ram_authenticator;
        if served && !groups.contains(&resource.group) {
            groups.push(resource.group);
        }
    }
    groups
}

fn version_of(group: &str) -> &'static str {
    RESOURCES.iter().find(|resource| resource.group == group).map_or("v1", |resource| resource.version)
}

fn group(name: &str) -> Value {
    let version = version_of(name);
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn entries(group: &str, server: &ServerState) -> Vec<Entry> {
    let reviews = REVIEWS.iter().filter(|review| review.0 == group).map(|(_, plural, kind, namespaced)| Entry {
        plural,
        singular: kind.to_ascii_lowercase(),
        kind,
        namespaced: *namespaced,
        verbs: &["create"],
        short: &[],
    });
    let served = group != RAM_AUTHENTICATOR || server.ram_authenticator;
    let resources = RESOURCES.iter().filter(|resource| served && resource.group == group);
    reviews.chain(resources.map(Resource::entry)).collect()
}

impl Resource {
    fn entry(&self) -> Entry {
        Entry {
            plural: self.plural,
            singular: self.singular.into(),
            kind: self.kind,
            namespaced: self.namespaced,
            verbs: if matches!(self.shape, Shape::Stored | Shape::Empty) { READ } else { ALL },
            short: self.short,
        }
    }
}

fn resource_list(group: &str, version: &str, server: &ServerState) -> Value {
    let resources: Vec<Value> = entries(group, server)
        .into_iter()
        .map(|entry| {
            let mut resource = json!({
                "name": entry.plural, "singularName": entry.singular, "namespaced": entry.namespaced, "kind": entry.kind,
                "verbs": entry.verbs,
            });
            if !entry.short.is_empty() {
                resource["shortNames"] = json!(entry.short);
            }
            resource
        })
        .collect();
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources})
}

fn aggregated(groups: &[&str], server: &ServerState, headers: &HeaderMap) -> ApiResponse {
    let items: Vec<Value> = groups.iter().map(|group| aggregated_group(group, server)).collect();
    let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items});
    let mut answer = respond::json(200, list.to_string(), headers);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(AGGREGATED));
    answer
}

fn aggregated_group(group: &str, server: &ServerState) -> Value {
    let resources: Vec<Value> = entries(group, server)
        .into_iter()
        .map(|entry| {
            let mut resource = json!({
                "resource": entry.plural, "responseKind": {"group": "", "version": "", "kind": entry.kind},
                "scope": if entry.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": entry.singular,
                "verbs": entry.verbs,
            });
            if !entry.short.is_empty() {
                resource["shortNames"] = json!(entry.short);
            }
            resource
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({
        "metadata": metadata,
        "versions": [{"version": version_of(group), "resources": resources, "freshness": "Current"}],
    })
}
