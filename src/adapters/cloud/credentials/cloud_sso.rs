//! A CloudSSO session: its live access token is traded for temporary credentials.

use std::time::Duration;

use http::Method;
use serde::Deserialize;

use super::super::endpoints::Endpoint;
use super::cli_profile::Profile;
use super::handed_out::{HandedOut, json};
use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::core::secret::Secret;

const LIMIT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    cloud_credential: HandedOut,
}

impl Resolver<'_> {
    pub(super) async fn cloud_sso(
        &self,
        place: &str,
        profile: &Profile,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let now = self.wire.now();
        if let Some(cached) = profile.cached(place, now) {
            return Ok(cached);
        }
        let Some(token) = profile.access_token().filter(|_| profile.cloud_sso_access_token_is_live(now)) else {
            return Err(profile.session_expired(place, "CloudSSO"));
        };
        let failed = |reason: String| CredentialsError::failed(place, reason);
        let server = Endpoint::of_url(profile.require(place, "cloud_sso_sign_in_url")?);
        let server = server.ok().filter(Endpoint::is_private);
        let server = server.ok_or_else(|| failed("cloud_sso_sign_in_url is no https URL".to_owned()))?;
        let body = serde_json::json!({
            "AccountId": profile.require(place, "cloud_sso_account_id")?,
            "AccessConfigurationId": profile.require(place, "cloud_sso_access_config")?,
        });
        let at = |what: String| failed(format!("{server}: {what}"));
        let response = self
            .ask(
                Method::POST,
                format!("{}/cloud-credentials", server.origin()),
                vec![
                    ("authorization", Secret::new(format!("Bearer {}", token.expose()))),
                    ("content-type", Secret::new("application/json".to_owned())),
                    ("accept", Secret::new("application/json".to_owned())),
                ],
                body.to_string().into_bytes(),
                LIMIT,
            )
            .await
            .map_err(|(_, what)| at(what))?;
        if response.status == 401 {
            return Err(profile.session_expired(place, "CloudSSO"));
        }
        let answer: Answer = json(&response).map_err(at)?;
        answer.cloud_credential.accept(place, now).map_err(at)
    }
}
