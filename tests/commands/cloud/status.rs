//! `status`: the console's two views, with what is left behind, auditing, and the last access.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::cloud::{self, Auditing, CloudFault, FaultKind};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const OTHER_CLUSTER: &str = "c0123456789abcdef0123456789abcdef";

fn item<'a>(document: &'a Value, field: &str, wanted: &str) -> &'a Value {
    let items = document["items"].as_array().unwrap();
    items.iter().find(|item| item[field] == wanted).unwrap_or_else(|| panic!("no {wanted} in {document}"))
}

#[test]
fn a_cluster_shows_everybody_with_a_kubeconfig_or_a_binding() {
    let scene = Scene::small().signed_in();
    let (status, document, stderr) = scene.json(&["status"]);
    assert_eq!(status, Status::Done, "{stderr}");
    assert_eq!(document["items"].as_array().unwrap().len(), SMALL.users + SMALL.roles + 8);
    let facts = |uid| {
        let item = item(&document, "uid", uid);
        ["type", "name", "accountState", "kubeconfig", "bindings", "residue", "revocable"]
            .map(|field| item[field].clone())
    };
    assert_eq!(json!(facts(OPERATOR)), json!(["RamUser", "ann", "Active", "Effective", 1, false, false]));
    assert_eq!(json!(facts(FROZEN)), json!(["RamUser", "fred", "Frozen", "Effective", 1, false, true]));
    assert_eq!(json!(facts(CONFIRMED)), json!(["RamUser", "carl", "Deleted", "Effective", 1, false, true]));
    assert_eq!(json!(facts(UNBOUND)), json!(["RamUser", "uma", "Deleted", "Expired", 0, false, true]));
    // Bindings where no kubeconfig is listed are what a revocation left.
    assert_eq!(json!(facts(INFERRED)), json!(["Unknown", null, "Deleted", null, 1, true, null]));
    assert_eq!(json!(facts(RECYCLED)), json!(["RamUser", "rita", "Recycled", null, 1, true, null]));
    assert_eq!(json!(facts(ACCOUNT)), json!(["Root", "root", "Active", "Effective", 1, false, false]));
    assert_eq!(document["items"][0]["accountState"], "Deleted");
    assert!(stderr.contains("1 deleted identity has an effective kubeconfig here"), "{stderr}");
    assert_eq!(document["clusters"][0]["ramAuthenticator"], false);
    let cluster = &document["clusters"][0];
    assert_eq!(
        (&cluster["auditing"], &cluster["auditProject"]),
        (&json!("Enabled"), &json!(format!("k8s-log-{CLUSTER}")))
    );
}

#[test]
fn standard_error_tells_of_auditing_and_of_the_authenticator() {
    let heading = |scene: &Scene<ApiServer>, args: &[&str]| {
        let outcome = scene.run(args);
        assert!(outcome.stdout.starts_with("UID "), "{outcome}");
        outcome.stderr.lines().find(|line| line.starts_with("AUDITING")).unwrap().to_owned()
    };
    let plain = Scene::small().signed_in();
    for args in [&["status"][..], &["status", "--activity"]] {
        assert_eq!(heading(&plain, args), "AUDITING: enabled   RAM-AUTHENTICATOR: not installed");
    }
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let installed = Scene::stage(server, SMALL, |account| account).signed_in();
    installed.cloud.edit(|cloud_state| cloud_state.cluster_mut(CLUSTER).unwrap().auditing = Auditing::Off);
    for args in [&["status"][..], &["status", "--activity"]] {
        assert_eq!(heading(&installed, args), "AUDITING: disabled   RAM-AUTHENTICATOR: installed");
    }
}

