//! Alibaba Cloud: whose credentials are at hand, and what STS, RAM, IMS and the Container Service say.

pub mod endpoints;
pub mod error;
mod http;
pub mod retry;
pub mod sign;
pub mod wire;
