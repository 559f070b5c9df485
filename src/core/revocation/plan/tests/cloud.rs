//! What ACK's row of an identity means for a plan.

use super::*;
use crate::core::identity::ack::Permission;

/// carl's case, with this row in ACK's list.
fn case_with(change: impl FnOnce(&mut KubeconfigState), unread: Option<&str>) -> RevocationInput {
    let mut input = carls_case();
    let KubeconfigFact::Listed(state) = &mut input.targets[0].kubeconfig else { unreachable!("carl's is listed") };
    change(state);
    let sources = ClusterSources {
        kubeconfigs: Listing::Complete(vec![state.clone()]),
        cloud_services_unread: unread.map(str::to_owned),
        ..ClusterSources::not_asked()
    };
    input.scan.directory = ClusterDirectory::new(sources);
    input
}

#[test]
fn a_cloud_services_role_is_revoked_only_by_force() {
    for (service, named) in [("arms", "by which arms works"), ("", "by which a cloud service works")] {
        let input = case_with(|state| state.cloud_service = Some(service.into()), None);
        let refusals = plan(&input).refusals;
        assert_eq!(codes(&refusals), [RefusalCode::CloudServiceRole]);
        assert!(refusals[0].message.contains(named), "{}", refusals[0].message);
        let by_rbac = plan_with(&input, &Flags { rbac_only: true, ..Flags::default() });
        assert_eq!(codes(&by_rbac.refusals), [RefusalCode::CloudServiceRole]);
        assert_eq!(codes(&plan_with(&input, &Flags { force: true, ..Flags::default() }).refusals), []);
    }
    assert_eq!(codes(&plan(&case_with(|_| {}, None)).refusals), []);
}

#[test]
fn what_ack_does_not_revoke_is_in_the_plan() {
    let warnings = |revocable, flags: &Flags| {
        plan_with(&case_with(|state| state.revocable = revocable, None), flags).warnings.join("; ")
    };
    let said = warnings(Some(false), &Flags::default());
    assert!(said.contains("does not revoke the kubeconfig of 200 (revokable: false)"), "{said}");
    for (revocable, rbac_only) in [(Some(true), false), (None, false), (Some(false), true)] {
        assert_eq!(warnings(revocable, &Flags { rbac_only, ..Flags::default() }), "", "{revocable:?} {rbac_only}");
    }
}

#[test]
fn whose_role_may_be_a_cloud_services_is_said_where_that_list_was_not_read() {
    let mut input = case_with(|_| {}, Some("cs: cut"));
    assert_eq!(plan(&input).warnings, Vec::<String>::new(), "it is in the list of people");
    input.targets[0].kubeconfig = KubeconfigFact::NotListed;
    assert_eq!(plan(&input).warnings, ["whether a cloud service works by 200 is unknown: cs: cut"]);
    input.targets[0].verdict.identity_type = IdentityType::RamUser;
    assert_eq!(plan(&input).warnings, Vec::<String>::new(), "cloud services work by roles");
}

/// The undo of each step that calls the cloud.
fn calls(plan: &Plan) -> Vec<&str> {
    let calls = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Kubeconfig(_)));
    calls.map(|step| step.undo.as_str()).collect()
}

fn by_rbac() -> Flags {
    Flags { rbac_only: true, ..Flags::default() }
}

/// A role that ACK says it granted in this cluster.
fn granted(cluster: &ClusterId) -> Answer<Vec<Permission>> {
    Answer::Known(vec![Permission {
        resource_id: cluster.to_string(),
        resource_type: "cluster".into(),
        role_name: String::new(),
        role_type: "dev".into(),
        is_owner: false,
        is_ram_role: false,
    }])
}

#[test]
fn the_cloud_is_called_where_it_may_have_something_and_is_not_left_out() {
    let bin = "recycle bin, 30 days, console";
    for (certificate, expected) in [
        (CertificateState::Unexpired, vec![bin]),
        (CertificateState::Expired, vec!["none: the kubeconfig has expired"]),
        (CertificateState::Unknown, vec![bin]),
        (CertificateState::Unissued, vec![]),
        (CertificateState::Removed, vec![]),
    ] {
        let mut input = case_with(|state| state.certificate = certificate, None);
        assert_eq!(calls(&plan(&input)), expected, "{certificate:?}");
        input.targets[0].permissions = granted(&ClusterId::parse(&format!("c{}", "0b".repeat(16))).unwrap());
        assert_eq!(calls(&plan(&input)), expected, "{certificate:?}, and a role in another cluster");
        input.targets[0].permissions = granted(&cluster_id());
        assert_eq!(calls(&plan(&input)).len(), 1, "{certificate:?}, and a role here");
        assert_eq!(calls(&plan_with(&input, &by_rbac())), [""; 0], "{certificate:?}");
    }
}

