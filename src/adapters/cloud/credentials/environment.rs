//! Environment variables: an access key, an OIDC role, or a credentials URI, in this order.

use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::core::ids::Region;
use crate::core::secret::Secret;

/// Variables that belong together. Each family has had its own users; a key of one and a secret of another are two
/// people's.
struct Family {
    id: &'static [&'static str],
    secret: &'static [&'static str],
    token: &'static [&'static str],
}

const FAMILIES: [Family; 4] = [
    Family {
        id: &["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        secret: &["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        token: &["ALIBABA_CLOUD_SECURITY_TOKEN"],
    },
    Family {
        id: &["ALIBABACLOUD_ACCESS_KEY_ID"],
        secret: &["ALIBABACLOUD_ACCESS_KEY_SECRET"],
        token: &["ALIBABACLOUD_SECURITY_TOKEN"],
    },
    Family {
        id: &["ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"],
        secret: &["ALICLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"],
        token: &["ALICLOUD_SECURITY_TOKEN", "ALICLOUD_ACCESS_KEY_STS_TOKEN"],
    },
    Family { id: &["ACCESS_KEY_ID"], secret: &["ACCESS_KEY_SECRET"], token: &["SECURITY_TOKEN"] },
];

const REGIONS: [&str; 4] = ["ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID", "REGION_ID"];

const OIDC_FAMILIES: [[&str; 3]; 2] = [
    ["ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
    ["ALIBABACLOUD_ROLE_ARN", "ALIBABACLOUD_OIDC_PROVIDER_ARN", "ALIBABACLOUD_OIDC_TOKEN_FILE"],
];

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
        let region = self.variable(&REGIONS).and_then(|(_, text)| Region::parse(text));
        Ok(Some(found.with_region(region)))
    }

    fn access_key_variables(&self) -> Result<Option<ResolvedCredentials>, CredentialsError> {
        for (position, family) in FAMILIES.iter().enumerate() {
            let (id, secret) = (self.variable(family.id), self.variable(family.secret));
            let lacking = |have, lacks: &'static [&'static str], part: fn(&Family) -> &'static [&'static str]| {
                let others = FAMILIES.iter().enumerate().filter(|(other, _)| *other != position);
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
        for [role, provider, file] in OIDC_FAMILIES {
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
        let Some((name, uri)) = self.variable(&["ALIBABA_CLOUD_CREDENTIALS_URI"]) else { return Ok(None) };
        self.credentials_uri(&format!("environment ({name})"), uri).await.map(Some)
    }
}
