//! What ACK's row of an identity means for a plan.

use super::*;

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
