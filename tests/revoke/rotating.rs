//! The operator's own kubeconfig leaked: it is rotated, whatever ACK does and when, cut off anywhere, and refused where it must be.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Exchange, Fault};
use ackcred_sandbox::binding::RBAC;
use ackcred_sandbox::client::Connector;
use ackcred_sandbox::cloud::{AccessKey, CloudFault, FaultKind, Permissions, RotateBehaviour, Turn};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::restoring::Files;
use crate::scene::{ACCOUNT, ANN, BO, CLUSTER, EVE, Incident, check_of, name, result_of};
use crate::setting::{binding, user};

mod cut_off;
mod refused;

const REVOKE: &str = "RevokeK8sClusterKubeConfig";
const ISSUE: &str = "DescribeClusterUserKubeconfig";
/// What ann may do by the binding that ACK made for her, and by that of others.
const NODES: &str = "/api/v1/nodes";
const PODS: &str = "/api/v1/namespaces/shop/pods";
const ROTATE: [&str; 5] = ["rotate", "--in-place", "--yes", "--settle", "0"];

on_both_servers!(the_old_certificate_dies_and_the_new_one_works_whatever_ack_does_when);

/// A binding that others made, in which ann stands between others.
fn bind_oncall<C: Cluster>(incident: &Incident<C>) {
    let robot = json!({"kind": "ServiceAccount", "name": "releaser", "namespace": "shop"});
    let subjects = [user(&name(BO)), user(&name(ANN)), robot];
    let path = format!("{RBAC}/namespaces/shop/rolebindings");
    incident.post(&path, &binding("oncall", "ClusterRole", "cs:ns:dev", &subjects));
    incident.server.catch_up().unwrap();
}

fn config<C>(incident: &Incident<C>) -> PathBuf {
    incident.session.home().join(".kube/config")
}

/// The status that the file's certificate gets for a GET.
fn status_by(text: &str, path: &str) -> u16 {
    Connector::of_kubeconfig(text, None).unwrap().client().unwrap().send("GET", path, &[], "").unwrap().code
}

