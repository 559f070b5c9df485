//! Who holds access to a cluster, and which rows of that are shown.

pub mod allowed;
#[cfg(test)]
mod fixtures;
pub mod holder;
pub mod likeness;
pub mod scan;
pub mod traces;
