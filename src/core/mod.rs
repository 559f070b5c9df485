//! The pure core: facts, decisions and the types they are made of. No file, socket, clock or environment is touched here.

pub mod connection;
pub mod ids;
pub mod kubeconfig;
pub mod secret;
pub mod sourced;
pub mod yaml;
