//! What a revocation changes, how it is proven, and how it is given back.
//!
//! ```text
//! input → plan (or refusal) → consent → change → verification
//! record, journal → restoration → consent → change
//! ```

pub mod change;
pub mod consent;
pub mod input;
pub mod journal;
pub mod operation;
pub mod plan;
pub mod refusal;
pub mod restoration;
pub mod target;
pub mod verification;