/// Without what stands in the two values of the one user entry that holds a certificate.
fn without_values(text: &str) -> String {
    let keep = |line: &str| match line.trim_start().split_once(": ") {
        Some((key @ ("client-certificate-data" | "client-key-data"), _)) => format!("{key}: …"),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(keep).collect()
}

fn calls<C>(incident: &Incident<C>, action: &str) -> usize {
    incident.cloud.log().iter().filter(|call| call.action == action).count()
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn the_old_certificate_dies_and_the_new_one_works_whatever_ack_does_when<C: Cluster>(server: C) {
    let moment = Duration::from_millis(300);
    let mut server = Some(server);
    for behaviour in [
        RotateBehaviour::AtOnce,
        RotateBehaviour::RebindsAll,
        RotateBehaviour::RebindsLater(moment),
        RotateBehaviour::Later(moment),
        RotateBehaviour::IssuesOldName(1),
    ] {
        let incident = Incident::stage(server.take().unwrap(), |setup| setup);
        incident.cloud.set_rotate_behaviour(behaviour);
        bind_oncall(&incident);
        let before = fs::read_to_string(config(&incident)).unwrap();
        assert_eq!([NODES, PODS].map(|path| incident.old_status(path)), [200, 200], "{behaviour:?}");

        let (status, report, said) = incident.json(&ROTATE);
        assert_eq!(status, Status::Done, "{behaviour:?}: {report:#}\n{said}");
        assert_eq!(report["verification"][0]["outcome"], "Verified", "{behaviour:?}: {report:#}");
        let asked = check_of(&report, "AccessReviews")["detail"].as_str().unwrap();
        let count: usize = asked.strip_suffix(" asked before: yes; after: no").unwrap().parse().unwrap();
        assert!(count > 2, "what her roles allow is asked for, not her one request alone: {asked}");
        assert_eq!([NODES, PODS].map(|path| incident.old_status(path)), [403, 403], "{behaviour:?}");
        let after = fs::read_to_string(config(&incident)).unwrap();
        assert_eq!([NODES, PODS].map(|path| status_by(&after, path)), [200, 200], "{behaviour:?}");
        assert_eq!(without_values(&after), without_values(&before), "only the entry's values changed");
        let written = &report["written"][0];
        let backup = PathBuf::from(written["backup"].as_str().unwrap());
        assert_eq!(fs::read_to_string(&backup).unwrap(), before, "the old file is kept as it was");
        #[cfg(unix)]
        assert_eq!([mode(&config(&incident)), mode(&backup)], [0o600, 0o600]);

        let oncall = incident.subjects("RoleBinding", "shop", "oncall").unwrap();
        assert!(oncall[1].starts_with(ANN) && oncall[1] != name(ANN), "{oncall:?}");
        assert_eq!([&oncall[0], &oncall[2]], [&name(BO), "shop/releaser"], "the others keep their places");
        assert_eq!(calls(&incident, REVOKE), 1, "{behaviour:?}");

        // Nothing is left to be found, and what is dead stays dead.
        let id = report["operation"].as_str().unwrap();
        let restored = incident.run(&["restore", id, "--yes"]);
        assert_eq!(restored.status, Status::Refused, "{restored}");
        assert!(restored.stderr.contains("a certificate that ACK revoked can't be given back"), "{restored}");
        let history = incident.run(&["history"]);
        assert!(history.stdout.contains("Rotate") && history.stdout.contains("Verified"), "{history}");
        assert_eq!(incident.run(&["history", id]).status, Status::Done);
        journal_keeps_no_secret(&incident, &after);
        assert!(report["steps"][0]["requestId"].is_string(), "{report:#}");
        let journal = Files::of(&incident, id).path("journal.jsonl");
        let journal = fs::read_to_string(journal).unwrap();
        let events = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let times: Vec<String> = events.filter_map(|event| Some(event["time"].as_str()?.to_owned())).collect();
        assert!(times.len() > 3 && times.is_sorted(), "{times:?}");
        server = Some(incident.end());
    }
}

/// Neither the key that was issued nor the old one is in any file of the operation.
fn journal_keeps_no_secret<C>(incident: &Incident<C>, config: &str) {
    let key = config.lines().find_map(|line| line.trim().strip_prefix("client-key-data: ")).unwrap().trim_matches('"');
    let mut folders = vec![incident.session.home().join("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let has_key = text.contains(key) || text.contains("PRIVATE KEY") || text.contains("client-key-data");
                assert!(!has_key, "{} holds a key", path.display());
            }
        }
    }
}

#[test]
fn a_new_kubeconfig_that_does_not_work_replaces_nothing() {
    for (behaviour, why) in [
        (RotateBehaviour::NeverRebinds, "does not work, so the old file stays as it is"),
        (RotateBehaviour::KeepsName, "still issues a certificate of the old name"),
    ] {
        let incident = Incident::sandbox(|setup| setup);
        incident.cloud.set_rotate_behaviour(behaviour);
        bind_oncall(&incident);
        let before = fs::read_to_string(config(&incident)).unwrap();
        let args = [&ROTATE[..], &["--wait", "0s"]].concat();
        let (status, report, said) = incident.json(&args);
        assert_eq!(status, Status::Incomplete, "{behaviour:?}: {report:#}\n{said}");
        assert_eq!(fs::read_to_string(config(&incident)).unwrap(), before, "{behaviour:?}");
        let error = report["steps"][0]["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
        assert_eq!(report["steps"][0]["result"], "Failed", "{behaviour:?}");
        assert_eq!((&report["written"], &report["steps"][1]["result"]), (&json!([]), &json!("Skipped")), "{report:#}");
        assert_eq!(report["verification"][0]["outcome"], "Residual", "the old certificate is alive: {report:#}");
        assert_eq!(result_of(&report, "OldCertificate"), "Failed");
        assert!(said.contains("resume it: kubectl ackcred rotate --resume "), "{said}");

        // Once ACK is done, the same operation is finished.
        let rotated = ackcred_sandbox::ack::rotator(&incident.server).unwrap();
        let new_name = incident.cloud.edit(|cloud_state| {
            let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
            format!("{:?}", cluster.kubeconfigs[ANN])
        });
        if behaviour == RotateBehaviour::NeverRebinds {
            let new_name = new_name.split('"').find(|part| part.starts_with(ANN)).unwrap().to_owned();
            let rotation = ackcred_sandbox::cloud::Rotation {
                cluster_id: CLUSTER.to_owned(),
                uid: ANN.to_owned(),
                new_name,
                behaviour: RotateBehaviour::AtOnce,
            };
            rotated(&rotation).unwrap();
            let id = report["operation"].as_str().unwrap();
            let (status, report, said) = incident.json(&["rotate", "--resume", id, "--yes", "--settle", "0"]);
            assert_eq!(status, Status::Done, "{report:#}\n{said}");
            assert_eq!((calls(&incident, REVOKE), incident.old_status(PODS)), (1, 403));
        }
    }
}

#[test]
fn others_bindings_can_be_kept_and_what_can_not_be_done_comes_with_its_command() {
    let incident = Incident::sandbox(|setup| setup);
    bind_oncall(&incident);
    let (status, report, said) = incident.json(&[&ROTATE[..], &["--keep-others"]].concat());
    assert_eq!(status, Status::Incomplete, "{said}");
    assert_eq!(report["verification"][0]["outcome"], "Residual", "{report:#}");
    assert_eq!((incident.old_status(PODS), incident.old_status(NODES)), (200, 403));
    let found = report["verification"][0]["checks"][0]["findings"][0].as_str().unwrap();
    let command = "RoleBinding/shop/oncall gives ClusterRole/cs:ns:dev to ";
    assert!(
        found.starts_with(command) && found.contains("kubectl patch rolebinding -n shop oncall --type=json"),
        "{found}"
    );

    // A binding that gives more than what the new name has from elsewhere: she can't put it in by herself.
    let rules = json!([
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["get", "list", "watch", "patch", "update"]},
        {"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "list"]},
    ]);
    let incident = Incident::sandbox(|setup| setup.operator_may(rules));
    let own = format!("{ANN}-clusterrolebinding");
    let role = json!({"metadata": {"name": "cs:dev"}, "rules": incident.get(&format!("{RBAC}/clusterroles/operators"))["rules"]});
    incident.post(&format!("{RBAC}/clusterroles"), &role);
    let everywhere = format!("{RBAC}/clusterrolebindings");
    incident.post(&everywhere, &binding(&own, "ClusterRole", "cs:dev", &[user(&name(ANN))]));
    incident.delete(&format!("{everywhere}/operators"));
    bind_oncall(&incident);
    let path = format!("{RBAC}/namespaces/shop/rolebindings");
    incident.post(&path, &binding("night", "ClusterRole", "cs:ns:dev", &[user(&name(ANN))]));
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    for (step, name, place) in [(1, "night", 0), (2, "oncall", 1)] {
        let error = report["steps"][step]["error"].as_str().unwrap();
        assert_eq!(report["steps"][step]["result"], "Failed", "{report:#}");
        let command = format!("; mend it: kubectl patch rolebinding -n shop {name} --type=json -p '[{{");
        assert!(error.contains(&command) && error.contains(&format!("\"/subjects/{place}/name\"")), "{error}");
    }
    assert_eq!(report["written"][0]["path"], config(&incident).canonicalize().unwrap().to_str().unwrap());
}

#[test]
fn the_new_kubeconfig_goes_where_the_flags_say() {
    let incident = Incident::sandbox(|setup| setup);
    let before = fs::read_to_string(config(&incident)).unwrap();
    incident.session.write("new.yaml", "an older file").unwrap();
    let (status, report, said) = incident.json(&["rotate", "--write", "new.yaml", "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}");
    let new = incident.session.home().join("new.yaml");
    let text = fs::read_to_string(&new).unwrap();
    assert_eq!((status_by(&text, NODES), incident.old_status(NODES)), (200, 403));
    let backup = report["written"][0]["backup"].as_str().unwrap();
    assert_eq!(fs::read_to_string(backup).unwrap(), "an older file");
    #[cfg(unix)]
    assert_eq!(mode(&new), 0o600);
    assert_eq!(fs::read_to_string(config(&incident)).unwrap(), before);

    // To a pipe: the file alone, and all words beside it.
    let incident = Incident::sandbox(|setup| setup);
    let outcome = incident.session.run(&["rotate", "--yes", "--settle", "0"]);
    assert_eq!(outcome.status, Status::Done, "{}", outcome.stderr);
    assert!(outcome.stdout.starts_with("apiVersion: v1"), "nothing stands before it");
    assert_eq!((status_by(&outcome.stdout, NODES), incident.old_status(NODES)), (200, 403));
    assert!(outcome.stderr.contains("Verified at ") && !outcome.stderr.contains("client-key-data"));
}

#[test]
fn a_leaked_file_of_another_certificate_of_ones_own_dies_with_it() {
    let incident = Incident::sandbox(|setup| setup);
    let earlier = format!("{ANN}-1750000000");
    let leaked = incident.kubeconfig_as(&earlier);
    incident.session.write("stolen.yaml", &leaked).unwrap();
    let path = format!("{RBAC}/namespaces/shop/rolebindings");
    incident.post(&path, &binding("night", "ClusterRole", "cs:ns:dev", &[user(&earlier), user(&name(BO))]));
    incident.server.catch_up().unwrap();
    assert_eq!(status_by(&leaked, PODS), 200);
    let (status, report, said) = incident.json(&[&ROTATE[..], &["-f", "stolen.yaml"]].concat());
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!((status_by(&leaked, PODS), incident.old_status(NODES)), (403, 403));
    let proof = check_of(&report, "OldCertificate")["detail"].as_str().unwrap();
    for name in [&name(ANN), &earlier] {
        assert!(proof.contains(&format!(" as {name}: 200 before, now 403")), "each by a request of its own: {proof}");
    }
    let night = incident.subjects("RoleBinding", "shop", "night").unwrap();
    assert!(night[0].starts_with(ANN) && night[0] != earlier, "{night:?}");
}

/// Who may read no binding rotates all the same, and what was not read is said.
#[test]
fn a_developer_rotates_without_a_right_to_read_bindings() {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]);
    let incident = Incident::sandbox(|setup| setup.operator_may(rules));
    let everywhere = format!("{RBAC}/clusterrolebindings");
    incident.delete(&format!("{everywhere}/operators"));
    let own = format!("{ANN}-clusterrolebinding");
    incident.post(&everywhere, &binding(&own, "ClusterRole", "cs:restricted", &[user(&name(ANN))]));
    incident.server.catch_up().unwrap();
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(report["verification"][0]["outcome"], "Unverifiable", "{report:#}");
    assert_eq!((result_of(&report, "OldCertificate"), result_of(&report, "NewKubeconfig")), ("Passed", "Passed"));
    assert_eq!((result_of(&report, "Rbac"), incident.old_status(NODES)), ("Error", 403));
    assert_eq!(status_by(&fs::read_to_string(config(&incident)).unwrap(), NODES), 200);
}

#[test]
fn a_busy_cloud_is_waited_for() {
    let incident = Incident::sandbox(|setup| setup);
    for action in [REVOKE, ISSUE] {
        let throttled = FaultKind::Throttled(Some(ackcred_sandbox::cloud::RetryHint::AcsRetryAfter(20)));
        incident.cloud.add_fault(CloudFault::of(action, throttled).on(Turn::First(2)));
    }
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!((calls(&incident, REVOKE), incident.old_status(NODES)), (3, 403));
}

/// ACK may still be at work on what it has answered. What will not change is not waited for, and nothing is replaced.
#[test]
fn what_is_not_issued_yet_is_asked_for_again_and_what_never_will_be_is_not() {
    let rejected = FaultKind::Refused { status: 400, code: "ErrorClusterState".to_owned() };
    for (fault, is_asked_for_again) in [
        (FaultKind::ServerError(503), true),
        (FaultKind::Truncated, true),
        (FaultKind::NotFound, true),
        (rejected, true),
        (FaultKind::Forbidden, false),
        (FaultKind::ExpiredToken, false),
        (FaultKind::Body("garbage".to_owned()), false),
    ] {
        let incident = Incident::sandbox(|setup| setup);
        let before = fs::read_to_string(config(&incident)).unwrap();
        incident.cloud.add_fault(CloudFault::of(ISSUE, fault.clone()).on(Turn::First(1)));
        let (status, report, said) = incident.json(&ROTATE);
        let seen = (status, report["steps"][0]["result"].as_str().unwrap(), calls(&incident, ISSUE));
        let expected = if is_asked_for_again { (Status::Done, "Done", 2) } else { (Status::Incomplete, "Failed", 1) };
        assert_eq!(seen, expected, "{fault:?}: {report:#}\n{said}");
        let is_replaced = fs::read_to_string(config(&incident)).unwrap() != before;
        assert_eq!(is_replaced, is_asked_for_again, "{fault:?}");
    }
}

/// An old certificate that API servers no longer know is refused before anything is asked with it.
#[test]
fn an_old_certificate_that_is_not_let_in_any_more_is_proven_dead() {
    let incident = Incident::sandbox_with(|setup, faults| setup.before_rotating(move || faults.disown(&name(ANN))));
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!((status, result_of(&report, "OldCertificate")), (Status::Done, "Passed"), "{report:#}\n{said}");
    let detail = check_of(&report, "OldCertificate")["detail"].as_str().unwrap();
    assert!(detail.contains("401"), "{detail}");
    assert_eq!(
        incident.unauthorized(),
        ["/apis/authentication.k8s.io/v1/selfsubjectreviews"],
        "it is asked nothing more"
    );
}

/// That it can't be asked whose it is proves nothing.
#[test]
fn an_old_certificate_whose_review_fails_is_asked_for_what_it_could_do() {
    let incident = Incident::sandbox_with(|setup, faults| {
        setup.before_rotating(move || {
            let refusal = Fault::refusal(403, "Forbidden", "selfsubjectreviews is forbidden");
            // The new one is asked first, and it is not about that.
            faults.pass("POST", "/selfsubjectreviews", 1);
            faults.add("POST", "/selfsubjectreviews", usize::MAX, refusal);
        })
    });
    let (_, report, said) = incident.json(&ROTATE);
    assert_eq!(result_of(&report, "OldCertificate"), "Passed", "{report:#}\n{said}");
    let detail = check_of(&report, "OldCertificate")["detail"].as_str().unwrap();
    assert!(detail.ends_with("200 before, now 403"), "{detail}");
}

/// Who may read no binding is asked for what most may list, in the namespace of their context.
#[test]
fn an_old_certificate_is_proven_dead_by_what_it_could_list_in_its_namespace() {
    let incident = Incident::sandbox(|setup| setup.operator_may(json!([])));
    let everywhere = format!("{RBAC}/clusterrolebindings");
    incident.delete(&format!("{everywhere}/operators"));
    let rules = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}]);
    incident.post(&format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": "cs:ns:deployer"}, "rules": rules}));
    let own = binding(&format!("{ANN}-shop-rolebinding"), "ClusterRole", "cs:ns:deployer", &[user(&name(ANN))]);
    incident.post(&format!("{RBAC}/namespaces/shop/rolebindings"), &own);
    incident.server.catch_up().unwrap();
    let text = fs::read_to_string(config(&incident)).unwrap();
    let in_shop = text.replacen("    user: ", "    namespace: shop\n    user: ", 1);
    assert_ne!(in_shop, text);
    incident.session.write(".kube/config", in_shop).unwrap();
    let (_, report, said) = incident.json(&ROTATE);
    assert_eq!(result_of(&report, "OldCertificate"), "Passed", "{report:#}\n{said}");
    let detail = check_of(&report, "OldCertificate")["detail"].as_str().unwrap();
    assert!(detail.starts_with("GET /apis/apps/v1/namespaces/shop/deployments"), "{detail}");
}

