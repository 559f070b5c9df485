//! Identifiers of Alibaba Cloud: RAM UIDs, the subject names made from them, and ACK cluster IDs.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Shows an ID as its text, in documents too; what is read from one and is no such ID is refused with this sentence.
macro_rules! is_its_text {
    ($id:ident, $expected:literal) => {
        impl fmt::Display for $id {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl TryFrom<String> for $id {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or($expected)
            }
        }
    };
}

/// The numeric ID of an Alibaba Cloud account, RAM user or RAM role. Decimal digits, kept as text: it can be longer than
/// a `u64` and JSON readers would round it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Uid(Box<str>);

impl Uid {
    /// Reads a UID: one or more decimal digits and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        is_digits(text).then(|| Self(text.into()))
    }

    /// The identity that a Kubernetes user name in ACK's manner names: see [`split_subject_name`].
    pub fn of_user_name(name: &str) -> Option<Self> {
        split_subject_name(name).map(|(uid, _)| Self(uid.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the first digit is a zero, which no RAM identity's is. A service that reads numbers would take it for another UID.
    pub fn begins_with_zero(&self) -> bool {
        self.0.starts_with('0')
    }
}

is_its_text!(Uid, "a UID is a number");

/// Splits a Kubernetes user name in ACK's manner, `uid` or `uid-suffix`, into the UID and the suffix.
///
/// ACK writes it as the common name of client certificates and as the subject of bindings; the suffix is new for each
/// certificate that follows a revoked one. Its documents call it a random string; in every sample it is a time.
/// Source: <https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/using-the-kubeconfig-recycle-bin>
pub fn split_subject_name(name: &str) -> Option<(&str, Option<&str>)> {
    match name.split_once('-') {
        None => is_digits(name).then_some((name, None)),
        Some((uid, suffix)) => (is_digits(uid) && is_suffix(suffix)).then_some((uid, Some(suffix))),
    }
}

fn is_suffix(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ID of an ACK cluster: `c` and 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ClusterId(Box<str>);

impl ClusterId {
    /// Reads a cluster ID.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('c')?;
        let valid = hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.into()))
    }

    /// The 33 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

is_its_text!(ClusterId, "an ACK cluster ID is c and 32 lower-case hexadecimal digits");

/// The ID of an Alibaba Cloud region, such as `cn-hangzhou`. It becomes part of a host name, so nothing else gets in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Region(Box<str>);

impl Region {
    /// Reads a region ID: lower-case letters, digits and hyphens, a letter first and no hyphen last.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let inner = text.starts_with(|first: char| first.is_ascii_lowercase()) && !text.ends_with('-');
        (inner && text.len() <= 40 && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    /// The ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

is_its_text!(Region, "a region ID is expected, such as cn-hangzhou");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_names_in_acks_manner_are_split() {
        assert_eq!(split_subject_name("12345"), Some(("12345", None)));
        assert_eq!(split_subject_name("12345-1676970192"), Some(("12345", Some("1676970192"))));
        assert_eq!(Uid::of_user_name("12345-1676970192"), Uid::parse("12345"));
        for suffix in ["a1b2c3", "A1B2C3", "x", "0", "00000000000000000000000000000000"] {
            assert_eq!(split_subject_name(&format!("12345-{suffix}")), Some(("12345", Some(suffix))), "{suffix}");
        }
    }

    #[test]
    fn other_names_are_no_ram_identities() {
        for name in [
            "",
            "-",
            "12345-",
            "-12345",
            "1-2-3",
            "alice",
            "12345a",
            "１２３",
            "12345-１",
            "12345-é",
            "12345-a b",
            "12345-a_b",
            "12345--a",
            "12345.17",
            "12345@corp",
            "a-1",
            " 12345-1",
            "12345-1 ",
            "12345-a\n",
        ] {
            assert_eq!(split_subject_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn cluster_ids_have_33_characters() {
        let id = format!("c{}", "0a".repeat(16));
        assert_eq!(ClusterId::parse(&id).map(|id| id.to_string()), Some(id.clone()));
        for wrong in [&id[..32], &id.to_uppercase(), &format!("{id}0"), &id[1..], ""] {
            assert_eq!(ClusterId::parse(wrong), None, "{wrong}");
        }
    }
}
