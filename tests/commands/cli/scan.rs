//! `scan`: who holds access to a cluster, one row a (binding, subject).

use std::collections::BTreeSet;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, User};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::{Outcome, Session};
use ackcred_sandbox::story::{ACCOUNT, Story};
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{CLUSTER, OTHER_CLUSTER, Trap, UID, document, session_with, with_three_spaces};

const RBAC: &str = "rbac.authorization.k8s.io";
const ANN: &str = "200000000000000101-1735689600";
const BO: &str = "200000000000000102-1735689600";
const ROLE: &str = people::DEPLOYER.uid;
const CREATED: &str = "2025-10-03T00:00:00Z";

pub(crate) fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": RBAC, "name": name})
}

pub(crate) fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": RBAC, "name": name})
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "namespace": "shop"})
}

pub(crate) fn role_binding(namespace: &str, name: &str, subjects: &[Value]) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding", "subjects": subjects,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": CREATED},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "dev"},
    })
}

pub(crate) fn cluster_role_binding(name: &str, subjects: &[Value]) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "subjects": subjects,
        "metadata": {"name": name, "creationTimestamp": CREATED},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cs:ops"},
    })
}

/// The ConfigMap by which an ACK cluster tells which one it is.
fn profile_of(cluster: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ack-cluster-profile", "namespace": "kube-system"},
        "data": {"clusterid": cluster, "uid": ACCOUNT},
    })
}

/// A cluster with grants of every shape.
fn cluster(options: ApiServerOptions) -> ApiServer {
    let server = ApiServer::start(options).unwrap();
    for object in [
        cluster_role_binding("ops", &[user(ANN), group("4711"), account("4712")]),
        role_binding("shop", "shared", &[user(BO), account("robot"), user(ANN), user("plain-name")]),
        role_binding("shop", "role", &[user(ROLE)]),
        role_binding("billing", "nobody", &[group("200000000000000103-1"), account("200000000000000104")]),
        role_binding("billing", "empty", &[]),
    ] {
        server.put(object, "console").unwrap();
    }
    server
}

/// The kubeconfig of somebody in these groups, in ACK's form.
fn kubeconfig(server: &ApiServer, groups: &[&str]) -> Kubeconfig {
    let credential = Credential::of(&server.client(&Subject::user("ann", groups.to_vec())).unwrap());
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, &credential)
}

pub(crate) fn administrator(server: &ApiServer) -> Session {
    session_with(&kubeconfig(server, &["system:masters"]))
}

pub(crate) fn printed(server: &ApiServer, outcome: &Outcome) -> String {
    outcome.to_string().replace(&server.url(), "[server]")
}

fn rows(outcome: &Outcome) -> Vec<String> {
    let document = document(outcome);
    document["grants"].as_array().unwrap().iter().map(row).collect()
}

fn row(grant: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let binding = &grant["binding"];
    let shared: Vec<String> = grant["sharedWith"].as_array().unwrap().iter().map(text).collect();
    format!(
        "{} {}/{}/{} {}",
        text(&grant["subject"]),
        text(&binding["kind"]),
        text(&binding["namespace"]),
        text(&binding["name"]),
        shared.join(",")
    )
}

