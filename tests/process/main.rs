//! Other programs: the real binary as a process (`binary`), and kubectl, openssl and Go as judges of what it reads.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

mod binary;
#[cfg(target_os = "linux")]
mod completion;
mod fidelity;
mod formats;
#[cfg(unix)]
mod home;
mod judge;
mod open_files;
mod openssl;
#[cfg(unix)]
mod programs;
#[cfg(unix)]
mod secrets;
#[cfg(target_os = "linux")]
mod shell;
mod watching;
