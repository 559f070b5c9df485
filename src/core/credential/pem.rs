//! PEM blocks, read as Go's `encoding/pem` reads them: what kubectl would find in the text is found here.
//!
//! Text before, between and after blocks is skipped, and so is a damaged block. Only if the wanted block is not found does a
//! damage matter: [`damage`] names the first.
//! Source: <https://github.com/golang/go/blob/master/src/encoding/pem/pem.go>

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;
use zeroize::Zeroizing;

/// Padding is required and the unused bits of the last character are ignored, as in Go.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// A block between `-----BEGIN label-----` and `-----END label-----`.
pub(super) struct Block<'a> {
    /// What the block says that it is.
    pub(super) label: &'a [u8],
    /// Whether its header says that the content is encrypted (RFC 1421).
    pub(super) encrypted: bool,
    /// The bytes that it holds.
    pub(super) content: Vec<u8>,
}

/// Why a block can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is a first line and no last one.
    #[error("it is cut off: its END line is missing")]
    CutOff,
    /// The first and the last line name different things.
    #[error("its END line does not belong to its BEGIN line")]
    Mismatched,
    /// The lines between are not base64.
    #[error("its content is not base64")]
    NotBase64,
}

/// The sound blocks of a text, in order.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (block, after) = first_block(rest)?;
        rest = after;
        Some(block)
    })
}

/// The first sound block, and what follows it.
fn first_block(text: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let mut rest = text;
    loop {
        let end = memmem::find(rest, END)?;
        let after_end = end + END.len();
        // Of several BEGIN lines the last one before the END line counts.
        let begin = memmem::rfind(&rest[..end], BEGIN).filter(|begin| *begin == 0 || rest[begin - 1] == b'\n');
        let (label, body) = begin.map_or((&[][..], rest), |begin| line(&rest[begin + BEGIN.len()..]));
        if let Some(label) = label.strip_suffix(DASHES) {
            let headers = Headers::read(body)?;
            let start = rest.len() - headers.rest.len();
            // Without headers, an END line right behind the BEGIN line ends an empty block.
            let length = end.checked_sub(start).or((headers.count == 0).then_some(0));
            let sound = length.and_then(|length| {
                let after = end_of(&rest[after_end..], label)?;
                Some((decode(&rest[start..start + length])?, after))
            });
            if let Some((content, after)) = sound {
                return Some((Block { label, encrypted: headers.encrypted, content }, after));
            }
            if start > after_end {
                return None;
            }
        }
        rest = &rest[after_end..];
    }
}

/// The `key: value` lines in front of a block's content.
struct Headers<'a> {
    count: usize,
    encrypted: bool,
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    /// `None` where the text ends with them.
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut headers = Self { count: 0, encrypted: false, rest: body };
        loop {
            if headers.rest.is_empty() {
                return None;
            }
            let (header, next) = line(headers.rest);
            if !header.contains(&b':') {
                return Some(headers);
            }
            headers.count += 1;
            headers.encrypted |= header.starts_with(b"Proc-Type:") && header.ends_with(b"ENCRYPTED");
            headers.encrypted |= header.starts_with(b"DEK-Info:");
            headers.rest = next;
        }
    }
}

/// What follows the line that ends a block of this label; `text` is all after `-----END `.
fn end_of<'a>(text: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let (trailing, rest) = line(text.strip_prefix(label)?.strip_prefix(DASHES)?);
    trailing.is_empty().then_some(rest)
}

fn decode(body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    for part in body.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        text.extend_from_slice(part);
    }
    BASE64.decode(&*text).ok()
}

/// The first line without its end and the blanks before that, and what follows.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match memchr::memchr(b'\n', text) {
        Some(end) => (text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]), &text[end + 1..]),
        None => (text, &text[text.len()..]),
    };
    let blanks = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (&line[..line.len() - blanks], rest)
}

