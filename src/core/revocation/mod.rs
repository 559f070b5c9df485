//! What a revocation changes, how it is proven, and how it is given back.
//!
//! ```text
//! input → plan (or refusal) → approval where it is asked for → consent → change → verification
//! operation, journal → restoration → consent → change
//! operation, journal → record (what is on the disk)
//! ```

pub mod approval;
pub mod change;
pub mod consent;
#[cfg(test)]
mod fixtures;
pub mod input;
pub mod journal;
pub mod leaked;
pub mod matrix;
pub mod operation;
pub mod other_credential;
pub mod plan;
pub mod recheck;
pub mod record;
pub mod refusal;
pub mod restoration;
pub mod rotation;
mod seal;
pub mod static_tokens;
pub mod target;
pub mod verification;
