use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::core::identity::verdict::{Basis, State};
use crate::core::revocation::journal::RequestAnswer;

const CARL: &str = "200";

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn binding(name: &str, subjects: &[&str]) -> BindingObject {
    let subjects: Vec<Value> = subjects.iter().map(|name| user(name)).collect();
    let object = json!({
        "kind": "RoleBinding", "subjects": subjects,
        "metadata": {
            "name": name, "namespace": "shop", "uid": "u", "resourceVersion": "7",
            "labels": {"a": "b"}, "annotations": {"c": "d"},
        },
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
    });
    serde_json::from_value(object).unwrap()
}

fn named(subjects: &[Subject]) -> Vec<&str> {
    subjects.iter().map(|subject| subject.name.as_str()).collect()
}

fn role(verb: &str) -> RoleFacts {
    let rules = json!([{"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}]);
    RoleFacts { uid: "uid of dev".into(), rules: serde_json::from_value(rules).unwrap() }
}

fn namespace() -> NamespaceFacts {
    NamespaceFacts { uid: "uid of shop".into(), ..NamespaceFacts::default() }
}

fn role_then(binding: &BindingObject) -> RoleThen {
    RoleThen { binding: binding.reference(), role: Some(role("get")), namespace_uid: Some("uid of shop".into()) }
}

/// A write as the journal tells it: what was there before, and what the server answered.
fn write(before: &BindingObject, status: Option<u16>) -> BindingWrite {
    BindingWrite {
        cluster_id: None,
        binding: before.reference(),
        change: Change::removing(before, |subject| subject.name.starts_with(CARL)).unwrap(),
        before: Some(before.clone()),
        subjects: before.subjects.clone(),
        audit_id: "1".into(),
        answer: status.map(|status| match status {
            200..=299 => RequestAnswer::Done { status, after: None, request_id: None },
            _ => RequestAnswer::Failed { status: Some(status), code: None, error: "no".into(), request_id: None },
        }),
    }
}

fn carls() -> TargetNames {
    TargetNames::new([(uid(CARL), BTreeSet::from(["carl".to_owned()]))])
}

fn taken_by(writes: &[BindingWrite]) -> Vec<Taken> {
    taken(writes, &carls(), &[role_then(&binding("team", &[]))], &[])
}

#[test]
fn names_that_the_operator_gave_come_back_and_no_others() {
    let before = binding("team", &["bo", "carl", "200-a1", "200.17", "2001-1", "300-1"]);
    let whole = Change::removing(&before, |_| true).unwrap();
    let write = BindingWrite { change: whole, ..write(&before, Some(200)) };
    assert_eq!(named(&taken_by(&[write])[0].subjects), ["carl", "200-a1"]);
}

/// bo and carl shared the binding `team`, and carl was taken out.
fn from_team() -> Taken {
    taken_by(&[write(&binding("team", &["bo", "200-1"]), Some(200))]).remove(0)
}

/// What is there when nothing has changed since.
fn as_left() -> Present {
    Present {
        binding: Some(binding("team", &["bo"])),
        role: Some(role("get")),
        namespace: Some(Some(namespace())),
        by_unfinished_restore: false,
    }
}

fn planned(taken: Taken, present: Present, flags: RestoreFlags) -> RestorePlan {
    plan(None, &[(taken, present)], &[], &[], flags)
}

/// The object that a step creates.
fn created(step: &RestoreStep) -> &BindingObject {
    match &step.action {
        RestoreAction::CreateBinding { object, .. } => object,
        RestoreAction::AddSubjects { .. } => panic!("{step:?}"),
    }
}

/// Why carl does not come back into `team` after this change.
fn refused(change: impl FnOnce(&mut Taken, &mut Present)) -> Vec<RefusalCode> {
    refused_with(RestoreFlags::default(), change)
}

fn refused_with(flags: RestoreFlags, change: impl FnOnce(&mut Taken, &mut Present)) -> Vec<RefusalCode> {
    let (mut taken, mut present) = (from_team(), as_left());
    change(&mut taken, &mut present);
    planned(taken, present, flags).refusals.iter().map(|refusal| refusal.code).collect()
}

fn verdict(state: State) -> Verdict {
    Verdict { state, evidence: "by ACK's word".into(), ..Verdict::not_asked() }
}

#[test]
fn a_name_that_was_put_in_before_a_second_removal_comes_back_with_the_first() {
    let writes = [["bo", "200-1"], ["bo", "200-a1"]].map(|names| write(&binding("team", &names), Some(200)));
    let plan = planned(taken_by(&writes).remove(0), Present { binding: None, ..as_left() }, RestoreFlags::default());
    let step = &plan.steps[0];
    assert_eq!(named(&step.subjects), ["200-1", "200-a1"]);
    assert_eq!(named(&created(step).subjects), ["200-1", "200-a1"]);
}

#[test]
fn what_was_taken_out_comes_back_where_nothing_has_changed() {
    let plan = planned(from_team(), as_left(), RestoreFlags::default());
    assert_eq!(plan.refusals, []);
    let step = &plan.steps[0];
    assert_eq!((step.id, named(&step.subjects)), (1, vec!["200-1"]));
    assert_eq!(step.action, RestoreAction::AddSubjects { uid: "u".into(), resource_version: "7".into() });
    assert_eq!(plan.changes_with_steps().next().unwrap().1, Some(step));
    assert_eq!(plan.changes[0].role, Role { kind: "ClusterRole".into(), name: "dev".into() });
    let again = step.change(Some(&binding("team", &["bo", "200-1"])));
    assert_eq!(again, None, "nothing is put in twice");
}

#[test]
fn a_binding_that_is_gone_is_made_anew_with_the_identity_alone() {
    let gone = Present { binding: None, ..as_left() };
    let plan = planned(from_team(), gone, RestoreFlags::default());
    assert_eq!(plan.refusals, []);
    let made = created(&plan.steps[0]);
    assert_eq!((named(&made.subjects), made.metadata.uid.as_ref()), (vec!["200-1"], None));
    assert_eq!(made.metadata.labels, binding("team", &[]).metadata.labels);
    assert_eq!(made.metadata.annotations, binding("team", &[]).metadata.annotations);
    assert!(matches!(plan.steps[0].change(None), Some(Change::Create { .. })));
}

#[test]
fn owners_are_left_behind_and_that_is_said() {
    let mut taken = from_team();
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "x"}]);
    taken.before.metadata.owner_references = serde_json::from_value(owner).unwrap();
    let plan = planned(taken.clone(), Present { binding: None, ..as_left() }, RestoreFlags::default());
    assert!(plan.changes[0].loses_owners);
    assert_eq!(created(&plan.steps[0]).metadata.owner_references, None);
    let plan = planned(taken, as_left(), RestoreFlags::default());
    assert!(!plan.changes[0].loses_owners, "a binding that is there keeps its owners");
}

