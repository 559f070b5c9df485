//! What the real API server says in protobuf is what it says in JSON.

use std::time::{Duration, Instant};

use ackcred_sandbox::certs::{Identity, Subject};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{ControlPlane, ControlPlaneOptions, assets_for};
use kubectl_ackcred::internals::{
    ApiServer, BindingItem, BindingScope, Endpoint, Failure, Inventory, ListDecoder, Login, Secret,
};
use serde_json::{Value, json};

const API: &str = "/apis/rbac.authorization.k8s.io/v1";

#[tokio::test(flavor = "multi_thread")]
async fn bindings_are_the_same_in_protobuf_and_in_json() {
    let Some(assets) = assets_for("tests/servers protobuf_lists") else { return };
    let plane = tokio::task::spawn_blocking(move || {
        let plane = ControlPlane::start(&assets, &ControlPlaneOptions::default()).unwrap();
        fill(&plane);
        plane
    });
    let plane = plane.await.unwrap();
    let admin = api_server(&plane, &plane.administrator().unwrap());
    for (scope, plural) in [
        (BindingScope::Cluster, "clusterrolebindings"),
        (BindingScope::AllNamespaces, "rolebindings"),
        (BindingScope::Namespace("kube-system".into()), "namespaces/kube-system/rolebindings"),
    ] {
        let body = tokio::task::block_in_place(|| in_json(&plane, plural));
        let mut expected = Inventory::default();
        let mut decoder = ListDecoder::new(1 << 20);
        let read = |item: &[u8]| {
            expected.add(scope.kind(), &serde_json::from_slice::<BindingItem<'_>>(item)?);
            Ok(())
        };
        decoder.feed(&body, read).unwrap();
        let found = admin.bindings(&scope).await.unwrap();
        assert!(found.bindings().len() > 5, "{scope:?}");
        assert_eq!(format!("{:?}", found.bindings()), format!("{:?}", expected.bindings()), "{scope:?}");
    }

    let (empty, version) = admin.bindings_at(&BindingScope::Namespace("kube-node-lease".into())).await.unwrap();
    assert_eq!((empty.bindings().len(), version.is_empty()), (0, false), "an empty list is no damaged one");
    let mappings = admin.ram_identity_mappings().await.unwrap();
    assert_eq!(mappings.map(|mappings| mappings.len()), Some(0), "nor is one of custom resources");
    assert!(admin.roles().await.is_ok());

    let nobody = api_server(&plane, &plane.client(&Subject::ack("27-1676970192")).unwrap());
    let denied = nobody.bindings(&BindingScope::Cluster).await.unwrap_err();
    assert!(denied.is_forbidden());
    let Failure::Refused(refusal) = &denied.failure else { panic!("{denied:?}") };
    assert_eq!(refusal.reason, "Forbidden");
    assert!(refusal.message.contains("\"27-1676970192\" cannot list"), "{refusal}");
}

/// ack-ram-authenticator's own kind of object, with none of them.
fn define_mappings(create: impl Fn(&str, Value)) {
    let (group, plural) = ("ramauthenticator.k8s.alibabacloud", "ramidentitymappings");
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    create(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {
                "group": group, "scope": "Cluster",
                "names": {"plural": plural, "kind": "RAMIdentityMapping"},
                "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
            },
        }),
    );
}

/// Waits until the API server serves a path.
fn wait_for(client: &Client, path: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while client.send("GET", path, &[], "").unwrap().code != 200 {
        assert!(Instant::now() < until, "{path} is not served");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn fill(plane: &ControlPlane) {
    let client = Client::new(plane, Some(&plane.administrator().unwrap())).unwrap();
    let create = |path: &str, body: Value| {
        let reply = client.send("POST", path, &[], &body.to_string()).unwrap();
        assert_eq!(reply.code, 201, "{}", reply.json());
    };
    define_mappings(create);
    wait_for(&client, "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings");
    let long = "a".repeat(300);
    let users = ["27", "27-1676970192", "ä\"\\\u{1b}😀", "system:serviceaccount:n:s", &long];
    for (index, user) in users.iter().enumerate() {
        let subjects = json!([
            {"kind": "User", "name": user}, {"kind": "Group", "name": user},
            {"kind": "ServiceAccount", "name": "s", "namespace": "kube-public"},
        ]);
        for (path, kind) in [("clusterrolebindings", "ClusterRole"), ("namespaces/kube-system/rolebindings", "Role")] {
            let metadata = json!({
                "name": format!("binding-{index}"), "labels": {"a": "b"}, "annotations": {"note": long.repeat(50)},
                "finalizers": ["example.com/hold"],
            });
            let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "r"});
            create(
                &format!("{API}/{path}"),
                json!({"metadata": metadata, "roleRef": role, "subjects": if index == 0 { json!(null) } else { subjects.clone() }}),
            );
        }
    }
}

fn in_json(plane: &ControlPlane, plural: &str) -> Vec<u8> {
    let client = Client::new(plane, Some(&plane.administrator().unwrap())).unwrap();
    let reply = client.send("GET", &format!("{API}/{plural}"), &[("accept", "application/json")], "").unwrap();
    assert_eq!(reply.code, 200);
    reply.body.to_vec()
}

fn api_server(plane: &ControlPlane, identity: &Identity) -> ApiServer {
    let endpoint = Endpoint {
        server: plane.url(),
        certificate_authority: Some(plane.ca_pem().into_bytes()),
        ..Endpoint::default()
    };
    let certificate = (identity.certificate_pem().into_bytes(), Secret::new(identity.key().pkcs8_pem().into_bytes()));
    let login = Login { certificate: Some(certificate), ..Login::default() };
    ApiServer::connect(&endpoint, &login, Some(Duration::from_secs(20))).unwrap()
}
