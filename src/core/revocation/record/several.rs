//! What a file holds none, one or several of under one key: null, the one, or a list of two and more.
//!
//! Format 1 began with at most one. A list stands in the same place, so that a reader which knows the one alone fails and takes none of
//! them for all.

use serde::{Deserialize, Serialize};

use super::{RecordError, all, under};

/// The value of the key, which must be there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Several<R> {
    /// Null.
    None(()),
    /// The only one.
    One(Box<R>),
    /// All of them.
    List(Vec<R>),
}

impl<R> Several<R> {
    /// The form in which so many are written.
    pub(super) fn write<'a, T: 'a>(values: &'a [T]) -> Self
    where
        R: From<&'a T>,
    {
        match values {
            [] => Self::None(()),
            [one] => Self::One(Box::new(one.into())),
            several => Self::List(several.iter().map(R::from).collect()),
        }
    }

    /// Converts all of them; `key` is the key that they stand under.
    pub(super) fn read<T: TryFrom<R, Error = RecordError>>(self, key: &str) -> Result<Vec<T>, RecordError> {
        match self {
            Self::None(()) => Ok(Vec::new()),
            Self::One(one) => Ok(vec![under(key, *one)?]),
            Self::List(list) => all(key, list),
        }
    }
}
