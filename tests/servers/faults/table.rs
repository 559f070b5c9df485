//! The faults.

use std::time::Duration;

use ackcred_sandbox::apiserver::{Fault, Gate};
use ackcred_sandbox::cloud::{FaultKind, RetryHint};
use serde_json::json;

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// It never comes, or is asked for again and again.
    Brief,
    /// It comes, on a machine that has other work.
    Long,
}

impl Patience {
    pub(super) fn timeout(self) -> &'static str {
        match self {
            Self::Brief => "1s",
            Self::Long => "20s",
        }
    }
}

/// A fault of one of the two servers.
pub(super) enum AnyFault {
    ApiServer(Box<dyn Fn() -> (Fault, Option<Gate>) + Sync + Send>, Patience),
    Cloud(FaultKind, Patience),
}

impl AnyFault {
    pub(super) fn patience(&self) -> Patience {
        match self {
            Self::ApiServer(_, patience) | Self::Cloud(_, patience) => *patience,
        }
    }
}

/// Those of an API server and of what stands before it.
pub(super) fn of_the_api_server() -> Vec<(&'static str, AnyFault)> {
    let now = |fault: Fault| AnyFault::ApiServer(Box::new(move || (fault.clone(), None)), Patience::Long);
    let never = |fault: Fault| AnyFault::ApiServer(Box::new(move || (fault.clone(), None)), Patience::Brief);
    let answer = |code, content_type, body: String| now(Fault::Answer { code, content_type, body });
    let json = |code, body: String| answer(code, "application/json", body);
    let status = |code: u16, reason: &str| {
        let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason,
            "message": format!("refused with {code}"), "code": code});
        json(code, body.to_string())
    };
    let list = |items: &str, metadata: &str| {
        json(200, format!(r#"{{"kind":"List","apiVersion":"v1","metadata":{{{metadata}}},"items":{items}}}"#))
    };
    let html = "<!doctype html><title>Sign in</title>";
    vec![
        ("reset", now(Fault::DropRequest)),
        ("carried out, then reset", now(Fault::DropResponse)),
        (
            "hang",
            AnyFault::ApiServer(
                Box::new(|| {
                    let gate = Gate::new();
                    (Fault::HoldRequest(gate.clone()), Some(gate))
                }),
                Patience::Brief,
            ),
        ),
        ("silent", never(Fault::Silent)),
        ("drip", never(Fault::Drip(Duration::from_millis(100)))),
        ("truncated", now(Fault::Truncate(40))),
        ("cut off", now(Fault::Cut { body: r#"{"kind":"List","items":["#.to_owned() })),
        ("no JSON", json(200, "\u{1}garbage".to_owned())),
        ("nothing", json(200, String::new())),
        ("no object", json(200, "[]".to_owned())),
        ("an empty object", json(200, "{}".to_owned())),
        (
            "another kind",
            json(
                200,
                r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"x"}}]}"#.to_owned(),
            ),
        ),
        (
            "a status with 200",
            json(200, r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":403}"#.to_owned()),
        ),
        ("items: null", list("null", "")),
        ("a continue that repeats", list("[]", r#""continue":"again","resourceVersion":"1""#)),
        ("a page for people", answer(200, "text/html", html.to_owned())),
        ("an error page for people", answer(502, "text/html", html.to_owned())),
        ("redirect", answer(302, "text/html", html.to_owned())),
        ("401", status(401, "Unauthorized")),
        ("403", status(403, "Forbidden")),
        ("404", status(404, "NotFound")),
        ("409", status(409, "Conflict")),
        ("410", status(410, "Expired")),
        ("429 with a hint", never(Fault::Busy { retry_after: 1 })),
        ("429 without a hint", status(429, "TooManyRequests")),
        ("500", status(500, "InternalError")),
        ("503", status(503, "ServiceUnavailable")),
    ]
}

/// Those of the cloud.
pub(super) fn of_the_cloud() -> Vec<(&'static str, AnyFault)> {
    let now = |kind| AnyFault::Cloud(kind, Patience::Long);
    let never = |kind| AnyFault::Cloud(kind, Patience::Brief);
    let body = |text: &str| now(FaultKind::Body(text.to_owned()));
    vec![
        ("reset", never(FaultKind::Reset)),
        ("hang", never(FaultKind::Hang(None))),
        ("truncated", never(FaultKind::Truncated)),
        ("no JSON", body("\u{1}garbage")),
        ("nothing", body("")),
        ("null", body("null")),
        ("no object", body("[]")),
        ("an empty object", body("{}")),
        ("a page for people", body("<!doctype html><title>Sign in</title>")),
        ("404", now(FaultKind::NotFound)),
        ("403", now(FaultKind::Forbidden)),
        ("an expired token", now(FaultKind::ExpiredToken)),
        ("another time", now(FaultKind::ClockSkew)),
        ("an error with 200", now(FaultKind::OkWithError { code: "Forbidden".to_owned(), message: "no".to_owned() })),
        ("throttled with a hint", never(FaultKind::Throttled(Some(RetryHint::RetryAfter(1))))),
        ("throttled without a hint", never(FaultKind::Throttled(None))),
        ("500", never(FaultKind::ServerError(500))),
        ("503", never(FaultKind::ServerError(503))),
    ]
}
