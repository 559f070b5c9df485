//! API servers: a real one beside the sandbox (`cluster`), its lists in both forms, lists cut anywhere, servers that misbehave, and every call struck by every fault (`faults`).

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

mod cluster;
mod faults;
mod hostile;
mod list_decoding;
mod protobuf_lists;
mod server_certificates;
