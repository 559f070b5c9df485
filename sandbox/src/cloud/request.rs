//! A request as it came over the wire, and the parameters in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, Method};

/// A request with its body read.
pub(crate) struct CloudRequest {
    pub(crate) method: Method,
    /// The path as sent, still percent-encoded.
    pub(crate) path: String,
    /// The query's pairs, decoded, in the order sent.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl CloudRequest {
    pub(crate) fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default()),
            headers: parts.headers.clone(),
            body,
        }
    }

    /// A header that is sent once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(first)
    }

    /// Query and form parameters in one. Of a repeated name the last value counts.
    pub(crate) fn parameters(&self) -> CallParameters {
        let mut all: BTreeMap<String, String> = self.query.iter().cloned().collect();
        let form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if form {
            all.extend(pairs(&String::from_utf8_lossy(&self.body)));
        }
        CallParameters(all)
    }
}

/// Parameters by exact name. Names in another case are other names.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallParameters(pub(crate) BTreeMap<String, String>);

impl CallParameters {
    /// A parameter's value. An empty value counts as not given, as the gateway treats it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What may be written down: secrets are left out by name.
    pub(crate) fn without_secrets(mut self) -> BTreeMap<String, String> {
        const SECRET: [&str; 5] = ["SecurityToken", "OIDCToken", "SAMLAssertion", "Signature", "BearerToken"];
        self.0.retain(|name, _| !SECRET.contains(&name.as_str()));
        self.0
    }
}

/// The pairs of a query string or form: `+` is a space, as servers read it.
fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Undoes percent-encoding. A `%` that starts no escape stays.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%').then(|| tail.get(..2).and_then(hexadecimal)).flatten();
        bytes.push(escape.unwrap_or(first));
        rest = if escape.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    digits.iter().all(u8::is_ascii_hexdigit).then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

/// Percent-encodes by RFC 3986: everything but letters, digits and `-_.~`.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_that_of_rfc_3986() {
        assert_eq!(encoded("a b+c/d=~*é"), "a%20b%2Bc%2Fd%3D~%2A%C3%A9");
        assert_eq!(decoded("a%20b%2Bc%2Fd%3D~%2A%C3%A9%zz%4"), "a b+c/d=~*é%zz%4");
    }

    #[test]
    fn a_plus_on_the_wire_is_a_space() {
        assert_eq!(pairs("a=1+2&b&c="), [("a", "1 2"), ("b", ""), ("c", "")].map(|(k, v)| (k.into(), v.into())));
    }

    #[test]
    fn secrets_are_not_written_down() {
        let parameters =
            CallParameters([("OIDCToken", "eyJ"), ("RoleArn", "acs:x")].map(|(k, v)| (k.into(), v.into())).into());
        assert_eq!(parameters.without_secrets().into_keys().collect::<Vec<_>>(), ["RoleArn"]);
    }
}
