//! The CLI's config.json, in every mode that leads to an access key.
//!
//! Source: <https://github.com/aliyun/aliyun-cli> `config/profile.go`

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::endpoints::{Endpoint, Endpoints};
use super::super::sts::Role;
use super::{CredentialsError, Look, ResolvedCredentials, Resolver, read};
use crate::core::ids::Region;
use crate::core::secret::Secret;
use crate::core::variables;
use crate::world::World;

#[derive(Deserialize)]
struct Config {
    #[serde(default, deserialize_with = "text")]
    current: String,
    #[serde(default, deserialize_with = "list")]
    profiles: Vec<Profile>,
}

/// An entry of the file; absent fields and `null` are empty.
#[derive(Deserialize)]
pub(super) struct Profile(serde_json::Map<String, Value>);

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Profile>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A cached key that ends sooner than this is not used any more.
const LAST_SECONDS: i64 = 60;

impl Profile {
    fn get(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default().trim()
    }

    fn optional(&self, field: &str) -> Option<&str> {
        Some(self.get(field)).filter(|text| !text.is_empty())
    }

    fn number(&self, field: &str) -> Option<i64> {
        self.0.get(field).and_then(Value::as_i64).filter(|number| *number > 0)
    }

    fn secret(&self, field: &str) -> Option<Secret<String>> {
        self.optional(field).map(|text| Secret::new(text.to_owned()))
    }

    fn name(&self) -> &str {
        self.get("name")
    }

    /// A field that the mode can't do without.
    pub(super) fn require(&self, place: &str, field: &str) -> Result<&str, CredentialsError> {
        self.optional(field).ok_or_else(|| CredentialsError::failed(place, format!("{field} is missing")))
    }

    /// The CLI leaves such a profile behind when it has only been looked at.
    fn is_blank(&self) -> bool {
        let fields = ["access_key_id", "access_key_secret", "sts_token"];
        matches!(self.get("mode").to_ascii_lowercase().as_str(), "" | "ak")
            && fields.iter().all(|f| self.get(f).is_empty())
    }

    fn access_key(&self, place: &str) -> Result<ResolvedCredentials, CredentialsError> {
        Ok(ResolvedCredentials {
            access_key_id: self.require(place, "access_key_id")?.to_owned(),
            secret: Secret::new(self.require(place, "access_key_secret")?.to_owned()),
            security_token: None,
            source: place.to_owned(),
            region: None,
        })
    }

    fn sts_token(&self, place: &str) -> Result<ResolvedCredentials, CredentialsError> {
        let security_token = Some(Secret::new(self.require(place, "sts_token")?.to_owned()));
        Ok(ResolvedCredentials { security_token, ..self.access_key(place)? })
    }

    /// The temporary key that the CLI keeps beside a session, as long as it lives.
    pub(super) fn cached(&self, place: &str, now: Timestamp) -> Option<ResolvedCredentials> {
        let is_live = self.number("sts_expiration").is_some_and(|end| end > now.as_second() + LAST_SECONDS);
        if is_live { self.sts_token(place).ok() } else { None }
    }

    pub(super) fn access_token(&self) -> Option<Secret<String>> {
        self.secret("access_token")
    }

    pub(super) fn cloud_sso_access_token_is_live(&self, now: Timestamp) -> bool {
        self.number("cloud_sso_access_token_expire").is_some_and(|end| end > now.as_second())
    }

    pub(super) fn oauth_access_token(&self) -> Option<Secret<String>> {
        self.secret("oauth_access_token")
    }

    pub(super) fn oauth_access_token_is_live(&self, now: Timestamp) -> bool {
        self.number("oauth_access_token_expire").is_some_and(|end| end > now.as_second())
    }

    pub(super) fn oauth_origin(&self, place: &str) -> Result<&'static str, CredentialsError> {
        match self.get("oauth_site_type").to_ascii_uppercase().as_str() {
            "" | "CN" => Ok("https://oauth.aliyun.com"),
            "INTL" => Ok("https://oauth.alibabacloud.com"),
            _ => Err(CredentialsError::failed(place, "oauth_site_type is neither CN nor INTL")),
        }
    }

    pub(super) fn session_expired(&self, place: &str, session: &'static str) -> CredentialsError {
        let renew = format!("aliyun configure --profile {}", self.name());
        CredentialsError::SessionExpired { place: place.to_owned(), session, renew }
    }

    /// What an external command printed: a profile in mode AK or StsToken.
    pub(super) fn printed(&self, place: &str, now: Timestamp) -> Result<ResolvedCredentials, CredentialsError> {
        let end = self.optional("expiration").and_then(|text| text.parse::<Timestamp>().ok());
        if end.is_some_and(|end| end <= now) {
            return Err(CredentialsError::failed(place, "process_command printed credentials that have ended"));
        }
        match self.get("mode").to_ascii_lowercase().as_str() {
            "ak" => self.access_key(place),
            "ststoken" => self.sts_token(place),
            _ => Err(CredentialsError::failed(place, "process_command printed neither mode AK nor StsToken")),
        }
    }
}

