//! Verification of ACS3-HMAC-SHA256 signatures, from the documented rules alone.
//!
//! Source: <https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use ring::{digest, hmac};

use super::clock;
use super::keys::{AccessKey, KeyRing};
use super::reply::CloudError;
use super::request::{CloudRequest, encoded};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// How far a request's date may be from the cloud's clock.
const ALLOWED_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// The parts of an `Authorization` header.
#[derive(Debug, PartialEq)]
struct Authorization<'a> {
    key_id: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.
    fn parse(header: &'a str) -> Option<Self> {
        let parts = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let mut parts = parts.split(',');
        let mut next =
            |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=').filter(|value| !value.is_empty());
        let key_id = next("Credential")?;
        let signed_headers = next("SignedHeaders")?.split(';').collect();
        let signature = next("Signature")?;
        parts.next().is_none().then_some(Self { key_id, signed_headers, signature })
    }
}

/// Verifies a request and gives its key. A nonce is spent only by a request that is otherwise good.
pub(crate) fn verify(request: &CloudRequest, keys: &mut KeyRing, now: Timestamp) -> Result<AccessKey, CloudError> {
    let header = request
        .header("authorization")
        .ok_or_else(|| CloudError::gateway(400, "MissingAccessKeyId", "AccessKeyId is mandatory for this action."))?;
    let authorization =
        Authorization::parse(header).ok_or_else(|| incomplete("the Authorization header is malformed"))?;
    check_signed_headers(&request.headers, &authorization.signed_headers)?;
    check_date(mandatory(request, "x-acs-date")?, now)?;
    let nonce = mandatory(request, "x-acs-signature-nonce")?.to_owned();
    let key = known_key(keys, authorization.key_id)?.clone();
    check_session(request, &key, now)?;
    check_signature(request, &authorization, &key.secret)?;
    if !keys.spend_nonce(&key.id, &nonce) {
        return Err(CloudError::gateway(400, "SignatureNonceUsed", "Specified signature nonce was used already."));
    }
    Ok(key)
}

fn incomplete(what: &str) -> CloudError {
    let message = format!("The request signature does not conform to Aliyun standards: {what}.");
    CloudError::gateway(400, "IncompleteSignature", message)
}

fn mandatory<'a>(request: &'a CloudRequest, name: &str) -> Result<&'a str, CloudError> {
    let missing = || CloudError::gateway(400, "MissingParameter", format!("{name} is mandatory for this action."));
    request.header(name).filter(|value| !value.is_empty()).ok_or_else(missing)
}

/// The host, the content type where there is one, and every `x-acs-` header must be signed; every name signed must be there,
/// in lower case, once and in order.
fn check_signed_headers(headers: &HeaderMap, signed: &[&str]) -> Result<(), CloudError> {
    let required = headers.keys().map(http::HeaderName::as_str);
    let required = required.filter(|name| name.starts_with("x-acs-") || *name == "content-type").chain(["host"]);
    for name in required {
        if !signed.contains(&name) {
            return Err(incomplete(&format!("header {name} is not signed")));
        }
    }
    if let Some(absent) = signed.iter().find(|name| !headers.contains_key(**name)) {
        return Err(incomplete(&format!("signed header {absent} is not sent")));
    }
    let ordered: BTreeSet<&str> = signed.iter().copied().collect();
    let lower = signed.iter().all(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    if !lower || !ordered.into_iter().eq(signed.iter().copied()) {
        return Err(incomplete("SignedHeaders is not a sorted list of lower-case names"));
    }
    Ok(())
}

fn check_date(date: &str, now: Timestamp) -> Result<(), CloudError> {
    let date = clock::read(date).ok_or_else(|| {
        let message = "Specified time stamp or date value is not well formatted.";
        CloudError::gateway(400, "InvalidTimeStamp.Format", message)
    })?;
    if now.duration_since(date).abs() > ALLOWED_SKEW {
        let message = "Specified time stamp or date value is expired.";
        return Err(CloudError::gateway(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
}

fn known_key<'a>(keys: &'a KeyRing, id: &str) -> Result<&'a AccessKey, CloudError> {
    let unknown = || CloudError::gateway(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    let key = keys.get(id).ok_or_else(unknown)?;
    if !key.active {
        return Err(CloudError::gateway(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled."));
    }
    Ok(key)
}

/// A temporary key needs its own token while it lasts; a lasting key must come without one.
fn check_session(request: &CloudRequest, key: &AccessKey, now: Timestamp) -> Result<(), CloudError> {
    let refuse = |code: &str, message: &str| Err(CloudError::gateway(400, code, message));
    let stated = request.header("x-acs-accesskey-id");
    if stated.is_some_and(|id| id != key.id) {
        return refuse("InvalidAccessKeyId.Mismatch", "x-acs-accesskey-id is another key than the signature's.");
    }
    match (request.header("x-acs-security-token"), &key.session) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse("MissingSecurityToken", "SecurityToken is mandatory for this action."),
        (Some(token), _) if !token.starts_with("CAIS") => {
            refuse("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        }
        (Some(token), Some(session)) if token == session.token => {
            if session.expires <= now {
                return refuse("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.");
            }
            Ok(())
        }
        (Some(_), _) => {
            let message = "Specified SecurityToken is mismatched with the AccessKey.";
            refuse("InvalidSecurityToken.MismatchWithAccessKey", message)
        }
    }
}

/// The body's hash is taken from the body as it came, so that a changed body can't be signed.
fn check_signature(request: &CloudRequest, authorization: &Authorization<'_>, secret: &str) -> Result<(), CloudError> {
    let payload = hex(digest::digest(&digest::SHA256, &request.body).as_ref());
    let canonical = canonical_request(request, &authorization.signed_headers, &payload);
    let string_to_sign = string_to_sign(&canonical);
    let same_body = mandatory(request, "x-acs-content-sha256")? == payload;
    if same_body && signature(&string_to_sign, secret) == authorization.signature {
        return Ok(());
    }
    // The real one echoes the canonical request too, with the security token in it.
    let message = format!(
        "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}] server \
         CanonicalRequest is [{canonical}]"
    );
    Err(CloudError::gateway(400, "SignatureDoesNotMatch", message))
}

fn canonical_request(request: &CloudRequest, signed_headers: &[&str], payload: &str) -> String {
    let path = if request.path.is_empty() { "/" } else { &request.path };
    let mut headers = String::new();
    for name in signed_headers {
        let mut values: Vec<&str> =
            request.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.iter_mut().for_each(|value| *value = value.trim());
        values.sort_unstable();
        // Writing to a String can't fail.
        let _ = writeln!(headers, "{name}:{}", values.join(","));
    }
    let query = canonical_query(&request.query);
    format!("{}\n{path}\n{query}\n{headers}\n{}\n{payload}", request.method, signed_headers.join(";"))
}

fn canonical_query(query: &[(String, String)]) -> String {
    let mut pairs: Vec<(String, String)> = query.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn string_to_sign(canonical: &str) -> String {
    format!("{ALGORITHM}\n{}", hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()))
}

fn signature(string_to_sign: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, string_to_sign.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
