//! Bearer tokens: what they say of themselves. No signature is checked and none is kept.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::core::ids::ClusterId;
use crate::core::percent;
use crate::core::secret::Secret;

/// A token longer than this, in bytes, is not looked into.
const LONGEST: usize = 64 * 1024;

/// ack-ram-authenticator refuses tokens longer than this, in bytes.
/// Source: <https://github.com/AliyunContainerService/ack-ram-authenticator/blob/master/pkg/token/token.go>
const LONGEST_ACK: usize = 4096;

/// How far the time in a signed request may be from the gateway's, which is how long an ACK token is accepted.
const ACK_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// What kind of token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A JSON web token.
    Jwt(Claims),
    /// A signed request to Alibaba Cloud's STS, which ack-ram-authenticator sends to learn who the caller is.
    Ack(AckToken),
    /// A text that tells nothing.
    Opaque,
}

/// The claims of a JSON web token that matter here. Times are to the second, as API servers compare them; `None` also
/// stands for a time beyond any calendar.
/// Source: <https://www.rfc-editor.org/rfc/rfc7519#section-4.1>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `exp`: the last second in which it is accepted.
    pub expires: Option<Timestamp>,
    /// Whether there is an `exp`, which can be a time beyond any calendar.
    pub has_end: bool,
    /// `nbf`: the first second in which it is accepted.
    pub not_before: Option<Timestamp>,
    /// `iat`: when it was issued.
    pub issued_at: Option<Timestamp>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `jti`: the token's own ID, by which audit logs name it.
    pub id: Option<String>,
    /// The service account that it belongs to, if it does.
    pub service_account: Option<ServiceAccount>,
}

/// A Kubernetes service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The payload of an ACK token, without access key, signature and security token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckToken {
    /// Which of the two encodings.
    pub version: AckTokenVersion,
    /// The cluster that it is made for.
    pub cluster_id: Option<ClusterId>,
    /// When the request in it was signed.
    pub issued_at: Timestamp,
}

/// The encoding of an ACK token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckTokenVersion {
    /// `k8s-ack-v1.`: the URL of a request.
    V1,
    /// `k8s-ack-v2.`: a request as JSON.
    V2,
}

/// Why a text that calls itself an ACK token can't be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It can't be sent in a header.
    #[error("the token holds characters that no HTTP header can carry")]
    NotSendable,
    /// It is no token but a text that stands for one.
    #[error("the token is a placeholder, as `kubectl config view` or a template has it")]
    Placeholder,
    /// A header's scheme is part of it, which clients add themselves.
    #[error("the token begins with `Bearer`, which kubectl adds itself")]
    WithScheme,
    /// API servers read it as far as the first blank.
    #[error("the token holds a blank, and API servers read only what is before it")]
    Blank,
    /// It is in quotation marks.
    #[error("the token is in quotation marks, which kubectl sends with it")]
    Quoted,
    /// It is a JSON object.
    #[error("the token is a JSON document, which kubectl sends as it is")]
    Json,
    /// It begins with a byte order mark.
    #[error("the token begins with a byte order mark, which kubectl sends with it")]
    ByteOrderMark,
    /// Longer than the authenticator accepts.
    #[error("the ACK token is longer than the 4096 bytes that ack-ram-authenticator accepts")]
    TooLong,
    /// Its payload can't be decoded.
    #[error("the payload of the ACK token can't be decoded")]
    Payload,
    /// The request in it has no time, without which the cloud refuses it.
    #[error("the request in the ACK token has no time")]
    NoTime,
}

impl Token {
    /// Looks into a token.
    ///
    /// A text that looks like a JSON web token and can't be decoded is [`Token::Opaque`], because some other
    /// authenticator may know it. One that says that it is an ACK token and isn't is an error.
    pub fn read(token: &Secret<String>) -> Result<Self, TokenError> {
        let text = token.expose().as_str();
        if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(TokenError::NotSendable);
        }
        if let Some(error) = never_works(text) {
            return Err(error);
        }
        if let Some(payload) = text.strip_prefix("k8s-ack-v1.") {
            return ack_payload(text, payload).and_then(|url| AckToken::from_url(&url)).map(Self::Ack);
        }
        if let Some(payload) = text.strip_prefix("k8s-ack-v2.") {
            return ack_payload(text, payload).and_then(|json| AckToken::from_json(&json)).map(Self::Ack);
        }
        let claims = if text.len() <= LONGEST { Claims::read(text) } else { None };
        Ok(claims.map_or(Self::Opaque, Self::Jwt))
    }
}

