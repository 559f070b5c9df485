//! What benches and suites reach into. It lists items, not rooms, so that the compiler still finds what is dead in a room.

pub use crate::adapters::audit_log::{Raw as RawRecord, each_record};
pub use crate::adapters::cloud::credentials::cli_profile::ConfigFile as CliConfig;
pub use crate::adapters::cloud::endpoints::EndpointOverrides;
pub use crate::adapters::cloud::error::{Error as CloudError, ErrorBody as CloudErrorBody};
pub use crate::adapters::cloud::retry::{Waiting, hint as retry_hint};
pub use crate::adapters::cloud::{Cloud, CloudSettings, Connection};
pub use crate::adapters::cluster::{
    ApiServer, BindingScope, ByteBudget, CallError, Failure, Limits, ListDecoder, ListError, ProtobufListDecoder,
    SECRET_COLUMNS, TlsFailure, read_table, secret_row,
};
pub use crate::adapters::kubeconfig_files::{LoadError, Loaded, load as load_kubeconfig};
pub use crate::cli::grammar;
pub use crate::core::access::likeness::leading_uid;
pub use crate::core::access::scan::ClusterScan;
pub use crate::core::audit::decode::decode as decode_event;
pub use crate::core::audit::screen::{Screen, Screened};
pub use crate::core::audit::tracer::{AskedFor, Tracer};
pub use crate::core::cluster::cluster_id::KnownCluster;
pub use crate::core::credential::certificate::Certificate;
pub use crate::core::credential::client_pair::ClientPair;
pub use crate::core::credential::exec_cache::CachedCredential;
pub use crate::core::credential::expiry::{Limits as ExpiryLimits, assess as assess_expiry};
pub use crate::core::credential::found::find as find_credentials;
pub use crate::core::credential::private_key::{KeyMatch, PrivateKeyError};
pub use crate::core::credential::static_token::{LastUse, StaticTokenKind};
pub use crate::core::credential::token::Token;
pub use crate::core::credential::{Credential, Material};
pub use crate::core::identity::RamUser;
pub use crate::core::identity::evidence::{AccountSources, Answer, ClusterSources, Listing};
pub use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory, Verdict};
pub use crate::core::ids::{ClusterId, Uid, split_subject_name};
pub use crate::core::jsonpath::{Columns, Template};
pub use crate::core::kubeconfig::connection::{Endpoint, Login};
pub use crate::core::kubeconfig::edit::{CertificateAndKey, with_certificate};
pub use crate::core::kubeconfig::exec_credential::parse as parse_exec_credential;
pub use crate::core::kubeconfig::plugin_policy::parse as parse_kuberc;
pub use crate::core::kubeconfig::proxy::check_proxy_url;
pub use crate::core::kubeconfig::{
    Cluster, Context, Data, Exec, InteractiveMode, Kubeconfig, Overrides, User, clean as clean_path,
    parse as parse_kubeconfig, resolve as resolve_context, resolve_each as resolve_contexts,
};
pub use crate::core::rbac::auth_config_map::read_config_map;
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
pub use crate::core::revocation::approval::{SshSignature, listings as allowed_signers};
pub use crate::core::revocation::change::Change;
pub use crate::core::revocation::input::{
    Confirmation, DryRuns, InputCluster, InputTarget, KubeconfigFact, Operator, RevocationInput,
};
pub use crate::core::revocation::journal::chain::Chain;
pub use crate::core::revocation::journal::read_journal;
pub use crate::core::revocation::plan::{Draft, Flags, Plan, RevokeMode};
pub use crate::core::revocation::record::audit::logged as read_audit_line;
pub use crate::core::revocation::record::event::read as read_event;
pub use crate::core::revocation::record::operation::OperationV1;
pub use crate::core::revocation::record::read as read_record;
pub use crate::core::revocation::record::report::read as read_report;
pub use crate::core::revocation::record::summary::read as read_summary;
pub use crate::core::revocation::target::Target;
pub use crate::core::secret::Secret;
pub use crate::error::chain;
