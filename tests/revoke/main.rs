//! Taking access away: whole commands against a cluster and its account, on the sandbox and on a real API server.
//!
//! Every command here runs at `-vvv`, and none may show a secret of the cloud or a private key.

#![expect(clippy::unwrap_used, reason = "a scene that can't be set has failed")]

/// Makes of a function that takes a server two tests: on the sandbox, and on the real server that all tests here share in turns.
macro_rules! on_both_servers {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            use super::*;

            #[test]
            fn on_the_sandbox() {
                super::$scenario(ApiServer::start(ApiServerOptions::default()).unwrap());
            }

            #[test]
            fn on_the_real_server() {
                if let Some(server) = shared("tests/revoke").unwrap() {
                    super::$scenario(server);
                }
            }
        }
    )+};
}

pub(crate) use on_both_servers;

#[path = "../calls/mod.rs"]
mod calls;
#[path = "../schema/mod.rs"]
mod schema;

mod approval;
mod checks_under_faults;
mod cloud_call;
mod crash;
mod crash_disk;
mod evidence;
mod faults;
mod format_1;
mod from_folder;
mod incident_report;
mod interruption;
mod lease;
mod many_grants;
mod names;
mod other_credentials;
mod permissions;
mod proof;
mod properties;
mod records;
mod refusals;
mod residual;
mod restoring;
mod rotating;
mod scene;
mod setting;
mod several_files;
mod sizes;
mod static_tokens;
mod terminal;
mod unread;
mod verify_again;
mod widths;
mod writes;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cloud::{Auditing, CleanBehaviour, RamUser};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::people;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{ACCOUNT, ANN, BO, CARL, CLUSTER, DORA, EVE, GROUPS, Incident, KEY, as_arranged, former_name, name};
use crate::setting::{Setup, binding, user};

on_both_servers!(
    the_leaver_has_access_until_it_is_taken,
    the_cloud_cleans_as_it_is_reported,
    an_incident_leaves_nothing_to_the_next
);

fn the_leaver_has_access_until_it_is_taken<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let pods = "/api/v1/namespaces/shop/pods";
    for (path, code) in [
        (pods, 200),
        ("/api/v1/nodes", 200),
        ("/api/v1/namespaces/billing/configmaps/ledger", 200),
        ("/api/v1/namespaces/billing/configmaps", 403),
        ("/api/v1/namespaces/shop/secrets", 403),
    ] {
        assert_eq!(incident.leaked_status(path), code, "{path}");
    }
    let team = Some(vec![name(BO), name(CARL), "shop/releaser".to_owned(), former_name()]);
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), team);
    let own = format!("{CARL}-clusterrolebinding");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &own), Some(vec![name(CARL)]));
    assert_eq!(incident.subjects("RoleBinding", "shop", "nobody"), None);

    let carl = name(CARL);
    let logs = json!({"verb": "get", "resource": "pods", "subresource": "log", "namespace": "shop"});
    let update = json!({
        "verb": "update", "resource": "configmaps", "namespace": "billing", "name": "ledger",
    });
    let metrics = json!({"verb": "get", "path": "/metrics"});
    let deployments = json!({"verb": "update", "group": "apps", "resource": "deployments", "namespace": "shop"});
    let all = [&logs, &update, &metrics, &deployments];
    for attributes in all {
        assert!(incident.can(&carl, &GROUPS, attributes), "{attributes}");
        assert!(incident.can(&name(EVE), &GROUPS, attributes), "{attributes}");
        assert!(!incident.can(&name(DORA), &GROUPS, attributes), "{attributes}");
    }
    assert!(incident.can(&former_name(), &GROUPS, &logs) && !incident.can(&former_name(), &GROUPS, &update));

    // What an operator would do by hand, and its undoing.
    let before = incident.bindings();
    let place = BindingRef::role_binding("shop", "team").path();
    incident.patch(&place, &json!([{"op": "remove", "path": "/subjects/3"}, {"op": "remove", "path": "/subjects/1"}]));
    let others = [BindingRef::cluster_role_binding(&own), BindingRef::role_binding("billing", "ledger")];
    let gone = others.each_ref().map(|binding| incident.get(&binding.path()));
    others.iter().for_each(|binding| drop(incident.delete(&binding.path())));
    for attributes in all {
        assert!(!incident.can(&carl, &GROUPS, attributes), "{attributes}");
    }
    assert!(incident.can(&name(BO), &GROUPS, &logs));
    assert_eq!(incident.leaked_status(pods), 403);
    let mut whole = incident.get(&place);
    whole["subjects"] = before["RoleBinding shop/team"]["subjects"].clone();
    incident.put(&place, &whole);
    for (binding, mut object) in others.iter().zip(gone) {
        let bare = json!({"name": object["metadata"]["name"]});
        object["metadata"] = bare;
        incident.post(&binding.collection(), &object);
    }
    incident.until(&carl, &GROUPS, &metrics, true);
    assert_ne!(incident.bindings(), before);
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before));
}

