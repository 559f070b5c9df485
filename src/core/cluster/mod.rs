//! Which ACK cluster that is: what a kubeconfig claims, what the cluster says of itself, and the CA that tells two apart.

pub mod authority;
pub mod cluster_id;
pub mod server_view;
