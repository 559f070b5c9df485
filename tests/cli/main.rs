//! The product's promises, a module a topic: whole commands in this process, in a world of their own, and all that they said.

#![expect(clippy::unwrap_used, reason = "a promise that can't be tried is broken")]

#[path = "../schema/mod.rs"]
mod schema;

mod desk;
mod expiry;
mod output;
mod resembling;
mod scan;
mod secrets;
mod whoami;
