//! PEM blocks wherever they stand in a text: indented, quoted, in one line with `\n` written out, however often that was escaped.

use std::ops::Range;

use memchr::memmem;

use super::escapes::line_breaks;
use crate::core::secret::Secret;

/// A certificate or a private key in a text.
pub(super) struct PemBlock {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) kind: PemKind,
    /// The block as PEM has it.
    pub(super) pem: Secret<Vec<u8>>,
    /// Whether only blanks, quotes and line breaks part it from the block before.
    pub(super) follows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PemKind {
    Certificate,
    PrivateKey,
}

/// The blocks of a text, in order.
pub(super) fn blocks(text: &str) -> Vec<PemBlock> {
    const BEGIN: &str = "-----BEGIN ";
    let mut blocks: Vec<PemBlock> = Vec::new();
    for begin in memmem::find_iter(text.as_bytes(), BEGIN) {
        if blocks.last().is_some_and(|last| begin < last.range.end) {
            continue;
        }
        let Some((label, body, end)) = block_at(&text[begin..]) else { continue };
        let kind = match label {
            "CERTIFICATE" => PemKind::Certificate,
            label if label.ends_with("PRIVATE KEY") => PemKind::PrivateKey,
            _ => continue,
        };
        let Some(base64) = base64_of(body) else { continue };
        let pem = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes();
        let follows =
            blocks.last().is_some_and(|last| base64_of(&text[last.range.end..begin]).is_some_and(|gap| gap.is_empty()));
        blocks.push(PemBlock { range: begin..begin + end, kind, pem: Secret::new(pem), follows });
    }
    blocks
}

/// The label and the body of a block that begins a text, and where it ends. No dashes stand in between.
fn block_at(text: &str) -> Option<(&str, &str, usize)> {
    const DASHES: &str = "-----";
    let label_start = "-----BEGIN ".len();
    let label_end = label_start + text.get(label_start..)?.find(DASHES)?;
    let label = text.get(label_start..label_end).filter(|label| label.len() < 40)?;
    let body_start = label_end + DASHES.len();
    let rest = text.get(body_start..)?;
    let length = memmem::find(rest.as_bytes(), DASHES.as_bytes())?;
    let last_line = format!("-----END {label}-----");
    rest[length..].starts_with(&last_line).then(|| (label, &rest[..length], body_start + length + last_line.len()))
}

/// The base64 of a body without line breaks, quotes and what escapes them; `None` where anything else is in it.
fn base64_of(body: &str) -> Option<String> {
    let bytes = body.as_bytes();
    let mut base64 = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(next) = line_breaks(bytes, at) {
            at = next;
            continue;
        }
        match bytes[at] {
            byte @ (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=') => base64.push(char::from(byte)),
            b' ' | b'\t' | b'"' | b'\'' | b',' | b'\\' | b'|' | b'>' => {}
            _ => return None,
        }
        at += 1;
    }
    Some(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(PemKind, String, bool)> {
        let read = blocks(text);
        read.iter()
            .map(|block| (block.kind, String::from_utf8_lossy(block.pem.expose()).into_owned(), block.follows))
            .collect()
    }

    #[test]
    fn a_block_is_read_however_it_is_written() {
        let pem = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        let expected = [(PemKind::Certificate, pem.to_owned(), false)];
        for text in [
            pem.to_owned(),
            pem.replace('\n', "\r\n"),
            format!("cert: |\n    {}", pem.replace('\n', "\n    ")),
            format!("{{\"cert\": \"{}\"}}", pem.replace('\n', "\\n")),
            format!("{{\\\"cert\\\": \\\"{}\\\"}}", pem.replace('\n', "\\\\r\\\\n")),
            pem.replace('\n', " "),
            pem.lines().map(|line| format!("\"{line}\\n\"\n")).collect(),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_block_is_passed_over_and_neighbours_are_known() {
        let pem = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert_eq!(read("-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----"), []);
        assert_eq!(read("-----BEGIN CERTIFICATE-----\naGVsbG8="), []);
        assert_eq!(read("-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----"), []);
        let follows = |text: &str| read(text).into_iter().map(|(_, _, follows)| follows).collect::<Vec<_>>();
        assert_eq!(follows(&format!("{pem}\n{pem}")), [false, true]);
        assert_eq!(follows(&format!("{pem}other: {pem}")), [false, false]);
    }
}
