//! Environment variables: an access key, an OIDC role, or a credentials URI, in this order.

use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::core::ids::Region;
use crate::core::secret::Secret;
use crate::core::variables::{self, ACCESS_KEYS, AccessKeyVariables};

impl Resolver<'_> {
    /// What the environment has, if it has something.
    pub(super) async fn environment(&self) -> Result<Option<ResolvedCredentials>, CredentialsError> {
        let found = match self.access_key_variables()? {
            Some(found) => Some(found),
            None => match self.oidc_variables().await? {
                Some(found) => Some(found),
                None => self.uri_variable().await?,
            },
        };
        let Some(found) = found else { return Ok(None) };
        let region = self.variable(&variables::REGION).and_then(|(_, text)| Region::parse(text));
        Ok(Some(found.with_region(region)))
    }

    fn access_key_variables(&self) -> Result<Option<ResolvedCredentials>, CredentialsError> {
        for (position, family) in ACCESS_KEYS.iter().enumerate() {
            let (id, secret) = (self.variable(family.id), self.variable(family.secret));
            let lacking =
                |have, lacks: &'static [&'static str], part: fn(&AccessKeyVariables) -> &'static [&'static str]| {
                    let others = ACCESS_KEYS.iter().enumerate().filter(|(other, _)| *other != position);
                    let other = others.filter_map(|(_, family)| self.variable(part(family))).next();
                    match other {
                        Some((other, _)) => CredentialsError::Mixed { have, lacks: lacks[0], other },
                        None => CredentialsError::failed("environment", format!("{have} is set without {}", lacks[0])),
                    }
                };
            match (id, secret) {
                (None, None) => {}
                (Some((have, _)), None) => return Err(lacking(have, family.secret, |family| family.secret)),
                (None, Some((have, _))) => return Err(lacking(have, family.id, |family| family.id)),
                (Some((name, id)), Some((_, secret))) => {
                    let token = self.variable(family.token);
                    // Only temporary keys begin so, and they are worth nothing without their token.
                    if id.starts_with("STS.") && token.is_none() {
                        return Err(lacking(name, family.token, |family| family.token));
                    }
                    return Ok(Some(ResolvedCredentials {
                        access_key_id: id.to_owned(),
                        secret: Secret::new(secret.to_owned()),
                        security_token: token.map(|(_, token)| Secret::new(token.to_owned())),
                        source: format!("environment ({name})"),
                        region: None,
                    }));
                }
            }
        }
        Ok(None)
    }

    async fn oidc_variables(&self) -> Result<Option<ResolvedCredentials>, CredentialsError> {
        for [role, provider, file] in variables::OIDC {
            // A role's ARN alone is often set for other purposes: only all three are a source.
            let [Some(arn), Some(provider), Some(path)] = [role, provider, file].map(|name| self.world.env.text(name))
            else {
                continue;
            };
            let place = format!("environment ({file})");
            let endpoint = self.environment_sts()?;
            let role = self.role(arn.to_owned());
            return self.oidc(&place, endpoint, provider, path, &role).await.map(Some);
        }
        Ok(None)
    }

    async fn uri_variable(&self) -> Result<Option<ResolvedCredentials>, CredentialsError> {
        let Some((name, uri)) = self.variable(&[variables::CREDENTIALS_URI]) else { return Ok(None) };
        self.credentials_uri(&format!("environment ({name})"), uri).await.map(Some)
    }
}
