//! Whose access key is at hand: the sources in their order, each read and none ever written.
//!
//! The official CLI and the official SDKs contradict each other on the order; ours is: the named profile, the environment
//! (access key, OIDC, credentials URI), the current profile of config.json, the ini file, the instance's metadata. The
//! first source that has something decides; parts of two sources are never put together.

mod assume_role;
pub mod cli_profile;
mod cloud_sso;
mod environment;
mod error;
mod external;
mod handed_out;
mod ini;
mod metadata;
mod oauth;
mod oidc;
mod uri;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use self::error::CredentialsError;
use super::CloudSettings;
use super::endpoints::{Endpoint, Endpoints};
use super::sign::Key;
use super::wire::Wire;
use crate::adapters::files::{self, FileError};
use crate::core::ids::Region;
use crate::core::secret::Secret;
use crate::core::variables;
use crate::world::World;

/// Credentials that the cloud can be asked with.
#[derive(Clone, Debug)]
pub struct ResolvedCredentials {
    /// The access key's ID.
    pub access_key_id: String,
    /// Its secret.
    pub secret: Secret<String>,
    /// The token of temporary credentials.
    pub security_token: Option<Secret<String>>,
    /// Where they are from, for people: `profile 'ops' (RamRoleArn) of /home/ann/.aliyun/config.json`.
    pub source: String,
    /// The region that the same source names.
    pub region: Option<Region>,
}

impl ResolvedCredentials {
    /// What requests are signed with.
    pub fn key(&self) -> Key<'_> {
        let security_token = self.security_token.as_ref();
        Key { access_key_id: &self.access_key_id, secret: &self.secret, security_token }
    }

    fn with_region(mut self, region: Option<Region>) -> Self {
        self.region = region;
        self
    }
}

/// What looking for credentials came to.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// The first source that had some.
    Found(ResolvedCredentials),
    /// No source had any: an ordinary state, not an error.
    NoCredentials(NoCredentials),
}

/// Where nothing was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoCredentials {
    /// Each source that was looked at, and what was missing.
    pub looked_at: Vec<String>,
}

/// Looks for credentials in the order of this module. `--role-arn` then becomes that role with what was found.
///
/// # Errors
/// A source that has something can't be used: the search ends there, for the next source can be another identity.
pub async fn resolve(
    world: &World,
    settings: &CloudSettings,
    endpoints: &Endpoints,
    wire: &Wire,
) -> Result<Resolution, CredentialsError> {
    let resolver = Resolver { world, settings, endpoints, wire };
    let resolution = resolver.search().await?;
    let Resolution::Found(found) = resolution else { return Ok(resolution) };
    tracing::info!(source = found.source, "cloud credentials found");
    let Some(arn) = &settings.role_arn else { return Ok(Resolution::Found(found)) };
    let role = resolver.role(arn.clone());
    let region = found.region.clone();
    // STS inside a VPC is regional; elsewhere the central one does as well.
    let near = settings.region.as_ref().or(region.as_ref().filter(|_| endpoints.vpc));
    let endpoint = endpoints.sts(near);
    let assumed = resolver.assume_role(&found, endpoint, &role).await?;
    Ok(Resolution::Found(assumed.with_region(region)))
}

/// What every source may use.
struct Resolver<'a> {
    world: &'a World,
    settings: &'a CloudSettings,
    endpoints: &'a Endpoints,
    wire: &'a Wire,
}

impl Resolver<'_> {
    async fn search(&self) -> Result<Resolution, CredentialsError> {
        if let Some(profile) = &self.settings.profile {
            return self.named_profile(profile).await.map(Resolution::Found);
        }
        let mut looked_at = Vec::new();
        if self.settings.ignore_env_credentials {
            looked_at.push("environment: ignored".to_owned());
        } else if let Some(found) = self.environment().await? {
            return Ok(Resolution::Found(found));
        } else {
            looked_at.push("environment: no access key, OIDC role or credentials URI".to_owned());
        }
        match self.current_profile().await? {
            Look::Found(found) => return Ok(Resolution::Found(*found)),
            Look::Nothing(why) => looked_at.push(why),
        }
        match self.ini_file().await? {
            Look::Found(found) => return Ok(Resolution::Found(*found)),
            Look::Nothing(why) => looked_at.push(why),
        }
        if let Some((variable, name)) = self.profile_variable() {
            // A user who names a profile does not mean the machine's own role.
            let place = format!("{variable}: profile '{name}'");
            return Err(CredentialsError::failed(place, format!("not found ({})", looked_at.join("; "))));
        }
        match self.instance().await? {
            Look::Found(found) => return Ok(Resolution::Found(*found)),
            Look::Nothing(why) => looked_at.push(why),
        }
        Ok(Resolution::NoCredentials(NoCredentials { looked_at }))
    }

    /// The first of these variables that is set.
    fn variable(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| self.world.env.text(name).map(|value| (*name, value)))
    }

    fn is_true(&self, names: &[&str]) -> bool {
        let truth = |value: &str| value == "1" || value.eq_ignore_ascii_case("true");
        names.iter().filter_map(|name| self.world.env.text(name)).any(truth)
    }

    fn role(&self, arn: String) -> super::sts::Role {
        let named = self.variable(&variables::ROLE_SESSION_NAME);
        let session_name = named.map_or("kubectl-ackcred", |(_, name)| name).to_owned();
        super::sts::Role { arn, session_name, duration_seconds: None, external_id: None, policy: None }
    }

    /// The STS that the environment's own roles are assumed at.
    fn environment_sts(&self) -> Result<Endpoint, CredentialsError> {
        let region = self.variable(&[variables::STS_REGION]).map(|(name, text)| self.region(name, text));
        let region = region.transpose()?.or_else(|| self.settings.region.clone());
        let vpc = self.endpoints.vpc || self.is_true(&[variables::VPC_ENDPOINT_ENABLED]);
        Ok(Endpoints { vpc, ..self.endpoints.clone() }.sts(region.as_ref()))
    }

    fn region(&self, source: &str, text: &str) -> Result<Region, CredentialsError> {
        let reason = "its value is no region ID, such as cn-hangzhou";
        Region::parse(text).ok_or_else(|| CredentialsError::failed(source, reason))
    }

    fn in_home(&self, relative: &str) -> Option<PathBuf> {
        self.world.home.as_ref().map(|home| home.join(relative))
    }
}

/// The text of a file; `None` where there is no such file.
fn read(file: &Path) -> Result<Option<Zeroizing<String>>, CredentialsError> {
    let no_text = |_| CredentialsError::Malformed { file: file.to_owned(), reason: "it is no UTF-8 text".to_owned() };
    match files::load(file) {
        Ok(bytes) => String::from_utf8(bytes).map(|text| Some(Zeroizing::new(text))).map_err(no_text),
        Err(FileError::Missing) => Ok(None),
        Err(source) => Err(CredentialsError::Unreadable { file: file.to_owned(), source }),
    }
}

/// What one source had.
enum Look {
    Found(Box<ResolvedCredentials>),
    Nothing(String),
}

#[cfg(test)]
mod tests;
