//! The metadata of an ECS instance, as far as credentials go.
//!
//! Source: <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>

use http::Method;
use jiff::SignedDuration;
use kubectl_ackcred::internals::Secret;
use serde_json::{Value, json};

use super::backend::Backend;
use super::clock::written;
use super::random;
use super::reply::CloudResponse;
use super::request::CloudRequest;
use super::sign_in::MetadataMode;
use super::sts::credentials;

const TOKEN: &str = "/latest/api/token";
const CREDENTIALS: &str = "/latest/meta-data/ram/security-credentials/";

/// The longest life of a metadata token, in seconds.
const LONGEST: i64 = 21_600;

pub(crate) fn action(request: &CloudRequest) -> &'static str {
    match request.path.as_str() {
        TOKEN => "MetadataToken",
        CREDENTIALS => "MetadataRole",
        _ => "MetadataCredentials",
    }
}

pub(crate) fn answer(backend: &Backend, request: &CloudRequest) -> CloudResponse {
    let mode = backend.cloud_state().sign_in.instance.as_ref().map(|instance| instance.mode);
    match (&request.method, request.path.as_str()) {
        (&Method::PUT, TOKEN) if mode == Some(MetadataMode::WithoutTokens) => CloudResponse::text(404, "not found"),
        (&Method::PUT, TOKEN) => token(backend, request),
        (&Method::GET, path) if path.starts_with(CREDENTIALS) => {
            if !may_read(backend, request, mode) {
                return CloudResponse::text(403, "a valid metadata token is needed");
            }
            role(backend, &path[CREDENTIALS.len()..])
        }
        _ => CloudResponse::text(404, "not found"),
    }
}

fn token(backend: &Backend, request: &CloudRequest) -> CloudResponse {
    let lifetime = request.header("x-aliyun-ecs-metadata-token-ttl-seconds").and_then(|text| text.parse::<i64>().ok());
    let Some(seconds) = lifetime.filter(|seconds| (1..=LONGEST).contains(seconds)) else {
        return CloudResponse::text(400, "X-aliyun-ecs-metadata-token-ttl-seconds must be 1 to 21600");
    };
    let now = backend.clock.now();
    let expires = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    let token = random::letters(56);
    backend.cloud_state().sign_in.metadata_token = Some((Secret::new(token.clone()), expires));
    CloudResponse::text(200, &token)
}

/// A wrong token is refused even where none is needed.
fn may_read(backend: &Backend, request: &CloudRequest, mode: Option<MetadataMode>) -> bool {
    let now = backend.clock.now();
    match request.header("x-aliyun-ecs-metadata-token") {
        None => mode != Some(MetadataMode::Hardened),
        Some(_) if mode == Some(MetadataMode::WithoutTokens) => true,
        Some(given) => {
            let cloud_state = backend.cloud_state();
            cloud_state
                .sign_in
                .metadata_token
                .as_ref()
                .is_some_and(|(token, expires)| token.expose() == given && *expires > now)
        }
    }
}

fn role(backend: &Backend, asked: &str) -> CloudResponse {
    let now = backend.clock.now();
    let mut cloud_state = backend.cloud_state();
    let Some(instance) = cloud_state.sign_in.instance.clone() else { return CloudResponse::text(404, "not found") };
    if asked.is_empty() {
        return CloudResponse::text(200, &instance.role.role);
    }
    if asked != instance.role.role {
        return CloudResponse::text(404, "not found");
    }
    match cloud_state.open_session(&instance.role, "ecs-instance", now) {
        None => CloudResponse::json(200, &json!({ "Code": "Failed" })),
        Some(issued) => {
            let mut body: Value = credentials(&issued);
            body["Code"] = json!("Success");
            body["LastUpdated"] = json!(written(now));
            CloudResponse::json(200, &body)
        }
    }
}
