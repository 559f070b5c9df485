//! CloudSSO's sign-in host: changes a live access token for credentials of an access configuration in an account.

use http::Method;
use serde_json::{Value, json};

use super::backend::Backend;
use super::oauth::bearer;
use super::random;
use super::reply::CloudResponse;
use super::request::CloudRequest;
use super::sts::credentials;

pub(crate) fn answer(backend: &Backend, request: &CloudRequest) -> CloudResponse {
    if request.path != "/cloud-credentials" || request.method != Method::POST {
        return error(404, "NotFound", "There is no such resource.");
    }
    let now = backend.clock.now();
    let mut cloud_state = backend.cloud_state();
    let given = bearer(request);
    let live = |token: &str, expires| given == Some(token) && expires > now;
    if !cloud_state.sign_in.sso.iter().any(|known| live(known.token.expose(), known.expires)) {
        return error(401, "InvalidAccessToken", "The access token is invalid or has expired.");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (account, configuration) = (body["AccountId"].as_str(), body["AccessConfigurationId"].as_str());
    let (Some(account), Some(configuration)) = (account, configuration) else {
        return error(400, "MissingParameter", "AccountId and AccessConfigurationId are required.");
    };
    let assigned = cloud_state.sign_in.sso.iter().find(|known| {
        live(known.token.expose(), known.expires)
            && known.role.account == account
            && known.configuration == configuration
    });
    let Some(role) = assigned.map(|known| known.role.clone()) else {
        return error(403, "NoPermission", "The access configuration is not assigned to you in this account.");
    };
    match cloud_state.open_session(&role, "sso-user", now) {
        Some(issued) => CloudResponse::json(
            200,
            &json!({ "CloudCredential": credentials(&issued), "RequestId": random::request_id() }),
        ),
        None => error(404, "EntityNotExists.AccessConfiguration", "The access configuration does not exist."),
    }
}

fn error(status: u16, code: &str, message: &str) -> CloudResponse {
    CloudResponse::json(
        status,
        &json!({ "ErrorCode": code, "ErrorMessage": message, "RequestId": random::request_id() }),
    )
}
