//! RevokeK8sClusterKubeConfig, as documented and in each way that the documents leave open.

use std::time::Duration;

use super::*;

const OLD: &str = "200000000000000901-1760000000";

/// A cloud that knows alice's kubeconfig by its name.
fn bench(behaviour: RotateBehaviour) -> Bench {
    let bench = Bench::new();
    bench.backend.set_rotate_behaviour(behaviour);
    bench.edit(|cloud_state| {
        let prod = cloud_state.cluster_mut(PROD).unwrap();
        *prod = prod.clone().kubeconfig(ALICE, KubeconfigRecord::effective(later()).common_name(OLD));
    });
    bench
}

fn revoke(bench: &Bench, cluster: &str) -> (u16, Value) {
    bench.cs_at(None, "DELETE", &format!("/k8s/{cluster}/certs"), "RevokeK8sClusterKubeConfig", &[])
}

/// The names of the certificates that alice is issued next.
fn issued(bench: &Bench, times: usize) -> Vec<String> {
    bench.issued.lock().unwrap().clear();
    for _ in 0..times {
        let path = format!("/k8s/{PROD}/user_config");
        assert_eq!(bench.cs(&path, "DescribeClusterUserKubeconfig", &[]).0, 200);
    }
    bench.issued.lock().unwrap().iter().map(|request| request.common_name.clone()).collect()
}

fn new_name() -> String {
    format!("{ALICE}-{}", now().as_second())
}

#[test]
fn the_callers_kubeconfig_gets_a_new_name_and_the_cluster_hears_of_it() {
    for behaviour in [RotateBehaviour::AtOnce, RotateBehaviour::RebindsAll] {
        let bench = bench(behaviour);
        assert_eq!(issued(&bench, 1), [OLD]);
        assert_eq!(revoke(&bench, PROD), (200, json!({})));
        let rotation = Rotation { cluster_id: PROD.into(), uid: ALICE.into(), new_name: new_name(), behaviour };
        assert_eq!(*bench.rotated.lock().unwrap(), [rotation]);
        assert_eq!(issued(&bench, 2), [new_name(), new_name()]);
    }
}

#[test]
fn it_is_refused_without_a_kubeconfig_and_in_clusters_that_are_going() {
    let bench = bench(RotateBehaviour::AtOnce);
    bench.edit(|cloud_state| drop(cloud_state.cluster_mut(PROD).unwrap().kubeconfigs.remove(ALICE)));
    assert_eq!(revoke(&bench, PROD).0, 404);
    bench.edit(|cloud_state| cloud_state.cluster_mut(PROD).unwrap().state = "deleting".into());
    assert_eq!(revoke(&bench, PROD).1["code"], "ErrorClusterState");
    assert_eq!(*bench.rotated.lock().unwrap(), []);
}

#[test]
fn what_comes_later_is_not_there_yet() {
    let hour = Duration::from_secs(3600);
    for (behaviour, name) in
        [(RotateBehaviour::Later(hour), OLD.to_owned()), (RotateBehaviour::RebindsLater(hour), new_name())]
    {
        let bench = bench(behaviour);
        assert_eq!(revoke(&bench, PROD), (200, json!({})));
        assert_eq!(*bench.rotated.lock().unwrap(), []);
        assert_eq!(issued(&bench, 1), [name]);
    }
}

#[test]
fn bindings_and_names_can_stay_as_they_were() {
    for (behaviour, names) in [
        (RotateBehaviour::NeverRebinds, [new_name(), new_name()]),
        (RotateBehaviour::KeepsName, [OLD.to_owned(), OLD.to_owned()]),
        (RotateBehaviour::IssuesOldName(1), [OLD.to_owned(), new_name()]),
    ] {
        let bench = bench(behaviour);
        assert_eq!(revoke(&bench, PROD).0, 200);
        assert_eq!(issued(&bench, 2), names, "{behaviour:?}");
        let is_told = matches!(behaviour, RotateBehaviour::IssuesOldName(_));
        assert_eq!(bench.rotated.lock().unwrap().len(), usize::from(is_told), "{behaviour:?}");
    }
}
