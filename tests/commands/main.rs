//! Whole commands in the process: on files and one API server (`cli`), with the account (`cloud`), over many clusters (`fleet`). The
//! outcome is one snapshot: what was printed, on which stream, and the exit code.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

#[path = "../schema/mod.rs"]
mod schema;

mod cli;
mod cloud;
mod fleet;
