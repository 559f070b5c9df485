//! Names from outside can hold anything. Nothing of them may steer a terminal or reorder a line.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Writes control, line-separating and bidirectional characters as `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if steers(character) {
            // Writing to a String can't fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert!(matches!(escape("König 王 ok-1"), Cow::Borrowed("König 王 ok-1")));
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(escape("a\u{1b}[2Jb\r\nc\u{9b}d\u{7f}"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{9b}d\\u{7f}");
        assert_eq!(escape("admin\u{202e}toor\u{2066}\u{200b}"), "admin\\u{202e}toor\\u{2066}\\u{200b}");
    }
}
