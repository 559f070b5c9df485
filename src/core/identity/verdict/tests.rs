use proptest::prelude::*;

use super::*;
use crate::core::identity::ack::{AccountState, CertificateState, KubeconfigState};
use crate::core::identity::evidence::{ClusterSources, KubeconfigListings};
use crate::core::identity::{Caller, ImsUser, RamRole, RamUser, RecycledUser, UserBasicInfo};

const OWNER: &str = "1000";
const ALICE: &str = "2001";
const GONE: &str = "2999";
const OPS: &str = "3001";

fn uid(digits: &str) -> Uid {
    Uid::parse(digits).unwrap()
}

fn user(digits: &str) -> RamUser {
    RamUser { uid: uid(digits), name: format!("user-{digits}"), display_name: String::new() }
}

fn role(digits: &str) -> RamRole {
    RamRole { uid: uid(digits), name: format!("role-{digits}"), arn: String::new() }
}

fn info(digits: &str, status: UserStatus) -> UserBasicInfo {
    let principal_name = format!("user-{digits}@example.onaliyun.com");
    UserBasicInfo { uid: uid(digits), principal_name, display_name: String::new(), status }
}

fn recycled(digits: &str) -> RecycledUser {
    let principal_name = format!("user-{digits}@example.onaliyun.com");
    RecycledUser { uid: uid(digits), principal_name, display_name: String::new(), recycled: None, deleted: None }
}

fn row(digits: &str, account_type: AccountType, account_state: AccountState) -> KubeconfigState {
    KubeconfigState {
        uid: uid(digits),
        account_type,
        account_state,
        account_name: format!("ack-{digits}"),
        display_name: String::new(),
        certificate: CertificateState::Unexpired,
        expires: None,
        revocable: Some(true),
        cloud_service: None,
    }
}

fn caller(kind: IdentityType, digits: &str, account: &str) -> Answer<Caller> {
    let arn = format!("acs:ram::{account}:user/user-{digits}");
    Answer::Known(Caller { kind, uid: Some(uid(digits)), account_id: uid(account), arn })
}

/// An account in which everything was read: one user, who is also the caller, and one role.
fn account() -> AccountSources {
    AccountSources {
        caller: caller(IdentityType::RamUser, ALICE, OWNER),
        users: Listing::Complete(vec![user(ALICE)]),
        roles: Listing::Complete(vec![role(OPS)]),
        basic_infos: Listing::Complete(vec![info(ALICE, UserStatus::Active)]),
        recycle_bin: Listing::Complete(Vec::new()),
        lookups: BTreeMap::new(),
        bin_lookups: BTreeMap::new(),
    }
}

fn cluster() -> ClusterSources {
    ClusterSources {
        owner: Answer::Known(uid(OWNER)),
        kubeconfigs: Listing::Complete(Vec::new()),
        cloud_services_unread: None,
    }
}

fn ack_says(digits: &str, account_type: AccountType, state: AccountState) -> ClusterSources {
    ClusterSources { kubeconfigs: Listing::Complete(vec![row(digits, account_type, state)]), ..cluster() }
}

/// The verdict on an identity that ACK made a binding for.
fn judge(digits: &str, account: AccountSources, cluster: ClusterSources) -> Verdict {
    let mut directory = ClusterDirectory::new(cluster);
    directory.add_trace(uid(digits), Trace::AckBinding);
    AccountDirectory::new(account).judge(&uid(digits), &directory)
}

/// The verdict on a number that nothing but the sources can show to be a RAM identity's.
fn judge_without_trace(digits: &str, account: AccountSources, cluster: ClusterSources) -> Verdict {
    AccountDirectory::new(account).judge(&uid(digits), &ClusterDirectory::new(cluster))
}

#[test]
fn an_identity_that_is_listed_is_active_and_has_a_name() {
    let alice = judge(ALICE, account(), cluster());
    assert_eq!((alice.identity_type, alice.state), (IdentityType::RamUser, State::Active));
    assert_eq!(alice.name.as_deref(), Some("user-2001"));
    assert_eq!(alice.disagreement, None);
    assert!(!alice.evidence.contains("frozen"), "{}", alice.evidence);
    let ops = judge(OPS, account(), cluster());
    assert_eq!((ops.identity_type, ops.state), (IdentityType::RamRole, State::Active));
    assert_eq!(ops.name.as_deref(), Some("role-3001"));
}

#[test]
fn four_complete_listings_of_the_owners_account_infer_deletion() {
    let gone = judge(GONE, account(), cluster());
    assert_eq!((gone.identity_type, gone.state), (IdentityType::Unknown, State::Deleted(Basis::Inferred)));
    assert!(gone.evidence.starts_with("inferred: absent from ram:ListUsers"), "{}", gone.evidence);
    let shown = "; shown to be a RAM identity by a binding that ACK named";
    assert!(gone.evidence.ends_with(shown), "{}", gone.evidence);
}

