//! RBAC as the API server decides by it: what roles allow, to whom bindings give them, and which questions would show it.
//!
//! Reviews answer one question each and can't be asked for everything. Evaluated here, the answer is complete; `tests/servers/cluster`
//! holds it against a real API server.

pub mod ack_binding;
pub mod asked;
pub mod auth_config_map;
pub mod binding;
pub mod binding_object;
pub mod grants;
pub mod holdings;
pub mod inert;
pub mod inventory;
pub mod kinds;
pub mod managed_by;
pub mod mapping;
pub mod mapping_sources;
pub mod others;
pub mod protobuf;
pub mod reach;
pub mod spot_checks;
pub mod user_info;
pub mod who_can;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::core::rbac::inventory::{Binding, Role};

mod authorizer;
#[cfg(test)]
pub(crate) mod fixtures;
mod full_rights;
mod known_kinds;
mod paths;
mod probes;
mod server_defaults;

pub use authorizer::{allows, names, rule_allows, rule_allows_some};
pub use full_rights::{full_rights_holders, has_full_rights, is_administrator};
pub use known_kinds::RESOURCE_VERBS;
pub use paths::path_of;
pub use probes::probes;
pub use server_defaults::{everyone_may, is_default_for_everyone, is_server_default};
pub use user_info::UserInfo;

/// What one rule of a role allows. In every list `*` stands for all, except among `resource_names`.
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-v1/>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyRule {
    /// `get`, `list` and so on.
    #[serde(deserialize_with = "null_as_empty")]
    pub verbs: Vec<String>,
    /// API groups; the core group is empty.
    #[serde(deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// Kinds in the plural, with a subresource behind `/`.
    #[serde(deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The only objects that are meant; empty for all.
    #[serde(deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Paths outside the resources. A `*` at the end stands for whatever follows.
    #[serde(rename = "nonResourceURLs", deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What matters of a role: which one it is, and what it allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoleFacts {
    /// The object's own ID, which differs from that of a later object of the same name.
    pub uid: String,
    /// Its rules; those of an aggregated ClusterRole are what a controller last filled in.
    pub rules: Vec<PolicyRule>,
}

/// Every ClusterRole and Role of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    cluster: BTreeMap<String, RoleFacts>,
    namespaced: BTreeMap<String, BTreeMap<String, RoleFacts>>,
    aggregated: BTreeSet<String>,
    cluster_is_unread: bool,
    namespaced_are_unread: bool,
}

impl Roles {
    /// Adds a ClusterRole.
    pub fn insert_cluster_role(&mut self, name: String, facts: RoleFacts) {
        self.cluster.insert(name, facts);
    }

    /// Notes that a controller fills the rules of this ClusterRole in from others, and undoes what is changed in them.
    pub fn note_aggregated(&mut self, name: String) {
        self.aggregated.insert(name);
    }

    /// Whether a controller fills the role's rules in from others. Not known of roles from a record.
    pub fn is_aggregated(&self, role: &Role) -> bool {
        &*role.kind == "ClusterRole" && self.aggregated.contains(&*role.name)
    }

    /// Adds a Role.
    pub fn insert_role(&mut self, namespace: String, name: String, facts: RoleFacts) {
        self.namespaced.entry(namespace).or_default().insert(name, facts);
    }

    /// No roles, of which the ClusterRoles could not be read.
    pub fn without_cluster_roles() -> Self {
        Self { cluster_is_unread: true, ..Self::default() }
    }

    /// No roles, of which those of namespaces could not be read.
    pub fn without_namespaced_roles() -> Self {
        Self { namespaced_are_unread: true, ..Self::default() }
    }

    /// No roles, because none could be read.
    pub fn unread() -> Self {
        Self { cluster_is_unread: true, namespaced_are_unread: true, ..Self::default() }
    }

    /// Whether neither kind of role could be read.
    pub fn are_all_unread(&self) -> bool {
        self.cluster_is_unread && self.namespaced_are_unread
    }

    /// Whether what a role allows is not known: a role that is not there may be one that could not be read.
    pub fn is_unread(&self, role: &Role) -> bool {
        match &*role.kind {
            "ClusterRole" => self.cluster_is_unread,
            _ => self.namespaced_are_unread,
        }
    }

    /// Adds all of another's roles, and what of them is not known.
    pub fn append(&mut self, mut other: Self) {
        self.cluster_is_unread |= other.cluster_is_unread;
        self.namespaced_are_unread |= other.namespaced_are_unread;
        self.cluster.append(&mut other.cluster);
        self.aggregated.append(&mut other.aggregated);
        for (namespace, mut roles) in other.namespaced {
            self.namespaced.entry(namespace).or_default().append(&mut roles);
        }
    }