fn the_cloud_cleans_as_it_is_reported<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup.clean_behaviour(CleanBehaviour::RefusesRecentAccess));
    let before = incident.bindings();
    let refusal = incident.clean(CARL, false).unwrap_err();
    assert!(refusal.contains("7 days"), "{refusal}");
    assert!(incident.clean(ANN, true).is_err() && incident.clean(ACCOUNT, true).is_err());

    let kubeconfig = || {
        let status = incident.run(&["status"]).stdout;
        status.lines().find(|line| line.contains(CARL)).is_some_and(|line| line.contains("Effective"))
    };
    incident.cloud.set_clean_behaviour(CleanBehaviour::Later(Duration::from_secs(8)));
    incident.clean(CARL, false).unwrap();
    assert!(kubeconfig(), "nothing has changed yet");
    assert_eq!(incident.bindings(), before);
    let nodes = json!({"verb": "list", "resource": "nodes"});
    incident.until(&name(CARL), &GROUPS, &nodes, false);
    let own = format!("{CARL}-clusterrolebinding");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &own), None);
    let mut left = before;
    left.remove(&format!("ClusterRoleBinding {own}"));
    assert_eq!(incident.bindings(), left, "the shared and the renamed ones stay");
    let until = Instant::now() + Duration::from_secs(60);
    while kubeconfig() {
        assert!(Instant::now() < until, "the kubeconfig stays");
    }

    incident.cloud.set_clean_behaviour(CleanBehaviour::Subjects);
    incident.clean(CARL, false).unwrap();
    let team = vec![name(BO), "shop/releaser".to_owned()];
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(team));
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), None);
    incident.cloud.set_clean_behaviour(CleanBehaviour::NamedBindings);
    incident.clean(BO, true).unwrap();
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), None);
}

/// What a test may do to a server that others use after it.
fn an_incident_leaves_nothing_to_the_next<C: Cluster>(server: C) {
    let first = Incident::stage(server, |setup| setup);
    let before = as_arranged(first.bindings());
    let team = BindingRef::role_binding("shop", "team");
    first.server.keep_subject(&team, &user(&name(CARL))).unwrap();
    first.patch(&team.path(), &json!([
        {"op": "add", "path": "/metadata/finalizers", "value": ["example.com/hold"]}, {"op": "remove", "path": "/subjects"},
    ]));
    assert_eq!(first.subjects("RoleBinding", "shop", "team"), Some(vec![name(CARL)]));
    first.delete(&team.path());
    let everybody = json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:users"});
    let open = BindingRef::cluster_role_binding("open");
    first.post(&open.collection(), &binding("open", "ClusterRole", "cs:ns:dev", &[everybody]));
    first.delete("/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile");

    let next = Incident::stage(first.end(), |setup| setup);
    assert_eq!(as_arranged(next.bindings()), before);
    let logs = json!({"verb": "get", "resource": "pods", "subresource": "log", "namespace": "billing"});
    assert!(!next.can(&name(CARL), &GROUPS, &logs));
    let profile = next.get("/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile");
    assert_eq!(profile["data"], json!({"clusterid": CLUSTER, "uid": ACCOUNT}));
    let left = next.patch(&team.path(), &json!([{"op": "remove", "path": "/subjects/1"}]));
    assert_eq!(left["subjects"].as_array().unwrap().len(), 3, "nobody puts him back any more");
}

