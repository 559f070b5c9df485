//! An Alibaba Cloud account: its users in every state, its roles, its clusters.

use jiff::{SignedDuration, Timestamp};
use kubectl_ackcred::internals::Secret;

use super::cluster::AckCluster;
use super::keys::Permissions;

/// An account and all it owns.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) id: String,
    pub(crate) domain: String,
    /// The users that exist, frozen ones included, in the order in which listings give them.
    pub users: Vec<RamUser>,
    /// The roles.
    pub roles: Vec<RamRole>,
    /// Users in the recycle bin.
    pub recycled: Vec<RecycledUser>,
    /// The clusters that the account owns.
    pub clusters: Vec<AckCluster>,
    pub(crate) ram_lists_frozen: bool,
    pub(crate) states_need_ram: bool,
}

impl Account {
    /// An empty account. The alias is the first part of its users' log-on domain, `alias.onaliyun.com`.
    pub fn new(id: &str, alias: &str) -> Self {
        Self {
            id: id.to_owned(),
            domain: format!("{alias}.onaliyun.com"),
            users: Vec::new(),
            roles: Vec::new(),
            recycled: Vec::new(),
            clusters: Vec::new(),
            ram_lists_frozen: true,
            states_need_ram: true,
        }
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, user: RamUser) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: RamRole) -> Self {
        self.roles.push(role);
        self
    }

    /// Adds this many users named `user-0001` and so on, with the UIDs that [`Account::numbered_user`] gives.
    #[must_use]
    pub fn numbered_users(mut self, count: usize) -> Self {
        self.users
            .extend((1..=count).map(|number| RamUser::new(&Self::numbered_user(number), &format!("user-{number:04}"))));
        self
    }

    /// Adds this many roles named `role-0001` and so on, with the IDs that [`Account::numbered_role`] gives.
    #[must_use]
    pub fn numbered_roles(mut self, count: usize) -> Self {
        self.roles
            .extend((1..=count).map(|number| RamRole::new(&Self::numbered_role(number), &format!("role-{number:04}"))));
        self
    }

    /// The UID of a numbered user, counted from 1.
    pub fn numbered_user(number: usize) -> String {
        format!("29{number:016}")
    }

    /// The ID of a numbered role, counted from 1.
    pub fn numbered_role(number: usize) -> String {
        format!("39{number:016}")
    }

    /// Adds a user that was deleted and can still be restored.
    #[must_use]
    pub fn recycled(mut self, user: RecycledUser) -> Self {
        self.recycled.push(user);
        self
    }

    /// Adds a cluster.
    #[must_use]
    pub fn cluster(mut self, cluster: AckCluster) -> Self {
        self.clusters.push(cluster);
        self
    }

    /// Whether RAM's ListUsers returns frozen users. Not documented; by default it does.
    #[must_use]
    pub fn ram_lists_frozen_users(mut self, listed: bool) -> Self {
        self.ram_lists_frozen = listed;
        self
    }

    /// Whether ListClusterKubeconfigStates also demands `ram:ListUsers` and `ram:ListRoles`. Its page documents that,
    /// and it is the default.
    #[must_use]
    pub fn kubeconfig_states_need_ram_listings(mut self, needed: bool) -> Self {
        self.states_need_ram = needed;
        self
    }

    /// Moves a user to the recycle bin for 30 days. Its kubeconfigs and bindings stay, as in the real cloud.
    pub fn recycle_user(&mut self, uid: &str, now: Timestamp) {
        if let Some(at) = self.users.iter().position(|user| user.uid == uid) {
            let user = self.users.remove(at);
            self.recycled.push(RecycledUser::new(&user.uid, &user.name, now));
        }
    }

    /// Deletes a user or a role for good, from the recycle bin too. Its kubeconfigs and bindings stay, as in the real cloud.
    pub fn delete_identity(&mut self, uid: &str) {
        self.users.retain(|user| user.uid != uid);
        self.roles.retain(|role| role.id != uid);
        self.recycled.retain(|user| user.uid != uid);
    }

    pub(crate) fn logon_name(&self, name: &str) -> String {
        format!("{name}@{}", self.domain)
    }

    /// Type, log-on name, display name and state of an identity of this account, as Container Service writes them.
    pub(crate) fn identity(&self, uid: &str) -> Option<RamIdentity> {
        if uid == self.id {
            return Some(RamIdentity::new("RootAccount", "root", "root", "Active"));
        }
        if let Some(user) = self.users.iter().find(|user| user.uid == uid) {
            let state = if user.frozen { "InActive" } else { "Active" };
            return Some(RamIdentity::new("RamUser", &user.name, &user.display_name, state));
        }
        let role = self.roles.iter().find(|role| role.id == uid)?;
        Some(RamIdentity::new("RamRole", &role.name, &role.name, "Active"))
    }
}

