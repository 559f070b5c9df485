//! The pure core: facts, decisions and the types they are made of. No file, socket, clock or environment is touched here.

pub mod certificate;
pub mod ack;
pub mod connection;
pub mod evidence;
pub mod identity;
pub mod ids;
pub mod kubeconfig;
mod pem;
pub mod private_key;
pub mod public_key;
pub mod secret;
pub mod sourced;
pub mod yaml;
#[cfg(test)]
pub(crate) mod specimens;
pub mod verdict;
