//! Voices that fail, lie, are late or were never asked: nobody is called Deleted who is not, and it is said what is missing.

use ackcred_sandbox::apiserver::{self, ApiServer, ApiServerOptions};
use ackcred_sandbox::cloud::{
    AccessKey, Account, CloudFault, FaultKind, ForeignCallers, Permissions, Product, RetryHint, Turn,
};
use jiff::SignedDuration;
use kubectl_ackcred::status::Status;

use crate::cloud::scene::*;

const OTHER_ACCOUNT: &str = "1000000000000002";

fn scene() -> Scene<ApiServer> {
    Scene::small().signed_in()
}

fn scan_with(fault: CloudFault) -> (Scene<ApiServer>, Scan) {
    let scene = scene();
    scene.cloud.add_fault(fault);
    let scan = scene.scan(&["--all-users"]);
    scan.assert_nobody_wrongly_deleted();
    (scene, scan)
}

/// What a failed source of the account comes to: the exit status, the reason on standard error and in the document, and no word
/// of absence that isn't ACK's own.
fn assert_inference_ended(scan: &Scan, reason: &str) {
    assert_eq!(scan.status, Status::Incomplete, "{scan}");
    assert_eq!(scan.document["incomplete"], true);
    assert!(scan.stderr.contains("warning: ") && scan.stderr.contains(reason), "{scan}");
    assert!(scan.document["cloud"]["error"].as_str().unwrap().contains(reason), "{scan}");
    assert_eq!(scan.state(INFERRED), "Unknown", "{scan}");
    assert!(scan.evidence(INFERRED).contains(reason), "{}", scan.evidence(INFERRED));
}

#[test]
fn without_ram_list_users_absence_is_not_inferred() {
    let scene = scene();
    scene.cloud.edit(|cloud_state| {
        let account = cloud_state.account_mut(ACCOUNT).unwrap();
        *account = account.clone().kubeconfig_states_need_ram_listings(false);
    });
    scene.permit(Permissions::everything().denying("ram:ListUsers"));
    let scan = scene.scan(&["--all-users"]);
    scan.assert_nobody_wrongly_deleted();
    assert_inference_ended(&scan, "ram:ListUsers");
    // ACK's own word, IMS and the other listings stand.
    assert_eq!(scan.in_state("Deleted"), [CONFIRMED, UNBOUND], "{scan}");
    assert_eq!(scan.in_state("Unknown"), [INFERRED], "{scan}");
    assert_eq!((scan.state(FROZEN), scan.state(RECYCLED)), ("Frozen", "Recycled"));
    assert_eq!(scan.of(&Account::numbered_user(7))[0]["name"], "user-0007");
}

#[test]
fn where_ack_needs_ram_list_users_too_even_its_word_is_missing() {
    let scene = scene();
    scene.permit(Permissions::everything().denying("ram:ListUsers"));
    let scan = scene.scan(&["--all-users"]);
    assert_inference_ended(&scan, "ram:ListUsers");
    assert!(scan.stderr.contains("cs:ListClusterKubeconfigStates needs ram:ListUsers"), "{scan}");
    assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
    assert_eq!(scan.in_state("Unknown"), [CONFIRMED, INFERRED], "{scan}");
}

#[test]
fn a_listing_cut_after_page_one_proves_nobodys_absence() {
    let large = Size { users: 1100, roles: 2 };
    let scene = Scene::stage(
        ApiServer::start(ackcred_sandbox::apiserver::ApiServerOptions::default()).unwrap(),
        large,
        |account| account.kubeconfig_states_need_ram_listings(false),
    )
    .signed_in();
    let cut = |action: &str| CloudFault::of(action, FaultKind::Forbidden).on(Turn::From(2));
    for (action, reason) in [("ListUsers", "ram:ListUsers"), ("ListUserBasicInfos", "ListUserBasicInfos")] {
        scene.cloud.clear_faults();
        scene.cloud.add_fault(cut(action));
        let scan = scene.scan(&["--all-users"]);
        scan.assert_nobody_wrongly_deleted();
        assert_inference_ended(&scan, reason);
        // The other listing of users still knows everybody.
        assert_eq!(scan.in_state("Unknown"), [INFERRED], "{scan}");
    }
    // Both cut, and ACK's list as well: whom no page shows is looked up one by one.
    for action in ["ListUsers", "ListUserBasicInfos", "ListClusterKubeconfigStates"] {
        scene.cloud.add_fault(cut(action));
    }
    let scan = scene.scan(&["--all-users"]);
    assert_inference_ended(&scan, "ram:ListUsers");
    assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
    assert_eq!(scan.state(&Account::numbered_user(1100)), "Unknown", "it may be frozen\n{scan}");
    assert!(scan.evidence(&Account::numbered_user(1100)).contains("ims:GetUser"));
}

