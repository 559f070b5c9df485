//! What is wrong with JSON from outside, without a word of it.
//!
//! The parser's own text quotes the value that it stumbles over (`invalid type: string "hunter2", expected a map`), and where a
//! value is, a secret can be.

use std::fmt;

use serde_json::Error;
use serde_json::error::Category;

/// Where a JSON text stops to be what it should be, and how: what the parser says, with the values taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault(Box<Said>);

/// Apart from it, so that errors that hold one stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    problem: String,
    /// Line and column, both from 1; `None` where the value was parsed before.
    place: Option<(usize, usize)>,
    is_eof: bool,
}

impl JsonFault {
    /// A document that is JSON, and can't be used for a reason of ours.
    pub fn because(problem: &'static str) -> Self {
        Self(Box::new(Said { problem: problem.to_owned(), place: None, is_eof: false }))
    }

    /// Whether the text ends too early.
    pub fn is_eof(&self) -> bool {
        self.0.is_eof
    }
}

impl From<Error> for JsonFault {
    fn from(error: Error) -> Self {
        let place = (error.line() > 0).then(|| (error.line(), error.column()));
        let said = error.to_string();
        let said = place.and_then(|place| said.strip_suffix(&shown(place))).unwrap_or(&said);
        let problem = match error.classify() {
            Category::Data => without_values(said),
            // The grammar has fixed sentences.
            Category::Syntax | Category::Eof | Category::Io => said.to_owned(),
        };
        Self(Box::new(Said { problem, place, is_eof: error.is_eof() }))
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.problem)?;
        self.0.place.map_or(Ok(()), |place| formatter.write_str(&shown(place)))
    }
}

impl std::error::Error for JsonFault {}

fn shown((line, column): (usize, usize)) -> String {
    format!(" at line {line} column {column}")
}

/// What serde says of a value of the wrong kind or of an unknown word, without the value. What it was expected to be, and which
/// field is missing or there twice, is of this program's own types. Any other sentence can be made of the value, and is left out.
/// Source: <https://docs.rs/serde/1.0.229/serde/de/trait.Error.html>
fn without_values(said: &str) -> String {
    const KINDS: [&str; 5] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant ", "unknown field "];
    if said.starts_with("missing field `") || said.starts_with("duplicate field `") {
        return said.to_owned();
    }
    let Some(kind) = KINDS.iter().find(|kind| said.starts_with(**kind)) else {
        return "a value that can't be used".to_owned();
    };
    // What is expected is said last.
    let (found, expected) = match said[kind.len()..].rsplit_once(", expected ") {
        Some((found, expected))
            if !said.ends_with("there are no variants") && !said.ends_with("there are no fields") =>
        {
            (found, Some(expected))
        }
        _ => (&said[kind.len()..], None),
    };
    let found = found.split(['`', '"']).next().unwrap_or_default().trim_end();
    let found = found.trim_end_matches(|character: char| character.is_ascii_digit() || character == ' ');
    let kind = kind.trim_end();
    let found = if found.is_empty() { kind.trim_end_matches(':').to_owned() } else { format!("{kind} {found}") };
    match expected {
        Some(expected) => format!("{found}, expected {expected}"),
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what can't be read is looked at")]
    struct Entry {
        name: String,
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        pair: (u8, u8),
        #[serde(default)]
        end: Option<jiff::Timestamp>,
    }

    #[derive(Debug, Default, Deserialize)]
    enum Kind {
        #[default]
        One,
        Two,
    }

    fn fault<T: DeserializeOwned + fmt::Debug>(text: &str) -> String {
        JsonFault::from(serde_json::from_str::<T>(text).unwrap_err()).to_string()
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, said) in [
            (r#""hunter2""#, "invalid type: string, expected struct Entry at line 1 column 9"),
            (r#"{"name": 4711}"#, "invalid type: integer, expected a string at line 1 column 13"),
            (r#"{"name": 47.11}"#, "invalid type: floating point, expected a string at line 1 column 14"),
            (r#"{"name": true}"#, "invalid type: boolean, expected a string at line 1 column 13"),
            (r#"{"name": null}"#, "invalid type: null, expected a string at line 1 column 13"),
            (r#"{"name": ["hunter2"]}"#, "invalid type: sequence, expected a string at line 1 column 9"),
            (r#"{"name": {"hunter2": 1}}"#, "invalid type: map, expected a string at line 1 column 9"),
            (r#"{"kind": "hunter2"}"#, "unknown variant, expected `One` or `Two` at line 1 column 18"),
            (r#"{"hunter2": 1}"#, "unknown field, expected one of `name`, `kind`, `pair`, `end` at line 1 column 10"),
            (r#"{"pair": [1]}"#, "invalid length, expected a tuple of size 2 at line 1 column 12"),
            (r#"{"pair": [1, 4711]}"#, "invalid value: integer, expected u8 at line 1 column 17"),
            (r#"{"end": "hunter2"}"#, "a value that can't be used at line 1 column 17"),
            (r#"{"kind": "One"}"#, "missing field `name` at line 1 column 15"),
            (r#"{"name": "a", "name": "hunter2"}"#, "duplicate field `name` at line 1 column 20"),
            (r#"{"name": "hunter2"#, "EOF while parsing a string at line 1 column 17"),
            ("hunter2", "expected value at line 1 column 1"),
        ] {
            assert_eq!(fault::<Entry>(text), said, "{text}");
        }
    }

    /// A value may hold the parser's own words and signs.
    #[test]
    fn a_value_that_imitates_the_parser_is_not_shown() {
        for value in ["`, expected hunter2", "\", expected hunter2", "a, expected hunter2, b", "` at line 1 column 1"] {
            let value = serde_json::Value::from(value);
            for text in [format!(r#"{{"kind": {value}}}"#), value.to_string(), format!("{{{value}: 1}}")] {
                let said = fault::<Entry>(&text);
                assert!(!said.contains("hunter2") && said.contains(" at line 1 "), "{text}: {said}");
            }
        }
    }

    #[test]
    fn of_a_value_without_a_text_there_is_no_place() {
        let error = serde_json::from_value::<Entry>(serde_json::json!({"name": "a", "kind": "hunter2"})).unwrap_err();
        let fault = JsonFault::from(error);
        assert_eq!(fault.to_string(), "unknown variant, expected `One` or `Two`");
        assert!(!fault.is_eof());
        assert!(JsonFault::from(serde_json::from_str::<Entry>("{").unwrap_err()).is_eof());
        assert_eq!(JsonFault::because("an empty name").to_string(), "an empty name");
    }
}
