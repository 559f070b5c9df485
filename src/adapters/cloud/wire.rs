//! One call of an operation: signed, sent, judged, and repeated where that is right.

use std::time::{Duration, Instant};

use http::Method;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use serde::de::DeserializeOwned;

use super::endpoints::Endpoint;
use super::error::{self, Error, ErrorBody, Kind};
use super::http::{Failure, Http, Request, Response};
use super::limiter::Limiter;
use super::retry::{self, Effect, Policy, Waiting};
use super::sign::{self, Key, Parts};
use crate::core::secret::Secret;
use crate::core::{hex, percent};
use crate::world::World;

/// A product of the cloud, in the version that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Container Service.
    Cs,
    /// Resource Access Management.
    Ram,
    /// Identity Management Service.
    Ims,
    /// Security Token Service.
    Sts,
}

impl Product {
    /// The prefix of its actions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cs => "cs",
            Self::Ram => "ram",
            Self::Ims => "ims",
            Self::Sts => "sts",
        }
    }

    /// The API's version.
    pub fn version(self) -> &'static str {
        match self {
            Self::Cs => "2015-12-15",
            Self::Ram => "2015-05-01",
            Self::Ims => "2019-08-15",
            Self::Sts => "2015-04-01",
        }
    }
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whose operation it is.
    pub product: Product,
    /// The operation's name.
    pub operation: &'static str,
    /// The server.
    pub endpoint: Endpoint,
    /// `GET`, `POST`, `DELETE`.
    pub method: Method,
    /// The path, its segments percent-encoded.
    pub path: String,
    /// The query's names and plain values.
    pub query: Vec<(&'static str, String)>,
    /// What it does to the account.
    pub effect: Effect,
}

impl Call {
    /// A call in RPC style: POST to `/`, everything in the query.
    pub fn rpc(
        product: Product,
        operation: &'static str,
        endpoint: Endpoint,
        query: Vec<(&'static str, String)>,
    ) -> Self {
        let (method, path) = (Method::POST, "/".to_owned());
        Self { product, operation, endpoint, method, path, query, effect: Effect::Read }
    }

    /// `product:Operation`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.product.name(), self.operation)
    }
}

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The ID under which the cloud's support finds the request.
    pub request_id: Option<String>,
    body: Secret<Vec<u8>>,
    action: String,
}

impl Reply {
    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.body.expose().trim_ascii().is_empty()
    }

    /// Reads the body.
    ///
    /// # Errors
    /// The body isn't what the operation is documented to answer.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.body.expose()).map_err(|error| {
            // The parser's own text can quote the body.
            let what =
                format!("an answer that is not as documented (line {}, column {})", error.line(), error.column());
            Error::new(&self.action, Kind::Malformed, what).with_request_id(self.request_id.as_deref())
        })
    }
}

/// The way to the cloud: connection, clock and patience.
#[derive(Debug)]
pub struct Wire {
    pub(super) http: Http,
    timeout: Option<Duration>,
    policy: Policy,
    limiter: Limiter,
    started: (Timestamp, Instant),
}

impl Wire {
    /// Takes proxy and certificate settings and the time from `world`. `timeout` bounds each exchange with its body.
    pub fn new(world: &World, timeout: Option<Duration>, policy: Policy) -> Self {
        let limiter = Limiter::new(world.open_files.cloud_calls());
        Self { http: Http::new(world), timeout, policy, limiter, started: (world.now, Instant::now()) }
    }

    /// The time that requests are signed with: the program's own, moved on by what has passed since.
    pub fn now(&self) -> Timestamp {
        let (start, instant) = self.started;
        start.checked_add(instant.elapsed()).unwrap_or(start)
    }

    /// The bound on one exchange.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Makes a signed call, again where [`retry::wait_before_next`] says so. Each wait is traced.
    ///
    /// # Errors
    /// The last try's error.
    pub async fn call(&self, call: &Call, key: &Key<'_>) -> Result<Reply, Error> {
        self.repeat(call.effect, None, || self.once(call, key)).await
    }

    /// Makes a signed call of a change, and waits where it is refused for now.
    ///
    /// # Errors
    /// The last try's error.
    pub(super) async fn call_waiting(&self, call: &Call, key: &Key<'_>, waiting: &Waiting<'_>) -> Result<Reply, Error> {
        self.repeat(call.effect, Some(waiting), || self.once(call, key)).await
    }

