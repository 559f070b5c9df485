//! What the story's clusters hold.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::ACCOUNT;
use super::people::{DEPLOYER, DEVELOPER, LEAVER, OPERATOR, user_name};
use crate::people::Person;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Namespaces, roles and bindings, and the ConfigMap that holds the ID of an ACK cluster.
pub(crate) fn objects(cluster_id: &str, now: Timestamp) -> Vec<Value> {
    let user = |person| json!({"kind": "User", "apiGroup": RBAC, "name": user_name(person, now)});
    let group = |name: &str| json!({"kind": "Group", "apiGroup": RBAC, "name": name});
    let account = json!({"kind": "ServiceAccount", "name": "releaser", "namespace": "shop"});
    let mut objects: Vec<Value> = ["shop", "billing"]
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .into();
    objects.push(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ack-cluster-profile", "namespace": "kube-system"},
        "data": {"clusterid": cluster_id, "uid": ACCOUNT, "timezone": "Asia/Shanghai"},
    }));
    objects.extend(roles());
    let bind = |person: Person, rest: &str| format!("{}-{rest}", person.uid);
    objects.extend([
        cluster_binding(&bind(OPERATOR, "cluster-admin-clusterrolebinding"), "cluster-admin", &[user(OPERATOR)]),
        cluster_binding(&bind(LEAVER, "clusterrolebinding"), "cs:restricted", &[user(LEAVER)]),
        binding("shop", &bind(DEVELOPER, "shop-rolebinding"), "cs:ns:dev", &[user(DEVELOPER)]),
        binding("shop", &bind(LEAVER, "shop-rolebinding"), "cs:ns:dev", &[user(LEAVER)]),
        binding("shop", &bind(DEPLOYER, "shop-rolebinding"), "cs:ns:dev", &[user(DEPLOYER)]),
        binding("billing", "month-end", "cs:ns:dev", &[user(DEVELOPER), user(LEAVER), account]),
        // A group whose name is a number is a group all the same.
        binding("billing", "auditors", "cs:restricted", &[group("4711")]),
    ]);
    objects
}

/// Two of ACK's predefined roles, with rules that are enough to see access come and go.
fn roles() -> [Value; 2] {
    let dev = json!([
        {"apiGroups": [""], "resources": ["pods", "services", "configmaps"], "verbs": ["get", "list", "watch", "create", "update", "delete"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "update", "patch"]},
    ]);
    let restricted = json!([
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]},
    ]);
    [("cs:ns:dev", dev), ("cs:restricted", restricted)].map(|(name, rules)| {
        json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules})
    })
}

fn cluster_binding(name: &str, role: &str, subjects: &[Value]) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "subjects": subjects, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
    })
}

fn binding(namespace: &str, name: &str, role: &str, subjects: &[Value]) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace},
        "subjects": subjects, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
    })
}
