//! One plan, one consent and one journal for several clusters; what happens in one stays there.

use ackcred_sandbox::apiserver::{Fault, Faults};
use ackcred_sandbox::cloud::{CloudFault, FaultKind};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::fleet::scene::*;

const REVOKE: [&str; 6] = ["revoke", LEAVERS_UID, "--all-contexts", "--yes", "--settle", "0"];

fn operation(report: &Report) -> String {
    text(&report.document["operation"])
}

fn refused_in(report: &Report, code: &str) -> Vec<String> {
    let refusals = report.document["refusals"].as_array().unwrap().iter();
    refusals.filter(|one| one["code"] == code).map(|one| text(&one["clusterId"])).collect()
}

#[test]
fn access_goes_in_all_clusters_and_comes_back_in_all() {
    let scene = Scene::of(3);
    let report = scene.json(&REVOKE);
    assert_eq!(report.status, Status::Done, "{report:?}");
    let verified = report.document["verification"].as_array().unwrap();
    assert_eq!(verified.len(), 3);
    assert!(verified.iter().all(|one| one["outcome"] == "Verified"), "{verified:#?}");
    assert_eq!(report.ids_of("verification").len(), 3);
    assert_eq!(report.document["steps"].as_array().unwrap().len(), 3 * (GRANTS + 1));
    assert_eq!(scene.grants_of_leaver(), [0, 0, 0]);

    let history = scene.json(&["history"]);
    assert_eq!(history.document["operations"][0]["clusterIds"].as_array().unwrap().len(), 3);
    let restore = scene.json(&["restore", &operation(&report), "--yes", "--force"]);
    assert_eq!(restore.status, Status::Done, "{restore:?}");
    assert_eq!(scene.grants_of_leaver(), [GRANTS; 3]);

    assert_eq!(scene.json(&REVOKE).status, Status::Done, "and once more");
    assert_eq!(scene.grants_of_leaver(), [0, 0, 0]);
}

#[test]
fn one_cluster_of_several_is_given_back_alone() {
    let scene = Scene::of(2);
    let report = scene.json(&REVOKE);
    let restore = scene.json(&["restore", &operation(&report), "--yes", "--force", "--cluster-id", scene.ids()[1]]);
    assert_eq!(restore.status, Status::Done, "{restore:?}");
    assert_eq!(scene.grants_of_leaver(), [0, GRANTS]);
    let rest = scene.json(&["restore", &operation(&report), "--yes", "--force", "--cluster-id", scene.ids()[0]]);
    assert_eq!(rest.status, Status::Done, "{rest:?}");
    assert_eq!(scene.grants_of_leaver(), [GRANTS, GRANTS]);
}

#[test]
fn a_cluster_that_can_not_be_read_is_left_out_and_named() {
    let scene = Scene::of(3);
    scene.fleet.kill(1).unwrap();
    let dry = scene.json(&["revoke", LEAVERS_UID, "--all-contexts", "--dry-run=server"]);
    assert_eq!(refused_in(&dry, "ClusterUnread"), [scene.ids()[1]]);
    let report = scene.json(&REVOKE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.ids_of("verification").len(), 2);
    assert!(report.stderr.contains(&scene.fleet.clusters[1].context), "{}", report.stderr);
}

#[test]
fn what_is_refused_in_one_cluster_is_done_in_the_others() {
    let scene = Scene::of(2);
    // Of the second cluster, the account says that it is going.
    scene.fleet.cloud.edit(|cloud_state| {
        cloud_state.cluster_mut(scene.ids()[1]).unwrap().state = "deleting".to_owned();
    });
    let before = scene.fleet.clusters[1].server.faults().changes();
    let report = scene.json(&REVOKE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.ids_of("verification"), [scene.ids()[0]]);
    assert_eq!(scene.grants_of_leaver(), [0, GRANTS]);
    assert_eq!(scene.fleet.clusters[1].server.faults().changes(), before);
}

#[test]
fn where_all_are_refused_nothing_is_changed() {
    let scene = Scene::of(2);
    let report = scene.json(&["revoke", OPERATORS_UID, "--all-contexts", "--yes"]);
    assert_eq!(report.status, Status::Refused, "{report:?}");
    assert_eq!(refused_in(&report, "OwnIdentity").len(), 2);
    assert!(scene.fleet.clusters.iter().all(|cluster| cluster.server.faults().changes().is_empty()));
}

