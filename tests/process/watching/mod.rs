//! deploy/: the manifests as the real API server takes them, and what runs in them under the rights that they give.

#![cfg(target_os = "linux")]

mod cluster;
mod pod;
mod script;

use std::fs;

use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::people::CARL;
use serde_json::{Value, json};

use self::cluster::watched;
use self::pod::Pod;

const FOLDERS: [&str; 3] = ["deploy/base", "deploy/textfile", "deploy/verify"];

fn root(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_api_server_takes_the_manifests() {
    let Some(watched) = watched() else { return };
    for folder in FOLDERS {
        let (objects, said) = watched
            .kubectl
            .run(&["apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", &root(folder)], "");
        // A dry run leaves the namespace's level as it is, and that has no folders of a node.
        let warnings =
            said.lines().filter(|line| line.contains("Warning") && !line.contains("volume type \"hostPath\""));
        assert_eq!(warnings.count(), 0, "{folder}: {said}");
        let wanted = watched.kubectl.rendered(folder).len();
        assert_eq!(objects.matches("serverside-applied (server dry run)").count(), wanted, "{folder}: {objects}");
    }
}

/// The job's pod itself, by the admission that a real pod goes through.
#[test]
fn the_pod_is_admitted_at_the_level_of_its_namespace() {
    let Some(watched) = watched() else { return };
    let pod_of = |folder: &str| {
        let objects = watched.kubectl.rendered(folder);
        let job = objects.iter().find(|object| object["kind"] == "CronJob").unwrap();
        let template = job["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone();
        let metadata = json!({"name": "once", "namespace": "ackcred"});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template}).to_string()
    };
    let create = |folder| watched.kubectl.try_to(&["create", "--dry-run=server", "-f", "-"], &pod_of(folder));
    assert!(create("deploy/base").is_ok());
    // The folder of a node is why deploy/textfile lowers the level.
    let refused = create("deploy/textfile").unwrap_err();
    assert!(refused.contains("violates PodSecurity \"restricted") && refused.contains("hostPath"), "{refused}");
}

const SCAN: [&str; 5] = ["scan", "--in-cluster", "--all-users", "-o", "json"];

fn state_of(document: &str, uid: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let items = document["grants"].as_array().unwrap();
    items.iter().find(|item| item["uid"] == uid).map(|item| item["state"].as_str().unwrap().to_owned())
}

#[test]
fn the_rights_of_the_service_account_are_enough_and_each_is_needed() {
    let Some(watched) = watched() else { return };
    let Some(pod) = Pod::of(&watched) else { return };
    let whole = pod.run(&SCAN);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert_eq!(state_of(&whole.stdout, CARL.uid).as_deref(), Some("Deleted"), "{}", whole.stdout);
    let mut taken = 0;
    for (kind, namespace, missing) in [
        ("clusterrole", None, &["clusterrolebindings", "rolebindings", "ramidentitymappings"][..]),
        ("role", Some("kube-system"), &["ack-cluster-profile", "alibabacloud-auth"][..]),
    ] {
        let target: Vec<&str> =
            [kind, "ackcred-watch"].into_iter().chain(namespace.iter().flat_map(|name| ["-n", *name])).collect();
        let live = watched.kubectl.get(&target);
        assert_eq!(live["rules"].as_array().unwrap().len(), missing.len(), "a rule that is not tried: {live}");
        for (index, right) in missing.iter().enumerate() {
            let remove = json!([{"op": "remove", "path": format!("/rules/{index}")}]).to_string();
            let patch: Vec<&str> =
                ["patch"].into_iter().chain(target.clone()).chain(["--type=json", "-p", &remove]).collect();
            watched.kubectl.run(&patch, "");
            watched.plane.catch_up().unwrap();
            let less = pod.run(&SCAN);
            if *right == "ack-cluster-profile" {
                // It says whose the cluster is: without it nothing shows that the account's lists are the ones to look into.
                assert_ne!(state_of(&less.stdout, CARL.uid).as_deref(), Some("Deleted"), "{}", less.stdout);
            } else {
                assert_eq!(less.code, 4, "without {right}: {}{}", less.stdout, less.stderr);
            }
            assert!((less.stdout + &less.stderr).contains(right), "{right} is not named");
            watched.kubectl.apply("deploy/base");
            watched.plane.catch_up().unwrap();
            taken += 1;
        }
    }
    assert_eq!(taken, 5);
    assert_eq!(pod.run(&SCAN).code, 0, "all is as it was");
}

#[test]
fn without_the_rights_nothing_is_scanned() {
    let Some(watched) = watched() else { return };
    let Some(pod) = Pod::of(&watched) else { return };
    watched.kubectl.run(&["delete", "clusterrolebinding", "ackcred-watch"], "");
    watched.plane.catch_up().unwrap();
    assert_eq!(pod.run(&SCAN).code, 1);
    watched.kubectl.apply("deploy/base");
}

/// Each alert has a summary and a case.
#[test]
fn the_dashboard_and_the_alerts_parse() {
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string(root("deploy/grafana/dashboard.json")).unwrap()).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() >= 6);
    let alerts: Value =
        serde_saphyr::from_str(&fs::read_to_string(root("deploy/prometheus/alerts.yaml")).unwrap()).unwrap();
    let tests: Value =
        serde_saphyr::from_str(&fs::read_to_string(root("deploy/prometheus/alerts_test.yaml")).unwrap()).unwrap();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(tests.to_string().contains(name), "{name} has no test");
        assert!(rule["annotations"]["summary"].is_string(), "{name}");
    }
}
