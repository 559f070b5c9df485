//! An OAuth session of the CLI: its live access token is traded for temporary credentials. It is never refreshed, for a
//! new refresh token would have to be written into the user's file.

use std::time::Duration;

use http::Method;

use super::cli_profile::Profile;
use super::handed_out::{HandedOut, json};
use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::core::secret::Secret;

const LIMIT: Duration = Duration::from_secs(15);

impl Resolver<'_> {
    pub(super) async fn oauth(&self, place: &str, profile: &Profile) -> Result<ResolvedCredentials, CredentialsError> {
        let now = self.wire.now();
        if let Some(cached) = profile.cached(place, now) {
            return Ok(cached);
        }
        let Some(token) = profile.oauth_access_token().filter(|_| profile.oauth_access_token_is_live(now)) else {
            return Err(profile.session_expired(place, "OAuth"));
        };
        let origin = match &self.endpoints.overrides.oauth {
            Some(own) => own.endpoint().origin(),
            None => profile.oauth_origin(place)?.to_owned(),
        };
        let failed = |what: String| CredentialsError::failed(place, format!("{origin}: {what}"));
        let response = self
            .ask(
                Method::POST,
                format!("{origin}/v1/exchange"),
                vec![
                    ("authorization", Secret::new(format!("Bearer {}", token.expose()))),
                    ("content-type", Secret::new("application/json".to_owned())),
                    ("accept", Secret::new("application/json".to_owned())),
                ],
                Vec::new(),
                LIMIT,
            )
            .await
            .map_err(|(_, what)| failed(what))?;
        if response.status == 401 {
            return Err(profile.session_expired(place, "OAuth"));
        }
        let handed_out: HandedOut = json(&response).map_err(failed)?;
        handed_out.accept(place, now).map_err(failed)
    }
}
