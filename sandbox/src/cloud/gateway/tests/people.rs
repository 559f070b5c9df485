use super::*;

#[test]
fn ram_lists_1500_users_and_300_roles_by_pages() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.accounts[0] =
            Account::new(ACCOUNT, "acme").user(RamUser::new(ALICE, "alice")).numbered_users(1499).numbered_roles(300);
    });
    let (_, first) = bench.rpc(Product::Ram, "ListUsers", &[("MaxItems", "1000")]);
    assert_eq!((first["Users"]["User"].as_array().unwrap().len(), &first["IsTruncated"]), (1000, &json!(true)));
    let marker = first["Marker"].as_str().unwrap();
    let (_, second) = bench.rpc(Product::Ram, "ListUsers", &[("Marker", marker), ("MaxItems", "1000")]);
    assert_eq!((second["Users"]["User"].as_array().unwrap().len(), &second["IsTruncated"]), (500, &json!(false)));
    assert_eq!((&second["Users"]["User"][499]["UserName"], second.get("Marker")), (&json!("user-1499"), None));
    let (_, roles) = bench.rpc(Product::Ram, "ListRoles", &[]);
    assert_eq!((roles["Roles"]["Role"].as_array().unwrap().len(), &roles["IsTruncated"]), (100, &json!(true)));
    assert_eq!(roles["Roles"]["Role"][0]["Arn"], format!("acs:ram::{ACCOUNT}:role/role-0001"));
    assert!(roles["RequestId"].is_string());
}

#[test]
fn a_parameter_in_the_wrong_case_is_no_parameter() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.accounts[0] = Account::new(ACCOUNT, "acme").user(RamUser::new(ALICE, "alice")).numbered_users(200)
    });
    let (_, body) = bench.rpc(Product::Ram, "ListUsers", &[("maxItems", "1000")]);
    assert_eq!(body["Users"]["User"].as_array().unwrap().len(), 100);
}

#[test]
fn listings_refuse_sizes_above_their_own_limit() {
    let bench = Bench::new();
    for (product, action, most) in [
        (Product::Ram, "ListUsers", 1000),
        (Product::Ram, "ListRoles", 1000),
        (Product::Ims, "ListUserBasicInfos", 1000),
        (Product::Ims, "ListUsersInRecycleBin", 100),
    ] {
        assert_eq!(bench.rpc(product, action, &[("MaxItems", &most.to_string())]).0, 200, "{action}");
        let (status, body) = bench.rpc(product, action, &[("MaxItems", &(most + 1).to_string())]);
        assert_eq!((status, &body["Code"]), (400, &json!("InvalidParameter.MaxItems")), "{action}");
    }
}

#[test]
fn frozen_users_are_listed_where_asked_for() {
    let bench = Bench::new();
    let names = |query: &[(&str, &str)]| {
        let (_, body) = bench.rpc(Product::Ims, "ListUserBasicInfos", query);
        let rows = &body["UserBasicInfos"]["UserBasicInfo"];
        column(rows, "UserPrincipalName").join(" ")
    };
    assert_eq!(names(&[]), "alice@acme.onaliyun.com");
    assert_eq!(names(&[("Status", "freeze")]), "bob@acme.onaliyun.com");
    assert_eq!(names(&[("Status", "active,freeze")]), "alice@acme.onaliyun.com bob@acme.onaliyun.com");
    assert_eq!(bench.rpc(Product::Ims, "ListUserBasicInfos", &[("Status", "frozen")]).0, 400);
}

#[test]
fn ram_lists_frozen_users_or_not_as_set_up() {
    let bench = Bench::new();
    let count = || bench.rpc(Product::Ram, "ListUsers", &[]).1["Users"]["User"].as_array().unwrap().len();
    assert_eq!(count(), 2);
    bench.edit(|cloud_state| cloud_state.accounts[0] = cloud_state.accounts[0].clone().ram_lists_frozen_users(false));
    assert_eq!(count(), 1);
}

#[test]
fn a_user_is_found_by_uid_by_name_and_by_key() {
    let bench = Bench::new();
    for query in [("UserId", ALICE), ("UserPrincipalName", "alice@acme.onaliyun.com"), ("UserAccessKeyId", "LTAIalice")]
    {
        let (status, body) = bench.rpc(Product::Ims, "GetUser", &[query]);
        assert_eq!((status, &body["User"]["UserName"]), (200, &json!("alice")), "{query:?}");
    }
    assert_eq!(bench.rpc(Product::Ims, "GetUser", &[("UserId", BOB)]).0, 200, "frozen users exist");
    for query in [("UserId", GONE), ("UserId", ROLE), ("UserAccessKeyId", "LTAIroot")] {
        let (status, body) = bench.rpc(Product::Ims, "GetUser", &[query]);
        assert_eq!((status, &body["Code"]), (404, &json!("EntityNotExist.User")), "{query:?}");
    }
    assert_eq!(bench.rpc(Product::Ims, "GetUser", &[]).1["Code"], "MissingParameter");
}

#[test]
fn a_user_goes_to_the_recycle_bin_and_then_for_good() {
    let bench = Bench::new();
    bench.edit(|cloud_state| cloud_state.account_mut(ACCOUNT).unwrap().recycle_user(BOB, now()));
    let bin = || {
        let (_, body) = bench.rpc(Product::Ims, "ListUsersInRecycleBin", &[]);
        column(&body["Users"]["User"], "UserId").join(" ")
    };
    assert_eq!(bin(), format!("200000000000000904 {BOB}"));
    let filter = [("Filter", "UserPrincipalName eq bob@acme.onaliyun.com")];
    let (_, body) = bench.rpc(Product::Ims, "ListUsersInRecycleBin", &filter);
    assert_eq!(body["Users"]["User"][0]["DeleteDate"], "2026-07-01T12:00:00Z");
    assert_eq!(body["Users"]["User"].as_array().unwrap().len(), 1);
    let by_uid = || bench.rpc(Product::Ims, "GetUserInRecycleBin", &[("UserId", BOB)]);
    assert_eq!((by_uid().0, &by_uid().1["User"]["RecycleDate"]), (200, &body["Users"]["User"][0]["RecycleDate"]));
    let neither = bench.rpc(Product::Ims, "GetUserInRecycleBin", &[]);
    let both = bench.rpc(Product::Ims, "GetUserInRecycleBin", &[("UserId", BOB), ("UserAccessKeyId", "LTAIbob")]);
    assert_eq!((neither.0, both.0), (400, 400));
    bench.edit(|cloud_state| cloud_state.account_mut(ACCOUNT).unwrap().delete_identity(BOB));
    assert_eq!(by_uid().0, 404);
    assert_eq!(bin(), "200000000000000904");
    assert_eq!(bench.rpc(Product::Ims, "GetUser", &[("UserId", BOB)]).0, 404);
}
