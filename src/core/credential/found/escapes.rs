//! Line breaks and strings as programs write them into one line.

use std::ops::Range;

use memchr::memmem;

/// Where a break of lines ends that begins at `at`: real ones, and ones that are written out (`\n`, `\r\n`, `\\n` in a string within a
/// string), with the blanks and the backslash that a shell's history has around them. `None` where none begins.
pub(super) fn line_breaks(bytes: &[u8], at: usize) -> Option<usize> {
    let mut next = at;
    loop {
        next = match bytes.get(next)? {
            b'\n' | b'\r' => next + 1,
            b'\\' => {
                let letter = next + bytes[next..].iter().take_while(|byte| **byte == b'\\').count();
                match bytes.get(letter) {
                    Some(b'n' | b'r' | b'\n' | b'\r') => letter + 1,
                    _ => break,
                }
            }
            b' ' | b'\t' if next > at => next + 1,
            _ => break,
        };
        if next == bytes.len() {
            break;
        }
    }
    (next > at).then_some(next)
}

/// A string in which line breaks are written out, and in which a kubeconfig's list of users stands.
pub(super) struct Literal {
    /// Where it stands, without quotes.
    pub(super) range: Range<usize>,
    /// What it says.
    pub(super) content: String,
}

/// The strings of a text that may hold a kubeconfig.
pub(super) fn literals(text: &str) -> Vec<Literal> {
    let bytes = text.as_bytes();
    let mut literals: Vec<Literal> = Vec::new();
    for at in memmem::find_iter(bytes, "users") {
        let after = &bytes[at + "users".len()..];
        let is_written_out = after.starts_with(b"\\") || after.starts_with(b":\\");
        if !is_written_out || literals.last().is_some_and(|last| at < last.range.end) {
            continue;
        }
        let range = around(bytes, at);
        literals.push(Literal { content: unescape(&text[range.clone()]), range });
    }
    literals
}

/// The string around a place: up to the next quotes that are not escaped, within the line.
fn around(bytes: &[u8], at: usize) -> Range<usize> {
    let ends = |place: &usize| bytes[*place] == b'\n' || (bytes[*place] == b'"' && !is_escaped(bytes, *place));
    let start = (0..at).rev().find(ends).map_or(0, |place| place + 1);
    let end = (at..bytes.len()).find(ends).unwrap_or(bytes.len());
    start..end
}

fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn unescape(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            content.push(character);
            continue;
        }
        match rest.next() {
            Some('n') => content.push('\n'),
            Some('r') => content.push('\r'),
            Some('t') => content.push('\t'),
            Some('u') => {
                let digits: String = rest.clone().take(4).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(character) => {
                        content.push(character);
                        rest = rest.as_str().get(digits.len()..).unwrap_or_default().chars();
                    }
                    None => content.push_str("\\u"),
                }
            }
            Some(other) => content.push(other),
            None => content.push('\\'),
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_once_and_what_is_in_it_stays_escaped() {
        let text = r#"{"a": "x", "kubeconfig": "apiVersion: v1\nusers:\n- name: \"a\" \u003d \\n", "b": "users"}"#;
        let [literal] = &literals(text)[..] else { panic!("one") };
        assert_eq!(literal.content, "apiVersion: v1\nusers:\n- name: \"a\" = \\n");
        assert_eq!(&text[literal.range.end..][..1], "\"");
        assert!(literals("users:\n- name: a\n").is_empty(), "its line breaks are real");
    }

    #[test]
    fn without_quotes_the_line_is_the_string() {
        let [literal] = &literals("first\n- cmd: echo apiVersion: v1\\nusers:\\n- name: a\nlast")[..] else {
            panic!("one")
        };
        assert_eq!(literal.content, "- cmd: echo apiVersion: v1\nusers:\n- name: a");
    }

    #[test]
    fn line_breaks_are_real_or_written_out() {
        for (text, expected) in [
            ("\n", Some(1)),
            ("\r\n  x", Some(4)),
            (r"\nx", Some(2)),
            (r"\\r\\nx", Some(6)),
            ("x", None),
            (r"\x", None),
            (" ", None),
        ] {
            assert_eq!(line_breaks(text.as_bytes(), 0), expected, "{text:?}");
        }
    }
}
