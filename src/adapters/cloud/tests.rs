use std::path::Path;
use std::time::{Duration, Instant};

use super::retry::Waiting;
use super::stub::{Answer, Asked, Stub, ok, run, status, world};
use super::*;
use crate::adapters::cloud::error::Kind;
use crate::adapters::cloud::sign::{Key, Parts, sign};
use crate::core::identity::evidence::Listing;
use crate::core::identity::{IdentityType, UserStatus};
use crate::core::ids::ClusterId;
use crate::core::secret::Secret;

const SECRET: &str = "the+access/key=secret";
const TOKEN: &str = "CAIS+the/security=token";
const CLUSTER: &str = "c0123456789abcdef0123456789abcdef";

fn settings(stub: &Stub) -> CloudSettings {
    let endpoint = |stub: &Stub| Some(stub.origin().parse().unwrap());
    CloudSettings {
        request_timeout: Some(Duration::from_secs(10)),
        endpoints: EndpointOverrides {
            cs: endpoint(stub),
            ram: endpoint(stub),
            sts: endpoint(stub),
            ims: endpoint(stub),
            metadata: None,
            oauth: None,
        },
        retries: Policy { base: Duration::from_millis(2), cap: Duration::from_millis(10), ..Policy::default() },
        ..CloudSettings::default()
    }
}

const VARIABLES: [(&str, &str); 3] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.id"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
    ("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN),
];

fn cloud_in(stub: &Stub, variables: &[(&str, &str)]) -> Cloud {
    match run(Cloud::connect(&world(Path::new("/nonexistent"), variables), settings(stub))).unwrap() {
        Connection::Connected(cloud) => *cloud,
        Connection::NoCredentials(nothing) => panic!("{nothing:?}"),
    }
}

fn cloud(stub: &Stub) -> Cloud {
    cloud_in(stub, &VARIABLES)
}

fn cluster() -> ClusterId {
    ClusterId::parse(CLUSTER).unwrap()
}

fn uid(digits: &str) -> Uid {
    Uid::parse(digits).unwrap()
}

fn page(total: usize) -> String {
    serde_json::json!({ "states": [], "page": { "total_count": total } }).to_string()
}

/// Signs what arrived once more, with what the server knows.
fn authorization_of(asked: &Asked) -> String {
    let decode = |text: &str| text.replace("%2C", ",").replace("%2B", "+").replace("%3D", "=");
    let query: Vec<(&'static str, String)> = asked
        .query()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (&*String::leak(name.to_owned()), decode(value)))
        .collect();
    let (secret, token) = (Secret::new(SECRET.to_owned()), Secret::new(TOKEN.to_owned()));
    let parts = Parts {
        method: &asked.method,
        host: asked.header("host"),
        path: asked.path(),
        query: &query,
        content_type: asked.headers.get("content-type").map(String::as_str),
        body: asked.body.as_bytes(),
        action: asked.header("x-acs-action"),
        version: asked.header("x-acs-version"),
    };
    let key = Key { access_key_id: "STS.id", secret: &secret, security_token: Some(&token) };
    let signed = sign(&parts, &key, asked.header("x-acs-date").parse().unwrap(), asked.header("x-acs-signature-nonce"));
    signed.authorization.expose().clone()
}

