//! `lint` over several clusters, one of which does not answer.

use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::fleet::scene::Scene;

#[test]
fn findings_name_their_cluster_and_commands_lead_there() {
    let scene = Scene::of(3);
    scene.fleet.clusters[2].server.shut().unwrap();
    let outcome = scene.session.run(&["lint", "--all-contexts", "-o", "json"]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    for cluster in &scene.fleet.clusters[..2] {
        let of_cluster: Vec<&Value> = findings.iter().filter(|one| one["clusterId"] == cluster.id.as_str()).collect();
        assert!(of_cluster.iter().any(|one| one["id"] == "L11"), "{}: {document:#}", cluster.id);
        for finding in of_cluster {
            let context = finding["context"].as_str().unwrap();
            for command in finding["fix"]["commands"].as_array().unwrap() {
                assert!(command.as_str().unwrap().contains(context), "{command} does not lead to {context}");
            }
        }
    }
    let unread = document["clusters"].as_array().unwrap().iter().filter(|one| !one["error"].is_null()).count();
    assert_eq!((unread, &document["incomplete"]), (1, &Value::Bool(true)));
    let table = scene.session.run(&["lint", "--all-contexts"]).stdout;
    assert!(table.starts_with("CLUSTER-ID"), "{table}");
}
