//! The pure core: facts, decisions and the types they are made of. No file, socket, clock or environment is touched here.

pub mod ack;
pub mod binding;
pub mod binding_object;
pub mod certificate;
pub mod change;
pub mod cluster_id;
pub mod connection;
pub mod credential;
pub mod duration;
pub mod evidence;
pub mod exec_cache;
pub mod exec_credential;
pub mod expiry;
pub mod grants;
pub mod hex;
pub mod holder;
pub mod identity;
pub mod ids;
pub mod inventory;
pub mod journal;
pub mod kubeconfig;
pub mod managed_by;
pub mod mapping;
pub mod percent;
pub mod plugin_policy;
pub mod private_key;
pub mod protobuf;
pub mod proxy;
pub mod public_key;
pub mod rbac;
pub mod scan;
pub mod secret;
pub mod server_view;
pub mod sourced;
pub mod token;
pub mod verdict;
pub mod yaml;

mod pem;
#[cfg(test)]
pub(crate) mod specimens;
