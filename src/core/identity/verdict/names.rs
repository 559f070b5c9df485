//! What the sources call an identity.

use super::{AccountDirectory, ClusterDirectory};
use crate::core::identity::evidence::Lookup;
use crate::core::ids::Uid;

impl AccountDirectory {
    /// Every name that RAM has for an identity: a user's and a role's name, and the name that a user signs in with.
    pub fn ram_names(&self) -> impl Iterator<Item = (&Uid, &str)> {
        let sources = &self.sources;
        let users = sources.users.items().iter().map(|user| (&user.uid, user.name.as_str()));
        let roles = sources.roles.items().iter().map(|role| (&role.uid, role.name.as_str()));
        let signing_in = sources.basic_infos.items().iter().map(|info| (&info.uid, info.principal_name.as_str()));
        let binned = sources.recycle_bin.items().iter().map(|user| (&user.uid, user.principal_name.as_str()));
        let found_in_bin = sources.bin_lookups.values().filter_map(|lookup| match lookup {
            Lookup::Found(user) => Some((&user.uid, user.principal_name.as_str())),
            _ => None,
        });
        let signing_in = signing_in.chain(binned).chain(found_in_bin);
        let signing_in = signing_in.flat_map(|(uid, name)| [(uid, name), (uid, login(name))]);
        let looked_up = sources.lookups.values().filter_map(|lookup| match lookup {
            Lookup::Found(user) => Some([(&user.uid, user.name.as_str()), (&user.uid, user.principal_name.as_str())]),
            _ => None,
        });
        let caller = sources.caller.known().and_then(|caller| Some((caller.uid.as_ref()?, caller.name()?)));
        users.chain(roles).chain(signing_in).chain(looked_up.flatten()).chain(caller)
    }

    /// What an identity is called, by the first source that has a name for it.
    pub(super) fn name(&self, uid: &Uid, cluster: &ClusterDirectory) -> Option<String> {
        let user = self.users.get(uid).map(|position| self.sources.users.items()[*position].name.as_str());
        let role = self.roles.get(uid).map(|position| self.sources.roles.items()[*position].name.as_str());
        let info = self.basic_infos.get(uid).map(|at| self.sources.basic_infos.items()[*at].principal_name.as_str());
        let binned = self.recycle_bin.get(uid).map(|at| &self.sources.recycle_bin.items()[*at]);
        let binned = binned.or(match self.sources.bin_lookups.get(uid) {
            Some(Lookup::Found(user)) => Some(user),
            _ => None,
        });
        let binned = binned.map(|user| user.principal_name.as_str());
        let looked_up = match self.sources.lookups.get(uid) {
            Some(Lookup::Found(user)) => Some(user.name.as_str()),
            _ => None,
        };
        let caller = self.sources.caller.known().filter(|caller| caller.uid.as_ref() == Some(uid));
        let calling = caller.and_then(|caller| caller.name());
        let accounts = cluster.kubeconfigs(uid).map(|state| state.account_name.as_str());
        let displays = cluster.kubeconfigs(uid).map(|state| state.display_name.as_str());
        let names = [user, role, looked_up, info.map(login), binned.map(login), calling];
        names.into_iter().flatten().chain(accounts).chain(displays).find(|name| !name.is_empty()).map(str::to_owned)
    }
}

/// The user's own part of a principal name, `name@account.onaliyun.com`.
fn login(principal_name: &str) -> &str {
    principal_name.split('@').next().unwrap_or(principal_name)
}
