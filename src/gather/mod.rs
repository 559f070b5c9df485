//! Where facts are brought together: files, and later the API server and the cloud, each voice kept apart.

pub mod connection;
pub mod credential;