type Edit<'a> = &'a dyn Fn(&mut Taken, &mut Present);

#[test]
fn a_role_that_is_gone_or_another_is_a_reason() {
    assert_eq!(refused(|_, present| present.role = None), [RefusalCode::RoleGone]);
    let changes: [Edit; 3] = [
        &|_, present| present.role = Some(RoleFacts { uid: "another".into(), ..role("get") }),
        &|_, present| present.role = Some(role("delete")),
        &|taken, _| taken.role = None,
    ];
    let accepted = || RestoreFlags { accept_role_change: true, ..RestoreFlags::default() };
    for change in changes {
        assert_eq!(refused(change), [RefusalCode::RoleChanged]);
        assert_eq!(refused_with(accepted(), change), []);
    }
    let gone = refused_with(accepted(), |_, present| present.role = None);
    assert_eq!(gone, [RefusalCode::RoleGone], "what is gone can't be accepted");
    let plan = planned(from_team(), Present { role: Some(role("delete")), ..as_left() }, accepted());
    let RoleChange { removed, added } = plan.changes[0].role_change.as_ref().unwrap();
    assert_eq!((&removed[0].verbs[..], &added[0].verbs[..]), (&["get".to_owned()][..], &["delete".to_owned()][..]));
}

#[test]
fn a_namespace_that_is_gone_going_or_another_is_a_reason() {
    let refused_in = |namespace| refused(|_, present| present.namespace = namespace);
    let reason = [RefusalCode::NamespaceChanged];
    assert_eq!(refused_in(Some(None)), reason);
    assert_eq!(refused_in(Some(Some(NamespaceFacts { terminating: true, ..namespace() }))), reason);
    assert_eq!(refused_in(Some(Some(NamespaceFacts { uid: "another".into(), ..namespace() }))), reason);
    assert_eq!(refused_in(None), [], "without the right to read namespaces a restore is possible");
    let unread_then = |taken: &mut Taken, _: &mut Present| taken.namespace_uid = None;
    assert_eq!(refused(unread_then), []);
}

