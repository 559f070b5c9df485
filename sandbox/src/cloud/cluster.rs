//! An ACK cluster as the cloud sees it: state, kubeconfigs, permission records, auditing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A cluster.
#[derive(Clone, Debug)]
pub struct AckCluster {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    /// The state as the API writes it, for example `running` or `deleting`.
    pub state: String,
    pub(crate) server: Option<String>,
    pub(crate) private_server: Option<String>,
    pub(crate) missing_from_aggregator: bool,
    pub(crate) foreign_callers: ForeignCallers,
    /// Kubeconfigs by UID.
    pub kubeconfigs: BTreeMap<String, KubeconfigRecord>,
    /// Permission records.
    pub permissions: Vec<PermissionRecord>,
    /// Whether the cluster has an audit log, and whether it can be read.
    pub auditing: Auditing,
    /// Last accesses by UID. Those more than seven days ago no check finds.
    pub activity: BTreeMap<String, Activity>,
}

impl AckCluster {
    /// A running managed cluster in cn-hangzhou with auditing switched on.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            region: "cn-hangzhou".to_owned(),
            state: "running".to_owned(),
            server: None,
            private_server: None,
            missing_from_aggregator: false,
            foreign_callers: ForeignCallers::Refused,
            kubeconfigs: BTreeMap::new(),
            permissions: Vec::new(),
            auditing: Auditing::On,
            activity: BTreeMap::new(),
        }
    }

    /// Puts the cluster into a region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// Puts the cluster into a state, as the API writes it.
    #[must_use]
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.state);
        self
    }

    /// The public address of the API server, `https://host:port`.
    #[must_use]
    pub fn server(mut self, url: &str) -> Self {
        self.server = Some(url.to_owned());
        self
    }

    /// The address of the API server inside its network.
    #[must_use]
    pub fn private_server(mut self, url: &str) -> Self {
        self.private_server = Some(url.to_owned());
        self
    }

    /// Leaves the cluster out of the global list, which may be partial; its region's own list has it.
    #[must_use]
    pub fn missing_from_aggregator(mut self) -> Self {
        self.missing_from_aggregator = true;
        self
    }

    /// The answer to callers of other accounts.
    #[must_use]
    pub fn foreign_callers(mut self, answer: ForeignCallers) -> Self {
        self.foreign_callers = answer;
        self
    }

    /// Gives an identity a kubeconfig.
    #[must_use]
    pub fn kubeconfig(mut self, uid: &str, kubeconfig: KubeconfigRecord) -> Self {
        self.kubeconfigs.insert(uid.to_owned(), kubeconfig);
        self
    }

    /// Adds a permission record.
    #[must_use]
    pub fn permission(mut self, record: PermissionRecord) -> Self {
        self.permissions.push(record);
        self
    }

    /// Switches auditing on or off.
    #[must_use]
    pub fn auditing(mut self, auditing: Auditing) -> Self {
        self.auditing = auditing;
        self
    }

    /// Records the last access of an identity.
    #[must_use]
    pub fn active(mut self, uid: &str, at: Timestamp, audit_id: &str) -> Self {
        self.activity.insert(uid.to_owned(), Activity { at, audit_id: audit_id.to_owned() });
        self
    }

    /// The last access of an identity, if it is within the last seven days.
    pub(crate) fn recent_activity(&self, uid: &str, now: Timestamp) -> Option<&Activity> {
        self.activity.get(uid).filter(|last| now.duration_since(last.at) <= SignedDuration::from_hours(7 * 24))
    }

    /// Whether kubeconfigs can't be touched because the cluster is going or gone.
    pub(crate) fn abnormal(&self) -> bool {
        matches!(self.state.as_str(), "deleting" | "deleted" | "delete_failed" | "failed")
    }
}

/// The answer about a cluster to callers of other accounts. It is not documented; both occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignCallers {
    /// 403 `ErrorCheckAcl`.
    Refused,
    /// 404 `ErrorClusterNotFound`.
    NotFound,
}

/// An identity's kubeconfig in a cluster.
#[derive(Clone, Debug)]
pub struct KubeconfigRecord {
    pub(crate) state: CertState,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) account_state: Option<&'static str>,
    pub(crate) account_type: Option<&'static str>,
    pub(crate) name: Option<String>,
    pub(crate) cloud_service: Option<String>,
    pub(crate) irrevocable: bool,
    pub(crate) common_name: Option<String>,
    /// An earlier common name, and how many kubeconfigs are still issued for it.
    pub(crate) earlier_name: Option<(String, u32)>,
}

