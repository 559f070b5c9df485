//! The plugin's single calls, each asked of the sandbox and of the real API server.

use std::time::Duration;

use ackcred_sandbox::apiserver;
use ackcred_sandbox::certs::{Identity, Subject};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use kubectl_ackcred::internals::{
    ApiServer, Attributes, BindingScope, Endpoint, Inventory, Login, Role, Roles, Secret, WatchedChange,
    full_rights_holders, has_full_rights, is_server_default, path_of,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cluster::transcript::{Transcript, rbac_in};
use crate::cluster::{persistence, static_tokens};

/// The plugin's client under this identity; without one it has a token that nobody knows.
pub(crate) fn connect(cluster: &dyn Cluster, identity: Option<&Identity>) -> ApiServer {
    let endpoint = Endpoint {
        server: cluster.url(),
        certificate_authority: Some(cluster.ca_pem().into_bytes()),
        ..Endpoint::default()
    };
    let certificate = identity.map(|identity| {
        (identity.certificate_pem().into_bytes(), Secret::new(identity.key().pkcs8_pem().into_bytes()))
    });
    let bearer = identity.is_none().then(|| Secret::new("unknown".to_owned()));
    let login = Login { certificate, bearer, ..Login::default() };
    ApiServer::connect(&endpoint, &login, Some(Duration::from_secs(20))).unwrap()
}

/// All bindings and roles.
pub(crate) async fn read(api: &ApiServer) -> (Inventory, Roles) {
    let (of_cluster, of_namespaces) = (BindingScope::Cluster, BindingScope::AllNamespaces);
    let mut inventory = api.bindings(&of_cluster).await.unwrap();
    inventory.append(api.bindings(&of_namespaces).await.unwrap());
    (inventory, api.roles().await.unwrap())
}

#[test]
fn roles_namespaces_and_answers_are_read_from_either_server() {
    reading(&apiserver::ApiServer::start(apiserver::ApiServerOptions::default()).unwrap());
    let Some(assets) = assets_for("tests/servers cluster reading roles") else { return };
    reading(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap());
}

fn reading(cluster: &dyn Cluster) {
    static_tokens::reading(cluster);
    persistence::said(cluster);
    let mut setting = Transcript::new(cluster);
    ["read-a", "read-b"].iter().for_each(|namespace| setting.namespace(namespace));
    let rules =
        json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["ledger"]}]);
    setting.role("read:a.b", &rules);
    let body = json!({"metadata": {"name": "local"}, "rules": rules});
    setting.prepare("POST", &format!("{}/roles", rbac_in("read-a")), &body, 201);
    setting.bind("read:a.b", "reader");
    let ledger = json!({"verb": "get", "resource": "configmaps", "name": "ledger", "namespace": "read-b"});
    setting.until_allowed("reader", &[], &ledger, true);

    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let reader = connect(cluster, Some(&cluster.client(&Subject::user("reader", ["g"])).unwrap()));
    let unknown = connect(cluster, None);
    runtime.block_on(async {
        let (inventory, roles) = read(&admin).await;
        for (namespace, kind, name, exists) in [
            (None, "ClusterRole", "read:a.b", true),
            (Some("read-b"), "ClusterRole", "read:a.b", true),
            (Some("read-a"), "Role", "local", true),
            (Some("read-b"), "Role", "local", false),
            (None, "Role", "local", false),
            (None, "ClusterRole", "../clusterrolebindings", false),
        ] {
            let role = Role { kind: kind.into(), name: name.into() };
            let found = admin.role(namespace, &role).await.unwrap();
            assert_eq!(found.is_some(), exists, "{kind} {name}");
            assert_eq!(found.as_ref(), roles.of(namespace, &role), "{kind} {name}");
            if let Some(facts) = found {
                assert_eq!(serde_json::to_value(&facts.rules).unwrap(), rules);
                assert_eq!(facts.uid.len(), 36, "{facts:?}");
            }
        }
        let full = Role { kind: "ClusterRole".into(), name: "cluster-admin".into() };
        assert!(has_full_rights(&roles.of(None, &full).unwrap().rules));
        let holders: Vec<String> = full_rights_holders(&inventory, &roles).iter().map(ToString::to_string).collect();
        assert_eq!(holders, ["Group/system:masters"]);
        let defaults: Vec<&str> = inventory
            .bindings()
            .iter()
            .filter(|binding| is_server_default(binding, &roles))
            .map(|binding| binding.name())
            .collect();
        assert_eq!(defaults, ["system:basic-user", "system:discovery", "system:public-info-viewer"]);

        let denied = reader.roles().await.unwrap_err();
        assert!(denied.is_forbidden(), "{denied:?}");
        let there = admin.namespace("read-a").await.unwrap().unwrap();
        assert!(there.uid.len() == 36 && !there.terminating, "{there:?}");
        assert_eq!(admin.namespace("read-nowhere").await.unwrap(), None);

        let attributes = |name: &str| Attributes {
            verb: "get".into(),
            resource: "configmaps".into(),
            name: name.into(),
            namespace: "read-b".into(),
            ..Attributes::default()
        };
        let ledger = reader.self_subject_access_review(&attributes("ledger")).await.unwrap();
        assert!(ledger.allowed && ledger.is_rbac(), "{ledger:?}");
        let other = reader.self_subject_access_review(&attributes("other")).await.unwrap();
        assert!(!other.allowed && !other.denied && other.evaluation_error.is_none(), "{other:?}");
        let master = admin.self_subject_access_review(&attributes("other")).await.unwrap();
        assert!(master.allowed && !master.is_rbac(), "system:masters needs no RBAC: {master:?}");

        let (ledger, other) = (path_of(&attributes("ledger")).unwrap(), path_of(&attributes("other")).unwrap());
        // The sandbox has no metrics; the real server's are no JSON, and 200 all the same.
        assert!(matches!(admin.status_of_get("/metrics").await.unwrap().status, 200 | 404));
        for (api, path, status) in [
            (&admin, "/api/v1/namespaces?limit=1", 200),
            (&admin, "/api/v1/gadgets/a", 404),
            (&reader, &ledger, 404),
            (&reader, &other, 403),
            (&unknown, &ledger, 401),
        ] {
            let answer = api.status_of_get(path).await.unwrap();
            assert_eq!(answer.status, status, "{path}");
            // By this name it is known whom the API server denied it to.
            assert!(status != 403 || answer.message.contains(r#"User "reader" cannot"#), "{answer:?}");
        }
    });
    setting.prepare("DELETE", "/api/v1/namespaces/read-b", &Value::Null, 200);
    let gone = runtime.block_on(admin.namespace("read-b")).unwrap();
    assert!(gone.is_none_or(|namespace| namespace.terminating), "without its controllers it stays");
}

#[test]
fn bindings_are_watched_on_either_server() {
    let sandbox = apiserver::ApiServer::start(apiserver::ApiServerOptions::default()).unwrap();
    watching(&sandbox);
    // The real server's cache reaches back to its start, whatever etcd has forgotten.
    sandbox.compact().unwrap();
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(&sandbox, Some(&sandbox.administrator().unwrap()));
    let forgotten = admin.watch_bindings(&BindingScope::Cluster, "1", Duration::from_secs(1), |_| {});
    assert_eq!(runtime.block_on(forgotten).unwrap_err().status(), Some(410));
    let Some(assets) = assets_for("tests/servers cluster watching bindings") else { return };
    watching(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap());
}

fn watching(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    setting.namespace("watch-a");
    let path = format!("{}/rolebindings", rbac_in("watch-a"));
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let scope = BindingScope::AllNamespaces;
    let (before, since) = runtime.block_on(admin.bindings_at(&scope)).unwrap();
    assert!(before.bindings().iter().all(|binding| binding.namespace() != Some("watch-a")));
    let watch = {
        let (admin, scope, since) = (admin.clone(), scope.clone(), since.clone());
        runtime.spawn(async move {
            let mut events = Vec::new();
            let seen = |event| events.push(event);
            admin.watch_bindings(&scope, &since, Duration::from_secs(6), seen).await.map(|()| events)
        })
    };
    let body = json!({
        "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "User", "name": "ann"}, {"kind": "User", "name": "bo"}],
    });
    setting.prepare("POST", &path, &body, 201);
    setting.patch("admin", &format!("{path}/b"), &json!([{"op": "remove", "path": "/subjects/0"}]));
    setting.delete("admin", &format!("{path}/b"), &Value::Null);
    let events = runtime.block_on(watch).unwrap().unwrap();
    let counts: Vec<(WatchedChange, usize)> =
        events.iter().map(|event| (event.change, event.object.subjects.len())).collect();
    assert_eq!(counts, [(WatchedChange::Added, 2), (WatchedChange::Modified, 1), (WatchedChange::Deleted, 1)]);
    assert_eq!(events[0].object.reference().to_string(), "RoleBinding/watch-a/b");

    let version = events[0].object.resource_version();
    let mut later = Vec::new();
    let moment = Duration::from_secs(1);
    runtime.block_on(admin.watch_bindings(&scope, version, moment, |event| later.push(event.change))).unwrap();
    assert_eq!(later, [WatchedChange::Modified, WatchedChange::Deleted]);

    let stranger = connect(cluster, Some(&cluster.client(&Subject::user("stranger", ["g"])).unwrap()));
    let denied = runtime.block_on(stranger.watch_bindings(&scope, &since, moment, |_| {})).unwrap_err();
    assert!(denied.is_forbidden(), "{denied:?}");
}
