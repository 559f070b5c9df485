//! Who holds access to a cluster: everything that the API server knows of it, read side by side.

use crate::adapters::cluster::{ApiServer, BindingScope, CallError};
use crate::core::cluster::server_view::ClusterProfile;
use crate::core::identity::evidence::Answer;
use crate::core::ids::Uid;
use crate::core::rbac::auth_config_map::AuthConfigMap;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::mapping_sources::{MappingReading, MappingSources, SourceError};
use crate::error::chain;

/// The API server's answers, each with its own failure.
#[derive(Debug)]
pub struct AccessSources {
    /// The ClusterRoleBindings.
    pub cluster_role_bindings: Result<Inventory, CallError>,
    /// The RoleBindings, of all namespaces or of one.
    pub role_bindings: Result<Inventory, CallError>,
    /// The RAMIdentityMappings; `None` where ack-ram-authenticator's API group doesn't exist.
    pub mappings: Result<Option<Vec<Mapping>>, CallError>,
    /// ConfigMap kube-system/alibabacloud-auth; `None` where there is none.
    pub auth_config_map: Result<Option<AuthConfigMap>, CallError>,
    /// What the cluster says of itself.
    pub profile: Result<Option<ClusterProfile>, CallError>,
}

/// What could be read, and what could not.
#[derive(Debug)]
pub struct Reading {
    /// The bindings.
    pub inventory: Inventory,
    /// What ack-ram-authenticator maps.
    pub mappings: Vec<Mapping>,
    /// What the cluster says of itself; empty where it says nothing or may not be asked.
    pub profile: ClusterProfile,
    /// The account that owns the cluster, or why that is not known.
    pub owner: Answer<Uid>,
    /// Whether ack-ram-authenticator's API group exists; `None` if that is unknown.
    pub ram_authenticator: Option<bool>,
    /// What may give access and could not be read.
    pub unread: Vec<String>,
    /// Those of them that are bindings.
    pub unread_bindings: Vec<String>,
    /// What gives no access: what could not be read, and what is written without effect.
    pub notes: Vec<String>,
}

/// Which bindings must be readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingsNeeded {
    /// Those of one kind at least: without any it is not known who holds access.
    OneKind,
    /// None, where the API server doesn't show them to this user: it is about the user's own access.
    None,
}

/// Asks for all of it. `namespace` narrows the RoleBindings.
pub async fn ask(api: &ApiServer, namespace: Option<&str>) -> AccessSources {
    let scope = namespace.map_or(BindingScope::AllNamespaces, |name| BindingScope::Namespace(name.to_owned()));
    let (cluster_role_bindings, role_bindings, mappings, auth_config_map, profile) = tokio::join!(
        api.bindings(&BindingScope::Cluster),
        api.bindings(&scope),
        api.ram_identity_mappings(),
        api.auth_config_map(),
        api.cluster_profile(),
    );
    AccessSources { cluster_role_bindings, role_bindings, mappings, auth_config_map, profile }
}

impl AccessSources {
    /// Tells what was read from what was not.
    ///
    /// # Errors
    /// Where neither kind of binding could be read and some are needed: then nothing is known of who holds access.
    pub fn settle(self, needed: BindingsNeeded) -> Result<Reading, CallError> {
        let owner = owner(&self.profile);
        let mut reading = Reading {
            inventory: Inventory::default(),
            mappings: Vec::new(),
            profile: ClusterProfile::default(),
            owner,
            ram_authenticator: None,
            unread: Vec::new(),
            unread_bindings: Vec::new(),
            notes: Vec::new(),
        };
        match (self.cluster_role_bindings, self.role_bindings) {
            (Err(error), Err(_)) if needed == BindingsNeeded::OneKind || !error.is_forbidden() => return Err(error),
            (cluster_wide, namespaced) => {
                reading.take_bindings(cluster_wide);
                reading.take_bindings(namespaced);
            }
        }
        let (objects, config_map) = (self.mappings.map_err(source_error), self.auth_config_map.map_err(source_error));
        reading.take_mappings(MappingSources { objects, config_map }.for_scan());
        match self.profile {
            Ok(profile) => reading.profile = profile.unwrap_or_default(),
            // Few may read kube-system: that alone is no failure.
            Err(error) if error.is_forbidden() => reading.notes.push(chain(&error)),
            Err(error) => reading.unread.push(chain(&error)),
        }
        Ok(reading)
    }
}

/// The cluster's owner, as the cluster's own profile names it.
pub(super) fn owner(profile: &Result<Option<ClusterProfile>, CallError>) -> Answer<Uid> {
    match profile {
        Err(error) => Answer::Failed(chain(error).into()),
        Ok(None) => Answer::Failed("there is no ConfigMap kube-system/ack-cluster-profile".into()),
        Ok(Some(profile)) => match profile.owner.as_deref().and_then(Uid::parse) {
            Some(owner) => Answer::Known(owner),
            None => Answer::Failed("ConfigMap kube-system/ack-cluster-profile names no account".into()),
        },
    }
}

impl Reading {
    fn take_bindings(&mut self, answer: Result<Inventory, CallError>) {
        match answer {
            Ok(inventory) => self.inventory.append(inventory),
            Err(error) => {
                self.unread.push(chain(&error));
                self.unread_bindings.push(chain(&error));
            }
        }
    }

    fn take_mappings(&mut self, read: MappingReading) {
        self.ram_authenticator = read.ram_authenticator;
        self.mappings = read.mappings;
        self.unread.extend(read.unread);
        self.notes.extend(read.notes);
    }
}

/// The error of a call, as the core knows it.
pub(super) fn source_error(error: CallError) -> SourceError {
    match error.is_forbidden() {
        true => SourceError::Forbidden(chain(&error)),
        false => SourceError::Other(chain(&error)),
    }
}
