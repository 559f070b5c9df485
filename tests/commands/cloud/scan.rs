//! `scan` with names: the right one for everybody, whole, and in the view that was asked for.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::cloud::{Account, Permissions};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use kubectl_ackcred::status::Status;

use crate::cloud::scene::*;

/// With the operator and the frozen user 1,500 users, with the deployer 300 roles: two pages of each of RAM's and IMS's listings
/// at 1,000, and thirty-one of ACK's at 50.
const LARGE: Size = Size { users: 1498, roles: 299 };

#[test]
fn everybody_among_1500_users_and_300_roles_is_named() {
    names_everybody(ApiServer::start(ApiServerOptions::default()).unwrap());
}

#[test]
fn everybody_is_named_on_the_real_api_server() {
    let Some(assets) = assets_for("tests/commands cloud") else { return };
    names_everybody(ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap());
}

fn names_everybody(server: impl Cluster) {
    let scene = Scene::stage(server, LARGE, |account| account).signed_in();
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    assert_eq!(scan.document["incomplete"], false);
    assert_eq!(scan.document["clusters"][0]["name"], "prod");
    let mut wanted = vec![
        (ACCOUNT.to_owned(), "Root", "root".to_owned(), "Active"),
        (OPERATOR.to_owned(), "RamUser", "ann".to_owned(), "Active"),
        (FROZEN.to_owned(), "RamUser", "fred".to_owned(), "Frozen"),
        (RECYCLED.to_owned(), "RamUser", "rita".to_owned(), "Recycled"),
        (CONFIRMED.to_owned(), "RamUser", "carl".to_owned(), "Deleted"),
        (INFERRED.to_owned(), "Unknown", String::new(), "Deleted"),
        (UNBOUND.to_owned(), "RamUser", "uma".to_owned(), "Deleted"),
        (ROLE.to_owned(), "RamRole", "deployer".to_owned(), "Active"),
    ];
    let user = |number| (Account::numbered_user(number), "RamUser", format!("user-{number:04}"), "Active");
    let role = |number| (Account::numbered_role(number), "RamRole", format!("role-{number:04}"), "Active");
    wanted.extend((1..=LARGE.users).map(user));
    wanted.extend((1..=LARGE.roles).map(role));
    assert_eq!(scan.rows().len(), wanted.len(), "{scan}");
    for (uid, kind, name, state) in wanted {
        let rows = scan.of(&uid);
        let [row] = rows[..] else { panic!("{uid} has {} rows", rows.len()) };
        let facts = (row["type"].as_str(), row["name"].as_str().unwrap_or_default(), row["state"].as_str());
        assert_eq!(facts, (Some(kind), name.as_str(), Some(state)), "{uid}: {}", row["evidence"]);
    }
    assert!(scan.evidence(CONFIRMED).starts_with("confirmed: "), "{}", scan.evidence(CONFIRMED));
    assert!(scan.evidence(INFERRED).starts_with("inferred: "), "{}", scan.evidence(INFERRED));

    let worst = scene.scan(&[]);
    assert_eq!((worst.status, worst.rows().len()), (Status::Done, 4), "{worst}");
    assert_eq!(worst.document["hidden"], LARGE.users + LARGE.roles + 4);
}

#[test]
fn an_issued_kubeconfig_without_a_binding_is_a_row() {
    let scene = Scene::small().signed_in();
    let outcome = scene.run(&["scan", "-o", "wide"]);
    let row = outcome.stdout.lines().find(|line| line.starts_with(UNBOUND)).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[..6], [UNBOUND, "RamUser", "uma", "Deleted", "<none>", "<none>"], "{outcome}");
    assert!(row.contains("Expired") && row.contains("confirmed: "), "{row}");
    let scan = scene.scan(&[]);
    let rows = scan.of(UNBOUND);
    assert_eq!((&rows[0]["binding"], &rows[0]["role"], &rows[0]["subject"]), (&().into(), &().into(), &().into()));
}

#[test]
fn the_living_are_hidden_and_counted() {
    let scene = Scene::small().signed_in();
    let scan = scene.scan(&[]);
    let shown: Vec<&str> = scan.rows().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(shown, ["Deleted", "Deleted", "Deleted", "Recycled"]);
    assert!(scan.stderr.contains("29 rows of 29 living identities hidden; use --all-users to show them"), "{scan}");
    assert!(scan.stderr.contains("2 identities that no longer exist hold 2 bindings here"), "{scan}");
    let unbound = "1 identity that no longer exists has an issued kubeconfig and no binding";
    assert!(scan.stderr.contains(unbound), "{scan}");
}

#[test]
fn rows_are_chosen_by_state_and_by_identity() {
    let scene = Scene::small().signed_in();
    let frozen = scene.scan(&["--state", "frozen"]);
    assert_eq!((frozen.rows().len(), frozen.state(FROZEN)), (1, "Frozen"));
    let two = scene.scan(&["--state", "recycled", "--state", "deleted"]);
    assert_eq!(two.count(), [("Deleted", 3), ("Recycled", 1)].into());
    let named = scene.scan(&["--uid", ROLE, "--uid", OPERATOR]);
    assert_eq!(named.count(), [("Active", 2)].into());
    assert_eq!(scene.run(&["scan", "--uid", &subject(OPERATOR)]).status, Status::Usage);
}

#[test]
fn findings_end_with_3_where_they_were_asked_for() {
    let scene = Scene::small().signed_in();
    let status = |args: &[&str]| scene.scan(args).status;
    assert_eq!(status(&["--fail-on", "deleted"]), Status::Findings);
    assert_eq!(status(&["--fail-on", "recycled"]), Status::Findings);
    assert_eq!(status(&["--fail-on", "orphaned"]), Status::Findings);
    assert_eq!(status(&["--fail-on", "unknown"]), Status::Done);
    assert_eq!(status(&["--fail-on", "deleted", "--uid", ROLE]), Status::Done);
    // A failed source comes first: what was not read could hold more.
    scene.permit(Permissions::everything().denying("ram:ListUsersInRecycleBin"));
    assert_eq!(status(&["--fail-on", "deleted"]), Status::Incomplete);
}

#[test]
fn the_account_is_root_by_its_own_word_and_by_ownership() {
    let scene = Scene::small().signed_in();
    scene.cloud.edit(|cloud_state| cloud_state.cluster_mut(CLUSTER).unwrap().kubeconfigs.remove(ACCOUNT));
    let scan = scene.scan(&["--uid", ACCOUNT]);
    assert_eq!((scan.of(ACCOUNT)[0]["type"].as_str(), scan.state(ACCOUNT)), (Some("Root"), "Active"), "{scan}");
    // Without the cloud the cluster itself says who owns it.
    let offline = scene.scan(&["--uid", ACCOUNT, "--offline"]);
    assert_eq!((offline.of(ACCOUNT)[0]["type"].as_str(), offline.state(ACCOUNT)), (Some("Root"), "Unknown"));
}
