//! How what was found is written, as kubectl does: texts bare, lists and objects as compact JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::evaluate::Piece;
use super::template::{Template, TemplateError};

impl Template {
    /// The text that the template makes of a document. Values, and not the template's own text, go through `shown` first.
    ///
    /// # Errors
    /// Which character of the template does not fit the document.
    pub fn render(&self, document: &Value, shown: fn(&str) -> Cow<'_, str>) -> Result<String, TemplateError> {
        let mut text = String::new();
        for piece in self.pieces(document)? {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Found(values) => {
                    let values: Vec<String> =
                        values.into_iter().map(|value| shown(&bare(value)).into_owned()).collect();
                    text.push_str(&values.join(" "));
                }
            }
        }
        Ok(text)
    }

    /// A JSON list for each part of the template, with what that part found.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_as_json(&self, document: &Value) -> Result<String, TemplateError> {
        let mut text = String::new();
        for piece in self.pieces(document)? {
            let found = match piece {
                Piece::Text(plain) => vec![Value::from(plain)],
                Piece::Found(values) => values.into_iter().cloned().collect(),
            };
            text.push_str(&json(&Value::Array(found), PrettyFormatter::with_indent(b"    ")));
            text.push('\n');
        }
        Ok(text)
    }
}

/// A value as `jsonpath` writes it.
fn bare(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(_) | Value::Object(_) => Cow::Owned(json(value, CompactFormatter)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Cow::Owned(value.to_string()),
    }
}

/// A value as `custom-columns` writes it: as Go prints it.
/// Source: <https://pkg.go.dev/fmt>, the verb `%v`
pub(super) fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(go_value).collect();
            format!("[{}]", elements.join(" "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}:{}", go_value(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => bare(other).into_owned(),
    }
}

/// JSON as Go writes it, which escapes what HTML or JavaScript would take for its own. Outside texts none of that stands in JSON.
/// Source: <https://pkg.go.dev/encoding/json#Marshal>
fn json(value: &Value, formatter: impl Formatter) -> String {
    let mut written = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut written, formatter);
    // Writing to memory can't fail.
    let _ = value.serialize(&mut serializer);
    let text = String::from_utf8(written).unwrap_or_default();
    const ESCAPED: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !text.contains(ESCAPED) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        if ESCAPED.contains(&character) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
        escaped
    })
}