#[test]
fn a_deleted_namespace_is_there_for_the_next() {
    let Some(server) = shared("tests/revoke").unwrap() else { return };
    let first = Incident::stage(server, |setup| setup);
    first.delete("/api/v1/namespaces/shop");
    let next = Incident::stage(first.end(), |setup| setup);
    assert_eq!(next.get("/api/v1/namespaces/shop")["status"]["phase"], "Active");
    assert_eq!(next.leaked_status("/api/v1/namespaces/shop/pods"), 200);
}

#[test]
fn the_plugin_sees_the_incident() {
    let incident = Incident::sandbox(|setup| setup);
    let leaked = incident.leaked.display().to_string();
    let (status, scan, said) = incident.json(&["scan"]);
    assert_eq!(status, Status::Done, "{said}");
    let rows: Vec<&Value> = scan["grants"].as_array().unwrap().iter().filter(|row| row["uid"] == CARL).collect();
    assert_eq!(rows.len(), 4, "{scan:#}");
    let confirmed = |row: &&Value| row["evidence"].as_str().is_some_and(|evidence| evidence.starts_with("confirmed"));
    assert!(rows.iter().all(|row| row["state"] == "Deleted" && confirmed(row)), "{scan:#}");
    let whose = incident.run(&["whoami", "-f", &leaked]);
    assert!(whose.status == Status::Done && whose.stdout.contains(CARL), "{whose}");
    let kubeconfigs = incident.run(&["status"]);
    assert!(kubeconfigs.stdout.lines().any(|line| line.contains(CARL) && line.contains("Effective")), "{kubeconfigs}");
    assert!(incident.answering(ANN, &["whoami"]).stdout.contains(ANN));
    assert_eq!(incident.changes(), [], "nothing was changed by looking");
}

#[test]
fn an_incident_may_differ() {
    let deployer = format!("{}-1", people::DEPLOYER.uid);
    let incident = Incident::sandbox(|setup: Setup| {
        setup
            .change_account(|account| account.user(RamUser::new(CARL, "carl")))
            .change_cluster(|cluster| cluster.auditing(Auditing::Off))
            .clean_behaviour(CleanBehaviour::Nothing)
            .operator(Subject::ack(deployer.clone()))
            .operator_may(json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]))
    });
    let pods = json!({"verb": "list", "resource": "pods", "namespace": "shop"});
    assert!(incident.can(&deployer, &GROUPS, &pods));
    assert!(!incident.can(&name(ANN), &GROUPS, &pods));
    let whoami = incident.run(&["whoami"]);
    assert!(whoami.stdout.contains(&deployer), "{whoami}");
    let dora = incident.session.write("dora.yaml", incident.kubeconfig_of(DORA)).unwrap();
    let whoami = incident.run(&["whoami", "-f", &dora.display().to_string()]);
    assert!(whoami.stdout.contains(DORA), "{whoami}");
    assert!(incident.admin().send("GET", "/version", &[], "").unwrap().code == 200);
    incident.cloud.edit(|cloud_state| assert!(cloud_state.cluster_mut(CLUSTER).unwrap().auditing == Auditing::Off));
    let calls: BTreeSet<_> = incident.cloud.log().into_iter().filter_map(|call| call.caller).collect();
    assert!(calls.iter().all(|caller| caller == ANN), "{KEY} is ann's: {calls:?}");
}
