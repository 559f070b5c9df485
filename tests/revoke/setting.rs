//! What the incident's cluster and account hold, and how a cluster is swept for it.

use std::time::{Duration, Instant};

use ackcred_sandbox::binding::RBAC;
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::{Client, JSON_PATCH};
use ackcred_sandbox::cloud::{
    self, Account, CleanBehaviour, Cleaning, KubeconfigRecord, PermissionRecord, PermissionScope, RamRole, Rotation,
};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::people;
use serde_json::{Value, json};

use crate::scene::{ACCOUNT, ANN, BO, CARL, CLUSTER, DORA, EVE, days, former_name, name, now};

/// RBAC's resources with their kinds, bindings first.
pub(crate) const KINDS: [(&str, &str); 4] = [
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("rolebindings", "RoleBinding"),
    ("clusterroles", "ClusterRole"),
    ("roles", "Role"),
];

/// The namespaces of the incident. On a server without controllers a deleted one never goes, so they are kept.
const NAMESPACES: [&str; 2] = ["billing", "shop"];

const PROFILE: &str = "/api/v1/namespaces/kube-system/configmaps";
const UP_WITHIN: Duration = Duration::from_secs(60);

type Change<T> = Box<dyn FnOnce(T) -> T>;

/// What the cloud does in the cluster, and what is done around it.
pub(crate) type Cleaner = Box<dyn Fn(&Cleaning) -> Result<(), String> + Send + Sync>;

/// What the cloud does in the cluster for a rotation.
pub(crate) type Rotator = Box<dyn Fn(&Rotation) -> Result<(), String> + Send + Sync>;

/// How an incident differs from the plain one.
pub(crate) struct Setup {
    account: Vec<Change<Account>>,
    cluster: Vec<Change<cloud::AckCluster>>,
    pub(crate) behaviour: CleanBehaviour,
    around_cleaning: Change<Cleaner>,
    around_rotating: Change<Rotator>,
    pub(crate) operator: Subject,
    rules: Option<Value>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            account: Vec::new(),
            cluster: Vec::new(),
            behaviour: CleanBehaviour::default(),
            around_cleaning: Box::new(|cleaner| cleaner),
            around_rotating: Box::new(|rotator| rotator),
            operator: Subject::ack(name(ANN)),
            rules: None,
        }
    }
}

impl Setup {
    /// Changes the account.
    pub(crate) fn change_account(mut self, change: impl FnOnce(Account) -> Account + 'static) -> Self {
        self.account.push(Box::new(change));
        self
    }

    /// Changes the cluster as the account knows it.
    pub(crate) fn change_cluster(
        mut self,
        change: impl FnOnce(cloud::AckCluster) -> cloud::AckCluster + 'static,
    ) -> Self {
        self.cluster.push(Box::new(change));
        self
    }