#[test]
fn where_ack_does_not_say_whether_it_audits_a_search_may() {
    let scene = Scene::small().signed_in();
    let auditing = |args: &[&str]| {
        let (status, document, stderr) = scene.json(args);
        assert_eq!(status, Status::Incomplete, "{stderr}");
        assert!(stderr.contains("cs:GetClusterAuditProject"), "{stderr}");
        let cluster = &document["clusters"][0];
        assert_eq!(cluster["auditProject"], Value::Null);
        cluster["auditing"].as_str().unwrap().to_owned()
    };
    for kind in [FaultKind::Forbidden, FaultKind::Body(r#"{"sls_project_name":"k8s-log"}"#.to_owned())] {
        scene.cloud.clear_faults();
        scene.cloud.add_fault(CloudFault::of("GetClusterAuditProject", kind));
        assert_eq!(auditing(&["status"]), "Unknown");
        assert_eq!(auditing(&["status", "--activity"]), "Enabled");
    }
    scene.cloud.add_fault(CloudFault::of("DescribeUserClusterActivityState", FaultKind::Forbidden));
    assert_eq!(auditing(&["status", "--activity"]), "Unknown");
}

#[test]
fn the_last_access_has_the_documents_three_outcomes() {
    let scene = Scene::small().signed_in();
    let at = now() - days(1);
    scene.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        *cluster = cluster.clone().active(CONFIRMED, at, "audit-1").active(FROZEN, now() - days(8), "audit-2");
    });
    let (status, document, stderr) = scene.json(&["status", "--activity"]);
    assert_eq!(status, Status::Done, "{stderr}");
    let found = &item(&document, "uid", CONFIRMED)["lastAccess"];
    let facts = ["outcome", "auditId", "project", "logstore"].map(|field| found[field].as_str().unwrap().to_owned());
    let places = (format!("k8s-log-{CLUSTER}"), format!("audit-{CLUSTER}"));
    assert_eq!(facts, ["Found", "audit-1", &places.0, &places.1]);
    assert_eq!(found["time"], at.to_string());
    let none = &item(&document, "uid", FROZEN)["lastAccess"];
    assert_eq!((&none["outcome"], &none["time"]), (&json!("None"), &Value::Null), "eight days are beyond the check");

    let table = scene.run(&["status", "--activity", "-o", "wide"]).stdout;
    let row = table.lines().find(|line| line.starts_with(CONFIRMED)).unwrap();
    assert!(row.contains(&format!("{at}   audit-1    k8s-log-{CLUSTER}/audit-{CLUSTER}")), "{row}");

    scene.cloud.edit(|cloud_state| cloud_state.cluster_mut(CLUSTER).unwrap().auditing = Auditing::Off);
    let (status, document, stderr) = scene.json(&["status", "--activity"]);
    assert_eq!(status, Status::Incomplete, "{stderr}");
    let failed = &item(&document, "uid", CONFIRMED)["lastAccess"];
    assert_eq!(failed["outcome"], "Failed");
    assert!(failed["error"].as_str().unwrap().contains("ErrorAuditNotEnabled"), "{failed}");
    assert_eq!(document["clusters"][0]["auditing"], "Disabled");
}

#[test]
fn an_identity_shows_its_clusters() {
    let scene = Scene::with(|account| {
        let removed = cloud::KubeconfigRecord::removed();
        account
            .cluster(cloud::AckCluster::new(OTHER_CLUSTER, "old").state("deleting").kubeconfig(CONFIRMED, removed))
            .cluster(cloud::AckCluster::new("c1123456789abcdef0123456789abcdef", "test").region("eu-central-1"))
    })
    .signed_in();
    let (status, document, stderr) = scene.json(&["status", CONFIRMED]);
    assert_eq!(status, Status::Done, "{stderr}");
    let facts = |id| {
        let item = item(&document, "clusterId", id);
        ["clusterName", "clusterState", "kubeconfig"].map(|field| item[field].as_str().unwrap())
    };
    assert_eq!(facts(CLUSTER), ["prod", "running", "Effective"]);
    assert_eq!(facts(OTHER_CLUSTER), ["old", "deleting", "Deleted"]);
    assert_eq!(facts("c1123456789abcdef0123456789abcdef"), ["test", "running", "NotIssued"]);
    let table = scene.run(&["status", CONFIRMED]).stdout;
    let header: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["CLUSTER-ID", "CLUSTER", "CLUSTER-STATE", "KUBECONFIG", "EXPIRES"]);
    assert!(table.contains("Not Issued"), "{table}");

    let (status, document, stderr) = scene.json(&["status", FROZEN, "--activity"]);
    assert_eq!((status, document["items"].as_array().unwrap().len()), (Status::Done, 3), "{stderr}");
    assert_eq!(item(&document, "clusterId", CLUSTER)["lastAccess"]["outcome"], "None");
}

#[test]
fn an_identitys_clusters_can_only_be_told_by_the_cloud() {
    let scene = Scene::small();
    for args in [&["status", CONFIRMED][..], &["status", CONFIRMED, "--offline"]] {
        let outcome = scene.run(args);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Failed, ""), "{outcome}");
        assert!(outcome.stderr.contains("only the cloud knows an identity's clusters"), "{outcome}");
        assert!(outcome.stderr.contains("hint: "), "{outcome}");
    }
    let scene = scene.signed_in();
    scene.cloud.add_fault(CloudFault::of("ListUserKubeConfigStates", FaultKind::Forbidden));
    let outcome = scene.run(&["status", CONFIRMED]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    assert!(outcome.stderr.contains("error: cs:ListUserKubeConfigStates"), "{outcome}");
}

