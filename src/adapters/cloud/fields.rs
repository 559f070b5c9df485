//! Fields that the cloud spells in more than one way.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::core::ids::Uid;

#[derive(Deserialize)]
#[serde(untagged)]
enum Digits {
    Text(String),
    Number(u64),
}

/// A UID, as text or as a number. Anything else makes the answer unreadable: a listing that is read past an entry would
/// claim to be complete.
pub(super) fn uid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uid, D::Error> {
    let text = match Digits::deserialize(deserializer)? {
        Digits::Text(text) => text,
        Digits::Number(number) => number.to_string(),
    };
    Uid::parse(&text).ok_or_else(|| serde::de::Error::custom("no UID"))
}

/// Text, where `null` and absence mean none.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A time, where there is one that can be read.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A flag, as a boolean or as 0 and 1.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Boolean(bool),
        Number(i64),
    }
    let flag: Option<Flag> = Option::deserialize(deserializer)?;
    Ok(match flag {
        Some(Flag::Boolean(set)) => set,
        Some(Flag::Number(number)) => number != 0,
        None => false,
    })
}