#[test]
fn what_arrives_is_what_was_signed() {
    let stub = Stub::new(|_, _| ok(page(0)));
    let cloud = cloud(&stub);
    let cs = cloud.cs(None).unwrap();
    run(cs.list_cluster_kubeconfig_states(&cluster(), false)).unwrap();
    run(cs.clean_cluster_user_permissions(&cluster(), &uid("2001"), true, &Waiting::not_at_all())).unwrap();
    run(cloud.user_basic_infos()).unwrap_err();
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    for asked in &asked {
        assert_eq!(asked.header("authorization"), authorization_of(asked), "{}", asked.target);
        let signed = asked.header("authorization").split("SignedHeaders=").nth(1).unwrap();
        for name in asked.headers.keys().filter(|name| name.starts_with("x-acs-")) {
            assert!(signed.contains(name.as_str()), "{name} is not signed");
        }
        assert!(asked.header("x-acs-date").starts_with("2026-01-02T03:04:"), "{}", asked.header("x-acs-date"));
    }
    let calls: Vec<String> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect();
    assert_eq!(
        calls[0],
        format!("GET /clusters/{CLUSTER}/kubeconfig/states?cloudServiceKubeConfig=false&pageNumber=1&pageSize=50")
    );
    assert_eq!(calls[1], format!("DELETE /cluster/{CLUSTER}/user/2001/permissions?Force=true"));
    assert_eq!(calls[2], "POST /?MaxItems=1000&Status=active%2Cfreeze");
    assert_eq!(asked[2].header("x-acs-version"), "2019-08-15");
}

#[test]
fn each_call_has_its_path_and_parameters() {
    let stub = Stub::new(|_, _| ok("{}"));
    let cloud = cloud(&stub);
    let cs = cloud.cs(None).unwrap();
    run(async {
        let _ = cs.describe_clusters().await;
        let _ = cs.describe_regions().await;
        let _ = cs.describe_clusters_for_region(&Region::parse("cn-beijing").unwrap()).await;
        let _ = cs.list_user_kubeconfig_states(&uid("2001")).await;
        let _ = cs.describe_user_cluster_activity_state(&cluster(), &uid("2001")).await;
        let _ = cs.get_cluster_audit_project(&cluster()).await;
        let _ = cs.describe_user_permission(&uid("2001")).await;
        let _ = cs.describe_cluster_user_kubeconfig(&cluster(), false, Some(15)).await;
        let _ = cloud.caller().await;
        let _ = cloud.users().await;
        let _ = cloud.roles().await;
        let _ = cloud.users_in_recycle_bin().await;
        let _ = cloud.user(&uid("2001")).await;
    });
    let asked = stub.asked();
    let calls: Vec<String> = asked
        .iter()
        .map(|asked| format!("{} {} {}", asked.header("x-acs-action"), asked.method, asked.target))
        .collect();
    let expected = [
        "DescribeClustersV1 GET /api/v1/clusters?page_number=1&page_size=50".to_owned(),
        "DescribeRegions GET /regions".to_owned(),
        "DescribeClustersForRegion GET /regions/cn-beijing/clusters?page_number=1&page_size=50".to_owned(),
        "ListUserKubeConfigStates GET /users/2001/kubeconfig/states?page_number=1&page_size=100".to_owned(),
        format!("DescribeUserClusterActivityState GET /clusters/{CLUSTER}/users/2001/activity-state"),
        format!("GetClusterAuditProject GET /clusters/{CLUSTER}/audit"),
        "DescribeUserPermission GET /permissions/users/2001".to_owned(),
        format!(
            "DescribeClusterUserKubeconfig GET /k8s/{CLUSTER}/user_config?PrivateIpAddress=false&TemporaryDurationMinutes=15"
        ),
        "GetCallerIdentity POST /".to_owned(),
        "ListUsers POST /?MaxItems=1000".to_owned(),
        "ListRoles POST /?MaxItems=1000".to_owned(),
        "ListUsersInRecycleBin POST /?MaxItems=100".to_owned(),
        "GetUser POST /?UserId=2001".to_owned(),
    ];
    assert_eq!(calls, expected);
}

