//! PEM blocks, read as Go's `encoding/pem` reads them: what kubectl would find in the text is found here.
//!
//! Text before, between and after blocks is skipped, and so is a damaged block when a sound one of the wanted kind
//! follows. Only when there is none does the first damage matter.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Padding is required and the unused bits of the last character are ignored, as in Go.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A block between `-----BEGIN label-----` and `-----END label-----`.
pub(super) struct Block<'a> {
    /// What the block says that it is.
    pub(super) label: &'a str,
    /// Whether its header says that the content is encrypted (RFC 1421).
    pub(super) encrypted: bool,
    base64: Vec<u8>,
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

impl Block<'_> {
    /// The bytes that the block holds.
    pub(super) fn decode(&self) -> Result<Vec<u8>, Damage> {
        BASE64.decode(&self.base64).map_err(|_| Damage::NotBase64)
    }
}

/// The blocks of a text, in order.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block<'_>, (&str, Damage)>> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let mut open: Option<Block<'_>> = None;
    std::iter::from_fn(move || {
        for line in lines.by_ref() {
            if let Some(label) = label_of(line, b"-----BEGIN ") {
                let started = Block { label, encrypted: false, base64: Vec::new() };
                if let Some(unfinished) = open.replace(started) {
                    return Some(Err((unfinished.label, Damage::CutOff)));
                }
            } else if let Some(label) = label_of(line, b"-----END ") {
                let Some(block) = open.take() else { continue };
                let matches = block.label == label;
                return Some(if matches { Ok(block) } else { Err((block.label, Damage::Mismatched)) });
            } else if let Some(block) = &mut open {
                if line.contains(&b':') {
                    block.encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
                    block.encrypted |= line.starts_with(b"DEK-Info:");
                } else {
                    block.base64.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
                }
            }
        }
        open.take().map(|unfinished| Err((unfinished.label, Damage::CutOff)))
    })
}

fn label_of<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    std::str::from_utf8(line.strip_prefix(start)?.strip_suffix(b"-----")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<Result<(String, Vec<u8>), Damage>> {
        blocks(text.as_bytes())
            .map(|block| match block {
                Ok(block) => block.decode().map(|bytes| (block.label.to_owned(), bytes)),
                Err((_, damage)) => Err(damage),
            })
            .collect()
    }

    #[test]
    fn text_around_blocks_line_ends_and_a_missing_last_newline_do_not_matter() {
        let block = "-----BEGIN X-----\naGVs\nbG8=\n-----END X-----";
        let expected = vec![Ok(("X".to_owned(), b"hello".to_vec()))];
        assert_eq!(read(block), expected);
        assert_eq!(read(&format!("subject: someone\n{block}\n\nthe end\n")), expected);
        assert_eq!(read(&block.replace('\n', "\r\n")), expected);
        assert_eq!(read(&block.replace("bG8=", "  bG 8=\t")), expected);
    }

    #[test]
    fn a_block_that_is_cut_off_is_told_and_the_next_one_is_read() {
        let text = "-----BEGIN X-----\naGVs\n-----BEGIN X-----\naGVsbG8=\n-----END X-----\n-----BEGIN Y-----\n";
        assert_eq!(read(text), [Err(Damage::CutOff), Ok(("X".into(), b"hello".to_vec())), Err(Damage::CutOff)]);
    }

    #[test]
    fn other_damage_is_told() {
        assert_eq!(read("-----BEGIN X-----\naGVs\n-----END Y-----"), [Err(Damage::Mismatched)]);
        assert_eq!(read("-----BEGIN X-----\n&&&&\n-----END X-----"), [Err(Damage::NotBase64)]);
        assert_eq!(read("-----BEGIN X-----\naGVsb\n-----END X-----"), [Err(Damage::NotBase64)]);
    }

    #[test]
    fn an_encryption_header_is_noticed() {
        let text = b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVs\n-----END X-----";
        let block = blocks(text).next().unwrap().ok().unwrap();
        assert!(block.encrypted);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..60usize) {
            for block in blocks(&bytes).flatten() {
                let _ = block.decode();
            }
            let text = "-----BEGIN X-----\naGVs\nbG8=\n-----END X-----\n";
            let _ = blocks(&text.as_bytes()[..cut.min(text.len())]).count();
        }
    }
}
