//! CleanClusterUserPermissions, as documented and in each way that the documents leave open.

use std::time::Duration;

use super::*;

fn clean(bench: &Bench, cluster: &str, uid: &str, query: &[(&str, &str)]) -> (u16, Value) {
    let path = format!("/cluster/{cluster}/user/{uid}/permissions");
    bench.cs_at(None, "DELETE", &path, "CleanClusterUserPermissions", query)
}

fn states(bench: &Bench) -> Value {
    bench.cs(&format!("/clusters/{PROD}/kubeconfig/states"), "ListClusterKubeconfigStates", &[]).1
}

fn records(bench: &Bench) -> Value {
    bench.cs(&format!("/permissions/users/{GONE}"), "DescribeUserPermission", &[]).1
}

#[test]
fn cleaning_takes_kubeconfig_records_and_bindings() {
    let bench = Bench::new();
    assert_eq!(clean(&bench, PROD, GONE, &[]), (200, json!({})));
    let cleaning = Cleaning { cluster_id: PROD.into(), uid: GONE.into(), behaviour: CleanBehaviour::OwnBindings };
    assert_eq!(*bench.cleaned.lock().unwrap(), [cleaning]);
    assert_eq!(column(&states(&bench)["states"], "account_id"), [ACCOUNT, ALICE, BOB]);
    let (_, user) = bench.cs(&format!("/users/{GONE}/kubeconfig/states"), "ListUserKubeConfigStates", &[]);
    assert_eq!(user["states"][0]["cert_state"], "Removed");
    assert_eq!(column(&records(&bench), "resource_id"), ["all-clusters"], "other clusters are not its business");
}

#[test]
fn cleaning_is_refused_for_root_oneself_and_clusters_that_are_going() {
    let bench = Bench::new();
    for uid in [ACCOUNT, ALICE] {
        assert_eq!(clean(&bench, PROD, uid, &[("Force", "true")]).0, 403, "{uid}");
    }
    bench.edit(|cloud_state| cloud_state.cluster_mut(PROD).unwrap().state = "deleting".into());
    assert_eq!(clean(&bench, PROD, GONE, &[("Force", "true")]).1["code"], "ErrorClusterState");
    assert_eq!(*bench.cleaned.lock().unwrap(), []);
}

#[test]
fn recent_or_unreadable_access_stands_in_the_way_unless_forced() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        let prod = cloud_state.cluster_mut(PROD).unwrap();
        *prod = prod.clone().active(GONE, now(), "audit-7");
    });
    for (cluster, query) in [(PROD, &[][..]), (PROD, &[("Force", "false")]), (PROD, &[("force", "true")]), (TEST, &[])]
    {
        assert_eq!(clean(&bench, cluster, GONE, query).0, 400, "{cluster} {query:?}");
    }
    assert_eq!(*bench.cleaned.lock().unwrap(), []);
    for cluster in [PROD, TEST] {
        assert_eq!(clean(&bench, cluster, GONE, &[("Force", "true")]).0, 200);
    }
    assert_eq!(bench.cleaned.lock().unwrap().len(), 2);
}

#[test]
fn a_cluster_that_fails_to_be_cleaned_keeps_its_record() {
    let mut bench = Bench::new();
    bench.backend.hooks.clean = Arc::new(|_| Err("connection refused".into()));
    assert_eq!(clean(&bench, PROD, GONE, &[]).0, 500);
    assert!(column(&states(&bench)["states"], "account_id").contains(&GONE));
}

#[test]
fn a_lost_answer_leaves_the_change_done() {
    let bench = Bench::new();
    bench
        .backend
        .faults()
        .push(CloudFault::of("CleanClusterUserPermissions", FaultKind::ServerError(500)).after_execution());
    assert_eq!(clean(&bench, PROD, GONE, &[]).0, 500);
    assert_eq!(bench.cleaned.lock().unwrap().len(), 1);
    *bench.backend.faults() = vec![CloudFault::of("CleanClusterUserPermissions", FaultKind::ServerError(500))];
    assert_eq!(clean(&bench, PROD, BOB, &[]).0, 500);
    assert_eq!(bench.cleaned.lock().unwrap().len(), 1, "without it nothing was done");
}

#[test]
fn every_behaviour_is_reported_to_whoever_cleans_and_takes_the_kubeconfig_record() {
    for (behaviour, left) in [
        (CleanBehaviour::NamedBindings, 1),
        (CleanBehaviour::Subjects, 1),
        (CleanBehaviour::Nothing, 1),
        (CleanBehaviour::KeepsPermissionRecord, 2),
    ] {
        let bench = Bench::new();
        bench.backend.set_clean_behaviour(behaviour);
        assert_eq!(clean(&bench, PROD, GONE, &[]).0, 200);
        assert_eq!(bench.cleaned.lock().unwrap()[0].behaviour, behaviour);
        assert!(!column(&states(&bench)["states"], "account_id").contains(&GONE), "{behaviour:?}");
        assert_eq!(records(&bench).as_array().unwrap().len(), left, "{behaviour:?}");
    }
}

#[test]
fn accesses_that_nobody_else_sees_stand_in_the_way_unless_forced() {
    let bench = Bench::new();
    bench.backend.set_clean_behaviour(CleanBehaviour::RefusesRecentAccess);
    let path = format!("/clusters/{PROD}/users/{GONE}/activity-state");
    assert_eq!(bench.cs(&path, "DescribeUserClusterActivityState", &[]).1["active"], false);
    let (status, body) = clean(&bench, PROD, GONE, &[]);
    assert_eq!((status, &body["code"]), (400, &json!("ErrorAccessRecordsExist")));
    assert_eq!(*bench.cleaned.lock().unwrap(), []);
    assert_eq!(clean(&bench, PROD, GONE, &[("Force", "true")]).0, 200);
    assert_eq!(bench.cleaned.lock().unwrap().len(), 1);
}

#[test]
fn a_delayed_cleaning_changes_nothing_yet_but_is_refused_like_the_rest() {
    let bench = Bench::new();
    bench.backend.set_clean_behaviour(CleanBehaviour::Later(Duration::from_secs(3600)));
    assert_eq!(clean(&bench, PROD, ALICE, &[]).0, 403);
    assert_eq!(clean(&bench, PROD, GONE, &[]), (202, Value::Null));
    assert_eq!(*bench.cleaned.lock().unwrap(), []);
    assert!(column(&states(&bench)["states"], "account_id").contains(&GONE));
    assert_eq!(records(&bench).as_array().unwrap().len(), 2);
}
