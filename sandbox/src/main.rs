//! A simulated ACK account on loopback.

fn main() {}
