//! The reviews: SelfSubjectReview and the access and rules reviews.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::action::Action;
use super::authorizer::{Authorizer, Decision};
use super::form::negotiate;
use super::incoming_request::IncomingRequest;
use super::object::PolicyRule;
use super::request::ResourceTarget;
use super::resources::{AUTHENTICATION, AUTHORIZATION};
use super::respond::{self, ApiResponse};
use super::server_state::ServerState;
use super::status::{FieldError, StatusError};
use super::timestamp::stamp;
use super::user::User;
use super::{managed_fields, protobuf, request_headers};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct ReviewSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_attributes: Option<ResourceAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    non_resource_attributes: Option<NonResourceAttributes>,
    #[serde(skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Value>,
    #[serde(skip_serializing_if = "String::is_empty")]
    uid: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct ResourceAttributes {
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    verb: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subresource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct NonResourceAttributes {
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    verb: String,
}

/// Answers a review.
pub(crate) fn answer(
    server: &ServerState,
    user: &User,
    incoming: &IncomingRequest,
    target: &ResourceTarget,
) -> Result<ApiResponse, StatusError> {
    let known = match (target.group.as_str(), target.plural.as_str()) {
        (AUTHENTICATION, "selfsubjectreviews") => true,
        (AUTHORIZATION, "localsubjectaccessreviews") => !target.namespace.is_empty(),
        (AUTHORIZATION, plural) => {
            matches!(plural, "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "subjectaccessreviews")
        }
        _ => false,
    };
    if !known {
        return Err(StatusError::no_such_resource());
    }
    if incoming.method != Method::POST || !target.name.is_empty() {
        return Err(StatusError::method_not_allowed());
    }
    negotiate(&incoming.headers, false)?;
    let body = decode(incoming, &target.plural)?;
    let review = match target.plural.as_str() {
        "selfsubjectreviews" => who(user, incoming),
        "selfsubjectrulesreviews" => rules(server, user, &body)?,
        kind => {
            let mut review = access(server, user, kind, &target.namespace, &body)?;
            let manager = managed_fields::manager(None, request_headers::user_agent(&incoming.headers));
            let api_version = "authorization.k8s.io/v1";
            review["metadata"]["managedFields"] =
                managed_fields::of_review(api_version, &review["spec"], &manager, &stamp(incoming.now));
            review
        }
    };
    Ok(respond::json(201, review.to_string(), &incoming.headers))
}

fn decode(incoming: &IncomingRequest, plural: &str) -> Result<Value, StatusError> {
    let unreadable = || StatusError::bad_request("the object provided is unrecognized");
    match incoming.content_type() {
        "application/json" | "" => serde_json::from_slice(&incoming.body).map_err(|_| unreadable()),
        protobuf::MEDIA_TYPE => protobuf::review(&incoming.body, plural).ok_or_else(unreadable),
        _ => Err(StatusError::unsupported_body(true)),
    }
}

fn who(user: &User, incoming: &IncomingRequest) -> Value {
    json!({
        "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": stamp(incoming.now)}, "status": {"userInfo": user},
    })
}

fn access(
    server: &ServerState,
    user: &User,
    plural: &str,
    namespace: &str,
    body: &Value,
) -> Result<Value, StatusError> {
    let mut spec: ReviewSpec = serde_json::from_value(body.get("spec").cloned().unwrap_or_else(|| json!({})))
        .map_err(|error| StatusError::bad_request(error.to_string()))?;
    let is_self = plural == "selfsubjectaccessreviews";
    if is_self {
        (spec.user, spec.groups, spec.extra, spec.uid) = Default::default();
    }
    let action = checked(&spec, is_self, namespace)?;
    let asked = if is_self {
        user.clone()
    } else {
        User { name: spec.user.clone(), uid: spec.uid.clone(), groups: spec.groups.clone(), ..User::default() }
    };
    let decision = Authorizer::new(&server.store).decide(&asked, &action);
    let (kind, metadata) = match plural {
        "selfsubjectaccessreviews" => ("SelfSubjectAccessReview", json!({})),
        "localsubjectaccessreviews" => ("LocalSubjectAccessReview", json!({"namespace": namespace})),
        _ => ("SubjectAccessReview", json!({})),
    };
    Ok(json!({
        "kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": metadata, "spec": spec,
        "status": status(&decision),
    }))
}

fn checked(spec: &ReviewSpec, is_self: bool, namespace: &str) -> Result<Action, StatusError> {
    let mut errors = Vec::new();
    let exactly_one = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    match (&spec.resource_attributes, &spec.non_resource_attributes) {
        (Some(_), Some(other)) => {
            let value = json!({"Path": other.path, "Verb": other.verb});
            let detail = "cannot be specified in combination with resourceAttributes";
            errors.push(FieldError::invalid("spec.nonResourceAttributes", &value, detail));
        }
        (None, None) => errors.push(FieldError::invalid("spec.resourceAttributes", &Value::Null, exactly_one)),
        _ => {}
    }
    if !is_self && spec.user.is_empty() && spec.groups.is_empty() {
        let detail = "at least one of user or group must be specified";
        errors.push(FieldError::invalid("spec.user", &json!(""), detail));
    }
    if let Some(attributes) = spec.resource_attributes.as_ref().filter(|_| !namespace.is_empty())
        && attributes.namespace != namespace
    {
        let value = json!(attributes.namespace);
        errors.push(FieldError::invalid("spec.resourceAttributes.namespace", &value, "must match metadata.namespace"));
    }
    if !errors.is_empty() {
        return Err(StatusError::invalid(AUTHORIZATION, "", "", &errors));
    }
    Ok(action(spec))
}

fn action(spec: &ReviewSpec) -> Action {
    if let Some(other) = &spec.non_resource_attributes {
        return Action { verb: other.verb.clone(), path: Some(other.path.clone()), ..Action::default() };
    }
    let Some(attributes) = &spec.resource_attributes else { return Action::default() };
    Action {
        verb: attributes.verb.clone(),
        group: attributes.group.clone(),
        resource: attributes.resource.clone(),
        subresource: attributes.subresource.clone(),
        name: attributes.name.clone(),
        namespace: attributes.namespace.clone(),
        path: None,
    }
}

fn status(decision: &Decision) -> Value {
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.as_str().into();
    }
    status
}

fn rules(server: &ServerState, user: &User, body: &Value) -> Result<Value, StatusError> {
    let namespace = body.pointer("/spec/namespace").and_then(Value::as_str).unwrap_or_default();
    if namespace.is_empty() {
        return Err(StatusError::bad_request("no namespace on request"));
    }
    let (held, _) = Authorizer::new(&server.store).rules_for(user, namespace);
    let (resource_rules, other_rules): (Vec<&PolicyRule>, Vec<&PolicyRule>) =
        held.iter().partition(|rule| rule.non_resource_urls.is_empty());
    Ok(json!({
        "kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {},
        "status": {"resourceRules": resource_rules, "nonResourceRules": other_rules, "incomplete": false},
    }))
}
