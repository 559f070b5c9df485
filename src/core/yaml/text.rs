//! From bytes to text, with the characters that go-yaml lets through.

use std::borrow::Cow;

/// Why bytes are no YAML text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The bytes are in no known encoding.
    #[error("not UTF-8 text")]
    Encoding,
    /// A control character, which YAML forbids.
    #[error("line {line}: control characters are not allowed")]
    Control {
        /// Line, from 1.
        line: usize,
    },
}

pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, TextError> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)?),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    };
    // Whole blocks of plain bytes are passed at once; only what is left is looked at by the character.
    let plain =
        text.as_bytes().chunks(32).take_while(|block| block.iter().fold(true, |all, byte| all & is_plain(*byte)));
    let start: usize = plain.map(<[u8]>::len).sum();
    match text[start..].char_indices().find(|&(_, character)| !is_allowed(character)) {
        None => Ok(text),
        Some((offset, _)) => Err(TextError::Control { line: 1 + text[..start + offset].matches('\n').count() }),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, TextError> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| TextError::Encoding)
}

fn utf16(bytes: &[u8], read: impl Fn([u8; 2]) -> u16) -> Result<String, TextError> {
    if !bytes.len().is_multiple_of(2) {
        return Err(TextError::Encoding);
    }
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| TextError::Encoding)
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' => true,
        '\0'..='\u{9F}' => false,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_and_byte_order_marks_are_read() {
        assert_eq!(decode(b"\xEF\xBB\xBFa: b"), Ok("a: b".into()));
        assert_eq!(decode(b"\xFF\xFEa\0:\0"), Ok("a:".into()));
        assert_eq!(decode(b"\xFE\xFF\0a\0:"), Ok("a:".into()));
        assert_eq!(decode(b"\xFF\xFEa"), Err(TextError::Encoding));
        assert_eq!(decode(b"\xFF\xFE\x00\xD8"), Err(TextError::Encoding));
    }

    #[test]
    fn control_characters_are_refused_with_their_line() {
        assert_eq!(decode(b"a: b\nc: \x07\n"), Err(TextError::Control { line: 2 }));
        assert_eq!(decode("a: \u{7f}".as_bytes()), Err(TextError::Control { line: 1 }));
        assert!(decode("a: \t\u{85}ä😀\r\n".as_bytes()).is_ok());
    }
}