#[test]
fn a_binding_of_another_role_or_on_its_way_out_is_a_reason() {
    let another_role = |_: &mut Taken, present: &mut Present| {
        present.binding.as_mut().unwrap().role_ref.name = "ops".into();
    };
    assert_eq!(refused(another_role), [RefusalCode::BindingChanged]);
    let going = |_: &mut Taken, present: &mut Present| {
        let time = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
        present.binding.as_mut().unwrap().metadata.deletion_timestamp = Some(time);
    };
    assert_eq!(refused(going), [RefusalCode::BindingChanged]);
}

#[test]
fn a_subject_that_is_there_already_is_a_reason_unless_a_restore_was_cut_off() {
    let there = |_: &mut Taken, present: &mut Present| present.binding = Some(binding("team", &["bo", "200-1"]));
    assert_eq!(refused(there), [RefusalCode::SubjectPresent]);
    let cut_off = |taken: &mut Taken, present: &mut Present| {
        there(taken, present);
        present.by_unfinished_restore = true;
    };
    assert_eq!(refused(cut_off), [RefusalCode::NothingToRestore]);
}

#[test]
fn what_may_never_have_left_does_not_keep_the_rest_from_coming_back() {
    let team = binding("team", &["bo", "200-1"]);
    let answer = Some(RequestAnswer::Done { status: 200, after: Some(Box::new(team.clone())), request_id: None });
    let kept_by_a_policy = BindingWrite { answer, ..write(&team, Some(200)) };
    for doubtful in [write(&team, None), write(&team, Some(500)), kept_by_a_policy] {
        let all = taken(&[doubtful, write(&binding("own", &["200-1"]), Some(200))], &carls(), &[], &[]);
        let [in_doubt, own] = all.try_into().unwrap();
        let still_there = Present { binding: Some(team.clone()), ..as_left() };
        let gone = Present { binding: None, ..as_left() };
        let flags = RestoreFlags { accept_role_change: true, ..RestoreFlags::default() };
        let plan = plan(None, &[(in_doubt, still_there), (own, gone)], &[], &[], flags);
        assert_eq!(plan.refusals, []);
        let given_back: Vec<&str> = plan.steps.iter().map(|step| step.binding.name.as_str()).collect();
        assert_eq!(given_back, ["own"]);
    }
}

#[test]
fn an_identity_that_is_gone_or_may_be_is_a_reason_unless_it_is_forced() {
    let restored = |state, force| {
        let flags = RestoreFlags { force, ..RestoreFlags::default() };
        let plan = plan(None, &[(from_team(), as_left())], &[(uid(CARL), verdict(state))], &[], flags);
        plan.refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>()
    };
    for state in [State::Deleted(Basis::Confirmed), State::Deleted(Basis::Inferred), State::Recycled, State::Unknown] {
        assert_eq!(restored(state, false), [RefusalCode::IdentityGone], "{state:?}");
        assert_eq!(restored(state, true), [], "{state:?}");
    }
    for state in [State::Active, State::Frozen] {
        assert_eq!(restored(state, false), [], "{state:?}");
    }
}