#[test]
fn listings_are_read_over_all_their_pages() {
    let stub = Stub::new(|asked, _| {
        let second = asked.query().contains("Marker=a%2Fb") || asked.query().contains("pageNumber=2");
        ok(match asked.header("x-acs-action") {
            "ListUsers" if second => {
                r#"{"IsTruncated":false,"Users":{"User":[{"UserId":"2002","UserName":"bob"}]},"RequestId":"r"}"#
                    .to_owned()
            }
            "ListUsers" => {
                r#"{"IsTruncated":true,"Marker":"a/b","Users":{"User":[{"UserId":"2001","UserName":"alice"}]}}"#
                    .to_owned()
            }
            "ListUserBasicInfos" => r#"{"IsTruncated":false,"UserBasicInfos":{"UserBasicInfo":[
                {"UserId":"2001","UserPrincipalName":"alice@x","DisplayName":null,"Status":"freeze"}]}}"#
                .to_owned(),
            _ => {
                let first = if second { 50 } else { 0 };
                let row = |number: usize| serde_json::json!({ "account_id": (2000 + number).to_string() });
                let rows: Vec<_> = (first..70).take(50).map(row).collect();
                serde_json::json!({ "states": rows, "page": { "total_count": 70 } }).to_string()
            }
        })
    });
    let cloud = cloud(&stub);
    let users = run(cloud.users()).unwrap();
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["alice", "bob"]);
    assert_eq!(run(cloud.user_basic_infos()).unwrap()[0].status, UserStatus::Frozen);
    let states = run(cloud.cs(None).unwrap().list_cluster_kubeconfig_states(&cluster(), false)).unwrap();
    assert_eq!(states.len(), 70);
}