#[test]
fn a_cluster_that_nothing_confirms_is_refused_unless_the_cloud_is_left_out() {
    let mut input = carls_case();
    input.cluster.confirmation = Confirmation::Nothing;
    assert_eq!(codes(&plan(&input).refusals), [RefusalCode::ClusterUnconfirmed]);
    assert_eq!(codes(&plan_with(&input, &by_rbac()).refusals), []);
    assert_eq!(codes(&plan_with(&carls_case(), &by_rbac()).refusals), []);
}

#[test]
fn who_holds_anything_is_not_refused_for_want_of_a_kubeconfig() {
    let listed = |certificate| {
        let mut input = carls_case();
        let KubeconfigFact::Listed(state) = &mut input.targets[0].kubeconfig else { unreachable!("carl's is listed") };
        state.certificate = certificate;
        input.targets.remove(0).kubeconfig
    };
    let none = [RefusalCode::NothingIssued];
    for (kubeconfig, refused) in [
        (KubeconfigFact::NotListed, &none[..]),
        (KubeconfigFact::Unknown("denied".into()), &none),
        (listed(CertificateState::Unissued), &none),
        (listed(CertificateState::Unknown), &none),
        (listed(CertificateState::Expired), &[]),
    ] {
        let case = |bindings: &[Value]| {
            let mut input = input(&[CARL], bindings);
            input.targets[0].kubeconfig = kubeconfig.clone();
            input
        };
        assert_eq!(codes(&plan(&case(&[])).refusals), refused, "{kubeconfig:?}");
        let own = [bound("own", "view", &[user("200-1")])];
        assert_eq!(codes(&plan(&case(&own)).refusals), [], "{kubeconfig:?}, and a binding");
        let mut with_role = case(&[]);
        with_role.targets[0].permissions = granted(&cluster_id());
        assert_eq!(codes(&plan(&with_role).refusals), [], "{kubeconfig:?}, and a role that ACK granted");
    }
}

#[test]
fn access_after_it_should_have_ended_is_refused_only_where_something_is_taken_and_without_force() {
    let forced = Flags { force: true, ..Flags::default() };
    let mut input = carls_case();
    input.targets[0].activity = Some(LastAccess::Failed { reason: "denied".into(), activity: Activity::default() });
    assert_eq!(codes(&plan(&input).refusals), [RefusalCode::ActivityUnknown]);
    assert_eq!(codes(&plan_with(&input, &forced).refusals), []);
    input.bindings.clear();
    assert_eq!(codes(&plan_with(&input, &by_rbac()).refusals), [], "nothing is taken");
}

#[test]
fn what_goes_on_by_itself_after_the_bindings_are_gone_is_said() {
    let kinds = |input: &RevocationInput, flags: &Flags| {
        plan_with(input, flags).remains.iter().map(|remain| remain.kind).collect::<Vec<_>>()
    };
    let of = |change: &dyn Fn(&mut RevocationInput)| {
        let mut input = carls_case();
        change(&mut input);
        (kinds(&input, &Flags::default()), kinds(&input, &by_rbac()))
    };
    let listed = |change: &dyn Fn(&mut KubeconfigState)| {
        of(&|input| {
            let KubeconfigFact::Listed(state) = &mut input.targets[0].kubeconfig else {
                unreachable!("carl's is listed")
            };
            change(state);
        })
    };
    use RemainKind::{AllClusters, Certificate, RecycleBin, Reissue, RoleSessions};
    assert_eq!(of(&|_| {}), (vec![RecycleBin], vec![]));
    assert_eq!(listed(&|state| state.certificate = CertificateState::Unissued), (vec![], vec![]));
    let until = |state: &mut KubeconfigState| state.expires = Some(jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(listed(&until), (vec![Certificate, RecycleBin], vec![Certificate]));
    let active = |input: &mut RevocationInput| input.targets[0].verdict.state = State::Active;
    assert_eq!(of(&active), (vec![Reissue, RecycleBin], vec![Reissue]));
    let role = |input: &mut RevocationInput| input.targets[0].verdict.identity_type = IdentityType::RamRole;
    assert_eq!(of(&role), (vec![RoleSessions, RecycleBin], vec![RoleSessions]));
    let everywhere = |input: &mut RevocationInput| {
        let Answer::Known(mut records) = granted(&cluster_id()) else { unreachable!("they are known") };
        records[0].resource_id = "all-clusters".into();
        input.targets[0].permissions = Answer::Known(records);
    };
    assert_eq!(of(&everywhere), (vec![RecycleBin, AllClusters], vec![AllClusters]));
}

#[test]
fn only_what_has_finalizers_and_nobody_else_stays_empty() {
    let stays = |subjects: &[Value], finalizers: &[&str]| {
        let mut binding = bound("team", "view", subjects);
        binding["metadata"]["finalizers"] = json!(finalizers);
        let plan = plan(&input(&[CARL], &[binding]));
        plan.remains.iter().filter(|remain| remain.kind == RemainKind::EmptyBinding).count()
    };
    assert_eq!(stays(&[user("200-1")], &["x"]), 1);
    assert_eq!(stays(&[user("200-1"), user("bo")], &["x"]), 0);
    assert_eq!(stays(&[user("200-1")], &[]), 0);
}