#[test]
fn a_leaked_name_comes_back_only_by_its_name() {
    let tombstone = |name: &str| Tombstone {
        common_name: name.into(),
        uid: uid(CARL),
        key_sha256: "ab".into(),
        certificate_sha256: "cd".into(),
    };
    let refused = |leaked: &[&str], rearm: &[&str]| {
        let tombstones: Vec<Tombstone> = leaked.iter().map(|name| tombstone(name)).collect();
        let rearm = rearm.iter().map(|name| (*name).to_owned()).collect();
        let flags = RestoreFlags { rearm, force: true, ..RestoreFlags::default() };
        let plan = plan(None, &[(from_team(), as_left())], &[], &tombstones, flags);
        plan.refusals.into_iter().map(|refusal| (refusal.code, refusal.scope.target().unwrap())).collect::<Vec<_>>()
    };
    let reason = vec![(RefusalCode::Rearm, "200".to_owned())];
    assert_eq!(refused(&["200-1", "200-1"], &[]), reason, "once, however often it leaked, and --force is not enough");
    assert_eq!(refused(&["200-1"], &["200-2"]), reason);
    assert_eq!(refused(&["200-1"], &["200-1"]), []);
    assert_eq!(refused(&["200-2"], &[]), [], "that name isn't given anything");
}

#[test]
fn a_binding_of_which_nothing_was_taken_is_not_made_anew() {
    let taken = Taken { subjects: Vec::new(), ..from_team() };
    assert_eq!(planned(taken, Present { binding: None, ..as_left() }, RestoreFlags::default()).steps, []);
}

#[test]
fn nothing_taken_is_nothing_to_restore() {
    let plan = plan(None, &[], &[], &[], RestoreFlags::default());
    assert_eq!(plan.refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [RefusalCode::NothingToRestore]);
}

#[test]
fn only_subjects_of_the_plans_identities_are_restored_whatever_a_line_says() {
    let mut forged = write(&binding("team", &["200-1", "bo", "300-1", "2001-1", "200_x"]), Some(200));
    forged.subjects.push(serde_json::from_value(user("mallory")).unwrap());
    let taken = taken_by(&[forged]);
    assert_eq!(named(&taken[0].subjects), ["200-1"]);
    assert_eq!(taken[0].role, Some(role("get")));
    let gone = Present { binding: None, ..as_left() };
    let plan = planned(taken[0].clone(), gone, RestoreFlags::default());
    assert_eq!(named(&plan.steps[0].subjects), ["200-1"]);
    assert_eq!(named(&created(&plan.steps[0]).subjects), ["200-1"]);
}

/// carl was taken out of `team` and the cloud was called: `team` may be gone, and `bos`, which only bears carl's name.
fn at_risk() -> Vec<Taken> {
    let team = write(&binding("team", &["bo", "200-1", "eve"]), Some(200));
    let at_risk = [binding("team", &["bo", "eve"]), binding("bos", &["bo"])];
    let roles = [role_then(&binding("team", &[])), role_then(&binding("bos", &[]))];
    taken(&[team], &carls(), &roles, &at_risk)
}

#[test]
fn what_the_cloud_took_along_comes_back_for_all_who_had_it() {
    let gone = || Present { binding: None, ..as_left() };
    let pairs: Vec<(Taken, Present)> = at_risk().into_iter().map(|taken| (taken, gone())).collect();
    let plan = plan(None, &pairs, &[], &[], RestoreFlags::default());
    assert_eq!(plan.refusals, []);
    let created: Vec<Vec<&str>> = plan.steps.iter().map(|step| named(&created(step).subjects)).collect();
    assert_eq!(created, [vec!["bo", "200-1", "eve"], vec!["bo"]]);
    assert_eq!((named(&plan.steps[0].subjects), named(plan.steps[0].others())), (vec!["200-1"], vec!["bo", "eve"]));
    assert_eq!((named(&plan.steps[1].subjects), named(plan.steps[1].others())), (vec![], vec!["bo"]));
    assert_eq!(plan.changes_with_steps().nth(1).unwrap().1, Some(&plan.steps[1]));
}

#[test]
fn what_the_cloud_left_alone_is_only_given_back_what_was_taken() {
    let there = |taken: Taken| {
        let binding = Some(binding(&taken.binding.name, &["bo"]));
        (taken, Present { binding, ..as_left() })
    };
    let pairs: Vec<(Taken, Present)> = at_risk().into_iter().map(there).collect();
    let plan = plan(None, &pairs, &[], &[], RestoreFlags::default());
    assert_eq!(plan.steps.len(), 1, "{:?}", plan.steps);
    assert_eq!((named(&plan.steps[0].subjects), plan.steps[0].others()), (vec!["200-1"], &[][..]));
}