#[test]
fn a_number_that_nothing_shows_to_be_a_ram_identity_is_unknown() {
    for digits in ["10042", "2026", "200000000000000013", GONE] {
        let verdict = judge_without_trace(digits, account(), cluster());
        assert_eq!((verdict.state, verdict.identity_type), (State::Unknown, IdentityType::Unknown), "{digits}");
        let reason = "absent from RAM users, RAM roles, IMS users, recycle bin; not shown to be a RAM identity";
        assert_eq!(verdict.evidence, reason, "{digits}");
        let directory = ClusterDirectory::new(cluster());
        assert!(AccountDirectory::new(account()).lacks_only_a_trace(&uid(digits), &directory), "{digits}");
    }
}

#[test]
fn each_trace_makes_absence_a_deletion() {
    use Trace::{AckBinding, Certificate, IssuedKubeconfig, KubeconfigState, Mapping, Operation, Permission};
    for trace in [AckBinding, Certificate, IssuedKubeconfig, Mapping, Operation, Permission] {
        let directory = ClusterDirectory::new(cluster());
        let account = AccountDirectory::new(account());
        let verdict = account.judge_with_trace(&uid(GONE), &directory, Some(trace));
        assert_eq!(verdict.state, State::Deleted(Basis::Inferred), "{trace:?}");
        assert!(verdict.evidence.ends_with(trace.describe()), "{}", verdict.evidence);
    }
    let listed = judge_without_trace(GONE, account(), ack_says(GONE, AccountType::RamUser, AccountState::Unstated));
    assert_eq!(listed.state, State::Deleted(Basis::Inferred));
    assert!(listed.evidence.ends_with(KubeconfigState.describe()), "{}", listed.evidence);
}

#[test]
fn a_number_that_begins_with_zero_is_no_ram_identitys_whatever_bears_its_name() {
    for digits in ["0", "0200000000000000103", "00000000000000001"] {
        let verdict = judge(digits, account(), cluster());
        assert_eq!(verdict.state, State::Unknown, "{digits}");
        let reason = "not shown to be a RAM identity (no RAM identity's UID begins with 0)";
        assert!(verdict.evidence.ends_with(reason), "{}", verdict.evidence);
        let directory = ClusterDirectory::new(cluster());
        assert!(!AccountDirectory::new(account()).lacks_only_a_trace(&uid(digits), &directory), "{digits}");
    }
}

#[test]
fn permission_records_that_were_not_read_are_in_the_evidence() {
    let mut directory = ClusterDirectory::new(cluster());
    directory.add_unread_records(uid(GONE), "cs:DescribeUserPermission: forbidden".to_owned());
    let verdict = AccountDirectory::new(account()).judge(&uid(GONE), &directory);
    assert_eq!(verdict.state, State::Unknown);
    let reason = "not shown to be a RAM identity (its permission records unread: cs:DescribeUserPermission: forbidden)";
    assert!(verdict.evidence.ends_with(reason), "{}", verdict.evidence);
}

#[test]
fn who_is_listed_or_may_be_listed_elsewhere_needs_no_trace() {
    for (digits, account) in [
        (ALICE, account()),
        (OWNER, account()),
        (GONE, AccountSources { roles: Listing::failed("forbidden"), ..account() }),
        (GONE, AccountSources::not_asked()),
    ] {
        let directory = ClusterDirectory::new(cluster());
        assert!(!AccountDirectory::new(account).lacks_only_a_trace(&uid(digits), &directory), "{digits}");
    }
}

#[test]
fn acks_own_word_confirms_deletion_even_where_ram_can_not_be_read() {
    let sources = AccountSources { users: Listing::failed("forbidden"), ..account() };
    let gone = judge(GONE, sources, ack_says(GONE, AccountType::RamUser, AccountState::Deleted));
    assert_eq!((gone.identity_type, gone.state), (IdentityType::RamUser, State::Deleted(Basis::Confirmed)));
    assert_eq!(gone.evidence, "confirmed: account_state Deleted in cs:ListClusterKubeconfigStates");
    assert_eq!(gone.name.as_deref(), Some("ack-2999"));
}

fn ack_says_all(rows: Vec<KubeconfigState>) -> ClusterSources {
    ClusterSources { kubeconfigs: Listing::Complete(rows), ..cluster() }
}