    /// What CleanClusterUserPermissions does.
    pub(crate) fn clean_behaviour(mut self, behaviour: CleanBehaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// Wraps what the cloud does in the cluster.
    pub(crate) fn around_cleaning(mut self, wrap: impl FnOnce(Cleaner) -> Cleaner + 'static) -> Self {
        self.around_cleaning = Box::new(wrap);
        self
    }

    /// What happens when the cloud has cleaned the cluster, before it answers.
    pub(crate) fn when_cleaned(self, then: impl Fn() + Send + Sync + 'static) -> Self {
        self.around_cleaning(|clean| Box::new(move |cleaning| clean(cleaning).inspect(|()| then())))
    }

    /// Wraps what the cloud does in the cluster for a rotation.
    pub(crate) fn around_rotating(mut self, wrap: impl FnOnce(Rotator) -> Rotator + 'static) -> Self {
        self.around_rotating = Box::new(wrap);
        self
    }

    /// Has something happen before the cloud works in the cluster for a rotation.
    pub(crate) fn before_rotating(self, happens: impl Fn() + Send + Sync + 'static) -> Self {
        self.around_rotating(|rotate| {
            Box::new(move |rotation| {
                happens();
                rotate(rotation)
            })
        })
    }

    /// The cloud's work in the cluster for a rotation.
    pub(crate) fn rotator(&mut self, rotator: Rotator) -> Rotator {
        std::mem::replace(&mut self.around_rotating, Box::new(|rotator| rotator))(rotator)
    }

    /// The cloud's work in the cluster.
    pub(crate) fn cleaner(&mut self, cleaner: Cleaner) -> Cleaner {
        std::mem::replace(&mut self.around_cleaning, Box::new(|cleaner| cleaner))(cleaner)
    }

    /// Gives the operator a certificate of this subject in place of ann's.
    pub(crate) fn operator(mut self, subject: Subject) -> Self {
        self.operator = subject;
        self
    }

    /// Binds the operator to a ClusterRole `operators` of these rules, and ann to nothing.
    pub(crate) fn operator_may(mut self, rules: Value) -> Self {
        self.rules = Some(rules);
        self
    }

    /// The account, with a cluster whose API server is at `url`.
    pub(crate) fn account(self, url: &str) -> Account {
        let lasting = || KubeconfigRecord::effective(now() + days(400));
        let shop = || PermissionScope::Namespace("shop".into());
        let cluster = cloud::AckCluster::new(CLUSTER, "prod")
            .server(url)
            .kubeconfig(ANN, lasting().common_name(&name(ANN)))
            .kubeconfig(BO, lasting())
            .kubeconfig(CARL, lasting().owner("RamUser", "carl"))
            .kubeconfig(DORA, lasting())
            .kubeconfig(EVE, lasting())
            .permission(PermissionRecord::preset(ANN, PermissionScope::Cluster, "admin"))
            .permission(PermissionRecord::preset(BO, shop(), "dev"))
            .permission(PermissionRecord::preset(CARL, PermissionScope::Cluster, "restricted"))
            .permission(PermissionRecord::preset(CARL, shop(), "dev"))
            .permission(PermissionRecord::preset(EVE, PermissionScope::Cluster, "admin"));
        let cluster = self.cluster.into_iter().fold(cluster, |cluster, change| change(cluster));
        let people = [people::ANN, people::BO, people::CARL, people::DORA, people::EVE];
        let account = people
            .into_iter()
            .fold(Account::new(ACCOUNT, "acme"), |account, person| person.in_account(account))
            // No account has clusters without the roles by which ACK works for it.
            .role(RamRole::new("300000000000000200", "AliyunCSManagedKubernetesRole"))
            .cluster(cluster);
        self.account.into_iter().fold(account, |account, change| change(account))
    }
}

/// A User subject.
pub(crate) fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

/// A binding to be created.
pub(crate) fn binding(name: &str, role_kind: &str, role: &str, subjects: &[Value]) -> Value {
    json!({
        "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
    })
}

/// Fills a swept cluster. No role here is one that only controllers fill.
pub(crate) fn fill(admin: &Client, setup: &Setup) {
    for namespace in NAMESPACES {
        create(admin, "/api/v1/namespaces", &json!({"metadata": {"name": namespace}}));
    }
    let profile = json!({"metadata": {"name": "ack-cluster-profile"}, "data": {"clusterid": CLUSTER, "uid": ACCOUNT}});
    create(admin, PROFILE, &profile);
    let ledger = json!({"metadata": {"name": "ledger"}, "data": {"balance": "7"}});
    create(admin, "/api/v1/namespaces/billing/configmaps", &ledger);

    let (cluster_roles, everywhere) = (format!("{RBAC}/clusterroles"), format!("{RBAC}/clusterrolebindings"));
    let [billing, shop] = NAMESPACES.map(|namespace| format!("{RBAC}/namespaces/{namespace}"));
    let role = |name: &str, rules: &Value| json!({"metadata": {"name": name}, "rules": rules});
    create(
        admin,
        &cluster_roles,
        &role(
            "cs:ns:dev",
            &json!([
                {"apiGroups": [""], "resources": ["pods", "pods/log", "configmaps"], "verbs": ["get", "list", "watch", "create", "delete"]},
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "update"]},
            ]),
        ),
    );
    create(
        admin,
        &cluster_roles,
        &role(
            "cs:restricted",
            &json!([
                {"apiGroups": [""], "resources": ["namespaces", "nodes", "pods"], "verbs": ["get", "list", "watch"]},
                {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
            ]),
        ),
    );
    create(
        admin,
        &format!("{billing}/roles"),
        &role(
            "ledger-reader",
            &json!([
                {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["ledger"], "verbs": ["get", "update"]},
            ]),
        ),
    );

    let administrator = |uid: &str| {
        let own = format!("{uid}-cluster-admin-clusterrolebinding");
        create(admin, &everywhere, &binding(&own, "ClusterRole", "cluster-admin", &[user(&name(uid))]));
    };
    administrator(EVE);
    match &setup.rules {
        None => administrator(ANN),
        Some(rules) => {
            create(admin, &cluster_roles, &role("operators", rules));
            let operator = [user(&setup.operator.common_name)];
            create(admin, &everywhere, &binding("operators", "ClusterRole", "operators", &operator));
        }
    }
    let carl = user(&name(CARL));
    let own = format!("{CARL}-clusterrolebinding");
    create(admin, &everywhere, &binding(&own, "ClusterRole", "cs:restricted", std::slice::from_ref(&carl)));
    let releaser = json!({"kind": "ServiceAccount", "name": "releaser", "namespace": "shop"});
    let team = [user(&name(BO)), carl.clone(), releaser, user(&former_name())];
    create(admin, &format!("{shop}/rolebindings"), &binding("team", "ClusterRole", "cs:ns:dev", &team));
    create(admin, &format!("{billing}/rolebindings"), &binding("ledger", "Role", "ledger-reader", &[carl]));
}

