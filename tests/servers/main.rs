//! API servers: a real one beside the sandbox (`cluster`), its lists in both forms, lists cut anywhere, and servers that misbehave.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

mod cluster;
mod hostile;
mod list_decoding;
mod protobuf_lists;
mod server_certificates;