#[test]
fn every_one_of_several_rows_of_an_identity_counts() {
    use AccountState::{Active, Deleted, Inactive, Unstated};
    let cases = [
        ([Active, Deleted], State::Active, true),
        ([Active, Inactive], State::Frozen, true),
        ([Inactive, Deleted], State::Frozen, true),
        ([Deleted, Deleted], State::Deleted(Basis::Confirmed), false),
        ([Deleted, Unstated], State::Deleted(Basis::Confirmed), false),
    ];
    let sources = || AccountSources { users: Listing::failed("forbidden"), ..account() };
    for (states, expected, disagree) in cases {
        for states in [states, [states[1], states[0]]] {
            let rows = states.map(|state| row(GONE, AccountType::RamUser, state)).to_vec();
            let verdict = judge(GONE, sources(), ack_says_all(rows));
            assert_eq!((verdict.state, verdict.disagreement.is_some()), (expected, disagree), "{states:?}");
        }
    }
    let rows = [AccountType::Unstated, AccountType::RamRole].map(|kind| row(GONE, kind, Unstated));
    assert_eq!(judge(GONE, sources(), ack_says_all(rows.to_vec())).identity_type, IdentityType::RamRole);
}

#[test]
fn of_several_kubeconfigs_the_one_in_effect_counts_then_the_one_that_ends_last() {
    let at = |certificate, day: u8| KubeconfigState {
        certificate,
        expires: Some(format!("2027-01-{day:02}T00:00:00Z").parse().unwrap()),
        ..row(GONE, AccountType::RamUser, AccountState::Active)
    };
    use CertificateState::{Expired, Removed, Unexpired};
    let cases = [
        (vec![at(Expired, 20), at(Unexpired, 10), at(Removed, 30)], at(Unexpired, 10)),
        (vec![at(Unexpired, 10), at(Unexpired, 12), at(Expired, 20)], at(Unexpired, 12)),
        (vec![at(Removed, 20), at(Expired, 10)], at(Removed, 20)),
    ];
    for (rows, expected) in cases {
        for rows in [rows.clone(), rows.into_iter().rev().collect()] {
            let directory = ClusterDirectory::new(ack_says_all(rows));
            assert_eq!(directory.kubeconfig(&uid(GONE)), Some(&expected));
        }
    }
}

#[test]
fn acks_word_in_a_list_that_broke_off_confirms_nothing() {
    let read = vec![row(GONE, AccountType::RamUser, AccountState::Deleted)];
    let kubeconfigs = Listing::Failed { read, reason: "throttled".into() };
    let sources = AccountSources { recycle_bin: Listing::failed("forbidden"), ..account() };
    let gone = judge(GONE, sources, ClusterSources { kubeconfigs, ..cluster() });
    assert_eq!(gone.state, State::Unknown);
    assert!(gone.evidence.ends_with("Deleted in cs:ListClusterKubeconfigStates, which was not read to the end"));
}

#[test]
fn any_listing_that_is_missing_leaves_unknown_with_the_reason() {
    let cases: Vec<(AccountSources, &str)> = vec![
        (
            AccountSources { users: Listing::failed("ram:ListUsers forbidden"), ..account() },
            "absent from RAM roles, IMS users, recycle bin; RAM users unread: ram:ListUsers forbidden",
        ),
        (
            AccountSources { roles: Listing::NotAsked, ..account() },
            "absent from RAM users, IMS users, recycle bin; RAM roles not asked",
        ),
        (
            AccountSources {
                basic_infos: Listing::failed("ims: not found"),
                recycle_bin: Listing::failed("ims: not found"),
                ..account()
            },
            "absent from RAM; IMS users, recycle bin unread: ims: not found",
        ),
        (
            AccountSources { users: Listing::Failed { read: vec![user(ALICE)], reason: "cut".into() }, ..account() },
            "absent from RAM roles, IMS users, recycle bin; RAM users unread: cut",
        ),
        (
            AccountSources { caller: Answer::Failed("timeout".into()), ..account() },
            "the caller's account unread: timeout",
        ),
        (AccountSources::not_asked(), "the cloud was not asked"),
    ];
    for (sources, expected) in cases {
        let verdict = judge(GONE, sources, cluster());
        assert_eq!(verdict.state, State::Unknown, "{expected}");
        assert!(verdict.evidence.ends_with(expected), "{} / {expected}", verdict.evidence);
    }
}

#[test]
fn absence_from_another_account_means_nothing() {
    let foreign = ClusterSources { owner: Answer::Known(uid("1777")), ..cluster() };
    let verdict = judge(GONE, account(), foreign);
    assert_eq!(verdict.state, State::Unknown);
    assert!(verdict.evidence.contains("the cluster belongs to account 1777, the caller to 1000"));
    for owner in [Answer::NotAsked, Answer::Failed("configmap forbidden".into())] {
        assert_eq!(judge(GONE, account(), ClusterSources { owner, ..cluster() }).state, State::Unknown);
    }
}

