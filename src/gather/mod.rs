//! Where several sources are read side by side and kept apart: the files, the API server, the cloud.

pub mod access_reviews;
pub mod account;
pub mod account_clusters;
pub mod caller;
pub mod cloud;
pub mod cluster_access;
pub mod completions;
pub mod connection;
pub mod credential;
pub mod fleet;
pub mod grants;
pub mod history;
pub mod identity_clusters;
pub mod leaked;
pub mod look_up;
pub mod restoration;
pub mod revocation;
pub mod rights;
pub mod rotation;
pub mod runtime;
pub mod verification;