/// An identity as Container Service writes it.
#[derive(Clone, Debug)]
pub(crate) struct RamIdentity {
    pub(crate) account_type: &'static str,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) state: &'static str,
}

impl RamIdentity {
    fn new(account_type: &'static str, name: &str, display_name: &str, state: &'static str) -> Self {
        Self { account_type, name: name.to_owned(), display_name: display_name.to_owned(), state }
    }
}

/// A RAM user.
#[derive(Clone, Debug)]
pub struct RamUser {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) frozen: bool,
    pub(crate) created: Timestamp,
}

impl RamUser {
    /// An active user.
    pub fn new(uid: &str, name: &str) -> Self {
        let (uid, name) = (uid.to_owned(), name.to_owned());
        Self { uid, display_name: name.clone(), name, frozen: false, created: FOUNDED }
    }

    /// Gives the user a display name other than its log-on name.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.display_name);
        self
    }

    /// Freezes the user.
    #[must_use]
    pub fn frozen(mut self) -> Self {
        self.frozen = true;
        self
    }
}

/// A user in the recycle bin.
#[derive(Clone, Debug)]
pub struct RecycledUser {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) recycled: Timestamp,
    pub(crate) gone: Timestamp,
}

impl RecycledUser {
    /// A user deleted at a time, and gone for good 30 days later.
    pub fn new(uid: &str, name: &str, recycled: Timestamp) -> Self {
        let gone = recycled.checked_add(SignedDuration::from_hours(30 * 24)).unwrap_or(recycled);
        Self { uid: uid.to_owned(), name: name.to_owned(), recycled, gone }
    }
}

/// A RAM role.
#[derive(Clone, Debug)]
pub struct RamRole {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) max_session_seconds: u32,
    pub(crate) permissions: Permissions,
    pub(crate) external_id: Option<String>,
    pub(crate) oidc: Option<OidcTrust>,
}

/// The OpenID Connect token that a role trusts.
#[derive(Clone, Debug)]
pub(crate) struct OidcTrust {
    pub(crate) provider_arn: String,
    pub(crate) token: Secret<String>,
}

impl RamRole {
    /// A role of at most one hour a session. Its sessions may do nothing until [`RamRole::permissions`] says so; every
    /// identity of the account with `sts:AssumeRole` may assume it.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            created: FOUNDED,
            max_session_seconds: 3600,
            permissions: Permissions::default(),
            external_id: None,
            oidc: None,
        }
    }

    /// What the role's sessions may do.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// The longest session, in seconds.
    #[must_use]
    pub fn max_session_seconds(mut self, seconds: u32) -> Self {
        self.max_session_seconds = seconds;
        self
    }

    /// Demands an external ID from callers of AssumeRole.
    #[must_use]
    pub fn external_id(mut self, id: &str) -> Self {
        self.external_id = Some(id.to_owned());
        self
    }

    /// Lets the holder of this OIDC token assume the role through this provider.
    #[must_use]
    pub fn trusts_oidc(mut self, provider_arn: &str, token: &str) -> Self {
        self.oidc = Some(OidcTrust { provider_arn: provider_arn.to_owned(), token: Secret::new(token.to_owned()) });
        self
    }
}

/// When everything in the sandbox was created, 2024-01-01T00:00:00Z.
pub(crate) const FOUNDED: Timestamp = Timestamp::constant(1_704_067_200, 0);