#[test]
fn who_belongs_to_another_account_is_not_deleted_by_absence_and_still_by_acks_word() {
    let of_424242 = |cluster| {
        let mut directory = ClusterDirectory::new(cluster).with_accounts([(&uid(GONE), &uid("424242"))]);
        directory.add_trace(uid(GONE), Trace::Mapping);
        AccountDirectory::new(account()).judge(&uid(GONE), &directory)
    };
    let verdict = of_424242(cluster());
    assert_eq!((verdict.state, verdict.disagreement), (State::Unknown, None));
    assert!(verdict.evidence.ends_with("; belongs to account 424242, the caller to 1000"), "{}", verdict.evidence);
    let named = of_424242(ack_says(GONE, AccountType::RamUser, AccountState::Deleted));
    assert_eq!(named.state, State::Deleted(Basis::Confirmed));
    let told_twice =
        ClusterDirectory::new(cluster()).with_accounts([(&uid(GONE), &uid(OWNER)), (&uid(GONE), &uid("424242"))]);
    assert_eq!(AccountDirectory::new(account()).judge(&uid(GONE), &told_twice).state, State::Unknown);
}

#[test]
fn a_listing_without_the_caller_in_it_proves_nothing() {
    let cases = [
        AccountSources { users: Listing::Complete(Vec::new()), ..account() },
        AccountSources { users: Listing::Complete(vec![user("2002")]), ..account() },
        AccountSources { basic_infos: Listing::Complete(vec![info("2002", UserStatus::Active)]), ..account() },
        AccountSources { caller: caller(IdentityType::RamRole, "3002", OWNER), ..account() },
    ];
    for sources in cases {
        let verdict = judge(GONE, sources, cluster());
        assert_eq!(verdict.state, State::Unknown);
        assert!(verdict.evidence.contains("leaves out the calling"), "{}", verdict.evidence);
    }
}

#[test]
fn empty_listings_that_can_not_be_empty_prove_nothing() {
    let root = || AccountSources { caller: caller(IdentityType::Root, OWNER, OWNER), ..account() };
    let empty = [
        AccountSources { roles: Listing::Complete(Vec::new()), ..root() },
        AccountSources { users: Listing::Complete(Vec::new()), ..root() },
        AccountSources { basic_infos: Listing::Complete(Vec::new()), ..root() },
    ];
    for sources in empty {
        assert_eq!(judge(GONE, sources, cluster()).state, State::Unknown);
    }
    assert_eq!(judge(GONE, root(), cluster()).state, State::Deleted(Basis::Inferred));
}

#[test]
fn a_live_role_is_not_deleted_because_ims_knows_no_such_user() {
    let lookups = BTreeMap::from([(uid(OPS), Lookup::NotFound)]);
    assert_eq!(judge(OPS, AccountSources { lookups, ..account() }, cluster()).state, State::Active);
    let lookups = BTreeMap::from([(uid(GONE), Lookup::NotFound)]);
    let roles = Listing::failed("forbidden");
    assert_eq!(judge(GONE, AccountSources { lookups, roles, ..account() }, cluster()).state, State::Unknown);
}

#[test]
fn a_lookup_that_told_nothing_is_in_the_evidence() {
    let cases = [
        (Lookup::Failed("ims:GetUser: NoPermission".into()), "; look-up failed: ims:GetUser: NoPermission"),
        (Lookup::NotAsked("too many".into()), "; ims:GetUser not asked: too many"),
        (Lookup::NotFound, "RAM users unread: cut"),
    ];
    for (lookup, expected) in cases {
        let lookups = BTreeMap::from([(uid(GONE), lookup)]);
        let verdict = judge(GONE, AccountSources { users: Listing::failed("cut"), lookups, ..account() }, cluster());
        assert_eq!(verdict.state, State::Unknown);
        assert!(verdict.evidence.ends_with(expected), "{}", verdict.evidence);
    }
}

fn found_by_get_user() -> BTreeMap<Uid, Lookup<ImsUser>> {
    let found = ImsUser { uid: uid(GONE), name: "bob".into(), principal_name: String::new() };
    BTreeMap::from([(uid(GONE), Lookup::Found(found))])
}

