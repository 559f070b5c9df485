//! Reads what ack-ram-authenticator maps.

use serde::de::IgnoredAny;

use super::ApiServer;
use super::bindings::{ListItems, ListOf};
use super::exchange::{ApiRequest, Encoding};
use super::failure::CallError;
use super::object::Expected;
use super::review::absent_when_not_found;
use crate::core::json_fault::JsonFault;
use crate::core::rbac::auth_config_map::{AuthConfigMap, read_config_map};
use crate::core::rbac::mapping::{Mapping, RamIdentityMapping};
use crate::core::rbac::protobuf::ProtobufError;

const GROUP: &str = "/apis/ramauthenticator.k8s.alibabacloud";

struct Mappings(Vec<Mapping>);

impl ListItems for Mappings {
    fn start_over(&mut self) {
        self.0.clear();
    }

    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault> {
        self.0.push(serde_json::from_slice::<RamIdentityMapping>(item)?.into());
        Ok(())
    }

    fn add_protobuf(&mut self, _item: &[u8]) -> Result<(), ProtobufError> {
        Err(ProtobufError::Malformed)
    }
}

impl ApiServer {
    /// Reads the RAMIdentityMappings. `None`: their API group doesn't exist, so ack-ram-authenticator isn't installed with it.
    ///
    /// Only the group's own absence proves that. The API server denies the list of something that doesn't exist as well, and
    /// the list is also absent where the group is served in another version. The error is the list's own.
    pub async fn ram_identity_mappings(&self) -> Result<Option<Vec<Mapping>>, CallError> {
        let list = ListOf {
            call: "list ramidentitymappings.ramauthenticator.k8s.alibabacloud".into(),
            path: format!("{GROUP}/v1alpha1/ramidentitymappings"),
            api_version: "ramauthenticator.k8s.alibabacloud/v1alpha1",
            kind: "RAMIdentityMappingList",
            // API servers serve custom resources in JSON alone.
            encoding: Encoding::Json,
        };
        let mut mappings = Mappings(Vec::new());
        // Side by side: clusters without the authenticator, most of them, are not to take longer than others.
        let (listed, group) = tokio::join!(self.list(&list, &mut mappings), self.ram_authenticator_group());
        match (listed, group) {
            (Ok(_version), _) => Ok(Some(mappings.0)),
            (Err(error), Ok(false)) if error.is_forbidden() || error.is_not_found() => Ok(None),
            (Err(error), _) => Err(error),
        }
    }

    /// Whether ack-ram-authenticator's API group exists.
    pub async fn ram_authenticator_group(&self) -> Result<bool, CallError> {
        let question = ApiRequest::get("get API group ramauthenticator.k8s.alibabacloud", GROUP);
        let expected = Expected::kind("v1", "APIGroup");
        let group: Option<IgnoredAny> = absent_when_not_found(self.object(&question, expected).await)?;
        Ok(group.is_some())
    }

    /// Reads ConfigMap kube-system/alibabacloud-auth. `None`: there is no such ConfigMap.
    pub async fn auth_config_map(&self) -> Result<Option<AuthConfigMap>, CallError> {
        let data = self.config_map("get configmap kube-system/alibabacloud-auth", "alibabacloud-auth").await?;
        Ok(data.as_ref().map(read_config_map))
    }
}
