//! One exchange, from the request to its response: authentication, authorization, dispatch to the handlers.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use super::audit::Audited;
use super::authorizer::Authorizer;
use super::faults::{Exchange, Fault};
use super::incoming_request::IncomingRequest;
use super::request::{self, QueryParameters, RequestTarget};
use super::resource_request::ResourceRequest;
use super::resources::{AUTHENTICATION, AUTHORIZATION, Shape};
use super::respond::{self, ApiResponse};
use super::server_state::ServerState;
use super::status::StatusError;
use super::{authentication, delete, discovery, impersonation, patch, random, read, reviews, watch, write};
use crate::clock;

const AUDIT_ID: &str = "audit-id";

/// Answers a request, faults included; `None` closes the connection instead.
pub(crate) async fn answer(server: Arc<ServerState>, incoming: IncomingRequest) -> Option<ApiResponse> {
    let audit_id = audit_id(&incoming.headers);
    server.faults.seen(Exchange {
        method: incoming.method.to_string(),
        path: incoming.path.clone(),
        query: incoming.query.clone(),
        user: String::new(),
        audit_id: audit_id.clone(),
        body: String::from_utf8_lossy(&incoming.body).into_owned(),
        code: 0,
    });
    let fault = server.faults.take(incoming.method.as_str(), &incoming.path, &incoming.query);
    match &fault {
        Some(Fault::DropRequest) => return None,
        Some(Fault::Impostor(impostor)) => {
            server.faults.lead_to(*impostor);
            return None;
        }
        Some(Fault::HoldRequest(gate)) => gate.pass().await,
        Some(Fault::Answer { code, content_type, body }) => {
            server.faults.answered(&audit_id, "", *code);
            return Some(respond::typed(*code, content_type, body.clone(), &incoming.headers));
        }
        Some(Fault::Busy { retry_after }) => {
            let error = StatusError::too_many_requests(*retry_after);
            server.faults.answered(&audit_id, "", error.code);
            return Some(respond::error(&error, &incoming.headers));
        }
        Some(Fault::Endless { start, repeat, is_compressed }) => {
            server.faults.answered(&audit_id, "", 200);
            return Some(respond::endless(start.clone(), repeat.clone(), *is_compressed));
        }
        Some(Fault::Silent) => {
            server.faults.answered(&audit_id, "", 200);
            return Some(respond::silent());
        }
        Some(Fault::Cut { body }) => {
            server.faults.answered(&audit_id, "", 200);
            return Some(respond::cut(body.clone()));
        }
        _ => {}
    }
    let mut audited = Audited::default();
    let mut answer =
        route(&server, &incoming, &mut audited).unwrap_or_else(|error| respond::error(&error, &incoming.headers));
    server.audit.record(&audited, &incoming, &audit_id, answer.status().as_u16(), clock::now());
    if let Ok(value) = HeaderValue::from_str(&audit_id) {
        answer.headers_mut().insert(AUDIT_ID, value);
    }
    match fault {
        Some(Fault::DropResponse) => return None,
        Some(Fault::HoldResponse(gate)) => gate.pass().await,
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        Some(Fault::Drip(every)) => answer = respond::dripping(answer, every).await,
        Some(Fault::Truncate(length)) => answer = respond::truncated(answer, length).await,
        _ => {}
    }
    server.faults.answered(&audit_id, audited.name(), answer.status().as_u16());
    Some(answer)
}

fn audit_id(headers: &HeaderMap) -> String {
    let given = headers.get(AUDIT_ID).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    given.map_or_else(random::uid, str::to_owned)
}

fn route(server: &ServerState, incoming: &IncomingRequest, audited: &mut Audited) -> Result<ApiResponse, StatusError> {
    let authorizer = Authorizer::new(&server.store);
    let certificate = incoming.certificate.clone();
    let sender = authentication::authenticate(
        certificate.map(|user| user.filter(|user| !server.faults.disowns(&user.name))),
        &server.tokens,
        &server.store,
        &incoming.headers,
        incoming.now,
    )?;
    audited.sender = sender.clone();
    let user = impersonation::impersonate(sender.user, &incoming.headers, &authorizer)?;
    audited.impersonated = (user != audited.sender.user).then(|| user.clone());
    let target = request::target(&incoming.path);
    let parameters = QueryParameters::parse(&incoming.query);
    let verb = request::verb(&incoming.method, &target, &parameters);
    let action = request::action(&incoming.path, &verb, &target, &parameters);
    let decision = authorizer.decide(&user, &action);
    audited.action = Some(action.clone());
    audited.decision = Some((decision.allowed, decision.reason.clone()));
    if !decision.allowed {
        return Err(action.forbidden(&user, &decision.reason));
    }
    let RequestTarget::Resource(target) = &target else {
        return discovery::answer(server, &incoming.method, &incoming.path, &incoming.headers);
    };
    if !request::is_served(target, server.ram_authenticator) {
        return Err(StatusError::no_such_page());
    }
    if matches!(target.group.as_str(), AUTHENTICATION | AUTHORIZATION) {
        return reviews::answer(server, &user, incoming, target);
    }
    let resource = target.known.ok_or_else(StatusError::no_such_resource)?;
    let request = ResourceRequest {
        server,
        user: &user,
        headers: &incoming.headers,
        parameters: &parameters,
        target,
        resource,
        action: &action,
        body: &incoming.body,
        now: incoming.now,
    };
    resource_answer(&request, &verb)
}

fn resource_answer(request: &ResourceRequest<'_>, verb: &str) -> Result<ApiResponse, StatusError> {
    if !request.target.subresource.is_empty() {
        return Err(subresource_error(request));
    }
    let writable = !matches!(request.resource.shape, Shape::Stored | Shape::Empty);
    let placed = !request.resource.namespaced || !request.target.namespace.is_empty();
    match verb {
        "get" => read::get(request),
        "list" => read::list(request),
        "watch" => watch::watch(request),
        "create" if writable && placed && request.target.name.is_empty() => write::create(request),
        "update" if writable && !request.target.name.is_empty() => write::update(request),
        "patch" if writable && !request.target.name.is_empty() => patch::patch(request),
        "delete" if writable => delete::delete(request),
        _ => Err(StatusError::method_not_allowed()),
    }
}

/// There is no pod to have a log: what allows the probe answers as for a missing one.
fn subresource_error(request: &ResourceRequest<'_>) -> StatusError {
    if matches!(request.resource.shape, Shape::Stored | Shape::Empty) {
        StatusError::not_found(request.resource, &request.target.name)
    } else {
        StatusError::no_such_resource()
    }
}