#[test]
fn a_lookup_proves_existence_and_not_that_the_user_is_active() {
    let (users, basic_infos) = (Listing::failed("cut"), Listing::failed("forbidden"));
    let sources = || AccountSources {
        users: users.clone(),
        basic_infos: basic_infos.clone(),
        lookups: found_by_get_user(),
        ..account()
    };
    let verdict = judge(GONE, sources(), cluster());
    assert_eq!((verdict.state, verdict.identity_type), (State::Unknown, IdentityType::RamUser));
    assert_eq!(verdict.name.as_deref(), Some("bob"));
    assert_eq!(verdict.evidence, "exists in ims:GetUser; whether it is frozen is unknown: forbidden");
    assert_eq!(verdict.disagreement, None);

    use AccountState::{Active, Deleted, Inactive};
    for (said, expected, disagree) in
        [(Active, State::Active, false), (Inactive, State::Frozen, false), (Deleted, State::Unknown, true)]
    {
        let verdict = judge(GONE, sources(), ack_says(GONE, AccountType::RamUser, said));
        assert_eq!((verdict.state, verdict.disagreement.is_some()), (expected, disagree), "{said:?}");
    }
}

fn service(digits: &str, name: &str) -> KubeconfigState {
    let row = row(digits, AccountType::RamRole, AccountState::Active);
    KubeconfigState { cloud_service: (!name.is_empty()).then(|| name.to_owned()), ..row }
}

fn listings(people: Listing<KubeconfigState>, cloud_services: Listing<KubeconfigState>) -> ClusterDirectory {
    let listings = KubeconfigListings { people, cloud_services };
    ClusterDirectory::new(ClusterSources::new(Answer::Known(uid(OWNER)), listings))
}

#[test]
fn a_role_by_which_a_cloud_service_works_is_a_cloud_services() {
    let people = || Listing::Complete(vec![row(ALICE, AccountType::RamUser, AccountState::Active)]);
    for (people, services, expected) in [
        (people(), Listing::Complete(vec![service(OPS, "arms")]), Some("arms")),
        (people(), Listing::Complete(vec![service(OPS, "")]), Some("")),
        (Listing::failed("cut"), Listing::Complete(vec![service(OPS, "arms")]), Some("arms")),
        (people(), Listing::Failed { read: vec![service(OPS, "arms")], reason: "cut".into() }, Some("arms")),
        (Listing::Complete(vec![service(OPS, "arms")]), Listing::failed("cut"), Some("arms")),
        (people(), Listing::failed("cut"), None),
        // Of a list of people that broke off the role may be a part.
        (Listing::failed("cut"), Listing::Complete(vec![service(OPS, "")]), None),
        // An older ACK may not know the question, and gives the same list twice.
        (Listing::Complete(vec![service(OPS, "")]), Listing::Complete(vec![service(OPS, "")]), None),
    ] {
        let directory = listings(people, services);
        let kind = AccountDirectory::new(account()).judge(&uid(OPS), &directory).identity_type;
        assert_eq!(directory.cloud_service(&uid(OPS)), expected);
        assert_eq!(kind, if expected.is_some() { IdentityType::CloudService } else { IdentityType::RamRole });
    }
}

#[test]
fn the_list_of_cloud_services_spoils_no_other() {
    let people = Listing::Complete(vec![row(GONE, AccountType::RamUser, AccountState::Deleted)]);
    let directory = listings(people.clone(), Listing::failed("cs: cut"));
    let account = AccountDirectory::new(account());
    assert_eq!(account.judge(&uid(GONE), &directory).state, State::Deleted(Basis::Confirmed));
    assert_eq!(directory.sources().cloud_services_unread.as_deref(), Some("cs: cut"));
    let both = KubeconfigListings { people, cloud_services: Listing::failed("cs: cut") };
    assert_eq!((both.failure(), both.clone().into_one().failure()), (Some(&"cs: cut".into()), Some(&"cs: cut".into())));

    // A cloud service's role is deleted by ACK's word only where that list was read to the end.
    let gone = KubeconfigState { account_state: AccountState::Deleted, ..service("3999", "arms") };
    let cut = Listing::Failed { read: vec![gone.clone()], reason: "cut".into() };
    let whole = listings(Listing::Complete(Vec::new()), Listing::Complete(vec![gone]));
    assert_eq!(account.judge(&uid("3999"), &whole).state, State::Deleted(Basis::Confirmed));
    let broken = account.judge(&uid("3999"), &listings(Listing::Complete(Vec::new()), cut));
    assert!(broken.state != State::Deleted(Basis::Confirmed), "{broken:?}");
}