#[test]
fn whoever_holds_nothing_in_some_clusters_is_revoked_in_the_others() {
    let scene = Scene::of(3);
    // Only the second cluster knows the developer by a kubeconfig or a binding any more.
    let alone = ["revoke", DEVELOPERS_UID, "--yes", "--force", "--settle", "0"];
    let contexts = [0, 2].map(|place| scene.fleet.clusters[place].context.clone());
    let first = scene.json(&[&alone[..], &["--context", &contexts[0], "--context", &contexts[1]]].concat());
    assert_eq!(first.status, Status::Done, "{first:?}");
    scene.fleet.cloud.edit(|cloud_state| {
        for place in [0, 2] {
            cloud_state.cluster_mut(scene.ids()[place]).unwrap().kubeconfigs.remove(DEVELOPERS_UID);
        }
    });
    let report = scene.json(&[&alone[..], &["--all-contexts"]].concat());
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.ids_of("verification"), [scene.ids()[1]]);
    let nowhere = scene.json(&["revoke", "200000000000000999", "--all-contexts", "--yes"]);
    assert_eq!(nowhere.status, Status::Refused, "{nowhere:?}");
    assert_eq!(refused_in(&nowhere, "NothingIssued"), [""]);
}

/// Who holds nothing in a cluster is passed over there without a word: only where every list says so.
#[test]
fn what_an_identity_holds_in_a_cluster_is_not_nothing_because_a_list_failed() {
    for action in ["DescribeUserPermission", "ListUserKubeConfigStates"] {
        let scene = Scene::of(2);
        scene.fleet.cloud.edit(|cloud_state| {
            cloud_state.cluster_mut(scene.ids()[0]).unwrap().kubeconfigs.remove(DEVELOPERS_UID);
        });
        let alone = ["revoke", DEVELOPERS_UID, "--yes", "--force", "--settle", "0"];
        let context = scene.fleet.clusters[0].context.clone();
        let emptied = scene.json(&[&alone[..], &["--context", &context]].concat());
        assert_eq!(emptied.status, Status::Done, "{emptied:?}");
        scene.fleet.cloud.add_fault(CloudFault::of(action, FaultKind::Forbidden));
        let report = scene.json(&[&alone[..], &["--all-contexts"]].concat());
        assert_eq!(report.status, Status::Incomplete, "{action}: {report:?}");
        assert!(report.stderr.contains(&format!("cs:{action}")), "{action}: {report:?}");
        let held_back = format!("cluster {}: {DEVELOPERS_UID} has no binding in this cluster", scene.ids()[0]);
        assert!(report.stderr.contains(&held_back), "{action}: {report:?}");
        assert_eq!(report.ids_of("verification"), [scene.ids()[1]], "{action}");
    }
}

#[test]
fn a_plan_of_several_clusters_is_carried_out_only_while_it_holds() {
    let scene = Scene::of(2);
    let plan = scene.json(&["revoke", LEAVERS_UID, "--all-contexts", "--dry-run"]);
    assert_eq!(plan.ids_of("targets").len(), 2);
    let file = scene.session.write("plan.json", plan.document.to_string()).unwrap();
    let carry_out = ["revoke", "--plan", file.to_str().unwrap(), "--yes", "--settle", "0"];
    let report = scene.json(&carry_out);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(scene.grants_of_leaver(), [0, 0]);
    let again = scene.json(&carry_out);
    assert_eq!(again.status, Status::Refused, "{again:?}");
    assert_eq!(again.document["refusals"][0]["code"], "PlanChanged");
}

