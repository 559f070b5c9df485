//! What goes wrong between us and the cloud, without a word of what must not be shown.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::permission;
use crate::core::failure::{Cause, Failure};
use crate::core::secret::{Secret, without_secrets};

/// Kinds of failure, for decisions. Text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Too many calls: denied before anything was done.
    Throttled,
    /// Another change of the same permissions is under way: denied before anything was done.
    Conflict,
    /// The caller lacks a permission; the error names it.
    Forbidden,
    /// No such thing, or not in this region.
    NotFound,
    /// The temporary credentials are past their end.
    CredentialsExpired,
    /// The access key is unknown, disabled, or doesn't fit its secret or token.
    CredentialsInvalid,
    /// This machine's clock is too far from the cloud's (15 minutes).
    ClockSkew,
    /// The cloud took the request for one that it has seen.
    NonceReused,
    /// A server-side failure.
    Unavailable,
    /// No connection came about: nothing was sent.
    Unreachable,
    /// The server can't prove that it is the one that was asked.
    Untrusted,
    /// The connection broke: whether the request was carried out isn't known.
    Broken,
    /// No complete answer in time.
    TimedOut,
    /// An answer that can't be read, or that contradicts itself.
    Malformed,
    /// Refused for another reason.
    Rejected,
    /// This machine's own settings stand in the way: the proxy, the certificate file.
    Setup,
}

/// A call to the cloud that failed.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
pub struct Error(Box<Inner>);

struct Inner {
    action: String,
    kind: Kind,
    what: String,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    auth_action: Option<String>,
    retry_after: Option<Duration>,
}

