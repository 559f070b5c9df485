use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::core::access::scan::ClusterScan;
use crate::core::credential::static_token::StaticToken;
use crate::core::fixtures::at;
use crate::core::identity::ack::KubeconfigState;
use crate::core::identity::evidence::{Answer, ClusterSources, KubeconfigListings, Listing};
use crate::core::identity::verdict::{ClusterDirectory, State, Verdict};
use crate::core::ids::Uid;
use crate::core::lint::{Allowed, Finding, Kubectl, Lifetimes, Linted, LintedCluster, Rule, lint};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::kinds::{Kind, KindScope, Kinds};
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::reach::Discovered;
use crate::core::rbac::{RoleFacts, Roles};

pub(super) const RBAC: &str = "rbac.authorization.k8s.io";

/// A cluster in few words.
pub(super) struct Setting {
    pub(super) inventory: Inventory,
    pub(super) mappings: Vec<Mapping>,
    pub(super) roles: Roles,
    pub(super) kubeconfigs: Listing<KubeconfigState>,
    pub(super) verdicts: Vec<(Uid, Verdict)>,
    pub(super) tokens: Vec<StaticToken>,
    pub(super) cloud_was_asked: bool,
    pub(super) minor_version: Option<u32>,
    pub(super) kubectl: Kubectl,
    pub(super) longest: Option<SignedDuration>,
    pub(super) allowed: Vec<String>,
    pub(super) skipped: Vec<Rule>,
}

impl Setting {
    /// With the API server's own roles and nothing else.
    pub(super) fn new() -> Self {
        let setting = Self {
            inventory: Inventory::default(),
            mappings: Vec::new(),
            roles: Roles::default(),
            kubeconfigs: Listing::Complete(Vec::new()),
            verdicts: Vec::new(),
            tokens: Vec::new(),
            cloud_was_asked: true,
            minor_version: Some(36),
            kubectl: Kubectl::default(),
            longest: None,
            allowed: Vec::new(),
            skipped: Vec::new(),
        };
        setting
            .role("", "cluster-admin", json!([rule(&["*"], "*", &["*"], &[]), path(&["*"], &["*"])]))
            .role("", "view", json!([rule(&["get"], "", &["pods"], &[])]))
            .role(
                "",
                "system:basic-user",
                json!([rule(&["create"], "authorization.k8s.io", &["selfsubjectaccessreviews"], &[])]),
            )
            .role("", "system:discovery", json!([path(&["get"], &["/api", "/api/*", "/version"])]))
            .role("", "system:public-info-viewer", json!([path(&["get"], &["/version"])]))
    }

    pub(super) fn role(mut self, namespace: &str, name: &str, rules: Value) -> Self {
        let facts = RoleFacts { uid: String::new(), rules: serde_json::from_value(rules).unwrap() };
        match namespace {
            "" => self.roles.insert_cluster_role(name.to_owned(), facts),
            namespace => self.roles.insert_role(namespace.to_owned(), name.to_owned(), facts),
        }
        self
    }

