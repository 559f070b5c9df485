use bytes::Bytes;

use super::*;

fn role_arn() -> String {
    format!("acs:ram::{ACCOUNT}:role/deployer")
}

fn session(credentials: &Value) -> Signer {
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    let mut signer = Signer::new(&text("AccessKeyId"), &text("AccessKeySecret"));
    signer.token = Some(text("SecurityToken"));
    signer
}

fn plain(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> CloudRequest {
    let mut builder = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    CloudRequest::new(&parts, Bytes::from(body.to_owned()))
}

#[test]
fn everybody_is_reported_who_they_are() {
    let bench = Bench::new();
    let (_, root) = bench.rpc_as(&Signer::new("LTAIroot", "root-secret"), Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!((&root["IdentityType"], &root["Arn"]), (&json!("Account"), &json!(format!("acs:ram::{ACCOUNT}:root"))));
    bench.edit(|cloud_state| cloud_state.set_permissions("LTAIalice", Permissions::default()));
    let (_, user) = bench.rpc(Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!((&user["UserId"], &user["Arn"]), (&json!(ALICE), &json!(format!("acs:ram::{ACCOUNT}:user/alice"))));
}

#[test]
fn an_assumed_role_has_the_roles_permissions_until_it_expires() {
    let bench = Bench::new();
    let query = [("ExternalId", "x1"), ("RoleArn", &role_arn()), ("RoleSessionName", "s1")];
    let (status, body) = bench.rpc(Product::Sts, "AssumeRole", &query);
    assert_eq!((status, &body["AssumedRoleUser"]["AssumedRoleId"]), (200, &json!(format!("{ROLE}:s1"))));
    assert_eq!(body["Credentials"]["Expiration"], "2026-06-01T13:00:00Z");
    let signer = session(&body["Credentials"]);
    let (_, identity) = bench.rpc_as(&signer, Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!((&identity["RoleId"], identity.get("UserId")), (&json!(ROLE), None));
    assert_eq!(identity["Arn"], format!("acs:ram::{ACCOUNT}:assumed-role/deployer/s1"));
    let request = signer.roa("GET", "/users/1/kubeconfig/states", "ListUserKubeConfigStates", &[]);
    let (status, body) = bench.json(&Endpoint::Product(Product::Cs, None), &request);
    assert_eq!(
        (status, &body["message"]),
        (403, &json!("STSToken policy Forbidden for action cs:ListUserKubeConfigStates"))
    );
    bench.backend.clock.shift(SignedDuration::from_mins(61));
    let at = now() + SignedDuration::from_mins(61);
    let (_, body) = bench.rpc_as(&signer.at(at), Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!(body["Code"], "InvalidSecurityToken.Expired");
}

#[test]
fn roles_are_refused_to_those_who_may_not_have_them() {
    let bench = Bench::new();
    let arn = role_arn();
    let good = [("ExternalId", "x1"), ("RoleArn", arn.as_str()), ("RoleSessionName", "s1")];
    let root = Signer::new("LTAIroot", "root-secret");
    assert_eq!(bench.rpc_as(&root, Product::Sts, "AssumeRole", &good).0, 403);
    let answer = |change: (&'static str, &str)| {
        let mut query: Vec<(&str, &str)> = good.iter().copied().filter(|(name, _)| *name != change.0).collect();
        query.push(change);
        query.sort_unstable();
        bench.rpc(Product::Sts, "AssumeRole", &query).1["Code"].as_str().unwrap_or("good").to_owned()
    };
    assert_eq!(answer(("ExternalId", "x1")), "good");
    assert_eq!(answer(("ExternalId", "x2")), "NoPermission");
    assert_eq!(answer(("RoleArn", "deployer")), "InvalidParameter.RoleArn");
    assert_eq!(answer(("RoleArn", "acs:ram::1:role/deployer")), "EntityNotExist.Role");
    assert_eq!(answer(("RoleSessionName", "s")), "InvalidParameter.RoleSessionName");
    assert_eq!(answer(("DurationSeconds", "899")), "InvalidParameter.DurationSeconds");
    assert_eq!(answer(("DurationSeconds", "3601")), "InvalidParameter.DurationSeconds");
    bench.edit(|cloud_state| cloud_state.set_permissions("LTAIalice", Permissions::default()));
    let (status, body) = bench.rpc(Product::Sts, "AssumeRole", &good);
    assert_eq!((status, &body["AccessDeniedDetail"]["AuthAction"]), (403, &json!("sts:AssumeRole")));
}

#[test]
fn an_oidc_token_opens_a_session_without_a_signature() {
    let bench = Bench::new();
    let provider = format!("acs:ram::{ACCOUNT}:oidc-provider/ack");
    bench.edit(|cloud_state| {
        cloud_state.accounts[0].roles.push(RamRole::new("300000000000000902", "pod").trusts_oidc(&provider, "tok"))
    });
    let call = |token: &str| {
        let arn = format!("acs:ram::{ACCOUNT}:role/pod");
        let body = format!("OIDCProviderArn={provider}&OIDCToken={token}&RoleArn={arn}&RoleSessionName=pods");
        let path = "/?Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON&Timestamp=2026-06-01T12%3A00%3A00Z";
        let form = [("content-type", "application/x-www-form-urlencoded"), ("host", "sts")];
        bench.json(&Endpoint::Product(Product::Sts, None), &plain("POST", path, &form, &body))
    };
    let (status, body) = call("tok");
    assert_eq!((status, &body["OIDCTokenInfo"]["VerificationInfo"]), (200, &json!("Success")));
    let (_, identity) = bench.rpc_as(&session(&body["Credentials"]), Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!(identity["PrincipalId"], "300000000000000902:pods");
    assert_eq!(call("other").1["Code"], "AuthenticationFail.OIDCToken.Invalid");
}

#[test]
fn nothing_else_is_open_without_a_signature() {
    let bench = Bench::new();
    let request = plain("POST", "/?Action=GetCallerIdentity&Version=2015-04-01", &[("host", "sts")], "");
    assert_eq!(bench.json(&Endpoint::Product(Product::Sts, None), &request).1["Code"], "MissingAccessKeyId");
}

#[test]
fn hardened_metadata_needs_its_token() {
    const PATH: &str = "/latest/meta-data/ram/security-credentials/";
    let bench = Bench::new();
    let get = |path: &str, token: Option<&str>| {
        let headers: Vec<_> = token.map(|token| ("x-aliyun-ecs-metadata-token", token)).into_iter().collect();
        let reply = bench.reply(&Endpoint::Metadata, &plain("GET", path, &headers, ""));
        (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
    };
    let put = |seconds: &str| {
        let headers = [("x-aliyun-ecs-metadata-token-ttl-seconds", seconds)];
        let reply = bench.reply(&Endpoint::Metadata, &plain("PUT", "/latest/api/token", &headers, ""));
        (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
    };
    assert_eq!(get(PATH, None).0, 404, "no role is attached");
    bench.edit(|cloud_state| cloud_state.sign_in.instance_role(ACCOUNT, "Deployer", MetadataMode::Hardened));
    assert_eq!(get(PATH, None).0, 403);
    assert_eq!(get(PATH, Some("guess")).0, 403);
    assert_eq!((put("0").0, put("21601").0), (400, 400));
    let (status, token) = put("21600");
    assert_eq!((status, get(PATH, Some(&token)).1.as_str()), (200, "Deployer"));
    let (status, body) = get(&format!("{PATH}Deployer"), Some(&token));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["Code"], &body["LastUpdated"]), (200, &json!("Success"), &json!("2026-06-01T12:00:00Z")));
    let (_, identity) = bench.rpc_as(&session(&body), Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!(identity["RoleId"], ROLE);
    assert_eq!(get(&format!("{PATH}Other"), Some(&token)).0, 404);
    bench.backend.clock.shift(SignedDuration::from_secs(21_600));
    assert_eq!(get(PATH, Some(&token)).0, 403, "the token has expired");
    bench.edit(|cloud_state| cloud_state.sign_in.instance_role(ACCOUNT, "Deployer", MetadataMode::Both));
    assert_eq!(get(PATH, None).0, 200);
    bench.edit(|cloud_state| cloud_state.sign_in.instance_role(ACCOUNT, "Deployer", MetadataMode::WithoutTokens));
    assert_eq!((put("60").0, get(PATH, None).0), (404, 200));
}

#[test]
fn a_live_oauth_token_is_exchanged_and_a_dead_one_refused() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.sign_in.oauth_token("live", later(), ACCOUNT, ALICE, Permissions::everything());
        cloud_state.sign_in.oauth_token("dead", now(), ACCOUNT, ALICE, Permissions::everything());
    });
    let call = |method: &str, path: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        bench.json(&Endpoint::OAuth, &plain(method, path, &[("authorization", &bearer)], ""))
    };
    let (status, body) = call("POST", "/v1/exchange", "live");
    assert_eq!(status, 200);
    assert_eq!(bench.rpc_as(&session(&body), Product::Sts, "GetCallerIdentity", &[]).1["UserId"], ALICE);
    assert_eq!(
        call("POST", "/v1/exchange", "dead"),
        (
            401,
            json!({
                "error": "invalid_token", "error_description": "The access token is invalid or has expired."
            })
        )
    );
    assert_eq!(call("GET", "/v1/exchange", "live").0, 405);
    assert_eq!(call("POST", "/v1/token", "live").0, 404, "refreshing writes, and is not served");
}

#[test]
fn cloud_sso_gives_credentials_of_assigned_configurations_only() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.sign_in.sso_token("live", later(), ACCOUNT, "ac-1", "Deployer");
        cloud_state.sign_in.sso_token("dead", now(), ACCOUNT, "ac-1", "Deployer");
    });
    let call = |token: &str, account: &str, configuration: &str| {
        let body = json!({ "AccountId": account, "AccessConfigurationId": configuration }).to_string();
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bench.json(&Endpoint::CloudSso, &plain("POST", "/cloud-credentials", &headers, &body))
    };
    let (status, body) = call("live", ACCOUNT, "ac-1");
    assert_eq!(status, 200);
    let (_, identity) = bench.rpc_as(&session(&body["CloudCredential"]), Product::Sts, "GetCallerIdentity", &[]);
    assert_eq!(identity["RoleId"], ROLE);
    assert_eq!(
        (call("dead", ACCOUNT, "ac-1").0, call("live", FOREIGN, "ac-1").0, call("live", ACCOUNT, "ac-2").0),
        (401, 403, 403)
    );
}

