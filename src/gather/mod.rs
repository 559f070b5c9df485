//! Where several voices are heard side by side and kept apart: the files, the API server.

pub mod candidates;
pub mod connection;
pub mod conversation;
pub mod credential;
pub mod grants;
