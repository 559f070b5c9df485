//! Names that resemble an identity's, and mappings to its names.

use super::*;
use crate::core::rbac::mapping::{MappedIdentity, MappingOrigin};

/// carl, of whom RAM knows the name.
fn carl(also_names: &[&str]) -> InputTarget {
    let mut carl = target(CARL);
    carl.target.learn_ram_names(["carl"]);
    carl.target.assert_names(also_names.iter().copied());
    carl
}

fn mapping(arn: &str, username: &str, groups: &[&str]) -> Mapping {
    Mapping {
        origin: MappingOrigin::Object,
        name: "m".into(),
        identity: MappedIdentity::Arn(arn.into()),
        uid: None,
        account: None,
        username: username.into(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        created: None,
    }
}

fn also(names: &[&str]) -> Flags {
    Flags { also_names: names.iter().map(|name| (*name).to_owned()).collect(), ..Flags::default() }
}

fn accepting(names: &[&str]) -> Flags {
    Flags { accept_names: names.iter().map(|name| (*name).to_owned()).collect(), ..Flags::default() }
}

fn access_that_remains(plan: &Plan) -> Vec<(RemainKind, &str)> {
    let left = plan.remains.iter().filter(|remain| remain.kind.is_access());
    left.map(|remain| (remain.kind, remain.what.as_str())).collect()
}

#[test]
fn a_name_that_resembles_the_identitys_is_a_finding_until_the_operator_says_what_it_is() {
    let team = bound("team", "view", &[user("bo"), user("200-1"), user("200.17"), user("2001.17"), group("200.18")]);
    let found = plan(&case_of(vec![carl(&[])], std::slice::from_ref(&team), Vec::new()));
    let what = "ClusterRoleBinding/-/team gives ClusterRole/view to 200.17, which resembles a name of 200: --also-name revokes it \
                too, --accept-name says that it is another's";
    assert_eq!(access_that_remains(&found), [(RemainKind::ResemblingName, what)]);
    assert_eq!(of_binding(&found, 0).subjects, ["User/200-1"]);
    assert!(of_binding(&found, 0).shared_with.named.contains(&"User/200.17".to_owned()));

    let with_it =
        plan_with(&case_of(vec![carl(&["200.17"])], std::slice::from_ref(&team), Vec::new()), &also(&["200.17"]));
    assert_eq!(access_that_remains(&with_it), []);
    assert_eq!(
        (&of_binding(&with_it, 0).subjects[..], &of_binding(&with_it, 0).identities),
        (&["User/200-1".to_owned(), "User/200.17".to_owned()][..], &vec![uid(CARL)])
    );
    assert_eq!(with_it.targets[0].also_names, ["200.17"]);
    assert!(with_it.targets[0].names.contains(&"200.17".to_owned()));

    let anothers = plan_with(&case_of(vec![carl(&[])], &[team], Vec::new()), &accepting(&["200.17"]));
    assert_eq!(access_that_remains(&anothers), []);
    assert_eq!(anothers.not_checked[0], "whose user name 200.17 is: only you asserted it, with --accept-name");
    assert_eq!(of_binding(&anothers, 0).subjects, ["User/200-1"]);
}

#[test]
fn of_many_names_in_a_binding_a_few_are_shown() {
    let names: Vec<Value> = (0..1000).map(|number| user(&format!("200.{number}"))).collect();
    let found = plan(&case_of(vec![carl(&[])], &[bound("many", "view", &names)], Vec::new()));
    let [(_, what)] = access_that_remains(&found)[..] else { panic!("{:?}", found.remains) };
    assert!(what.contains("to 200.0, 200.1, 200.2, 200.3, 200.4 and 995 more, which resemble"), "{what}");
}

#[test]
fn a_name_that_is_given_goes_with_its_own_identity_alone() {
    let both = [user("200.17"), user("300-1"), user("200-1")];
    let mut targets = vec![carl(&["200.17"]), target(FINN)];
    targets[1].activity = Some(LastAccess::Found(Activity::default()));
    let input = case_of(targets, &[bound("both", "view", &both)], Vec::new());
    let flags = also(&["200.17"]);
    let bulk = Plan::new(
        vec![Draft::of(&input, &flags, &[], RevokeMode::AllDeleted, &DryRuns::new())],
        flags.clone(),
        Vec::new(),
    );
    assert_eq!(
        (&of_binding(&bulk, 0).subjects[..], bulk.uids()),
        (&["User/200.17".to_owned(), "User/200-1".to_owned()][..], vec![uid(CARL)])
    );
    assert!(bulk.names().contain("200.17") && !bulk.names_of(&[uid(FINN)]).contain("200.17"));

    let mut input = input;
    input.targets[0].activity = Some(LastAccess::Found(Activity::default()));
    input.targets[1].activity = Some(LastAccess::None(Activity::default()));
    let bulk =
        Plan::new(vec![Draft::of(&input, &flags, &[], RevokeMode::AllDeleted, &DryRuns::new())], flags, Vec::new());
    assert_eq!(of_binding(&bulk, 0).subjects, ["User/300-1"], "the name goes with the identity that is left out");
    assert!(!bulk.names().contain("200.17"));
}

#[test]
fn a_mapping_to_the_identitys_name_is_a_way_in_whatever_its_arn() {
    let ann = "acs:ram::1000:user/ann";
    let found = |mapping: Mapping, flags: &Flags| {
        let also_names: Vec<&str> = flags.also_names.iter().map(String::as_str).collect();
        let plan = plan_with(&case_of(vec![carl(&also_names)], &[], vec![mapping]), flags);
        access_that_remains(&plan).into_iter().map(|(kind, what)| (kind, what.to_owned())).collect::<Vec<_>>()
    };
    let none = Flags::default();
    for name in ["200", "200-17", "200-a1b2c3"] {
        let what =
            format!("RAMIdentityMapping/-/m maps {ann} to {name} in system:masters: {name} is a user name of 200");
        assert_eq!(found(mapping(ann, name, &["system:masters"]), &none), [(RemainKind::Mapping, what)]);
    }
    let recorded = Mapping { uid: Some(uid(FINN)), ..mapping(ann, "200-17", &[]) };
    assert_eq!(found(recorded, &none)[0].0, RemainKind::Mapping, "also one that is recorded");
    assert_eq!(found(mapping(ann, "200.17", &["ops"]), &also(&["200.17"]))[0].0, RemainKind::Mapping);
    for name in ["200.17", "carl", "acs:ram::1000:user/carl"] {
        let open = found(mapping(ann, name, &["ops"]), &none);
        assert!(
            matches!(&open[..], [(RemainKind::ResemblingName, what)] if what.contains("--accept-name")),
            "{open:?}"
        );
        assert_eq!(found(mapping(ann, name, &["ops"]), &accepting(&[name])), []);
        assert_eq!(found(mapping(ann, name, &[]), &none), [], "bindings of the name are found by themselves");
    }
    for name in ["2001-17", "300", "ann", "{{SessionName}}", ""] {
        assert_eq!(found(mapping(ann, name, &["ops"]), &none), [], "{name}");
    }
}

#[test]
fn a_mapping_of_an_arn_with_the_identitys_name_is_a_way_in() {
    let found = |arn: &str, uid: Option<Uid>| {
        let mut carl = carl(&[]);
        carl.verdict.name = Some("carl".into());
        let plan = plan(&case_of(vec![carl], &[], vec![Mapping { uid, ..mapping(arn, "ann", &["ops"]) }]));
        plan.remains.iter().map(|remain| remain.kind).filter(|kind| *kind != RemainKind::RecycleBin).collect::<Vec<_>>()
    };
    assert_eq!(found("acs:ram::1000:user/Carl", None), [RemainKind::Mapping]);
    assert_eq!(found("acs:ram::1000:user/carla", None), []);
    assert_eq!(found("acs:ram::1000:user/carl", Some(uid(FINN))), [RemainKind::ReusableName]);
    assert_eq!(found("acs:ram::1000:user/bo", Some(uid(FINN))), []);
}

#[test]
fn names_that_the_flags_give_must_be_there_and_resemble_an_identity_that_is_revoked() {
    let team = bound("team", "view", &[user("200.17"), user("200-1"), user("300.1"), user("alice"), group("200.9")]);
    let wrong = |flags: Flags| {
        let also_names: Vec<&str> =
            flags.also_names.iter().map(String::as_str).filter(|name| carl(&[]).target.resembles(name)).collect();
        let input = case_of(
            vec![carl(&also_names)],
            std::slice::from_ref(&team),
            vec![mapping("acs:ram::1:user/a", "200@m", &[])],
        );
        let refusals = misnamed(std::iter::once(&input), &flags);
        assert!(
            refusals.iter().all(|refusal| refusal.code == RefusalCode::NameMismatch && refusal.scope.is_operation())
        );
        refusals.into_iter().map(|refusal| refusal.message).collect::<Vec<_>>()
    };
    for flags in [also, accepting] {
        assert_eq!(wrong(flags(&["200.17", "200@m"])), [""; 0]);
        for (name, reason) in [
            ("200-1", "that is a name of 200 in any case"),
            ("200-a1", "that is a name of 200 in any case"),
            ("300.1", "that resembles no name"),
            ("300-1", "that resembles no name"),
            ("alice", "that resembles no name"),
            ("200.9", "no binding and no mapping here has that user name"),
            ("carl", "no binding and no mapping here has that user name"),
        ] {
            let seen = wrong(flags(&[name]));
            assert!(seen.len() == 1 && seen[0].contains(reason), "{name}: {seen:?}");
        }
    }
    assert_eq!(wrong(Flags { accept_names: vec!["alice".into()], ..also(&["300.1"]) }).len(), 2);
    // What RAM called it is not known.
    let nameless = case_of(vec![target(CARL)], std::slice::from_ref(&team), Vec::new());
    let count = |flags: Flags| misnamed(std::iter::once(&nameless), &flags).len();
    assert_eq!((count(also(&["alice"])), count(accepting(&["alice"]))), (1, 0));
}

#[test]
fn the_operator_may_come_by_a_name_that_resembles_the_identitys() {
    let own = [bound("own", "view", &[user("200-1"), user("carl")])];
    let mut input = case_of(vec![carl(&[])], &own, Vec::new());
    input.operator.names = vec!["carl".into()];
    assert_eq!(codes(&plan(&input).refusals), [RefusalCode::OwnIdentity]);
    assert_eq!(codes(&plan_with(&input, &accepting(&["carl"])).refusals), []);
    let mut input = case_of(vec![carl(&["carl"])], &own, Vec::new());
    input.operator.names = vec!["carl".into()];
    assert_eq!(codes(&plan_with(&input, &also(&["carl"])).refusals), [RefusalCode::OwnIdentity]);
}

#[test]
fn an_identity_that_holds_nothing_but_such_a_name_is_refused_with_it() {
    let mut nameless = carl(&[]);
    nameless.kubeconfig = KubeconfigFact::NotListed;
    let own = [bound("own", "view", &[user("200.17")])];
    let input = case_of(vec![nameless], &own, Vec::new());
    for mode in [RevokeMode::Single, RevokeMode::MultiCluster] {
        let refusals = plan_of(&input, mode, &DryRuns::new()).refusals;
        assert_eq!(codes(&refusals), [RefusalCode::NothingIssued], "{mode:?}");
        assert!(refusals[0].hint.as_ref().unwrap().contains("to 200.17, which resembles"), "{refusals:?}");
    }
}

#[test]
fn a_name_that_resembles_the_leavers_is_no_administrator_who_stays() {
    let admins = [bound("admins", "cluster-admin", &[user("200-1"), user("200.17")])];
    let refused = |also_names: &[&str], flags: &Flags| {
        codes(&plan_with(&case_of(vec![carl(also_names)], &admins, Vec::new()), flags).refusals)
    };
    assert_eq!(refused(&[], &Flags::default()), [RefusalCode::LastAdministrator]);
    assert_eq!(refused(&["200.17"], &also(&["200.17"])), [RefusalCode::LastAdministrator]);
    assert_eq!(refused(&[], &accepting(&["200.17"])), []);
}