/// The file, read.
pub struct ConfigFile {
    path: PathBuf,
    config: Config,
}

impl ConfigFile {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Where it is empty or no JSON of this form. The error repeats nothing of it: the parser's own words can quote the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, CredentialsError> {
        let malformed = |reason| CredentialsError::Malformed { file: path.to_owned(), reason };
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Err(malformed("it is empty".to_owned()));
        }
        let config = serde_json::from_str(text)
            .map_err(|error| malformed(format!("line {}, column {}", error.line(), error.column())))?;
        Ok(Self { path: path.to_owned(), config })
    }

    fn profile(&self, name: &str) -> Option<&Profile> {
        self.config.profiles.iter().find(|profile| !name.is_empty() && profile.name() == name)
    }

    fn place(&self, profile: &Profile) -> String {
        match mode_of(profile) {
            Some(mode) => format!("profile '{}' ({mode}) of {}", profile.name(), self.path.display()),
            None => format!("profile '{}' of {}", profile.name(), self.path.display()),
        }
    }

    /// The current profile is one that the file doesn't hold. aliyun-cli refuses this, too.
    fn without_its_current(&self, name: &str) -> CredentialsError {
        let names: Vec<String> = self.config.profiles.iter().map(|profile| format!("'{}'", profile.name())).collect();
        let there_is = if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) };
        let reason = format!("its current profile '{name}' does not exist{there_is}; name one with --profile");
        CredentialsError::failed(self.path.display().to_string(), reason)
    }
}

/// The modes of aliyun-cli, as it spells them.
const MODES: [&str; 14] = [
    "AK",
    "StsToken",
    "RamRoleArn",
    "EcsRamRole",
    "RamRoleArnWithRoleName",
    "ChainableRamRoleArn",
    "External",
    "CredentialsURI",
    "OIDC",
    "CloudSSO",
    "OAuth",
    "RsaKeyPair",
    "BearerToken",
    "Anonymous",
];

/// The mode, as the file spells it; `None` for one that aliyun-cli doesn't know. Such a value is not repeated: it can be a secret in the wrong field.
fn mode_of(profile: &Profile) -> Option<&str> {
    let text = profile.optional("mode").unwrap_or("AK");
    MODES.iter().any(|mode| mode.eq_ignore_ascii_case(text)).then_some(text)
}

/// The names of the profiles that `--profile` can choose. A file that can't be read has none.
pub fn profile_names(world: &World, profile_file: Option<&Path>) -> Vec<String> {
    let file = config_path(world, profile_file).and_then(|path| config_file(&path).ok().flatten());
    let profiles = file.map(|file| file.config.profiles).unwrap_or_default();
    profiles.iter().map(|profile| profile.name().to_owned()).collect()
}

fn config_path(world: &World, profile_file: Option<&Path>) -> Option<PathBuf> {
    if let Some(file) = profile_file {
        return Some(world.cwd.join(file));
    }
    let named = variables::CONFIG_FILE.iter().find_map(|name| world.env.get(name)).map(|file| world.cwd.join(file));
    named.or_else(|| Some(world.home.as_ref()?.join(".aliyun/config.json")))
}

fn config_file(path: &Path) -> Result<Option<ConfigFile>, CredentialsError> {
    read(path)?.map(|text| ConfigFile::parse(path, &text)).transpose()
}