/// Creates an object. The real API server makes kube-system a moment after it is ready; a namespace may be there already.
fn create(admin: &Client, path: &str, object: &Value) {
    let until = Instant::now() + UP_WITHIN;
    loop {
        let reply = admin.send("POST", path, &[], &object.to_string()).unwrap();
        match reply.code {
            201 => return,
            409 if path == "/api/v1/namespaces" => return,
            404 if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            _ => panic!("{path}: {} {}", reply.code, reply.json()),
        }
    }
}

/// Takes everything away that an incident, or a test in it, may have left: policies, bindings and roles that aren't the server's
/// own, ConfigMaps; and gives a deleted namespace back.
pub(crate) fn sweep(server: &dyn Cluster, admin: &Client) {
    server.keep_no_subject().unwrap();
    for (resource, _) in KINDS {
        for object in list(admin, &format!("{RBAC}/{resource}")) {
            if object["metadata"]["labels"]["kubernetes.io/bootstrapping"].is_null() {
                remove(admin, RBAC, resource, &object);
            }
        }
    }
    let lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kubectl-ackcred";
    let reply = admin.send("DELETE", lease, &[], "").unwrap();
    assert!(matches!(reply.code, 200 | 404), "{lease}: {}", reply.json());
    for namespace in NAMESPACES.iter().chain(&["kube-system"]) {
        for object in list(admin, &format!("/api/v1/namespaces/{namespace}/configmaps")) {
            if matches!(
                object["metadata"]["name"].as_str(),
                Some("ledger" | "ack-cluster-profile" | "alibabacloud-auth")
            ) {
                remove(admin, "/api/v1", "configmaps", &object);
            }
        }
    }
    for namespace in NAMESPACES {
        finish_deletion(admin, namespace);
    }
}

fn list(admin: &Client, path: &str) -> Vec<Value> {
    let reply = admin.send("GET", path, &[], "").unwrap();
    assert_eq!(reply.code, 200, "{path}: {}", reply.json());
    reply.json()["items"].as_array().unwrap().clone()
}

/// Deletes an object, whatever finalizers hold it.
fn remove(admin: &Client, group: &str, resource: &str, object: &Value) {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap();
    let path = match metadata["namespace"].as_str() {
        Some(namespace) => format!("{group}/namespaces/{namespace}/{resource}/{name}"),
        None => format!("{group}/{resource}/{name}"),
    };
    if metadata["finalizers"].is_array() {
        let patch = r#"[{"op": "remove", "path": "/metadata/finalizers"}]"#;
        let reply = admin.send("PATCH", &path, &[JSON_PATCH], patch).unwrap();
        assert_eq!(reply.code, 200, "{path}: {}", reply.json());
    }
    // Without its finalizers one that waited for them is gone already.
    let reply = admin.send("DELETE", &path, &[], "").unwrap();
    assert!(matches!(reply.code, 200 | 404), "{path}: {}", reply.json());
}

/// Does for a namespace that was deleted what a controller would do in the end. What lay in it stays in the store.
fn finish_deletion(admin: &Client, namespace: &str) {
    let path = format!("/api/v1/namespaces/{namespace}");
    let mut object = admin.send("GET", &path, &[], "").unwrap().json();
    if object["metadata"]["deletionTimestamp"].is_string() {
        object["spec"]["finalizers"] = json!([]);
        let reply = admin.send("PUT", &format!("{path}/finalize"), &[], &object.to_string()).unwrap();
        assert_eq!(reply.code, 200, "{path}: {}", reply.json());
    }
}
