use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::account::{Account, RamRole, RamUser, RecycledUser};
use super::super::backend::ClusterHooks;
use super::super::cleaning::{CleanBehaviour, Cleaning};
use super::super::clock::Clock;
use super::super::cloud_state::{CloudState, Task};
use super::super::cluster::{
    AckCluster, Auditing, ForeignCallers, KubeconfigRecord, PermissionRecord, PermissionScope,
};
use super::super::faults::{CloudFault, FaultKind, RetryHint, Turn};
use super::super::issue_request::{IssueRequest, IssuedKubeconfig};
use super::super::keys::{AccessKey, Permissions};
use super::super::rotating::{RotateBehaviour, Rotation};
use super::super::sign_in::MetadataMode;
use super::super::testing::{NOW, Signer};
use super::*;

mod clean;
mod credentials;
mod cs;
mod people;
mod rotate;

const ACCOUNT: &str = "1190000000000001";
const FOREIGN: &str = "1190000000000002";
const ALICE: &str = "200000000000000901";
const BOB: &str = "200000000000000902";
const GONE: &str = "200000000000000903";
const ROLE: &str = "300000000000000901";
const PROD: &str = "c0123456789abcdef0123456789abcdef";
const TEST: &str = "c1123456789abcdef0123456789abcdef";
const THEIRS: &str = "c2123456789abcdef0123456789abcdef";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A cloud without a network around it.
struct Bench {
    backend: Backend,
    cleaned: Arc<Mutex<Vec<Cleaning>>>,
    issued: Arc<Mutex<Vec<IssueRequest>>>,
    rotated: Arc<Mutex<Vec<Rotation>>>,
}

impl Bench {
    fn new() -> Self {
        let account = Account::new(ACCOUNT, "acme")
            .user(RamUser::new(ALICE, "alice").display_name("Alice A."))
            .user(RamUser::new(BOB, "bob").frozen())
            .recycled(RecycledUser::new("200000000000000904", "carol", now()))
            .role(
                RamRole::new(ROLE, "Deployer")
                    .permissions(Permissions::allowing(["cs:Describe*", "cs:GetClusters"]))
                    .external_id("x1"),
            )
            .cluster(
                AckCluster::new(PROD, "prod")
                    .server("https://203.0.113.7:6443")
                    .kubeconfig(ACCOUNT, KubeconfigRecord::effective(later()))
                    .kubeconfig(ALICE, KubeconfigRecord::effective(later()))
                    .kubeconfig(BOB, KubeconfigRecord::expired(now()))
                    .kubeconfig(GONE, KubeconfigRecord::effective(later()).owner("RamUser", "gone"))
                    .kubeconfig(ROLE, KubeconfigRecord::removed())
                    .permission(PermissionRecord::preset(GONE, PermissionScope::Namespace("default".into()), "dev"))
                    .permission(PermissionRecord::custom(GONE, PermissionScope::AllClusters, "auditors")),
            )
            .cluster(
                AckCluster::new(TEST, "test").region("eu-central-1").auditing(Auditing::Off).missing_from_aggregator(),
            );
        let foreign = Account::new(FOREIGN, "other").cluster(AckCluster::new(THEIRS, "theirs"));
        let mut cloud_state = CloudState { accounts: vec![account, foreign], ..CloudState::default() };
        cloud_state.add_key(AccessKey::root(ACCOUNT, "LTAIroot", "root-secret"));
        cloud_state.add_key(
            AccessKey::user(ACCOUNT, ALICE, "LTAIalice", "alice-secret").permissions(Permissions::everything()),
        );
        cloud_state.add_key(AccessKey::user(ACCOUNT, BOB, "LTAIbob", "bob-secret"));
        cloud_state.add_key(AccessKey::user(ACCOUNT, GONE, "LTAIgone", "gone-secret"));
        let (cleaned, issued) = (Arc::<Mutex<Vec<Cleaning>>>::default(), Arc::<Mutex<Vec<IssueRequest>>>::default());
        let rotated = Arc::<Mutex<Vec<Rotation>>>::default();
        let (cleans, issues, rotations) = (Arc::clone(&cleaned), Arc::clone(&issued), Arc::clone(&rotated));
        let hooks = ClusterHooks {
            clean: Arc::new(move |cleaning| {
                cleans.lock().unwrap().push(cleaning.clone());
                Ok(())
            }),
            rotate: Arc::new(move |rotation| {
                rotations.lock().unwrap().push(rotation.clone());
                Ok(())
            }),
            issue: Arc::new(move |request| {
                issues.lock().unwrap().push(request.clone());
                Ok(IssuedKubeconfig { config: "kind: Config".into(), expires: later() })
            }),
        };
        let backend = Backend::new(cloud_state, Clock::fixed(now()), hooks, CleanBehaviour::OwnBindings);
        Self { backend, cleaned, issued, rotated }
    }

    fn edit(&self, change: impl FnOnce(&mut CloudState)) {
        change(&mut self.backend.cloud_state());
    }

