//! The cloud: Container Service, RAM, IMS and STS on loopback, with the endpoints that give credentials.
//!
//! It stands in for Alibaba Cloud and is as strict: signatures are verified from the documented rules, limits are
//! enforced, names in the wrong case are other names. If the documents leave a thing open, a comment names the choice, and, if it
//! matters, the test can make it.

mod account;
mod backend;
mod builder;
mod caller;
mod cleaning;
mod clock;
mod cloud_state;
mod cluster;
mod cs;
mod delayed_tasks;
mod faults;
mod gateway;
mod host_names;
mod ims;
mod issue_request;
mod keys;
mod metadata;
mod oauth;
mod paging;
mod proxy;
mod ram;
mod ram_actions;
mod random;
mod reply;
mod request;
mod rotating;
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
pub use builder::{CloudBuilder, StartError, Tls};
pub use cleaning::{CleanBehaviour, Cleaning};
pub use clock::Clock;
pub use cloud_state::{CloudState, Task};
pub use cluster::{
    AckCluster, Activity, Auditing, ForeignCallers, KubeconfigRecord, PermissionRecord, PermissionScope,
};

pub use faults::{CloudFault, FaultKind, RetryHint, Turn};
pub use host_names::REGIONS;
pub use issue_request::{IssueRequest, IssuedKubeconfig};
pub use keys::{AccessKey, Permissions, Principal};
pub use proxy::{Network, Proxy};
pub use reply::Product;
pub use rotating::{RotateBehaviour, Rotation};
pub use server::Cloud;
pub use sign_in::{MetadataMode, SignIn};
#[cfg(test)]
pub(crate) use testing::Signer;
