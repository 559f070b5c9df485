//! The state of the cloud: all accounts, all keys, all tasks.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::account::{Account, RamIdentity};
use super::caller::Caller;
use super::cluster::{AckCluster, ForeignCallers};
use super::host_names::REGIONS;
use super::keys::{AccessKey, Issued, KeyRing, Permissions, Principal};
use super::reply::CloudError;
use super::sign_in::{RoleOf, SignIn};

/// The state of the cloud. Tests change it while the cloud runs.
#[derive(Debug)]
pub struct CloudState {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The regions that DescribeRegions lists.
    pub regions: Vec<String>,
    pub(crate) keys: KeyRing,
    /// Tasks that DescribeTaskInfo knows.
    pub tasks: Vec<Task>,
    /// What the endpoints that give credentials know.
    pub sign_in: SignIn,
}

/// A long-running operation of Container Service.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its ID.
    pub id: String,
    /// The region that alone knows it.
    pub region: String,
    /// The cluster it works on.
    pub cluster_id: String,
    /// Its type, for example `clean-user-permissions`.
    pub task_type: String,
    /// `running`, `success` or `fail`.
    pub state: String,
    /// The failure's code and message.
    pub error: Option<(String, String)>,
}

impl Default for CloudState {
    /// Every region, and nothing in them.
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            regions: REGIONS.map(str::to_owned).to_vec(),
            keys: KeyRing::default(),
            tasks: Vec::new(),
            sign_in: SignIn::default(),
        }
    }
}

impl CloudState {
    /// An account by its ID.
    pub fn account_mut(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.id == id)
    }

    /// A cluster by its ID, of any account.
    pub fn cluster_mut(&mut self, id: &str) -> Option<&mut AckCluster> {
        self.accounts.iter_mut().flat_map(|account| &mut account.clusters).find(|cluster| cluster.id == id)
    }

    /// Adds an access key, or replaces the one of the same ID.
    pub fn add_key(&mut self, key: AccessKey) {
        self.keys.add(key);
    }

    /// Changes what a key may do.
    pub fn set_permissions(&mut self, key_id: &str, permissions: Permissions) {
        if let Some(key) = self.keys.get_mut(key_id) {
            key.permissions = permissions;
        }
    }

    /// The secrets and tokens of all keys and sessions.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let roles = self.accounts.iter().flat_map(|account| &account.roles);
        let trusted = roles.filter_map(|role| role.oidc.as_ref()).map(|trust| trust.token.expose());
        self.keys
            .secrets()
            .chain(trusted.map(String::as_str))
            .chain(self.sign_in.secrets())
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The caller's account. A key of an account that does not exist is a mistake in a test and gives an internal error.
    pub(crate) fn account_of(&self, caller: &Caller) -> Result<&Account, CloudError> {
        let missing = || CloudError::gateway(500, "InternalError", format!("account {} is not set up", caller.account));
        self.account(&caller.account).ok_or_else(missing)
    }

    /// The keys of a deleted user are gone, and those of a frozen one sleep.
    pub(crate) fn check_owner(&self, key: &AccessKey) -> Result<(), CloudError> {
        let Principal::User(uid) = &key.principal else { return Ok(()) };
        let owner = self.account(&key.account).and_then(|account| account.users.iter().find(|user| user.uid == *uid));
        match owner {
            None => Err(CloudError::gateway(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")),
            Some(user) if user.frozen => {
                Err(CloudError::gateway(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled."))
            }
            Some(_) => Ok(()),
        }
    }

    /// An identity of any account.
    pub(crate) fn identity(&self, uid: &str) -> Option<RamIdentity> {
        self.accounts.iter().find_map(|account| account.identity(uid))
    }

    /// A cluster as a caller may see it, from a region's endpoint or (`None`) the central one.
    pub(crate) fn cluster(&self, id: &str, caller: &Caller, region: Option<&str>) -> Result<&AckCluster, CloudError> {
        let not_found = || CloudError::product(404, "ErrorClusterNotFound", format!("Cluster {id} not found."));
        let owned =
            self.accounts.iter().flat_map(|account| account.clusters.iter().map(move |cluster| (account, cluster)));
        let mut here = owned.filter(|(_, cluster)| region.is_none_or(|region| region == cluster.region));
        let (owner, cluster) = here.find(|(_, cluster)| cluster.id == id).ok_or_else(not_found)?;
        if owner.id == caller.account {
            return Ok(cluster);
        }
        match cluster.foreign_callers {
            ForeignCallers::Refused => {
                Err(CloudError::product(403, "ErrorCheckAcl", format!("Current user can not operate cluster {id}.")))
            }
            ForeignCallers::NotFound => Err(not_found()),
        }
    }

    /// Opens an hour's session of a role; `None` if the role no longer exists.
    pub(crate) fn open_session(&mut self, role: &RoleOf, session: &str, now: Timestamp) -> Option<Issued> {
        let account = self.account(&role.account)?;
        let role_record = account.roles.iter().find(|known| known.name == role.role)?.clone();
        let principal = Principal::Role { id: role_record.id, session: session.to_owned() };
        Some(self.keys.issue(&role.account, principal, role_record.permissions, now, SignedDuration::from_hours(1)))
    }
}
