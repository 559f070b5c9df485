//! Values that an export may have wrapped in a text.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::core::text::Text;

/// What has texts, and can be kept longer than the line that it was read from.
pub trait HasTexts {
    /// The same, with texts of a shorter life.
    type Borrowing<'short>: Deserialize<'short>;

    /// A copy that borrows nothing.
    fn owned(of: Self::Borrowing<'_>) -> Self;
}

impl HasTexts for Text<'_> {
    type Borrowing<'short> = Text<'short>;

    fn owned(of: Text<'_>) -> Self {
        of.into_owned()
    }
}

impl<T: HasTexts> HasTexts for Vec<T> {
    type Borrowing<'short> = Vec<T::Borrowing<'short>>;

    fn owned(of: Self::Borrowing<'_>) -> Self {
        of.into_iter().map(T::owned).collect()
    }
}

impl<T: HasTexts> HasTexts for Option<T> {
    type Borrowing<'short> = Option<T::Borrowing<'short>>;

    fn owned(of: Self::Borrowing<'_>) -> Self {
        of.map(T::owned)
    }
}

/// A list or an object that an export may have written as a text which holds it as JSON. An empty text stands for an absent value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unwrapped<T>(pub T);

impl<T> Deref for Unwrapped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de> + Default + HasTexts> Deserialize<'de> for Unwrapped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AValue<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default + HasTexts> Visitor<'de> for AValue<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value, or a text that holds one as JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(seq))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                match text {
                    "" | "null" => Ok(T::default()),
                    // What serde_json says of it may quote the text.
                    _ => serde_json::from_str(text).map(T::owned).map_err(|_| E::custom("no JSON in a text")),
                }
            }

            fn visit_unit<E>(self) -> Result<T, E> {
                Ok(T::default())
            }
        }
        deserializer.deserialize_any(AValue(PhantomData)).map(Self)
    }
}

impl<T: HasTexts> HasTexts for Unwrapped<T>
where
    for<'short> T::Borrowing<'short>: Default + HasTexts,
{
    type Borrowing<'short> = Unwrapped<T::Borrowing<'short>>;

    fn owned(of: Self::Borrowing<'_>) -> Self {
        Self(T::owned(of.0))
    }
}
