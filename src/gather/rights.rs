//! What decides what bindings allow: the roles, the scopes of kinds, and the server's version.

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::rbac::Roles;
use crate::core::rbac::kinds::Kinds;
use crate::core::rbac::reach::Discovered;
use crate::error::chain;

/// What could be read of it, and what could not.
#[derive(Debug, Default)]
pub struct RightsReading {
    /// The roles. Which of the two kinds could not be read, they know themselves.
    pub roles: Roles,
    /// The kinds.
    pub kinds: Kinds,
    /// What paths depend on.
    pub discovered: Discovered,
    /// What decides about rights and could not be read.
    pub unread: Vec<String>,
}

/// Asks for all of it, side by side. `namespace` narrows the Roles.
pub async fn ask(api: &ApiServer, namespace: Option<&str>) -> RightsReading {
    let (of_cluster, of_namespaces, discovery, version) =
        tokio::join!(api.cluster_roles(), api.namespaced_roles(namespace), api.discovery(), api.minor_version());
    let mut reading = RightsReading { kinds: discovery.kinds, unread: discovery.unread, ..RightsReading::default() };
    reading.take_roles(of_cluster, Roles::without_cluster_roles);
    reading.take_roles(of_namespaces, Roles::without_namespaced_roles);
    match version {
        Ok(minor_version) => reading.discovered = Discovered { minor_version },
        // What depends on it is then said to depend on it.
        Err(error) => tracing::info!(error = chain(&error), "the server's version is not known"),
    }
    reading
}

impl RightsReading {
    fn take_roles(&mut self, answer: Result<Roles, CallError>, unread: impl Fn() -> Roles) {
        match answer {
            Ok(roles) => self.roles.append(roles),
            Err(error) => {
                self.roles.append(unread());
                self.unread.push(chain(&error));
            }
        }
    }
}