#[test]
fn a_binding_that_comes_back_smaller_says_who_is_left_out() {
    let others = ["bo", "eve", "finn", "gus", "200-1"];
    let taken = taken_by(&[write(&binding("team", &others), Some(200))]).remove(0);
    let plan = planned(taken, Present { binding: None, ..as_left() }, RestoreFlags::default());
    assert_eq!(named(&plan.changes[0].left_out), ["bo", "eve", "finn", "gus"]);
}

#[test]
fn what_was_refused_or_made_anew_was_not_taken() {
    let before = binding("team", &["bo", "200-1"]);
    for status in [404, 409, 422] {
        assert_eq!(taken_by(&[write(&before, Some(status))]), [], "{status}");
    }
    let object = Box::new(before.stripped(before.subjects.clone()));
    let collateral = BindingWrite { change: Change::Create { object }, before: None, ..write(&before, Some(201)) };
    let with_a_before = BindingWrite { before: Some(before.clone()), ..collateral.clone() };
    assert_eq!(taken_by(&[collateral.clone(), with_a_before]), []);
    assert_eq!(taken_by(&[write(&before, Some(200)), collateral]).len(), 1);
    assert_eq!(taken_by(&[write(&before, None)]).len(), 1, "what may have been done may have to be undone");
}

#[test]
fn what_was_taken_twice_comes_back_once() {
    let (first, second) = (binding("team", &["bo", "200-1"]), binding("team", &["bo", "200-1", "200-2"]));
    let taken = taken_by(&[write(&first, Some(200)), write(&second, Some(200)), write(&binding("own", &[CARL]), None)]);
    let seen: Vec<_> = taken.iter().map(|one| (one.binding.name.as_str(), named(&one.subjects))).collect();
    assert_eq!(seen, [("team", vec!["200-1", "200-2"]), ("own", vec![CARL])]);
    assert_eq!((&taken[0].before, &taken[1].role), (&first, &None));

    let listed_twice = taken_by(&[write(&binding("team", &["200-1", "bo", "200-1"]), Some(200))]).remove(0);
    let plan = planned(listed_twice, as_left(), RestoreFlags::default());
    assert_eq!(named(&plan.steps[0].subjects), ["200-1"]);
}

#[test]
fn the_hash_is_over_flags_and_steps() {
    let plan = |flags| planned(from_team(), as_left(), flags);
    let agreed = plan(RestoreFlags::default());
    assert_eq!(agreed.hash, plan(RestoreFlags::default()).hash);
    assert_ne!(agreed.hash, plan(RestoreFlags { force: true, ..RestoreFlags::default() }).hash);
    let mut later = as_left();
    later.binding.as_mut().unwrap().metadata.resource_version = Some("8".into());
    assert_ne!(agreed.hash, planned(from_team(), later, RestoreFlags::default()).hash);
}

fn cluster(digit: &str) -> Option<ClusterId> {
    ClusterId::parse(&format!("c{}", digit.repeat(32)))
}

fn token(cluster_id: Option<ClusterId>) -> RestoreToken {
    let secret = SecretRef { namespace: "shop".into(), name: "robot".into() };
    RestoreToken { id: 0, cluster_id, secret, value: "2026-11-22".into() }
}

#[test]
fn a_static_token_in_another_cluster_makes_it_a_plan_of_several() {
    let of = |tokens| RestorePlan { tokens, ..RestorePlan::default() };
    assert!(of(vec![token(cluster("a")), token(cluster("b"))]).is_of_several());
    assert!(!of(vec![token(cluster("a")), token(cluster("a"))]).is_of_several());
    let mut plan = planned(from_team(), as_left(), RestoreFlags::default());
    plan.tokens = vec![token(cluster("b"))];
    assert!(!plan.steps.is_empty() && plan.is_of_several());
}

#[test]
fn of_two_removals_one_that_is_certain_is_enough() {
    let before = binding("team", &["bo", "200-1"]);
    for (first, second) in [(Some(200), None), (None, Some(200)), (Some(200), Some(200))] {
        let taken = taken_by(&[write(&before, first), write(&before, second)]);
        assert!(taken[0].is_certain, "{first:?} {second:?}");
    }
    assert!(!taken_by(&[write(&before, None), write(&before, None)])[0].is_certain);
}