impl Error {
    pub(super) fn new(action: &str, kind: Kind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            action: action.to_owned(),
            kind,
            what: what.into(),
            status: None,
            code: None,
            request_id: None,
            auth_action: None,
            retry_after: None,
        }))
    }

    /// Reads an error response. `secrets` are what the request carried: some error bodies echo it.
    pub fn refused(action: &str, status: u16, body: &ErrorBody, secrets: &[&Secret<String>]) -> Self {
        let token = |text: &str| token(text, secrets);
        let code = body.code.as_deref().map(token);
        let kind = kind_of(status, code.as_deref());
        let named = body.auth_action.as_deref().or_else(|| permission::named_in(body.message.as_deref()?));
        let from_table = || (kind == Kind::Forbidden).then(|| permission::needed_for(action));
        let auth_action = named.map(token).or_else(from_table);
        Self(Box::new(Inner {
            action: action.to_owned(),
            kind,
            what: body.message.as_deref().map(|text| redact(text, secrets)).unwrap_or_default(),
            status: Some(status),
            code,
            request_id: body.request_id.as_deref().map(token),
            auth_action,
            retry_after: None,
        }))
    }

    /// Takes a request ID that went through [`token`], unless the body has one.
    pub(super) fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        if self.0.request_id.is_none() {
            self.0.request_id = request_id.map(str::to_owned);
        }
        self
    }

    /// Says how far the clocks are apart, where that is what went wrong.
    pub(super) fn with_clocks(mut self, here: Timestamp, there: Option<Timestamp>) -> Self {
        if let (Kind::ClockSkew, Some(there)) = (self.0.kind, there) {
            let seconds = here.as_second() - there.as_second();
            let direction = if seconds < 0 { "behind" } else { "ahead" };
            // To the minute: each call is a moment later, and all of them are to say the same.
            let minutes = (seconds.abs() + 30) / 60;
            let note = format!("this machine's clock is {minutes} minutes {direction}");
            self.0.what = [self.0.what.trim_end_matches('.'), &note].join("; ");
        }
        self
    }

    pub(super) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The HTTP status, when there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The cloud's error code, such as `StatusForbidden`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The ID under which the cloud's support finds the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The wait that the cloud asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The failure, with what other calls have in common with it.
    pub fn failure(&self) -> Failure {
        let text = self.message();
        match self.cause() {
            Some(cause) => Failure::of_cause(text, cause),
            None => text.into(),
        }
    }

    /// What makes every call fail alike, where it is no fault of this one.
    fn cause(&self) -> Option<Cause> {
        let Inner { kind, what, code, .. } = &*self.0;
        let code = code.as_deref().unwrap_or_default();
        // The innermost reason: what is around it names the endpoint.
        let reason = what.rsplit(": ").next().unwrap_or(what);
        let (what, hint) = match kind {
            Kind::CredentialsInvalid if code.starts_with("SignatureDoesNotMatch") => (
                format!("Alibaba Cloud refuses the access key: {code}"),
                "the secret is not the one of this access key ID; -v tells where both come from",
            ),
            Kind::CredentialsInvalid => (
                format!("Alibaba Cloud refuses the access key: {code}"),
                "it is wrong, deleted or disabled; -v tells where it comes from",
            ),
            Kind::CredentialsExpired => (
                format!("Alibaba Cloud refuses the temporary credentials: {code}"),
                "fetch new ones; -v tells where they come from",
            ),
            Kind::ClockSkew => {
                (format!("Alibaba Cloud refuses the time of the calls: {code}: {what}"), "set this machine's clock")
            }
            Kind::Unreachable => (
                format!("Alibaba Cloud can't be reached: {reason}"),
                "check the network; a proxy is named in HTTPS_PROXY",
            ),
            Kind::Untrusted => (
                format!("the certificates of Alibaba Cloud's endpoints are not trusted: {reason}"),
                "a proxy that reads TLS has its own CA: name a file with its certificate in SSL_CERT_FILE",
            ),
            _ => return None,
        };
        Some(Cause { what, hint })
    }

    fn message(&self) -> String {
        let Inner { action, what, status, code, request_id, auth_action, .. } = &*self.0;
        let mut line = action.clone();
        if let Some(needed) = auth_action.as_ref().filter(|needed| *needed != action) {
            line.push_str(&format!(" needs {needed}"));
        }
        for part in [code.as_deref(), Some(what.as_str())].into_iter().flatten().filter(|part| !part.is_empty()) {
            line.push_str(": ");
            line.push_str(part);
        }
        match (status, request_id) {
            (Some(status), Some(id)) => line.push_str(&format!(" (HTTP {status}, request {id})")),
            (Some(status), None) => line.push_str(&format!(" (HTTP {status})")),
            (None, Some(id)) => line.push_str(&format!(" (request {id})")),
            (None, None) => {}
        }
        line
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Error({:?}, {})", self.0.kind, self.message())
    }
}

/// An error body, in either spelling: CS writes its fields in lower case, RPC products in upper.
#[derive(Debug, Default)]
pub struct ErrorBody {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) auth_action: Option<String>,
}

#[derive(Deserialize)]
struct Spelled {
    #[serde(alias = "Code")]
    code: Option<Value>,
    #[serde(alias = "Message")]
    message: Option<Value>,
    #[serde(alias = "RequestId", alias = "request_id")]
    #[serde(rename = "requestId")]
    request_id: Option<Value>,
    #[serde(alias = "AccessDeniedDetail")]
    #[serde(rename = "accessDeniedDetail")]
    access_denied_detail: Option<Value>,
}

impl ErrorBody {
    /// Reads what is there; a body that is no such thing gives an empty one.
    pub fn read(body: &[u8]) -> Self {
        let Ok(spelled) = serde_json::from_slice::<Spelled>(body) else { return Self::default() };
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let detail = spelled.access_denied_detail.as_ref();
        let auth_action = detail.and_then(|detail| detail.get("AuthAction")?.as_str()).map(str::to_owned);
        Self {
            code: text(spelled.code),
            message: text(spelled.message),
            request_id: text(spelled.request_id),
            auth_action,
        }
    }