/// What is wrong with the first damaged block whose label is wanted. Meant for a text in which no sound one was found.
pub(super) fn damage(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Option<Damage> {
    let mut open: Option<&[u8]> = None;
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end) {
        if let Some(label) = label_of(line, BEGIN) {
            if open.replace(label).is_some_and(&is_wanted) {
                return Some(Damage::CutOff);
            }
        } else if let Some(label) = label_of(line, &END[1..])
            && let Some(begun) = open.take().filter(|label| is_wanted(label))
        {
            return Some(if begun == label { Damage::NotBase64 } else { Damage::Mismatched });
        }
    }
    open.filter(|label| is_wanted(label)).map(|_| Damage::CutOff)
}

fn label_of<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(DASHES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(&str, Vec<u8>)> {
        blocks(text.as_bytes()).map(|block| (std::str::from_utf8(block.label).unwrap(), block.content)).collect()
    }

    fn damage_of(text: &str) -> Option<Damage> {
        damage(text.as_bytes(), |label| label == b"X")
    }

    #[test]
    fn text_around_blocks_line_ends_and_a_missing_last_newline_do_not_matter() {
        let block = "-----BEGIN X-----\naGVs\nbG8=\n-----END X-----";
        let expected = [("X", b"hello".to_vec())];
        assert_eq!(read(block), expected);
        assert_eq!(read(&format!("subject: someone\n{block}\n\nthe end\n")), expected);
        assert_eq!(read(&block.replace('\n', "\r\n")), expected);
        assert_eq!(read(&block.replace("bG8=", "  bG 8=\t")), expected);
        assert_eq!(read("-----BEGIN X-----\n-----END X-----"), [("X", vec![])]);
    }

    #[test]
    fn headers_stand_in_front_of_the_content_and_nowhere_else() {
        let block = |body: &str| format!("-----BEGIN X-----\n{body}\n-----END X-----\n");
        for header in ["Key: value\n\naGVsbG8=", "Key: value\naGVsbG8=", "a:\n:b\n\naGVsbG8="] {
            assert_eq!(read(&block(header)), [("X", b"hello".to_vec())], "{header}");
        }
        for broken in ["aGVs\nKey: value\nbG8=", "Key: value"] {
            assert_eq!(read(&block(broken)), [], "{broken}");
            assert_eq!(damage_of(&block(broken)), Some(Damage::NotBase64), "{broken}");
        }
    }

    #[test]
    fn a_damaged_block_is_named_and_the_next_one_is_read() {
        let text = "-----BEGIN X-----\naGVs\n-----BEGIN X-----\naGVsbG8=\n-----END X-----\n-----BEGIN Y-----\n";
        assert_eq!(read(text), [("X", b"hello".to_vec())]);
        for (text, expected) in [
            ("-----BEGIN X-----\naGVs\n", Damage::CutOff),
            ("-----BEGIN X-----\naGVs\n-----END Y-----", Damage::Mismatched),
            ("-----BEGIN X-----\n&&&&\n-----END X-----", Damage::NotBase64),
            ("-----BEGIN X-----\naGVsb\n-----END X-----", Damage::NotBase64),
        ] {
            assert_eq!((read(text), damage_of(text)), (vec![], Some(expected)), "{text}");
        }
        assert_eq!(damage_of("-----BEGIN Y-----\n"), None);
    }

    #[test]
    fn an_encryption_header_is_noticed() {
        let text = b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVs\n-----END X-----";
        assert!(blocks(text).next().unwrap().encrypted);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            pieces in proptest::collection::vec(0..8usize, 0..12),
            cut in 0..60usize,
        ) {
            let _ = (blocks(&bytes).count(), damage(&bytes, |_| true));
            const PIECES: [&str; 8] =
                ["-----BEGIN X-----", "-----END X-----", "\n", "\n", "aGVs", "a: b", "-----END a:b-----", "-----BEGIN "];
            let text = pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>();
            let text = &text.as_bytes()[cut.min(text.len())..];
            let _ = (blocks(text).count(), damage(text, |_| true));
        }
    }
}
