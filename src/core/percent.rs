//! Percent-encoding for URLs (RFC 3986).

use std::fmt::Write as _;

/// Escapes all but RFC 3986's unreserved characters, as signatures demand.
pub fn encode(text: &str) -> String {
    escape(text, b"-_.~")
}

/// Escapes dots and all else that could give a segment of a path another meaning. What follows is one segment or one value
/// of a query, whatever the text.
pub fn encode_segment(text: &str) -> String {
    escape(text, b"-")
}

/// The text without escapes. What only looks like one stays.
pub fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped = tail.first_chunk::<2>().filter(|_| *first == b'%').and_then(hex_byte);
        decoded.push(escaped.unwrap_or(*first));
        if escaped.is_some() {
            rest = &tail[2..];
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_byte(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

/// Escapes all but letters, digits and what is `kept`.
fn escape(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            escaped.push(byte.into());
        } else {
            // Writing to a String can't fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_are_kept() {
        assert_eq!(encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encode("a b/c*+:=ü"), "a%20b%2Fc%2A%2B%3A%3D%C3%BC");
    }

    #[test]
    fn parts_of_paths_cannot_leave_their_place() {
        assert_eq!(encode_segment("../a b?c=ü"), "%2E%2E%2Fa%20b%3Fc%3D%C3%BC");
        assert_eq!(encode_segment("kube-system"), "kube-system");
    }
}
