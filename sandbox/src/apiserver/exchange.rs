//! One exchange from its headers to its answer: who asks, whether they may, what they get.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

use super::action::Action;
use super::admission::Admission;
use super::authorizer::Authorizer;
use super::faults::{Exchange, Fault, Faults};
use super::request::{self, Parameters, ResourceTarget, Target};
use super::resources::{AUTHENTICATION, AUTHORIZATION, ResourceRef, Shape};
use super::respond::{self, Answer};
use super::status::Refusal;
use super::store::{Store, Stored};
use super::user::User;
use super::{authentication, delete, discovery, impersonation, managed_fields, patch, read, reviews, watch, write};

const AUDIT_ID: &str = "audit-id";

/// What all exchanges of one server share.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) tokens: BTreeMap<String, User>,
    pub(crate) ram_authenticator: bool,
    pub(crate) faults: Faults,
    pub(crate) admission: Admission,
}

/// A request as it came in.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// `None` without a certificate, `Some(None)` with one that doesn't verify.
    pub(crate) certificate: Option<Option<User>>,
    pub(crate) now: Timestamp,
}

impl Incoming {
    pub(crate) fn content_type(&self) -> &str {
        content_type(&self.headers)
    }
}

pub(crate) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT).and_then(|value| value.to_str().ok())
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// A request that may be answered: what the handlers see.
pub(crate) struct Ask<'a> {
    pub(crate) server: &'a Server,
    pub(crate) user: &'a User,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) parameters: &'a Parameters,
    pub(crate) target: &'a ResourceTarget,
    pub(crate) resource: ResourceRef,
    pub(crate) action: &'a Action,
    pub(crate) body: &'a Bytes,
    pub(crate) now: Timestamp,
}

impl Ask<'_> {
    /// The namespace of a namespaced resource; `None` at the cluster scope.
    pub(crate) fn namespace(&self) -> Option<&str> {
        (self.resource.namespaced && !self.target.namespace.is_empty()).then_some(self.target.namespace.as_str())
    }

    /// The object at this address.
    pub(crate) fn stored(&self) -> Result<Arc<Stored>, Refusal> {
        let stored = self.server.store.get(self.resource, self.namespace().unwrap_or_default(), &self.target.name);
        stored.ok_or_else(|| Refusal::not_found(self.resource, &self.target.name))
    }

    pub(crate) fn content_type(&self) -> &str {
        content_type(self.headers)
    }

    pub(crate) fn manager(&self) -> String {
        managed_fields::manager(self.parameters.get("fieldManager"), user_agent(self.headers))
    }
}

/// Answers a request, faults included; `None` closes the connection instead.
pub(crate) async fn answer(server: Arc<Server>, incoming: Incoming) -> Option<Answer> {
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
        Some(Fault::HoldRequest(gate)) => gate.pass().await,
        Some(Fault::Answer { code, content_type, body }) => {
            server.faults.answered(&audit_id, "", *code);
            return Some(respond::typed(*code, content_type, body.clone(), &incoming.headers));
        }
        Some(Fault::Busy { retry_after }) => {
            let refusal = Refusal::too_many_requests(*retry_after);
            server.faults.answered(&audit_id, "", refusal.code);
            return Some(respond::refusal(&refusal, &incoming.headers));
        }
        Some(Fault::Endless { start, repeat }) => {
            server.faults.answered(&audit_id, "", 200);
            return Some(respond::endless(start.clone(), repeat.clone()));
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
    let mut user = User::default();
    let mut answer =
        route(&server, &incoming, &mut user).unwrap_or_else(|refusal| respond::refusal(&refusal, &incoming.headers));
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
    server.faults.answered(&audit_id, &user.name, answer.status().as_u16());
    Some(answer)
}

fn audit_id(headers: &HeaderMap) -> String {
    let given = headers.get(AUDIT_ID).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    given.map_or_else(write::random_uid, str::to_owned)
}

fn route(server: &Server, incoming: &Incoming, asker: &mut User) -> Result<Answer, Refusal> {
    let authorizer = Authorizer::new(&server.store);
    let user = authentication::authenticate(incoming.certificate.clone(), &server.tokens, &incoming.headers)?;
    asker.clone_from(&user);
    let user = impersonation::impersonate(user, &incoming.headers, &authorizer)?;
    asker.clone_from(&user);
    let target = request::target(&incoming.path);
    let parameters = Parameters::parse(&incoming.query);
    let verb = request::verb(&incoming.method, &target, &parameters);
    let action = request::action(&incoming.path, &verb, &target, &parameters);
    let decision = authorizer.decide(&user, &action);
    if !decision.allowed {
        return Err(action.forbidden(&user, &decision.reason));
    }
    let Target::Resource(target) = &target else {
        return discovery::answer(server, &incoming.method, &incoming.path, &incoming.headers);
    };
    if !request::is_served(target, server.ram_authenticator) {
        return Err(Refusal::no_such_page());
    }
    if matches!(target.group.as_str(), AUTHENTICATION | AUTHORIZATION) {
        return reviews::answer(server, &user, incoming, target);
    }
    let resource = target.known.ok_or_else(Refusal::no_such_resource)?;
    let ask = Ask {
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
    resource_answer(&ask, &verb)
}

fn resource_answer(ask: &Ask<'_>, verb: &str) -> Result<Answer, Refusal> {
    if !ask.target.subresource.is_empty() {
        return Err(subresource_refusal(ask));
    }
    let writable = ask.resource.shape != Shape::Empty;
    let placed = !ask.resource.namespaced || !ask.target.namespace.is_empty();
    match verb {
        "get" => read::get(ask),
        "list" => read::list(ask),
        "watch" => watch::watch(ask),
        "create" if writable && placed && ask.target.name.is_empty() => write::create(ask),
        "update" if writable && !ask.target.name.is_empty() => write::update(ask),
        "patch" if writable && !ask.target.name.is_empty() => patch::patch(ask),
        "delete" if writable => delete::delete(ask),
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// There is no pod to have a log: what allows the probe answers as for a missing one.
fn subresource_refusal(ask: &Ask<'_>) -> Refusal {
    if ask.resource.shape == Shape::Empty {
        Refusal::not_found(ask.resource, &ask.target.name)
    } else {
        Refusal::no_such_resource()
    }
}