    /// Whether a body that came with a success status tells of an error all the same.
    pub(super) fn contradicts_success(&self) -> bool {
        self.code.as_deref().is_some_and(|code| !matches!(code, "200" | "0" | "OK" | "Success" | "success"))
    }
}

fn kind_of(status: u16, code: Option<&str>) -> Kind {
    let code = code.unwrap_or_default();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if code.contains("Throttling") || status == 429 {
        return Kind::Throttled;
    }
    if starts(&["ErrAuthorizationConflict"]) {
        return Kind::Conflict;
    }
    if starts(&["InvalidTimeStamp"]) {
        return Kind::ClockSkew;
    }
    if starts(&["SignatureNonceUsed"]) {
        return Kind::NonceReused;
    }
    if starts(&["InvalidSecurityToken.Expired"]) {
        return Kind::CredentialsExpired;
    }
    if starts(&["InvalidAccessKeyId", "InvalidSecurityToken", "SignatureDoesNotMatch", "IncompleteSignature"]) {
        return Kind::CredentialsInvalid;
    }
    if starts(&["ServiceUnavailable", "InternalError"]) || status >= 500 {
        return Kind::Unavailable;
    }
    if starts(&["EntityNotExist", "ErrorClusterNotFound"]) || code.ends_with(".NotFound") || status == 404 {
        return Kind::NotFound;
    }
    if starts(&["Forbidden", "NoPermission", "StatusForbidden", "ErrorCheckAcl"]) || status == 403 {
        return Kind::Forbidden;
    }
    Kind::Rejected
}

const LONGEST_MESSAGE: usize = 300;
/// What is left of a secret without its signs counts as it from this length on: shorter, it is a part of other words.
const SHORTEST_BARE: usize = 8;

