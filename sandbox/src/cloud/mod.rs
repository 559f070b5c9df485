//! The cloud: Container Service, RAM, IMS and STS on loopback, with the endpoints that give credentials.
//!
//! It stands in for Alibaba Cloud and is meant to be no kinder: signatures are verified from the documented rules, limits are
//! enforced, names in the wrong case are other names. Where the documents leave a thing open, the choice is said at its place
//! and, where it matters, can be made by the test.

mod account;
mod backend;
mod clock;
mod cluster;
mod cs;
mod estate;
mod faults;
mod gateway;
mod ims;
mod keys;
mod metadata;
mod oauth;
mod paging;
mod promises;
mod ram;
mod random;
mod reply;
mod request;
mod server;
mod sign_in;
mod signature;
mod sso;
mod sts;
#[cfg(test)]
mod testing;
mod uri;

pub use account::{Account, RamRole, RamUser, RecycledUser};
pub use backend::LoggedRequest;
pub use clock::Clock;
pub use cluster::{Activity, Auditing, Cluster, ForeignCallers, Kubeconfig, PermissionRecord, PermissionScope};
pub use cs::{CleanBehaviour, Cleaning, IssueRequest, IssuedKubeconfig};
pub use estate::{Estate, Task};
pub use faults::{Fault, FaultKind, RetryHint, Turn};
pub use keys::{AccessKey, Permissions, Principal};
pub use reply::Product;
pub use server::{Cloud, CloudBuilder, StartError, Tls};
pub use sign_in::{MetadataMode, SignIn};
#[cfg(test)]
pub(crate) use testing::Signer;