#[test]
fn every_grant_of_a_ram_identity_is_a_row() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    assert_snapshot!(printed(&server, &session.run(&["scan"])), @"
    UID                  TYPE      NAME     STATE     BINDING                    ROLE
    200000000000000101   Unknown   <none>   Unknown   ClusterRoleBinding/-/ops   ClusterRole/cs:ops
    200000000000000101   Unknown   <none>   Unknown   RoleBinding/shop/shared    Role/dev
    200000000000000102   Unknown   <none>   Unknown   RoleBinding/shop/shared    Role/dev
    300000000000000201   Unknown   <none>   Unknown   RoleBinding/shop/role      Role/dev
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    ");
    assert_snapshot!(printed(&server, &session.run(&["scan", "-o", "csv"])), @r#"
    UID,TYPE,NAME,STATE,BINDING,ROLE,SUBJECT,SHARED-WITH,KUBECONFIG,EXPIRES,AGE,EVIDENCE
    200000000000000101,Unknown,,Unknown,ClusterRoleBinding/-/ops,ClusterRole/cs:ops,200000000000000101-1735689600,"Group/4711,ServiceAccount/shop/4712",,,90d,the cloud was not asked
    200000000000000101,Unknown,,Unknown,RoleBinding/shop/shared,Role/dev,200000000000000101-1735689600,"User/200000000000000102-1735689600,ServiceAccount/shop/robot,User/plain-name",,,90d,the cloud was not asked
    200000000000000102,Unknown,,Unknown,RoleBinding/shop/shared,Role/dev,200000000000000102-1735689600,"ServiceAccount/shop/robot,User/200000000000000101-1735689600,User/plain-name",,,90d,the cloud was not asked
    300000000000000201,Unknown,,Unknown,RoleBinding/shop/role,Role/dev,300000000000000201,,,,90d,the cloud was not asked
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    "#);
    assert_snapshot!(printed(&server, &session.run(&["scan", "-o", "name"])), @"
    200000000000000101
    200000000000000102
    300000000000000201
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    ");
    let outcome = session.run(&["scan", "-o", "json"]);
    document(&outcome);
    assert_snapshot!(printed(&server, &outcome), @r#"
    {
      "apiVersion": "ackcred/v1",
      "kind": "ScanReport",
      "time": "2026-01-01T00:00:00Z",
      "clusters": [
        {
          "id": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "name": null,
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "temporaryCredential": false,
          "error": null
        }
      ],
      "identities": [
        {
          "uid": "200000000000000101",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "clusters": 1,
          "grants": 2
        },
        {
          "uid": "200000000000000102",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "clusters": 1,
          "grants": 1
        },
        {
          "uid": "300000000000000201",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "clusters": 1,
          "grants": 1
        }
      ],
      "grants": [
        {
          "clusterId": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "uid": "200000000000000101",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "subject": "200000000000000101-1735689600",
          "binding": {
            "kind": "ClusterRoleBinding",
            "namespace": null,
            "name": "ops"
          },
          "role": {
            "kind": "ClusterRole",
            "name": "cs:ops"
          },
          "sharedWith": [
            "Group/4711",
            "ServiceAccount/shop/4712"
          ],
          "sharedWithCount": 2,
          "kubeconfig": null,
          "expires": null,
          "reappeared": false
        },
        {
          "clusterId": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "uid": "200000000000000101",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "subject": "200000000000000101-1735689600",
          "binding": {
            "kind": "RoleBinding",
            "namespace": "shop",
            "name": "shared"
          },
          "role": {
            "kind": "Role",
            "name": "dev"
          },
          "sharedWith": [
            "User/200000000000000102-1735689600",
            "ServiceAccount/shop/robot",
            "User/plain-name"
          ],
          "sharedWithCount": 3,
          "kubeconfig": null,
          "expires": null,
          "reappeared": false
        },
        {
          "clusterId": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "uid": "200000000000000102",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "subject": "200000000000000102-1735689600",
          "binding": {
            "kind": "RoleBinding",
            "namespace": "shop",
            "name": "shared"
          },
          "role": {
            "kind": "Role",
            "name": "dev"
          },
          "sharedWith": [
            "ServiceAccount/shop/robot",
            "User/200000000000000101-1735689600",
            "User/plain-name"
          ],
          "sharedWithCount": 3,
          "kubeconfig": null,
          "expires": null,
          "reappeared": false
        },
        {
          "clusterId": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "uid": "300000000000000201",
          "type": "Unknown",
          "name": null,
          "state": "Unknown",
          "evidence": "the cloud was not asked",
          "subject": "300000000000000201",
          "binding": {
            "kind": "RoleBinding",
            "namespace": "shop",
            "name": "role"
          },
          "role": {
            "kind": "Role",
            "name": "dev"
          },
          "sharedWith": [],
          "sharedWithCount": 0,
          "kubeconfig": null,
          "expires": null,
          "reappeared": false
        }
      ],
      "resembling": [],
      "cloud": null,
      "incomplete": false,
      "hidden": 0
    }
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    "#);
    let yaml: Value = serde_saphyr::from_str(&session.run(&["scan", "-o", "yaml"]).stdout).unwrap();
    assert_eq!(yaml, document(&outcome));
}

#[test]
fn without_the_cloud_all_users_changes_nothing() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    assert_eq!(session.run(&["scan", "-o", "csv"]).stdout, session.run(&["scan", "--all-users", "-o", "csv"]).stdout);
    assert_eq!(session.run(&["scan", "-A", "-o", "csv"]).stdout, session.run(&["scan", "-o", "csv"]).stdout);
}

#[test]
fn two_identities_in_one_binding_name_each_other() {
    let server = cluster(ApiServerOptions::default());
    let outcome = administrator(&server).run(&["scan", "-n", "shop", "-o", "json"]);
    let document = document(&outcome);
    let shared: Vec<(String, Value)> = document["grants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant["binding"]["name"] == "shared")
        .map(|grant| (grant["uid"].as_str().unwrap().to_owned(), grant["sharedWith"].clone()))
        .collect();
    let others = |user: &str| json!([format!("User/{user}"), "ServiceAccount/shop/robot", "User/plain-name"]);
    let mut expected =
        vec![("200000000000000101".to_owned(), others(BO)), ("200000000000000102".to_owned(), others(ANN))];
    expected[1].1 = json!(["ServiceAccount/shop/robot", format!("User/{ANN}"), "User/plain-name"]);
    assert_eq!(shared, expected);
}

#[test]
fn a_namespace_narrows_role_bindings_only() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    server.faults().forget();
    let outcome = session.run(&["scan", "-n", "billing", "-o", "json"]);
    assert_snapshot!(rows(&outcome).join("\n"), @"200000000000000101-1735689600 ClusterRoleBinding/-/ops Group/4711,ServiceAccount/shop/4712");
    let asked: BTreeSet<String> = server.faults().exchanges().into_iter().map(|exchange| exchange.path).collect();
    assert!(asked.contains("/apis/rbac.authorization.k8s.io/v1/namespaces/billing/rolebindings"), "{asked:?}");
    assert!(!asked.contains("/apis/rbac.authorization.k8s.io/v1/rolebindings"), "{asked:?}");
}

#[test]
fn the_contexts_own_namespace_narrows_nothing() {
    let server = cluster(ApiServerOptions::default());
    let file = kubeconfig(&server, &["system:masters"]).yaml();
    let session = crate::cli::desk::session();
    let session_file =
        file.replacen("    cluster: \"kubernetes\"\n", "    cluster: \"kubernetes\"\n    namespace: billing\n", 1);
    assert_ne!(session_file, file);
    session.write(".kube/config", session_file).unwrap();
    assert_eq!(rows(&session.run(&["scan", "-o", "json"])).len(), 4);
}

#[test]
fn identities_and_states_can_be_chosen() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    let count = |flags: &[&str]| rows(&session.run(&[&["scan", "-o", "json"], flags].concat())).len();
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--uid", UID]), 2);
    assert_eq!(count(&["--uid", UID, "--uid", ROLE]), 3);
    assert_eq!(count(&["--state", "unknown"]), 4);
    assert_eq!(count(&["--state", "deleted"]), 0);
    assert_eq!(count(&["--state", "deleted", "--state", "Unknown"]), 4);
    assert_snapshot!(session.run(&["scan", "--uid", "999"]), @"
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    no grant matches
    --- exit 0
    ");
    assert_snapshot!(session.run(&["scan", "--uid", "999", "-o", "name", "-q"]), @"--- exit 0");
}

#[test]
fn fail_on_looks_for_its_states() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    let status = |word: &str| session.run(&["scan", "--fail-on", word]).status;
    assert_eq!(status("unknown"), Status::Findings);
    assert_eq!(status("deleted,unknown"), Status::Findings);
    assert_eq!(status("orphaned"), Status::Done);
    assert_eq!(status("active"), Status::Usage);
    assert_eq!(session.run(&["scan", "--fail-on", "unknown", "--uid", "999"]).status, Status::Done);
}

/// Somebody who may list these, and nothing else.
fn lister(server: &ApiServer, resources: &[&str]) -> Session {
    if !resources.is_empty() {
        let rules = json!([{"apiGroups": [RBAC], "resources": resources, "verbs": ["list", "get", "watch"]}]);
        let role = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": "lister"}, "rules": rules});
        server.put(role, "test").unwrap();
        let binding = json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "lister"},
            "subjects": [group("listers")], "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "lister"},
        });
        server.put(binding, "test").unwrap();
    }
    session_with(&kubeconfig(server, &["listers"]))
}

