//! What benches and suites reach into. It lists items, not rooms, so that the compiler still finds what is dead in a room.

pub use crate::adapters::cloud::endpoints::EndpointOverrides;
pub use crate::adapters::cloud::retry::Waiting;
pub use crate::adapters::cloud::{Cloud, CloudSettings, Connection};
pub use crate::adapters::cluster::{
    ApiServer, BindingScope, CallError, Failure, Limits, ListDecoder, ListError, TlsFailure,
};
pub use crate::adapters::kubeconfig_files::{LoadError, Loaded, load as load_kubeconfig};
pub use crate::cli::grammar;
pub use crate::core::access::scan::ClusterScan;
pub use crate::core::cluster::cluster_id::KnownCluster;
pub use crate::core::credential::certificate::Certificate;
pub use crate::core::credential::client_pair::ClientPair;
pub use crate::core::credential::expiry::{Limits as ExpiryLimits, assess as assess_expiry};
pub use crate::core::credential::private_key::{KeyMatch, PrivateKeyError};
pub use crate::core::credential::{Credential, Material};
pub use crate::core::identity::RamUser;
pub use crate::core::identity::evidence::{AccountSources, Answer, ClusterSources, Listing};
pub use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, Verdict};
pub use crate::core::ids::{ClusterId, Uid};
pub use crate::core::jsonpath::{Columns, Template};
pub use crate::core::kubeconfig::connection::{Endpoint, Login};
pub use crate::core::kubeconfig::edit::{CertificateAndKey, with_certificate};
pub use crate::core::kubeconfig::{
    Cluster, Context, Data, Exec, InteractiveMode, Kubeconfig, Overrides, User, clean as clean_path,
    parse as parse_kubeconfig, resolve as resolve_context,
};
pub use crate::core::rbac::binding::{BindingItem, BindingKind};
pub use crate::core::rbac::binding_object::{BindingObject, BindingRef, WatchedChange};
pub use crate::core::rbac::grants::Grants;
pub use crate::core::rbac::holdings::{BindingIndex, held_rules};
pub use crate::core::rbac::inventory::{Inventory, Role};
pub use crate::core::rbac::kinds::Kinds;
pub use crate::core::rbac::reach::{Certainty, Discovered, Reach, ReachCluster, Target as ReachTarget};
pub use crate::core::rbac::who_can::{AccessQuestion, Place, who_can};
pub use crate::core::rbac::{
    Attributes, PolicyRule, Roles, UserInfo, allows, full_rights_holders, has_full_rights, is_server_default,
    names as binding_names, path_of, probes, rule_allows,
};
pub use crate::core::revocation::change::Change;
pub use crate::core::revocation::input::{
    Confirmation, DryRuns, InputCluster, InputTarget, KubeconfigFact, Operator, RevocationInput,
};
pub use crate::core::revocation::plan::{Draft, Flags, Plan, RevokeMode};
pub use crate::core::revocation::target::Target;
pub use crate::core::secret::Secret;
pub use crate::error::chain;