#[test]
fn throttling_on_every_second_call_is_waited_out() {
    let scene = scene();
    scene.cloud.add_fault(CloudFault::of_all(FaultKind::Throttled(None)).on(Turn::Every(2)));
    let scan = scene.scan(&["--all-users"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    assert_eq!(scan.in_state("Deleted"), [CONFIRMED, INFERRED, UNBOUND], "{scan}");
    assert!(scan.stderr.contains("waiting before another try"), "{scan}");
    assert!(scene.cloud.log().iter().any(|request| matches!(request.status, Some(400 | 429))));
}

#[test]
fn a_hint_beyond_all_patience_is_not_waited_for() {
    let hint = RetryHint::AcsRetryAfter(600_000);
    let (scene, scan) = scan_with(CloudFault::of("ListUsersInRecycleBin", FaultKind::Throttled(Some(hint))));
    assert_inference_ended(&scan, "Throttling.User");
    let asked = scene.cloud.log().iter().filter(|request| request.action == "ListUsersInRecycleBin").count();
    assert_eq!((asked, scan.stderr.contains("waiting before another try")), (1, false), "{scan}");
}

#[test]
fn without_ims_nothing_is_inferred() {
    for kind in [FaultKind::NotFound, FaultKind::Forbidden] {
        let (_, scan) = scan_with(CloudFault::of_product(Product::Ims, kind));
        assert_inference_ended(&scan, "ims:ListUsersInRecycleBin");
        assert_eq!(scan.in_state("Deleted"), [CONFIRMED, UNBOUND], "{scan}");
        // The bin can't be read: whoever lies in it is not known, and not gone.
        assert_eq!(scan.in_state("Unknown"), [INFERRED, RECYCLED], "{scan}");
        assert_eq!(scan.state(FROZEN), "Frozen", "by ACK's word\n{scan}");
    }
}

#[test]
fn an_ims_that_is_down_is_not_asked_once_for_every_identity() {
    let scene = scene();
    scene.cloud.add_fault(CloudFault::of_product(Product::Ims, FaultKind::Hang(None)));
    for action in ["ListUsers", "ListRoles"] {
        scene.cloud.add_fault(CloudFault::of(action, FaultKind::Forbidden));
    }
    let scan = scene.scan(&["--all-users", "--request-timeout", "4s"]);
    assert_inference_ended(&scan, "ims:ListUserBasicInfos");
    // Eight are under way when the first fails.
    assert_eq!(scan.in_state("Active").len(), 22, "ACK's word stands\n{scan}");
    let asked = scene.cloud.log().iter().filter(|request| request.action == "GetUser").count();
    assert!((1..=8).contains(&asked), "{asked} questions to a server that doesn't answer");
}

#[test]
fn where_ram_leaves_out_frozen_users_they_are_frozen_all_the_same() {
    let scene = Scene::with(|account| account.ram_lists_frozen_users(false)).signed_in();
    let scan = scene.scan(&["--all-users"]);
    assert_eq!((scan.status, scan.state(FROZEN)), (Status::Done, "Frozen"), "{scan}");
}

/// A caller of another account, who may do everything there.
fn stranger(answer: ForeignCallers) -> Scene<ApiServer> {
    let scene = Scene::small();
    scene.cloud.edit(|cloud_state| {
        cloud_state.cluster_mut(CLUSTER).map(|cluster| *cluster = cluster.clone().foreign_callers(answer)).unwrap();
        let own = Account::new(OTHER_ACCOUNT, "other").numbered_users(3).numbered_roles(2);
        let own = own.user(ackcred_sandbox::cloud::RamUser::new("200000000000000999", "sam"));
        cloud_state.accounts.push(own);
        let key = AccessKey::user(OTHER_ACCOUNT, "200000000000000999", "LTAIstranger", "strangers-own-secret-987");
        cloud_state.add_key(key.permissions(Permissions::everything()));
    });
    scene.variables([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIstranger"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "strangers-own-secret-987"),
    ])
}

#[test]
fn in_a_cluster_of_another_account_nobody_is_gone_because_this_one_does_not_list_them() {
    for answer in [ForeignCallers::Refused, ForeignCallers::NotFound] {
        let scan = stranger(answer).scan(&["--all-users"]);
        assert_eq!(scan.status, Status::Incomplete, "{scan}");
        assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
        assert_eq!(scan.state(OPERATOR), "Unknown", "{scan}");
        let evidence = scan.evidence(INFERRED);
        let wanted = format!("the cluster belongs to account {ACCOUNT}, the caller to {OTHER_ACCOUNT}");
        assert!(evidence.contains(&wanted), "{evidence}");
        assert_eq!(scan.of(ACCOUNT)[0]["type"], "Root");
    }
}

#[test]
fn an_endpoint_of_the_wrong_region_deletes_nobody() {
    let scene = scene();
    let elsewhere = scene.cloud.region_url("eu-central-1").unwrap().to_owned();
    let scan = scene.scan(&["--all-users", "--cs-endpoint", &elsewhere]);
    assert_eq!(scan.status, Status::Incomplete, "{scan}");
    assert!(scan.stderr.contains("ErrorClusterNotFound"), "{scan}");
    // The account's four listings are whole, and it owns the cluster: that stands without ACK.
    assert_eq!(scan.in_state("Deleted"), [CONFIRMED, INFERRED], "{scan}");
    assert!(scan.evidence(CONFIRMED).starts_with("inferred: "), "{scan}");
}

#[test]
fn without_credentials_everybody_is_unknown_and_nothing_has_failed() {
    let scene = Scene::small();
    let scan = scene.scan(&[]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    assert_eq!(scan.count().into_keys().collect::<Vec<_>>(), ["Unknown"], "{scan}");
    assert_eq!(scan.rows().len(), 32, "{scan}");
    assert_eq!((&scan.document["cloud"], &scan.document["incomplete"]), (&().into(), &false.into()));
    assert!(scan.stderr.contains("there are no cloud credentials") && scan.stderr.contains("--profile"), "{scan}");
}

#[test]
fn offline_the_cloud_is_not_asked_whatever_there_is() {
    let scene = scene();
    let scan = scene.scan(&["--offline"]);
    assert_eq!(scan.status, Status::Done, "{scan}");
    assert_eq!(scan.count().into_keys().collect::<Vec<_>>(), ["Unknown"], "{scan}");
    assert!(scan.stderr.contains("--offline, the cloud was not asked"), "{scan}");
    assert_eq!(scene.cloud.log(), []);
}

#[test]
fn an_expired_token_is_reported_as_such() {
    let (_, scan) = scan_with(CloudFault::of_all(FaultKind::ExpiredToken));
    assert_inference_ended(&scan, "InvalidSecurityToken.Expired");
    assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
}

#[test]
fn a_clock_that_is_wrong_is_reported_with_its_distance() {
    let scene = scene();
    scene.cloud.shift_clock(SignedDuration::from_mins(20));
    let scan = scene.scan(&["--all-users"]);
    assert_inference_ended(&scan, "InvalidTimeStamp.Expired");
    assert!(scan.stderr.contains("this machine's clock is 20 minutes behind"), "{scan}");
    assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
}

#[test]
fn a_success_with_an_error_inside_is_an_error() {
    let kind = FaultKind::OkWithError { code: "SomethingOdd".into(), message: "an odd thing".into() };
    for action in ["ListUsers", "ListRoles", "ListUserBasicInfos", "ListUsersInRecycleBin"] {
        let (_, scan) = scan_with(CloudFault::of(action, kind.clone()));
        assert_inference_ended(&scan, "SomethingOdd");
    }
    let (_, scan) = scan_with(CloudFault::of("GetCallerIdentity", kind.clone()));
    assert_inference_ended(&scan, "SomethingOdd");
    let (_, scan) = scan_with(CloudFault::of("ListClusterKubeconfigStates", kind));
    assert_eq!(scan.status, Status::Incomplete, "{scan}");
}

#[test]
fn json_of_another_shape_is_no_empty_listing() {
    for body in ["{}", "[]", "null", "", "<html>", r#"{"IsTruncated":false,"Users":{}}"#, r#"{"IsTruncated":false}"#] {
        for action in ["ListUsers", "ListUserBasicInfos", "ListUsersInRecycleBin"] {
            let (_, scan) = scan_with(CloudFault::of(action, FaultKind::Body(body.to_owned())));
            assert_inference_ended(&scan, "not as documented");
        }
    }
    for body in ["{}", "[]", r#"{"states":[]}"#, r#"{"page":{"total_count":5},"states":[]}"#] {
        let (_, scan) = scan_with(CloudFault::of("ListClusterKubeconfigStates", FaultKind::Body(body.to_owned())));
        assert!(scan.in_state("Deleted").contains(&INFERRED), "{body}\n{scan}");
        assert!(scan.in_state("Active").contains(&OPERATOR), "{body}\n{scan}");
    }
}

#[test]
fn an_answer_larger_than_any_is_given_up() {
    let start = r#"{"IsTruncated":false,"Users":{"User":["#;
    let body = start.to_owned() + &" ".repeat(17 << 20);
    let (_, scan) = scan_with(CloudFault::of("ListUsers", FaultKind::Body(body)));
    assert_inference_ended(&scan, "an answer of more than 16 MiB");
}

#[test]
fn empty_listings_where_there_must_be_somebody_prove_nothing() {
    let empty = |list: &str, item: &str| format!(r#"{{"IsTruncated":false,"{list}":{{"{item}":[]}}}}"#);
    for (action, body) in [
        ("ListUsers", empty("Users", "User")),
        ("ListRoles", empty("Roles", "Role")),
        ("ListUserBasicInfos", empty("UserBasicInfos", "UserBasicInfo")),
    ] {
        let (_, scan) = scan_with(CloudFault::of(action, FaultKind::Body(body)));
        assert_eq!(scan.state(INFERRED), "Unknown", "{action}\n{scan}");
    }
}

#[test]
fn a_key_that_is_no_key_is_a_failed_source() {
    let wrong = [
        ("LTAInobody", SECRET, "InvalidAccessKeyId.NotFound"),
        (KEY, "not-the-operators-secret-at-all", "SignatureDoesNotMatch"),
    ];
    for (id, secret, reason) in wrong {
        let variables = [("ALIBABA_CLOUD_ACCESS_KEY_ID", id), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret)];
        let scan = Scene::small().variables(variables).scan(&["--all-users"]);
        assert_inference_ended(&scan, reason);
        assert!(!scan.stderr.contains(secret) && !scan.document.to_string().contains(secret));
        assert_eq!(scan.in_state("Deleted"), Vec::<&str>::new(), "{scan}");
    }
}

/// Each listing in forms that are no listing, or are none that can be whole.
#[test]
fn an_answer_that_is_no_whole_listing_is_no_empty_one() {
    let of_people = |outer: &str, inner: &str| {
        [
            "{}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            r#"{"IsTruncated":false}"#.to_owned(),
            format!(r#"{{"IsTruncated":false,"{outer}":null}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":[]}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":{{}}}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":{{"{inner}":null}}}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":{{"{inner}":{{}}}}}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":{{"{inner}":[null]}}}}"#),
            format!(r#"{{"IsTruncated":false,"{outer}":{{"{inner}":[{{}}]}}}}"#),
            format!(r#"{{"{outer}":{{"{inner}":[]}}}}"#),
            format!(r#"{{"IsTruncated":null,"{outer}":{{"{inner}":[]}}}}"#),
            format!(r#"{{"IsTruncated":"no","{outer}":{{"{inner}":[]}}}}"#),
            format!(r#"{{"IsTruncated":true,"{outer}":{{"{inner}":[]}}}}"#),
            format!(r#"{{"IsTruncated":true,"Marker":"","{outer}":{{"{inner}":[]}}}}"#),
        ]
    };
    let of_pages = |list: &str, page: &str| {
        [
            "{}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            format!(r#"{{"{page}":{{"total_count":0}}}}"#),
            format!(r#"{{"{list}":null,"{page}":{{"total_count":0}}}}"#),
            format!(r#"{{"{list}":{{}},"{page}":{{"total_count":0}}}}"#),
            format!(r#"{{"{list}":[{{}}],"{page}":{{"total_count":1}}}}"#),
            format!(r#"{{"{list}":[null],"{page}":{{"total_count":1}}}}"#),
            format!(r#"{{"{list}":[]}}"#),
            format!(r#"{{"{list}":[],"{page}":null}}"#),
            format!(r#"{{"{list}":[],"{page}":{{}}}}"#),
            format!(r#"{{"{list}":[],"{page}":{{"total_count":null}}}}"#),
            format!(r#"{{"{list}":[],"{page}":{{"total_count":"0"}}}}"#),
            format!(r#"{{"{list}":[],"{page}":{{"total_count":3}}}}"#),
        ]
    };
    let empty = |outer: &str, inner: &str| format!(r#"{{"IsTruncated":false,"{outer}":{{"{inner}":[]}}}}"#);
    let mut answers: Vec<(&str, String)> = vec![
        // Each leaves out the caller, or what every account with a cluster has.
        ("ListUsers", empty("Users", "User")),
        ("ListRoles", empty("Roles", "Role")),
        ("ListUserBasicInfos", empty("UserBasicInfos", "UserBasicInfo")),
    ];
    let mut all = |action, bodies: &[String]| answers.extend(bodies.iter().map(|body| (action, body.clone())));
    all("ListUsers", &of_people("Users", "User"));
    all("ListRoles", &of_people("Roles", "Role"));
    all("ListUserBasicInfos", &of_people("UserBasicInfos", "UserBasicInfo"));
    all("ListUsersInRecycleBin", &of_people("Users", "User"));
    all("ListClusterKubeconfigStates", &of_pages("states", "page"));
    all("DescribeClustersV1", &of_pages("clusters", "page_info"));

    let scene = scene();
    for (action, body) in answers {
        scene.cloud.clear_faults();
        scene.cloud.add_fault(CloudFault::of(action, FaultKind::Body(body.clone())));
        let scan = scene.scan(&["--all-users"]);
        assert_eq!(scan.status, Status::Incomplete, "{action} {body}\n{scan}");
        assert_eq!(scan.document["incomplete"], true, "{action} {body}");
        assert!(scan.stderr.contains(&format!(":{action}: ")), "{action} {body}\n{scan}");
        scan.assert_nobody_wrongly_deleted();
        let may_be_inferred = matches!(action, "ListClusterKubeconfigStates" | "DescribeClustersV1");
        assert_eq!(scan.state(INFERRED) == "Deleted", may_be_inferred, "{action} {body}\n{scan}");
    }
}

#[test]
fn nothing_found_is_said_of_all_that_was_asked_only_where_all_was_read() {
    let scene = scene();
    let unread = "but not everything could be read";
    let commands: [(&[&str], &str); 3] = [
        (&["scan", "--uid", "299999999999999999"], "no grant matches"),
        (&["scan", "--state", "frozen", "--uid", CONFIRMED], "no grant matches"),
        (&["scan", "--uid", "299999999999999999", "-o", "json"], "no grant matches"),
    ];
    for (args, nothing) in commands {
        let whole = scene.run(args);
        assert_eq!(whole.status, Status::Done, "{args:?}: {whole}");
        assert!(whole.stderr.contains(nothing) && !whole.stderr.contains(unread), "{args:?}: {whole}");
        for action in ["ListUsers", "ListRoles", "ListUserBasicInfos", "ListUsersInRecycleBin"] {
            scene.cloud.add_fault(CloudFault::of(action, FaultKind::Forbidden));
            let cut = scene.run(args);
            assert_eq!(cut.status, Status::Incomplete, "{args:?} {action}: {cut}");
            assert!(cut.stderr.contains(&format!("{nothing}, {unread}")), "{args:?} {action}: {cut}");
            scene.cloud.clear_faults();
        }
    }
}

/// A cluster without any RAM identity, of which a part could not be read.
#[test]
fn a_cluster_without_grants_is_said_to_have_none_only_where_all_of_it_was_read() {
    let empty = || {
        let server =
            ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
        Scene::empty(server).signed_in()
    };
    for (verb, nothing) in [
        ("scan", "no grants of RAM identities found"),
        ("status", "no kubeconfigs and no bindings of RAM identities found"),
    ] {
        let scene = empty();
        let whole = scene.run(&[verb]);
        assert_eq!(whole.status, Status::Done, "{verb}: {whole}");
        assert!(whole.stderr.contains(nothing) && !whole.stderr.contains("could be read"), "{verb}: {whole}");
        for plural in ["rolebindings", "clusterrolebindings", "ramidentitymappings"] {
            scene.server.faults().add("GET", plural, 1, apiserver::Fault::refusal(403, "Forbidden", "no"));
            let cut = scene.run(&[verb]);
            assert_eq!(cut.status, Status::Incomplete, "{verb} {plural}: {cut}");
            assert!(
                cut.stderr.contains(&format!("{nothing}, but not everything could be read")),
                "{verb} {plural}: {cut}"
            );
        }
    }
}
