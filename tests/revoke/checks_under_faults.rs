//! No check passes on an answer that it did not get: each is struck by each fault, on every path that it reads, while a grant that
//! it would find is really there. The outcome is never Verified, and the check itself never clean.

mod cloud_record;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, Gate};
use ackcred_sandbox::binding::BindingRef;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{CARL, Incident, check_of, name, result_of};
use crate::setting::{binding, user};

type Scene = Incident<ApiServer>;
type Report = (Status, Value, String);

/// Long enough for anything that is not meant to fail.
const GENEROUS: Duration = Duration::from_secs(60);
/// What each request may take where one of them never ends.
const SHORT: &str = "10s";
/// How many rows are under way at a time: they mostly wait.
const SIDE_BY_SIDE: usize = 4;

const LISTS: &str = "/apis/rbac.authorization.k8s.io/v1";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const CONFIG_MAP: &str = "/api/v1/namespaces/kube-system/configmaps/alibabacloud-auth";
const MAPPINGS: &str = "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings";
const FAULTS: [&str; 10] =
    ["refused", "hang", "garbage", "other kind", "status in a 200", "empty", "no object", "array", "part", "cut"];

/// What each request may take.
fn patience(fault: Option<&str>) -> &'static str {
    if fault == Some("hang") { SHORT } else { "30s" }
}

/// A path that a check reads.
struct Reading {
    check: &'static str,
    method: &'static str,
    path: String,
    /// A whole answer in which nothing is found.
    nothing: Value,
    /// What the check would find by this path.
    grant: fn(&Scene),
}

impl Reading {
    fn new(check: &'static str, path: impl Into<String>, nothing: Value, grant: fn(&Scene)) -> Self {
        Self { check, method: "GET", path: path.into(), nothing, grant }
    }

    fn fault(&self, name: &str) -> Fault {
        let json = |code, body: String| Fault::Answer { code, content_type: "application/json", body };
        let refused = |code| Fault::refusal(code, "Forbidden", "not through this door");
        let other = json!({
            "kind": "PodList", "apiVersion": "v1", "metadata": {"name": "x", "resourceVersion": "1"}, "items": [],
            "data": {}, "status": {"allowed": false, "userInfo": {"username": "x"}},
        });
        let nothing = self.nothing.to_string();
        match name {
            "refused" => refused(403),
            "hang" => Fault::HoldRequest(Gate::new()),
            "garbage" => json(200, "\u{1}garbage".to_owned()),
            "other kind" => json(200, other.to_string()),
            "status in a 200" => refused(200),
            "empty" => json(200, String::new()),
            "no object" => json(200, "{}".to_owned()),
            "array" => json(200, "[]".to_owned()),
            "part" => json(206, nothing),
            "cut" => Fault::Cut { body: nothing[..nothing.len() - 1].to_owned() },
            other => panic!("there is no fault {other}"),
        }
    }

    /// One revocation, during which the grant appears and the fault strikes whatever is read from then on.
    fn struck(&self, fault: Option<&str>, more: &[&str]) -> Report {
        let timeout = patience(fault);
        let args: Vec<&str> = ["--request-timeout", timeout].iter().chain(more).copied().collect();
        cleaned_and(&args, |incident| {
            (self.grant)(incident);
            if let Some(fault) = fault {
                incident.server.faults().add(self.method, &self.path, usize::MAX, self.fault(fault));
            }
        })
    }

    /// Without a fault the check finds the grant; with any it doesn't pass.
    fn never_passes(&self, fault: Option<&str>, report: &Report) {
        let (status, report, said) = report;
        let row = format!("{} {} {fault:?}", self.check, self.path);
        let verification = &report["verification"][0];
        let result = result_of(report, self.check);
        assert_eq!(*status, Status::Incomplete, "{row} {said}\n{report:#}");
        assert_ne!(verification["outcome"], "Verified", "{row} {said}\n{report:#}");
        match fault {
            None => assert_eq!(result, "Failed", "{row} {said}\n{report:#}"),
            Some(_) => assert!(matches!(result, "Failed" | "Error"), "{row} {result} {said}\n{report:#}"),
        }
    }
}

/// Revokes the leaver; when the cloud has done its part and before anything is verified, `meanwhile` happens.
fn cleaned_and(more: &[&str], meanwhile: impl FnOnce(&Scene)) -> Report {
    let (cleaned, is_cleaned) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let incident = Incident::stage(server, |setup| {
        setup.when_cleaned(move || {
            // The test may have given up waiting.
            let _ = cleaned.send(());
            let _ = may_go_on.lock().unwrap().recv_timeout(GENEROUS);
        })
    });
    let leaked = incident.leaked.display().to_string();
    let args: Vec<&str> = ["revoke", "-f", &leaked, "--yes", "--force"].iter().chain(more).copied().collect();
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| incident.json(&args));
        is_cleaned.recv_timeout(GENEROUS).expect("the cloud cleans");
        meanwhile(&incident);
        drop(go_on);
        revoking.join().unwrap()
    })
}

