//! What a request asks for, read from its method and its address as the API server reads them.

use std::collections::BTreeMap;

use http::Method;

use super::action::Action;
use super::percent::percent_decoded;
use super::resources::{AUTHENTICATION, AUTHORIZATION, ResourceRef, find};

/// A request's target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RequestTarget {
    Resource(Box<ResourceTarget>),
    /// Anything that isn't below `/api/v1/…` or `/apis/<group>/<version>/…`.
    Path,
}

/// A target among the resources, known or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceTarget {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
    pub(crate) known: Option<ResourceRef>,
}

impl PartialEq for ResourceTarget {
    fn eq(&self, other: &Self) -> bool {
        (&self.group, &self.plural, &self.namespace, &self.name)
            == (&other.group, &other.plural, &other.namespace, &other.name)
    }
}

/// The parameters behind `?`, the first of each name.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryParameters(BTreeMap<String, String>);

impl QueryParameters {
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.entry(percent_decoded(name, true)).or_insert_with(|| percent_decoded(value, true));
        }
        Self(parameters)
    }

    /// A parameter that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !matches!(value.as_str(), "0" | "false"))
    }

    pub(crate) fn dry_run(&self) -> bool {
        self.get("dryRun").is_some()
    }
}

/// Reads the target of a request.
pub(crate) fn target(path: &str) -> RequestTarget {
    let decoded = percent_decoded(path, false);
    let mut parts = decoded.trim_matches('/').split('/');
    let (group, version) = match (parts.next(), parts.next()) {
        (Some("api"), Some(version)) => (String::new(), version.to_owned()),
        (Some("apis"), Some(group)) => match parts.next() {
            Some(version) => (group.to_owned(), version.to_owned()),
            None => return RequestTarget::Path,
        },
        _ => return RequestTarget::Path,
    };
    let mut rest: Vec<&str> = parts.collect();
    if rest.is_empty() {
        return RequestTarget::Path;
    }
    let mut target = ResourceTarget { group, version, ..ResourceTarget::default() };
    if rest[0] == "namespaces" && rest.len() > 1 {
        target.namespace = rest[1].into();
        if rest.len() > 2 {
            rest.drain(..2);
        }
    }
    target.plural = rest[0].into();
    target.name = rest.get(1).copied().unwrap_or_default().into();
    target.subresource = rest.get(2).copied().unwrap_or_default().into();
    target.known = find(&target.group, &target.version, &target.plural);
    RequestTarget::Resource(Box::new(target))
}

/// The verb that RBAC knows for a request.
pub(crate) fn verb(method: &Method, target: &RequestTarget, parameters: &QueryParameters) -> String {
    let RequestTarget::Resource(resource) = target else { return method.as_str().to_ascii_lowercase() };
    let verb = match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if resource.name.is_empty() => "deletecollection",
        Method::DELETE => "delete",
        Method::GET | Method::HEAD if !resource.name.is_empty() => "get",
        Method::GET | Method::HEAD if parameters.flag("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        _ => "",
    };
    verb.into()
}

/// What RBAC is asked about a request.
pub(crate) fn action(path: &str, verb: &str, target: &RequestTarget, parameters: &QueryParameters) -> Action {
    let RequestTarget::Resource(resource) = target else {
        return Action { verb: verb.into(), path: Some(path.into()), ..Action::default() };
    };
    let selected = || parameters.get("fieldSelector").and_then(|selector| selector.strip_prefix("metadata.name="));
    let name = match verb {
        "list" | "watch" if resource.name.is_empty() => {
            selected().unwrap_or_default().trim_start_matches('=').to_owned()
        }
        _ => resource.name.clone(),
    };
    Action {
        verb: verb.into(),
        group: resource.group.clone(),
        resource: resource.plural.clone(),
        subresource: resource.subresource.clone(),
        name,
        namespace: resource.namespace.clone(),
        path: None,
    }
}

/// Whether anything at all is served under this group and version.
pub(crate) fn is_served(target: &ResourceTarget, ram_authenticator: bool) -> bool {
    match target.group.as_str() {
        AUTHENTICATION | AUTHORIZATION => target.version == "v1",
        super::resources::RAM_AUTHENTICATOR => ram_authenticator && target.version == "v1alpha1",
        group => {
            super::resources::RESOURCES.iter().any(|known| known.group == group && known.version == target.version)
        }
    }
}
