//! What a state rests on: a number is a RAM identity's only where something shows it, a look-up shows no more than it says, and a role
//! by which a cloud service works is distinguished.

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::cloud::{
    Account, CloudFault, FaultKind, KubeconfigRecord, PermissionRecord, PermissionScope, Permissions, RamRole, Turn,
};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const RBAC: &str = "rbac.authorization.k8s.io";
/// In no list of the account.
const LEFT: &str = "200000000000000198";
/// By which a cloud service works.
const SERVICE: &str = "300000000000000777";

/// The objects of a file in tests/fixtures/cases.
fn case(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/cases/35-rbac/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

fn scene_with(objects: Vec<Value>) -> Scene<ApiServer> {
    let scene = Scene::small().signed_in();
    for object in objects {
        scene.server.put(object, "kubectl").unwrap();
    }
    scene
}

/// A ClusterRoleBinding of somebody.
fn bound(name: &str, role: &str, uid: &str) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": subject(uid)}],
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
    })
}

/// Whose permission records were asked for.
fn records_asked(scene: &Scene<ApiServer>) -> Vec<String> {
    let log = scene.cloud.log();
    let asked = log.iter().filter(|request| request.action == "DescribeUserPermission");
    let mut uids: Vec<String> = asked.map(|request| request.parameters["Uid"].clone()).collect();
    uids.sort();
    uids
}

