//! From values to types, as strictly as Go's JSON decoder: nothing is converted, `null` and what is absent are the
//! zero value, keys are compared with their case, unknown keys are passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::Value;

/// A value of another kind than its place demands, and where it stands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mismatch {
    // From the innermost part outwards.
    path: Vec<String>,
    problem: String,
}

impl Mismatch {
    fn new(expected: &str, found: &Value<'_>) -> Self {
        let is_scalar = matches!(found, Value::Bool(_) | Value::Integer(_) | Value::Unsigned(_) | Value::Float(_));
        let advice = if expected == "text" && is_scalar { "; put it in quotes" } else { "" };
        Self { path: Vec::new(), problem: format!("expected {expected}, found {}{advice}", found.kind()) }
    }

    /// A problem that isn't one of kind.
    pub(crate) fn because(problem: impl Into<String>) -> Self {
        Self { path: Vec::new(), problem: problem.into() }
    }

    /// Adds the key or the index that leads to the place.
    #[must_use]
    pub(crate) fn inside(mut self, part: impl Into<String>) -> Self {
        self.path.push(part.into());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.path.iter().rev().enumerate() {
            let separator = if position == 0 || part.starts_with('[') { "" } else { "." };
            write!(formatter, "{separator}{part}")?;
        }
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(formatter, "{separator}{}", self.problem)
    }
}

/// A mapping to take typed fields from.
#[derive(Clone, Copy)]
pub struct Mapping<'v, 'd>(&'v [(Cow<'d, str>, Value<'d>)]);

impl<'v, 'd> Mapping<'v, 'd> {
    /// Views a value as a mapping; `null` is an empty one.
    ///
    /// # Errors
    /// Any other kind of value.
    pub fn of(value: &'v Value<'d>) -> Result<Self, Mismatch> {
        match value {
            Value::Mapping(entries) => Ok(Self(entries)),
            Value::Null => Ok(Self(&[])),
            other => Err(Mismatch::new("a mapping", other)),
        }
    }

    /// The value of a key, unless it is `null`.
    pub fn get(&self, key: &str) -> Option<&'v Value<'d>> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = (&'v str, &'v Value<'d>)> + use<'v, 'd> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// Reads a field with a function.
    ///
    /// # Errors
    /// The function's, with the key added.
    pub fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'v Value<'d>) -> Result<T, Mismatch>,
    ) -> Result<Option<T>, Mismatch> {
        self.get(key).map(read).transpose().map_err(|mismatch| mismatch.inside(key))
    }

    /// A text field; empty where it is absent.
    pub fn text(&self, key: &str) -> Result<String, Mismatch> {
        Ok(self.read(key, text)?.unwrap_or_default())
    }

    /// A text field where it is not empty.
    pub fn non_empty(&self, key: &str) -> Result<Option<String>, Mismatch> {
        Ok(self.read(key, text)?.filter(|text| !text.is_empty()))
    }

    /// A boolean field; false where it is absent.
    pub fn flag(&self, key: &str) -> Result<bool, Mismatch> {
        let flag = self.read(key, |value| match value {
            Value::Bool(flag) => Ok(*flag),
            other => Err(Mismatch::new("a boolean", other)),
        })?;
        Ok(flag.unwrap_or_default())
    }

    /// A list, each item read with a function; empty where it is absent.
    pub fn list<T>(
        &self,
        key: &str,
        read: impl FnMut(&'v Value<'d>) -> Result<T, Mismatch>,
    ) -> Result<Vec<T>, Mismatch> {
        Ok(self.read(key, |value| list(value, read))?.unwrap_or_default())
    }

    /// A mapping from text to text.
    pub fn texts(&self, key: &str) -> Result<BTreeMap<String, String>, Mismatch> {
        let texts = self.read(key, |value| {
            Mapping::of(value)?
                .entries()
                .map(|(name, value)| Ok((name.to_owned(), text(value).map_err(|mismatch| mismatch.inside(name))?)))
                .collect()
        })?;
        Ok(texts.unwrap_or_default())
    }
}

/// Reads text; `null` is empty text.
pub(crate) fn text(value: &Value<'_>) -> Result<String, Mismatch> {
    match value {
        Value::Text(text) => Ok(text.to_string()),
        Value::Null => Ok(String::new()),
        other => Err(Mismatch::new("text", other)),
    }
}

/// Reads a list; `null` is an empty one.
pub(crate) fn list<'v, 'd, T>(
    value: &'v Value<'d>,
    mut read: impl FnMut(&'v Value<'d>) -> Result<T, Mismatch>,
) -> Result<Vec<T>, Mismatch> {
    match value {
        Value::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| read(item).map_err(|mismatch| mismatch.inside(format!("[{index}]"))))
            .collect(),
        Value::Null => Ok(Vec::new()),
        other => Err(Mismatch::new("a list", other)),
    }
}

/// Reads a field of bytes: base64, or, as Go has it, a list of numbers. The inner error is about the base64 alone.
pub(crate) fn bytes(value: &Value<'_>) -> Result<Result<Vec<u8>, String>, Mismatch> {
    match value {
        Value::Text(text) => Ok(base64(text)),
        Value::Sequence(_) => list(value, byte).map(Ok),
        other => Err(Mismatch::new("base64 text", other)),
    }
}

fn byte(value: &Value<'_>) -> Result<u8, Mismatch> {
    match value {
        Value::Null => Ok(0),
        Value::Integer(number) => u8::try_from(*number).map_err(|_| Mismatch::because("a number that is no byte")),
        Value::Float(number) if number.fract() == 0.0 && (0.0..=255.0).contains(number) => Ok(*number as u8),
        other => Err(Mismatch::new("a byte", other)),
    }
}

/// Go's `base64.StdEncoding`: padded, line breaks are skipped, the unused bits of the last character don't matter.
const STANDARD_LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Decodes base64 as Go does. The error says what is wrong without repeating the text.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, String> {
    let broken = memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_some();
    let joined: Cow<'_, str> = if broken { text.replace(['\r', '\n'], "").into() } else { text.into() };
    STANDARD_LENIENT.decode(joined.as_bytes()).map_err(|error| match error {
        base64::DecodeError::InvalidByte(offset, _) => format!("not base64: unexpected character at offset {offset}"),
        _ => "not base64: cut off, or its padding is wrong".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_gos() {
        assert_eq!(base64("aGk=\n"), Ok(b"hi".to_vec()));
        assert_eq!(base64("aG\r\nl="), Ok(b"hi".to_vec()), "unused bits don't matter");
        for wrong in ["aGk", "aGk==", "a Gk=", "aGk=aGk=", "_-8="] {
            assert!(base64(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mismatch_says_where() {
        let mismatch = Mismatch::new("text", &Value::Bool(true))
            .inside("cluster")
            .inside("context")
            .inside("[3]")
            .inside("contexts");
        assert_eq!(
            mismatch.to_string(),
            "contexts[3].context.cluster: expected text, found a boolean; put it in quotes"
        );
    }
}
