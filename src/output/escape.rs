//! Names from outside can hold anything. Nothing of them may steer a terminal or reorder a line.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Writes characters that steer a terminal or a line, that are invisible, or that only look like a space as `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    let is_printable_ascii = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_printable_ascii || !text.chars().any(steers) {
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
    character.is_control() || is_ignorable(character) || is_format(character) || looks_like_a_space(character)
}

/// `Default_Ignorable_Code_Point`: invisible, tags and variation selectors among them, and bidirectional controls.
/// Source: <https://www.unicode.org/Public/17.0.0/ucd/DerivedCoreProperties.txt>
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Line and paragraph separators, and format characters that are not ignorable and have no shape of their own.
fn is_format(character: char) -> bool {
    matches!(character, '\u{2028}'..='\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}')
}

/// Other blanks than the space: three of them would look like the end of a column.
fn looks_like_a_space(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
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

    #[test]
    fn what_is_invisible_or_looks_like_a_space_is_shown() {
        assert_eq!(escape("carl\u{e0041}\u{e007f}"), "carl\\u{e0041}\\u{e007f}");
        assert_eq!(escape("a\u{ad}b\u{115f}\u{fe0f}\u{e01ef}"), "a\\u{ad}b\\u{115f}\\u{fe0f}\\u{e01ef}");
        assert_eq!(escape("Active\u{a0}\u{3000}\u{2800}x"), "Active\\u{a0}\\u{3000}\\u{2800}x");
        for character in ('\u{e0000}'..='\u{e007f}').chain(['\u{2028}', '\u{fffa}', '\u{13430}', '\u{206a}']) {
            assert_eq!(escape(&character.to_string()), format!("\\u{{{:x}}}", u32::from(character)));
        }
    }
}