/// Why no API server can know a text as a token, where that shows.
/// Source: <https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/authentication/request/bearertoken/bearertoken.go>
fn never_works(text: &str) -> Option<TokenError> {
    // Blanks at the end are cut off on the way.
    let text = text.trim_end_matches([' ', '\t']);
    let is_between = |start: &str, end: &str| text.len() > 1 && text.starts_with(start) && text.ends_with(end);
    let is_template = is_between("${", "}") || is_between("$(", ")") || is_between("{{", "}}") || is_between("<", ">");
    if text == "REDACTED" || text == "DATA+OMITTED" || is_template {
        Some(TokenError::Placeholder)
    } else if text.starts_with('\u{feff}') {
        Some(TokenError::ByteOrderMark)
    } else if is_between("\"", "\"") || is_between("'", "'") {
        Some(TokenError::Quoted)
    } else if serde_json::from_str::<Map<String, Value>>(text).is_ok() {
        Some(TokenError::Json)
    } else if text.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some(TokenError::WithScheme)
    } else {
        text.contains(' ').then_some(TokenError::Blank)
    }
}

impl Claims {
    fn read(jwt: &str) -> Option<Self> {
        let mut parts = jwt.split('.');
        let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !json_object(header)?.get("alg")?.is_string() {
            return None;
        }
        let claims = json_object(payload)?;
        Some(Self {
            expires: date(&claims, "exp")?,
            has_end: claims.get("exp").is_some_and(|end| !end.is_null()),
            not_before: date(&claims, "nbf")?,
            issued_at: date(&claims, "iat")?,
            issuer: text(&claims, "iss"),
            subject: text(&claims, "sub"),
            id: text(&claims, "jti"),
            service_account: ServiceAccount::of(&claims),
        })
    }
}

impl ServiceAccount {
    /// From the subject, which is what the API server goes by, else from the private claims of either generation.
    fn of(claims: &Map<String, Value>) -> Option<Self> {
        Self::from_subject(claims)
            .or_else(|| Self::from_bound_claims(claims))
            .or_else(|| Self::from_legacy_claims(claims))
    }

    fn from_subject(claims: &Map<String, Value>) -> Option<Self> {
        let (namespace, name) = claims.get("sub")?.as_str()?.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        Some(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    fn from_bound_claims(claims: &Map<String, Value>) -> Option<Self> {
        let bound = claims.get("kubernetes.io")?.as_object()?;
        let name = text(bound.get("serviceaccount")?.as_object()?, "name")?;
        Some(Self { namespace: text(bound, "namespace")?, name })
    }

    fn from_legacy_claims(claims: &Map<String, Value>) -> Option<Self> {
        let namespace = text(claims, "kubernetes.io/serviceaccount/namespace")?;
        Some(Self { namespace, name: text(claims, "kubernetes.io/serviceaccount/service-account.name")? })
    }
}

impl AckToken {
    /// When the cloud stops accepting the request, 15 minutes after it was signed.
    pub fn expires(&self) -> Option<Timestamp> {
        self.issued_at.checked_add(ACK_LIFETIME).ok()
    }

    fn from_url(url: &[u8]) -> Result<Self, TokenError> {
        let url = std::str::from_utf8(url).map_err(|_| TokenError::Payload)?;
        let (_, query) = url.split_once('?').ok_or(TokenError::Payload)?;
        let parameter = |wanted: &str| {
            let value = query.split('&').filter_map(|pair| pair.split_once('='));
            value.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| percent::decode(value)).next()
        };
        Self::new(AckTokenVersion::V1, parameter("clusterid").as_deref(), parameter("timestamp").as_deref())
    }

    fn from_json(json: &[u8]) -> Result<Self, TokenError> {
        #[derive(Deserialize)]
        struct Request {
            #[serde(rename = "clusterId", default)]
            cluster_id: Option<String>,
            #[serde(default)]
            query: Map<String, Value>,
            #[serde(default)]
            headers: Map<String, Value>,
        }
        let request: Request = serde_json::from_slice(json).map_err(|_| TokenError::Payload)?;
        let cluster_id = request.cluster_id.as_deref().or_else(|| ignoring_case(&request.query, "ackclusterid"));
        Self::new(AckTokenVersion::V2, cluster_id, ignoring_case(&request.headers, "x-acs-date"))
    }

    fn new(version: AckTokenVersion, cluster_id: Option<&str>, time: Option<&str>) -> Result<Self, TokenError> {
        let issued_at = time.and_then(|time| time.parse().ok()).ok_or(TokenError::NoTime)?;
        Ok(Self { version, cluster_id: cluster_id.and_then(ClusterId::parse), issued_at })
    }
}

fn ack_payload(token: &str, payload: &str) -> Result<Vec<u8>, TokenError> {
    if token.len() > LONGEST_ACK {
        return Err(TokenError::TooLong);
    }
    STANDARD.decode(payload).map_err(|_| TokenError::Payload)
}

fn json_object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

/// A numeric date without its fraction of a second; OpenID Connect tokens may have it as text. The outer `None` is a claim
/// that is no number, which makes API servers refuse the whole token.
/// Source: <https://github.com/coreos/go-oidc/blob/v3/oidc/oidc.go> (`jsonTime`)
fn date(claims: &Map<String, Value>, name: &str) -> Option<Option<Timestamp>> {
    match claims.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::Number(number)) => Some(timestamp(number)),
        Some(Value::String(text)) => text.parse().ok().map(|number| timestamp(&number)),
        Some(_) => None,
    }
}

