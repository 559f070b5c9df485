//! What paths are looked for in: the bindings and roles, and all users that they name.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::node::{Node, NodeKey};
use crate::core::ids::split_subject_name;
use crate::core::rbac::Roles;
use crate::core::rbac::holdings::BindingIndex;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::user_info::{UserInfo, service_account_of};
use crate::core::system_groups::ACK_USERS;

/// What the server reports of itself that paths depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The minor version of Kubernetes; `None` where it is not known.
    pub minor_version: Option<u32>,
}

/// The bindings and roles of a cluster, and all users that they name.
#[derive(Debug)]
pub struct ReachCluster<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) roles: &'a Roles,
    pub(super) index: BindingIndex<'a>,
    pub(super) discovered: Discovered,
    /// Users by name, service accounts aside.
    pub(super) users: BTreeSet<&'a str>,
    pub(super) groups: BTreeSet<&'a str>,
    /// Service accounts by namespace and name, those that are spelled as users too.
    pub(super) accounts: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> ReachCluster<'a> {
    /// Looks at every binding once.
    pub fn new(inventory: &'a Inventory, mappings: &'a [Mapping], roles: &'a Roles, discovered: Discovered) -> Self {
        let index = BindingIndex::new(inventory);
        let names = index.users().chain(mappings.iter().map(|mapping| mapping.username.as_str()));
        let (accounts, users): (BTreeSet<&str>, BTreeSet<&str>) =
            names.filter(|name| !name.is_empty()).partition(|name| service_account_of(name).is_some());
        let spelled = accounts.into_iter().filter_map(service_account_of);
        let accounts = index.accounts().chain(spelled).collect();
        let groups = index.groups().collect();
        Self { inventory, roles, index, discovered, users, groups, accounts }
    }

    /// Whether the server is of this minor version or a later one; `None` where its version is not known.
    pub(super) fn is_since(&self, minor: u32) -> Option<bool> {
        self.discovered.minor_version.map(|version| version >= minor)
    }

    /// All users that bindings name, each as one that asks: a member of a group is only known to be in it.
    pub fn all_users(&self) -> Vec<UserInfo> {
        let users = self.users.iter().map(|name| {
            let ack = split_subject_name(name).map(|_| ACK_USERS);
            UserInfo::authenticated(name, ack)
        });
        let groups = self.groups.iter().map(|group| UserInfo::member_of(group));
        let accounts = self.accounts.iter().map(|(namespace, name)| UserInfo::service_account(namespace, name));
        users.chain(groups).chain(accounts).collect()
    }

    pub(super) fn node(&self, key: NodeKey<'a>, narrowed: Option<(Rc<Node<'a>>, &'static str)>) -> Node<'a> {
        let bindings = self.index.of(&key.info);
        Node::new(key, bindings, narrowed, |namespace, role| self.roles.of(namespace, role))
    }
}
