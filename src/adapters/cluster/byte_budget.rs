//! What a document, or all pages of a list, may take in memory.

use super::failure::Failure;

/// How many bytes may still come, and be kept of an item beside its text.
pub struct ByteBudget {
    left: u64,
    limit: u64,
}

impl ByteBudget {
    /// So many bytes in all.
    pub fn of(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// Takes so many bytes of it.
    ///
    /// # Errors
    /// It has not so many.
    pub fn charge(&mut self, length: u64) -> Result<(), Failure> {
        self.left = self.left.checked_sub(length).ok_or(Failure::TooLarge { limit: self.limit })?;
        Ok(())
    }
}
