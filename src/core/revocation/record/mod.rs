//! What is on the disk, in format 1: one file here for each kind of file there.
//!
//! These structs are the contract with every later version, and nothing else is: they hold strings, numbers, lists and each other
//! (a Kubernetes object is plain JSON), never a type of the program, so that renaming one changes no file. Functions convert them.
//!
//! * `format` is read before anything else. A newer one is refused by name.
//! * Within a format keys are added, never changed or removed: unknown ones are passed over, and a key that is newer than the format
//!   has a default. Which keys may be missing, and what that means, stands beside each; all others must be there, because nothing
//!   that is missing is taken for "none".
//! * A word that is not known is an error that names the field.
//!
//! The rules for a reader of these files: `docs/records.md`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::core::json_fault::JsonFault;

mod answers;
mod approval;
pub mod audit;
pub mod event;
mod kubernetes;
mod leaked;
pub mod operation;
mod path;
mod plan;
pub mod report;
mod restore;
mod rotation;
mod several;
pub mod summary;
mod text;

#[cfg(test)]
mod tests;

pub use text::{DELETE_KUBECONFIG, END_STATIC_TOKEN, OnDisk, ROTATE_KUBECONFIG};

/// The version of all files.
pub const FORMAT: u32 = 1;

/// Why a record can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A later version wrote it, and may mean something else by it.
    #[error("written by a newer kubectl-ackcred, in format {0}")]
    Newer(u64),
    /// No version writes this format.
    #[error("no version of kubectl-ackcred writes format {0}")]
    NoFormat(u64),
    /// It isn't JSON, or lacks a key.
    #[error("not a record of format {FORMAT}")]
    Shape(#[source] JsonFault),
    /// A value that is not known.
    #[error("{field} can't be used: {problem}")]
    Field {
        /// The path of the key, as `plan.steps[0].action`.
        field: String,
        /// What is wrong with the value.
        problem: String,
    },
}

impl RecordError {
    fn shape(error: serde_json::Error) -> Self {
        Self::Shape(error.into())
    }

    fn field(field: &str, problem: impl Into<String>) -> Self {
        Self::Field { field: field.to_owned(), problem: problem.into() }
    }

    /// The same error, seen from the struct that holds this one under a key.
    fn below(self, key: &str) -> Self {
        match self {
            Self::Field { field, problem } => Self::Field { field: format!("{key}.{field}"), problem },
            other => other,
        }
    }
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Format {
    fn check(self) -> Result<(), RecordError> {
        match self.format {
            format if format == u64::from(FORMAT) => Ok(()),
            format if format > u64::from(FORMAT) => Err(RecordError::Newer(format)),
            format => Err(RecordError::NoFormat(format)),
        }
    }
}

/// Reads a record from its bytes, its format first.
///
/// # Errors
/// Where it is of another format, or not a record of this one.
pub fn read<R: DeserializeOwned>(json: &[u8]) -> Result<R, RecordError> {
    serde_json::from_slice::<Format>(json).map_err(RecordError::shape)?.check()?;
    serde_json::from_slice(json).map_err(RecordError::shape)
}

/// Reads a record from its JSON, its format first.
///
/// # Errors
/// As those of [`read`].
pub fn read_value<R: DeserializeOwned>(json: Value) -> Result<R, RecordError> {
    Format::deserialize(&json).map_err(RecordError::shape)?.check()?;
    serde_json::from_value(json).map_err(RecordError::shape)
}

/// A value that may be null, and that must be there: for what a decision rests on.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The texts of a list.
fn texts<T: OnDisk>(values: &[T]) -> Vec<String> {
    values.iter().map(OnDisk::write).collect()
}

/// The text of a value that may be missing.
fn text<T: OnDisk>(value: Option<&T>) -> Option<String> {
    value.map(OnDisk::write)
}

/// The value of a text.
fn one<T: OnDisk>(field: &str, text: &str) -> Result<T, RecordError> {
    T::read(text).ok_or_else(|| unexpected(field, T::EXPECTED))
}

/// That a text is not what it must be. The text isn't shown: what stands at a wrong place can be a secret.
fn unexpected(field: &str, expected: &str) -> RecordError {
    RecordError::field(field, format!("it is not {expected}"))
}

/// The value of a text that may be missing.
fn maybe<T: OnDisk>(field: &str, text: Option<&str>) -> Result<Option<T>, RecordError> {
    text.map(|text| one(field, text)).transpose()
}

/// The values of a list of texts.
fn many<T: OnDisk>(field: &str, texts: &[String]) -> Result<Vec<T>, RecordError> {
    texts.iter().enumerate().map(|(index, text)| one(&format!("{field}[{index}]"), text)).collect()
}

/// Converts what stands under a key.
fn under<R, T: TryFrom<R, Error = RecordError>>(field: &str, record: R) -> Result<T, RecordError> {
    T::try_from(record).map_err(|error| error.below(field))
}

/// Converts what stands under a key and may be null.
fn under_maybe<R, T: TryFrom<R, Error = RecordError>>(
    field: &str,
    record: Option<R>,
) -> Result<Option<T>, RecordError> {
    record.map(|record| under(field, record)).transpose()
}

/// Converts a list.
fn all<R, T: TryFrom<R, Error = RecordError>>(field: &str, records: Vec<R>) -> Result<Vec<T>, RecordError> {
    records.into_iter().enumerate().map(|(index, record)| under(&format!("{field}[{index}]"), record)).collect()
}
