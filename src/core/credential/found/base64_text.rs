//! Long base64 values in a text, and the texts that they hold.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::escapes::line_breaks;
use super::markers;

/// Shorter values are not decoded, in characters: no certificate and no kubeconfig fits.
const SHORTEST: usize = 200;

/// A line of a value that goes on in the next one has at least so many characters.
const SHORTEST_LINE: usize = 40;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A base64 value and what it holds.
pub(super) struct Encoded {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// What it holds.
    pub(super) content: Vec<u8>,
}

/// The values of a text that may hold a credential.
pub(super) fn values(text: &str) -> Vec<Encoded> {
    let bytes = text.as_bytes();
    let mut values = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(next) = line_breaks(bytes, at) {
            at = next;
        } else if letter(bytes[at]).is_some() {
            let (range, letters) = value_at(bytes, at);
            at = range.end;
            if letters.len() >= SHORTEST && markers::are_in(&letters) {
                values.extend(decode(&letters).map(|content| Encoded { range, content }));
            }
        } else {
            at += 1;
        }
    }
    values
}

/// The value that begins at `start`, and its letters. Its lines are of one length; a shorter one is the last.
fn value_at(bytes: &[u8], start: usize) -> (Range<usize>, Vec<u8>) {
    let mut letters = Vec::new();
    let (mut at, mut longest) = (start, 0);
    loop {
        let before = letters.len();
        letters.extend(bytes[at..].iter().map_while(|byte| letter(*byte)));
        let length = letters.len() - before;
        at += length;
        let may_go_on = length >= SHORTEST_LINE && length >= longest;
        longest = length;
        match may_go_on.then(|| line_breaks(bytes, at)).flatten() {
            Some(next) if is_one_line_end(&bytes[at..next]) && is_line_of_letters(&bytes[next..]) => at = next,
            _ => return (start..at, letters),
        }
    }
}

/// Whether a break of lines leaves no line empty.
fn is_one_line_end(gap: &[u8]) -> bool {
    gap.iter().filter(|byte| matches!(byte, b'\n' | b'n')).count() == 1
}

/// Whether a text begins with a line that has nothing but letters of base64.
fn is_line_of_letters(bytes: &[u8]) -> bool {
    let count = bytes.iter().take_while(|byte| letter(**byte).is_some()).count();
    let after = &bytes[count..];
    let after = &after[after.iter().take_while(|byte| **byte == b'=').count()..];
    count > 0 && matches!(after.first(), None | Some(b'\n' | b'\r' | b'\\' | b'"' | b'\'' | b',' | b' '))
}

/// A letter of either alphabet, as the standard one has it.
fn letter(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => Some(byte),
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        _ => None,
    }
}

/// What letters hold. Those of a word right before the value may stand in front of it.
fn decode(letters: &[u8]) -> Option<Vec<u8>> {
    (0..4).find_map(|skipped| {
        let letters = &letters[skipped..];
        let whole = letters.len() - usize::from(letters.len() % 4 == 1);
        BASE64.decode(&letters[..whole]).ok().filter(|content| markers::are_in(content))
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_value_is_decoded_in_one_line_or_many_in_either_alphabet() {
        let content = format!("client-certificate: {}\u{ff}\u{fe}?>", "x".repeat(200));
        let text = STANDARD.encode(&content);
        let lines = |end: &str, width| {
            let parts: Vec<&str> =
                (0..text.len()).step_by(width).map(|at| &text[at..text.len().min(at + width)]).collect();
            parts.join(end)
        };
        for written in [
            format!("KEY={text}"),
            format!("key: |\n  {}\nnext: x", lines("\n  ", 76)),
            format!("\"{}\"", lines("\\n", 64)),
            format!("\"{}\"", lines("\\r\\n", 64)),
            format!("echo {} | base64 -d", URL_SAFE_NO_PAD.encode(&content)),
            format!("data/{text}"),
            format!("Hello,\n\n{}\n\nregards\n", lines("\n", 76)),
        ] {
            let [found] = &values(&written)[..] else { panic!("one in {written}") };
            assert!(found.content.ends_with(content.as_bytes()), "{written}");
        }
    }

    #[test]
    fn short_values_and_values_of_something_else_are_none() {
        assert!(values(&STANDARD.encode("client-certificate: x")).is_empty());
        assert!(values(&STANDARD.encode("x".repeat(400))).is_empty());
    }
}
