//! Random UIDs and name suffixes.

use ring::rand::SystemRandom;

/// A random version 4 UUID.
pub(crate) fn uid() -> String {
    let mut bytes = random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Five characters for the end of a generated name.
pub(crate) fn name_suffix() -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    random_bytes()[..5].iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

fn random_bytes() -> [u8; 16] {
    // A system without randomness could not have made the server's certificate either.
    ring::rand::generate(&SystemRandom::new()).map(ring::rand::Random::expose).unwrap_or_default()
}
