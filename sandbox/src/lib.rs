//! A simulated ACK account on loopback: what kubectl-ackcred's tests, benches and tour talk to.

pub mod certs;
pub mod session;
