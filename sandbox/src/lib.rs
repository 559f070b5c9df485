//! A simulated ACK account on loopback, for tests, benches and the tour.

pub mod session;
