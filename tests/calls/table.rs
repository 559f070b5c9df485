//! The faults.

use std::time::Duration;

use ackcred_sandbox::apiserver::{Fault, Gate, Impostor};
use ackcred_sandbox::cloud::{FaultKind, RetryHint};

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// It never comes, or is asked for again and again.
    Brief,
    /// It comes, on a machine that has other work.
    Long,
}

impl Patience {
    pub(crate) fn timeout(self) -> &'static str {
        match self {
            Self::Brief => "1s",
            Self::Long => "20s",
        }
    }
}

/// A fault, what it is called, and how long an answer is waited for under it.
pub(crate) struct Named<F> {
    pub(crate) name: &'static str,
    pub(crate) patience: Patience,
    pub(crate) fault: F,
}

impl<F> Named<F> {
    /// One under which an answer comes.
    fn answered(name: &'static str, fault: F) -> Self {
        Self { name, patience: Patience::Long, fault }
    }

    /// One under which none comes, or is asked for again and again.
    fn unanswered(name: &'static str, fault: F) -> Self {
        Self { name, patience: Patience::Brief, fault }
    }
}

/// Those of an API server and of what stands before it.
pub(crate) fn of_the_api_server() -> Vec<Named<Fault>> {
    let answer = |name, code, content_type, body: &str| {
        Named::answered(name, Fault::Answer { code, content_type, body: body.to_owned() })
    };
    let json = |name, body: &str| answer(name, 200, "application/json", body);
    let status = |name, code: u16, reason: &str| {
        Named::answered(name, Fault::refusal(code, reason, &format!("refused with {code}")))
    };
    let endless = |is_compressed| Fault::Endless {
        start: r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":["#.to_owned(),
        repeat: r#"{"metadata":{"name":"x","namespace":"n"}},"#.repeat(100),
        is_compressed,
    };
    let html = |name, code| answer(name, code, "text/html", "<!doctype html><title>Sign in</title>");
    vec![
        Named::answered("reset", Fault::DropRequest),
        Named::answered("carried out, then reset", Fault::DropResponse),
        Named::unanswered("hang", Fault::HoldRequest(Gate::new())),
        Named::unanswered("silent", Fault::Silent),
        Named::unanswered("drip", Fault::Drip(Duration::from_millis(100))),
        Named::unanswered("endless", endless(false)),
        Named::answered("a bomb", endless(true)),
        Named::answered("a server of another CA", Fault::Impostor(Impostor::OfAnotherAuthority)),
        Named::answered("an expired server", Fault::Impostor(Impostor::Expired)),
        Named::answered("truncated", Fault::Truncate(40)),
        Named::answered("cut off", Fault::Cut { body: r#"{"kind":"List","items":["#.to_owned() }),
        json("no JSON", "\u{1}garbage"),
        json("nothing", ""),
        json("no object", "[]"),
        json("an empty object", "{}"),
        json(
            "another kind",
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"x"}}]}"#,
        ),
        json("a status with 200", r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":403}"#),
        json("items: null", r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":null}"#),
        json(
            "a continue that repeats",
            r#"{"kind":"List","apiVersion":"v1","metadata":{"continue":"again","resourceVersion":"1"},"items":[]}"#,
        ),
        html("a page for people", 200),
        html("an error page for people", 502),
        html("redirect", 302),
        status("401", 401, "Unauthorized"),
        status("403", 403, "Forbidden"),
        status("404", 404, "NotFound"),
        status("409", 409, "Conflict"),
        status("410", 410, "Expired"),
        Named::unanswered("429 with a hint", Fault::Busy { retry_after: 1 }),
        status("429 without a hint", 429, "TooManyRequests"),
        status("500", 500, "InternalError"),
        status("503", 503, "ServiceUnavailable"),
    ]
}

/// Those of the cloud.
pub(crate) fn of_the_cloud() -> Vec<Named<FaultKind>> {
    let body = |name, text: &str| Named::answered(name, FaultKind::Body(text.to_owned()));
    let error = FaultKind::OkWithError { code: "Forbidden".to_owned(), message: "no".to_owned() };
    vec![
        Named::unanswered("reset", FaultKind::Reset),
        Named::unanswered("hang", FaultKind::Hang(None)),
        Named::unanswered("truncated", FaultKind::Truncated),
        Named::unanswered("endless", FaultKind::Endless),
        Named::answered("a server of another CA", FaultKind::Impostor),
        body("no JSON", "\u{1}garbage"),
        body("nothing", ""),
        body("null", "null"),
        body("no object", "[]"),
        body("an empty object", "{}"),
        body("a page for people", "<!doctype html><title>Sign in</title>"),
        Named::answered("404", FaultKind::NotFound),
        Named::answered("403", FaultKind::Forbidden),
        Named::answered("an expired token", FaultKind::ExpiredToken),
        Named::answered("another time", FaultKind::ClockSkew),
        Named::answered("an error with 200", error),
        Named::unanswered("throttled with a hint", FaultKind::Throttled(Some(RetryHint::RetryAfter(1)))),
        Named::unanswered("throttled without a hint", FaultKind::Throttled(None)),
        Named::unanswered("500", FaultKind::ServerError(500)),
        Named::unanswered("503", FaultKind::ServerError(503)),
    ]
}