impl KubeconfigRecord {
    fn in_state(state: CertState, expires: Option<Timestamp>) -> Self {
        Self {
            state,
            expires,
            account_state: None,
            account_type: None,
            name: None,
            cloud_service: None,
            irrevocable: false,
            common_name: None,
            earlier_name: None,
        }
    }

    /// An issued one that is valid until a time.
    pub fn effective(expires: Timestamp) -> Self {
        Self::in_state(CertState::Unexpired, Some(expires))
    }

    /// One that has expired.
    pub fn expired(at: Timestamp) -> Self {
        Self::in_state(CertState::Expired, Some(at))
    }

    /// One that was revoked.
    pub fn removed() -> Self {
        Self::in_state(CertState::Removed, None)
    }

    /// One whose state the cloud does not know.
    pub fn unknown() -> Self {
        Self::in_state(CertState::Unknown, None)
    }

    /// Sets the owner's state (`Active`, `InActive`, `Deleted`) in place of the one from the accounts.
    #[must_use]
    pub fn account_state(mut self, state: &'static str) -> Self {
        self.account_state = Some(state);
        self
    }

    /// Sets type and name of an owner that no account has any more.
    #[must_use]
    pub fn owner(mut self, account_type: &'static str, name: &str) -> Self {
        self.account_type = Some(account_type);
        self.name = Some(name.to_owned());
        self
    }

    /// Sets the common name of its certificate: the owner's name in the cluster's bindings.
    #[must_use]
    pub fn common_name(mut self, name: &str) -> Self {
        self.common_name = Some(name.to_owned());
        self
    }

    /// Makes it one of a cloud service's role, which listings leave out unless asked.
    #[must_use]
    pub fn cloud_service(mut self, service: &str) -> Self {
        self.cloud_service = Some(service.to_owned());
        self
    }

    /// Makes it one that the cloud says it does not revoke, and doesn't.
    #[must_use]
    pub fn irrevocable(mut self) -> Self {
        self.irrevocable = true;
        self
    }
}

/// The state of a kubeconfig's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertState {
    Unexpired,
    Expired,
    Removed,
    Unknown,
}

impl CertState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unexpired => "Unexpired",
            Self::Expired => "Expired",
            Self::Removed => "Removed",
            Self::Unknown => "Unknown",
        }
    }
}

/// A record of DescribeUserPermission.
#[derive(Clone, Debug)]
pub struct PermissionRecord {
    pub(crate) uid: String,
    pub(crate) scope: PermissionScope,
    pub(crate) role_type: String,
    pub(crate) role_name: String,
    pub(crate) is_owner: bool,
    pub(crate) is_ram_role: bool,
}

/// What a permission record covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionScope {
    /// The whole cluster.
    Cluster,
    /// One namespace.
    Namespace(String),
    /// All clusters of the account.
    AllClusters,
}

impl PermissionRecord {
    /// A record with one of the preset roles: `admin`, `ops`, `dev` or `restricted`.
    pub fn preset(uid: &str, scope: PermissionScope, role: &str) -> Self {
        let (uid, role_type, role_name) = (uid.to_owned(), role.to_owned(), role.to_owned());
        Self { uid, scope, role_type, role_name, is_owner: false, is_ram_role: false }
    }

    /// A record with a ClusterRole of the user's own.
    pub fn custom(uid: &str, scope: PermissionScope, cluster_role: &str) -> Self {
        Self { role_type: "custom".to_owned(), ..Self::preset(uid, scope, cluster_role) }
    }

    /// Marks the record as that of the cluster's creator.
    #[must_use]
    pub fn owner(mut self) -> Self {
        self.is_owner = true;
        self
    }

    /// Marks the record as that of a RAM role.
    #[must_use]
    pub fn ram_role(mut self) -> Self {
        self.is_ram_role = true;
        self
    }
}

/// A cluster's auditing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auditing {
    /// The audit log is written and can be read.
    On,
    /// There is no audit log.
    Off,
    /// There is one, which can't be read just now.
    Unreadable,
}

/// The last access of an identity.
#[derive(Clone, Debug)]
pub struct Activity {
    pub(crate) at: Timestamp,
    pub(crate) audit_id: String,
}
