//! The audit log of API servers: what an event says, and which credential led to which.
//!
//! Nothing here reads a file. An event is decoded where it lies; what is kept of it is as small as what is shown of it.

pub mod action;
pub mod event;
pub mod link;
mod text;
