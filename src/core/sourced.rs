//! Values that know the file they came from.

use std::path::Path;
use std::sync::Arc;

/// A value together with the kubeconfig file that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The file as the user named it, resolved against the working directory.
    pub file: Arc<Path>,
}

impl<T> Sourced<T> {
    /// Ties a value to its file.
    pub fn new(value: T, file: Arc<Path>) -> Self {
        Self { value, file }
    }
}