/// The UIDs that a revocation of all deleted identities would be about.
fn all_deleted(scene: &Scene<ApiServer>) -> Vec<String> {
    let (_, plan, _) = scene.json(&["revoke", "--all-deleted", "--accept-inferred", "--force", "--dry-run"]);
    plan["targets"].as_array().unwrap().iter().map(|target| target["uid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn employee_numbers_of_an_issuer_are_unknown_and_never_deleted() {
    let scene = scene_with(case("oidc-numeric"));
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    let many_zeros = format!("{}1", "0".repeat(67));
    for uid in ["10042", "0", "2026", &many_zeros] {
        assert_eq!(scan.state(uid), "Unknown", "{uid}\n{scan}");
        assert!(scan.evidence(uid).contains("not shown to be a RAM identity"), "{uid}: {}", scan.evidence(uid));
    }
    // A number that begins with zero could be read as another identity's.
    assert_eq!(records_asked(&scene), ["10042", "2026"]);
    scan.assert_nobody_wrongly_deleted();
    assert_eq!(scan.in_state("Deleted"), GONE);
    assert_eq!(all_deleted(&scene), [CONFIRMED, UNBOUND, INFERRED], "the confirmed ones first");
    assert_eq!(scene.scan(&["--uid", "0"]).rows().len(), 1);
    for args in [["revoke", "0"], ["status", &many_zeros]] {
        let outcome = scene.run(&args);
        assert_eq!(outcome.status, Status::Usage, "{outcome}");
        assert!(outcome.stderr.contains("no UID in RAM begins with 0"), "{outcome}");
    }
}

#[test]
fn names_that_look_like_an_identitys_are_not_the_identity() {
    let scene = scene_with(case("bindings"));
    let scan = scene.scan(&["--all-users"]);
    let zero = "0200000000000000103";
    assert_eq!(scan.state(zero), "Unknown", "{scan}");
    assert!(scan.evidence(zero).ends_with("(no RAM identity's UID begins with 0)"), "{}", scan.evidence(zero));
    let names = |rows: Vec<&Value>| {
        let mut names: Vec<String> = rows
            .into_iter()
            .filter(|row| row["binding"]["name"] != format!("{CONFIRMED}-default-rolebinding"))
            .map(|row| format!("{} {}", row["binding"]["name"].as_str().unwrap(), row["subject"].as_str().unwrap()))
            .collect();
        names.sort();
        names
    };
    let own = format!("{CONFIRMED}-1761329487");
    let expected = [format!("gone-role {own}"), format!("twice {CONFIRMED}"), format!("twice {own}")];
    assert_eq!(names(scan.of(CONFIRMED)), expected, "a repeated subject is one grant");
    let resembling = names(scan.document["resembling"].as_array().unwrap().iter().collect());
    let alike = ["", " ", "-", "-1-2", "@example.com"].map(|rest| format!("lookalikes {CONFIRMED}{rest}"));
    assert_eq!(resembling, alike[1..], "{scan}");
    assert!(!all_deleted(&scene).contains(&zero.to_owned()));
}

#[test]
fn each_trace_lets_absence_from_ram_be_a_deletion() {
    let state = |scene: &Scene<ApiServer>| {
        let scan = scene.scan(&["--all-users"]);
        (scan.status, scan.state(LEFT).to_owned(), scan.evidence(LEFT).to_owned())
    };
    let own = format!("{LEFT}-clusterrolebinding");
    let by_ack = scene_with(vec![bound(&own, "cs:admin", LEFT)]);
    let (status, word, evidence) = state(&by_ack);
    assert_eq!((status, word.as_str()), (Status::Done, "Deleted"), "{evidence}");
    assert!(evidence.ends_with("shown to be a RAM identity by a binding that ACK named"), "{evidence}");
    assert_eq!(records_asked(&by_ack), Vec::<String>::new());

    // Anyone may choose a binding's name: a role of one's own shows nothing.
    let by_role = scene_with(vec![bound(&own, "oncall", LEFT)]);
    let (status, word, evidence) = state(&by_role);
    assert_eq!((status, word.as_str()), (Status::Done, "Unknown"), "{evidence}");
    assert!(evidence.ends_with("; not shown to be a RAM identity"), "{evidence}");

    by_role.cloud.edit(|cloud_state| {
        let record = PermissionRecord::custom(LEFT, PermissionScope::Cluster, "oncall");
        cloud_state.cluster_mut(CLUSTER).unwrap().permissions.push(record);
    });
    let (status, word, evidence) = state(&by_role);
    assert_eq!((status, word.as_str()), (Status::Done, "Deleted"), "{evidence}");
    assert!(evidence.ends_with("by a record of cs:DescribeUserPermission"), "{evidence}");

    by_role.permit(Permissions::everything().denying("cs:GetUserPermissions"));
    let (status, word, evidence) = state(&by_role);
    assert_eq!((status, word.as_str()), (Status::Incomplete, "Unknown"), "{evidence}");
    assert!(evidence.contains("its permission records unread: cs:DescribeUserPermission"), "{evidence}");

    let listed = scene_with(vec![bound("oncall", "oncall", LEFT)]);
    listed.cloud.edit(|cloud_state| {
        let expired = KubeconfigRecord::expired(now() - days(3)).account_state("");
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        cluster.kubeconfigs.insert(LEFT.to_owned(), expired);
    });
    let (status, word, evidence) = state(&listed);
    assert_eq!((status, word.as_str()), (Status::Done, "Deleted"), "{evidence}");
    assert!(evidence.ends_with("by a row of cs:ListClusterKubeconfigStates"), "{evidence}");
}

#[test]
fn of_many_numbers_without_a_trace_a_few_are_asked_for_and_the_longest_first() {
    let numbers = (1..=60).map(|number| format!("{number:05}").replacen('0', "7", 1));
    let mut objects: Vec<Value> =
        numbers.map(|number| bound(&format!("employee-{number}"), "cs:restricted", &number)).collect();
    objects.push(bound("oncall", "oncall", LEFT));
    let scene = scene_with(objects);
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    let asked = records_asked(&scene);
    assert_eq!((asked.len(), asked.contains(&LEFT.to_owned())), (40, true), "{asked:?}");
    assert_eq!(scan.in_state("Deleted"), GONE);
    assert!(
        scan.evidence("70060").contains("its permission records unread: more than 40"),
        "{}",
        scan.evidence("70060")
    );
}

#[test]
fn who_is_found_by_uid_alone_may_be_frozen() {
    let scene = Scene::small().signed_in();
    for action in ["ListUsers", "ListUserBasicInfos", "ListClusterKubeconfigStates"] {
        scene.cloud.add_fault(CloudFault::of(action, FaultKind::Forbidden));
    }
    let scan = scene.scan(&["--all-users", "--fail-on", "unknown"]);
    assert_eq!(scan.status, Status::Incomplete, "{scan}");
    for uid in [FROZEN, &Account::numbered_user(3)] {
        assert_eq!(scan.state(uid), "Unknown", "{scan}");
        let evidence = scan.evidence(uid);
        assert!(evidence.starts_with("exists in ims:GetUser; whether it is frozen is unknown: "), "{evidence}");
    }
    assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
}

#[test]
fn where_the_list_of_the_bin_broke_off_it_is_asked_by_uid() {
    let bin = |kind: FaultKind, turn: Turn| {
        let scene = Scene::small().signed_in();
        scene.cloud.add_fault(CloudFault::of("ListUsersInRecycleBin", kind).on(turn));
        let scan = scene.scan(&["--all-users"]);
        let log = scene.cloud.log();
        let asked = log.iter().filter(|request| request.action == "GetUserInRecycleBin").count();
        (scan, asked)
    };
    for turn in [Turn::From(1), Turn::From(2)] {
        let (scan, asked) = bin(FaultKind::Forbidden, turn);
        assert_eq!((scan.status, scan.state(RECYCLED)), (Status::Incomplete, "Recycled"), "{scan}");
        assert_eq!(scan.state(INFERRED), "Unknown", "{scan}");
        let evidence = scan.evidence(INFERRED);
        assert!(evidence.ends_with("ims:GetUserInRecycleBin found no such user, which proves nothing"), "{evidence}");
        assert!(asked > 0 && asked <= 5, "{asked}: those alone whom no list of the living has");
    }
    let whole = Scene::small().signed_in();
    whole.scan(&["--all-users"]);
    assert!(!whole.cloud.log().iter().any(|request| request.action == "GetUserInRecycleBin"));
}

/// A cluster in which a cloud service works by a role of its own.
fn with_a_service() -> Scene<ApiServer> {
    let scene = scene_with(vec![bound(&format!("{SERVICE}-clusterrolebinding"), "cs:admin", SERVICE)]);
    scene.cloud.edit(|cloud_state| {
        let lasting = KubeconfigRecord::effective(now() + days(400)).owner("RamRole", "aliyunserviceroleforarms");
        let account = cloud_state.account_mut(ACCOUNT).unwrap();
        account.roles.push(RamRole::new(SERVICE, "aliyunserviceroleforarms"));
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        cluster.kubeconfigs.insert(SERVICE.to_owned(), lasting.account_state("Active").cloud_service("arms"));
    });
    scene
}

#[test]
fn a_cloud_services_role_is_distinguished_in_every_view() {
    let scene = with_a_service();
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    let row = scan.of(SERVICE)[0];
    assert_eq!(
        (&row["type"], &row["state"], &row["kubeconfig"]),
        (&json!("CloudService"), &json!("Active"), &json!("Effective"))
    );
    let (status, document, stderr) = scene.json(&["status"]);
    assert_eq!(status, Status::Done, "{stderr}");
    let item = document["items"].as_array().unwrap().iter().find(|item| item["uid"] == SERVICE).unwrap();
    assert_eq!(
        (&item["type"], &item["kubeconfig"], &item["residue"]),
        (&json!("CloudService"), &json!("Effective"), &json!(false))
    );
    assert!(scene.run(&["scan", "--all-users"]).stdout.contains("CloudService"));
}

#[test]
fn an_unread_list_of_cloud_services_is_said_and_spoils_no_other() {
    let scene = with_a_service();
    let of_services = CloudFault::of("ListClusterKubeconfigStates", FaultKind::Forbidden);
    scene.cloud.add_fault(of_services.with_parameter("cloudServiceKubeConfig", "true"));
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Incomplete, "{scan}");
    assert!(scan.stderr.contains("cs:ListClusterKubeconfigStates"), "{scan}");
    assert_eq!(scan.state(CONFIRMED), "Deleted", "{scan}");
    assert!(scan.evidence(CONFIRMED).starts_with("confirmed: "), "{}", scan.evidence(CONFIRMED));
    scan.assert_nobody_wrongly_deleted();
    // The service's own kubeconfig is in that list: its binding may be no residue.
    let (status, document, _) = scene.json(&["status"]);
    let item = document["items"].as_array().unwrap().iter().find(|item| item["uid"] == SERVICE).unwrap();
    assert_eq!((status, &item["residue"]), (Status::Incomplete, &json!(null)));
    let (_, plan, said) = scene.json(&["revoke", SERVICE, "--dry-run"]);
    let warning = format!("whether a cloud service works by {SERVICE} is unknown");
    assert!(plan["warnings"].to_string().contains(&warning), "{plan:#}\n{said}");
}
