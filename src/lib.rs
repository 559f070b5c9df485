//! kubectl-ackcred: whose kubeconfig credential is this, when does it expire, and who still holds access to the cluster?

pub mod adapters;
pub mod core;
pub mod error;
pub mod gather;
pub mod status;
pub mod world;