impl Resolver<'_> {
    /// `--profile`: this profile or none at all.
    pub(super) async fn named_profile(&self, name: &str) -> Result<ResolvedCredentials, CredentialsError> {
        let Some(path) = self.config_path() else {
            return Err(CredentialsError::failed(format!("profile '{name}'"), "there is no home folder to look in"));
        };
        let place = format!("profile '{name}' of {}", path.display());
        let file = config_file(&path)?.ok_or_else(|| CredentialsError::failed(&place, "there is no such file"))?;
        let profile = file.profile(name).ok_or_else(|| CredentialsError::failed(&place, "there is no such profile"))?;
        self.profile(&file, profile, &mut Vec::new()).await
    }

    /// The profile that the file, or the environment, calls the current one.
    pub(super) async fn current_profile(&self) -> Result<Look, CredentialsError> {
        let nothing = |why: &str| Ok(Look::Nothing(format!("config.json: {why}")));
        if self.is_true(&variables::PROFILE_DISABLED) {
            return nothing("disabled by the environment");
        }
        let Some(path) = self.config_path() else { return nothing("no home folder") };
        let Some(file) = config_file(&path)? else {
            return nothing(&format!("{} does not exist", path.display()));
        };
        let chosen = self.profile_variable();
        let name = chosen.map_or(file.config.current.as_str(), |(_, name)| name);
        let Some(profile) = file.profile(name) else {
            if chosen.is_none() && !name.is_empty() {
                return Err(file.without_its_current(name));
            }
            return nothing(&format!("{} has no profile '{name}'", path.display()));
        };
        if profile.is_blank() {
            return nothing(&format!("profile '{name}' is blank"));
        }
        Ok(Look::Found(Box::new(self.profile(&file, profile, &mut Vec::new()).await?)))
    }

    /// The profile that the environment names.
    pub(super) fn profile_variable(&self) -> Option<(&'static str, &str)> {
        self.variable(&variables::PROFILE).filter(|_| !self.settings.ignore_env_credentials)
    }

    fn config_path(&self) -> Option<PathBuf> {
        config_path(self.world, self.settings.profile_file.as_deref())
    }

    async fn profile(
        &self,
        file: &ConfigFile,
        profile: &Profile,
        way: &mut Vec<String>,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let place = file.place(profile);
        let name = profile.name().to_owned();
        if way.contains(&name) {
            way.push(name);
            return Err(CredentialsError::Cycle { place, chain: way.join(" → ") });
        }
        way.push(name);
        let Some(mode) = mode_of(profile) else {
            let reason = format!("its mode is none of {}", MODES.join(", "));
            return Err(CredentialsError::failed(place, reason));
        };
        let refuse = |reason| CredentialsError::RefusedMode { place: place.clone(), mode: mode.to_owned(), reason };
        let found = match mode.to_ascii_lowercase().as_str() {
            "ak" => profile.access_key(&place)?,
            "ststoken" => profile.sts_token(&place)?,
            "ramrolearn" => {
                let own = match profile.optional("sts_token") {
                    Some(_) => profile.sts_token(&place)?,
                    None => profile.access_key(&place)?,
                };
                self.profile_role(own, &place, profile).await?
            }
            "ecsramrole" => self.metadata(&place, profile.optional("ram_role_name")).await?,
            "ramrolearnwithrolename" => {
                let own = self.metadata(&place, profile.optional("ram_role_name")).await?;
                self.profile_role(own, &place, profile).await?
            }
            "chainableramrolearn" => {
                let source = profile.require(&place, "source_profile")?;
                let missing = || CredentialsError::failed(&place, format!("there is no profile '{source}'"));
                let source = file.profile(source).ok_or_else(missing)?;
                let own = Box::pin(self.profile(file, source, way)).await?;
                self.profile_role(own, &place, profile).await?
            }
            "external" => self.external(&place, profile.require(&place, "process_command")?).await?,
            "credentialsuri" => self.credentials_uri(&place, profile.require(&place, "credentials_uri")?).await?,
            "oidc" => {
                let (endpoint, role) = (self.profile_sts(&place, profile)?, self.role_of(&place, profile)?);
                let provider = profile.require(&place, "oidc_provider_arn")?;
                let token_file = profile.require(&place, "oidc_token_file")?;
                self.oidc(&place, endpoint, provider, token_file, &role).await?
            }
            "cloudsso" => self.cloud_sso(&place, profile).await?,
            "oauth" => self.oauth(&place, profile).await?,
            "rsakeypair" => return Err(refuse("session keys of key pairs are withdrawn")),
            "bearertoken" => return Err(refuse("a bearer token signs no call to RAM, IMS or STS")),
            _ => return Err(refuse("it holds no credentials")),
        };
        let region = profile.optional("region_id").and_then(Region::parse);
        Ok(found.with_region(region))
    }

    async fn profile_role(
        &self,
        own: ResolvedCredentials,
        place: &str,
        profile: &Profile,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let (endpoint, role) = (self.profile_sts(place, profile)?, self.role_of(place, profile)?);
        let assumed = self.assume_role(&own, endpoint, &role).await?;
        Ok(ResolvedCredentials { source: format!("{place} as {}", role.arn), ..assumed })
    }

    fn role_of(&self, place: &str, profile: &Profile) -> Result<Role, CredentialsError> {
        let role = self.role(profile.require(place, "ram_role_arn")?.to_owned());
        let session_name = profile.optional("ram_session_name").map_or(role.session_name, str::to_owned);
        Ok(Role {
            session_name,
            duration_seconds: profile.number("expired_seconds").and_then(|seconds| u32::try_from(seconds).ok()),
            external_id: profile.optional("external_id").map(str::to_owned),
            policy: profile.optional("policy").map(str::to_owned),
            ..role
        })
    }

    fn profile_sts(&self, place: &str, profile: &Profile) -> Result<Endpoint, CredentialsError> {
        if let (None, Some(own)) = (&self.endpoints.overrides.sts, profile.optional("sts_endpoint")) {
            return own.parse().map_err(|error: super::super::endpoints::EndpointError| {
                CredentialsError::failed(place, format!("sts_endpoint: {error}"))
            });
        }
        let inside = profile.get("endpoint_type").eq_ignore_ascii_case("vpc")
            || profile.0.get("enable_vpc").and_then(Value::as_bool) == Some(true);
        let vpc = self.endpoints.vpc || inside;
        let named = profile
            .optional("sts_region")
            .map(|text| self.region(&format!("{place}: sts_region"), text))
            .transpose()?;
        let own = || profile.optional("region_id").filter(|_| vpc).and_then(Region::parse);
        let region = named.or_else(|| self.settings.region.clone()).or_else(own);
        Ok(Endpoints { vpc, ..self.endpoints.clone() }.sts(region.as_ref()))
    }
}