    fn reply(&self, endpoint: &Endpoint, request: &CloudRequest) -> CloudResponse {
        match answer(&self.backend, endpoint, request) {
            FaultOutcome::Answered(reply) => reply,
            FaultOutcome::Truncated(_)
            | FaultOutcome::Endless
            | FaultOutcome::Impostor
            | FaultOutcome::Reset
            | FaultOutcome::Hang(_)
            | FaultOutcome::Slow(..) => panic!("no answer"),
        }
    }

    fn json(&self, endpoint: &Endpoint, request: &CloudRequest) -> (u16, Value) {
        let reply = self.reply(endpoint, request);
        let body = if reply.body.is_empty() { Value::Null } else { serde_json::from_slice(&reply.body).unwrap() };
        (reply.status, body)
    }

    fn rpc_as(&self, signer: &Signer, product: Product, action: &str, query: &[(&str, &str)]) -> (u16, Value) {
        self.json(&Endpoint::Product(product, None), &signer.rpc(product.version(), action, query))
    }

    fn rpc(&self, product: Product, action: &str, query: &[(&str, &str)]) -> (u16, Value) {
        self.rpc_as(&alice(), product, action, query)
    }

    fn cs_at(
        &self,
        region: Option<&str>,
        method: &str,
        path: &str,
        action: &str,
        query: &[(&str, &str)],
    ) -> (u16, Value) {
        let endpoint = Endpoint::Product(Product::Cs, region.map(str::to_owned));
        self.json(&endpoint, &alice().roa(method, path, action, query))
    }

    fn cs(&self, path: &str, action: &str, query: &[(&str, &str)]) -> (u16, Value) {
        self.cs_at(None, "GET", path, action, query)
    }
}

fn later() -> Timestamp {
    now() + SignedDuration::from_hours(24 * 365)
}

fn alice() -> Signer {
    Signer::new("LTAIalice", "alice-secret")
}

/// A row's members by name.
fn column<'a>(rows: &'a Value, name: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[test]
fn an_operation_of_another_product_is_not_known_here() {
    let bench = Bench::new();
    let (status, body) = bench
        .json(&Endpoint::Product(Product::Ram, None), &alice().rpc(Product::Ims.version(), "ListUserBasicInfos", &[]));
    assert_eq!((status, &body["Code"]), (400, &json!("InvalidVersion")));
    let (status, body) = bench.rpc(Product::Ram, "ListUserBasicInfos", &[]);
    assert_eq!((status, &body["Code"]), (404, &json!("InvalidAction.NotFound")));
    let (status, body) = bench.cs("/clusters/x/kubeconfig/states", "DescribeClusterDetail", &[]);
    assert_eq!((status, &body["Code"]), (404, &json!("InvalidAction.NotFound")));
    let path = format!("/clusters/{PROD}/user/{GONE}/permissions");
    let (status, _) = bench.cs_at(None, "DELETE", &path, "CleanClusterUserPermissions", &[]);
    assert_eq!(status, 404, "it is /cluster, not /clusters");
}

#[test]
fn keys_of_deleted_and_frozen_users_do_not_work() {
    let bench = Bench::new();
    for (id, secret, code) in [
        ("LTAIgone", "gone-secret", "InvalidAccessKeyId.NotFound"),
        ("LTAIbob", "bob-secret", "InvalidAccessKeyId.Inactive"),
    ] {
        let (_, body) = bench.rpc_as(&Signer::new(id, secret), Product::Sts, "GetCallerIdentity", &[]);
        assert_eq!(body["Code"], code);
    }
}

#[test]
fn a_denied_action_is_named_in_each_products_shape() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        let permissions = Permissions::everything().denying("ram:ListUsers").denying("ram:GetUser").denying("cs:Get*");
        cloud_state.set_permissions("LTAIalice", permissions);
    });
    let (status, body) = bench.rpc(Product::Ram, "ListUsers", &[]);
    assert_eq!((status, &body["Code"]), (403, &json!("NoPermission")));
    assert_eq!(body["AccessDeniedDetail"]["AuthAction"], "ram:ListUsers");
    let (status, body) = bench.rpc(Product::Ims, "GetUser", &[("UserId", ALICE)]);
    assert_eq!((status, &body["AccessDeniedDetail"]["AuthAction"]), (403, &json!("ram:GetUser")));
    let (status, body) = bench.cs("/api/v1/clusters", "DescribeClustersV1", &[]);
    assert_eq!((status, &body["code"], &body["status"]), (403, &json!("StatusForbidden"), &json!(403)));
    assert_eq!(body["message"], "RAM policy Forbidden for action cs:GetClusters");
    assert_eq!(body["accessDeniedDetail"]["AuthAction"], "cs:GetClusters");
}

