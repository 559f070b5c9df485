//! Paths against the deed itself: what `rights` says that a user can become is done by that user, and where it says nothing, the API
//! server refuses.

use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use kubectl_ackcred::internals::{Certainty, Discovered, Reach, ReachCluster, ReachTarget, UserInfo};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cluster::calls::{connect, read};
use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";
const MERGE: (&str, &str) = ("Content-Type", "application/merge-patch+json");
const APPLY: (&str, &str) = ("Content-Type", "application/apply-patch+yaml");
const NAMESPACE: &str = "deeds-x";

/// What a user holds, and what happens where it tries to become more.
struct Deed {
    user: &'static str,
    /// The binding's namespace; empty for a ClusterRoleBinding.
    namespace: &'static str,
    rules: Value,
    /// What is found that holds by the API server alone.
    exact: Option<ReachTarget>,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Value,
    code: u16,
}

fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

fn full() -> Value {
    json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}])
}

fn get(
    user: &'static str,
    rules: Value,
    exact: Option<ReachTarget>,
    headers: &[(&'static str, &'static str)],
    code: u16,
) -> Deed {
    let path = "/api/v1/secrets".to_owned();
    Deed { user, namespace: "", rules, exact, method: "GET", path, headers: headers.to_vec(), body: Value::Null, code }
}

fn impersonations() -> Vec<Deed> {
    let as_master = [("Impersonate-User", "anyone"), ("Impersonate-Group", "system:masters")];
    let as_boss = [("Impersonate-User", "deeds-boss")];
    let masters = || Some(ReachTarget::Masters);
    let constrained = |verb: &'static str, resources: &[&str]| {
        json!([
            rule(&["impersonate:user-info"], AUTHENTICATION, &["users"], &["deeds-boss"]),
            rule(&[verb], "", resources, &[]),
        ])
    };
    let boss = || Some(ReachTarget::Identity(Some("deeds-boss".to_owned())));
    let as_node = [("Impersonate-User", "system:node:n1"), ("Impersonate-Group", "system:nodes")];
    vec![
        get(
            "d-impersonate",
            json!([rule(&["impersonate"], "", &["users", "groups"], &[])]),
            masters(),
            &as_master,
            200,
        ),
        get("d-core", json!([rule(&["*"], "", &["*"], &[])]), masters(), &as_master, 200),
        get("d-groups-alone", json!([rule(&["impersonate"], "", &["groups"], &[])]), None, &as_master, 403),
        get(
            "d-user",
            json!([rule(&["impersonate"], "", &["users"], &["deeds-boss"])]),
            Some(ReachTarget::Administrator),
            &as_boss,
            200,
        ),
        get(
            "d-constrained",
            constrained("impersonate-on:user-info:list", &["secrets"]),
            Some(ReachTarget::AllSecrets),
            &as_boss,
            200,
        ),
        get("d-constrained-other", constrained("impersonate-on:user-info:list", &["pods"]), boss(), &as_boss, 403),
        get("d-constrained-nothing", constrained("list", &["pods"]), None, &as_boss, 403),
        get(
            "d-constrained-masters",
            json!([
                rule(&["impersonate:user-info"], AUTHENTICATION, &["users"], &["anyone"]),
                rule(&["impersonate:user-info"], AUTHENTICATION, &["groups"], &["system:masters"]),
                rule(&["impersonate-on:user-info:list"], "", &["secrets"], &[]),
            ]),
            Some(ReachTarget::Identity(Some("anyone".to_owned()))),
            &as_master,
            403,
        ),
        get(
            "d-star-node",
            json!([
                rule(&["impersonate:arbitrary-node"], AUTHENTICATION, &["nodes"], &["*"]),
                rule(&["impersonate-on:arbitrary-node:list"], "", &["secrets"], &[]),
            ]),
            None,
            &as_node,
            403,
        ),
    ]
}

