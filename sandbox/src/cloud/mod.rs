//! The cloud: Container Service, RAM, IMS and STS on loopback, with signatures verified.

mod clock;
mod keys;
mod random;
mod reply;
mod request;
mod signature;
#[cfg(test)]
mod testing;

pub use clock::Clock;
pub use keys::{AccessKey, Permissions, Principal};
pub use reply::Product;
