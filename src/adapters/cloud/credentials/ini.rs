//! The SDKs' ini file, `~/.alibabacloud/credentials`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{CredentialsError, Look, ResolvedCredentials, Resolver, read};
use crate::core::ids::Region;
use crate::core::secret::Secret;
use crate::core::variables;

const TYPES: [&str; 7] =
    ["access_key", "sts", "ecs_ram_role", "ram_role_arn", "oidc_role_arn", "rsa_key_pair", "bearer"];

type Section = BTreeMap<String, String>;

impl Resolver<'_> {
    /// The section that the environment names, or `default`.
    pub(super) async fn ini_file(&self) -> Result<Look, CredentialsError> {
        let named = self.world.env.get(variables::CREDENTIALS_FILE).map(|file| self.world.cwd.join(file));
        let Some(path) = named.or_else(|| self.in_home(".alibabacloud/credentials")) else {
            return Ok(Look::Nothing("credentials file: no home folder".to_owned()));
        };
        let nothing = |why: String| Ok(Look::Nothing(format!("credentials file: {why}")));
        let Some(text) = read(&path)? else { return nothing(format!("{} does not exist", path.display())) };
        let mut sections = parse(&path, &text)?;
        let name = self.profile_variable().map_or("default", |(_, name)| name);
        let place = format!("section [{name}] of {}", path.display());
        let Some(section) = sections.remove(name) else {
            return nothing(format!("{} has no section [{name}]", path.display()));
        };
        Ok(Look::Found(Box::new(self.section(place, &section).await?)))
    }

    async fn section(&self, place: String, section: &Section) -> Result<ResolvedCredentials, CredentialsError> {
        let get = |field: &str| section.get(field).map(String::as_str).filter(|text| !text.is_empty());
        let require =
            |field: &str| get(field).ok_or_else(|| CredentialsError::failed(&place, format!("{field} is missing")));
        let access_key = |token: Option<&str>| {
            Ok::<_, CredentialsError>(ResolvedCredentials {
                access_key_id: require("access_key_id")?.to_owned(),
                secret: Secret::new(require("access_key_secret")?.to_owned()),
                security_token: token.map(|token| Secret::new(token.to_owned())),
                source: place.clone(),
                region: get("region_id").and_then(Region::parse),
            })
        };
        let role = || {
            let role = self.role(require("role_arn")?.to_owned());
            let session_name = get("role_session_name").map_or(role.session_name, str::to_owned);
            let policy = get("policy").map(str::to_owned);
            Ok::<_, CredentialsError>(super::super::sts::Role { session_name, policy, ..role })
        };
        let refuse =
            |mode: &str, reason| CredentialsError::RefusedMode { place: place.clone(), mode: mode.to_owned(), reason };
        match require("type")? {
            "access_key" => access_key(None),
            "sts" => access_key(Some(require("security_token")?)),
            "ecs_ram_role" => self.metadata(&place, get("role_name")).await,
            "ram_role_arn" => {
                self.assume_role(&access_key(get("security_token"))?, self.environment_sts()?, &role()?).await
            }
            "oidc_role_arn" => {
                let (provider, file) = (require("oidc_provider_arn")?, require("oidc_token_file_path")?);
                self.oidc(&place, self.environment_sts()?, provider, file, &role()?).await
            }
            "rsa_key_pair" => Err(refuse("rsa_key_pair", "session keys of key pairs are withdrawn")),
            "bearer" => Err(refuse("bearer", "a bearer token signs no call to RAM, IMS or STS")),
            // The value is not repeated: it can be a secret in the wrong field.
            _ => Err(CredentialsError::failed(&place, format!("its type is none of {}", TYPES.join(", ")))),
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Section>, CredentialsError> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current = None;
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim().to_owned();
            sections.entry(name.clone()).or_default();
            current = Some(name);
            continue;
        }
        let place = current.as_ref().and_then(|name| sections.get_mut(name));
        let (Some(section), Some((name, value))) = (place, line.split_once('=')) else {
            let reason = format!("line {} is neither a section nor a setting in one", number + 1);
            return Err(CredentialsError::Malformed { file: path.to_owned(), reason });
        };
        section.insert(name.trim().to_owned(), uncommented(value).to_owned());
    }
    Ok(sections)
}

/// A value without the comment behind it, which begins after a blank.
fn uncommented(value: &str) -> &str {
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min().unwrap_or(value.len());
    value[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_settings_and_comments_are_distinguished() {
        let text =
            "# x\n[default]\n type = access_key   # as ever\naccess_key_secret = a=b#c\n\n; y\n[ops]\ntype=sts\n";
        let sections = parse(Path::new("f"), text).unwrap();
        assert_eq!(sections["default"]["type"], "access_key");
        assert_eq!(sections["default"]["access_key_secret"], "a=b#c");
        assert_eq!(sections["ops"]["type"], "sts");
    }

    #[test]
    fn a_line_that_is_no_setting_is_an_error_that_does_not_quote_it() {
        let error = parse(Path::new("f"), "[default]\nhunter2\n").unwrap_err().to_string();
        assert_eq!(error, "cannot understand f: line 2 is neither a section nor a setting in one");
    }
}