#[test]
fn where_a_right_is_missing_the_cluster_is_left_as_it_is() {
    let scene = Scene::of(2);
    let second = &scene.fleet.clusters[1].server;
    let forbidden = Fault::Answer { code: 403, content_type: "application/json", body: "{}".into() };
    second.faults().add("DELETE", "clusterrolebindings", 5, forbidden);
    let report = scene.json(&REVOKE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(scene.grants_of_leaver(), [0, GRANTS]);
    let why = "can't be changed: ";
    assert!(
        report.stderr.lines().any(|line| line.contains("ClusterRoleBinding/") && line.contains(why)),
        "{}",
        report.stderr
    );
}

fn breaks_down_after_the_dry_run(faults: &Faults) {
    faults.pass("PATCH", "month-end", 1);
    let down = Fault::Answer { code: 500, content_type: "text/plain", body: "down".into() };
    faults.add("PATCH", "month-end", usize::MAX, down);
}

#[test]
fn what_fails_in_one_cluster_is_gone_on_with() {
    let scene = Scene::of(2);
    let faults = scene.fleet.clusters[1].server.faults();
    breaks_down_after_the_dry_run(&faults);
    let report = scene.json(&REVOKE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.ids_of("verification").len(), 2, "what could be done was done, and looked at");
    assert_eq!(scene.grants_of_leaver(), [0, 1]);
    assert!(report.stderr.contains("revoke --resume"), "{}", report.stderr);
    let is_failure = |line: &&str| line.contains("Unknown  remove User/200000000000000103-");
    let failure = report.stderr.lines().find(is_failure).unwrap_or_else(|| panic!("{}", report.stderr));
    let place = format!(" from RoleBinding/billing/month-end in shop-002 ({})", scene.ids()[1]);
    assert!(failure.contains(&place), "{failure}");

    faults.clear();
    let resumed = scene.json(&["revoke", "--resume", &operation(&report), "--yes", "--settle", "0"]);
    assert_eq!(resumed.status, Status::Done, "{resumed:?}");
    assert_eq!(resumed.ids_of("verification").len(), 2, "what the first run has done is proven, too: {resumed:?}");
    assert_eq!(scene.grants_of_leaver(), [0, 0]);
    let restore = scene.json(&["restore", &operation(&report), "--yes", "--force"]);
    assert_eq!(restore.status, Status::Done, "{restore:?}");
    assert_eq!(scene.grants_of_leaver(), [GRANTS, GRANTS], "what both runs took is given back");
}

/// The first run fails in the second cluster; then one of the two can't be reached any more.
#[test]
fn an_operation_is_verified_once_each_cluster_was() {
    for (gone, proven, outcome) in [(1, 0, "Incomplete"), (0, 1, "Verified")] {
        let scene = Scene::of(2);
        let faults = scene.fleet.clusters[1].server.faults();
        breaks_down_after_the_dry_run(&faults);
        let first = scene.json(&REVOKE);
        assert_eq!(first.status, Status::Incomplete, "{first:?}");
        faults.clear();
        scene.fleet.kill(gone).unwrap();
        let resumed = scene.json(&["revoke", "--resume", &operation(&first), "--yes", "--settle", "0"]);
        assert_eq!(resumed.status, Status::Incomplete, "a cluster is left out: {resumed:?}");
        assert_eq!(resumed.ids_of("verification"), [scene.ids()[proven]]);
        assert_eq!(scene.last_outcome(), outcome, "{resumed:?}");
        let is_open = resumed.stderr.contains("resume it: kubectl ackcred revoke --resume ");
        assert_eq!(is_open, outcome == "Incomplete", "{}", resumed.stderr);
    }
}

#[test]
fn one_consent_covers_all_clusters_and_shows_each() {
    let scene = Scene::of(2);
    let args = ["revoke", LEAVERS_UID, "--all-contexts", "--settle", "0"];
    let declined = scene.session.run_answering(Some("yes\n"), &args);
    assert_eq!(declined.status, Status::Refused, "{declined}");
    for cluster in &scene.fleet.clusters {
        assert!(declined.stderr.contains(&cluster.id), "{declined}");
    }
    assert_eq!(declined.stderr.matches("Type ").count(), 1, "{declined}");
    assert_eq!(scene.grants_of_leaver(), [GRANTS, GRANTS]);
    let agreed = scene.session.run_answering(Some(&format!("{LEAVERS_UID}\n")), &args);
    assert_eq!(agreed.status, Status::Done, "{agreed}");
    assert_eq!(scene.grants_of_leaver(), [0, 0]);
}

#[test]
fn everybody_who_has_left_is_revoked_everywhere() {
    let scene = Scene::of(2);
    let report = scene.json(&["revoke", "--all-deleted", "--all-clusters", "--yes", "--settle", "0"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(scene.grants_of_leaver(), [0, 0]);
}

#[test]
fn the_originals_say_of_which_cluster_they_are() {
    let scene = Scene::of(2);
    let report = scene.json(&REVOKE);
    let folder = scene.session.home().join("state/operations").join(operation(&report)).join("originals");
    let names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2 * GRANTS);
    for id in scene.ids() {
        assert_eq!(names.iter().filter(|name| name.starts_with(&format!("{id}-"))).count(), GRANTS, "{names:?}");
    }
}

#[test]
fn a_leaked_file_is_of_one_cluster() {
    let scene = Scene::of(2);
    let file = scene.session.write("leaked.yaml", scene.fleet.kubeconfig_of(&[0])).unwrap();
    let outcome = scene.run(&["revoke", "-f", file.to_str().unwrap(), "--all-contexts"]);
    assert_eq!(outcome.status, Status::Usage, "{outcome}");
    scene.session.write("other.yaml", scene.fleet.kubeconfig_of(&[1])).unwrap();
    let report = scene.json(&["revoke", "-f", "leaked.yaml", "-f", "other.yaml", "--yes"]);
    assert_eq!(report.status, Status::Refused, "{report:?}");
    let refusals = refused_in(&report, "OtherCluster");
    assert_eq!(
        report.document["refusals"][0]["message"], "other.yaml is of another cluster than leaked.yaml",
        "{refusals:?}"
    );
}

#[test]
fn clusters_without_a_context_are_revoked_in_with_a_temporary_credential() {
    let scene = Scene::of(2).with_contexts_of(&[0]);
    let args = ["revoke", LEAVERS_UID, "--all-clusters", "--yes", "--settle", "0"];
    let partial = scene.json(&args);
    assert_eq!(partial.status, Status::Incomplete, "{partial:?}");
    let refused = |report: &Report| report.document["refusals"].clone();
    assert!(matches!(refused(&partial), Value::Null), "{partial:?}");
    let whole = scene.json(&[&args[..], &["--temporary-credentials"]].concat());
    assert_eq!(whole.status, Status::Done, "{whole:?}");
    assert_eq!(whole.ids_of("verification").len(), 2);
    assert!(whole.stderr.contains("is reached by a credential that was issued for this"), "{}", whole.stderr);
    // What was taken so can be given back so.
    let restore = ["restore", &operation(&whole), "--yes", "--force"];
    let unreached = scene.json(&restore);
    assert_eq!(
        (unreached.status, refused_in(&unreached, "ClusterUnread").len()),
        (Status::Refused, 1),
        "{unreached:?}"
    );
    let restored = scene.json(&[&restore[..], &["--temporary-credentials"]].concat());
    assert_eq!(restored.status, Status::Done, "{restored:?}");
}

#[test]
fn a_plan_finds_its_clusters_by_the_contexts_that_it_was_made_through() {
    let scene = Scene::of(2);
    // Contexts that tell no ID: the clusters themselves do.
    let mut plain = scene.fleet.kubeconfig();
    for (cluster, name) in scene.fleet.clusters.iter().zip(["one", "two"]) {
        plain = plain.replace(&cluster.context, name);
    }
    let file = scene.session.write("plain", plain).unwrap();
    let Scene { fleet, session } = scene;
    let scene = Scene { session: session.with("KUBECONFIG", file), fleet };
    let plan = scene.json(&["revoke", LEAVERS_UID, "--all-contexts", "--dry-run"]);
    let file = scene.session.write("plan.json", plan.document.to_string()).unwrap();
    let report = scene.json(&["revoke", "--plan", file.to_str().unwrap(), "--yes", "--settle", "0"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(scene.grants_of_leaver(), [0, 0]);
    let restore = scene.json(&["restore", &operation(&report), "--yes", "--force"]);
    assert_eq!(restore.status, Status::Done, "{restore:?}");
    assert_eq!(scene.grants_of_leaver(), [GRANTS, GRANTS]);
}

#[test]
fn a_name_in_ram_that_one_cluster_knows_is_looked_for_in_all() {
    let scene = Scene::of(2);
    // Of the two lists of kubeconfigs the first alone says what the leaver is called.
    scene.fleet.cloud.edit(|cloud_state| {
        let kubeconfigs = &mut cloud_state.cluster_mut(scene.ids()[0]).unwrap().kubeconfigs;
        let known = kubeconfigs.remove(LEAVERS_UID).unwrap().owner("RamUser", "carl");
        kubeconfigs.insert(LEAVERS_UID.to_owned(), known);
    });
    for (index, cluster) in scene.fleet.clusters.iter().enumerate() {
        let names = [format!("{LEAVERS_UID}.17"), "carl".to_owned()];
        let subjects: Vec<Value> = names[index..].iter().map(|name| json!({"kind": "User", "name": name})).collect();
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "alike"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}, "subjects": subjects,
        });
        cluster.server.put(binding, "console").unwrap();
    }
    let outcomes = |report: &Report| {
        let all = report.document["verification"].as_array().unwrap().iter();
        all.map(|one| text(&one["outcome"])).collect::<Vec<_>>()
    };
    let dotted = format!("{LEAVERS_UID}.17");
    let named = [&REVOKE[..], &["--also-name", &dotted]].concat();
    let report = scene.json(&named);
    assert_eq!((report.status, outcomes(&report)), (Status::Incomplete, vec!["Residual".to_owned(); 2]), "{report:?}");
    let found = "ClusterRoleBinding/-/alike gives ClusterRole/view to carl, which resembles a name of";
    let verifications = report.document["verification"].as_array().unwrap().iter();
    assert_eq!(verifications.filter(|one| one["checks"].to_string().contains(found)).count(), 2, "{report:?}");

    // What is gone by now is not there to be given.
    assert_eq!(scene.json(&named).status, Status::Refused);
    let report = scene.json(&[&REVOKE[..], &["--also-name", "carl"]].concat());
    assert_eq!((report.status, outcomes(&report)), (Status::Done, vec!["Verified".to_owned(); 2]), "{report:?}");
    let restore = scene.json(&["restore", &operation(&report), "--yes", "--force"]);
    assert_eq!(restore.status, Status::Done, "{restore:?}");
    let scan = scene.json(&["scan", "--all-contexts", "--uid", LEAVERS_UID, "--offline"]);
    assert_eq!(scan.document["resembling"], json!([]), "carl's name is not known offline");
}
