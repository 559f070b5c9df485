//! The OAuth server of the command line tool: changes a live access token for temporary credentials.

use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::backend::Backend;
use super::keys::Principal;
use super::reply::CloudResponse;
use super::request::CloudRequest;
use super::sts::credentials;

pub(crate) fn answer(backend: &Backend, request: &CloudRequest) -> CloudResponse {
    if request.path != "/v1/exchange" {
        return CloudResponse::json(404, &json!({ "error": "not_found" }));
    }
    if request.method != Method::POST {
        return CloudResponse::json(405, &json!({ "error": "method_not_allowed" }));
    }
    let now = backend.clock.now();
    let mut cloud_state = backend.cloud_state();
    let given = bearer(request);
    let known = cloud_state
        .sign_in
        .oauth
        .iter()
        .find(|known| given == Some(known.token.expose()) && known.expires > now)
        .cloned();
    let Some(known) = known else {
        let body =
            json!({ "error": "invalid_token", "error_description": "The access token is invalid or has expired." });
        return CloudResponse::json(401, &body);
    };
    let principal = Principal::User(known.uid);
    let issued =
        cloud_state.keys.issue(&known.account, principal, known.permissions, now, SignedDuration::from_hours(1));
    CloudResponse::json(200, &credentials(&issued))
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(request: &CloudRequest) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}