/// A message from the cloud, fit to be shown: one line, bounded, without the request that signature errors echo and
/// without any secret that was sent.
fn redact(message: &str, secrets: &[&Secret<String>]) -> String {
    let lower = message.to_ascii_lowercase();
    let echoes =
        ["server stringtosign", "server canonicalrequest", "server string to sign", "canonicalrequest", "stringtosign"];
    let end = echoes.iter().filter_map(|echo| lower.find(echo)).min().unwrap_or(message.len());
    let text = without_secrets(message[..end].trim_end(), secrets);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

/// A code or an ID: letters, digits and a few signs, whatever the server sends, and no secret that was sent to it. Secrets
/// go first: without their own signs they would not be recognized. They go again: what stood between their letters is gone then.
pub(super) fn token(text: &str, secrets: &[&Secret<String>]) -> String {
    let bare = secrets.iter().map(|secret| Secret::new(signs_of_tokens(secret.expose())));
    let bare: Vec<Secret<String>> = bare.filter(|bare| bare.expose().len() >= SHORTEST_BARE).collect();
    let bare: Vec<&Secret<String>> = bare.iter().collect();
    let shown = without_secrets(&signs_of_tokens(&redact(text, secrets)), &bare);
    signs_of_tokens(&shown).chars().take(100).collect()
}

fn signs_of_tokens(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:/*".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str, secrets: &[&Secret<String>]) -> Error {
        Error::refused("cs:DescribeClustersForRegion", status, &ErrorBody::read(body.as_bytes()), secrets)
    }

    #[test]
    fn a_secret_does_not_come_together_where_what_stood_in_it_is_left_out() {
        for sent in ["LTAI5tSecretValue0", "LTAI+5tSecret/Value0="] {
            let secret = Secret::new(sent.to_owned());
            let (start, end) = sent.split_at(9);
            let bare: String = sent.chars().filter(|c| !"+=".contains(*c)).collect();
            for between in ["\u{fffd}", " ", "=", "\n", "é"] {
                let body = serde_json::json!({"Code": format!("No{start}{between}{end}"), "RequestId": format!("{start}{between}{end}")});
                let error = refused(400, &body.to_string(), &[&secret]);
                let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.request_id());
                assert!(!shown.contains(sent) && !shown.contains(&bare), "{between:?}: {shown}");
                assert_eq!(error.code(), Some("Nosecret"));
            }
        }
    }

    #[test]
    fn both_spellings_of_an_error_are_read() {
        let lower = r#"{"accessDeniedDetail":{"AuthAction":"cs:GetClusters"},"code":"StatusForbidden",
            "message":"RAM policy Forbidden","requestId":"A-1","status":403}"#;
        let error = refused(403, lower, &[]);
        assert_eq!(error.kind(), Kind::Forbidden);
        assert_eq!((error.0.auth_action.as_deref(), error.request_id()), (Some("cs:GetClusters"), Some("A-1")));
        assert_eq!(
            error.to_string(),
            "cs:DescribeClustersForRegion needs cs:GetClusters: StatusForbidden: RAM policy Forbidden (HTTP 403, request A-1)"
        );
        let upper = r#"{"RequestId":"B-2","Message":"no","HostId":"x","Code":"NoPermission",
            "AccessDeniedDetail":{"AuthAction":"ram:ListUsers"}}"#;
        let error = refused(403, upper, &[]);
        assert_eq!((error.code(), error.0.auth_action.as_deref()), (Some("NoPermission"), Some("ram:ListUsers")));
        let bare = refused(403, r#"{"code":"ErrorCheckAcl","message":"no"}"#, &[]);
        assert_eq!(bare.0.auth_action.as_deref(), Some("cs:DescribeClustersForRegion"));
    }

    #[test]
    fn a_refusal_names_the_action_that_it_needs() {
        let listing = |body: &str| Error::refused("cs:DescribeClustersV1", 403, &ErrorBody::read(body.as_bytes()), &[]);
        let in_text = r#"{"code":"StatusForbidden","message":"STSToken policy Forbidden for action cs:GetOthers"}"#;
        let nowhere = r#"{"code":"StatusForbidden","message":"no"}"#;
        for (body, action) in [(in_text, "cs:GetOthers"), (nowhere, "cs:GetClusters")] {
            let text = listing(body).to_string();
            assert!(text.starts_with(&format!("cs:DescribeClustersV1 needs {action}: StatusForbidden: ")), "{text}");
        }
    }

    /// Calls that fail alike are one message; what is a call's own fault, such as a missing permission, is not.
    #[test]
    fn what_every_call_fails_by_is_known_as_that() {
        let in_common = |status, code: &str| {
            let body = format!(r#"{{"Code":"{code}","Message":"no"}}"#);
            let failures = ["sts:GetCallerIdentity", "ram:ListUsers"]
                .map(|action| Error::refused(action, status, &ErrorBody::read(body.as_bytes()), &[]).failure());
            (failures[0].in_common() == failures[1].in_common()).then(|| failures[0].in_common().to_owned())
        };
        let key = in_common(404, "InvalidAccessKeyId.NotFound").unwrap();
        assert_eq!(key, "Alibaba Cloud refuses the access key: InvalidAccessKeyId.NotFound");
        for (status, code) in
            [(400, "SignatureDoesNotMatch"), (400, "InvalidSecurityToken.Expired"), (400, "InvalidTimeStamp.Expired")]
        {
            assert!(in_common(status, code).unwrap().contains(code), "{code}");
        }
        for (status, code) in [(403, "NoPermission"), (400, "Throttling.User"), (503, "ServiceUnavailable")] {
            assert_eq!(in_common(status, code), None, "{code}");
        }
        let unreachable = |action, host| {
            let what =
                format!("https://{host}: error sending request: tcp connect error: Connection refused (os error 111)");
            Error::new(action, Kind::Unreachable, what).failure()
        };
        let failures = [
            unreachable("sts:GetCallerIdentity", "sts.aliyuncs.com"),
            unreachable("ram:ListUsers", "ram.aliyuncs.com"),
        ];
        assert_eq!(failures[0].in_common(), "Alibaba Cloud can't be reached: Connection refused (os error 111)");
        assert_eq!(failures[0].in_common(), failures[1].in_common());
        assert!(failures[0].text().contains("sts.aliyuncs.com"), "{}", failures[0]);
    }

    #[test]
    fn codes_become_kinds() {
        let cases = [
            (400, "Throttling.User", Kind::Throttled),
            (503, "Rejected.Throttling", Kind::Throttled),
            (429, "", Kind::Throttled),
            (400, "ErrAuthorizationConflict", Kind::Conflict),
            (409, "ErrAuthorizationConflict", Kind::Conflict),
            (400, "InvalidTimeStamp.Expired", Kind::ClockSkew),
            (400, "SignatureNonceUsed", Kind::NonceReused),
            (400, "InvalidSecurityToken.Expired", Kind::CredentialsExpired),
            (400, "InvalidSecurityToken.MismatchWithAccessKey", Kind::CredentialsInvalid),
            (404, "InvalidAccessKeyId.NotFound", Kind::CredentialsInvalid),
            (400, "SignatureDoesNotMatch", Kind::CredentialsInvalid),
            (404, "EntityNotExist.User", Kind::NotFound),
            (400, "ErrorClusterNotFound", Kind::NotFound),
            (403, "Forbidden.RAM", Kind::Forbidden),
            (503, "ServiceUnavailable", Kind::Unavailable),
            (502, "", Kind::Unavailable),
            (400, "ErrorClusterState", Kind::Rejected),
        ];
        for (status, code, kind) in cases {
            assert_eq!(refused(status, &format!(r#"{{"Code":"{code}"}}"#), &[]).kind(), kind, "{status} {code}");
        }
        assert_eq!(refused(502, "<html>bad gateway</html>", &[]).kind(), Kind::Unavailable);
    }

    #[test]
    fn the_request_that_a_signature_error_echoes_is_cut_off() {
        let body = serde_json::json!({
            "Code": "SignatureDoesNotMatch",
            "Message": "Specified signature does not match our calculation. server StringToSign is \
                [ACS3-HMAC-SHA256\nabc123] server CanonicalRequest is [GET\n/\n\nx-acs-security-token:CAIS+tok/en=\n]",
        });
        let error = refused(400, &body.to_string(), &[]);
        assert_eq!(
            error.to_string(),
            "cs:DescribeClustersForRegion: SignatureDoesNotMatch: \
             Specified signature does not match our calculation. (HTTP 400)"
        );
        let rpc = serde_json::json!({
            "Code": "SignatureDoesNotMatch",
            "Message": "Specified signature is not matched with our calculation. server string to sign is:GET&%2F&CAIS",
        });
        assert!(!refused(400, &rpc.to_string(), &[]).to_string().contains("CAIS"));
    }

    #[test]
    fn a_secret_that_is_echoed_elsewhere_is_taken_out_in_either_spelling() {
        let secret = Secret::new("CAIS+tok/en=".to_owned());
        let body = r#"{"Code":"X","Message":"bad CAIS+tok/en= and CAIS%2Btok%2Fen%3D here"}"#;
        let error = refused(400, body, &[&secret]);
        assert!(error.to_string().contains("bad [secret] and [secret] here"), "{error}");
        assert!(!format!("{error:?}").contains("CAIS"), "{error:?}");
    }

    #[test]
    fn messages_are_one_bounded_line() {
        let body =
            serde_json::json!({ "Code": "X\n\u{1b}[31m", "Message": format!("a\u{1b}[0m\nb{}", "é".repeat(1000)) });
        let text = refused(400, &body.to_string(), &[]).to_string();
        assert!(!text.contains(['\n', '\u{1b}']), "{text}");
        assert!(text.chars().count() < 400);
    }
}
