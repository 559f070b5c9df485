//! What the Container Service says: clusters, issued kubeconfigs, permissions, activity and tasks.
//!
//! Source of the fields: <https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-overview>

use jiff::Timestamp;

use crate::core::ids::{ClusterId, Uid};
use crate::core::secret::Secret;

/// A cluster of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountCluster {
    /// `cluster_id`.
    pub id: ClusterId,
    /// `name`.
    pub name: String,
    /// `region_id`.
    pub region: String,
    /// `state`, in the cloud's own word: `running`, `deleting`, `stopped`, …
    pub state: String,
    /// `cluster_type`, in the cloud's own word.
    pub cluster_type: String,
    /// The API server's public URL, where there is one.
    pub public_server: Option<String>,
    /// The API server's URL inside the VPC, where there is one.
    pub intranet_server: Option<String>,
}

/// What `account_type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountType {
    /// `RootAccount`.
    Root,
    /// `RamUser`.
    RamUser,
    /// `RamRole`.
    RamRole,
    /// Another word, or none.
    Unstated,
}

/// What `account_state` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// `Active`.
    Active,
    /// `InActive`: frozen.
    Inactive,
    /// `Deleted`.
    Deleted,
    /// Another word, or none.
    Unstated,
}

/// What `cert_state` says of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateState {
    /// `Unissued`: never issued.
    Unissued,
    /// `Unexpired`. Also the state of a deleted kubeconfig whose bindings remain.
    Unexpired,
    /// `Expired`.
    Expired,
    /// `Removed`: issued once, deleted since.
    Removed,
    /// `Unknown`, another word, or none.
    Unknown,
}

impl CertificateState {
    /// Whether there is a kubeconfig that was issued and, for all that ACK says, not deleted.
    pub fn is_issued(self) -> bool {
        matches!(self, Self::Unexpired | Self::Expired)
    }
}

/// One identity's kubeconfig in one cluster: a row of `cs:ListClusterKubeconfigStates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeconfigState {
    /// `account_id`.
    pub uid: Uid,
    /// `account_type`.
    pub account_type: AccountType,
    /// `account_state`.
    pub account_state: AccountState,
    /// `account_name`; empty when there is none.
    pub account_name: String,
    /// `account_display_name`; empty when there is none.
    pub display_name: String,
    /// `cert_state`.
    pub certificate: CertificateState,
    /// `cert_expire_time`.
    pub expires: Option<Timestamp>,
    /// `revokable`; `None` when it is left out.
    pub revocable: Option<bool>,
    /// `cloud_service_name`: the cloud service that works by this role. Empty where ACK lists the role as a cloud service's and doesn't
    /// name the service; `None` for people and roles of their own.
    pub cloud_service: Option<String>,
}

/// One cluster's kubeconfig of one identity: a row of `cs:ListUserKubeConfigStates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserKubeconfigState {
    /// `cluster_id`.
    pub cluster: ClusterId,
    /// `cluster_name`.
    pub cluster_name: String,
    /// `cluster_state`, in the cloud's own word.
    pub cluster_state: String,
    /// `cert_state`.
    pub certificate: CertificateState,
    /// `cert_expire_time`.
    pub expires: Option<Timestamp>,
}

/// Whether a cluster writes an audit log, and where: `cs:GetClusterAuditProject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditProject {
    /// `audit_enabled`.
    pub is_enabled: bool,
    /// `sls_project_name`: the log project.
    pub project: Option<String>,
}

/// What the audit log of the last seven days tells of an identity: `cs:DescribeUserClusterActivityState`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// `active`: whether there are records; `None` when it is left out.
    pub active: Option<bool>,
    /// `last_activity`.
    pub last_activity: Option<Timestamp>,
    /// `last_audit_id`.
    pub last_audit_id: Option<String>,
    /// `log_project_name`: the log project that was searched.
    pub project: Option<String>,
    /// `log_store_name`: the log store in it.
    pub log_store: Option<String>,
    /// `log_query_exp`: the query that finds the records again.
    pub query: Option<String>,
}

/// A role that ACK granted: an element of `cs:DescribeUserPermission`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `resource_id`: a cluster's ID, `CLUSTER/NAMESPACE`, or `all-clusters`.
    pub resource_id: String,
    /// `resource_type`: `cluster`, `namespace` or `console`.
    pub resource_type: String,
    /// `role_name`; empty when there is none.
    pub role_name: String,
    /// `role_type`: `admin`, `ops`, `dev`, `restricted`, `custom`.
    pub role_type: String,
    /// `is_owner`: whether this is the cluster's creator.
    pub is_owner: bool,
    /// `is_ram_role`.
    pub is_ram_role: bool,
}

impl Permission {
    /// Whether it is for this cluster or a namespace of it.
    pub fn is_of_cluster(&self, cluster: &ClusterId) -> bool {
        self.resource_id.split('/').next() == Some(cluster.as_str())
    }
}

/// A kubeconfig that ACK issued: `cs:DescribeClusterUserKubeconfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedKubeconfig {
    /// The file. It holds a private key.
    pub config: Secret<String>,
    /// When its certificate ends.
    pub expiration: Option<Timestamp>,
}