    /// A binding to `Kind/name`, or to a ClusterRole.
    pub(super) fn bind(mut self, namespace: &str, name: &str, role: &str, subjects: Value) -> Self {
        let (kind, role) = role.split_once('/').unwrap_or(("ClusterRole", role));
        let item = json!({
            "metadata": {"name": name, "namespace": namespace}, "subjects": subjects,
            "roleRef": {"kind": kind, "name": role},
        });
        let kind = if namespace.is_empty() { BindingKind::ClusterRoleBinding } else { BindingKind::RoleBinding };
        self.inventory.add(kind, &serde_json::from_str::<BindingItem<'_>>(&item.to_string()).unwrap());
        self
    }

    /// A role with these rules that one binding grants.
    pub(super) fn held(self, namespace: &str, rules: Value, subjects: Value) -> Self {
        self.role("", "held", rules).bind(namespace, "holds", "held", subjects)
    }

    pub(super) fn mapping(mut self, mapping: Mapping) -> Self {
        self.mappings.push(mapping);
        self
    }

    pub(super) fn verdict(mut self, uid: &str, state: State) -> Self {
        let verdict =
            Verdict { state, name: Some("carl".into()), evidence: "as findings".into(), ..Verdict::not_asked() };
        self.verdicts.push((Uid::parse(uid).unwrap(), verdict));
        self
    }

    pub(super) fn kubeconfigs(mut self, listing: Listing<KubeconfigState>) -> Self {
        self.kubeconfigs = listing;
        self
    }

    pub(super) fn allow(mut self, names: &[&str]) -> Self {
        self.allowed = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// What lint makes of it.
    pub(super) fn look<T>(self, look: impl FnOnce(Linted<'_>, &Allowed) -> T) -> T {
        let listings = KubeconfigListings { people: self.kubeconfigs, cloud_services: Listing::Complete(Vec::new()) };
        let directory = ClusterDirectory::new(ClusterSources::new(Answer::NotAsked, listings));
        let scan = ClusterScan {
            verdicts: self.verdicts.into_iter().collect(),
            ..ClusterScan::new(None, Grants::extract(self.inventory, self.mappings), directory)
        };
        let kinds = kinds();
        let cluster = LintedCluster {
            scan: &scan,
            roles: &self.roles,
            kinds: &kinds,
            discovered: Discovered { minor_version: self.minor_version },
            static_tokens: &self.tokens,
            cloud_was_asked: self.cloud_was_asked,
            kubectl: &self.kubectl,
        };
        let allowed = Allowed::new(&self.allowed);
        let lifetimes = Lifetimes { now: now(), longest: self.longest };
        look(lint(&cluster, lifetimes, &allowed, &self.skipped), &allowed)
    }

    /// Each finding in a line: rule, place, subjects, who shares the binding, and in how many places it counts.
    pub(super) fn findings(self) -> Vec<String> {
        self.look(|linted, _| linted.findings.iter().map(line).collect())
    }

    /// All commands of all fixes.
    pub(super) fn commands(self) -> Vec<String> {
        self.look(|linted, _| linted.findings.into_iter().flat_map(|finding| finding.fix.commands).collect())
    }
}

fn line(finding: &Finding<'_>) -> String {
    let mut line = format!("{} {}", finding.rule.id(), finding.place);
    if finding.subjects.count > 0 {
        line += &format!(" {}", finding.subjects);
    }
    if finding.shared_with.count > 0 {
        line += &format!(" beside {}", finding.shared_with);
    }
    if finding.places.len() > 1 {
        line += &format!(" in {}", finding.places.len());
    }
    line
}

pub(super) fn now() -> Timestamp {
    at("2026-11-29T12:00:00Z")
}

pub(super) fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

pub(super) fn path(verbs: &[&str], urls: &[&str]) -> Value {
    json!({"verbs": verbs, "nonResourceURLs": urls})
}

pub(super) fn user(name: &str) -> Value {
    json!({"kind": "User", "name": name})
}

pub(super) fn group(name: &str) -> Value {
    json!({"kind": "Group", "name": name})
}

pub(super) fn account(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    for (group, plural, scope, subresources) in [
        ("", "pods", KindScope::Namespaced, &["log", "exec"][..]),
        ("", "secrets", KindScope::Namespaced, &[]),
        ("", "configmaps", KindScope::Namespaced, &[]),
        ("", "nodes", KindScope::Cluster, &["proxy"]),
        ("", "serviceaccounts", KindScope::Namespaced, &["token"]),
        ("apps", "deployments", KindScope::Namespaced, &["scale"]),
        ("metrics.k8s.io", "pods", KindScope::Namespaced, &[]),
        (RBAC, "clusterroles", KindScope::Cluster, &[]),
        (RBAC, "clusterrolebindings", KindScope::Cluster, &[]),
        (RBAC, "rolebindings", KindScope::Namespaced, &[]),
    ] {
        kinds.add(Kind {
            group: group.into(),
            plural: plural.into(),
            singular: String::new(),
            short: Vec::new(),
            scope,
            subresources: subresources.iter().map(|name| (*name).into()).collect(),
        });
    }
    kinds
}
