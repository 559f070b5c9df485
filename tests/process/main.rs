//! Other programs: the real binary as a process (`binary`), and kubectl, openssl and Go as judges of what it reads.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

mod binary;
mod fidelity;
mod formats;
mod judge;
mod open_files;
mod openssl;