#[test]
fn who_is_found_in_the_recycle_bin_is_recycled_and_who_is_not_found_is_unknown() {
    let bin = |lookup| AccountSources {
        recycle_bin: Listing::failed("ims:ListUsersInRecycleBin forbidden"),
        bin_lookups: BTreeMap::from([(uid(GONE), lookup)]),
        ..account()
    };
    let found = judge(GONE, bin(Lookup::Found(recycled(GONE))), cluster());
    assert_eq!((found.state, found.identity_type), (State::Recycled, IdentityType::RamUser));
    assert_eq!(
        (found.evidence.as_str(), found.name.as_deref()),
        ("Recycled in ims:GetUserInRecycleBin", Some("user-2999"))
    );
    for (lookup, reason) in [
        (Lookup::NotFound, "; ims:GetUserInRecycleBin found no such user, which proves nothing"),
        (
            Lookup::Failed("ims:GetUserInRecycleBin: NoPermission".into()),
            "; look-up failed: ims:GetUserInRecycleBin: NoPermission",
        ),
        (Lookup::NotAsked("too many".into()), "; ims:GetUserInRecycleBin not asked: too many"),
    ] {
        let verdict = judge(GONE, bin(lookup), cluster());
        assert_eq!(verdict.state, State::Unknown);
        assert!(
            verdict.evidence.contains("recycle bin unread") && verdict.evidence.ends_with(reason),
            "{}",
            verdict.evidence
        );
    }
    let sources = AccountSources { lookups: found_by_get_user(), ..bin(Lookup::Found(recycled(GONE))) };
    let moved = judge(GONE, sources, cluster());
    assert_eq!((moved.state, moved.disagreement.is_some()), (State::Unknown, true));
}

#[test]
fn the_recycle_bin_and_freezing_are_no_deletion() {
    let sources = AccountSources { recycle_bin: Listing::Complete(vec![recycled(GONE)]), ..account() };
    assert_eq!(judge(GONE, sources.clone(), cluster()).state, State::Recycled);
    let ack_deleted = judge(GONE, sources, ack_says(GONE, AccountType::RamUser, AccountState::Deleted));
    assert_eq!(ack_deleted.state, State::Recycled);
    assert!(ack_deleted.disagreement.is_some());

    let frozen = info("2002", UserStatus::Frozen);
    let active = info(ALICE, UserStatus::Active);
    let sources = AccountSources { basic_infos: Listing::Complete(vec![active, frozen]), ..account() };
    let verdict = judge("2002", sources, cluster());
    assert_eq!((verdict.state, verdict.disagreement), (State::Frozen, None));
    assert_eq!(verdict.name.as_deref(), Some("user-2002"));
}

#[test]
fn sources_that_disagree_are_named_and_the_living_win() {
    let cases = [
        (ALICE, AccountState::Deleted, State::Active),
        (ALICE, AccountState::Inactive, State::Frozen),
        (OPS, AccountState::Deleted, State::Active),
        (GONE, AccountState::Active, State::Active),
        (GONE, AccountState::Inactive, State::Frozen),
    ];
    for (digits, said, expected) in cases {
        let verdict = judge(digits, account(), ack_says(digits, AccountType::Unstated, said));
        assert_eq!(verdict.state, expected, "{digits} {said:?}");
        assert!(verdict.disagreement.is_some(), "{digits} {said:?}");
    }
    let agreed = judge(ALICE, account(), ack_says(ALICE, AccountType::RamUser, AccountState::Active));
    assert_eq!(agreed.disagreement, None);
}

#[test]
fn a_user_that_is_listed_and_recycled_at_once_is_unknown() {
    let sources = AccountSources { recycle_bin: Listing::Complete(vec![recycled(ALICE)]), ..account() };
    let verdict = judge(ALICE, sources, cluster());
    assert_eq!(verdict.state, State::Unknown);
    assert!(verdict.disagreement.is_some());
    assert!(!verdict.evidence.contains("absent"), "{}", verdict.evidence);
}

#[test]
fn without_a_number_nothing_is_known_and_that_is_said() {
    let verdict = Verdict::without_uid();
    assert_eq!((verdict.state, verdict.evidence.as_str()), (State::Unknown, "no RAM UID is known"));
}

#[test]
fn what_the_caller_is_the_cloud_tells_where_nothing_lists_it() {
    let unread = AccountSources {
        caller: caller(IdentityType::RamRole, "3002", OWNER),
        users: Listing::failed("cut"),
        roles: Listing::failed("cut"),
        ..account()
    };
    assert_eq!(judge("3002", unread.clone(), cluster()).identity_type, IdentityType::RamRole);
    assert_eq!(judge(GONE, unread, cluster()).identity_type, IdentityType::Unknown);
}

#[test]
fn a_list_that_broke_off_is_named_only_where_it_says_something() {
    let cut = |rows| {
        let users = Listing::failed("forbidden");
        let kubeconfigs = Listing::Failed { read: rows, reason: "cut".into() };
        judge(GONE, AccountSources { users, ..account() }, ClusterSources { kubeconfigs, ..cluster() }).evidence
    };
    let named = "account_state Deleted in";
    assert!(!cut(Vec::new()).contains(named), "{}", cut(Vec::new()));
    let deleted = vec![row(GONE, AccountType::RamUser, AccountState::Deleted)];
    assert!(cut(deleted.clone()).contains(named), "{}", cut(deleted));
}

