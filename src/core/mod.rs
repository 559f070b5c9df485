//! The pure core: facts, decisions and the types they are made of. No file, socket, clock or environment is touched here.
//!
//! A room a question, each standing on the ones below it:
//!
//! ```text
//! persistence                    what would let someone in again
//! revocation  lint               what a revocation changes, proves and gives back · what gives more than is needed
//! suggestion                     which roles allow what an identity was seen to use
//! access      cluster   audit    who holds access · which ACK cluster that is · what audit logs say
//! credential                     what a credential is, and when it ends
//! kubeconfig  rbac  identity     which cluster, as whom · what bindings allow · whether a RAM identity exists
//! jsonpath                       kubectl's templates
//! ```

pub mod access;
pub mod audit;
pub mod cluster;
pub mod credential;
pub mod identity;
pub mod jsonpath;
pub mod kubeconfig;
pub mod lint;
pub mod persistence;
pub mod rbac;
pub mod revocation;
pub mod suggestion;

pub mod distinct;
pub mod failure;
pub mod hex;
pub mod ids;
pub mod json_fault;
pub mod lifetime;
pub mod percent;
pub mod progress;
pub mod secret;
pub mod shell;
pub mod sourced;
pub mod system_groups;
pub mod text;
pub mod variables;
pub mod yaml;

#[cfg(test)]
pub(crate) mod fixtures;
