//! The way of a request: which operation, whose signature, which fault, carried out, written down.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::backend::{Backend, LoggedRequest};
use super::caller::Caller;
use super::cs::{self, CsOperation};
use super::faults::{FaultOutcome, StruckCall, strike};
use super::host_names::host_name;
use super::reply::{CloudError, CloudResponse, Product};
use super::request::{CallParameters, CloudRequest};
use super::{ims, metadata, oauth, ram, random, signature, sso, sts, uri};

/// What listens at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A product, at its central endpoint or at a region's.
    Product(Product, Option<String>),
    Metadata,
    OAuth,
    CloudSso,
    CredentialsUri,
}

/// Answers a request, and writes it down.
pub(crate) fn answer(backend: &Backend, endpoint: &Endpoint, request: &CloudRequest) -> FaultOutcome {
    let request_id = random::request_id();
    backend.proofs().extend(proofs(request).map(str::to_owned));
    let mut entry = LoggedRequest {
        action: format!("{} {}", request.method, request.path),
        region: None,
        parameters: request.parameters().without_secrets(),
        caller: None,
        status: None,
        request_id: request_id.clone(),
    };
    let outcome = match endpoint {
        Endpoint::Product(product, region) => {
            let by_name = request.header("host").and_then(|host| host_name(host)?.region);
            let region = region.as_deref().or(by_name);
            entry.region = region.map(str::to_owned);
            let asked = ProductRequest { backend, product: *product, region, request, request_id: &request_id };
            asked.answer(&mut entry).unwrap_or_else(|error| FaultOutcome::Answered(error.reply(*product, &request_id)))
        }
        Endpoint::Metadata => {
            signed_in(backend, &mut entry, metadata::action(request), || metadata::answer(backend, request))
        }
        Endpoint::OAuth => signed_in(backend, &mut entry, "OAuthExchange", || oauth::answer(backend, request)),
        Endpoint::CloudSso => signed_in(backend, &mut entry, "CloudSsoCredentials", || sso::answer(backend, request)),
        Endpoint::CredentialsUri => signed_in(backend, &mut entry, "CredentialsUri", || uri::answer(backend, request)),
    };
    let outcome = stamped(outcome, &request_id, backend.clock.now());
    if let FaultOutcome::Answered(reply) | FaultOutcome::Truncated(reply) | FaultOutcome::Slow(_, reply) = &outcome {
        entry.status = Some(reply.status);
    }
    backend.log().push(entry);
    outcome
}

/// What a request proves its sender with: the signature or the bearer token, and the tokens in its headers.
fn proofs(request: &CloudRequest) -> impl Iterator<Item = &str> {
    let authorization = request.header("authorization").and_then(|value| value.rsplit(['=', ' ']).next());
    let tokens = ["x-acs-security-token", "x-aliyun-ecs-metadata-token"].map(|name| request.header(name));
    authorization.into_iter().chain(tokens.into_iter().flatten()).filter(|proof| !proof.is_empty())
}

/// Every response has its ID and the cloud's time, from which a client can see that its clock is wrong.
fn stamped(outcome: FaultOutcome, request_id: &str, now: Timestamp) -> FaultOutcome {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let stamp = |reply: CloudResponse| reply.with("x-acs-request-id", request_id).with("date", date.as_str());
    match outcome {
        FaultOutcome::Answered(reply) => FaultOutcome::Answered(stamp(reply)),
        FaultOutcome::Truncated(reply) => FaultOutcome::Truncated(stamp(reply)),
        FaultOutcome::Slow(time, reply) => FaultOutcome::Slow(time, stamp(reply)),
        FaultOutcome::Endless | FaultOutcome::Impostor | FaultOutcome::Reset | FaultOutcome::Hang(_) => outcome,
    }
}

/// The endpoints that give credentials know no signatures, but faults strike them as well.
fn signed_in(
    backend: &Backend,
    entry: &mut LoggedRequest,
    action: &str,
    proper: impl FnOnce() -> CloudResponse,
) -> FaultOutcome {
    action.clone_into(&mut entry.action);
    let call = StruckCall { product: None, action, region: None, parameters: &entry.parameters };
    struck(backend, call, &entry.request_id, proper)
}

fn struck(
    backend: &Backend,
    call: StruckCall<'_>,
    request_id: &str,
    proper: impl FnOnce() -> CloudResponse,
) -> FaultOutcome {
    let (action, shape) = (call.action, call.product.unwrap_or(Product::Sts));
    let struck = strike(&mut backend.faults(), call);
    match struck {
        None => FaultOutcome::Answered(proper()),
        Some(struck) if struck.carried_out => {
            let reply = proper();
            struck.kind.outcome(action, shape, request_id, || reply)
        }
        Some(struck) => struck.kind.outcome(action, shape, request_id, proper),
    }
}