/// Runs every row, some at a time, and counts those that hold. The others have said why.
fn all<Row: Sync>(rows: &[Row], run: impl Fn(&Row) + Sync) -> usize {
    let (next, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
                    held.fetch_add(usize::from(catch_unwind(AssertUnwindSafe(|| run(row))).is_ok()), Ordering::SeqCst);
                }
            });
        }
    });
    held.into_inner()
}

/// Each reading without a fault and with each.
fn rows(readings: &[Reading]) -> Vec<(&Reading, Option<&'static str>)> {
    let faults = || std::iter::once(None).chain(FAULTS.map(Some));
    readings.iter().flat_map(|reading| faults().map(move |fault| (reading, fault))).collect()
}

fn strike_all(readings: &[Reading], more: &[&str]) -> usize {
    all(&rows(readings), |(reading, fault)| reading.never_passes(*fault, &reading.struck(*fault, more)))
}

fn list(kind: &str) -> Value {
    json!({"kind": format!("{kind}List"), "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {"resourceVersion": "1"}, "items": []})
}

/// A grant under a name that no review was asked about before.
fn bare_name_cluster_wide(incident: &Scene) {
    let late = BindingRef::cluster_role_binding("late");
    incident.post(&late.collection(), &binding("late", "ClusterRole", "cs:restricted", &[user(CARL)]));
}

fn bare_name_in_a_namespace(incident: &Scene) {
    let late = BindingRef::role_binding("billing", "late");
    incident.post(&late.collection(), &binding("late", "Role", "ledger-reader", &[user(CARL)]));
}

fn to_everybody(incident: &Scene) {
    let group = json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:users"});
    let late = BindingRef::cluster_role_binding("late");
    incident.post(&late.collection(), &binding("late", "ClusterRole", "cs:restricted", &[group]));
}

/// What the leaver had, under the name of the leaked file.
fn as_before(incident: &Scene) {
    let (wide, narrow) = (BindingRef::cluster_role_binding("again"), BindingRef::role_binding("shop", "again"));
    incident.post(&wide.collection(), &binding("again", "ClusterRole", "cs:restricted", &[user(&name(CARL))]));
    incident.post(&narrow.collection(), &binding("again", "ClusterRole", "cs:ns:dev", &[user(&name(CARL))]));
}

fn entry_of_the_config_map(incident: &Scene) {
    let users = "- userarn: acs:ram::1000000000000001:user/carl\n  username: carl\n  groups: ['system:masters']\n";
    let object = json!({"metadata": {"name": "alibabacloud-auth"}, "data": {"mapUsers": users}});
    incident.post("/api/v1/namespaces/kube-system/configmaps", &object);
}

fn mapping_object(incident: &Scene) {
    let object = json!({
        "apiVersion": "ramauthenticator.k8s.alibabacloud/v1alpha1", "kind": "RAMIdentityMapping",
        "metadata": {"name": "carls"}, "status": {"userID": CARL},
        "spec": {"arn": "acs:ram::1000000000000001:user/carl", "username": "carl", "groups": ["system:masters"]},
    });
    incident.server.put(object, "ops").unwrap();
}

#[test]
fn rbac() {
    let reading =
        |resource: &str, kind: &str, grant| Reading::new("Rbac", format!("{LISTS}/{resource}?"), list(kind), grant);
    let readings = [
        reading("clusterrolebindings", "ClusterRoleBinding", bare_name_cluster_wide),
        reading("rolebindings", "RoleBinding", bare_name_in_a_namespace),
        reading("clusterroles", "ClusterRole", bare_name_cluster_wide),
        reading("roles", "Role", bare_name_in_a_namespace),
        reading("clusterrolebindings", "ClusterRoleBinding", to_everybody),
        reading("clusterroles", "ClusterRole", to_everybody),
    ];
    assert_eq!(strike_all(&readings, &["--settle", "0"]), 6 * 11);
}

#[test]
fn access_reviews() {
    let nothing = json!({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": {}, "status": {"allowed": false}});
    let reading = Reading { method: "POST", ..Reading::new("AccessReviews", REVIEWS, nothing, as_before) };
    assert_eq!(strike_all(&[reading], &["--settle", "0"]), 11);
}

/// The leaked file's own question is found out by a revocation without a fault.
#[test]
fn the_leaked_file() {
    let (_, report, said) = cleaned_and(&["--settle", "0"], |_| ());
    let detail = check_of(&report, "LeakedFile")["detail"].as_str().unwrap();
    let path = detail.strip_prefix("GET ").and_then(|rest| rest.split(": ").next());
    let path = path.unwrap_or_else(|| panic!("{detail}\n{said}")).to_owned();
    let review = json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
        "status": {"userInfo": {"username": name(CARL)}}});
    let readings = [
        Reading::new("LeakedFile", path, list("ClusterRole"), as_before),
        Reading {
            method: "POST",
            ..Reading::new("LeakedFile", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, as_before)
        },
    ];
    assert_eq!(strike_all(&readings, &["--settle", "0"]), 2 * 11);
}

#[test]
fn mappings() {
    let config_map = json!({"kind": "ConfigMap", "apiVersion": "v1", "data": {},
        "metadata": {"name": "alibabacloud-auth", "namespace": "kube-system"}});
    let objects = json!({"kind": "RAMIdentityMappingList", "apiVersion": "ramauthenticator.k8s.alibabacloud/v1alpha1",
        "metadata": {"resourceVersion": "1"}, "items": []});
    let readings = [
        Reading::new("MappingsAndGroups", CONFIG_MAP, config_map, entry_of_the_config_map),
        Reading::new("MappingsAndGroups", MAPPINGS, objects, mapping_object),
    ];
    assert_eq!(strike_all(&readings, &["--settle", "0"]), 2 * 11);
}

/// The list is denied, as to most, and the API group's own answer says nothing: there may be such objects.
#[test]
fn mappings_behind_a_group_that_fails() {
    let group = json!({"kind": "APIGroup", "apiVersion": "v1", "name": "ramauthenticator.k8s.alibabacloud"});
    let reading = Reading::new("MappingsAndGroups", "/apis/ramauthenticator.k8s.alibabacloud?", group, mapping_object);
    let of_a_proxy = |content_type, body: &str| Fault::Answer { code: 404, content_type, body: body.to_owned() };
    let mut rows: Vec<(&str, Fault)> = FAULTS.iter().map(|name| (*name, reading.fault(name))).collect();
    rows.push(("proxy's text", of_a_proxy("text/plain", "not here")));
    rows.push(("proxy's json", of_a_proxy("application/json", r#"{"error":"not here"}"#)));
    let held = all(&rows, |(name, fault)| {
        let report = cleaned_and(&["--settle", "0", "--request-timeout", patience(Some(name))], |incident| {
            mapping_object(incident);
            incident.server.faults().add("GET", MAPPINGS, usize::MAX, reading.fault("refused"));
            incident.server.faults().add("GET", &reading.path, usize::MAX, fault.clone());
        });
        reading.never_passes(Some(name), &report);
    });
    assert_eq!(held, 12);
}

/// An empty list where nothing is empty. Whatever the check makes of it, another one finds the grant.
#[test]
fn lists_that_are_empty() {
    let rows = [
        ("clusterrolebindings", "ClusterRoleBinding"),
        ("rolebindings", "RoleBinding"),
        ("clusterroles", "ClusterRole"),
        ("roles", "Role"),
    ];
    let held = all(&rows, |(resource, kind)| {
        let (status, report, said) = cleaned_and(&["--settle", "0"], |incident| {
            as_before(incident);
            let body = list(kind).to_string();
            let empty = Fault::Answer { code: 200, content_type: "application/json", body };
            incident.server.faults().add("GET", &format!("{LISTS}/{resource}?"), usize::MAX, empty);
        });
        assert_eq!(status, Status::Incomplete, "{resource} {said}\n{report:#}");
        assert_eq!(report["verification"][0]["outcome"], "Residual", "{resource} {said}\n{report:#}");
    });
    assert_eq!(held, 4);
}

/// A question that was never answered with yes proves nothing by a no.
#[test]
fn access_reviews_that_fail_before_the_change_already() {
    let nothing = json!({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": {}, "status": {"allowed": false}});
    let reading = Reading { method: "POST", ..Reading::new("AccessReviews", REVIEWS, nothing, |_| ()) };
    let denied = Fault::Answer { code: 201, content_type: "application/json", body: reading.nothing.to_string() };
    let mut rows: Vec<(&str, Fault)> = FAULTS.iter().map(|name| (*name, reading.fault(name))).collect();
    rows.push(("denied", denied));
    let held = all(&rows, |(name, fault)| {
        let incident = Incident::sandbox(|setup| setup);
        incident.server.faults().add("POST", REVIEWS, usize::MAX, fault.clone());
        let timeout = patience(Some(name));
        let report =
            incident.json(&["revoke", CARL, "--yes", "--force", "--settle", "0", "--request-timeout", timeout]);
        reading.never_passes(Some(name), &report);
    });
    assert_eq!(held, 11);
}
