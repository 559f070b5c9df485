//! One's own kubeconfig is rotated in several clusters: one plan, one consent, one file whose entries change one after the other.

use std::fs;

use ackcred_sandbox::client::Connector;
use ackcred_sandbox::cloud::{CloudFault, FaultKind, RetryHint, Turn};
use kubectl_ackcred::status::Status;

use crate::fleet::scene::*;

const CALL: &str = "RevokeK8sClusterKubeConfig";
const ROTATE: [&str; 6] = ["rotate", "--all-contexts", "--in-place", "--yes", "--settle", "0"];
const NODES: &str = "/api/v1/nodes";

/// What the certificate of each cluster's entry gets in that cluster.
fn statuses(scene: &Scene, kubeconfig: &str) -> Vec<u16> {
    let asked = scene.fleet.clusters.iter().map(|cluster| {
        let connector = Connector::of_kubeconfig(kubeconfig, Some(&cluster.context)).unwrap();
        connector.client().unwrap().send("GET", NODES, &[], "").unwrap().code
    });
    asked.collect()
}

fn file(scene: &Scene) -> String {
    fs::read_to_string(scene.fleet.folder().join("config")).unwrap()
}

#[test]
fn every_entry_of_ones_own_is_replaced_and_a_busy_cloud_is_waited_for() {
    let scene = Scene::of(3);
    let before = file(&scene);
    assert_eq!(statuses(&scene, &before), [200; 3]);
    let busy = FaultKind::Throttled(Some(RetryHint::AcsRetryAfter(20)));
    // The account's calls are counted over all clusters: the second one comes too soon.
    scene.fleet.cloud.add_fault(CloudFault::of(CALL, busy).on(Turn::Nth(2)));
    let report = scene.json(&ROTATE);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!((report.ids_of("verification").len(), report.ids_of("written").len(), scene.calls(CALL)), (3, 3, 4));
    assert_eq!((statuses(&scene, &before), statuses(&scene, &file(&scene))), (vec![403; 3], vec![200; 3]));
    let first = text(&report.document["written"][0]["backup"]);
    assert_eq!(fs::read_to_string(first).unwrap(), before);

    let history = scene.json(&["history"]);
    assert_eq!(history.document["operations"][0]["clusterIds"].as_array().unwrap().len(), 3);
}

#[test]
fn one_consent_shows_each_cluster_and_what_can_not_be_read_is_left_out() {
    let scene = Scene::of(3);
    scene.fleet.kill(1).unwrap();
    let before = file(&scene);
    let args = ["rotate", "--all-contexts", "--in-place", "--settle", "0"];
    let declined = scene.session.run_answering(Some("yes\n"), &args);
    assert_eq!(declined.status, Status::Refused, "{declined}");
    assert_eq!(declined.stderr.matches("Type ").count(), 1, "{declined}");
    assert!(scene.ids().iter().all(|id| declined.stderr.contains(id)), "{declined}");
    assert_eq!(file(&scene), before);

    let report = scene.json(&ROTATE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!((report.ids_of("verification").len(), scene.calls(CALL)), (2, 2));
    assert!(report.stderr.contains(&scene.fleet.clusters[1].context), "{}", report.stderr);
}

#[test]
fn what_is_refused_in_one_cluster_is_done_in_the_others() {
    let scene = Scene::of(2).change_cluster(1, |cluster| cluster.state("deleting"));
    let before = file(&scene);
    let report = scene.json(&ROTATE);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!((report.ids_of("written"), scene.calls(CALL)), (vec![scene.ids()[0].to_owned()], 1));
    assert_eq!((statuses(&scene, &before), statuses(&scene, &file(&scene))), (vec![403, 200], vec![200, 200]));

    let nowhere = scene.run(&["rotate", "--all-contexts", "--yes"]);
    assert_eq!(nowhere.status, Status::Refused, "{nowhere}");
    assert!(nowhere.stderr.contains("several kubeconfigs can't be written to standard output"), "{nowhere}");
}

#[test]
fn a_rotation_is_verified_once_each_cluster_was() {
    let scene = Scene::of(2);
    let before = file(&scene);
    scene.fleet.cloud.add_fault(CloudFault::of(CALL, FaultKind::Forbidden).on(Turn::From(2)));
    let first = scene.json(&[&ROTATE[..], &["--wait", "0s"]].concat());
    assert_eq!(first.status, Status::Incomplete, "{first:?}");
    scene.fleet.cloud.clear_faults();
    let id = text(&first.document["operation"]);
    let resume = ["rotate", "--resume", &id, "--yes", "--settle", "0"];
    let one = scene.json(&[&resume[..], &["--context", &scene.fleet.clusters[0].context]].concat());
    assert_eq!((one.status, scene.last_outcome()), (Status::Incomplete, "Incomplete".to_owned()), "{one:?}");
    assert!(one.stderr.contains("resume it: kubectl ackcred rotate --resume "), "{}", one.stderr);
    assert_eq!(statuses(&scene, &before), [403, 200]);
}

/// The current context is that of the cluster in which nothing is left to do.
#[test]
fn a_rotation_goes_on_in_the_clusters_that_it_was_begun_in() {
    let scene = Scene::of(3);
    let before = file(&scene);
    let two = [0, 2].map(|place| scene.fleet.clusters[place].context.clone());
    let elsewhere = scene.json(&["rotate", "--context", &two[0], "--in-place", "--yes", "--settle", "0"]);
    assert_eq!(elsewhere.status, Status::Done, "{elsewhere:?}");
    scene.fleet.cloud.add_fault(CloudFault::of(CALL, FaultKind::Forbidden));
    let first = scene.json(&["rotate", "--context", &two[1], "--in-place", "--yes", "--settle", "0", "--wait", "0s"]);
    assert_eq!(first.status, Status::Incomplete, "{first:?}");
    scene.fleet.cloud.clear_faults();
    let resumed = scene.json(&["rotate", "--resume", &text(&first.document["operation"]), "--yes", "--settle", "0"]);
    assert_eq!((resumed.status, scene.last_outcome()), (Status::Done, "Verified".to_owned()), "{resumed:?}");
    assert_eq!(resumed.ids_of("verification"), [scene.ids()[2]]);
    assert_eq!((statuses(&scene, &before), statuses(&scene, &file(&scene))), (vec![403, 200, 403], vec![200; 3]));

    let all = [&ROTATE[..], &["--wait", "0s"]].concat();
    scene.fleet.cloud.add_fault(CloudFault::of(CALL, FaultKind::Forbidden).on(Turn::From(2)));
    let first = scene.json(&all);
    assert_eq!(first.status, Status::Incomplete, "{first:?}");
    scene.fleet.cloud.clear_faults();
    let resumed = scene.json(&["rotate", "--resume", &text(&first.document["operation"]), "--yes", "--settle", "0"]);
    assert_eq!((resumed.status, resumed.ids_of("verification").len()), (Status::Done, 3), "{resumed:?}");
    assert_eq!(statuses(&scene, &before), [403; 3]);
}
