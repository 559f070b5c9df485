//! Container Service, 2015-12-15: its operations differ by method and path.

mod call;
mod clean;
mod clusters;
mod kubeconfig;
mod people;
mod rotate;

use http::Method;

use super::backend::Backend;
use super::delayed_tasks::DelayedTask;
use super::ram_actions::ram_action;
use super::reply::{CloudError, CloudResponse, Product};
use super::request::decoded;

pub(crate) use call::Call;

/// An operation, with the values in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CsOperation {
    DescribeClustersV1,
    DescribeRegions,
    DescribeClustersForRegion { region: String },
    DescribeClusterDetail { cluster: String },
    GetClusterAuditProject { cluster: String },
    DescribeClusterUserKubeconfig { cluster: String },
    RevokeK8sClusterKubeConfig { cluster: String },
    ListClusterKubeconfigStates { cluster: String },
    ListUserKubeConfigStates { uid: String },
    CleanClusterUserPermissions { cluster: String, uid: String },
    DescribeUserPermission { uid: String },
    DescribeUserClusterActivityState { cluster: String, uid: String },
    DescribeTaskInfo { task: String },
}

impl CsOperation {
    /// The operation at a method and a path.
    pub(crate) fn route(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let own = |text: &str| text.to_owned();
        Some(match (method.as_str(), segments.as_slice()) {
            ("GET", ["api", "v1", "clusters"]) => Self::DescribeClustersV1,
            ("GET", ["regions"]) => Self::DescribeRegions,
            ("GET", ["regions", region, "clusters"]) => Self::DescribeClustersForRegion { region: own(region) },
            ("GET", ["clusters", cluster]) => Self::DescribeClusterDetail { cluster: own(cluster) },
            ("GET", ["clusters", cluster, "audit"]) => Self::GetClusterAuditProject { cluster: own(cluster) },
            ("GET", ["k8s", cluster, "user_config"]) => Self::DescribeClusterUserKubeconfig { cluster: own(cluster) },
            ("DELETE", ["k8s", cluster, "certs"]) => Self::RevokeK8sClusterKubeConfig { cluster: own(cluster) },
            ("GET", ["clusters", cluster, "kubeconfig", "states"]) => {
                Self::ListClusterKubeconfigStates { cluster: own(cluster) }
            }
            ("GET", ["users", uid, "kubeconfig", "states"]) => Self::ListUserKubeConfigStates { uid: own(uid) },
            ("DELETE", ["cluster", cluster, "user", uid, "permissions"]) => {
                Self::CleanClusterUserPermissions { cluster: own(cluster), uid: own(uid) }
            }
            ("GET", ["permissions", "users", uid]) => Self::DescribeUserPermission { uid: own(uid) },
            ("GET", ["clusters", cluster, "users", uid, "activity-state"]) => {
                Self::DescribeUserClusterActivityState { cluster: own(cluster), uid: own(uid) }
            }
            ("GET", ["tasks", task]) => Self::DescribeTaskInfo { task: own(task) },
            _ => return None,
        })
    }

    /// The operation's name, as `x-acs-action` must have it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::DescribeClustersV1 => "DescribeClustersV1",
            Self::DescribeRegions => "DescribeRegions",
            Self::DescribeClustersForRegion { .. } => "DescribeClustersForRegion",
            Self::DescribeClusterDetail { .. } => "DescribeClusterDetail",
            Self::GetClusterAuditProject { .. } => "GetClusterAuditProject",
            Self::DescribeClusterUserKubeconfig { .. } => "DescribeClusterUserKubeconfig",
            Self::RevokeK8sClusterKubeConfig { .. } => "RevokeK8sClusterKubeConfig",
            Self::ListClusterKubeconfigStates { .. } => "ListClusterKubeconfigStates",
            Self::ListUserKubeConfigStates { .. } => "ListUserKubeConfigStates",
            Self::CleanClusterUserPermissions { .. } => "CleanClusterUserPermissions",
            Self::DescribeUserPermission { .. } => "DescribeUserPermission",
            Self::DescribeUserClusterActivityState { .. } => "DescribeUserClusterActivityState",
            Self::DescribeTaskInfo { .. } => "DescribeTaskInfo",
        }
    }

    /// Path values by name, for the request log.
    pub(crate) fn path_parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::DescribeClustersV1 | Self::DescribeRegions => vec![],
            Self::DescribeClustersForRegion { region } => vec![("region", region)],
            Self::DescribeClusterDetail { cluster }
            | Self::GetClusterAuditProject { cluster }
            | Self::DescribeClusterUserKubeconfig { cluster }
            | Self::RevokeK8sClusterKubeConfig { cluster }
            | Self::ListClusterKubeconfigStates { cluster } => vec![("ClusterId", cluster)],
            Self::ListUserKubeConfigStates { uid } | Self::DescribeUserPermission { uid } => vec![("Uid", uid)],
            Self::CleanClusterUserPermissions { cluster, uid }
            | Self::DescribeUserClusterActivityState { cluster, uid } => vec![("ClusterId", cluster), ("Uid", uid)],
            Self::DescribeTaskInfo { task } => vec![("TaskId", task)],
        }
    }
}

/// Carries out an operation.
pub(crate) fn call(operation: &CsOperation, call: &Call<'_>) -> Result<CloudResponse, CloudError> {
    call.caller.demand(&ram_action(Product::Cs, operation.name()), Product::Cs)?;
    let body = match operation {
        CsOperation::DescribeClustersV1 => clusters::describe_all(call),
        CsOperation::DescribeClustersForRegion { region } => clusters::describe_region(call, region),
        CsOperation::DescribeRegions => clusters::regions(call),
        CsOperation::GetClusterAuditProject { cluster } => clusters::audit_project(call, cluster),
        CsOperation::DescribeClusterDetail { cluster } => clusters::detail(call, cluster),
        CsOperation::DescribeTaskInfo { task } => clusters::task(call, task),
        CsOperation::DescribeClusterUserKubeconfig { cluster } => kubeconfig::describe(call, cluster),
        CsOperation::RevokeK8sClusterKubeConfig { cluster } => rotate::revoke(call, cluster),
        CsOperation::ListClusterKubeconfigStates { cluster } => kubeconfig::states_of_cluster(call, cluster),
        CsOperation::ListUserKubeConfigStates { uid } => kubeconfig::states_of_user(call, uid),
        CsOperation::DescribeUserPermission { uid } => people::permissions(call, uid),
        CsOperation::DescribeUserClusterActivityState { cluster, uid } => people::activity(call, cluster, uid),
        CsOperation::CleanClusterUserPermissions { cluster, uid } => return clean::clean(call, cluster, uid),
    }?;
    Ok(CloudResponse::json(200, &body))
}

/// Carries out what was accepted before.
pub(crate) fn carry_out_task(backend: &Backend, task: &DelayedTask) -> Result<(), String> {
    match task {
        DelayedTask::Clean(cleaning) => clean::carry_out(backend, cleaning),
        DelayedTask::Rotate(rotation) => rotate::carry_out(backend, rotation),
        DelayedTask::Rebind(rotation) => backend.hooks.rotate(rotation),
    }
}