    /// Makes an unsigned call with a form as its body. Only `AssumeRoleWithOIDC` is called so.
    ///
    /// # Errors
    /// The last try's error.
    pub async fn call_unsigned(&self, call: &Call, form: &[(&'static str, Secret<String>)]) -> Result<Reply, Error> {
        self.repeat(call.effect, None, || self.once_unsigned(call, form)).await
    }

    async fn repeat<F: Future<Output = Result<Reply, Error>>>(
        &self,
        effect: Effect,
        waiting: Option<&Waiting<'_>>,
        attempt_once: impl Fn() -> F,
    ) -> Result<Reply, Error> {
        let mut begun = None;
        let mut attempt = 1;
        loop {
            let turn = self.limiter.turn().await;
            // Patience is counted from the first try: a turn that others delay is no try.
            let begun = *begun.get_or_insert_with(Instant::now);
            let error = match attempt_once().await {
                Ok(reply) => {
                    self.limiter.answered();
                    return Ok(reply);
                }
                Err(error) => error,
            };
            drop(turn);
            if error.kind() == Kind::Throttled {
                self.limiter.throttled();
            }
            let failure = retry::Failure { kind: error.kind(), hint: error.retry_after() };
            let jitter = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
            let patient = waiting.and_then(|waiting| Some((waiting, waiting.policy(error.kind())?)));
            let policy = patient.as_ref().map_or(&self.policy, |(_, policy)| policy);
            let wait = retry::wait_before_next(policy, effect, attempt, failure, begun.elapsed(), jitter);
            let Some(wait) = wait else { return Err(error) };
            tracing::info!(attempt, wait_ms = wait.as_millis(), %error, "waiting before another try");
            match patient {
                None => tokio::time::sleep(wait).await,
                Some((waiting, _)) if waiting.wait(wait, &error).await => {}
                Some(_) => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn once(&self, call: &Call, key: &Key<'_>) -> Result<Reply, Error> {
        let parts = Parts {
            method: call.method.as_str(),
            host: call.endpoint.authority(),
            path: &call.path,
            query: &call.query,
            content_type: None,
            body: b"",
            action: call.operation,
            version: call.product.version(),
        };
        let signed = sign::sign(&parts, key, self.now(), &hex::encode(&random::<16>()));
        let mut headers = signed.headers;
        headers.push(("authorization", signed.authorization));
        headers.push(("accept", Secret::new("application/json".to_owned())));
        let mut secrets = vec![key.secret, &signed.signature];
        secrets.extend(key.security_token);
        self.send(call, signed.query, headers, Vec::new(), &secrets).await
    }

    async fn once_unsigned(&self, call: &Call, form: &[(&'static str, Secret<String>)]) -> Result<Reply, Error> {
        let mut query = call.query.clone();
        query.push(("Action", call.operation.to_owned()));
        query.push(("Format", "JSON".to_owned()));
        query.push(("SignatureNonce", hex::encode(&random::<16>())));
        query.push(("Timestamp", self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        query.push(("Version", call.product.version().to_owned()));
        let encoded = |(name, value): &(&str, String)| format!("{name}={}", percent::encode(value));
        let query: Vec<String> = query.iter().map(encoded).collect();
        let fields: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", percent::encode(value.expose()))).collect();
        let headers = vec![
            ("accept", Secret::new("application/json".to_owned())),
            ("content-type", Secret::new("application/x-www-form-urlencoded".to_owned())),
        ];
        let secrets: Vec<&Secret<String>> = form.iter().map(|(_, value)| value).collect();
        self.send(call, query.join("&"), headers, fields.join("&").into_bytes(), &secrets).await
    }

    async fn send(
        &self,
        call: &Call,
        query: String,
        headers: Vec<(&'static str, Secret<String>)>,
        body: Vec<u8>,
        secrets: &[&Secret<String>],
    ) -> Result<Reply, Error> {
        let action = call.action();
        let origin = call.endpoint.origin();
        let url = match query.as_str() {
            "" => format!("{origin}{}", call.path),
            query => format!("{origin}{}?{query}", call.path),
        };
        let begun = Instant::now();
        let request = Request { method: call.method.clone(), url, headers, body, timeout: self.timeout };
        let exchanged = self.http.exchange(request).await;
        let milliseconds = begun.elapsed().as_millis();
        match exchanged {
            Err(Failure { kind, what }) => {
                tracing::debug!(action, endpoint = %call.endpoint, milliseconds, what, "no answer");
                Err(Error::new(&action, kind, format!("{}: {what}", call.endpoint)))
            }
            Ok(response) => {
                tracing::debug!(action, endpoint = %call.endpoint, status = response.status, milliseconds, "answered");
                self.judge(action, response, secrets)
            }
        }
    }

    fn judge(&self, action: String, response: Response, secrets: &[&Secret<String>]) -> Result<Reply, Error> {
        let said = ErrorBody::read(response.body.expose());
        let request_id = said.request_id.as_deref().or_else(|| response.header("x-acs-request-id"));
        let request_id = request_id.map(|id| error::token(id, secrets));
        if !(200..300).contains(&response.status) || said.contradicts_success() {
            let date = response.header("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
            let error = Error::refused(&action, response.status, &said, secrets)
                .with_request_id(request_id.as_deref())
                .with_clocks(self.now(), date.map(|date| date.timestamp()))
                .with_retry_after(retry::hint(&response.headers, self.now()));
            return Err(error);
        }
        Ok(Reply { status: response.status, request_id, body: response.body, action })
    }
}

/// Random bytes. Nonces must be new and jitter must spread; where the system has no randomness both degrade to zeros,
/// which the cloud then refuses by name.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::debug!("the system gives no random bytes");
    }
    bytes
}
