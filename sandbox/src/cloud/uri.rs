//! A credentials endpoint of one's own, as `ALIBABA_CLOUD_CREDENTIALS_URI` names it.

use http::Method;
use serde_json::json;

use super::backend::Backend;
use super::reply::CloudResponse;
use super::request::CloudRequest;
use super::sts::credentials;

pub(crate) fn answer(backend: &Backend, request: &CloudRequest) -> CloudResponse {
    let now = backend.clock.now();
    let mut cloud_state = backend.cloud_state();
    let served =
        cloud_state.sign_in.uris.iter().find(|(path, _)| *path == request.path && request.method == Method::GET);
    let role = served.map(|(_, role)| role.clone());
    match role.and_then(|role| cloud_state.open_session(&role, "uri", now)) {
        None => CloudResponse::json(404, &json!({ "Code": "NotFound" })),
        Some(issued) => {
            let mut body = credentials(&issued);
            body["Code"] = json!("Success");
            CloudResponse::json(200, &body)
        }
    }
}
