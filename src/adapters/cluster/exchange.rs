//! One question and its whole answer, bounded in time and in memory.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::ApiServer;
use super::byte_budget::ByteBudget;
use super::failure::{CallError, Failure, Refusal};
use super::protobuf_list::{self, PROTOBUF};

/// How often a busy server is asked in all.
const ATTEMPTS: u32 = 5;
/// How long one wait for a busy server may be when there is no timeout.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The wait for a connection that can't be opened because too many files are open.
const OUT_OF_FILES_WAIT: Duration = Duration::from_millis(100);
/// How much of an answer that says no is read.
const REFUSAL_LIMIT: u64 = 64 * 1024;
/// The statuses of an API server's good answers.
const WHOLE: [StatusCode; 3] = [StatusCode::OK, StatusCode::CREATED, StatusCode::ACCEPTED];
/// How much of the server's sentence is kept, in characters.
const MESSAGE_LIMIT: usize = 1024;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct ApiRequest {
    /// In words, for errors: `list rolebindings`.
    pub(super) call: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Bytes,
    pub(super) content_type: &'static str,
    /// The name under which the API server's audit log is to have the request; the server makes one up where there is none.
    pub(super) audit_id: Option<String>,
    pub(super) encoding: Encoding,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// JSON.
    #[default]
    Json,
    /// Kubernetes' protobuf; as a wish, it is one: JSON is taken as well.
    Protobuf,
    /// JSON, as rows of a table and nothing else: where the server has no such form, it has to say so.
    Table,
    /// JSON, with all of discovery in one document where the server has that; it says so in a parameter of the content type.
    Discovery,
}

impl Encoding {
    fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Table => "application/json;as=Table;g=meta.k8s.io;v=v1",
            Self::Protobuf => "application/vnd.kubernetes.protobuf,application/json",
            Self::Discovery => {
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                 application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
            }
        })
    }

    /// What an answer of this content type is written in, among what the question takes.
    fn of_answer(self, content_type: &str) -> Option<Self> {
        match self {
            _ if content_type.eq_ignore_ascii_case("application/json") => Some(Self::Json),
            Self::Protobuf if content_type.eq_ignore_ascii_case(PROTOBUF) => Some(Self::Protobuf),
            _ => None,
        }
    }
}

impl ApiRequest {
    pub(super) fn get(call: impl Into<String>, path: impl Into<String>) -> Self {
        Self::with_body(call, Method::GET, path, Bytes::new())
    }

    /// A question with a body in JSON.
    pub(super) fn with_body(call: impl Into<String>, method: Method, path: impl Into<String>, body: Bytes) -> Self {
        Self {
            call: call.into(),
            method,
            path: path.into(),
            body,
            content_type: "application/json",
            audit_id: None,
            encoding: Encoding::Json,
        }
    }

    pub(super) fn in_encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    fn request(&self) -> Result<Request<Body>, Failure> {
        let mut request =
            Request::builder().method(&self.method).uri(&self.path).header(header::ACCEPT, self.encoding.accept());
        if !self.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.content_type);
        }
        if let Some(audit_id) = &self.audit_id {
            request = request.header("audit-id", audit_id);
        }
        request.body(Body::from(self.body.clone())).map_err(Failure::Request)
    }
}

/// The moment at which an exchange is given up.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    timeout: Option<Duration>,
    at: Option<Instant>,
}

impl Deadline {
    fn after(timeout: Option<Duration>) -> Self {
        Self { timeout, at: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    async fn bound<T>(self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match self.at {
            None => work.await,
            Some(at) => timeout_at(at, work).await.unwrap_or_else(|_| Err(self.expired())),
        }
    }

    /// A sender that never pauses keeps the timer from being looked at, so readers ask between frames.
    fn check(self) -> Result<(), Failure> {
        match self.at {
            Some(at) if Instant::now() >= at => Err(self.expired()),
            _ => Ok(()),
        }
    }

    fn allows(self, wait: Duration) -> bool {
        match self.at {
            None => wait <= LONGEST_WAIT,
            Some(at) => Instant::now() + wait < at,
        }
    }

    fn expired(self) -> Failure {
        Failure::Timeout(self.timeout.unwrap_or_default())
    }
}

/// A good answer whose body is still to be read.
pub(super) struct ApiResponse {
    status: u16,
    body: Body,
    deadline: Deadline,
    encoding: Encoding,
    /// The connection is in use until the body is read.
    _turn: Option<OwnedSemaphorePermit>,
}

impl ApiResponse {
    /// What it is written in: JSON unless the question took something else.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The next piece of the body, decompressed; `None` at its proper end.
    pub(super) async fn frame(&mut self) -> Result<Option<Bytes>, Failure> {
        self.deadline.check()?;
        let (body, deadline) = (&mut self.body, self.deadline);
        deadline.bound(next_frame(body, deadline.timeout)).await
    }

    /// The whole body, charged to a budget.
    pub(super) async fn whole(mut self, budget: &mut ByteBudget) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(frame) = self.frame().await? {
            budget.charge(frame.len() as u64)?;
            whole.extend_from_slice(&frame);
        }
        Ok(whole)
    }
}

async fn next_frame(body: &mut Body, timeout: Option<Duration>) -> Result<Option<Bytes>, Failure> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(Failure::of_body(error, timeout)),
            // Trailers are no data.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

impl ApiServer {
    /// Asks for a small document, as its bytes.
    pub(super) async fn small_body(&self, question: &ApiRequest) -> Result<Vec<u8>, Failure> {
        self.small_answer(question).await.map(|(_, body)| body)
    }

