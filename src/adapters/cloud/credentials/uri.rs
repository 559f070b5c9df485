//! A URI that hands out credentials, usually of a process beside this one.

use std::time::Duration;

use http::Method;

use super::super::endpoints::Endpoint;
use super::handed_out::{HandedOut, json};
use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::core::variables;

const LIMIT: Duration = Duration::from_secs(10);

impl Resolver<'_> {
    pub(super) async fn credentials_uri(
        &self,
        place: &str,
        uri: &str,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        self.refuse_where_disabled(place)?;
        let failed = |reason: String| CredentialsError::failed(place, reason);
        // The URI itself can hold a secret: messages name the server alone.
        let server =
            Endpoint::of_url(uri).map_err(|_| failed("the credentials URI is no http or https URL".to_owned()))?;
        let at = |what: String| failed(format!("{server}: {what}"));
        let response = self.ask(Method::GET, uri.to_owned(), Vec::new(), Vec::new(), LIMIT).await;
        let response = response.map_err(|(_, what)| at(what))?;
        let handed_out: HandedOut = json(&response).map_err(at)?;
        handed_out.accept(place, self.wire.now()).map_err(at)
    }

    /// `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS` stops what runs or asks something outside.
    pub(super) fn refuse_where_disabled(&self, place: &str) -> Result<(), CredentialsError> {
        if self.is_true(&[variables::EXTERNAL_PROCESS_DISABLED]) {
            return Err(CredentialsError::Disabled { place: place.to_owned() });
        }
        Ok(())
    }
}