/// An API server may need a moment to see its own change.
#[test]
fn an_old_certificate_that_still_works_for_a_moment_is_asked_again() {
    let incident = Incident::sandbox(|setup| setup);
    let (_, report, _) = incident.json(&ROTATE);
    let detail = check_of(&report, "OldCertificate")["detail"].as_str().unwrap();
    let path = detail.strip_prefix("GET ").unwrap().split('?').next().unwrap().to_owned();
    let exchanges = incident.server.faults().exchanges();
    let asked: Vec<&Exchange> = exchanges.iter().filter(|one| one.method == "GET" && one.path == path).collect();
    let before_the_proof = 1 + asked.iter().position(|one| one.user != name(ANN)).unwrap();

    let incident = Incident::sandbox(|setup| setup);
    let faults = incident.server.faults();
    // What follows the new certificate's first question is the proof: one to the old certificate and one to the new.
    faults.pass("GET", &path, before_the_proof);
    let yes = Fault::Answer { code: 200, content_type: "application/json", body: "{}".to_owned() };
    faults.add("GET", &path, 2, yes);
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!((status, result_of(&report, "OldCertificate")), (Status::Done, "Passed"), "{report:#}\n{said}");
}

/// Anybody's session, for refusals: the key of another identity, or of the account.
fn with_key<C>(mut incident: Incident<C>, key: AccessKey, id: &str, secret: &str) -> Incident<C> {
    incident.cloud.edit(|cloud_state| cloud_state.add_key(key));
    let session = incident.session.with("ALIBABA_CLOUD_ACCESS_KEY_ID", id);
    incident.session = session.with("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret);
    incident
}

fn everything(uid: &str, id: &str, secret: &str) -> AccessKey {
    AccessKey::user(ACCOUNT, uid, id, secret).permissions(Permissions::everything())
}

#[test]
fn the_certificate_of_a_name_that_nothing_binds_is_rotated_too() {
    let incident = Incident::sandbox(|setup| setup);
    incident.delete(&format!("{RBAC}/clusterrolebindings/{ANN}-cluster-admin-clusterrolebinding"));
    incident.server.catch_up().unwrap();
    let (status, report, said) = incident.json(&ROTATE);
    assert_eq!(status, Status::Incomplete, "nothing could be compared: {report:#}\n{said}");
    assert_eq!((result_of(&report, "OldCertificate"), result_of(&report, "NewKubeconfig")), ("Skipped", "Passed"));
}