#[test]
fn the_log_has_actions_and_parameters_and_no_secret() {
    let bench = Bench::new();
    bench.rpc(Product::Ram, "ListUsers", &[("MaxItems", "1")]);
    bench.cs_at(Some("cn-hangzhou"), "GET", &format!("/clusters/{PROD}"), "DescribeClusterDetail", &[]);
    let token = "eyJhbGciOi";
    let query =
        [("OIDCProviderArn", "p"), ("OIDCToken", token), ("RoleArn", "acs:ram::1:role/x"), ("RoleSessionName", "ss")];
    bench.rpc(Product::Sts, "AssumeRoleWithOIDC", &query);
    let log = bench.backend.log().clone();
    assert_eq!(
        (log[0].action.as_str(), log[0].parameters["MaxItems"].as_str(), log[0].status),
        ("ListUsers", "1", Some(200))
    );
    assert_eq!(log[0].caller.as_deref(), Some(ALICE));
    assert_eq!((log[1].region.as_deref(), log[1].parameters["ClusterId"].as_str()), (Some("cn-hangzhou"), PROD));
    assert_eq!(log[2].parameters["RoleSessionName"], "ss");
    let text = format!("{log:?}");
    for secret in [token, "alice-secret", "Signature"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn throttling_comes_with_whatever_hint_was_asked_for() {
    let bench = Bench::new();
    for (hint, name, value) in [
        (RetryHint::AcsRetryAfter(1500), "x-acs-retry-after", "1500"),
        (RetryHint::RetryAfter(2), "retry-after", "2"),
        (RetryHint::RateLimit(2000), "x-ratelimit-user", "Limit:1,Remain:0,TimeLeft:2000,Reset:0"),
    ] {
        *bench.backend.faults() = vec![CloudFault::of("ListUsers", FaultKind::Throttled(Some(hint)))];
        let request = alice().rpc(Product::Ram.version(), "ListUsers", &[]);
        let reply = bench.reply(&Endpoint::Product(Product::Ram, None), &request);
        assert!(reply.headers.contains(&(name, value.to_owned())), "{:?}", reply.headers);
        assert!(String::from_utf8_lossy(&reply.body).contains("\"Code\":\"Throttling.User\""));
    }
    *bench.backend.faults() = vec![CloudFault::of_all(FaultKind::Throttled(None)).on(Turn::Every(2))];
    let statuses: Vec<u16> = (0..4).map(|_| bench.cs("/api/v1/clusters", "DescribeClustersV1", &[]).0).collect();
    assert_eq!(statuses, [200, 429, 200, 429]);
}

#[test]
fn each_fault_answers_as_the_cloud_would() {
    let bench = Bench::new();
    let code = "Oops".to_owned();
    for (kind, status, found) in [
        (FaultKind::ServerError(503), 503, "ServiceUnavailable"),
        (FaultKind::NotFound, 404, "InvalidAction.NotFound"),
        (FaultKind::Forbidden, 403, "NoPermission"),
        (FaultKind::ExpiredToken, 400, "InvalidSecurityToken.Expired"),
        (FaultKind::ClockSkew, 400, "InvalidTimeStamp.Expired"),
        (FaultKind::OkWithError { code: code.clone(), message: "m".into() }, 200, "Oops"),
        (FaultKind::Refused { status: 418, code }, 418, "Oops"),
    ] {
        *bench.backend.faults() = vec![CloudFault::of("ListRoles", kind)];
        let (answered, body) = bench.rpc(Product::Ram, "ListRoles", &[]);
        assert_eq!((answered, &body["Code"]), (status, &json!(found)));
        assert_eq!(bench.rpc(Product::Ram, "ListUsers", &[]).0, 200, "another action isn't struck");
    }
    *bench.backend.faults() = vec![CloudFault::of("ListRoles", FaultKind::Body("<html>".into()))];
    let request = alice().rpc(Product::Ram.version(), "ListRoles", &[]);
    assert_eq!(bench.reply(&Endpoint::Product(Product::Ram, None), &request).body.as_ref(), b"<html>");
}

#[test]
fn a_bad_signature_is_refused_before_any_fault() {
    let bench = Bench::new();
    bench.backend.faults().push(CloudFault::of_all(FaultKind::ServerError(500)));
    let (status, body) = bench.rpc_as(&Signer::new("LTAIalice", "guess"), Product::Ram, "ListUsers", &[]);
    assert_eq!((status, &body["Code"]), (400, &json!("SignatureDoesNotMatch")));
}

#[test]
fn a_product_may_be_absent_as_a_whole() {
    let bench = Bench::new();
    bench.backend.faults().push(CloudFault::of_product(Product::Ims, FaultKind::NotFound));
    assert_eq!(bench.rpc(Product::Ims, "GetUser", &[("UserId", ALICE)]).0, 404);
    assert_eq!(bench.rpc(Product::Ims, "ListUserBasicInfos", &[]).0, 404);
    assert_eq!(bench.rpc(Product::Ram, "ListUsers", &[]).0, 200);
}

#[test]
fn what_the_cloud_knows_shows_no_secret() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.accounts[0].roles.push(RamRole::new("3", "pod").trusts_oidc("p", "oidc-token"));
        cloud_state.sign_in.oauth_token("oauth-token", later(), ACCOUNT, ALICE, Permissions::default());
        cloud_state.sign_in.sso_token("sso-token", later(), ACCOUNT, "ac-1", "Deployer");
    });
    let shown = format!("{:?}", *bench.backend.cloud_state());
    assert!(shown.contains("LTAIalice"), "{shown}");
    for secret in ["oidc-token", "oauth-token", "sso-token", "alice-secret"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