fn roles_and_bindings() -> Vec<Deed> {
    let administrator = || Some(ReachTarget::Administrator);
    let on_role = |user: &'static str, verbs: &[&str], exact: Option<ReachTarget>, code: u16| Deed {
        user,
        namespace: "",
        rules: json!([rule(verbs, RBAC_GROUP, &["clusterroles"], &[])]),
        exact,
        method: "PATCH",
        path: format!("{RBAC}/clusterroles/{user}"),
        headers: vec![MERGE],
        body: json!({"rules": full()}),
        code,
    };
    let on_binding = |user: &'static str, rules: Value, exact: Option<ReachTarget>, code: u16| Deed {
        user,
        namespace: "",
        rules,
        exact,
        method: "POST",
        path: format!("{RBAC}/clusterrolebindings"),
        headers: Vec::new(),
        body: json!({
            "metadata": {"name": format!("made-by-{user}")}, "subjects": [{"kind": "User", "name": user}],
            "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "cluster-admin"},
        }),
        code,
    };
    let bind = || rule(&["bind"], RBAC_GROUP, &["clusterroles"], &["cluster-admin"]);
    let create = |plural: &str| rule(&["create"], RBAC_GROUP, &[plural], &[]);
    let here = on_binding("d-bind-here", json!([bind(), create("rolebindings")]), None, 201);
    vec![
        on_role("d-escalate", &["escalate", "patch"], administrator(), 200),
        on_role("d-escalate-alone", &["escalate"], None, 403),
        on_role("d-update-alone", &["update", "patch"], None, 403),
        on_binding("d-bind", json!([bind(), create("clusterrolebindings")]), administrator(), 201),
        on_binding("d-bind-alone", json!([bind()]), None, 403),
        on_binding("d-create-alone", json!([create("clusterrolebindings")]), None, 403),
        Deed {
            namespace: NAMESPACE,
            path: format!("{}/rolebindings", rbac_in(NAMESPACE)),
            exact: Some(ReachTarget::NamespaceAdmin(Some(NAMESPACE.to_owned()))),
            ..here
        },
    ]
}

fn others() -> Vec<Deed> {
    let token = |user: &'static str, rules: Value, exact: Option<ReachTarget>, code: u16| Deed {
        user,
        namespace: NAMESPACE,
        rules,
        exact,
        method: "POST",
        path: format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/root/token"),
        headers: Vec::new(),
        body: json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}),
        code,
    };
    let config_map = |user: &'static str, verbs: &[&str], headers: Vec<(&'static str, &'static str)>, method, code| {
        let name = if method == "POST" { String::new() } else { format!("/{user}?fieldManager=deeds") };
        Deed {
            user,
            namespace: NAMESPACE,
            rules: json!([rule(verbs, "", &["configmaps"], &[user])]),
            exact: None,
            method,
            path: format!("/api/v1/namespaces/{NAMESPACE}/configmaps{name}"),
            headers,
            body: json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": user}}),
            code,
        }
    };
    let list_named = |user: &'static str, query: &str, code: u16| Deed {
        user,
        namespace: NAMESPACE,
        rules: json!([rule(&["list"], "", &["secrets"], &["db"])]),
        exact: None,
        method: "GET",
        path: format!("/api/v1/namespaces/{NAMESPACE}/secrets{query}"),
        headers: Vec::new(),
        body: Value::Null,
        code,
    };
    let in_namespace = |user: &'static str, rules: Value, exact: Option<ReachTarget>, path: &str, code: u16| Deed {
        namespace: NAMESPACE,
        path: path.to_owned(),
        ..get(user, rules, exact, &[], code)
    };
    let root = || Some(ReachTarget::Administrator);
    let admin_here = || Some(ReachTarget::NamespaceAdmin(Some(NAMESPACE.to_owned())));
    vec![
        token("d-token", json!([rule(&["create"], "", &["serviceaccounts/token"], &["root"])]), root(), 201),
        token(
            "d-token-other",
            json!([rule(&["create"], "", &["serviceaccounts/token"], &["robot"])]),
            Some(ReachTarget::ServiceAccount { namespace: Some(NAMESPACE.to_owned()), name: Some("robot".to_owned()) }),
            403,
        ),
        token("d-no-token", json!([rule(&["create"], "", &["serviceaccounts"], &[])]), None, 403),
        // A name is none for what is to be created, unless it is applied.
        config_map("d-create-by-name", &["create"], Vec::new(), "POST", 403),
        config_map("d-apply-by-name", &["create", "patch"], vec![APPLY], "PATCH", 201),
        config_map("d-apply-without-create", &["patch"], vec![APPLY], "PATCH", 403),
        list_named("d-list-named", "?fieldSelector=metadata.name=db", 200),
        list_named("d-list-unnamed", "", 403),
        in_namespace("d-here", full(), admin_here(), "/api/v1/nodes", 403),
        in_namespace(
            "d-own-namespace",
            json!([rule(&["get"], "", &["namespaces"], &[])]),
            None,
            &format!("/api/v1/namespaces/{NAMESPACE}"),
            200,
        ),
        in_namespace("d-nodes-here", json!([rule(&["get", "list"], "", &["nodes"], &[])]), None, "/api/v1/nodes", 403),
        in_namespace(
            "d-get-exec",
            json!([rule(&["get"], "", &["pods/exec", "pods"], &[])]),
            None,
            &format!("/api/v1/namespaces/{NAMESPACE}/pods/one/exec?command=ls&stdout=true"),
            403,
        ),
    ]
}

