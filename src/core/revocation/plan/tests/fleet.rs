//! A plan for several clusters.

use super::*;

/// The same case in another cluster.
fn elsewhere(input: RevocationInput, id: &str) -> RevocationInput {
    let id = ClusterId::parse(id);
    let known = KnownCluster { id: id.clone(), ..input.cluster.known };
    RevocationInput {
        cluster: InputCluster { known, key: id.clone().unwrap().to_string(), ..input.cluster },
        scan: ClusterScan { id, ..input.scan },
        ..input
    }
}

/// A binding of carl's alone.
fn own() -> Value {
    bound("own", "view", &[user("200-1")])
}

const OTHER: &str = "cfedcba9876543210fedcba9876543210";

fn fleet(cases: &[RevocationInput]) -> Plan {
    let flags = Flags::default();
    let draft = |input| Draft::of(input, &flags, &[], RevokeMode::MultiCluster, &DryRuns::new());
    Plan::new(cases.iter().map(draft).collect(), flags.clone(), Vec::new())
}

#[test]
fn the_parts_of_a_plan_are_about_one_cluster_each_and_share_its_hash() {
    let bindings = [own()];
    let plan = fleet(&[input(&[CARL], &bindings), elsewhere(input(&[CARL], &bindings), OTHER)]);
    assert_eq!(plan.refusals, []);
    assert_eq!(plan.steps.iter().map(|step| step.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let ids = plan.clusters();
    assert_eq!(ids.len(), 2);
    assert!(plan.is_of_several());
    let parts: Vec<Plan> = ids.into_iter().map(|id| plan.in_cluster(id)).collect();
    for part in &parts {
        assert!(!part.is_of_several());
        assert_eq!((part.targets.len(), part.steps.len(), &part.hash), (1, 2, &plan.hash));
        assert!(part.steps.iter().all(|step| step.cluster_id == part.targets[0].cluster_id));
    }
    assert_eq!(parts[1].steps.iter().map(|step| step.id).collect::<Vec<_>>(), [3, 4]);
    let remains: Vec<_> = parts.iter().flat_map(|part| &part.remains).collect();
    assert_eq!(remains, plan.remains.iter().collect::<Vec<_>>());
    assert!(parts.iter().all(|part| !part.remains.is_empty()), "{:?}", plan.remains);
}

#[test]
fn what_stands_against_one_cluster_leaves_the_others_alone() {
    let bindings = [own()];
    let mut going = elsewhere(input(&[CARL], &bindings), OTHER);
    going.cluster.state = Some("deleting".into());
    let plan = fleet(&[input(&[CARL], &bindings), going]);
    assert_eq!(plan.refusals.iter().map(|one| one.code).collect::<Vec<_>>(), [RefusalCode::ClusterState]);
    assert_eq!(plan.refusals[0].cluster_id, ClusterId::parse(OTHER));
    assert_eq!(plan.in_cluster(ClusterId::parse(OTHER).as_ref()).refusals.len(), 1);
    assert_eq!(plan.in_cluster(Some(&cluster_id())).refusals, []);
    assert_eq!(plan.clusters(), [Some(&cluster_id())]);
}

#[test]
fn an_identity_with_nothing_in_one_of_several_clusters_is_passed_over_there() {
    let mut nothing = elsewhere(input(&[CARL], &[]), OTHER);
    nothing.targets[0].kubeconfig = KubeconfigFact::NotListed;
    let plan = fleet(&[input(&[CARL], &[own()]), nothing]);
    assert_eq!((plan.refusals.len(), plan.clusters()), (0, vec![Some(&cluster_id())]));
    for (certificate, passed_over) in [(CertificateState::Unissued, true), (CertificateState::Unexpired, false)] {
        let mut listed = elsewhere(input(&[CARL], &[]), OTHER);
        let KubeconfigFact::Listed(state) = &mut listed.targets[0].kubeconfig else { unreachable!("carl's is listed") };
        state.certificate = certificate;
        let plan = fleet(&[input(&[CARL], &[own()]), listed]);
        assert_eq!((plan.refusals.len(), plan.clusters().len()), (0, 2 - usize::from(passed_over)), "{certificate:?}");
    }
    let mut unknown = elsewhere(input(&[CARL], &[]), OTHER);
    unknown.targets[0].kubeconfig = KubeconfigFact::Unknown("denied".into());
    let plan = fleet(&[unknown]);
    assert_eq!(plan.refusals.iter().map(|one| one.code).collect::<Vec<_>>(), [RefusalCode::NothingIssued]);
}

#[test]
fn a_cluster_without_an_id_is_no_part_of_a_fleet() {
    let mut nameless = input(&[CARL], &[own()]);
    nameless.cluster.known.id = None;
    let plan = fleet(&[nameless]);
    assert_eq!(plan.refusals.iter().map(|one| one.code).collect::<Vec<_>>(), [RefusalCode::ClusterUnconfirmed]);
    assert_eq!(plan.steps, []);
}

#[test]
fn a_kubeconfig_of_another_cluster_remains_unless_that_is_planned_too() {
    let issued = |id: &str| UserKubeconfigState {
        cluster: ClusterId::parse(id).unwrap(),
        cluster_name: "other".into(),
        cluster_state: "running".into(),
        certificate: CertificateState::Unexpired,
        expires: None,
    };
    let bindings = [own()];
    let with_elsewhere = || {
        let mut here = input(&[CARL], &bindings);
        here.targets[0].elsewhere = Listing::Complete(vec![issued(OTHER)]);
        here
    };
    let others = |plan: &Plan| plan.remains.iter().filter(|one| one.kind == RemainKind::OtherCluster).count();
    assert_eq!(others(&fleet(&[with_elsewhere()])), 1);
    assert_eq!(others(&fleet(&[with_elsewhere(), elsewhere(input(&[CARL], &bindings), OTHER)])), 0);
}

#[test]
fn what_an_identity_could_become_belongs_to_its_cluster() {
    let plan = fleet(&[input(&[CARL], &[own()]), elsewhere(input(&[CARL], &[own()]), OTHER)]);
    let ids = [Some(cluster_id()), ClusterId::parse(OTHER)];
    for id in &ids {
        let paths = plan.in_cluster(id.as_ref()).paths;
        assert!(!paths.is_empty() && paths.iter().all(|path| path.cluster_id == *id), "{paths:?}");
    }
}
