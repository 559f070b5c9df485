//! Fields that the cloud spells in more than one way.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
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

/// Text that the answer can't be understood without.
pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(serde::de::Error::custom("an empty text")) } else { Ok(text) }
}

/// A time, where there is one that can be read. Without an offset it is UTC, as all times of the cloud are.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let text = text.filter(|text| !text.is_empty());
    Ok(text.and_then(|text| {
        let read = text.parse().ok().or_else(|| without_offset(&text));
        if read.is_none() {
            tracing::debug!(shape = shape(&text), "a time that can't be read");
        }
        read
    }))
}

fn without_offset(text: &str) -> Option<Timestamp> {
    let read = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    read.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// What a text looks like, for the log: the text itself is the server's and could be anything.
fn shape(text: &str) -> String {
    let place = |c: char| match c {
        _ if c.is_ascii_digit() => '0',
        '-' | '/' | ':' | '.' | '+' | ' ' => c,
        _ => 'x',
    };
    text.chars().take(40).map(place).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Timed {
        #[serde(default, deserialize_with = "time")]
        at: Option<Timestamp>,
    }

    fn read(text: &str) -> Option<Timestamp> {
        serde_json::from_value::<Timed>(serde_json::json!({ "at": text })).unwrap().at
    }

    #[test]
    fn a_time_without_an_offset_is_utc() {
        let expected: Timestamp = "2027-07-15T01:32:20Z".parse().unwrap();
        for text in ["2027-07-15T01:32:20Z", "2027-07-15 01:32:20", "2027-07-15T09:32:20+08:00"] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none_and_the_log_has_its_shape_alone() {
        for text in ["", "2027-07-15", "2027-13-15 01:32:20", "15/07/2027", "never"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(shape("15/07/2027 at\u{1b}1"), "00/00/0000 xxx0");
        assert_eq!(shape(&"9".repeat(100)).len(), 40);
    }
}
