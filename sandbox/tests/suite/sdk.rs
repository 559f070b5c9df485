//! The official Python SDK calls every operation against the sandbox's cloud: tests/sdk/judge.py.
//!
//! `ACKCRED_SDK_PYTHON` names a Python that has tests/sdk/requirements.txt installed. Without it the test is skipped,
//! unless `ACKCRED_REQUIRE_CLUSTER=1` demands that everything runs.

use std::path::Path;
use std::process::Command;

use ackcred_sandbox::certs::Authority;
use ackcred_sandbox::cloud::{
    AccessKey, Account, AckCluster, Auditing, Cloud, IssuedKubeconfig, KubeconfigRecord, PermissionRecord,
    PermissionScope, Permissions, Product, RamRole, RamUser, RecycledUser, Task, Tls,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const ACCOUNT: &str = "1190000000000001";
const OPERATOR: &str = "200000000000000901";
const FROZEN: &str = "200000000000000902";
const LEAVER: &str = "200000000000000903";
const RECYCLED: &str = "200000000000000904";
const ACTIVE: &str = "200000000000000905";
const ROLE: &str = "300000000000000901";
const PROD: &str = "c0123456789abcdef0123456789abcdef";
const TEST: &str = "c1123456789abcdef0123456789abcdef";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";

/// The environment of the test itself.
#[expect(clippy::disallowed_methods, reason = "a test's own environment, not the product's")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the SDK signs with the machine's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn provider() -> String {
    format!("acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa")
}

fn prod() -> AckCluster {
    let later = now() + SignedDuration::from_hours(24 * 300);
    let numbered = (1..=70).map(Account::numbered_user);
    let cluster = AckCluster::new(PROD, "prod")
        .server("https://203.0.113.7:6443")
        .kubeconfig(LEAVER, KubeconfigRecord::effective(later).owner("RamUser", "leaver"))
        .kubeconfig(ACTIVE, KubeconfigRecord::effective(later))
        .kubeconfig(OPERATOR, KubeconfigRecord::effective(later))
        .permission(PermissionRecord::preset(LEAVER, PermissionScope::Namespace("default".into()), "dev"))
        .active(ACTIVE, now(), "audit-7");
    numbered.fold(cluster, |cluster, uid| cluster.kubeconfig(&uid, KubeconfigRecord::effective(later)))
}

fn account() -> Account {
    let role = RamRole::new(ROLE, "sdk-role")
        .permissions(Permissions::allowing(["cs:GetClusters"]))
        .external_id("a b/c+d=é~*")
        .trusts_oidc(&provider(), TOKEN);
    Account::new(ACCOUNT, "acme")
        .user(RamUser::new(OPERATOR, "operator"))
        .user(RamUser::new(FROZEN, "frozen").frozen())
        .user(RamUser::new(ACTIVE, "active"))
        .numbered_users(1497)
        .role(role)
        .numbered_roles(299)
        .recycled(RecycledUser::new(RECYCLED, "carol", now()))
        .cluster(prod())
        .cluster(AckCluster::new(TEST, "test").region("eu-central-1").auditing(Auditing::Off))
}

fn cloud(tls: Tls) -> Cloud {
    let operator = |id: &str, secret: &str| AccessKey::user(ACCOUNT, OPERATOR, id, secret);
    let cloud = Cloud::builder(Some(tls))
        .account(account())
        .key(operator("LTAIfull", "full-secret").permissions(Permissions::everything()))
        .key(operator("LTAIpoor", "poor-secret").permissions(Permissions::allowing(["sts:*"])))
        .on_issue(|request| {
            let private = if request.private { "True" } else { "False" };
            let minutes = request.minutes.unwrap_or_default();
            let config = format!("{} {} {private} {minutes}", request.cluster_id, request.uid);
            Ok(IssuedKubeconfig { config, expires: request.now + SignedDuration::from_mins(i64::from(minutes)) })
        })
        .start()
        .expect("the cloud starts");
    let task = Task {
        id: "T-6a1b".into(),
        region: "cn-hangzhou".into(),
        cluster_id: PROD.into(),
        task_type: "clean-user-permissions".into(),
        state: "fail".into(),
        error: Some(("ErrorExample".into(), "an example".into())),
    };
    cloud.edit(|cloud_state| cloud_state.tasks.push(task));
    cloud
}

#[test]
fn the_official_sdk_is_accepted_and_tampering_refused() {
    let Some(python) = variable("ACKCRED_SDK_PYTHON") else {
        let demanded = variable("ACKCRED_REQUIRE_CLUSTER").as_deref() == Some("1");
        assert!(!demanded, "ACKCRED_SDK_PYTHON must name a Python that has tests/sdk/requirements.txt installed");
        say_skipped();
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::of_today().unwrap();
    let tls = Tls::issued_by(&authority).unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.certificate_pem()).unwrap();
    let cloud = cloud(tls);
    let setup = json!({
        "urls": {
            "cs": cloud.url(Product::Cs),
            "cs_region": cloud.region_url("cn-hangzhou"),
            "cs_elsewhere": cloud.region_url("eu-central-1"),
            "ram": cloud.url(Product::Ram),
            "ims": cloud.url(Product::Ims),
            "sts": cloud.url(Product::Sts),
        },
        "ca": ca_file,
        "region": "cn-hangzhou",
        "keys": { "full": ["LTAIfull", "full-secret"], "poor": ["LTAIpoor", "poor-secret"] },
        "account": ACCOUNT,
        "caller": OPERATOR,
        "leaver": LEAVER,
        "active": ACTIVE,
        "recycled": RECYCLED,
        "cluster": PROD,
        "users": 1500,
        "roles": 300,
        "kubeconfigs": 72,
        "role": { "id": ROLE, "arn": format!("acs:ram::{ACCOUNT}:role/sdk-role") },
        "oidc": { "provider": provider(), "token": TOKEN },
        "task": "T-6a1b",
    });
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sdk/judge.py");
    let output =
        Command::new(python).arg("-B").arg(judge).env("ACKCRED_SDK_SETUP", setup.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_every_operation_was_called(&cloud);
}

/// A test that the SDK's program lost would otherwise go unnoticed.
fn assert_every_operation_was_called(cloud: &Cloud) {
    let log = cloud.log();
    for action in [
        "GetCallerIdentity",
        "AssumeRole",
        "AssumeRoleWithOIDC",
        "ListUsers",
        "ListRoles",
        "GetUser",
        "ListUserBasicInfos",
        "ListUsersInRecycleBin",
        "GetUserInRecycleBin",
        "DescribeClustersV1",
        "DescribeClustersForRegion",
        "DescribeRegions",
        "GetClusterAuditProject",
        "DescribeClusterDetail",
        "ListClusterKubeconfigStates",
        "ListUserKubeConfigStates",
        "DescribeUserClusterActivityState",
        "DescribeUserPermission",
        "CleanClusterUserPermissions",
        "DescribeClusterUserKubeconfig",
        "RevokeK8sClusterKubeConfig",
        "DescribeTaskInfo",
    ] {
        assert!(log.iter().any(|request| request.action == action && request.status == Some(200)), "{action}");
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn say_skipped() {
    eprintln!("skipped: the_official_sdk_is_accepted_and_tampering_refused (ACKCRED_SDK_PYTHON is not set)");
}