#[test]
fn what_may_not_be_read_is_reported_and_the_rest_is_shown() {
    let server = cluster(ApiServerOptions::default());
    assert_snapshot!(printed(&server, &lister(&server, &["rolebindings"]).run(&["scan"])), @r#"
    UID                  TYPE      NAME     STATE     BINDING                   ROLE
    200000000000000101   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev
    200000000000000102   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev
    300000000000000201   Unknown   <none>   Unknown   RoleBinding/shop/role     Role/dev
    --- stderr
    warning: [server]: can't list clusterrolebindings.rbac.authorization.k8s.io: clusterrolebindings.rbac.authorization.k8s.io is forbidden: User "ann" cannot list resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope (Forbidden, HTTP 403)
    [server]: can't get configmap kube-system/alibabacloud-auth: configmaps "alibabacloud-auth" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "kube-system" (Forbidden, HTTP 403)
    [server]: can't get configmap kube-system/ack-cluster-profile: configmaps "ack-cluster-profile" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "kube-system" (Forbidden, HTTP 403)
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 4
    "#);
    let server = cluster(ApiServerOptions::default());
    let outcome = lister(&server, &["clusterrolebindings"]).run(&["scan", "-o", "json", "--fail-on", "unknown"]);
    assert_eq!(outcome.status, Status::Incomplete, "incomplete comes before findings");
    let document = document(&outcome);
    assert_eq!(document["incomplete"], true);
    assert!(document["clusters"][0]["error"].as_str().unwrap().contains("rolebindings"), "{outcome}");
    assert_eq!(document["grants"].as_array().unwrap().len(), 1);
}

#[test]
fn where_nothing_may_be_read_the_scan_failed() {
    let server = cluster(ApiServerOptions::default());
    assert_snapshot!(printed(&server, &lister(&server, &[]).run(&["scan"])), @r#"
    --- stderr
    error: [server]: can't list clusterrolebindings.rbac.authorization.k8s.io: clusterrolebindings.rbac.authorization.k8s.io is forbidden: User "ann" cannot list resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope (Forbidden, HTTP 403)
    hint: ask for list on clusterrolebindings and rolebindings (rbac.authorization.k8s.io)
    --- exit 1
    "#);
    assert_snapshot!(printed(&server, &lister(&server, &[]).run(&["scan", "-o", "json"])), @r#"
    --- stderr
    error: [server]: can't list clusterrolebindings.rbac.authorization.k8s.io: clusterrolebindings.rbac.authorization.k8s.io is forbidden: User "ann" cannot list resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope (Forbidden, HTTP 403)
    hint: ask for list on clusterrolebindings and rolebindings (rbac.authorization.k8s.io)
    --- exit 1
    "#);
}

#[test]
fn somebody_who_may_list_both_gets_a_complete_answer() {
    let server = cluster(ApiServerOptions::default());
    let outcome = lister(&server, &["clusterrolebindings", "rolebindings"]).run(&["scan"]);
    assert_snapshot!(printed(&server, &outcome), @r#"
    UID                  TYPE      NAME     STATE     BINDING                    ROLE
    200000000000000101   Unknown   <none>   Unknown   ClusterRoleBinding/-/ops   ClusterRole/cs:ops
    200000000000000101   Unknown   <none>   Unknown   RoleBinding/shop/shared    Role/dev
    200000000000000102   Unknown   <none>   Unknown   RoleBinding/shop/shared    Role/dev
    300000000000000201   Unknown   <none>   Unknown   RoleBinding/shop/role      Role/dev
    --- stderr
    [server]: can't get configmap kube-system/alibabacloud-auth: configmaps "alibabacloud-auth" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "kube-system" (Forbidden, HTTP 403)
    [server]: can't get configmap kube-system/ack-cluster-profile: configmaps "ack-cluster-profile" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "kube-system" (Forbidden, HTTP 403)
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    "#);
}

fn mapping(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "ramauthenticator.k8s.alibabacloud/v1alpha1", "kind": "RAMIdentityMapping", "metadata": {"name": name, "creationTimestamp": CREATED}, "spec": spec})
}

#[test]
fn mappings_of_the_authenticator_are_grants_too() {
    let server = cluster(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() });
    let spec = json!({"arn": format!("acs:ram::{ACCOUNT}:user/carl"), "username": "carl-in-the-cluster", "groups": ["mapped"]});
    server.put(mapping("carl", &spec), "test").unwrap();
    server.put(role_binding("shop", "by-name", &[user("carl-in-the-cluster")]), "test").unwrap();
    server.put(cluster_role_binding("by-group", &[group("mapped")]), "test").unwrap();
    let session = administrator(&server);
    assert_snapshot!(with_three_spaces(&printed(&server, &session.run(&["scan", "-o", "wide"]))), @"
    UID   TYPE   NAME   STATE   BINDING   ROLE   SUBJECT   SHARED-WITH   KUBECONFIG   EXPIRES   AGE   EVIDENCE
    200000000000000101   Unknown   <none>   Unknown   ClusterRoleBinding/-/ops   ClusterRole/cs:ops   200000000000000101-1735689600   Group/4711,ServiceAccount/shop/4712   <none>   <none>   90d   the cloud was not asked
    200000000000000101   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev   200000000000000101-1735689600   User/200000000000000102-1735689600,ServiceAccount/shop/robot,User/plain-name   <none>   <none>   90d   the cloud was not asked
    200000000000000102   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev   200000000000000102-1735689600   ServiceAccount/shop/robot,User/200000000000000101-1735689600,User/plain-name   <none>   <none>   90d   the cloud was not asked
    300000000000000201   Unknown   <none>   Unknown   RoleBinding/shop/role   Role/dev   300000000000000201   <none>   <none>   <none>   90d   the cloud was not asked
    <none>   Unknown   <none>   Unknown   RAMIdentityMapping/-/carl   ClusterRole/cs:ops   carl-in-the-cluster   <none>   <none>   <none>   90d   no RAM UID is known
    <none>   Unknown   <none>   Unknown   RAMIdentityMapping/-/carl   Role/dev   carl-in-the-cluster   <none>   <none>   <none>   90d   no RAM UID is known
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    ");
    document(&session.run(&["scan", "-o", "json"]));
}

#[test]
fn mappings_that_exist_and_may_not_be_read_make_the_answer_incomplete() {
    let server = cluster(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() });
    let outcome = lister(&server, &["clusterrolebindings", "rolebindings"]).run(&["scan", "-o", "json"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert_eq!(rows(&outcome).len(), 4);
    assert!(document(&outcome)["clusters"][0]["error"].as_str().unwrap().contains("ramidentitymappings"), "{outcome}");
}

#[test]
fn the_authenticators_config_map_is_read_where_it_exists() {
    let server = cluster(ApiServerOptions::default());
    let users = format!("- userarn: acs:ram::{ACCOUNT}:user/carl\n  username: carl\n  groups: [mapped]\n");
    let roles = format!("- rolearn: acs:ram::{ACCOUNT}:role/deployer\n  username: deployer\n  groups: []\n");
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "alibabacloud-auth", "namespace": "kube-system"},
        "data": {"mapUsers": users, "mapRoles": roles},
    });
    server.put(cluster_role_binding("by-group", &[group("mapped")]), "test").unwrap();
    server.put(map, "test").unwrap();
    let outcome = administrator(&server).run(&["scan", "-o", "wide"]);
    assert_snapshot!(with_three_spaces(&printed(&server, &outcome)), @"
    UID   TYPE   NAME   STATE   BINDING   ROLE   SUBJECT   SHARED-WITH   KUBECONFIG   EXPIRES   AGE   EVIDENCE
    200000000000000101   Unknown   <none>   Unknown   ClusterRoleBinding/-/ops   ClusterRole/cs:ops   200000000000000101-1735689600   Group/4711,ServiceAccount/shop/4712   <none>   <none>   90d   the cloud was not asked
    200000000000000101   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev   200000000000000101-1735689600   User/200000000000000102-1735689600,ServiceAccount/shop/robot,User/plain-name   <none>   <none>   90d   the cloud was not asked
    200000000000000102   Unknown   <none>   Unknown   RoleBinding/shop/shared   Role/dev   200000000000000102-1735689600   ServiceAccount/shop/robot,User/200000000000000101-1735689600,User/plain-name   <none>   <none>   90d   the cloud was not asked
    300000000000000201   Unknown   <none>   Unknown   RoleBinding/shop/role   Role/dev   300000000000000201   <none>   <none>   <none>   90d   the cloud was not asked
    <none>   Unknown   <none>   Unknown   RAMIdentityMapping/-/alibabacloud-auth:mapRoles:0   <none>   deployer   <none>   <none>   <none>   <none>   no RAM UID is known
    <none>   Unknown   <none>   Unknown   RAMIdentityMapping/-/alibabacloud-auth:mapUsers:0   ClusterRole/cs:ops   carl   <none>   <none>   <none>   <none>   no RAM UID is known
    --- stderr
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    --- exit 0
    ");
}

#[test]
fn a_bad_entry_of_the_authenticators_config_map_costs_itself_alone() {
    let server = cluster(ApiServerOptions::default());
    let users = format!("- oops\n- userarn: acs:ram::{ACCOUNT}:user/carl\n  username: carl\n  groups: [mapped]\n");
    let map = |users: &str, roles: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "alibabacloud-auth", "namespace": "kube-system"},
            "data": {"mapUsers": users, "mapRoles": roles},
        })
    };
    server.put(cluster_role_binding("by-group", &[group("mapped")]), "test").unwrap();
    server.put(map(&users, "\"\""), "test").unwrap();
    let outcome = administrator(&server).run(&["scan"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert!(
        outcome.stdout.contains("RAMIdentityMapping/-/alibabacloud-auth:mapUsers:1   ClusterRole/cs:ops"),
        "{outcome}"
    );
    for sentence in [
        "ConfigMap kube-system/alibabacloud-auth: mapUsers:0 is text instead of a mapping, and the authenticator drops it",
        "ConfigMap kube-system/alibabacloud-auth: mapRoles is empty text instead of a list, and maps no identity",
    ] {
        assert!(outcome.stderr.contains(sentence), "{outcome}");
    }
    server.put(map(&users.replace("- oops\n", ""), "\"\""), "test").unwrap();
    let outcome = administrator(&server).run(&["scan"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
}

#[test]
fn a_cluster_is_chosen_by_its_id() {
    let (one, other) = (cluster(ApiServerOptions::default()), ApiServer::start(ApiServerOptions::default()).unwrap());
    other.put(cluster_role_binding("there", &[user("7-1")]), "test").unwrap();
    let credential = |server: &ApiServer| Credential::of(&server.administrator().unwrap());
    let second = format!("{UID}-{OTHER_CLUSTER}");
    let file = kubeconfig(&one, &["system:masters"])
        .cluster("other", &other.url(), Some(&other.ca_pem()))
        .user("other", &credential(&other))
        .context(&second, "other", "other");
    let session = session_with(&file);
    let outcome = session.run(&["scan", "--cluster-id", OTHER_CLUSTER, "-o", "json"]);
    assert_eq!(rows(&outcome), ["7-1 ClusterRoleBinding/-/there "]);
    assert_eq!(document(&outcome)["clusters"][0]["context"], second);
    assert!(one.faults().exchanges().is_empty(), "the current context was asked too");
    assert_snapshot!(session.run(&["scan", "--cluster-id", "c000000000000000000000000000000ff"]), @r#"
    --- stderr
    error: cluster c000000000000000000000000000000ff: not reached: no context leads to it
    hint: name its context with --context beside --cluster-id, get a kubeconfig for it, or let --temporary-credentials get one for 15 minutes
    --- exit 1
    "#);
}

#[test]
fn names_from_the_cluster_steer_no_terminal() {
    let server = cluster(ApiServerOptions::default());
    let hostile = "evil\u{1b}[2J\u{202e}\nline";
    server.put(cluster_role_binding("shared-with-evil", &[user("7-1"), user(hostile)]), "test").unwrap();
    let session = administrator(&server);
    for format in ["wide", "csv", "name"] {
        let outcome = session.run(&["scan", "--uid", "7", "-o", format]);
        assert!(!outcome.to_string().contains(['\u{1b}', '\u{202e}']), "{outcome:?}");
    }
    let document = document(&session.run(&["scan", "--uid", "7", "-o", "json"]));
    assert_eq!(document["grants"][0]["sharedWith"], json!([format!("User/{hostile}")]));
    assert_snapshot!(session.run(&["scan", "--uid", "7", "-o", "csv", "--no-headers", "-q"]), @r#"
    7,Unknown,,Unknown,ClusterRoleBinding/-/shared-with-evil,ClusterRole/cs:ops,7-1,User/evil\u{1b}[2J\u{202e}\u{a}line,,,90d,the cloud was not asked
    --- exit 0
    "#);
}

#[test]
fn an_id_that_the_cluster_contradicts_is_a_warning_and_its_own_word_counts() {
    let server = cluster(ApiServerOptions::default());
    server.put(profile_of(OTHER_CLUSTER), "test").unwrap();
    let session = administrator(&server);
    let outcome = session.run(&["scan", "--uid", ROLE, "-o", "json"]);
    assert_eq!(document(&outcome)["grants"][0]["clusterId"], OTHER_CLUSTER);
    assert_snapshot!(outcome.stderr, @r#"
    warning: the context's name says that the cluster is c5e8f0a1b2c3d4e5f60718293a4b5c6d7, the cluster itself says c0000000000000000000000000000beef
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    "#);
}

#[test]
fn the_users_word_counts_for_a_context_that_tells_no_id_until_the_cluster_says_otherwise() {
    let server = cluster(ApiServerOptions::default());
    let credential = Credential::of(&server.administrator().unwrap());
    let file = Kubeconfig::new()
        .cluster("c", &server.url(), Some(&server.ca_pem()))
        .user("u", &credential)
        .context("plain", "c", "u")
        .current("plain");
    let session = session_with(&file);
    let words = ["scan", "--context", "plain", "--cluster-id", CLUSTER, "-o", "json"];
    assert_eq!(document(&session.run(&words))["clusters"][0]["id"], CLUSTER);
    server.put(profile_of(OTHER_CLUSTER), "test").unwrap();
    let outcome = session.run(&words);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Failed, ""), "{outcome}");
    assert!(outcome.stderr.contains(&format!("cluster {CLUSTER} was not reached")), "{outcome}");
}

#[test]
fn a_profile_that_cannot_be_read_makes_the_answer_incomplete() {
    let server = cluster(ApiServerOptions::default());
    let broken =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "etcd is gone", "code": 500});
    let fault = Fault::Answer { code: 500, content_type: "application/json", body: broken.to_string() };
    server.faults().add("GET", "/ack-cluster-profile", 9, fault);
    let outcome = administrator(&server).run(&["scan", "-o", "json"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert!(outcome.stderr.contains("etcd is gone"), "{outcome}");
}

#[test]
fn a_config_map_that_is_none_makes_the_answer_incomplete() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    let named = |name: &str| json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "namespace": "kube-system"}});
    for map in ["ack-cluster-profile", "alibabacloud-auth"] {
        for (code, body) in [
            (200, "{}".to_owned()),
            (200, "[]".to_owned()),
            (200, String::new()),
            (200, "\u{1}".to_owned()),
            (200, json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}).to_string()),
            (
                200,
                json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": map, "namespace": "kube-system"}})
                    .to_string(),
            ),
            (200, named("kube-root-ca.crt").to_string()),
            (206, named(map).to_string()),
            (404, "{}".to_owned()),
        ] {
            let row = format!("{map} {code} {body}");
            server.faults().add("GET", map, 9, Fault::Answer { code, content_type: "application/json", body });
            let outcome = session.run(&["scan", "-o", "json"]);
            assert_eq!(outcome.status, Status::Incomplete, "{row} {outcome}");
            let error = document(&outcome)["clusters"][0]["error"].to_string();
            assert!(error.contains(map), "{row} {outcome}");
            if map == "ack-cluster-profile" {
                assert_eq!(session.run(&["whoami"]).status, Status::Incomplete, "{row}");
            }
            server.faults().clear();
        }
        server.faults().add(
            "GET",
            map,
            9,
            Fault::Answer { code: 200, content_type: "application/json", body: named(map).to_string() },
        );
        assert_eq!(session.run(&["scan"]).status, Status::Done, "{map}: an empty one is one");
        server.faults().clear();
    }
}