    /// Asks for a small document: the HTTP status, and its bytes.
    pub(super) async fn small_answer(&self, question: &ApiRequest) -> Result<(u16, Vec<u8>), Failure> {
        let response = self.ask(question).await?;
        let status = response.status;
        Ok((status, response.whole(&mut ByteBudget::of(self.limits.document)).await?))
    }

    /// Asks, again where the server is busy and says when to come back, and gives the answer unless it says no.
    pub(super) async fn ask(&self, question: &ApiRequest) -> Result<ApiResponse, Failure> {
        let turn = self.connections.turn().await;
        let deadline = Deadline::after(self.timeout);
        let mut attempt = 1;
        loop {
            let response = match deadline.bound(self.send(question)).await {
                // Nothing was sent. Connections that were closed a moment ago may still be open files.
                Err(failure) if failure.is_out_of_files() && deadline.allows(OUT_OF_FILES_WAIT) => {
                    sleep_until(Instant::now() + OUT_OF_FILES_WAIT).await;
                    continue;
                }
                response => response?,
            };
            let wait = retry_after(response.status(), response.headers());
            match wait {
                Some(wait) if attempt < ATTEMPTS && deadline.allows(wait) => {
                    tracing::debug!(call = question.call.as_str(), attempt, ?wait, status = %response.status(), "the server is busy");
                    drop(response);
                    sleep_until(Instant::now() + wait).await;
                    attempt += 1;
                }
                _ => {
                    let answer = answer(response, question.encoding, deadline, turn).await;
                    return answer.map_err(|failure| failure.without_secrets(&self.login.sent_secrets()));
                }
            }
        }
    }

    async fn send(&self, question: &ApiRequest) -> Result<Response<Body>, Failure> {
        let request = question.request()?;
        let client = self.client().map_err(|error| Failure::Connection(Box::new(error)))?;
        let answer = client.send(request).await.map_err(|error| Failure::of_transport(error, self.timeout))?;
        self.clock.set(answer.headers());
        Ok(answer)
    }

    /// The error of a call. What the server repeats of the credential that was sent to it is taken out.
    pub(super) fn error(&self, call: impl Into<String>, failure: Failure) -> CallError {
        let failure = failure.without_secrets(&self.login.sent_secrets());
        CallError { server: self.server.clone(), call: call.into(), failure }
    }
}

/// How long a busy server wants to be left alone. Without a number of seconds from it nothing is asked again.
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let seconds: u32 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()).max(Duration::from_millis(100)))
}

async fn answer(
    response: Response<Body>,
    asked: Encoding,
    deadline: Deadline,
    turn: Option<OwnedSemaphorePermit>,
) -> Result<ApiResponse, Failure> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    if head.status.is_redirection() {
        return Err(Failure::Redirected { status });
    }
    let content_type = content_type(&head.headers);
    let encoding = asked.of_answer(&content_type);
    let answer = ApiResponse { status, body, deadline, encoding: encoding.unwrap_or_default(), _turn: turn };
    if !head.status.is_success() {
        return Err(refusal(status, content_type, answer).await);
    }
    if !WHOLE.contains(&head.status) {
        return Err(Failure::NotWhole { status });
    }
    match encoding {
        Some(_) => Ok(answer),
        None => Err(Failure::NotKubernetes { status, content_type }),
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type");
    value.split(';').next().unwrap_or_default().trim().chars().take(100).collect()
}

#[derive(Deserialize)]
struct Status {
    kind: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// Reads why the server says no. What can't be read of it never hides that it said no.
async fn refusal(status: u16, content_type: String, mut answer: ApiResponse) -> Failure {
    let mut body = Vec::new();
    while let Ok(Some(frame)) = answer.frame().await {
        body.extend_from_slice(&frame);
        if body.len() as u64 > REFUSAL_LIMIT {
            break;
        }
    }
    if let (Encoding::Protobuf, Some((reason, message))) = (answer.encoding, protobuf_list::status(&body)) {
        return Refusal { status, reason: shortened(&reason), message: shortened(&message) }.into();
    }
    match serde_json::from_slice::<Status>(&body) {
        Ok(answer) if answer.kind == "Status" => Refusal {
            status,
            reason: shortened(&answer.reason.unwrap_or_default()),
            message: shortened(&answer.message.unwrap_or_default()),
        }
        .into(),
        // Go's HTTP server and API servers' filters answer some errors in plain text.
        _ if content_type.eq_ignore_ascii_case("text/plain") || body.is_empty() => {
            let line = String::from_utf8_lossy(&body);
            let message = shortened(line.lines().next().unwrap_or_default().trim());
            Refusal { status, reason: String::new(), message }.into()
        }
        _ => Failure::NotKubernetes { status, content_type },
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_busy_servers_that_say_when_are_asked_again() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(StatusCode::TOO_MANY_REQUESTS, &headers), None);
        headers.insert(header::RETRY_AFTER, "2".parse().unwrap());
        assert_eq!(retry_after(StatusCode::TOO_MANY_REQUESTS, &headers), Some(Duration::from_secs(2)));
        assert_eq!(retry_after(StatusCode::SERVICE_UNAVAILABLE, &headers), Some(Duration::from_secs(2)));
        assert_eq!(retry_after(StatusCode::INTERNAL_SERVER_ERROR, &headers), None);
        headers.insert(header::RETRY_AFTER, "99999999999999999999".parse().unwrap());
        assert_eq!(retry_after(StatusCode::TOO_MANY_REQUESTS, &headers), None);
    }

    #[test]
    fn long_messages_are_shortened_at_a_character() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ü".repeat(5000)).chars().count(), MESSAGE_LIMIT + 1);
    }
}
