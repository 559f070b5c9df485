//! What the operator may not read is no absence: the missing right is named, and nothing is called Verified.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{CARL, Incident, check_of, result_of};

crate::on_both_servers!(
    a_config_map_that_may_not_be_read_is_no_absent_one,
    mappings_of_an_absent_group_need_no_right,
    without_the_right_to_watch_the_lists_tell
);

const CONFIG_MAPS: &str = "/api/v1/namespaces/kube-system/configmaps";

/// An operator who may do all that a revocation needs by these verbs, and read these ConfigMaps alone.
fn may(verbs: &[&str], config_maps: &[&str]) -> Value {
    json!([
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": verbs},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": config_maps, "verbs": ["get"]},
        {"apiGroups": ["authorization.k8s.io"], "resources": ["*"], "verbs": ["create"]},
    ])
}

const CHANGE: [&str; 7] = ["get", "list", "create", "update", "patch", "delete", "bind"];
const CHANGE_AND_WATCH: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "bind"];
const BOTH: [&str; 2] = ["ack-cluster-profile", "alibabacloud-auth"];

fn put_a_mapping<C: Cluster>(incident: &Incident<C>) {
    let users = "- userarn: acs:ram::1000000000000001:user/carl\n  username: carl\n  groups: ['system:masters']\n";
    let object = json!({"metadata": {"name": "alibabacloud-auth"}, "data": {"mapUsers": users}});
    incident.post(CONFIG_MAPS, &object);
}

fn revoke<C: Cluster>(incident: &Incident<C>, settle: &str) -> (Status, Value, String) {
    incident.json(&["revoke", CARL, "--yes", "--settle", settle])
}

fn result_and_detail<'r>(report: &'r Value, check: &str) -> (&'r str, &'r str) {
    (result_of(report, check), check_of(report, check)["detail"].as_str().unwrap())
}

/// Neither server has the authenticator's API group here: it may run on the ConfigMap alone.
fn a_config_map_that_may_not_be_read_is_no_absent_one<C: Cluster>(server: C) {
    let rules = may(&CHANGE, &["ack-cluster-profile"]);
    let incident = Incident::stage(server, |setup| setup.operator_may(rules));
    put_a_mapping(&incident);
    incident.server.catch_up().unwrap();
    let (status, report, said) = revoke(&incident, "0");
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Unverifiable", "{report:#}");
    let (result, detail) = result_and_detail(&report, "MappingsAndGroups");
    let right = "missing right: get configmaps/alibabacloud-auth in namespace kube-system";
    assert!(result == "Error" && detail.contains(right), "{report:#}");

    // With the right it is found.
    let incident = Incident::stage(incident.end(), |setup| setup.operator_may(may(&CHANGE, &BOTH)));
    put_a_mapping(&incident);
    incident.server.catch_up().unwrap();
    let (status, report, said) = revoke(&incident, "0");
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Residual", "{report:#}");
    assert!(report["verification"][0]["checks"].to_string().contains("system:masters"), "{report:#}");
}

/// The list of RAMIdentityMappings is denied whether or not there is such a kind; that there is no such API group is seen by all.
fn mappings_of_an_absent_group_need_no_right<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup.operator_may(may(&CHANGE, &BOTH)));
    let (status, report, said) = revoke(&incident, "0");
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Verified", "{report:#}");
}

#[test]
fn mappings_of_a_group_that_exists_do() {
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let incident = Incident::stage(server, |setup| setup.operator_may(may(&CHANGE, &BOTH)));
    let (status, report, said) = revoke(&incident, "0");
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    let (result, detail) = result_and_detail(&report, "MappingsAndGroups");
    let right = "missing right: list ramidentitymappings.ramauthenticator.k8s.alibabacloud";
    assert!(result == "Error" && detail.contains(right), "{report:#}");
}

fn without_the_right_to_watch_the_lists_tell<C: Cluster>(mut server: C) {
    for (verbs, expected) in [
        (&CHANGE[..], "no right to watch; listed again after 1 s: nothing came back"),
        (&CHANGE_AND_WATCH[..], "watched for 1 s, then listed again: nothing came back"),
    ] {
        let rules = may(verbs, &BOTH);
        let incident = Incident::stage(server, |setup| setup.operator_may(rules));
        let (status, report, said) = revoke(&incident, "1s");
        assert_eq!(status, Status::Done, "{said}\n{report:#}");
        assert_eq!(result_and_detail(&report, "Settled"), ("Passed", expected), "{report:#}");
        server = incident.end();
    }
}

/// An operation that could ask nothing before the change can't make up for it afterwards.
#[test]
fn what_was_not_asked_before_the_change_is_missing_on_resuming_too() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let incident = Incident::stage(server, |setup| setup);
    let down = Fault::Answer { code: 503, content_type: "text/plain", body: "no reviews today".to_owned() };
    incident.server.faults().add("POST", "/subjectaccessreviews", usize::MAX, down);
    let (_, report, said) = revoke(&incident, "0");
    let why = "the access reviews before the change failed: ";
    let (result, detail) = result_and_detail(&report, "AccessReviews");
    assert!(result == "Error" && detail.starts_with(why) && detail.contains("no reviews today"), "{said}\n{report:#}");
    incident.server.faults().clear();
    let id = report["operation"].as_str().unwrap().to_owned();
    let (status, report, said) = incident.json(&["revoke", "--resume", &id, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Unverifiable", "{report:#}");
    let (result, detail) = result_and_detail(&report, "AccessReviews");
    assert!(result == "Error" && detail.contains("no question on record"), "{said}\n{report:#}");
}
