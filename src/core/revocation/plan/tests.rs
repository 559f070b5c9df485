use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::refuse::the_last_administrator;
use super::*;
use crate::core::access::holder::LastAccess;
use crate::core::access::scan::ClusterScan;
use crate::core::cluster::cluster_id::KnownCluster;
use crate::core::identity::ack::{
    AccountState, AccountType, Activity, CertificateState, KubeconfigState, UserKubeconfigState,
};
use crate::core::identity::evidence::{Answer, ClusterSources, Listing};
use crate::core::identity::verdict::{Basis, ClusterDirectory, State, Verdict};
use crate::core::rbac::binding::BindingItem;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::grants::Grants;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::inventory::Role;
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::others::MOST_NAMED;
use crate::core::rbac::{Attributes, RoleFacts, Roles};
use crate::core::revocation::fixtures::{all_flags, cluster_record, leaked_certificate};
use crate::core::revocation::input::{
    Confirmation, DryRun, DryRuns, InputCluster, InputTarget, KubeconfigFact, Operator,
};
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::refusal::RefusalCode;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Assembly, Before, CheckResult, Probe};

mod cloud;
mod fleet;
mod leaked_files;
mod names;
mod paths;
mod resumed;
mod static_tokens;

const CARL: &str = "200";
const FINN: &str = "300";

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn cluster_id() -> ClusterId {
    ClusterId::parse(&format!("c{}", "0a".repeat(16))).unwrap()
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn robot() -> Value {
    json!({"kind": "ServiceAccount", "name": "robot", "namespace": "shop"})
}

/// A ClusterRoleBinding.
fn bound(name: &str, role: &str, subjects: &[Value]) -> Value {
    json!({
        "kind": "ClusterRoleBinding", "subjects": subjects,
        "metadata": {"name": name, "uid": format!("uid of {name}"), "resourceVersion": "7"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
    })
}

fn roles() -> Roles {
    let role = |verbs: &str| {
        let rules = json!([{"verbs": [verbs], "apiGroups": ["*"], "resources": ["*"]}]);
        RoleFacts { uid: format!("uid of {verbs}"), rules: serde_json::from_value(rules).unwrap() }
    };
    let mut roles = Roles::default();
    roles.insert_cluster_role("view".into(), role("get"));
    roles.insert_cluster_role("cluster-admin".into(), role("*"));
    roles
}

fn deleted() -> Verdict {
    Verdict { state: State::Deleted(Basis::Confirmed), evidence: "confirmed".into(), ..Verdict::not_asked() }
}

/// A deleted identity with an effective kubeconfig and no access since.
fn target(text: &str) -> InputTarget {
    let kubeconfig = KubeconfigState {
        uid: uid(text),
        account_type: AccountType::RamUser,
        account_state: AccountState::Deleted,
        account_name: String::new(),
        display_name: String::new(),
        certificate: CertificateState::Unexpired,
        expires: None,
        revocable: Some(true),
        cloud_service: None,
    };
    InputTarget {
        target: Target::new(uid(text)),
        verdict: deleted(),
        kubeconfig: KubeconfigFact::Listed(kubeconfig),
        permissions: Answer::Known(Vec::new()),
        activity: Some(LastAccess::None(Activity::default())),
        elsewhere: Listing::Complete(Vec::new()),
        is_resumed: false,
    }
}

/// A cluster that is confirmed and read whole.
fn input(targets: &[&str], bindings: &[Value]) -> RevocationInput {
    case_of(targets.iter().map(|text| target(text)).collect(), bindings, Vec::new())
}

fn case_of(targets: Vec<InputTarget>, bindings: &[Value], mappings: Vec<Mapping>) -> RevocationInput {
    let names = TargetNames::of(targets.iter().map(|target| &target.target));
    let mut inventory = Inventory::default();
    for binding in bindings {
        let text = binding.to_string();
        let kind = crate::core::rbac::binding::BindingKind::ClusterRoleBinding;
        inventory.add(kind, &serde_json::from_str::<BindingItem<'_>>(&text).unwrap());
    }
    let objects = bindings.iter().map(|binding| serde_json::from_value::<BindingObject>(binding.clone()).unwrap());
    RevocationInput {
        cluster: InputCluster {
            known: KnownCluster { id: Some(cluster_id()), ..KnownCluster::default() },
            key: "key".into(),
            name: Some("prod".into()),
            context: None,
            server: "https://192.0.2.1:6443".into(),
            ca_keys: Vec::new(),
            state: Some("running".into()),
            confirmation: Confirmation::ClusterProfile,
        },
        scan: ClusterScan::new(
            Some(cluster_id()),
            Grants::extract(inventory, mappings),
            ClusterDirectory::new(ClusterSources::not_asked()),
        ),
        roles: roles(),
        minor_version: Some(36),
        targets,
        bindings: objects.filter(|object| change_of(object, &names).is_some()).collect(),
        same_named: Vec::new(),
        namespaces: BTreeMap::new(),
        operator: Operator::default(),
        cloud: Ok(()),
        unread: Vec::new(),
        static_tokens: None,
    }
}

/// carl has a binding of his own and shares one with bo.
fn carls_case() -> RevocationInput {
    let team = [user("bo"), user("200-1"), robot(), user("200-2")];
    input(&[CARL], &[bound("own", "view", &[user("200-1")]), bound("team", "view", &team)])
}

fn leaked() -> LeakedFacts {
    leaked_certificate("200-1", &["system:users"])
}

fn plan_of(input: &RevocationInput, mode: RevokeMode, dry_runs: &DryRuns) -> Plan {
    let flags = Flags::default();
    Plan::new(vec![Draft::of(input, &flags, &[], mode, dry_runs)], flags, Vec::new())
}

fn plan(input: &RevocationInput) -> Plan {
    plan_of(input, RevokeMode::Single, &DryRuns::new())
}

fn plan_with(input: &RevocationInput, flags: &Flags) -> Plan {
    Plan::new(vec![Draft::of(input, flags, &[], RevokeMode::Single, &DryRuns::new())], flags.clone(), Vec::new())
}

fn codes(refusals: &[Refusal]) -> Vec<RefusalCode> {
    refusals.iter().map(|refusal| refusal.code).collect()
}

/// What a step does to its binding.
fn of_binding(plan: &Plan, index: usize) -> &BindingStep {
    plan.steps[index].of_binding().unwrap()
}

fn of_binding_mut(plan: &mut Plan, index: usize) -> &mut BindingStep {
    match &mut plan.steps[index].kind {
        StepKind::Binding(step) => step,
        StepKind::Kubeconfig(_) | StepKind::StaticToken(_) | StepKind::Rotate(_) => {
            panic!("step {index} is of no binding")
        }
    }
}

fn not_allowed(input: &RevocationInput, name: &str) -> DryRuns {
    let object = input.bindings.iter().find(|object| object.reference().name == name).unwrap();
    DryRuns::from([(object.reference(), DryRun { step: Err("forbidden".into()), undo: None })])
}

#[test]
fn a_plan_says_what_leaves_and_what_stays_the_bindings_first() {
    let plan = plan(&carls_case());
    assert_eq!(codes(&plan.refusals), []);
    let seen: Vec<_> = plan.binding_steps().map(|(step, own)| (step.id, own.action)).collect();
    assert_eq!(seen, [(1, BindingAction::Delete), (2, BindingAction::RemoveSubjects)]);
    assert_eq!((plan.steps[2].id, &plan.steps[2].kind), (3, &StepKind::Kubeconfig(uid(CARL))));
    let (own, team) = (of_binding(&plan, 0), of_binding(&plan, 1));
    assert_eq!((team.uid.as_str(), team.resource_version.as_str()), ("uid of team", "7"));
    assert_eq!(team.subjects, ["User/200-1", "User/200-2"]);
    assert_eq!(team.shared_with.named, ["User/bo", "ServiceAccount/shop/robot"]);
    assert_eq!((team.shared_with.count, own.shared_with.count), (2, 0));
    assert_eq!(own.shared_with_sha256, None);
    assert_eq!(
        (plan.steps[1].undo.as_str(), plan.steps[2].undo.as_str()),
        ("restore", "recycle bin, 30 days, console")
    );
    let nameless = "user names that equal the name or ARN in RAM of 200: its name is unknown";
    assert_eq!(plan.not_checked[0], nameless);
    let tokens = "tokens of ServiceAccounts that it could reach: any";
    assert_eq!(plan.not_checked[1..], remain::not_checked(tokens.to_owned()), "its role reads Secrets");
}

/// A name for what is changed, and the change.
type Edit<'a> = (&'a str, &'a dyn Fn(&mut Plan));

#[test]
fn the_hash_changes_with_everything_that_is_agreed_to() {
    let agreed = plan(&carls_case());
    assert_eq!(agreed.hash, plan(&carls_case()).hash);
    assert_eq!((agreed.hash.len(), agreed.short_hash()), (64, &agreed.hash[..6]));
    let other_cluster = || ClusterId::parse(&format!("c{}", "0b".repeat(16)));
    let changes: [Edit; 26] = [
        ("--force", &|plan| plan.flags.force = true),
        ("--rbac-only", &|plan| plan.flags.rbac_only = true),
        ("--all-deleted", &|plan| plan.flags.all_deleted = true),
        ("--accept-inferred", &|plan| plan.flags.accept_inferred = true),
        ("--leave-no-admin", &|plan| plan.flags.leave_no_admin = true),
        ("--accept-group-grant", &|plan| plan.flags.accept_group_grants.push("ClusterRoleBinding/-/open".into())),
        ("--also-name", &|plan| plan.flags.also_names.push("200.17".into())),
        ("--accept-name", &|plan| plan.flags.accept_names.push("200.17".into())),
        ("under which names", &|plan| plan.targets[0].also_names.push("200.17".into())),
        ("the leaked certificate", &|plan| plan.leaked = vec![leaked()]),
        ("whom it is about", &|plan| plan.targets[0].uid = uid(FINN)),
        ("one more", &|plan| plan.targets.push(plan.targets[0].clone())),
        ("the target's cluster", &|plan| plan.targets[0].cluster_id = other_cluster()),
        ("the step's cluster", &|plan| plan.steps[0].cluster_id = other_cluster()),
        ("what is done", &|plan| of_binding_mut(plan, 0).action = BindingAction::Empty),
        ("to which object", &|plan| of_binding_mut(plan, 0).binding.name.push('x')),
        ("in which namespace", &|plan| of_binding_mut(plan, 0).binding.namespace = Some("shop".into())),
        ("which one of that name", &|plan| of_binding_mut(plan, 0).uid = "another".into()),
        ("in which version", &|plan| of_binding_mut(plan, 0).resource_version = "8".into()),
        ("whose step", &|plan| of_binding_mut(plan, 1).identities.push(uid(FINN))),
        ("who leaves", &|plan| drop(of_binding_mut(plan, 1).subjects.pop())),
        ("who stays", &|plan| drop(of_binding_mut(plan, 1).shared_with.named.pop())),
        ("how many stay", &|plan| of_binding_mut(plan, 1).shared_with.count += 1),
        ("who stays unnamed", &|plan| of_binding_mut(plan, 1).shared_with_sha256 = Some("ef".into())),
        ("a step less", &|plan| drop(plan.steps.pop())),
        ("the order", &|plan| plan.steps.swap(0, 1)),
    ];
    let mut hashes = vec![agreed.hash.clone()];
    for (what, change) in changes {
        let mut changed = agreed.clone();
        change(&mut changed);
        let hash = seal::of_revocation(&changed);
        assert!(!hashes.contains(&hash), "{what}");
        hashes.push(hash);
    }
    let (mut one, mut other) = (agreed.clone(), agreed);
    one.leaked = vec![leaked()];
    other.leaked = vec![LeakedFacts { certificate_sha256: "ef".into(), ..leaked() }];
    assert_ne!(seal::of_revocation(&one), seal::of_revocation(&other));
}

/// Of ten thousand who stay a few are named, and consent is to all of them.
#[test]
fn the_hash_covers_those_who_stay_and_are_not_named() {
    let mode = |last: &str| {
        let mut subjects = vec![user("200-1")];
        subjects.extend((0..9_999).map(|number| user(&format!("9{number:05}-1"))));
        subjects.push(user(last));
        plan(&input(&[CARL], &[bound("crowd", "view", &subjects)]))
    };
    let (one, other) = (mode("300-1"), mode("301-1"));
    let others = &of_binding(&one, 0).shared_with;
    assert_eq!((others.named.len(), others.count), (MOST_NAMED, 10_000));
    assert_eq!(*others, of_binding(&other, 0).shared_with);
    assert_ne!(one.hash, other.hash);
}

#[test]
fn the_hash_is_the_same_whatever_dry_runs_activity_and_warnings_say() {
    let agreed = plan(&carls_case()).hash;
    let input = carls_case();
    let refused = plan_of(&input, RevokeMode::Single, &not_allowed(&input, "team"));
    assert_eq!(codes(&refused.refusals), [RefusalCode::MissingRight]);
    assert_eq!(refused.hash, agreed);
    let no_way_back = DryRun { step: Ok(()), undo: Some(Err("forbidden".into())) };
    let no_way_back =
        plan_of(&input, RevokeMode::Single, &DryRuns::from([(input.bindings[0].reference(), no_way_back)]));
    assert_eq!((no_way_back.steps[0].undo.as_str(), &no_way_back.hash), ("not by you: forbidden", &agreed));

    let mut seen = carls_case();
    seen.targets[0].activity = Some(LastAccess::Found(Activity::default()));
    let seen = plan(&seen);
    assert_eq!((codes(&seen.refusals), &seen.hash), (vec![RefusalCode::RecentAccess], &agreed));

    let mut doubtful = carls_case();
    doubtful.targets[0].verdict = Verdict { evidence: "no source was asked".into(), ..Verdict::not_asked() };
    let doubtful = plan(&doubtful);
    assert_eq!((doubtful.warnings.len(), &doubtful.hash), (1, &agreed));
}

#[test]
fn what_a_refusal_stops_depends_on_its_scope_and_on_how_many_are_revoked() {
    use RevokeMode::{AllDeleted, MultiCluster, Named, Single};
    let scopes = [
        (RefusalScope::Operation(None), [Single, Named, AllDeleted, MultiCluster].as_slice()),
        (RefusalScope::Cluster(None), &[Single, Named, AllDeleted]),
        (RefusalScope::Identity(uid(FINN)), &[Single, Named]),
        (RefusalScope::Binding(carls_case().bindings[0].reference()), &[Single, Named]),
    ];
    for (scope, stopped) in scopes {
        let refusal = Refusal::new(RefusalCode::MissingRight, "why").of(scope.clone());
        let mut plan = plan(&carls_case());
        plan.refusals.push(refusal);
        for mode in [Single, Named, AllDeleted, MultiCluster] {
            assert_eq!(plan.is_stopped(mode), stopped.contains(&mode), "{mode:?} {scope:?}");
        }
        plan.targets.clear();
        assert!(plan.is_stopped(MultiCluster) && plan.is_stopped(AllDeleted), "{scope:?}: nothing is left to do");
    }
    assert!(!plan(&carls_case()).is_stopped(Single));
}

#[test]
fn steps_are_numbered_through_all_clusters() {
    let flags = Flags::default();
    let draft = || Draft::of(&carls_case(), &flags, &[], RevokeMode::AllDeleted, &DryRuns::new());
    let plan = Plan::new(vec![draft(), draft()], flags.clone(), Vec::new());
    assert_eq!(plan.steps.iter().map(|step| step.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((plan.targets.len(), plan.uids()), (2, vec![uid(CARL)]));
    assert_eq!(plan.binding_steps().count(), 4);
}

#[test]
fn a_binding_of_two_targets_is_one_step() {
    let both = [user("300-1"), user("bo"), user("200-1"), user("200")];
    let plan = plan(&input(&[CARL, FINN], &[bound("both", "view", &both)]));
    assert_eq!(plan.binding_steps().count(), 1);
    let both = of_binding(&plan, 0);
    assert_eq!((&both.identities, both.action), (&vec![uid(CARL), uid(FINN)], BindingAction::RemoveSubjects));
    assert_eq!(both.subjects, ["User/300-1", "User/200-1", "User/200"]);
    assert_eq!(both.shared_with.named, ["User/bo"]);
}

#[test]
fn a_binding_with_a_finalizer_is_emptied_and_said_to_stay() {
    let mut own = bound("own", "view", &[user("200-1")]);
    own["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let plan = plan(&input(&[CARL], &[own]));
    assert_eq!(of_binding(&plan, 0).action, BindingAction::Empty);
    assert!(plan.remains.iter().any(|remain| remain.kind == RemainKind::EmptyBinding), "{:?}", plan.remains);
}

#[test]
fn in_bulk_a_refused_target_is_left_out_of_a_shared_step() {
    let both = [user("300-1"), user("200-1")];
    let mut input = input(&[CARL, FINN], &[bound("both", "view", &both)]);
    input.targets[1].activity = Some(LastAccess::Found(Activity::default()));
    let bulk = plan_of(&input, RevokeMode::AllDeleted, &DryRuns::new());
    assert_eq!(codes(&bulk.refusals), [RefusalCode::RecentAccess]);
    assert_eq!(bulk.uids(), [uid(CARL)]);
    let both = of_binding(&bulk, 0);
    assert_eq!((both.action, &both.identities), (BindingAction::RemoveSubjects, &vec![uid(CARL)]));
    assert_eq!(
        (both.subjects.as_slice(), both.shared_with.named.as_slice()),
        (&["User/200-1".into()][..], &["User/300-1".into()][..])
    );
    assert!(bulk.steps.iter().all(|step| !step.identities().contains(&uid(FINN))));

    let several = plan_of(&input, RevokeMode::Named, &DryRuns::new());
    assert_eq!(codes(&several.refusals), [RefusalCode::RecentAccess]);
    assert_eq!(several.uids(), [uid(CARL), uid(FINN)], "of a few named ones a refusal stops all");
}

#[test]
fn of_several_one_that_may_still_exist_is_refused_only_where_something_would_be_taken() {
    let unknown = |bindings: &[Value], kubeconfig: KubeconfigFact, mode: RevokeMode| {
        let mut input = input(&[CARL, FINN], bindings);
        let carl = &mut input.targets[0];
        carl.verdict = Verdict { evidence: "no source was asked".into(), ..Verdict::not_asked() };
        carl.kubeconfig = kubeconfig;
        // ACK deleted it once: that it is in no list any more is no sign that there never was one.
        let removed = UserKubeconfigState {
            cluster: cluster_id(),
            cluster_name: "prod".into(),
            cluster_state: "running".into(),
            certificate: CertificateState::Removed,
            expires: None,
        };
        carl.elsewhere = Listing::Complete(vec![removed]);
        codes(&plan_of(&input, mode, &DryRuns::new()).refusals)
    };
    let own = [bound("own", "view", &[user("200-1")])];
    for mode in [RevokeMode::Named, RevokeMode::AllDeleted] {
        let reason = [RefusalCode::IdentityUnknown];
        assert_eq!(unknown(&own, KubeconfigFact::NotListed, mode), reason, "{mode:?}: a binding");
        let issued = target(CARL).kubeconfig;
        assert_eq!(unknown(&[], issued, mode), reason, "{mode:?}: a kubeconfig");
        let unread = KubeconfigFact::Unknown("500".into());
        assert_eq!(unknown(&[], unread, mode), reason, "{mode:?}: perhaps a kubeconfig");
        assert_eq!(unknown(&[], KubeconfigFact::NotListed, mode), [], "{mode:?}: nothing");
    }
    assert_eq!(
        unknown(&own, KubeconfigFact::NotListed, RevokeMode::Single),
        [],
        "one that is named alone is warned of"
    );
}

#[test]
fn in_bulk_an_identity_in_a_binding_that_may_not_be_changed_is_left_out() {
    let bindings = [bound("both", "view", &[user("300-1"), user("200-1")]), bound("finns", "view", &[user("300-1")])];
    let all = input(&[CARL, FINN], &bindings);
    let bulk = plan_of(&all, RevokeMode::AllDeleted, &not_allowed(&all, "finns"));
    assert_eq!((codes(&bulk.refusals), bulk.uids()), (vec![RefusalCode::MissingRight], vec![uid(CARL)]));
    assert_eq!(of_binding(&bulk, 0).shared_with.named, ["User/300-1"]);
    let none = plan_of(&all, RevokeMode::AllDeleted, &not_allowed(&all, "both"));
    assert_eq!((none.uids(), none.steps.len()), (Vec::new(), 0));
}

#[test]
fn a_step_names_who_manages_its_binding() {
    assert!(of_binding(&plan(&carls_case()), 0).managed_by.is_empty());
    let mut team = bound("team", "view", &[user("bo"), user("200-1")]);
    team["metadata"]["labels"] =
        json!({"kustomize.toolkit.fluxcd.io/name": "rbac", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
    let plan = plan(&input(&[CARL], &[team]));
    assert!(of_binding(&plan, 0).managed_by[0].contains("flux-system/rbac"), "{:?}", plan.steps);
}

/// What is said of carl's leaving where these hold full rights beside him.
fn without_carl(others: &[Value], change: impl Fn(&mut RevocationInput)) -> Vec<RefusalCode> {
    let holders: Vec<Value> = std::iter::once(user("200-1")).chain(others.iter().cloned()).collect();
    let mut input = input(&[CARL], &[bound("admins", "cluster-admin", &holders)]);
    change(&mut input);
    let targets: Vec<&InputTarget> = input.targets.iter().collect();
    the_last_administrator(&input, &targets, &Flags::default()).iter().map(|refusal| refusal.code).collect()
}

#[test]
fn the_last_administrator_stays() {
    let refused = [RefusalCode::LastAdministrator];
    let as_it_is = |_: &mut RevocationInput| {};
    assert_eq!(without_carl(&[], as_it_is), refused);
    assert_eq!(without_carl(&[user("200")], as_it_is), refused, "the same one under another name");
    assert_eq!(without_carl(&[group("system:masters")], as_it_is), refused, "no identity can be put into it any more");
    let bo_has_left = |input: &mut RevocationInput| drop(input.scan.verdicts.insert(uid("400"), deleted()));
    assert_eq!(without_carl(&[user("400-1")], bo_has_left), refused);
    let bo_is_in_the_bin = |input: &mut RevocationInput| {
        let recycled = Verdict { state: State::Recycled, ..deleted() };
        input.scan.verdicts.insert(uid("400"), recycled);
    };
    assert_eq!(without_carl(&[user("400-1")], bo_is_in_the_bin), refused);
    let both_leave = |input: &mut RevocationInput| input.targets.push(target("400"));
    assert_eq!(without_carl(&[user("400-1")], both_leave), refused);
    for holder in [user("400-1"), user("alice"), user("system:masters"), group("ops"), robot()] {
        assert_eq!(without_carl(std::slice::from_ref(&holder), as_it_is), [], "{holder}");
    }
}

#[test]
fn who_is_no_administrator_may_leave_even_if_there_is_none() {
    let input = carls_case();
    let targets: Vec<&InputTarget> = input.targets.iter().collect();
    assert_eq!(the_last_administrator(&input, &targets, &Flags::default()), None);
    let input = self::input(&[CARL], &[bound("admins", "cluster-admin", &[user("200-1")])]);
    let targets: Vec<&InputTarget> = input.targets.iter().collect();
    let on_purpose = Flags { leave_no_admin: true, ..Flags::default() };
    assert_eq!(the_last_administrator(&input, &targets, &on_purpose), None);
    assert_eq!(codes(&plan(&input).refusals), [RefusalCode::LastAdministrator]);
}

#[test]
fn what_is_forgotten_after_the_plan_changes_no_question_and_no_record() {
    use crate::core::revocation::plan::roles_then;
    use crate::core::revocation::verification::questions;
    let group = |name: &str| json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name});
    let bindings = [
        bound("team", "cluster-admin", &[user("bo"), user("200-1")]),
        bound("everyone", "view", &[group("system:authenticated")]),
        bound("others", "edit", &[user("bo")]),
    ];
    let mut input = input(&[CARL], &bindings);
    input.targets[0].target.names.insert("200-1".to_owned());
    assert!(!questions(&input).is_empty());
    let asked = |input: &RevocationInput| format!("{:?}", questions(input));
    let (questions_before, roles_before) = (asked(&input), roles_then(&input));
    let held = input.scan.grants.inventory().bindings().len();
    input.forget_others();
    assert_eq!((asked(&input), roles_then(&input)), (questions_before, roles_before));
    assert!(input.scan.grants.inventory().bindings().len() < held, "what others hold is forgotten");
    assert!(input.scan.grants.inventory().bindings().iter().any(|binding| binding.name() == "everyone"));
}

#[test]
fn flags_given_before_and_now_add_up() {
    let all = all_flags();
    assert_eq!(Flags::default().and(all.clone()), all);
    assert_eq!(all.clone().and(Flags::default()), all);
    assert_eq!(all.clone().and(all.clone()), all, "a name that is given twice is given once");
}

#[test]
fn the_account_itself_is_refused() {
    let mut input = carls_case();
    input.targets[0].verdict.identity_type = IdentityType::Root;
    assert!(codes(&plan(&input).refusals).contains(&RefusalCode::RootAccount));
}

#[test]
fn the_roles_of_the_bindings_that_are_changed_are_kept_as_they_are_now() {
    let mut input = carls_case();
    input.namespaces.insert("shop".into(), "uid of shop".into());
    let roles = roles_then(&input);
    let kept: Vec<_> = roles.iter().map(|then| &then.binding).collect();
    assert_eq!(
        kept,
        input.bindings.iter().map(BindingObject::reference).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    assert!(roles.iter().any(|then| then.role.is_some()), "{roles:?}");
}

#[test]
fn an_administrator_by_a_name_that_several_can_hold_is_warned() {
    let warned = |name: &str, groups: &[&str], holder: &str| {
        let bindings = [bound("own", "view", &[user("200-1")]), bound("admins", "cluster-admin", &[user(holder)])];
        let mut input = input(&[CARL], &bindings);
        input.operator.names = vec![name.to_owned()];
        input.operator.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        plan(&input).warnings.iter().any(|warning| warning.contains("a name that several identities can hold"))
    };
    assert!(warned("kubernetes-admin", &["dev", "system:masters"], "bo"));
    assert!(warned("admin", &["dev"], "admin"));
    assert!(!warned("ann", &["dev"], "bo"));
    assert!(!warned("300-1", &["system:masters"], "bo"), "that is one identity's name");
}

fn record(id: Option<ClusterId>, bindings: &[BindingRef], probes: &[&str]) -> ClusterRecord {
    let role = RoleFacts {
        uid: "uid of view".into(),
        rules: roles().of(None, &Role { kind: "ClusterRole".into(), name: "view".into() }).unwrap().rules.clone(),
    };
    let then =
        |binding: &BindingRef| RoleThen { binding: binding.clone(), role: Some(role.clone()), namespace_uid: None };
    let probe = |name: &&str| Probe {
        name: (*name).to_owned(),
        groups: Vec::new(),
        attributes: Attributes { verb: "get".into(), resource: "pods".into(), ..Attributes::default() },
    };
    let (roles, probes) = (bindings.iter().map(then).collect(), probes.iter().map(probe).collect());
    ClusterRecord { id, roles, probes, ..cluster_record() }
}

#[test]
fn a_resumed_operation_that_has_no_question_on_record_proves_nothing() {
    let input = carls_case();
    let (plan, carl) = (plan(&input), &input.targets[0].target);
    let own = input.bindings[0].reference();
    let other = BindingRef { name: "other".into(), ..own.clone() };
    let here = || Some(cluster_id());
    let elsewhere = ClusterId::parse(&format!("c{}", "0b".repeat(16)));
    for (record, expected) in [
        (record(here(), std::slice::from_ref(&own), &[]), Err(CheckResult::Error)),
        (record(here(), std::slice::from_ref(&own), &["300-1"]), Err(CheckResult::Error)),
        (record(here(), std::slice::from_ref(&own), &["200"]), Ok(1)),
        (record(here(), &[other], &[]), Err(CheckResult::Skipped)),
        (record(elsewhere, &[own], &[]), Err(CheckResult::Skipped)),
    ] {
        let before = Before::recorded(&record, &plan);
        let found = before.probes_of(carl).map(|probes| probes.len()).map_err(|report| report.result);
        assert_eq!(found, expected, "{record:?}");
    }
}

#[test]
fn what_is_asked_is_shared_by_all_names_and_bounded() {
    let names: Vec<String> = (1..=7).map(|number| format!("200-{number}")).collect();
    let users: Vec<Value> = names.iter().map(|name| user(name)).collect();
    let mut case = input(&[CARL], &[bound("own", "cluster-admin", &users)]);
    case.targets[0].target.names.extend(names);
    let count = case.targets[0].target.names.len();
    let asked = crate::core::revocation::verification::questions(&case).len();
    assert_eq!((count, asked), (8, 200));
}

#[test]
fn a_verification_says_what_remains_of_its_own_identity() {
    let mut both = input(&[CARL, FINN], &[bound("own", "view", &[user("200-1")])]);
    both.targets[1].verdict.state = State::Active;
    let plan = plan(&both);
    let files = [leaked(), LeakedFacts { file: Some("b.yaml".into()), ..leaked_certificate("300-1", &[]) }];
    let verification = |plan: &Plan, of: usize| {
        let before = Before::default();
        let missing_files = files.iter().collect();
        let at = jiff::Timestamp::UNIX_EPOCH;
        let assembly = Assembly { cluster_id: None, plan, before: &before, missing_files, at };
        assembly.verification(&both.targets[of].target, Vec::new())
    };
    for (of, active) in [(0, false), (1, true)] {
        let remains = verification(&plan, of).remains;
        assert!(remains.iter().all(|remain| remain.uid.as_ref() == Some(&both.targets[of].target.uid)), "{remains:?}");
        assert_eq!(remains.iter().any(|remain| remain.kind == RemainKind::Reissue), active);
    }
    let alone = Plan { leaked: vec![leaked()], ..plan.clone() };
    let said = |plan: &Plan| verification(plan, 0).not_checked.join("; ");
    assert!(said(&alone).contains("the leaked file itself: give it again with -f"), "{}", said(&alone));
    let several = Plan { leaked: files.to_vec(), ..plan };
    assert!(!said(&several).contains("the leaked file itself"), "{}", said(&several));
    assert!(said(&several).contains(": give it again with -f"), "{}", said(&several));
}
