//! Where several voices are heard side by side and kept apart: the files, the API server.

pub mod account;
pub mod bearer;
pub mod candidates;
pub mod cloud;
pub mod connection;
pub mod conversation;
pub mod credential;
pub mod fleet;
pub mod footprint;
pub mod grants;
pub mod history;
pub mod holders;
pub mod leaked;
pub mod restoration;
pub mod revocation;
pub mod verification;
