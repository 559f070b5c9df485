//! Operations that are gone on with.

use super::*;

fn resumed(mut input: RevocationInput) -> RevocationInput {
    input.targets.iter_mut().for_each(|target| target.is_resumed = true);
    input
}

/// Nothing of it is left.
fn all_taken() -> RevocationInput {
    let mut input = input(&[CARL], &[]);
    input.targets[0].kubeconfig = KubeconfigFact::NotListed;
    input
}

#[test]
fn what_is_done_already_is_proven_and_not_left_out() {
    for mode in [RevokeMode::Single, RevokeMode::Named, RevokeMode::AllDeleted, RevokeMode::MultiCluster] {
        let plan = plan_of(&resumed(all_taken()), mode, &DryRuns::new());
        assert_eq!((codes(&plan.refusals), plan.uids()), (vec![], vec![uid(CARL)]), "{mode:?}");
        let fresh = plan_of(&all_taken(), mode, &DryRuns::new());
        assert!(!fresh.refusals.is_empty() || fresh.targets.is_empty(), "{mode:?}");
    }
}

#[test]
fn an_identity_that_would_be_refused_now_is_not_resumed() {
    let seen = LastAccess::Found(Activity::default());
    let unsure = Verdict { evidence: "no source was asked".into(), ..Verdict::not_asked() };
    for mode in [RevokeMode::Single, RevokeMode::Named, RevokeMode::AllDeleted, RevokeMode::MultiCluster] {
        let mut input = resumed(carls_case());
        input.targets[0].activity = Some(seen.clone());
        let plan = plan_of(&input, mode, &DryRuns::new());
        assert_eq!(codes(&plan.refusals), [RefusalCode::RecentAccess], "{mode:?}");
        assert_eq!(plan.steps.is_empty(), mode.leaves_out(), "{mode:?}");

        let mut input = resumed(carls_case());
        input.targets[0].verdict = unsure.clone();
        let seen = codes(&plan_of(&input, mode, &DryRuns::new()).refusals);
        assert_eq!(
            seen,
            if mode == RevokeMode::Single { vec![] } else { vec![RefusalCode::IdentityUnknown] },
            "{mode:?}"
        );

        let mut input = resumed(carls_case());
        input.operator.uids.push((uid(CARL), "the cloud's caller".into()));
        assert_eq!(codes(&plan_of(&input, mode, &DryRuns::new()).refusals), [RefusalCode::OwnIdentity], "{mode:?}");
    }
}

#[test]
fn flags_that_are_given_then_come_on_top_of_the_recorded_ones() {
    let recorded = Flags { rbac_only: true, accept_group_grants: vec!["a".into()], ..Flags::default() };
    let given = Flags { force: true, accept_group_grants: vec!["b".into(), "a".into()], ..Flags::default() };
    let expected = Flags { force: true, accept_group_grants: vec!["a".into(), "b".into()], ..recorded.clone() };
    assert_eq!(recorded.and(given), expected);
}
