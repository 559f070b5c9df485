//! Lists in JSON whose items are kept one by one.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ApiServer;
use super::bindings::{ListItems, ListOf};
use super::exchange::Encoding;
use super::failure::CallError;
use super::review::absent_when_not_found;
use crate::core::json_fault::JsonFault;
use crate::core::rbac::protobuf::ProtobufError;

struct Collected<T>(Vec<T>);

impl<T: DeserializeOwned> ListItems for Collected<T> {
    fn start_over(&mut self) {
        self.0.clear();
    }

    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault> {
        self.0.push(serde_json::from_slice(item)?);
        Ok(())
    }

    fn add_protobuf(&mut self, _item: &[u8]) -> Result<(), ProtobufError> {
        Err(ProtobufError::Malformed)
    }
}

/// Which object one is, as far as findings need it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// Its name.
    pub(super) name: String,
    /// When it was created.
    #[serde(default)]
    pub(super) creation_timestamp: Option<Timestamp>,
}

/// A kind of object of the whole cluster.
pub(super) struct ClusterKind {
    /// The API group.
    pub(super) group: &'static str,
    /// The group and version.
    pub(super) api_version: &'static str,
    /// The resource, in the plural.
    pub(super) plural: &'static str,
    /// The kind of its list.
    pub(super) list_kind: &'static str,
}

impl ApiServer {
    /// Reads every object of a kind; `None` where the API server does not serve it.
    pub(super) async fn collected<T: DeserializeOwned>(&self, kind: &ClusterKind) -> Result<Option<Vec<T>>, CallError> {
        let list = ListOf {
            call: format!("list {}.{}", kind.plural, kind.group),
            path: format!("/apis/{}/{}", kind.api_version, kind.plural),
            api_version: kind.api_version,
            kind: kind.list_kind,
            encoding: Encoding::Json,
        };
        let mut items = Collected(Vec::new());
        let read = self.list(&list, &mut items).await;
        Ok(absent_when_not_found(read)?.map(|_version| items.0))
    }
}
