//! Reads what roles allow, and which namespaces there are.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ApiServer;
use super::bindings::{API, ListItems, ListOf, RBAC_V1};
use super::exchange::{ApiRequest, Encoding};
use super::failure::{CallError, Failure};
use super::object::Expected;
use super::review::absent_when_not_found;
use crate::core::cluster::server_view::NamespaceFacts;
use crate::core::json_fault::JsonFault;
use crate::core::percent;
use crate::core::rbac::inventory::Role;
use crate::core::rbac::protobuf::ProtobufError;
use crate::core::rbac::{PolicyRule, RoleFacts, Roles};

/// A Role or ClusterRole: a Role has a namespace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleItem {
    metadata: Metadata,
    #[serde(default)]
    aggregation_rule: Option<IgnoredAny>,
    #[serde(default)]
    rules: Option<Vec<PolicyRule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    uid: Option<String>,
}

impl RoleItem {
    fn facts(self) -> RoleFacts {
        RoleFacts { uid: self.metadata.uid.unwrap_or_default(), rules: self.rules.unwrap_or_default() }
    }
}

/// The roles of one kind, as they are listed.
struct ListedRoles {
    are_namespaced: bool,
    roles: Roles,
    count: usize,
}

impl ListedRoles {
    fn new(are_namespaced: bool) -> Self {
        Self { are_namespaced, roles: Roles::default(), count: 0 }
    }
}

impl ListItems for ListedRoles {
    fn start_over(&mut self) {
        *self = Self::new(self.are_namespaced);
    }

    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault> {
        let mut role: RoleItem = serde_json::from_slice(item)?;
        let name = std::mem::take(&mut role.metadata.name);
        let namespace = role.metadata.namespace.take().filter(|namespace| !namespace.is_empty());
        match (namespace, self.are_namespaced) {
            (None, false) => {
                if role.aggregation_rule.is_some() {
                    self.roles.note_aggregated(name.clone());
                }
                self.roles.insert_cluster_role(name, role.facts());
            }
            (Some(namespace), true) => self.roles.insert_role(namespace, name, role.facts()),
            // One would be taken for the other.
            (None, true) => return Err(JsonFault::because("a Role without a namespace")),
            (Some(_), false) => return Err(JsonFault::because("a ClusterRole with a namespace")),
        }
        self.count += 1;
        Ok(())
    }

    fn add_protobuf(&mut self, _item: &[u8]) -> Result<(), ProtobufError> {
        Err(ProtobufError::Malformed)
    }
}

fn list_of_roles(call: &str, plural: &str, kind: &'static str) -> ListOf {
    ListOf {
        call: call.to_owned(),
        path: format!("{API}/{plural}"),
        api_version: RBAC_V1,
        kind,
        encoding: Encoding::Json,
    }
}

#[derive(Deserialize)]
struct Namespace {
    metadata: NamespaceMetadata,
    #[serde(default)]
    status: Option<NamespaceStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceMetadata {
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
struct NamespaceStatus {
    #[serde(default)]
    phase: Option<String>,
}

impl ApiServer {
    /// Reads every ClusterRole and Role. Either all of them or an error, never a part.
    pub async fn roles(&self) -> Result<Roles, CallError> {
        let (mut roles, namespaced) = tokio::try_join!(self.cluster_roles(), self.namespaced_roles(None))?;
        roles.append(namespaced);
        Ok(roles)
    }

    /// Reads every ClusterRole.
    pub async fn cluster_roles(&self) -> Result<Roles, CallError> {
        let list = list_of_roles("list clusterroles.rbac.authorization.k8s.io", "clusterroles", "ClusterRoleList");
        let mut listed = ListedRoles::new(false);
        self.list(&list, &mut listed).await?;
        if listed.count == 0 {
            return Err(self.error(&list.call, Failure::WithoutTheServersOwn { what: "ClusterRoles" }));
        }
        Ok(listed.roles)
    }

    /// Reads the Roles of all namespaces, or of one.
    pub async fn namespaced_roles(&self, namespace: Option<&str>) -> Result<Roles, CallError> {
        let roles = "list roles.rbac.authorization.k8s.io";
        let list = match namespace {
            None => list_of_roles(&format!("{roles} in all namespaces"), "roles", "RoleList"),
            Some(namespace) => {
                let path = format!("namespaces/{}/roles", percent::encode_segment(namespace));
                list_of_roles(&format!("{roles} in namespace {}", namespace.escape_debug()), &path, "RoleList")
            }
        };
        let mut listed = ListedRoles::new(true);
        self.list(&list, &mut listed).await?;
        Ok(listed.roles)
    }

    /// Reads the role that a binding of this namespace (`None`: a ClusterRoleBinding) grants. `None`: there is none.
    pub async fn role(&self, namespace: Option<&str>, role: &Role) -> Result<Option<RoleFacts>, CallError> {
        let name = percent::encode_segment(&role.name);
        let place = namespace.filter(|_| &*role.kind == "Role");
        let (call, path) = match (&*role.kind, namespace) {
            ("ClusterRole", _) => {
                (format!("get clusterrole {}", role.name.escape_debug()), format!("{API}/clusterroles/{name}"))
            }
            ("Role", Some(namespace)) => (
                format!("get role {} in namespace {}", role.name.escape_debug(), namespace.escape_debug()),
                format!("{API}/namespaces/{}/roles/{name}", percent::encode_segment(namespace)),
            ),
            // The API server lets no binding grant another kind.
            _ => return Ok(None),
        };
        let expected = Expected::object(RBAC_V1, &role.kind, place, &role.name);
        let found: Option<RoleItem> = absent_when_not_found(self.object(&ApiRequest::get(call, path), expected).await)?;
        Ok(found.map(RoleItem::facts))
    }

    /// Reads a namespace. `None`: there is none of this name.
    pub async fn namespace(&self, name: &str) -> Result<Option<NamespaceFacts>, CallError> {
        let call = format!("get namespace {}", name.escape_debug());
        let question = ApiRequest::get(call, format!("/api/v1/namespaces/{}", percent::encode_segment(name)));
        let expected = Expected::object("v1", "Namespace", None, name);
        let found: Option<Namespace> = absent_when_not_found(self.object(&question, expected).await)?;
        Ok(found.map(|Namespace { metadata, status }| NamespaceFacts {
            uid: metadata.uid.unwrap_or_default(),
            created: metadata.creation_timestamp,
            terminating: metadata.deletion_timestamp.is_some()
                || status.and_then(|status| status.phase).as_deref() == Some("Terminating"),
        }))
    }
}
