//! The instance metadata of ECS: hardened mode first.
//!
//! Source: <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>

use std::path::Path;
use std::time::Duration;

use http::Method;

use super::super::endpoints::LoopbackEndpoint;
use super::super::error::Kind;
use super::handed_out::{HandedOut, json};
use super::{CredentialsError, Look, ResolvedCredentials, Resolver};
use crate::core::secret::Secret;
use crate::core::variables;

/// The server is beside the instance or nowhere.
const LIMIT: Duration = Duration::from_secs(1);

const ORIGIN: &str = "http://100.100.100.200";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

impl Resolver<'_> {
    /// The last source. Only where a role is named is a failure an error: elsewhere there simply is no instance.
    pub(super) async fn instance(&self) -> Result<Look, CredentialsError> {
        if self.is_true(&[variables::ECS_METADATA_DISABLED]) {
            return Ok(Look::Nothing("instance metadata: disabled".to_owned()));
        }
        let named = self.variable(&[variables::ECS_METADATA]).map(|(_, role)| role);
        let said_to_be_there = named.is_some() || self.endpoints.overrides.metadata.is_some();
        if let (false, Some(product)) = (said_to_be_there, other_product(&self.settings.firmware)) {
            return Ok(Look::Nothing(format!(
                "instance metadata: not asked, for this machine is no ECS instance but {product:?}; ALIBABA_CLOUD_ECS_METADATA \
                 with the role's name asks all the same"
            )));
        }
        match self.metadata("instance metadata", named).await {
            Ok(found) => Ok(Look::Found(Box::new(found))),
            Err(error) if named.is_some() => Err(error),
            Err(error) => Ok(Look::Nothing(error.to_string())),
        }
    }

    /// The credentials of the instance's role; `role` saves asking for its name.
    pub(super) async fn metadata(
        &self,
        place: &str,
        role: Option<&str>,
    ) -> Result<ResolvedCredentials, CredentialsError> {
        let failed = |reason: String| CredentialsError::failed(place, reason);
        let token = self.metadata_token().await.map_err(failed)?;
        let role = match role {
            Some(role) => role.to_owned(),
            None => self.metadata_role(token.as_ref()).await.map_err(failed)?,
        };
        if !is_role_name(&role) {
            return Err(failed("what should be a role's name is none".to_owned()));
        }
        let handed_out: HandedOut =
            self.metadata_get(&format!("{ROLES}{role}"), token.as_ref()).await.map_err(failed)?;
        let place = format!("{place} (role {role})");
        handed_out.accept(&place, self.wire.now()).map_err(|reason| CredentialsError::failed(&place, reason))
    }

    /// The token of the hardened mode; `None` where the server only knows the plain mode and that is allowed.
    async fn metadata_token(&self) -> Result<Option<Secret<String>>, String> {
        let lifetime = ("x-aliyun-ecs-metadata-token-ttl-seconds", Secret::new("21600".to_owned()));
        let url = format!("{}/latest/api/token", self.metadata_origin());
        let answer = self.ask(Method::PUT, url, vec![lifetime], Vec::new(), LIMIT).await;
        let refused = match answer {
            Ok(response) if response.status == 200 => {
                let token =
                    std::str::from_utf8(response.body.expose()).map_err(|_| "a token that is no text".to_owned())?;
                return Ok(Some(Secret::new(token.trim().to_owned())));
            }
            Ok(response) => format!("HTTP {}", response.status),
            Err((Kind::Broken, what)) => what,
            Err((_, what)) => return Err(what),
        };
        if self.is_true(&[variables::IMDSV1_DISABLED]) {
            return Err(format!("the hardened mode fails ({refused}), the plain one is disabled"));
        }
        Ok(None)
    }

    async fn metadata_role(&self, token: Option<&Secret<String>>) -> Result<String, String> {
        let response = self.metadata_ask(ROLES, token).await?;
        if response.status == 404 {
            return Err("the instance has no RAM role".to_owned());
        }
        if response.status != 200 {
            return Err(format!("HTTP {}", response.status));
        }
        let text =
            std::str::from_utf8(response.body.expose()).map_err(|_| "a role's name that is no text".to_owned())?;
        Ok(text.lines().next().unwrap_or_default().trim().trim_end_matches('/').to_owned())
    }

    async fn metadata_get(&self, path: &str, token: Option<&Secret<String>>) -> Result<HandedOut, String> {
        json(&self.metadata_ask(path, token).await?)
    }

    async fn metadata_ask(
        &self,
        path: &str,
        token: Option<&Secret<String>>,
    ) -> Result<super::super::http::Response, String> {
        let headers = token.map(|token| ("x-aliyun-ecs-metadata-token", token.clone())).into_iter().collect();
        let url = format!("{}{path}", self.metadata_origin());
        self.ask(Method::GET, url, headers, Vec::new(), LIMIT).await.map_err(|(_, what)| what)
    }

    fn metadata_origin(&self) -> String {
        let own = self.endpoints.overrides.metadata.as_ref().map(LoopbackEndpoint::endpoint);
        own.map_or_else(|| ORIGIN.to_owned(), |endpoint| endpoint.origin())
    }
}

/// What the machine is by its firmware's word, where that is something other than an ECS instance.
///
/// Off ECS there is no answer at the metadata's address, and every command would wait for that. That an instance bears its name is
/// an inference: cloud-init tells instances by the same file, the cloud's documents don't mention it, and a virtual machine
/// inside an instance, such as that of a sandboxed container, bears its own. Where the file can't be read (outside Linux, or with
/// firmware that has no such table) nothing is known, and the server is asked.
/// Source: <https://github.com/canonical/cloud-init> `cloudinit/sources/DataSourceAliYun.py`
fn other_product(firmware: &Path) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(firmware.join(name)).ok().map(|text| text.trim().to_owned());
    let product = read("product_name").filter(|product| !product.is_empty())?;
    let vendor = read("sys_vendor").unwrap_or_default();
    let of_the_cloud = |text: &str| text.to_ascii_lowercase().starts_with("alibaba");
    (!of_the_cloud(&product) && !of_the_cloud(&vendor)).then_some(product)
}

fn is_role_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        other_product(folder.path())
    }

    #[test]
    fn only_firmware_that_names_another_machine_speaks_against_an_instance() {
        let laptop = [("product_name", "20XW0026GE\n"), ("sys_vendor", "LENOVO\n")];
        assert_eq!(product(&laptop).as_deref(), Some("20XW0026GE"));
        assert_eq!(product(&[("product_name", "Alibaba Cloud ECS\n"), ("sys_vendor", "Alibaba Cloud\n")]), None);
        assert_eq!(product(&[("product_name", "HVM domU\n"), ("sys_vendor", "Alibaba Cloud\n")]), None);
        assert_eq!(product(&[("product_name", "\n")]), None);
        assert_eq!(product(&[]), None);
    }
}