    /// Only these roles, each with the namespace of a binding that grants it.
    #[must_use]
    pub fn only<'a>(&self, wanted: impl Iterator<Item = (Option<&'a str>, Role)>) -> Self {
        let mut only = Self::default();
        for (namespace, role) in wanted {
            let Some(facts) = self.of(namespace, &role) else { continue };
            match namespace.filter(|_| &*role.kind == "Role") {
                None => only.cluster.entry(role.name.to_string()).or_insert_with(|| facts.clone()),
                Some(namespace) => {
                    let here = only.namespaced.entry(namespace.to_owned()).or_default();
                    here.entry(role.name.to_string()).or_insert_with(|| facts.clone())
                }
            };
        }
        only
    }

    /// The names of the ClusterRoles, or of the Roles of a namespace.
    pub fn names(&self, kind: &str, namespace: Option<&str>) -> impl Iterator<Item = &str> {
        let roles = match kind {
            "ClusterRole" => Some(&self.cluster),
            _ => namespace.and_then(|namespace| self.namespaced.get(namespace)),
        };
        roles.into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// The role that a binding grants; `None` where it is not there.
    pub fn granted_by(&self, binding: &Binding) -> Option<&RoleFacts> {
        self.of(binding.namespace(), binding.role())
    }

    /// The role that a binding of this namespace (`None`: a ClusterRoleBinding) means; `None` where there is none, and the
    /// binding then grants nothing.
    pub fn of(&self, namespace: Option<&str>, role: &Role) -> Option<&RoleFacts> {
        match &*role.kind {
            "ClusterRole" => self.cluster.get(&*role.name),
            "Role" => self.namespaced.get(namespace?)?.get(&*role.name),
            _ => None,
        }
    }
}

/// A request, as authorizers see it.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes>
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attributes {
    /// `get`, `list` and so on.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind in the plural.
    pub resource: String,
    /// The subresource; empty for the object itself.
    pub subresource: String,
    /// The object's name; empty for all or for one that has none yet.
    pub name: String,
    /// The namespace; empty for all of them and for kinds without namespaces.
    pub namespace: String,
    /// A path outside the resources. All other fields but the verb are then empty.
    pub path: Option<String>,
}

impl Attributes {
    /// A request for a resource, `pods` or `pods/log`; without a name or a namespace they are empty.
    pub fn on(verb: &str, group: &str, resource: &str, name: &str, namespace: &str) -> Self {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let texts = [verb, group, resource, subresource, name, namespace].map(str::to_owned);
        let [verb, group, resource, subresource, name, namespace] = texts;
        Self { verb, group, resource, subresource, name, namespace, path: None }
    }

    /// The resource as rules name it, with the subresource.
    pub fn combined_resource(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }
}

