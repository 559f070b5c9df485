//! Operations that are gone on with.

use super::*;

fn resumed(mut case: Case) -> Case {
    case.targets.iter_mut().for_each(|target| target.is_resumed = true);
    case
}

/// Nothing of it is left.
fn all_taken() -> Case {
    let mut case = case(&[CARL], &[]);
    case.targets[0].kubeconfig = KubeconfigFact::NotListed;
    case
}

#[test]
fn what_is_done_already_is_proven_and_not_left_out() {
    for crowd in [Crowd::One, Crowd::Several, Crowd::Bulk, Crowd::Fleet] {
        let plan = plan_of(&resumed(all_taken()), crowd, &DryRuns::new());
        assert_eq!((codes(&plan.refusals), plan.uids()), (vec![], vec![uid(CARL)]), "{crowd:?}");
        let fresh = plan_of(&all_taken(), crowd, &DryRuns::new());
        assert!(!fresh.refusals.is_empty() || fresh.targets.is_empty(), "{crowd:?}");
    }
}

#[test]
fn whoever_would_not_be_revoked_now_is_not_gone_on_with() {
    let seen = LastAccess::Found(Activity::default());
    let unsure = Verdict { evidence: "nobody was asked".into(), ..Verdict::not_asked() };
    for crowd in [Crowd::One, Crowd::Several, Crowd::Bulk, Crowd::Fleet] {
        let mut case = resumed(carls_case());
        case.targets[0].activity = Some(seen.clone());
        let plan = plan_of(&case, crowd, &DryRuns::new());
        assert_eq!(codes(&plan.refusals), [RefusalCode::RecentAccess], "{crowd:?}");
        assert_eq!(plan.steps.is_empty(), crowd.leaves_out(), "{crowd:?}");

        let mut case = resumed(carls_case());
        case.targets[0].verdict = unsure.clone();
        let told = codes(&plan_of(&case, crowd, &DryRuns::new()).refusals);
        assert_eq!(told, if crowd == Crowd::One { vec![] } else { vec![RefusalCode::IdentityUnknown] }, "{crowd:?}");

        let mut case = resumed(carls_case());
        case.operator.uids.push((uid(CARL), "the cloud's caller".into()));
        assert_eq!(codes(&plan_of(&case, crowd, &DryRuns::new()).refusals), [RefusalCode::OwnIdentity], "{crowd:?}");
    }
}

#[test]
fn flags_that_are_given_then_come_on_top_of_the_recorded_ones() {
    let recorded = Flags { rbac_only: true, accept_group_grants: vec!["a".into()], ..Flags::default() };
    let given = Flags { force: true, accept_group_grants: vec!["b".into(), "a".into()], ..Flags::default() };
    let expected = Flags { force: true, accept_group_grants: vec!["a".into(), "b".into()], ..recorded.clone() };
    assert_eq!(recorded.and(given), expected);
}
