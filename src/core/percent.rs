//! Percent-encoding for URLs (RFC 3986).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Dots as well: two of them lead out of a path.
const NO_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// Escapes all but RFC 3986's unreserved characters, as signatures demand.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Escapes dots and all else that could give a segment of a path another meaning. What follows is one segment or one value
/// of a query, whatever the text.
pub fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, NO_SEGMENT).to_string()
}

/// The text without escapes. What only looks like one stays.
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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
