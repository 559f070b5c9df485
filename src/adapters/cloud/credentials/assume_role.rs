//! Becoming a RAM role with credentials at hand.

use super::super::endpoints::Endpoint;
use super::super::sts::{self, Role, TemporaryKey};
use super::{CredentialsError, ResolvedCredentials, Resolver};

impl Resolver<'_> {
    pub(super) async fn assume_role(
        &self,
        with: &ResolvedCredentials,
        endpoint: Endpoint,
        role: &Role,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let assumed = sts::assume_role(self.wire, endpoint, &with.key(), role).await;
        let failed =
            |source| CredentialsError::AssumeRole { place: with.source.clone(), role: role.arn.clone(), source };
        Ok(temporary(assumed.map_err(failed)?, format!("{} as {}", with.source, role.arn)))
    }
}

pub(super) fn temporary(key: TemporaryKey, source: String) -> ResolvedCredentials {
    ResolvedCredentials {
        access_key_id: key.access_key_id,
        secret: key.secret,
        security_token: Some(key.security_token),
        source,
        region: None,
    }
}
