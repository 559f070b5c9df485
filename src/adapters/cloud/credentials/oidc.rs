//! Becoming a RAM role with a token of an OIDC provider, as pods do with RRSA.

use super::super::endpoints::Endpoint;
use super::super::sts::{self, Role};
use super::assume_role::temporary;
use super::{CredentialsError, ResolvedCredentials, Resolver, read};
use crate::adapters::files::FileError;
use crate::core::secret::Secret;

impl Resolver<'_> {
    pub(super) async fn oidc(
        &self,
        place: &str,
        endpoint: Endpoint,
        provider_arn: &str,
        token_file: &str,
        role: &Role,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let file = self.world.cwd.join(token_file);
        let Some(text) = read(&file)? else {
            return Err(CredentialsError::Unreadable { file, source: FileError::Missing });
        };
        let token = text.trim();
        if token.is_empty() {
            return Err(CredentialsError::Malformed { file, reason: "it is empty".to_owned() });
        }
        let token = Secret::new(token.to_owned());
        let assumed = sts::assume_role_with_oidc(self.wire, endpoint, provider_arn, &token, role).await;
        let failed = |source| CredentialsError::AssumeRole { place: place.to_owned(), role: role.arn.clone(), source };
        Ok(temporary(assumed.map_err(failed)?, format!("{place} as {}", role.arn)))
    }
}
