//! Temporary credentials as the instance metadata, a credentials URI, CloudSSO and OAuth hand them out.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::super::error::Kind;
use super::super::http::{Failure, Request, Response};
use super::{ResolvedCredentials, Resolver};
use crate::core::secret::Secret;

/// The body, in the spelling that all four share.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HandedOut {
    code: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    expiration: Option<Timestamp>,
}

impl HandedOut {
    /// The credentials, when the body says that it holds some and they haven't ended.
    pub(super) fn accept(self, place: &str, now: Timestamp) -> Result<ResolvedCredentials, String> {
        if self.code.is_some_and(|code| !code.eq_ignore_ascii_case("Success")) {
            return Err("the answer is no success".to_owned());
        }
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (Some(access_key_id), Some(secret)) = (some(self.access_key_id), some(self.access_key_secret)) else {
            return Err("the answer holds no access key".to_owned());
        };
        if let Some(end) = self.expiration.filter(|end| *end <= now) {
            return Err(format!("the credentials ended at {end}"));
        }
        Ok(ResolvedCredentials {
            access_key_id,
            secret: Secret::new(secret),
            security_token: some(self.security_token).map(Secret::new),
            source: place.to_owned(),
            region: None,
        })
    }
}

/// Reads a JSON body; the error quotes nothing of it.
pub(super) fn json<T: serde::de::DeserializeOwned>(response: &Response) -> Result<T, String> {
    if response.status != 200 {
        return Err(format!("HTTP {}", response.status));
    }
    serde_json::from_slice(response.body.expose()).map_err(|_| "the answer is not as documented".to_owned())
}

impl Resolver<'_> {
    /// One exchange outside the signed APIs.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: String,
        headers: Vec<(&'static str, Secret<String>)>,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<Response, (Kind, String)> {
        let timeout = Some(self.wire.timeout().map_or(limit, |timeout| timeout.min(limit)));
        let request = Request { method, url, headers, body, timeout };
        self.wire.http.exchange(request).await.map_err(|Failure { kind, what }| (kind, what))
    }
}