fn codes(plan: &RestorePlan) -> Vec<RefusalCode> {
    plan.refusals.iter().map(|refusal| refusal.code).collect()
}

#[test]
fn plans_of_several_clusters_are_one_and_each_part_keeps_to_its_cluster() {
    let of = |digit: &str| {
        let pairs = [(from_team(), Present { binding: None, ..as_left() })];
        plan(cluster(digit).as_ref(), &pairs, &[], &[], RestoreFlags::default())
    };
    let with_token = of("b").with_tokens(vec![token(cluster("b"))]);
    let joined = RestorePlan::joined(vec![of("a"), with_token]);
    assert!(joined.is_sealed());
    let numbers = |plan: &RestorePlan| {
        let steps = plan.steps.iter().map(|step| step.id).collect::<Vec<_>>();
        (steps, plan.tokens.iter().map(|token| token.id).collect::<Vec<_>>())
    };
    assert_eq!(numbers(&joined), (vec![1, 2], vec![3]));
    assert_eq!(joined.token(3), joined.tokens.first());
    assert_eq!(joined.token(2), None);
    for (digit, expected) in [("a", (vec![1], vec![])), ("b", (vec![2], vec![3])), ("c", (vec![], vec![]))] {
        let part = joined.in_cluster(cluster(digit).as_ref());
        assert_eq!((numbers(&part), &part.hash), (expected.clone(), &joined.hash), "{digit}");
        assert!(part.changes.iter().all(|change| change.cluster_id == cluster(digit)), "{digit}");
        assert_eq!(part.changes.len(), expected.0.len(), "{digit}");
    }
    assert!(joined.gives_back("200-1") && !joined.gives_back("bo"));
}

#[test]
fn one_cluster_with_nothing_to_get_back_keeps_no_other_from_it() {
    let nothing = || plan(None, &[], &[], &[], RestoreFlags::default());
    let only_token = || RestorePlan { tokens: vec![token(cluster("b"))], ..RestorePlan::default() };
    let none = [RefusalCode::NothingToRestore];
    for (plans, expected) in [
        (vec![nothing(), planned(from_team(), as_left(), RestoreFlags::default())], &[][..]),
        (vec![nothing(), only_token()], &[]),
        (vec![nothing()], &none),
    ] {
        assert_eq!(codes(&RestorePlan::joined(plans.clone())), expected, "{plans:?}");
    }
    let gone = planned(from_team(), Present { role: None, ..as_left() }, RestoreFlags::default());
    assert_eq!(codes(&RestorePlan::joined(vec![only_token(), gone])), [RefusalCode::RoleGone]);
    let with_token = nothing().with_tokens(vec![token(None)]);
    assert_eq!((codes(&with_token), with_token.is_sealed()), (vec![], true));
    assert_eq!(codes(&nothing().with_tokens(Vec::new())), none);
    let refused = planned(from_team(), Present { role: None, ..as_left() }, RestoreFlags::default());
    assert_eq!(codes(&refused.with_tokens(vec![token(None)])), [RefusalCode::RoleGone]);
}

#[test]
fn the_hash_is_over_static_tokens() {
    let of = |token| RestorePlan::default().with_tokens(vec![token]).hash;
    let one = of(token(cluster("a")));
    assert_ne!(of(token(cluster("b"))), one);
    assert_ne!(of(RestoreToken { value: "2026-11-23".into(), ..token(cluster("a")) }), one);
    let secret = SecretRef { namespace: "shop".into(), name: "other".into() };
    assert_ne!(of(RestoreToken { secret, ..token(cluster("a")) }), one);
}

#[test]
fn what_is_not_restored_is_named_with_its_clusters_folder_once() {
    let id = cluster("a").unwrap();
    let text = |cluster_id: Option<&ClusterId>, what: &str| {
        NotRestored { cluster_id: cluster_id.cloned(), what: what.into(), why: "unread".into() }.to_string()
    };
    assert_eq!(text(Some(&id), "team.json"), format!("{id}/team.json: unread"));
    assert_eq!(text(Some(&id), id.as_str()), format!("{id}: unread"));
    assert_eq!(text(None, "200"), "200: unread");
}
