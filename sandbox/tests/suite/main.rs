//! Tests of the sandbox as its users see it, by its public names; one binary, because each links all of kube and rustls.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod apiserver;
mod interference;
mod kubectl;
mod sdk;