#[test]
fn the_account_itself_is_never_looked_for_in_listings() {
    let by_caller = judge(OWNER, account(), cluster());
    assert_eq!((by_caller.identity_type, by_caller.state), (IdentityType::Root, State::Active));
    let foreign = ClusterSources { owner: Answer::Known(uid("1777")), ..cluster() };
    let by_profile = judge("1777", account(), foreign);
    assert_eq!((by_profile.identity_type, by_profile.state), (IdentityType::Root, State::Unknown));
    let by_ack = judge("1888", account(), ack_says("1888", AccountType::Root, AccountState::Active));
    assert_eq!((by_ack.identity_type, by_ack.state), (IdentityType::Root, State::Active));
    let silent = judge("1888", account(), ack_says("1888", AccountType::Root, AccountState::Unstated));
    assert_eq!((silent.identity_type, silent.state), (IdentityType::Root, State::Unknown));
}

#[test]
fn presence_counts_in_a_list_that_broke_off() {
    let users = Listing::Failed { read: vec![user("2002")], reason: "cut".into() };
    let basic_infos = Listing::failed("forbidden");
    let verdict = judge("2002", AccountSources { users, basic_infos, ..account() }, cluster());
    assert_eq!(verdict.state, State::Active);
    assert_eq!(verdict.evidence, "exists in ram:ListUsers; whether it is frozen is unknown: forbidden");
}

#[test]
fn every_source_has_names_for_an_identity() {
    let in_bin = RecycledUser { principal_name: "rob@old.onaliyun.com".into(), ..recycled(GONE) };
    let sources = AccountSources {
        lookups: found_by_get_user(),
        bin_lookups: BTreeMap::from([(uid(GONE), Lookup::Found(in_bin))]),
        ..account()
    };
    let directory = AccountDirectory::new(sources);
    let names: Vec<(&str, &str)> = directory.ram_names().map(|(uid, name)| (uid.as_str(), name)).collect();
    for name in [
        (ALICE, "user-2001"),
        (ALICE, "user-2001@example.onaliyun.com"),
        (OPS, "role-3001"),
        (GONE, "bob"),
        (GONE, "rob@old.onaliyun.com"),
    ] {
        assert!(names.contains(&name), "{name:?} {names:?}");
    }
    assert!(!names.iter().any(|(_, name)| name.starts_with("acs:")), "{names:?}");
}

#[test]
fn what_failed_and_what_is_doubtful_is_said_once() {
    let cut = || Listing::failed("cut");
    let sources = AccountSources { users: cut(), roles: Listing::failed("cut"), ..account() };
    assert_eq!(sources.failures().iter().map(ToString::to_string).collect::<Vec<_>>(), ["cut"]);
    assert_eq!(account().failures(), []);
    let doubts = |sources| AccountDirectory::new(sources).doubts().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(doubts(account()), [""; 0]);
    assert_eq!(doubts(sources), [""; 0], "what was not read to the end has failed");
    let without_caller = doubts(AccountSources { users: Listing::Complete(vec![user("2002")]), ..account() });
    assert!(matches!(&without_caller[..], [doubt] if doubt.starts_with("ram:ListUsers: ")), "{without_caller:?}");
}

fn digits() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![OWNER, "1777", ALICE, "2002", GONE, OPS, "3002"])
}

fn listing<T: Clone + std::fmt::Debug + 'static>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Listing<T>> {
    (prop::collection::vec(item, 0..4), 0..4).prop_map(|(items, ending)| match ending {
        0 => Listing::Failed { read: items, reason: "cut".into() },
        1 => Listing::NotAsked,
        _ => Listing::Complete(items),
    })
}

fn answer<T: Clone + std::fmt::Debug + 'static>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Answer<T>> {
    (value, 0..5).prop_map(|(value, ending)| match ending {
        0 => Answer::NotAsked,
        1 => Answer::Failed("no".into()),
        _ => Answer::Known(value),
    })
}

