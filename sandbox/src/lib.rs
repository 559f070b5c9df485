//! A simulated ACK account on loopback: what kubectl-ackcred's tests, benches and tour talk to.

pub mod apiserver;
pub mod certs;
mod clock;
pub mod cluster;
pub mod session;
