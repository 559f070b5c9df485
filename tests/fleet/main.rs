//! Several clusters of one account: read side by side, revoked as one, given back as one.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

#[path = "../schema/mod.rs"]
mod schema;

mod choosing;
mod reading;
mod revoking;
mod scene;
mod temporary;