#[test]
fn a_listing_that_is_cut_or_odd_is_never_complete() {
    let cut = Stub::new(|asked, _| match asked.query().contains("Marker") {
        false => ok(r#"{"IsTruncated":true,"Marker":"m","Users":{"User":[{"UserId":"2001"}]}}"#),
        true => status(403, r#"{"Code":"NoPermission","Message":"no","RequestId":"R-1"}"#),
    });
    let listed = run(cloud(&cut).users()).unwrap_err();
    assert_eq!((listed.read.len(), listed.error.kind()), (1, Kind::Forbidden));
    for body in [
        r#"{"IsTruncated":false}"#,
        r#"{"Users":{"User":[]}}"#,
        r#"{"IsTruncated":false,"Users":{"User":[{"UserId":"alice"}]}}"#,
        "[]",
        "<html>",
        "",
    ] {
        let stub = Stub::new(move |_, _| ok(body));
        let listed = run(cloud(&stub).users());
        assert!(matches!(page::source(listed), Listing::Failed { .. }), "{body}");
    }
}

#[test]
fn throttling_is_waited_out_with_a_new_nonce_each_time() {
    let stub = Stub::new(|_, before| match before {
        0 => Answer::Reply(
            400,
            vec![("x-acs-retry-after", "80".to_owned())],
            r#"{"Code":"Throttling.User","Message":"denied"}"#.to_owned(),
        ),
        1 => status(503, r#"{"code":"ServiceUnavailable","message":"later"}"#),
        2 => Answer::Reset,
        3 => Answer::Truncated(page(0)),
        _ => ok(page(0)),
    });
    let begun = Instant::now();
    run(cloud(&stub).cs(None).unwrap().list_cluster_kubeconfig_states(&cluster(), false)).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(80));
    let nonces: std::collections::BTreeSet<String> =
        stub.asked().iter().map(|asked| asked.header("x-acs-signature-nonce").to_owned()).collect();
    assert_eq!(nonces.len(), 5);
}

#[test]
fn endless_throttling_ends_in_an_error_with_the_request_id() {
    let stub = Stub::new(|_, _| {
        Answer::Reply(429, vec![("x-acs-request-id", "R-9".to_owned())], r#"{"Code":"Throttling"}"#.to_owned())
    });
    let error = run(cloud(&stub).caller()).unwrap_err();
    assert_eq!((error.kind(), error.request_id()), (Kind::Throttled, Some("R-9")));
    assert_eq!(stub.asked().len(), Policy::default().attempts as usize);
}

#[test]
fn a_wait_that_does_not_fit_the_bound_is_not_begun() {
    let stub = Stub::new(|_, _| {
        Answer::Reply(400, vec![("retry-after", "3600".to_owned())], r#"{"Code":"Throttling"}"#.to_owned())
    });
    assert_eq!(run(cloud(&stub).caller()).unwrap_err().retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn issuing_a_credential_is_tried_once_when_its_outcome_is_unknown() {
    for reset in [true, false] {
        let stub = Stub::new(move |_, _| if reset { Answer::Reset } else { status(500, "{}") });
        run(cloud(&stub).cs(None).unwrap().describe_cluster_user_kubeconfig(&cluster(), false, Some(15))).unwrap_err();
        assert_eq!(stub.asked().len(), 1);
    }
    let stub = Stub::new(|_, before| if before == 0 { Answer::Reset } else { ok("") });
    run(cloud(&stub).cs(None).unwrap().clean_cluster_user_permissions(
        &cluster(),
        &uid("2001"),
        false,
        &Waiting::not_at_all(),
    ))
    .unwrap();
    assert_eq!(stub.asked().len(), 2);
}

#[test]
fn a_change_is_carried_out_where_ack_says_so_and_no_server_in_front_of_it() {
    for body in ["", "\n", "{}", r#"{"requestId":"R-1"}"#] {
        let stub = Stub::new(move |_, _| ok(body));
        let cloud = cloud(&stub);
        let (cs, waiting) = (cloud.cs(None).unwrap(), Waiting::not_at_all());
        run(cs.clean_cluster_user_permissions(&cluster(), &uid("2001"), false, &waiting)).unwrap();
        run(cs.revoke_k8s_cluster_kube_config(&cluster(), &waiting)).unwrap();
    }
    for body in ["<!doctype html><title>Sign in</title>", "[]", "null", "true", r#"{"a":"#] {
        let stub = Stub::new(move |_, _| ok(body));
        let cloud = cloud(&stub);
        let (cs, waiting) = (cloud.cs(None).unwrap(), Waiting::not_at_all());
        for answer in [
            run(cs.clean_cluster_user_permissions(&cluster(), &uid("2001"), false, &waiting)),
            run(cs.revoke_k8s_cluster_kube_config(&cluster(), &waiting)),
        ] {
            let error = answer.unwrap_err();
            assert_eq!((error.kind(), error.status()), (Kind::Malformed, None), "{body}: {error}");
        }
        assert_eq!(stub.asked().len(), 2, "{body}: it may have been carried out");
    }
}

#[test]
fn a_change_that_is_refused_for_now_is_waited_for_within_its_bound() {
    let refusals = [(429, "Throttling.User"), (400, "ErrAuthorizationConflict"), (409, "ErrAuthorizationConflict")];
    let bound = Duration::from_secs(60);
    for (code, name) in refusals {
        let body = format!(r#"{{"code":"{name}","message":"later","requestId":"R-1"}}"#);
        let answer = {
            let body = body.clone();
            move || Answer::Reply(code, vec![("x-acs-retry-after", "5".to_owned())], body.clone())
        };
        let cleaned = |stub: &Stub, bound, on_wait: &dyn Fn(Duration, &error::Error)| {
            let waiting = Waiting { bound, on_wait, is_interrupted: &|| false };
            run(cloud(stub).cs(None).unwrap().clean_cluster_user_permissions(&cluster(), &uid("2001"), false, &waiting))
        };
        let waits = std::cell::RefCell::new(Vec::new());
        let on_wait = |wait, error: &error::Error| waits.borrow_mut().push((wait, error.to_string()));
        let later = answer.clone();
        // More refusals than a call of another kind would be repeated for.
        let stub = Stub::new(move |_, before| if before < 4 { later() } else { ok("") });
        assert_eq!(cleaned(&stub, bound, &on_wait).unwrap().status, 200);
        let waits = waits.into_inner();
        assert_eq!((stub.asked().len(), waits.len()), (5, 4));
        assert!(waits.iter().all(|(wait, text)| *wait >= Duration::from_millis(5) && text.contains(name)), "{waits:?}");

        let stub = Stub::new(move |_, _| answer());
        let error = cleaned(&stub, Duration::ZERO, &|_, _| ()).unwrap_err();
        assert_eq!((stub.asked().len(), error.status(), error.code()), (1, Some(code), Some(name)));
    }
}

#[test]
fn a_change_that_is_interrupted_while_it_waits_is_not_tried_again() {
    let stub = Stub::new(|_, _| {
        Answer::Reply(429, vec![("retry-after", "50".to_owned())], r#"{"code":"Throttling.User"}"#.to_owned())
    });
    let waiting = Waiting { bound: Duration::from_secs(60), on_wait: &|_, _| (), is_interrupted: &|| true };
    let clean = async |cloud: &Cloud| {
        cloud.cs(None).unwrap().clean_cluster_user_permissions(&cluster(), &uid("2001"), false, &waiting).await
    };
    assert_eq!(run(clean(&cloud(&stub))).unwrap_err().kind(), Kind::Throttled);
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn a_body_that_never_comes_is_given_up_in_time() {
    let stub = Stub::new(|_, _| Answer::Hang(Duration::from_secs(60)));
    let settings = CloudSettings { request_timeout: Some(Duration::from_millis(100)), ..settings(&stub) };
    let connection = run(Cloud::connect(&world(Path::new("/nonexistent"), &VARIABLES), settings)).unwrap();
    let Connection::Connected(cloud) = connection else { panic!("{connection:?}") };
    let error = run(cloud.caller()).unwrap_err();
    assert_eq!(error.kind(), Kind::TimedOut);
}

#[test]
fn success_with_an_error_code_is_an_error() {
    let stub = Stub::new(|_, _| ok(r#"{"Code":"InvalidSecurityToken.Expired","Message":"over","RequestId":"R"}"#));
    let error = run(cloud(&stub).caller()).unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::CredentialsExpired, Some(200)));
}

#[test]
fn clocks_that_are_apart_are_reported_by_how_much() {
    let stub = Stub::new(|_, _| {
        let body = r#"{"Code":"InvalidTimeStamp.Expired","Message":"Specified time stamp or date value is expired."}"#;
        Answer::Reply(400, vec![("date", "Fri, 02 Jan 2026 05:04:05 GMT".to_owned())], body.to_owned())
    });
    let error = run(cloud(&stub).caller()).unwrap_err();
    assert_eq!(error.kind(), Kind::ClockSkew);
    let text = error.to_string();
    assert!(text.contains("value is expired; this machine's clock is 120 minutes behind"), "{text}");
}

#[test]
fn an_answer_that_can_not_be_read_is_not_quoted() {
    let stub = Stub::new(|_, _| ok(r#"{"IdentityType": "hunter2", "AccountId": 7}"#));
    let error = run(cloud(&stub).caller()).unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn redirects_are_not_followed() {
    let other = Stub::new(|_, _| ok("{}"));
    let target = other.origin();
    let stub = Stub::new(move |_, _| Answer::Reply(307, vec![("location", target.clone())], String::new()));
    run(cloud(&stub).caller()).unwrap_err();
    assert!(other.asked().is_empty());
}

#[test]
fn a_secret_in_place_of_a_code_or_an_id_is_taken_out() {
    // What is left of the token when the signs that a code can't have are dropped must not be shown either.
    let left = [TOKEN.to_owned(), TOKEN.replace(['+', '='], "")];
    let assert_silent = |text: String| assert!(!left.iter().any(|token| text.contains(token)), "{text}");
    for field in ["Code", "RequestId", "AuthAction", "x-acs-request-id"] {
        let stub = Stub::new(move |asked, _| {
            let echo = |name: &str, text: &str| {
                if name == field { asked.header("x-acs-security-token") } else { text }.to_owned()
            };
            let mut body = serde_json::json!({
                "Code": echo("Code", "NoPermission"),
                "AccessDeniedDetail": { "AuthAction": echo("AuthAction", "ram:ListUsers") },
            });
            if field != "x-acs-request-id" {
                body["RequestId"] = echo("RequestId", "R-1").into();
            }
            let status = if asked.method == "DELETE" { 200 } else { 403 };
            let body = if status == 200 { "{}".to_owned() } else { body.to_string() };
            Answer::Reply(status, vec![("x-acs-request-id", echo("x-acs-request-id", "R-2"))], body)
        });
        let cloud = cloud(&stub);
        let error = run(cloud.users()).unwrap_err().error;
        let parts = format!("{:?} {:?} {error}", error.code(), error.request_id());
        assert!(parts.contains("secret"), "{field}: {parts}");
        assert_silent(format!("{error:?} {parts}"));
        let cleaned = run(cloud.cs(None).unwrap().clean_cluster_user_permissions(
            &cluster(),
            &uid("2001"),
            true,
            &Waiting::not_at_all(),
        ));
        assert_silent(format!("{cleaned:?}"));
    }
}

#[test]
fn what_the_server_echoes_of_the_request_is_never_shown() {
    let stub = Stub::new(|asked, _| {
        let headers: String = asked.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let documented = "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n\
            00] server CanonicalRequest is [";
        let message = match asked.header("x-acs-action") {
            "GetCallerIdentity" => format!("{documented}POST\n/\n\n{headers}]"),
            _ => format!("you sent {headers}"),
        };
        status(400, serde_json::json!({ "Code": "SignatureDoesNotMatch", "Message": message }).to_string())
    });
    let cloud = cloud(&stub);
    let errors = [run(cloud.caller()).unwrap_err(), run(cloud.users()).unwrap_err().error];
    for (error, asked) in errors.iter().zip(stub.asked()) {
        let signature = asked.header("authorization").split("Signature=").nth(1).unwrap().to_owned();
        let shown = format!("{error} {error:?} {:?}", cloud.credentials());
        for secret in [SECRET, TOKEN, signature.as_str()] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    assert!(errors[0].to_string().ends_with("does not match our calculation. (HTTP 400)"), "{}", errors[0]);
}

#[test]
fn a_lookup_is_an_answer_only_with_the_documented_code() {
    let lookup = |answer: fn() -> Answer| run(cloud(&Stub::new(move |_, _| answer())).user(&uid("2001")));
    assert_eq!(lookup(|| status(404, r#"{"Code":"EntityNotExist.User","Message":"no"}"#)), Lookup::NotFound);
    assert!(matches!(lookup(|| status(404, "not here")), Lookup::Failed(_)));
    assert!(matches!(lookup(|| status(403, r#"{"Code":"NoPermission"}"#)), Lookup::Failed(_)));
    assert!(matches!(lookup(|| ok(r#"{"User":{"UserId":"2001","UserName":"alice"}}"#)), Lookup::Found(_)));
    assert!(matches!(lookup(|| ok(r#"{"User":{"UserId":"2002","UserName":"bob"}}"#)), Lookup::Failed(_)));
}

#[test]
fn a_look_up_in_the_recycle_bin_finds_that_very_user_or_nothing() {
    let lookup =
        |answer: fn() -> Answer| run(cloud(&Stub::new(move |_, _| answer())).user_in_recycle_bin(&uid("2001")));
    let in_bin = || {
        ok(
            r#"{"RequestId":"R","User":{"UserId":"2001","UserPrincipalName":"rita@acme.onaliyun.com","DisplayName":"rita",
            "CreateDate":"2024-01-01T00:00:00Z","RecycleDate":"2026-11-01T00:00:00Z","DeleteDate":"2026-12-01T00:00:00Z"}}"#,
        )
    };
    let Lookup::Found(user) = lookup(in_bin) else { panic!("not found") };
    assert_eq!((user.uid, user.principal_name.as_str()), (uid("2001"), "rita@acme.onaliyun.com"));
    assert_eq!(user.deleted, Some("2026-12-01T00:00:00Z".parse().unwrap()));
    for code in ["EntityNotExist.User", "EntityNotExist.UserInRecycleBin"] {
        let stub = Stub::new(move |_, _| status(404, format!(r#"{{"Code":"{code}","Message":"no"}}"#)));
        assert_eq!(run(cloud(&stub).user_in_recycle_bin(&uid("2001"))), Lookup::NotFound, "{code}");
        assert!(stub.asked()[0].target.contains("UserId=2001"), "{}", stub.asked()[0].target);
    }
    assert!(matches!(lookup(|| status(404, "not here")), Lookup::Failed(_)));
    assert!(matches!(lookup(|| status(404, r#"{"Code":"InvalidAction.NotFound"}"#)), Lookup::Failed(_)));
    assert!(matches!(lookup(|| status(403, r#"{"Code":"NoPermission"}"#)), Lookup::Failed(_)));
    assert!(matches!(lookup(|| ok(r#"{"User":{"UserId":"2002"}}"#)), Lookup::Failed(_)));
}

#[test]
fn the_caller_is_read() {
    let stub = Stub::new(|_, _| {
        ok(r#"{"IdentityType":"RAMUser","AccountId":"1000","PrincipalId":"2001","UserId":"2001",
            "Arn":"acs:ram::1000:user/alice","RequestId":"R"}"#)
    });
    let caller = run(cloud(&stub).caller()).unwrap();
    assert_eq!((caller.kind, caller.name()), (IdentityType::RamUser, Some("alice")));
}

#[test]
fn the_proxy_is_asked_for_other_machines_and_its_password_is_not_shown() {
    let proxy = Stub::new(|_, _| status(502, ""));
    let with_password = proxy.origin().replace("http://", "http://me:hunter2@");
    let caller = |no_proxy: &str| {
        let variables =
            [VARIABLES.as_slice(), &[("HTTPS_PROXY", with_password.as_str()), ("NO_PROXY", no_proxy)]].concat();
        let endpoints = EndpointOverrides { sts: Some("sts.invalid".parse().unwrap()), ..EndpointOverrides::default() };
        let retries = Policy { attempts: 1, ..Policy::default() };
        let settings = CloudSettings { endpoints, retries, ..CloudSettings::default() };
        match run(Cloud::connect(&world(Path::new("/nonexistent"), &variables), settings)).unwrap() {
            Connection::Connected(cloud) => run(cloud.caller()).unwrap_err(),
            Connection::NoCredentials(nothing) => panic!("{nothing:?}"),
        }
    };
    let error = caller("example.com");
    assert_eq!(proxy.asked()[0].method, "CONNECT");
    assert_eq!(proxy.asked()[0].target, "sts.invalid:443");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    caller("example.com,.invalid");
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn tls_is_trusted_by_the_certificate_file_and_not_without() {
    let (stub, certificate) = Stub::with_tls(|_, _| ok(r#"{"IdentityType":"Account","AccountId":"1000"}"#));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roots.pem"), certificate).unwrap();
    let caller = |variables: &[(&str, &str)]| {
        let variables = [VARIABLES.as_slice(), variables].concat();
        match run(Cloud::connect(&world(folder.path(), &variables), settings(&stub))).unwrap() {
            Connection::Connected(cloud) => run(cloud.caller()),
            Connection::NoCredentials(nothing) => panic!("{nothing:?}"),
        }
    };
    assert_eq!(caller(&[("SSL_CERT_FILE", "roots.pem")]).unwrap().account_id, uid("1000"));
    // A proxy is not asked for this machine.
    let proxied = caller(&[("SSL_CERT_FILE", "roots.pem"), ("HTTPS_PROXY", "http://127.0.0.1:1")]);
    assert_eq!(proxied.unwrap().account_id, uid("1000"));
    let (other, _) = Stub::with_tls(|_, _| ok("{}"));
    let endpoints = EndpointOverrides { sts: Some(other.origin().parse().unwrap()), ..EndpointOverrides::default() };
    let settings = CloudSettings { endpoints, ..CloudSettings::default() };
    let variables = [VARIABLES.as_slice(), &[("SSL_CERT_FILE", "roots.pem")]].concat();
    let Connection::Connected(cloud) = run(Cloud::connect(&world(folder.path(), &variables), settings)).unwrap() else {
        panic!("there are credentials");
    };
    let error = run(cloud.caller()).unwrap_err();
    assert_eq!(error.kind(), Kind::Untrusted, "{error}");
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    assert!(other.asked().is_empty());
}

#[test]
fn a_certificate_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roots.pem"), "nothing").unwrap();
    let variables = [VARIABLES.as_slice(), &[("SSL_CERT_FILE", "roots.pem")]].concat();
    let (stub, _) = Stub::with_tls(|_, _| ok("{}"));
    let connection = run(Cloud::connect(&world(folder.path(), &variables), settings(&stub))).unwrap();
    let Connection::Connected(cloud) = connection else { panic!("{connection:?}") };
    let error = run(cloud.caller()).unwrap_err();
    assert_eq!(error.kind(), Kind::Setup);
    assert!(error.to_string().contains("roots.pem: holds no certificate"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_certificate_file_that_is_a_fifo_does_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("roots.pem");
    assert!(std::process::Command::new("mkfifo").arg(fifo).status().unwrap().success());
    let variables = [VARIABLES.as_slice(), &[("SSL_CERT_FILE", "roots.pem")]].concat();
    let (stub, _) = Stub::with_tls(|_, _| ok("{}"));
    let connection = run(Cloud::connect(&world(folder.path(), &variables), settings(&stub))).unwrap();
    let Connection::Connected(cloud) = connection else { panic!("{connection:?}") };
    let error = run(cloud.caller()).unwrap_err();
    assert!(error.to_string().contains("roots.pem: it is no regular file"), "{error}");
}

#[test]
fn a_region_comes_from_the_flag_then_the_cluster_then_the_credentials() {
    let stub = Stub::new(|_, _| ok("{}"));
    let variables = [VARIABLES.as_slice(), &[("ALIBABA_CLOUD_REGION_ID", "cn-beijing")]].concat();
    let mut cloud = cloud_in(&stub, &variables);
    let known = Region::parse("cn-shanghai").unwrap();
    assert_eq!(cloud.region(None).unwrap().as_str(), "cn-beijing");
    assert_eq!(cloud.region(Some(&known)).unwrap().as_str(), "cn-shanghai");
    cloud.region = Region::parse("cn-hangzhou");
    assert_eq!(cloud.region(Some(&known)).unwrap().as_str(), "cn-hangzhou");
}

#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_most_talkative_log_tells_each_wait_and_no_secret() {
    let stub = Stub::new(|asked, before| match before {
        0 => status(
            429,
            serde_json::json!({ "Code": "Throttling", "Message": format!("{:?}", asked.headers) }).to_string(),
        ),
        _ => status(
            403,
            serde_json::json!({ "Code": "NoPermission", "Message": asked.header("authorization") }).to_string(),
        ),
    });
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With a single dispatcher, an event that another test's thread meets first is taken for one without a listener.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let error = tracing::subscriber::with_default(subscriber, || run(cloud(&stub).caller()).unwrap_err());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("waiting before another try").count(), 1, "{log}");
    assert!(log.contains("source=\"environment (ALIBABA_CLOUD_ACCESS_KEY_ID)\""), "{log}");
    for asked in stub.asked() {
        let signature = asked.header("authorization").split("Signature=").nth(1).unwrap().to_owned();
        for secret in [SECRET, TOKEN, signature.as_str()] {
            assert!(!log.contains(secret) && !error.to_string().contains(secret), "{log}");
        }
    }
}