/// A request to a product.
struct ProductRequest<'a> {
    backend: &'a Backend,
    product: Product,
    region: Option<&'a str>,
    request: &'a CloudRequest,
    request_id: &'a str,
}

/// The operation that a request names, as far as it is known before the caller is.
enum NamedOperation {
    Roa(CsOperation),
    Rpc(String),
}

impl ProductRequest<'_> {
    fn answer(&self, entry: &mut LoggedRequest) -> Result<FaultOutcome, CloudError> {
        let parameters = self.request.parameters();
        let named = self.named(&parameters)?;
        let action = match &named {
            NamedOperation::Roa(operation) => {
                let values = operation.path_parameters().into_iter();
                entry.parameters.extend(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
                operation.name().to_owned()
            }
            NamedOperation::Rpc(action) => action.clone(),
        };
        action.clone_into(&mut entry.action);
        let caller = self.caller(&action)?;
        entry.caller = caller.as_ref().map(|caller| caller.uid().to_owned());
        let proper = || {
            let result = self.carry_out(&named, &parameters, caller.as_ref());
            result.unwrap_or_else(|error| error.reply(self.product, self.request_id))
        };
        let region = entry.parameters.get("region").map(String::as_str).or(self.region);
        let call = StruckCall { product: Some(self.product), action: &action, region, parameters: &entry.parameters };
        Ok(struck(self.backend, call, self.request_id, proper))
    }

    /// The operation. For RPC its name is in a header or, with the older style that unsigned calls use, in a parameter; for
    /// Container Service it is the path's, and the header must agree.
    fn named(&self, parameters: &CallParameters) -> Result<NamedOperation, CloudError> {
        let stated = |header: &str, parameter: &str| {
            self.request.header(header).or_else(|| parameters.get(parameter)).map(str::to_owned)
        };
        if stated("x-acs-version", "Version").as_deref() != Some(self.product.version()) {
            return Err(CloudError::gateway(400, "InvalidVersion", "Specified parameter Version is not valid."));
        }
        let unknown = || {
            let message = "Specified api is not found, please check your url and method.";
            CloudError::gateway(404, "InvalidAction.NotFound", message)
        };
        let action = stated("x-acs-action", "Action").ok_or_else(unknown)?;
        if self.product == Product::Cs {
            let operation = CsOperation::route(&self.request.method, &self.request.path).ok_or_else(unknown)?;
            return if operation.name() == action { Ok(NamedOperation::Roa(operation)) } else { Err(unknown()) };
        }
        let method = self.request.method.as_str();
        if self.request.path != "/" || !matches!(method, "GET" | "POST") {
            return Err(unknown());
        }
        Ok(NamedOperation::Rpc(action))
    }

    fn caller(&self, action: &str) -> Result<Option<Caller>, CloudError> {
        if self.product == Product::Sts && action == sts::UNSIGNED {
            return Ok(None);
        }
        let mut cloud_state = self.backend.cloud_state();
        let key = signature::verify(self.request, &mut cloud_state.keys, self.backend.clock.now())?;
        cloud_state.check_owner(&key)?;
        Ok(Some(Caller::of(&key)))
    }

    fn carry_out(
        &self,
        named: &NamedOperation,
        parameters: &CallParameters,
        caller: Option<&Caller>,
    ) -> Result<CloudResponse, CloudError> {
        match (named, caller) {
            (NamedOperation::Roa(operation), Some(caller)) => {
                let call = cs::Call { backend: self.backend, caller, parameters, region: self.region };
                cs::call(operation, &call)
            }
            (NamedOperation::Rpc(action), caller) => self.rpc(action, parameters, caller),
            (NamedOperation::Roa(_), None) => {
                Err(CloudError::gateway(400, "MissingAccessKeyId", "AccessKeyId is mandatory for this action."))
            }
        }
    }

    fn rpc(
        &self,
        action: &str,
        parameters: &CallParameters,
        caller: Option<&Caller>,
    ) -> Result<CloudResponse, CloudError> {
        let now = self.backend.clock.now();
        let mut cloud_state = self.backend.cloud_state();
        let answered = match (self.product, caller) {
            (Product::Ram, Some(caller)) => ram::call(action, parameters, caller, &cloud_state),
            (Product::Ims, Some(caller)) => ims::call(action, parameters, caller, &cloud_state),
            (Product::Sts, Some(caller)) => sts::call(action, parameters, caller, &mut cloud_state, now),
            (Product::Sts, None) => Some(sts::assume_role_with_oidc(parameters, &mut cloud_state, now)),
            (Product::Cs | Product::Ram | Product::Ims, _) => None,
        };
        let unknown = || {
            let message = "Specified api is not found, please check your url and method.";
            CloudError::gateway(404, "InvalidAction.NotFound", message)
        };
        let body: Value = answered.ok_or_else(unknown)??;
        Ok(CloudResponse::json(200, &with_member(body, "RequestId", json!(self.request_id))))
    }
}

fn with_member(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[cfg(test)]
mod tests;