impl fmt::Display for Attributes {
    /// As `kubectl auth can-i` takes it, and with the namespace in words: `get configmaps/ledger in namespace billing`,
    /// `update deployments.apps --subresource=scale`, `get /metrics`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            return write!(formatter, "{} {path}", self.verb);
        }
        write!(formatter, "{} {}", self.verb, self.resource)?;
        for (before, text) in [
            (".", &self.group),
            ("/", &self.name),
            (" --subresource=", &self.subresource),
            (" in namespace ", &self.namespace),
        ] {
            if !text.is_empty() {
                write!(formatter, "{before}{text}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_is_read_as_the_api_server_writes_it() {
        let object = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]});
        let rule: PolicyRule = serde_json::from_value(object.clone()).unwrap();
        assert_eq!(serde_json::to_value(&rule).unwrap(), object);
        let object = json!({"verbs": ["get"], "nonResourceURLs": ["/metrics"]});
        let rule: PolicyRule = serde_json::from_value(object.clone()).unwrap();
        assert_eq!((rule.non_resource_urls.as_slice(), &rule.resources[..]), (&["/metrics".to_owned()][..], &[][..]));
        assert_eq!(serde_json::to_value(&rule).unwrap(), object);
        let sparse: PolicyRule = serde_json::from_value(json!({"verbs": null, "resources": null, "new": 1})).unwrap();
        assert_eq!(sparse, PolicyRule::default());
    }

    #[test]
    fn a_role_is_found_where_its_binding_is() {
        let mut roles = Roles::default();
        let facts = |uid: &str| RoleFacts { uid: uid.into(), rules: Vec::new() };
        roles.insert_cluster_role("dev".into(), facts("cluster"));
        let mut more = Roles::default();
        more.insert_role("shop".into(), "dev".into(), facts("shop"));
        roles.append(more);
        let uid = |namespace: Option<&str>, kind: &str, name: &str| {
            let role = Role { kind: kind.into(), name: name.into() };
            roles.of(namespace, &role).map(|facts| facts.uid.as_str())
        };
        assert_eq!(uid(None, "ClusterRole", "dev"), Some("cluster"));
        assert_eq!(uid(Some("shop"), "ClusterRole", "dev"), Some("cluster"));
        assert_eq!(uid(Some("shop"), "Role", "dev"), Some("shop"));
        for (namespace, kind, name) in [
            (None, "Role", "dev"),
            (Some("billing"), "Role", "dev"),
            (Some("shop"), "Role", "ops"),
            (Some("shop"), "Other", "dev"),
        ] {
            assert_eq!(uid(namespace, kind, name), None, "{namespace:?} {kind} {name}");
        }
    }

    #[test]
    fn attributes_are_reported_as_kubectl_takes_them() {
        let attributes = |verb: &str, group: &str, resource: &str, subresource: &str, name: &str, namespace: &str| {
            let [verb, group, resource, subresource, name, namespace] =
                [verb, group, resource, subresource, name, namespace].map(str::to_owned);
            Attributes { verb, group, resource, subresource, name, namespace, path: None }.to_string()
        };
        assert_eq!(attributes("get", "", "pods", "", "", "shop"), "get pods in namespace shop");
        assert_eq!(
            attributes("get", "", "configmaps", "", "ledger", "billing"),
            "get configmaps/ledger in namespace billing"
        );
        assert_eq!(
            attributes("update", "apps", "deployments", "scale", "", ""),
            "update deployments.apps --subresource=scale"
        );
        assert_eq!(attributes("list", "", "nodes", "", "", ""), "list nodes");
        let path = Attributes { verb: "get".into(), path: Some("/metrics".into()), ..Attributes::default() };
        assert_eq!(path.to_string(), "get /metrics");
    }

    #[test]
    fn attributes_survive_a_file() {
        let probe = Attributes { verb: "get".into(), resource: "pods".into(), ..Attributes::default() };
        let text = serde_json::to_string(&probe).unwrap();
        assert_eq!(serde_json::from_str::<Attributes>(&text).unwrap(), probe);
        assert!(serde_json::from_str::<Attributes>(&text.replacen('{', "{\"more\":1,", 1)).is_err());
    }

    #[test]
    fn what_could_not_be_read_of_roles_stays_unknown() {
        let unread = |roles: &Roles| {
            let of = |kind: &str| roles.is_unread(&Role { kind: kind.into(), name: "dev".into() });
            (of("ClusterRole"), of("Role"), roles.are_all_unread())
        };
        for (mut roles, expected) in [
            (Roles::default(), (false, false, false)),
            (Roles::without_cluster_roles(), (true, false, false)),
            (Roles::without_namespaced_roles(), (false, true, false)),
            (Roles::unread(), (true, true, true)),
        ] {
            assert_eq!(unread(&roles), expected);
            roles.append(Roles::default());
            assert_eq!(unread(&roles), expected, "what else is read makes it no better");
            let mut all = Roles::default();
            all.append(roles);
            assert_eq!(unread(&all), expected);
        }
    }

    #[test]
    fn of_roles_only_those_that_are_granted_are_kept() {
        let facts = |uid: &str| RoleFacts { uid: uid.into(), rules: Vec::new() };
        let mut roles = Roles::default();
        roles.insert_cluster_role("dev".into(), facts("cluster"));
        roles.insert_cluster_role("ops".into(), facts("cluster"));
        roles.insert_role("shop".into(), "dev".into(), facts("shop"));
        roles.insert_role("pay".into(), "dev".into(), facts("pay"));
        let role = |kind: &str| Role { kind: kind.into(), name: "dev".into() };
        let only = roles.only([(Some("shop"), role("Role")), (Some("shop"), role("ClusterRole"))].into_iter());
        let uid = |namespace, kind| only.of(namespace, &role(kind)).map(|facts| facts.uid.as_str());
        assert_eq!(uid(Some("shop"), "Role"), Some("shop"));
        assert_eq!(uid(None, "ClusterRole"), Some("cluster"));
        assert_eq!(uid(Some("pay"), "Role"), None);
        assert_eq!(only.names("ClusterRole", None).collect::<Vec<_>>(), ["dev"]);
    }
}
