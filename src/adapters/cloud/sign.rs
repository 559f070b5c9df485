//! ACS3-HMAC-SHA256, the signature of every call to Alibaba Cloud.
//!
//! Source: <https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>

use jiff::Timestamp;
use ring::hmac;

use crate::core::secret::Secret;
use crate::core::{hex, percent};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The parts of a request that the signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// `GET`, `POST`, `DELETE`, …
    pub method: &'a str,
    /// The `Host` header: the name, and the port where it is not the scheme's own.
    pub host: &'a str,
    /// The path with its segments percent-encoded; `/` for RPC calls.
    pub path: &'a str,
    /// Names and plain values, in any order.
    pub query: &'a [(&'static str, String)],
    /// `Content-Type`; only with a body.
    pub content_type: Option<&'a str>,
    /// The body, empty when there is none.
    pub body: &'a [u8],
    /// Name of the operation.
    pub action: &'a str,
    /// Version of the API, a date.
    pub version: &'a str,
}

/// What the cloud knows the caller by.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The access key's ID.
    pub access_key_id: &'a str,
    /// The access key's secret.
    pub secret: &'a Secret<String>,
    /// The token that temporary access keys come with.
    pub security_token: Option<&'a Secret<String>>,
}

/// A signature with all that has to be sent along for it to be accepted.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The query as it was signed: sorted and encoded.
    pub query: String,
    /// The signed headers, `host` among them, by name.
    pub headers: Vec<(&'static str, Secret<String>)>,
    /// The `Authorization` header.
    pub authorization: Secret<String>,
    /// The signature alone, for recognising it in what comes back.
    pub signature: Secret<String>,
}

/// Signs a request as of `now`. `nonce` must be new for each request.
pub fn sign(parts: &Parts<'_>, key: &Key<'_>, now: Timestamp, nonce: &str) -> Signed {
    let query = canonical_query(parts.query);
    let headers = signed_headers(parts, key, now, nonce);
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut canonical = format!("{}\n{}\n{query}\n", parts.method, parts.path);
    for (name, value) in &headers {
        canonical.push_str(name);
        canonical.push(':');
        canonical.push_str(value.expose().trim());
        canonical.push('\n');
    }
    canonical.push_str(&format!("\n{names}\n{}", hex::sha256(parts.body)));
    let to_sign = format!("{ALGORITHM}\n{}", hex::sha256(canonical.as_bytes()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose().as_bytes());
    let signature = hex::encode(hmac::sign(&secret, to_sign.as_bytes()).as_ref());
    let credential = key.access_key_id;
    let authorization = format!("{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}");
    Signed { query, headers, authorization: Secret::new(authorization), signature: Secret::new(signature) }
}

fn signed_headers(
    parts: &Parts<'_>,
    key: &Key<'_>,
    now: Timestamp,
    nonce: &str,
) -> Vec<(&'static str, Secret<String>)> {
    let mut headers = vec![
        ("host", parts.host.to_owned()),
        ("x-acs-action", parts.action.to_owned()),
        ("x-acs-content-sha256", hex::sha256(parts.body)),
        ("x-acs-date", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("x-acs-signature-nonce", nonce.to_owned()),
        ("x-acs-version", parts.version.to_owned()),
    ];
    if let Some(content_type) = parts.content_type {
        headers.push(("content-type", content_type.to_owned()));
    }
    if let Some(token) = key.security_token {
        headers.push(("x-acs-accesskey-id", key.access_key_id.to_owned()));
        headers.push(("x-acs-security-token", token.expose().clone()));
    }
    headers.sort_by_key(|(name, _)| *name);
    headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
}

fn canonical_query(query: &[(&'static str, String)]) -> String {
    let mut pairs: Vec<(String, String)> =
        query.iter().map(|(name, value)| (percent::encode(name), percent::encode(value))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const VECTORS: &str = include_str!("testdata/acs3-vectors.json");
    const EXPIRE_BODY: &str = r#"{"expire_hour":720,"user":"200000000000000001"}"#;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        canonical_request: String,
        authorization: String,
    }

    fn decode(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            if *first == b'%' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
                rest = &tail[2..];
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The request that a vector's canonical form describes, with the query in reverse order.
    fn resign(vector: &Vector) -> Signed {
        let lines: Vec<&str> = vector.canonical_request.split('\n').collect();
        let header = |name: &str| {
            let prefix = format!("{name}:");
            lines[3..].iter().find_map(|line| line.strip_prefix(prefix.as_str()))
        };
        let query: Vec<(&'static str, String)> = lines[2]
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (&*String::leak(name.to_owned()), decode(value)))
            .rev()
            .collect();
        let token = header("x-acs-security-token").map(|token| Secret::new(token.to_owned()));
        let access_key_id = vector.authorization.split(['=', ',']).nth(1).unwrap();
        let secret = Secret::new(secret_of(access_key_id).to_owned());
        let parts = Parts {
            method: lines[0],
            host: header("host").unwrap(),
            path: lines[1],
            query: &query,
            content_type: header("content-type"),
            body: if header("content-type").is_some() { EXPIRE_BODY.as_bytes() } else { b"" },
            action: header("x-acs-action").unwrap(),
            version: header("x-acs-version").unwrap(),
        };
        let key = Key { access_key_id, secret: &secret, security_token: token.as_ref() };
        sign(&parts, &key, header("x-acs-date").unwrap().parse().unwrap(), header("x-acs-signature-nonce").unwrap())
    }

    fn secret_of(access_key_id: &str) -> &str {
        match access_key_id {
            "YourAccessKeyId" => "YourAccessKeySecret",
            _ => "testsecret",
        }
    }

    #[test]
    fn every_published_vector_is_signed_alike() {
        let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 7);
        for vector in vectors {
            let signed = resign(&vector);
            assert_eq!(*signed.authorization.expose(), vector.authorization, "{}", vector.name);
            assert_eq!(signed.query, vector.canonical_request.split('\n').nth(2).unwrap(), "{}", vector.name);
        }
    }

    #[test]
    fn a_signature_shows_nothing_of_itself_or_the_key() {
        let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
        let signed = resign(&vectors[2]);
        let shown = format!("{signed:?}");
        assert!(!shown.contains(signed.signature.expose().as_str()), "{shown}");
        assert!(!shown.contains("CAIS+token"), "{shown}");
    }
}
