//! The audit log of API servers: what an event says, and which credential led to which.
//!
//! Nothing here reads a file. An event is decoded where it lies; what is kept of it is as small as what is shown of it.

pub mod action;
pub mod actors;
pub mod body;
pub mod caveat;
pub mod decode;
pub mod event;
mod glance;
mod grants;
pub mod kept;
pub mod leads;
pub mod link;
pub mod log_head;
pub mod period;
mod reason;
pub mod screen;
pub mod trace;
pub mod tracer;
mod unwrapped;
mod window;

#[cfg(test)]
mod tests;
