//! A simulated ACK account on loopback: what kubectl-ackcred's tests, benches and tour talk to.

pub mod account_token;
pub mod ack;
pub mod apiserver;
pub mod audit;
pub mod binding;
pub mod certs;
pub mod client;
mod clock;
pub mod cloud;
pub mod cluster;
pub mod controlplane;
pub mod disk;
mod files;
pub mod fleet;
pub mod kubeconfigs;
pub mod people;
#[cfg(unix)]
pub mod programs;
pub mod reconciler;
pub mod recorder;
pub mod session;
pub mod story;
pub mod tour;