#[test]
fn a_credentials_uri_serves_its_role() {
    let bench = Bench::new();
    bench.edit(|cloud_state| cloud_state.sign_in.credentials_at("/credentials", ACCOUNT, "Deployer"));
    let (status, body) = bench.json(&Endpoint::CredentialsUri, &plain("GET", "/credentials", &[], ""));
    assert_eq!((status, &body["Code"], &body["Expiration"]), (200, &json!("Success"), &json!("2026-06-01T13:00:00Z")));
    assert_eq!(bench.rpc_as(&session(&body), Product::Sts, "GetCallerIdentity", &[]).1["RoleId"], ROLE);
    assert_eq!(bench.json(&Endpoint::CredentialsUri, &plain("GET", "/other", &[], "")).0, 404);
}

#[test]
fn faults_strike_the_endpoints_that_give_credentials() {
    let bench = Bench::new();
    bench.edit(|cloud_state| cloud_state.sign_in.credentials_at("/credentials", ACCOUNT, "Deployer"));
    bench.backend.faults().push(CloudFault::of("CredentialsUri", FaultKind::ServerError(502)).on(Turn::First(1)));
    let get = || bench.json(&Endpoint::CredentialsUri, &plain("GET", "/credentials", &[], "")).0;
    assert_eq!((get(), get()), (502, 200));
}
