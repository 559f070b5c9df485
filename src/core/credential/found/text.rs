//! The texts in a file: its encoding, the parts between bytes that no text has, and the line of each place.

use std::borrow::Cow;
use std::cell::OnceCell;

use memchr::memchr_iter;

/// A text, and where it stands in its file.
#[derive(Clone, Debug)]
pub(super) struct Text<'t> {
    pub(super) content: Cow<'t, str>,
    origin: Origin,
    /// Where its lines end, once that is asked for.
    line_ends: OnceCell<Vec<usize>>,
}

#[derive(Clone, Copy, Debug)]
enum Origin {
    /// Its lines are the file's; the first one has this number.
    Lines(u64),
    /// It was decoded from a value that begins in this line.
    Within(u64),
}

impl<'t> Text<'t> {
    fn new(content: Cow<'t, str>, origin: Origin) -> Self {
        Self { content, origin, line_ends: OnceCell::new() }
    }

    /// A text that a value holds which begins in this line of the file.
    pub(super) fn within(line: u64, content: impl Into<Cow<'t, str>>) -> Self {
        Self::new(content.into(), Origin::Within(line))
    }

    /// The line of the file that a place of the text is in, from 1.
    pub(super) fn line_at(&self, offset: usize) -> u64 {
        match self.origin {
            Origin::Lines(first) => {
                let ends = self.line_ends.get_or_init(|| memchr_iter(b'\n', self.content.as_bytes()).collect());
                first + ends.partition_point(|end| *end < offset) as u64
            }
            Origin::Within(line) => line,
        }
    }

    /// The same where the text's lines are the file's; else the line of the value that holds the text, as an error.
    pub(super) fn first_line_at(&self, offset: usize) -> Result<u64, u64> {
        match self.origin {
            Origin::Lines(_) => Ok(self.line_at(offset)),
            Origin::Within(line) => Err(line),
        }
    }
}

/// The texts of a file, in order: UTF-16 where a byte order mark says so, else what stands between control characters. Bytes that are no
/// UTF-8 become replacement characters, which no credential has.
pub(super) fn texts(bytes: &[u8]) -> Vec<Text<'_>> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => vec![utf16(rest, u16::from_le_bytes)],
        [0xFE, 0xFF, rest @ ..] => vec![utf16(rest, u16::from_be_bytes)],
        [0xEF, 0xBB, 0xBF, rest @ ..] => between_controls(rest),
        _ => between_controls(bytes),
    }
}

fn utf16(bytes: &[u8], read: impl Fn([u8; 2]) -> u16) -> Text<'static> {
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    let content = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Text::new(Cow::Owned(content), Origin::Lines(1))
}

fn between_controls(bytes: &[u8]) -> Vec<Text<'_>> {
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    let mut line = 1;
    let mut texts = Vec::new();
    for part in bytes.split(is_control) {
        if super::markers::are_in(part) {
            texts.push(Text::new(String::from_utf8_lossy(part), Origin::Lines(line)));
        }
        line += count_lines(part);
    }
    texts
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
