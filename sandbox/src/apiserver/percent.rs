//! Percent encoding in paths, queries and header names.

use percent_encoding::percent_decode_str;

/// Decodes `%41`; in a query `+` is a space too. Broken escapes stay as they are.
pub(crate) fn percent_decoded(text: &str, plus_is_space: bool) -> String {
    let spaced = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