#[test]
fn the_clusters_owner_is_root() {
    let server = cluster(ApiServerOptions::default());
    server.put(profile_of(CLUSTER), "test").unwrap();
    server.put(cluster_role_binding("root", &[user(&format!("{ACCOUNT}-1"))]), "test").unwrap();
    let outcome = administrator(&server).run(&["scan", "--uid", ACCOUNT, "-o", "json"]);
    let grant = document(&outcome)["grants"][0].clone();
    assert_eq!((&grant["type"], &grant["state"]), (&json!("Root"), &json!("Unknown")), "{grant:#}");
}

#[test]
fn the_story_of_the_tour_has_the_leavers_three_grants() {
    let story = Story::start(ApiServerOptions::default()).unwrap();
    let session = crate::cli::desk::session().with("KUBECONFIG", story.operator.clone());
    let uid = ackcred_sandbox::story::LEAVER.uid;
    let outcome = session.run(&["scan", "--uid", uid, "-o", "json"]);
    let rows = rows(&outcome);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("RoleBinding/billing/month-end")), "{rows:?}");
}

#[test]
fn flags_alone_lead_to_a_cluster() {
    let tokens = [("a-token".to_owned(), User::authenticated("robot", ["system:masters"]))];
    let server = cluster(ApiServerOptions { tokens: tokens.into(), ..ApiServerOptions::default() });
    let session = crate::cli::desk::session();
    session.write("ca.pem", server.ca_pem()).unwrap();
    let url = server.url();
    let flags = ["-s", &url, "--certificate-authority", "ca.pem", "--token", "a-token", "-o", "json"];
    let outcome = session.run(&[&["scan"], &flags[..]].concat());
    assert_eq!((outcome.status, rows(&outcome).len()), (Status::Done, 4), "{outcome}");
    let whoami = document(&session.run(&[&["whoami"], &flags[..]].concat()));
    assert_eq!(whoami["apiServer"]["username"], "robot");
    let unchecked = ["scan", "-s", &url, "--insecure-skip-tls-verify", "--token", "a-token", "-o", "name"];
    assert_eq!(session.run(&unchecked).status, Status::Done);
    let checked = ["scan", "-s", &url, "--token", "a-token"];
    assert_eq!(session.run(&checked).status, Status::Failed, "an unknown authority");
}

