//! What others do to bindings: ACK's control plane, an admission policy, a controller. The same is done to the sandbox and, where
//! KUBEBUILDER_ASSETS names the real binaries, to a real API server; where they differ, the sandbox is wrong.

use std::time::{Duration, Instant};

use ackcred_sandbox::ack;
use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::{Client, JSON_PATCH};
use ackcred_sandbox::cloud::{CleanBehaviour, Cleaning};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::reconciler::Reconciler;
use serde_json::{Value, json};

/// Does the same to both servers and compares what came of it.
fn on_both(scenario: impl Fn(&dyn Cluster) -> Value) -> Value {
    let sandbox = scenario(&ApiServer::start(ApiServerOptions::default()).unwrap());
    if let Some(real) = shared("sandbox/tests/suite/interference").unwrap() {
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
        (CleanBehaviour::ResemblingBindings, json!([null, null, null, null])),
        (CleanBehaviour::Subjects, json!([null, null, ["bo", "10001"], null])),
        (CleanBehaviour::Nothing, json!([["1000-1"], ["1000-1"], ["bo", "1000-1", "10001"], ["1000-2"]])),
    ];
    for (number, (behaviour, expected)) in cases.into_iter().enumerate() {
        let left = on_both(|cluster| {
            let client = admin(cluster);
            // A cleaning concerns the whole cluster, so each case has its own identity.
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
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let clean = ack::cleaner(&server).unwrap();
    let broken = ackcred_sandbox::apiserver::Fault::Answer { code: 503, content_type: "text/plain", body: "no".into() };
    server.faults().add("GET", "clusterrolebindings", 1, broken);
    let cleaning = Cleaning { cluster_id: "c1".into(), uid: "1000".into(), behaviour: CleanBehaviour::NamedBindings };
    let error = clean(&cleaning).unwrap_err();
    assert!(error.contains("clusterrolebindings: 503"), "{error}");
    let requests = server.faults().exchanges().len();
    clean(&Cleaning { behaviour: CleanBehaviour::Nothing, ..cleaning }).unwrap();
    assert_eq!(server.faults().exchanges().len(), requests, "no change means no request");
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

/// Sends a change under a field manager; returns the response without what is new in every run.
fn change(client: &Client, method: &str, path: &str, body: &Value, before: &mut String) -> Value {
    let headers = if method == "PATCH" { vec![JSON_PATCH] } else { vec![] };
    let reply = client.send(method, path, &headers, &body.to_string()).unwrap();
    let answer = reply.json();
    if answer["metadata"]["managedFields"].is_null() {
        return json!([reply.code, answer["status"]]);
    }
    let version = answer["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let moved = version != std::mem::replace(before, version.clone());
    let names: Value = answer["subjects"].as_array().into_iter().flatten().map(|one| one["name"].clone()).collect();
    json!([reply.code, names, managers(&answer), moved])
}

/// Takes carl out of a binding in every way that there is, before, while and after he is kept in it.
fn struggle(cluster: &dyn Cluster, binding: &BindingRef) -> Value {
    let client = admin(cluster);
    let subjects = [user("bo"), user("carl"), user("dora")];
    let created = bind(&client, binding, &subjects);
    let mut version = created["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let path = binding.path();
    let ours = format!("{path}?fieldManager=ours");
    let dry = format!("{path}?fieldManager=ours&dryRun=All");
    let remove = |at: usize| json!([{"op": "remove", "path": format!("/subjects/{at}")}]);
    cluster.keep_subject(binding, &user("carl")).unwrap();
    let mut said = Vec::new();
    said.push(change(&client, "PATCH", &dry, &remove(1), &mut version));
    said.push(change(&client, "PATCH", &path, &json!([]), &mut version));
    said.push(change(&client, "PATCH", &ours, &remove(1), &mut version));
    // Now he is the last, and taking him out again changes nothing at all.
    said.push(change(&client, "PATCH", &ours, &remove(2), &mut version));
    said.push(change(&client, "PATCH", &format!("{path}?fieldManager=other"), &remove(2), &mut version));
    said.push(change(&client, "PATCH", &ours, &json!([{"op": "remove", "path": "/subjects"}]), &mut version));
    let mut whole = client.send("GET", &path, &[], "").unwrap().json();
    whole["subjects"] = json!([user("eve")]);
    whole["metadata"].as_object_mut().unwrap().remove("managedFields");
    said.push(change(&client, "PUT", &ours, &whole, &mut version));
    let label = json!([{"op": "replace", "path": "/metadata/labels/l", "value": "2"}]);
    said.push(change(&client, "PATCH", &ours, &label, &mut version));
    said.push(people(&client, binding));
    // A mutating policy does not see deletions, and this one does not see creations.
    said.push(change(&client, "DELETE", &path, &json!({}), &mut version));
    let created = bind(&client, binding, &[user("bo")]);
    said.push(created["subjects"].clone());
    said.push(change(&client, "PATCH", &ours, &remove(0), &mut version));
    cluster.keep_no_subject().unwrap();
    said.push(change(&client, "PATCH", &ours, &remove(0), &mut version));
    said.into()
}

#[test]
fn a_policy_puts_a_subject_back_inside_the_same_answer() {
    let said = on_both(|cluster| {
        namespace(&admin(cluster), "kept");
        let team = BindingRef::role_binding("kept", "team");
        let everywhere = BindingRef::cluster_role_binding("kept:everywhere");
        json!([struggle(cluster, &team), struggle(cluster, &everywhere)])
    });
    for said in said.as_array().unwrap() {
        let names = |at: usize| &said[at][1];
        assert_eq!(names(0), &json!(["bo", "dora", "carl"]), "a dry run shows it");
        assert_eq!((names(1), &said[1][3]), (&json!(["bo", "carl", "dora"]), &json!(false)));
        assert_eq!((&said[2][0], names(2)), (&json!(200), &json!(["bo", "dora", "carl"])));
        assert_eq!((&said[3][0], names(3), &said[3][3]), (&json!(200), names(2), &json!(false)));
        assert_eq!(names(5), &json!(["carl"]));
        assert_eq!(names(6), &json!(["eve", "carl"]));
        assert_eq!(said[8], json!(["eve", "carl"]));
        assert_eq!(said[9], json!([200, "Success"]));
        assert_eq!(said[10].as_array().unwrap().len(), 1);
        assert_eq!((names(11), names(12)), (&json!(["carl"]), &json!([])));
    }
}

#[test]
fn a_kept_subject_is_kept_in_its_own_binding_only() {
    let said = on_both(|cluster| {
        let client = admin(cluster);
        namespace(&client, "kept-a");
        namespace(&client, "kept-b");
        let places = ["kept-a", "kept-b"].map(|namespace| BindingRef::role_binding(namespace, "team"));
        let account = json!({"kind": "ServiceAccount", "name": "robot", "namespace": "kept-a"});
        let others = json!({"kind": "ServiceAccount", "name": "robot", "namespace": "kept-b"});
        for place in &places {
            bind(&client, place, &[others.clone(), account.clone()]);
        }
        cluster.keep_subject(&places[0], &account).unwrap();
        let remove = json!([{"op": "remove", "path": "/subjects/1"}]).to_string();
        let left = places.each_ref().map(|place| {
            client.send("PATCH", &place.path(), &[JSON_PATCH], &remove).unwrap().json()["subjects"].clone()
        });
        cluster.keep_no_subject().unwrap();
        json!(left)
    });
    assert_eq!((said[0].as_array().unwrap().len(), said[1].as_array().unwrap().len()), (2, 1));
}

/// The escalation check comes after admission.
#[test]
fn a_change_that_a_policy_undoes_is_allowed_to_whom_it_is_not_allowed_otherwise() {
    let codes = on_both(|cluster| {
        let client = admin(cluster);
        namespace(&client, "kept-limited");
        let team = BindingRef::role_binding("kept-limited", "team");
        bind(&client, &team, &[user("bo"), user("carl")]);
        let rules =
            json!([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings"], "verbs": ["patch"]}]);
        create(
            &client,
            &format!("{RBAC}/clusterroles"),
            &json!({"metadata": {"name": "kept-patcher"}, "rules": rules}),
        );
        let grant = json!({
            "metadata": {"name": "kept-patcher"}, "roleRef": {"kind": "ClusterRole", "name": "kept-patcher"},
            "subjects": [user("limited")],
        });
        create(&client, &format!("{RBAC}/clusterrolebindings"), &grant);
        cluster.catch_up().unwrap();
        let limited = Client::new(cluster, Some(&cluster.client(&Subject::ack("limited")).unwrap())).unwrap();
        let patch = |path: &str, at: usize| {
            let body = json!([{"op": "remove", "path": format!("/subjects/{at}")}]).to_string();
            limited.send("PATCH", path, &[JSON_PATCH], &body).unwrap().code
        };
        let before = patch(&format!("{}?dryRun=All", team.path()), 1);
        cluster.keep_subject(&team, &user("carl")).unwrap();
        let kept = patch(&team.path(), 1);
        cluster.keep_no_subject().unwrap();
        json!([before, kept])
    });
    let why = "a user who may not change the binding may send a change without effect";
    assert_eq!(codes, json!([403, 200]), "{why}");
}

fn wait(what: &str, condition: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_reconciler_puts_back_what_was_taken_until_it_ends() {
    let said = on_both(|cluster| {
        let client = admin(cluster);
        namespace(&client, "looked-after");
        let team = BindingRef::role_binding("looked-after", "team");
        bind(&client, &team, &[user("bo"), user("carl")]);
        let delay = Duration::from_millis(200);
        let flux = Reconciler::start(cluster, &team, &user("carl"), "flux", delay).unwrap();
        let remove = |path: &str| {
            let body = json!([{"op": "remove", "path": path}]).to_string();
            assert_eq!(client.send("PATCH", &team.path(), &[JSON_PATCH], &body).unwrap().code, 200);
        };
        let mut said = Vec::new();
        let mut note = || {
            let binding = client.send("GET", &team.path(), &[], "").unwrap().json();
            said.push(json!([people(&client, &team), managers(&binding), binding["metadata"]["labels"]]));
        };
        let start = Instant::now();
        remove("/subjects/1");
        wait("carl is back", || flux.repairs() == 1);
        assert!(start.elapsed() >= delay);
        note();
        remove("/subjects");
        wait("carl is back alone", || flux.repairs() == 2);
        note();
        assert_eq!(client.send("DELETE", &team.path(), &[], "").unwrap().code, 200);
        wait("the binding is back", || flux.repairs() == 3);
        note();
        // What is not its business stays as it is.
        remove("/subjects/0");
        std::thread::sleep(delay * 2);
        assert_eq!(flux.repairs(), 3);
        drop(flux);
        remove("/subjects/0");
        std::thread::sleep(delay * 2);
        said.push(people(&client, &team));
        said.into()
    });
    assert_eq!(said[0][0], json!(["bo", "carl"]));
    assert!(said[0][1].to_string().contains("flux"), "{said}");
    assert_eq!((&said[1][0], &said[2][0]), (&json!(["carl"]), &json!(["bo", "carl"])));
    assert_eq!(said[2][2], json!({"l": "1"}));
    assert_eq!(said[3], json!([]));
}
