//! What others do to bindings: ACK's control plane, an admission policy, a controller. The same is done to the sandbox and, where
//! KUBEBUILDER_ASSETS names the real binaries, to a real API server; where they differ, the sandbox is wrong.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use ackcred_sandbox::ack;
use ackcred_sandbox::apiserver::{ApiServer, Options};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cloud::{CleanBehaviour, Cleaning};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use serde_json::{Value, json};

/// Does the same to both servers and compares what came of it.
fn on_both(scenario: impl Fn(&dyn Cluster) -> Value) -> Value {
    let sandbox = scenario(&ApiServer::start(Options::default()).unwrap());
    if let Some(real) = shared("sandbox/tests/interference").unwrap() {
        assert_eq!(sandbox, scenario(&real), "the sandbox on the left");
    }
    sandbox
}

fn admin(cluster: &dyn Cluster) -> Client {
    Client::new(cluster, Some(&cluster.administrator().unwrap())).unwrap()
}

fn create(client: &Client, path: &str, body: &Value) -> Value {
    let reply = client.send("POST", path, &[], &body.to_string()).unwrap();
    assert_eq!(reply.code, 201, "{path}: {}", reply.json());
    reply.json()
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn bind(client: &Client, binding: &BindingRef, subjects: &[Value]) -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    create(
        client,
        &binding.collection(),
        &json!({"metadata": {"name": binding.name, "labels": {"l": "1"}}, "roleRef": role, "subjects": subjects}),
    )
}

fn namespace(client: &Client, name: &str) {
    create(client, "/api/v1/namespaces", &json!({"metadata": {"name": name}}));
}

/// The names in a binding; `null` where there is none.
fn people(client: &Client, binding: &BindingRef) -> Value {
    let reply = client.send("GET", &binding.path(), &[], "").unwrap();
    if reply.code == 404 {
        return Value::Null;
    }
    reply.json()["subjects"].as_array().into_iter().flatten().map(|subject| subject["name"].clone()).collect()
}

/// Who owns which of a binding's fields.
fn managers(binding: &Value) -> Value {
    let mut entries: Vec<Value> = binding["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["manager"], entry["operation"], entry["fieldsV1"]]))
        .collect();
    entries.sort_by_key(Value::to_string);
    entries.into()
}

#[test]
fn ack_cleans_by_its_behaviour() {
    let cases = [
        (CleanBehaviour::OwnBindings, json!([null, null, ["bo", "1000-1", "10001"], ["1000-2"]])),
        (CleanBehaviour::NamedBindings, json!([null, null, null, null])),
        (CleanBehaviour::Subjects, json!([null, null, ["bo", "10001"], null])),
        (CleanBehaviour::Nothing, json!([["1000-1"], ["1000-1"], ["bo", "1000-1", "10001"], ["1000-2"]])),
    ];
    for (number, (behaviour, expected)) in cases.into_iter().enumerate() {
        let left = on_both(|cluster| {
            let client = admin(cluster);
            // Everybody cleans the whole cluster, so each case has an identity of its own.
            let uid = format!("{number}000");
            let own = |name: &str| name.replacen("1000", &uid, 1);
            let ns = format!("ack-{number}");
            namespace(&client, &ns);
            let bindings = [
                BindingRef::cluster_role_binding(&format!("{uid}-clusterrolebinding")),
                BindingRef::role_binding(&ns, &format!("{uid}-{ns}-rolebinding")),
                BindingRef::role_binding(&ns, "team"),
                BindingRef::role_binding(&ns, "ledger"),
            ];
            let subjects = [vec!["1000-1"], vec!["1000-1"], vec!["bo", "1000-1", "10001"], vec!["1000-2"]]
                .map(|names| names.iter().map(|name| user(&own(name))).collect::<Vec<_>>());
            for (binding, subjects) in bindings.iter().zip(&subjects) {
                bind(&client, binding, subjects);
            }
            let clean = ack::cleaner(cluster).unwrap();
            // From inside a runtime, as the cloud does.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let cleaning = Cleaning { cluster_id: "c1".into(), uid: uid.clone(), behaviour };
            runtime.block_on(async { clean(&cleaning) }).unwrap();
            let left: Value = bindings.iter().map(|binding| people(&client, binding)).collect();
            let changed = client.send("GET", &bindings[2].path(), &[], "").unwrap().json();
            if behaviour == CleanBehaviour::Subjects {
                assert!(managers(&changed).to_string().contains("ack-console"), "{changed}");
            }
            serde_json::from_str(&left.to_string().replace(&format!("\"{uid}"), "\"1000")).unwrap()
        });
        assert_eq!(left, expected, "{behaviour:?}");
    }
}

#[test]
fn a_cluster_that_refuses_ack_is_an_error_with_its_words() {
    let server = ApiServer::start(Options::default()).unwrap();
    let clean = ack::cleaner(&server).unwrap();
    let broken = ackcred_sandbox::apiserver::Fault::Answer { code: 503, content_type: "text/plain", body: "no".into() };
    server.faults().add("GET", "clusterrolebindings", 1, broken);
    let cleaning = Cleaning { cluster_id: "c1".into(), uid: "1000".into(), behaviour: CleanBehaviour::NamedBindings };
    let error = clean(&cleaning).unwrap_err();
    assert!(error.contains("clusterrolebindings: 503"), "{error}");
    let requests = server.faults().exchanges().len();
    clean(&Cleaning { behaviour: CleanBehaviour::Nothing, ..cleaning }).unwrap();
    assert_eq!(server.faults().exchanges().len(), requests, "nothing to do, nobody to ask");
}

#[test]
fn access_follows_from_what_was_written_once_the_server_has_caught_up() {
    let allowed = on_both(|cluster| {
        let client = admin(cluster);
        let everywhere = BindingRef::cluster_role_binding("caught-up");
        let review = || {
            cluster.catch_up().unwrap();
            let attributes = json!({"verb": "get", "resource": "pods", "namespace": "default"});
            let review = json!({"spec": {"user": "caught-up", "resourceAttributes": attributes}});
            create(&client, "/apis/authorization.k8s.io/v1/subjectaccessreviews", &review)["status"]["allowed"].clone()
        };
        let mut allowed = Vec::new();
        for _ in 0..5 {
            bind(&client, &everywhere, &[user("caught-up")]);
            allowed.push(review());
            client.send("DELETE", &everywhere.path(), &[], "").unwrap();
            allowed.push(review());
        }
        allowed.into()
    });
    assert_eq!(allowed, json!([true, false, true, false, true, false, true, false, true, false]));
}