#[test]
fn outside_a_pod_nobody_pretends_to_be_in_one() {
    let session = administrator(&cluster(ApiServerOptions::default()));
    let outcome = session.run(&["scan", "--in-cluster"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Failed, ""), "{outcome}");
    assert_snapshot!(outcome.stderr, @"error: not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
}

/// A failure in mid-scan shows no part of a list as the whole.
#[test]
fn a_list_that_breaks_off_is_not_shown_in_part() {
    let server = cluster(ApiServerOptions::default());
    let session = administrator(&server);
    server.faults().add("GET", "/rolebindings", 9, Fault::Truncate(200));
    let outcome = session.run(&["scan", "-o", "json"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert_eq!(
        rows(&outcome),
        ["200000000000000101-1735689600 ClusterRoleBinding/-/ops Group/4711,ServiceAccount/shop/4712"]
    );
    assert_snapshot!(printed(&server, &outcome).lines().rev().take(4).collect::<Vec<_>>().join("\n"), @"
    --- exit 4
    identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)
    the cluster's ID is only known from the context's name: the cluster did not confirm it
    warning: [server]: can't list rolebindings.rbac.authorization.k8s.io in all namespaces: the connection was closed before the answer was complete
    ");
}

#[test]
fn nobody_is_asked_when_the_context_cannot_be_chosen() {
    let trap = Trap::set();
    let file = Kubeconfig::new().cluster("c", &trap.url(), None).user("u", &Credential::None);
    let session = session_with(&file.context("a", "c", "u"));
    assert_eq!(session.run(&["scan"]).status, Status::Failed);
    assert_eq!(session.run(&["scan", "--context", "gone"]).status, Status::Failed);
    trap.assert_untouched();
}