prop_compose! {
    fn any_account()(
        caller in answer((
            prop::sample::select(vec![IdentityType::Root, IdentityType::RamUser, IdentityType::RamRole]),
            digits(),
            prop::sample::select(vec![OWNER, "1777"]),
        )),
        users in listing(digits().prop_map(user)),
        roles in listing(digits().prop_map(role)),
        basic_infos in listing(
            (digits(), prop::sample::select(vec![UserStatus::Active, UserStatus::Frozen, UserStatus::Unstated]))
                .prop_map(|(digits, status)| info(digits, status)),
        ),
        recycle_bin in listing(digits().prop_map(recycled)),
        no_such_user in prop::collection::vec(digits(), 0..3),
    ) -> AccountSources {
        let caller = match caller {
            Answer::Known((kind, digits, account)) => super::tests::caller(kind, digits, account),
            Answer::Failed(reason) => Answer::Failed(reason),
            Answer::NotAsked => Answer::NotAsked,
        };
        let lookups = no_such_user.into_iter().map(|digits| (uid(digits), Lookup::NotFound)).collect();
        AccountSources { caller, users, roles, basic_infos, recycle_bin, lookups, bin_lookups: BTreeMap::new() }
    }
}

prop_compose! {
    fn any_cluster()(
        owner in answer(prop::sample::select(vec![OWNER, "1777"]).prop_map(uid)),
        kubeconfigs in listing((
            digits(),
            prop::sample::select(vec![AccountType::Root, AccountType::RamUser, AccountType::RamRole]),
            prop::sample::select(vec![AccountState::Active, AccountState::Inactive, AccountState::Deleted]),
        ).prop_map(|(digits, account_type, state)| row(digits, account_type, state))),
    ) -> ClusterSources {
        ClusterSources { owner, kubeconfigs, cloud_services_unread: None }
    }
}

proptest! {
    #[test]
    fn deletion_is_inferred_only_from_everything_and_confirmed_only_by_name(
        digits in digits(), account in any_account(), cluster in any_cluster(),
    ) {
        let verdict = judge(digits, account.clone(), cluster.clone());
        prop_assert!(!verdict.evidence.is_empty());
        let all_read = account.users.is_complete() && account.roles.is_complete()
            && account.basic_infos.is_complete() && account.recycle_bin.is_complete();
        let listed = account.users.items().iter().any(|user| user.uid == uid(digits))
            || account.roles.items().iter().any(|role| role.uid == uid(digits))
            || account.basic_infos.items().iter().any(|user| user.uid == uid(digits));
        let own = cluster.owner.known().is_some()
            && cluster.owner.known() == account.caller.known().map(|caller| &caller.account_id);
        let named = cluster.kubeconfigs.is_complete()
            && cluster.kubeconfigs.items().iter()
                .any(|row| row.uid == uid(digits) && row.account_state == AccountState::Deleted);
        match verdict.state {
            State::Deleted(Basis::Inferred) => prop_assert!(all_read && own && !listed),
            State::Deleted(Basis::Confirmed) => prop_assert!(named),
            State::Active | State::Frozen | State::Recycled | State::Unknown => {}
        }
    }

    #[test]
    fn no_deletion_is_inferred_of_a_number_without_a_trace(
        digits in digits(), account in any_account(), cluster in any_cluster(),
    ) {
        let listed = cluster.kubeconfigs.items().iter().any(|row| row.uid == uid(digits));
        let verdict = judge_without_trace(digits, account, cluster);
        prop_assert!(listed || verdict.state != State::Deleted(Basis::Inferred));
    }

    #[test]
    fn no_identity_of_another_account_is_inferred_deleted(
        digits in digits(), home in prop::sample::select(vec![OWNER, "1777", "424242"]),
        account in any_account(), cluster in any_cluster(),
    ) {
        let foreign = account.caller.known().is_some_and(|caller| caller.account_id != uid(home));
        let own = judge(digits, account.clone(), cluster.clone());
        let mut directory = ClusterDirectory::new(cluster).with_accounts([(&uid(digits), &uid(home))]);
        directory.add_trace(uid(digits), Trace::Mapping);
        let verdict = AccountDirectory::new(account).judge(&uid(digits), &directory);
        if foreign && own.state == State::Deleted(Basis::Inferred) {
            prop_assert_eq!(verdict.state, State::Unknown);
            prop_assert!(verdict.evidence.contains(&format!("belongs to account {home}")), "{}", verdict.evidence);
        } else {
            prop_assert_eq!(verdict.state, own.state);
        }
    }

    #[test]
    fn when_every_source_fails_no_identity_is_deleted(digits in digits(), account in any_account(), cluster in any_cluster()) {
        fn cut<T: Clone>(listing: &Listing<T>) -> Listing<T> {
            Listing::Failed { read: listing.items().to_vec(), reason: "cut".into() }
        }
        let account = AccountSources {
            users: cut(&account.users), roles: cut(&account.roles),
            basic_infos: cut(&account.basic_infos), recycle_bin: cut(&account.recycle_bin), ..account
        };
        let cluster = ClusterSources { kubeconfigs: cut(&cluster.kubeconfigs), ..cluster };
        prop_assert!(!matches!(judge(digits, account, cluster).state, State::Deleted(_)));
    }
}
