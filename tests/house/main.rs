//! The repository's own rules: which way data goes, and that what is generated or written about it is up to date.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod architecture;
mod dependencies;
mod docs;
mod security;
mod workflows;