fn prepare(cluster: &dyn Cluster, deeds: &[Deed]) {
    let mut setting = Transcript::new(cluster);
    setting.namespace(NAMESPACE);
    for name in ["root", "robot", "default"] {
        let body = json!({"metadata": {"name": name}});
        setting.prepare("POST", &format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts"), &body, 201);
    }
    let pod = json!({
        "metadata": {"name": "one"}, "spec": {"containers": [{"name": "c", "image": "none.invalid/none"}]},
    });
    setting.prepare("POST", &format!("/api/v1/namespaces/{NAMESPACE}/pods"), &pod, 201);
    let mut bind = |namespace: &str, name: &str, role: &str, subject: Value| {
        let path = match namespace {
            "" => format!("{RBAC}/clusterrolebindings"),
            namespace => format!("{}/rolebindings", rbac_in(namespace)),
        };
        let role = json!({"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role});
        let body = json!({"metadata": {"name": name}, "subjects": [subject], "roleRef": role});
        setting.prepare("POST", &path, &body, 201);
    };
    bind("", "deeds-boss", "cluster-admin", json!({"kind": "User", "name": "deeds-boss"}));
    let root = json!({"kind": "ServiceAccount", "name": "root", "namespace": NAMESPACE});
    bind("", "deeds-root", "cluster-admin", root);
    let robot = json!({"kind": "ServiceAccount", "name": "robot", "namespace": NAMESPACE});
    bind(NAMESPACE, "deeds-robot", "view", robot);
    for deed in deeds {
        bind(deed.namespace, deed.user, deed.user, json!({"kind": "User", "name": deed.user}));
    }
    for deed in deeds {
        setting.role(deed.user, &deed.rules);
    }
    cluster.catch_up().unwrap();
}

/// Does it as that user; the API server may hear of a binding a moment later.
fn does(cluster: &dyn Cluster, deed: &Deed) -> Result<(), String> {
    let client = Client::new(cluster, Some(&cluster.client(&Subject::user(deed.user, ["deeds"])).unwrap())).unwrap();
    let body = if deed.body.is_null() { String::new() } else { deed.body.to_string() };
    let reply = client.send(deed.method, &deed.path, &deed.headers, &body).unwrap();
    if reply.code == deed.code {
        return Ok(());
    }
    Err(format!("{}: {} {} got {}, not {}: {}", deed.user, deed.method, deed.path, reply.code, deed.code, reply.json()))
}

#[test]
fn each_path_is_walked_on_the_real_api_server_and_what_is_no_path_is_refused() {
    let Some(assets) = assets_for("tests/servers cluster deeds") else { return };
    let real = ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap();
    let deeds: Vec<Deed> = impersonations().into_iter().chain(roles_and_bindings()).chain(others()).collect();
    prepare(&real, &deeds);
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(&real, Some(&real.administrator().unwrap()));
    let (inventory, roles) = runtime.block_on(read(&admin));
    let minor_version = runtime.block_on(admin.minor_version()).unwrap();
    assert_eq!(minor_version, Some(36));
    let cluster = ReachCluster::new(&inventory, &[], &roles, Discovered { minor_version });
    let mut reach = Reach::new(cluster);
    let mut wrong = Vec::new();
    for deed in &deeds {
        let info = UserInfo {
            name: deed.user.to_owned(),
            groups: ["deeds", "system:authenticated"].map(str::to_owned).to_vec(),
        };
        let paths = reach.paths(&info);
        let exact: Vec<&ReachTarget> =
            paths.iter().filter(|path| path.certainty() == Certainty::Exact).map(|path| &path.target).collect();
        let is_found = match &deed.exact {
            Some(target) => exact.contains(&target),
            None => exact.is_empty(),
        };
        if !is_found {
            wrong.push(format!("{}: {exact:?} instead of {:?}", deed.user, deed.exact));
        }
        wrong.extend(does(&real, deed).err());
    }
    assert!(wrong.is_empty() && deeds.len() > 25, "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A path of several steps, walked to its end: a token, by which another user is impersonated, who reads Secrets.
#[test]
fn a_token_opens_what_its_path_says() {
    let Some(assets) = assets_for("tests/servers cluster deeds of a token") else { return };
    let real = ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap();
    let deeds: Vec<Deed> = others().into_iter().filter(|deed| deed.user == "d-token").collect();
    prepare(&real, &deeds);
    let walker = Client::new(&real, Some(&real.client(&Subject::user("d-token", ["deeds"])).unwrap())).unwrap();
    let reply = walker.send(deeds[0].method, &deeds[0].path, &[], &deeds[0].body.to_string()).unwrap();
    let token = reply.json()["status"]["token"].as_str().unwrap().to_owned();
    assert_eq!(walker.send("GET", "/api/v1/secrets", &[], "").unwrap().code, 403);
    let bearer = format!("Bearer {token}");
    let nobody = Client::new(&real, None).unwrap();
    assert_eq!(nobody.send("GET", "/api/v1/secrets", &[("Authorization", &bearer)], "").unwrap().code, 200);
}