#[test]
fn where_acks_list_fails_residue_is_not_told() {
    let scene = Scene::small().signed_in();
    scene.cloud.add_fault(CloudFault::of("ListClusterKubeconfigStates", FaultKind::Forbidden));
    let (status, document, stderr) = scene.json(&["status"]);
    assert_eq!(status, Status::Incomplete, "{stderr}");
    assert!(document["items"].as_array().unwrap().iter().all(|item| item["residue"].is_null()), "{document}");
    assert!(stderr.contains("cs:ListClusterKubeconfigStates"), "{stderr}");
}

#[test]
fn without_credentials_a_cluster_still_shows_its_bindings() {
    let scene = Scene::small();
    let (status, document, stderr) = scene.json(&["status"]);
    assert_eq!(status, Status::Done, "{stderr}");
    assert_eq!(document["items"].as_array().unwrap().len(), SMALL.users + SMALL.roles + 7);
    assert_eq!(document["cloud"], Value::Null);
    assert!(document["items"].as_array().unwrap().iter().all(|item| item["kubeconfig"].is_null()));
}

#[test]
fn kubeconfigs_with_longer_to_live_than_allowed_are_marked_in_both_views() {
    let scene = Scene::small().signed_in();
    scene.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        *cluster = cluster.clone().kubeconfig(FROZEN, cloud::KubeconfigRecord::effective(now() + days(1)));
    });
    let (status, document, stderr) = scene.json(&["status", "--max-lifetime", "24h"]);
    assert_eq!(status, Status::Done, "{stderr}");
    let long_lived = |uid| item(&document, "uid", uid)["longLived"].clone();
    assert_eq!(long_lived(CONFIRMED), true);
    assert_eq!(long_lived(FROZEN), false, "exactly as long as allowed");
    assert_eq!(long_lived(UNBOUND), false, "expired");
    assert_eq!(long_lived(RECYCLED), false, "no kubeconfig was issued");

    let (_, document, _) = scene.json(&["status"]);
    assert_eq!(item(&document, "uid", CONFIRMED)["longLived"], Value::Null, "without a rule nothing breaks it");
    let table = scene.run(&["status", "--max-lifetime", "1d"]).stdout;
    assert!(table.lines().next().unwrap().ends_with("REVOCABLE   LONG-LIVED"), "{table}");

    let (status, document, stderr) = scene.json(&["status", CONFIRMED, "--max-lifetime", "24h"]);
    assert_eq!((status, &item(&document, "clusterId", CLUSTER)["longLived"]), (Status::Done, &json!(true)), "{stderr}");
}

#[test]
fn fail_on_finds_long_lives_residue_and_deleted_identities() {
    let scene = Scene::small().signed_in();
    let fails_on = |findings: &str| scene.run(&["status", "--max-lifetime", "24h", "--fail-on", findings]).status;
    assert_eq!(
        ["longlived", "residue", "deleted", "LongLived,deleted"].map(fails_on),
        [Status::Findings; 4],
        "each is there"
    );
    let of_identity =
        |allowed: &str| scene.run(&["status", CONFIRMED, "--max-lifetime", allowed, "--fail-on", "longlived"]).status;
    assert_eq!(["24h", "2000d"].map(of_identity), [Status::Findings, Status::Done]);
    scene.cloud.add_fault(CloudFault::of("ListClusterKubeconfigStates", FaultKind::Forbidden));
    assert_eq!(fails_on("deleted"), Status::Incomplete, "what was not read may be a finding");
}

#[test]
fn a_gate_that_cannot_be_answered_is_not_passed() {
    let scene = Scene::small().signed_in();
    scene.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        *cluster = cluster.clone().kubeconfig(FROZEN, cloud::KubeconfigRecord::unknown());
    });
    let (status, document, stderr) = scene.json(&["status", "--max-lifetime", "24h", "--fail-on", "longlived"]);
    assert_eq!((status, &document["incomplete"]), (Status::Incomplete, &json!(true)), "{stderr}");
    assert!(stderr.contains("it is unknown of 1 row whether --fail-on finds it"), "{stderr}");
    let offline = scene.run(&["status", "--offline", "--fail-on", "residue"]);
    assert_eq!(offline.status, Status::Incomplete, "{offline}");
    let useless =
        [&["--fail-on", "longlived"][..], &[CONFIRMED, "--fail-on", "residue"], &[CONFIRMED, "--fail-on", "deleted"]];
    for useless in useless {
        let outcome = scene.run(&[&["status"], useless].concat());
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Usage, ""), "{outcome}");
    }
}
