//! A small signer for tests, written apart from the verifier: it builds the text to sign while it builds the request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use ring::{digest, hmac};

use super::request::CloudRequest;

/// The present in tests.
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

pub(crate) struct Signer {
    id: String,
    secret: String,
    at: Timestamp,
    pub(crate) token: Option<String>,
    pub(crate) payload_hash: Option<String>,
    pub(crate) unsigned: Option<&'static str>,
    pub(crate) host: String,
}

impl Signer {
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            at: NOW.parse().unwrap(),
            token: None,
            payload_hash: None,
            unsigned: None,
            host: "127.0.0.1:1".into(),
        }
    }

    pub(crate) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    pub(crate) fn rpc(&self, version: &str, action: &str, query: &[(&str, &str)]) -> CloudRequest {
        self.request("POST", "/", version, action, query)
    }

    pub(crate) fn roa(&self, method: &str, path: &str, action: &str, query: &[(&str, &str)]) -> CloudRequest {
        self.request(method, path, "2015-12-15", action, query)
    }

    /// Query keys must be given in order and need no encoding; of the values only spaces, commas and slashes are encoded.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        version: &str,
        action: &str,
        query: &[(&str, &str)],
    ) -> CloudRequest {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let empty = hex(digest::digest(&digest::SHA256, b"").as_ref());
        let hash = self.payload_hash.clone().unwrap_or(empty);
        let mut headers = BTreeMap::from([
            ("host", self.host.clone()),
            ("x-acs-action", action.to_owned()),
            ("x-acs-content-sha256", hash.clone()),
            ("x-acs-date", self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("x-acs-signature-nonce", format!("nonce{}", COUNTER.fetch_add(1, Ordering::Relaxed))),
            ("x-acs-version", version.to_owned()),
        ]);
        if let Some(token) = &self.token {
            headers.insert("x-acs-accesskey-id", self.id.clone());
            headers.insert("x-acs-security-token", token.clone());
        }
        let escape = |value: &str| {
            value.replace(' ', "%20").replace(',', "%2C").replace('/', "%2F").replace(':', "%3A").replace('@', "%40")
        };
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let query = query.join("&");
        let signed: Vec<_> = headers.iter().filter(|(name, _)| Some(**name) != self.unsigned).collect();
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = signed.iter().map(|(name, _)| **name).collect::<Vec<_>>().join(";");
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{hash}");
        let text = format!("ACS3-HMAC-SHA256\n{}", hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
        let mut builder = http::Request::builder().method(method).uri(format!("{path}?{query}"));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let authorization =
            format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", self.id);
        let (parts, ()) = builder.header("authorization", authorization).body(()).unwrap().into_parts();
        CloudRequest::new(&parts, Bytes::new())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
