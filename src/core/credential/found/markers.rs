//! What a text must hold to be looked into: one pass over the raw bytes is all that nearly every file of a disk takes.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What credentials have in them, as plain text.
const PLAIN: [&str; 6] = [
    "-----BEGIN CERTIFICATE",
    "PRIVATE KEY-----",
    "client-certificate",
    "current-context",
    "kind: Config",
    "ExecCredential",
];

/// What credentials have in them that a base64 value holds.
const ENCODED: [&str; 5] =
    ["-----BEGIN CERTIFICATE", "PRIVATE KEY-----", "client-certificate", "current-context", "kind: Config"];

/// How a certificate begins in base64; in a base64 value, again.
const CERTIFICATE_IN_BASE64: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t";

static MARKERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let encoded = ENCODED.iter().chain([&CERTIFICATE_IN_BASE64]).flat_map(|text| in_base64(text));
    let all: Vec<String> = PLAIN.iter().map(|text| (*text).to_owned()).chain(encoded).collect();
    AhoCorasick::new(all).unwrap_or_else(|error| unreachable!("a few short markers: {error}"))
});

/// No marker is longer, in bytes. So much of one chunk of a file must be looked at again with the next one.
pub const LONGEST: usize = 64;

/// Whether there is any marker.
pub fn are_in(bytes: &[u8]) -> bool {
    MARKERS.is_match(bytes)
}

/// The characters that a text has in base64 wherever it begins in a group of three bytes, without those that depend on what is around it.
fn in_base64(text: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let padded = [&vec![0; before], text.as_bytes()].concat();
        let whole = padded.len() * 8 / 6;
        let first = (before * 8).div_ceil(6);
        STANDARD.encode(&padded)[first..whole].to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_in_base64_wherever_it_begins() {
        for text in ENCODED {
            for before in 0..7 {
                let encoded = STANDARD.encode(format!("{}{text}: and more", "x".repeat(before)));
                assert!(are_in(encoded.as_bytes()), "{text} after {before}");
            }
        }
        let twice = STANDARD.encode(format!("key: {}", STANDARD.encode("-----BEGIN CERTIFICATE-----\nMII")));
        assert!(are_in(twice.as_bytes()));
        assert!(!are_in(STANDARD.encode("a text without any of them, long enough to be one").as_bytes()));
    }

    #[test]
    fn no_marker_is_longer_than_said() {
        let encoded = ENCODED.iter().chain([&CERTIFICATE_IN_BASE64]).flat_map(|text| in_base64(text));
        let longest = encoded.map(|text| text.len()).chain(PLAIN.map(str::len)).max();
        assert!(longest.is_some_and(|longest| longest <= LONGEST), "{longest:?}");
    }
}