fn timestamp(number: &Number) -> Option<Timestamp> {
    let seconds = match number.as_i64() {
        Some(seconds) => seconds,
        None => whole_seconds(number.as_f64()?)?,
    };
    Timestamp::from_second(seconds).ok()
}

fn whole_seconds(seconds: f64) -> Option<i64> {
    const BEYOND_ANY_CALENDAR: f64 = 1e15;
    (seconds.abs() < BEYOND_ANY_CALENDAR).then_some(seconds.trunc() as i64)
}

fn ignoring_case<'a>(map: &'a Map<String, Value>, wanted: &str) -> Option<&'a str> {
    map.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).and_then(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use proptest::prelude::*;
    use serde_json::json;

    const CLUSTER: &str = "c82e6987e2961451182edacd74fafaaaa";

    fn read(token: &str) -> Result<Token, TokenError> {
        Token::read(&Secret::new(token.to_owned()))
    }

    fn jwt(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims))
    }

    fn claims(value: &Value) -> Claims {
        match read(&jwt(value)).unwrap() {
            Token::Jwt(claims) => claims,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_jwts_times_are_read_to_the_second_fractions_and_exponents_included() {
        let read =
            claims(&json!({"exp": 1_700_000_000.9, "nbf": 1.5e9, "iat": 1_400_000_000, "iss": "me", "sub": "you"}));
        assert_eq!(read.expires, Some(at("2023-11-14T22:13:20Z")));
        assert_eq!(read.not_before, Some(at("2017-07-14T02:40:00Z")));
        assert_eq!(read.issued_at, Some(at("2014-05-13T16:53:20Z")));
        assert_eq!((read.issuer.as_deref(), read.subject.as_deref()), (Some("me"), Some("you")));
    }

    #[test]
    fn a_jwt_without_exp_or_with_one_beyond_the_calendar_has_no_end() {
        for claim in
            [json!({}), json!({"exp": null}), json!({"exp": 1e300}), json!({"exp": i64::MAX}), json!({"exp": u64::MAX})]
        {
            assert_eq!(claims(&claim).expires, None, "{claim}");
        }
    }

    #[test]
    fn service_accounts_are_reported_from_either_generation_of_claims() {
        let expected = Some(ServiceAccount { namespace: "ci".into(), name: "deployer".into() });
        for claim in [
            json!({"sub": "system:serviceaccount:ci:deployer"}),
            json!({"kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "deployer", "uid": "1"}}}),
            json!({"kubernetes.io/serviceaccount/namespace": "ci", "kubernetes.io/serviceaccount/service-account.name": "deployer"}),
        ] {
            assert_eq!(claims(&claim).service_account, expected, "{claim}");
        }
        assert_eq!(claims(&json!({"sub": "alice"})).service_account, None);
    }

    #[test]
    fn a_date_written_as_text_is_a_date() {
        assert_eq!(claims(&json!({"exp": "1700000000"})).expires, Some(at("2023-11-14T22:13:20Z")));
        assert_eq!(claims(&json!({"exp": "1700000000.5"})).expires, Some(at("2023-11-14T22:13:20Z")));
    }

    #[test]
    fn an_end_beyond_any_calendar_is_an_end() {
        let far = claims(&json!({"exp": 1_803_666_000_000_u64}));
        assert_eq!((far.expires, far.has_end), (None, true));
        assert!(!claims(&json!({"exp": null})).has_end);
    }

    #[test]
    fn what_no_api_server_reads_as_a_jwt_is_opaque() {
        let good = jwt(&json!({"exp": 1}));
        let long = jwt(&json!({"sub": "x".repeat(LONGEST)}));
        let text_date = jwt(&json!({"exp": "tomorrow"}));
        let four_parts = format!("{good}.x");
        let no_algorithm = good.replacen(good.split('.').next().unwrap(), "e30", 1);
        for token in ["", "hunter2", "a.b.c", "..", &good[1..], &four_parts, &no_algorithm, &long, &text_date] {
            assert_eq!(read(token), Ok(Token::Opaque), "{}", &token[..token.len().min(60)]);
        }
    }

    #[test]
    fn an_ack_v1_token_tells_cluster_and_time() {
        let url = format!(
            "https://sts.aliyuncs.com/?AccessKeyId=LTAI&Action=GetCallerIdentity&ClusterId={CLUSTER}&Signature=abc%3D&Timestamp=2024-05-06T07%3A08%3A09Z"
        );
        let Ok(Token::Ack(token)) = read(&format!("k8s-ack-v1.{}", STANDARD.encode(url))) else { panic!() };
        assert_eq!(token.version, AckTokenVersion::V1);
        assert_eq!(token.cluster_id, ClusterId::parse(CLUSTER));
        assert_eq!(token.expires(), Some(at("2024-05-06T07:23:09Z")));
    }

    #[test]
    fn an_ack_v2_token_tells_cluster_and_time_and_keeps_no_secret() {
        let request = json!({
            "clusterId": CLUSTER, "method": "POST", "path": "/", "query": {"ACKClusterId": CLUSTER},
            "headers": {"Authorization": "Signature=s3cret", "x-acs-security-token": "s3cret", "X-Acs-Date": "2024-05-06T07:08:09Z"},
        });
        let Ok(token) = read(&format!("k8s-ack-v2.{}", STANDARD.encode(request.to_string()))) else { panic!() };
        assert!(!format!("{token:?}").contains("s3cret"));
        let Token::Ack(token) = token else { panic!() };
        assert_eq!((token.version, token.cluster_id), (AckTokenVersion::V2, ClusterId::parse(CLUSTER)));
        assert_eq!(token.issued_at, at("2024-05-06T07:08:09Z"));
    }

    #[test]
    fn the_query_names_the_cluster_where_the_top_level_does_not() {
        let request = json!({"query": {"ACKClusterId": CLUSTER}, "headers": {"x-acs-date": "2024-05-06T07:08:09Z"}});
        let Ok(Token::Ack(token)) = read(&format!("k8s-ack-v2.{}", STANDARD.encode(request.to_string()))) else {
            panic!()
        };
        assert_eq!(token.cluster_id, ClusterId::parse(CLUSTER));
    }

    #[test]
    fn a_text_that_only_calls_itself_an_ack_token_is_refused() {
        let long = format!("k8s-ack-v2.{}", "A".repeat(LONGEST_ACK));
        let untimed = format!("k8s-ack-v2.{}", STANDARD.encode("{}"));
        assert_eq!(read(&long), Err(TokenError::TooLong));
        assert_eq!(read(&untimed), Err(TokenError::NoTime));
        for token in ["k8s-ack-v1.", "k8s-ack-v1.!", "k8s-ack-v2.AAAA", "k8s-ack-v2."] {
            assert_eq!(read(token), Err(TokenError::Payload), "{token}");
        }
    }

    #[test]
    fn a_token_with_a_line_break_can_not_be_sent() {
        assert_eq!(read("hunter\n2"), Err(TokenError::NotSendable));
    }

    #[test]
    fn percent_escapes_are_decoded_and_broken_ones_kept() {
        assert_eq!(percent::decode("a%3Ab%2fc%"), "a:b/c%");
        assert_eq!(percent::decode("%zz%4%+1"), "%zz%4%+1");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,200}") {
            let _ = read(&text);
            let _ = read(&format!("k8s-ack-v1.{}", STANDARD.encode(&text)));
            let _ = read(&format!("k8s-ack-v2.{}", STANDARD.encode(&text)));
            let _ = read(&format!("{}.{}.x", URL_SAFE_NO_PAD.encode(r#"{"alg":"x"}"#), URL_SAFE_NO_PAD.encode(&text)));
            let _ = percent::decode(&text);
        }

        #[test]
        fn any_number_as_a_date_is_survived(seconds in any::<f64>()) {
            if let Ok(Token::Jwt(claims)) = read(&jwt(&json!({"exp": seconds}))) {
                prop_assert!(claims.expires.is_none_or(|end| (end.as_second() as f64 - seconds).abs() <= 1.0));
            }
        }
    }
}
