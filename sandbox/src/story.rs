//! A small account with a past: people at work, somebody who left, and what they still hold.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::apiserver::{ApiServer, Options};
use crate::certs::{Authority, Identity, KeyKind, Subject, Validity};
use crate::clock;
use crate::cluster::{Cluster, ClusterError};
use crate::kubeconfigs::{Credential, Kubeconfig};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The cluster's ID.
pub const CLUSTER_ID: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
/// The account that owns the cluster.
pub const ACCOUNT: &str = "1000000000000001";

/// Somebody in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The RAM user's or role's ID.
    pub uid: &'static str,
    /// The name in RAM.
    pub name: &'static str,
    /// Whether they still exist in RAM.
    pub active: bool,
    /// Whether this is a RAM role.
    pub role: bool,
}

/// The operator: an administrator of the cluster.
pub const OPERATOR: Person = Person { uid: "200000000000000101", name: "ann", active: true, role: false };
/// A developer at work.
pub const DEVELOPER: Person = Person { uid: "200000000000000102", name: "bo", active: true, role: false };
/// The one who left, and whose kubeconfig leaked.
pub const LEAVER: Person = Person { uid: "200000000000000103", name: "carl", active: false, role: false };
/// The role under which deployments run.
pub const DEPLOYER: Person = Person { uid: "300000000000000201", name: "deployer", active: true, role: true };
/// Everybody.
pub const PEOPLE: [Person; 4] = [OPERATOR, DEVELOPER, LEAVER, DEPLOYER];

/// The running story: a server and the files in a folder of their own; both go when this is dropped.
pub struct Story {
    /// The API server.
    pub server: ApiServer,
    /// The operator's kubeconfig.
    pub operator: PathBuf,
    /// The leaver's kubeconfig, as it was found somewhere it should not be.
    pub leaked: PathBuf,
    folder: TempDir,
}

impl Story {
    /// Starts the server, fills it and writes the files.
    ///
    /// # Errors
    /// Where the server doesn't start or a file can't be written.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        let now = clock::now();
        let server = ApiServer::start_under(Arc::new(Authority::new(now)?), options)?;
        for object in objects(now) {
            server.put(object, "ack-console")?;
        }
        let folder = TempDir::with_prefix("ackcred-sandbox-")?;
        let operator = write(folder.path(), "operator.yaml", &kubeconfig(&server, OPERATOR, now)?)?;
        let leaked = write(folder.path(), "leaked.yaml", &kubeconfig(&server, LEAVER, now)?)?;
        Ok(Self { server, operator, leaked, folder })
    }

    /// The folder that holds the files, for more of them.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// When somebody's kubeconfig was issued: the number in its common name.
fn issued(person: Person, now: Timestamp) -> Timestamp {
    let days = if person.active { 30 } else { 400 };
    let then = now.saturating_sub(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}

/// Somebody's user name in the cluster: `<uid>-<seconds>`.
fn user_name(person: Person, now: Timestamp) -> String {
    format!("{}-{}", person.uid, issued(person, now).as_second())
}

fn kubeconfig(server: &ApiServer, person: Person, now: Timestamp) -> Result<String, ClusterError> {
    let start = issued(person, now).saturating_add(SignedDuration::from_secs(1)).unwrap_or(now);
    let subject = Subject::ack(user_name(person, now));
    // Two people never share a key.
    let kind = if person == LEAVER { KeyKind::Rsa } else { KeyKind::OtherRsa };
    let identity: Identity = server.authority().client(&subject, Validity::ack(start), kind)?;
    let key = identity.key().pkcs1_pem().unwrap_or_else(|| identity.key().pkcs8_pem());
    let credential = Credential::Certificate { certificate: identity.bundle_pem(server.authority()), key };
    Ok(Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER_ID, person.uid, &credential).yaml())
}

fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(text.as_bytes())?;
    fs::canonicalize(path)
}

fn objects(now: Timestamp) -> Vec<Value> {
    let user = |person| json!({"kind": "User", "apiGroup": RBAC, "name": user_name(person, now)});
    let group = |name: &str| json!({"kind": "Group", "apiGroup": RBAC, "name": name});
    let account = json!({"kind": "ServiceAccount", "name": "releaser", "namespace": "shop"});
    let mut objects: Vec<Value> = ["shop", "billing"]
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .into();
    objects.push(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ack-cluster-profile", "namespace": "kube-system"},
        "data": {"clusterid": CLUSTER_ID, "uid": ACCOUNT, "timezone": "Asia/Shanghai"},
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
