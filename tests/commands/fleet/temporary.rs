//! A credential of fifteen minutes, where no context leads to a cluster: only when somebody says so, and never unnoticed.

use ackcred_sandbox::cloud::{CloudFault, FaultKind};
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::fleet::scene::*;

const ISSUE: &str = "DescribeClusterUserKubeconfig";

fn issued(scene: &Scene) -> Vec<String> {
    let log = scene.fleet.cloud.log();
    let issued = log.iter().filter(|request| request.action == ISSUE);
    issued.map(|request| request.parameters["TemporaryDurationMinutes"].clone()).collect()
}

fn audit(scene: &Scene) -> Vec<Value> {
    let file = std::fs::read_to_string(scene.session.home().join("state/audit.jsonl")).unwrap_or_default();
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn nothing_is_issued_unless_somebody_says_so() {
    let scene = Scene::of(2).with_contexts_of(&[0]);
    assert_eq!(scene.run(&["scan", "--all-clusters"]).status, Status::Incomplete);
    assert!(issued(&scene).is_empty() && audit(&scene).is_empty());
}

#[test]
fn clusters_without_a_context_are_read_and_the_report_and_the_audit_file_say_how() {
    let scene = Scene::of(3).with_contexts_of(&[1]);
    let report = scene.json(&["scan", "--all-clusters", "--temporary-credentials"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.grants().len(), 3 * GRANTS);
    assert_eq!(issued(&scene), ["15", "15"]);
    for cluster in report.document["clusters"].as_array().unwrap() {
        let by_context = cluster["id"] == scene.ids()[1];
        assert_eq!(
            (cluster["temporaryCredential"].as_bool(), cluster["context"].is_null()),
            (Some(!by_context), !by_context)
        );
    }
    let lines = audit(&scene);
    let mut clusters: Vec<String> = lines.iter().map(|line| text(&line["clusters"][0])).collect();
    clusters.sort();
    let mut expected = [scene.ids()[0], scene.ids()[2]];
    expected.sort_unstable();
    assert_eq!(clusters, expected);
    for line in &lines {
        assert_eq!((&line["action"], &line["operation"]), (&"issueTemporaryCredential".into(), &Value::Null));
        assert!(text(&line["who"][0]).contains("user/ann"), "{line}");
    }
    let written: Vec<_> = std::fs::read_dir(scene.session.home().join("state")).unwrap().collect();
    assert_eq!(written.len(), 1, "the credential itself is written nowhere");
}

#[test]
fn one_cluster_that_is_named_by_its_id_is_reached_so_too() {
    let scene = Scene::of(2).with_contexts_of(&[0]);
    let report = scene.json(&["scan", "--cluster-id", scene.ids()[1], "--temporary-credentials"]);
    assert_eq!((report.status, report.ids_of("grants")), (Status::Done, vec![scene.ids()[1].to_owned()]));
}

#[test]
fn what_is_not_issued_is_a_cluster_that_was_not_read() {
    let scene = Scene::of(2).with_contexts_of(&[0]);
    scene.fleet.cloud.add_fault(CloudFault::of(ISSUE, FaultKind::Forbidden));
    let report = scene.json(&["scan", "--all-clusters", "--temporary-credentials"]);
    assert_eq!((report.status, report.grants().len()), (Status::Incomplete, GRANTS), "{report:?}");
    let [(id, reason)] = &report.unread()[..] else { panic!("{report:?}") };
    assert_eq!(id, scene.ids()[1]);
    assert!(reason.starts_with("no temporary credential: ") && reason.contains(ISSUE), "{reason}");
}

#[test]
fn what_can_not_be_written_down_is_not_issued() {
    let scene = Scene::of(2).with_contexts_of(&[0]);
    scene.session.write("state", "no folder").unwrap();
    let report = scene.json(&["scan", "--all-clusters", "--temporary-credentials"]);
    assert_eq!((report.status, report.unread().len()), (Status::Incomplete, 1), "{report:?}");
    assert!(issued(&scene).is_empty());
}

#[test]
fn whoever_has_them_issued_needs_no_kubeconfig() {
    let Scene { fleet, session } = Scene::of(2);
    let scene = Scene { session: session.with("KUBECONFIG", "gone"), fleet };
    let report = scene.json(&["scan", "--all-clusters", "--temporary-credentials"]);
    assert_eq!((report.status, report.grants().len()), (Status::Done, 2 * GRANTS), "{report:?}");
    assert_eq!(scene.run(&["scan", "--all-clusters"]).status, Status::Failed);
}
