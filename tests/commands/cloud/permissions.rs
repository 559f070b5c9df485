//! docs/permissions.md, held to what it says: its policy and its roles are enough, and each action costs what its row says.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cloud::Permissions;
use ackcred_sandbox::cluster::Cluster;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const RBAC: &str = "rbac.authorization.k8s.io";

fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn policy() -> Vec<String> {
    let policy: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    assert_eq!((&policy["Version"], &policy["Statement"][0]["Effect"]), (&json!("1"), &json!("Allow")));
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn permissions(actions: &[String]) -> Permissions {
    Permissions::allowing(actions.iter().map(String::as_str))
}

const COMMANDS: [&[&str]; 5] = [
    &["whoami"],
    &["scan", "--all-users"],
    &["status"],
    &["status", "--activity"],
    &["status", CONFIRMED, "--activity"],
];

#[test]
fn the_policy_is_enough() {
    let scene = Scene::small().signed_in();
    scene.permit(permissions(&policy()));
    for args in COMMANDS {
        let outcome = scene.run(args);
        assert_eq!(outcome.status, Status::Done, "{outcome}");
    }
    assert_eq!(scene.scan(&["--all-users"]).in_state("Deleted"), GONE);
}

#[test]
fn a_missing_action_costs_the_commands_of_its_row_and_is_named() {
    for (missing, wanted) in [
        ("ram:ListUsers", "4 4 4 4 4"),
        ("ram:ListRoles", "4 4 4 4 4"),
        ("ram:ListUserBasicInfos", "4 4 4 4 4"),
        ("ram:ListUsersInRecycleBin", "4 4 4 4 4"),
        ("ram:GetUser", "0 0 0 0 0"),
        ("ram:GetUserInRecycleBin", "0 0 0 0 0"),
        ("cs:GetUserPermissions", "0 0 0 0 0"),
        ("cs:GetClusters", "4 4 4 4 0"),
        // The central listing stands in, and has the one cluster of this account.
        ("cs:DescribeRegions", "0 0 0 0 0"),
        ("cs:DescribeClustersForRegion", "0 0 0 0 0"),
        ("cs:ListClusterKubeconfigStates", "4 4 4 4 0"),
        ("cs:ListUserKubeConfigStates", "0 0 0 0 1"),
        ("cs:GetClusterAuditProject", "0 0 4 4 0"),
        // The sandbox takes the second of the two names that may be meant.
        ("cs:CheckUserClustersActivity", "0 0 0 4 4"),
    ] {
        let scene = Scene::small().signed_in();
        let rest: Vec<String> = policy().into_iter().filter(|action| action != missing).collect();
        assert_eq!(rest.len() + 1, policy().len(), "{missing} is not in the policy");
        scene.permit(permissions(&rest));
        let statuses = COMMANDS.map(|args| {
            let outcome = scene.run(args);
            let code = outcome.status.code();
            let said = outcome.stdout.contains(missing) || outcome.stderr.contains(missing);
            assert!(code == 0 || said, "{missing} is not named\n{outcome}");
            code.to_string()
        });
        assert_eq!(statuses.join(" "), wanted, "{missing}");
        scene.scan(&["--all-users"]).assert_nobody_wrongly_deleted();
    }
}

/// A cluster where the operator may do what these roles say, and nothing else.
fn scene_with(roles: &[Value]) -> Scene<ApiServer> {
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let scene = Scene::stage(server, SMALL, |account| account).signed_in();
    let administrator = scene.server.administrator().unwrap();
    let client = Client::new(&scene.server, Some(&administrator)).unwrap();
    let admin = format!("/apis/{RBAC}/v1/clusterrolebindings/{OPERATOR}-cluster-admin-clusterrolebinding");
    assert_eq!(client.send("DELETE", &admin, &[], "").unwrap().code, 200);
    for role in roles {
        let kind = role["kind"].as_str().unwrap();
        let folder = match role["metadata"]["namespace"].as_str() {
            Some(namespace) => format!("/apis/{RBAC}/v1/namespaces/{namespace}"),
            None => format!("/apis/{RBAC}/v1"),
        };
        let binding = json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": format!("{kind}Binding"), "metadata": {"name": "ackcred"},
            "subjects": [{"kind": "User", "apiGroup": RBAC, "name": subject(OPERATOR)}],
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role["metadata"]["name"]},
        });
        for (what, object) in [("s", role), ("bindings", &binding)] {
            let path = format!("{folder}/{}{what}", kind.to_lowercase());
            let reply = client.send("POST", &path, &[], &object.to_string()).unwrap();
            assert_eq!(reply.code, 201, "{}", reply.json());
        }
    }
    scene
}

/// The two for reading; the third, for revoking, is tried by tests/revoke/permissions.rs.
fn roles() -> [Value; 2] {
    let roles: Vec<Value> = blocks("yaml").iter().take(2).map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    roles.try_into().unwrap()
}

#[test]
fn the_roles_are_enough_where_the_authenticator_is_installed() {
    let scene = scene_with(&roles());
    for args in COMMANDS {
        let outcome = scene.run(args);
        assert_eq!(outcome.status, Status::Done, "{outcome}");
    }
    assert_eq!(scene.scan(&["--all-users"]).in_state("Deleted"), GONE);
}

#[test]
fn without_the_role_in_kube_system_the_owner_is_not_known_and_nothing_inferred() {
    let scene = scene_with(&roles()[..1]);
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Incomplete, "the authenticator's ConfigMap may map somebody\n{scan}");
    assert_eq!(scan.in_state("Deleted"), [CONFIRMED, UNBOUND], "{scan}");
    assert!(scan.evidence(INFERRED).contains("the cluster's owner unread: "), "{}", scan.evidence(INFERRED));
    // Nobody's access is in the profile: for whoami it is a note beside a full answer.
    let (status, document, stderr) = scene.json(&["whoami"]);
    assert_eq!(status, Status::Done, "{stderr}");
    assert!(document["warnings"].to_string().contains("the cluster ID is not confirmed"), "{document}");
}

#[test]
fn without_any_role_nothing_can_be_scanned() {
    let outcome = scene_with(&[]).run(&["scan"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Failed, ""), "{outcome}");
    assert!(outcome.stderr.contains("hint: ask for list on clusterrolebindings and rolebindings"), "{outcome}");
}
