//! Random IDs and tokens.

use ring::rand::{SecureRandom, SystemRandom};

fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    // Without randomness the names repeat, which the nonce and key checks then report loudly.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

/// Letters and digits.
pub(crate) fn letters(count: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345678";
    bytes(count).into_iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A request ID as the cloud writes it: a UUID in upper case.
pub(crate) fn request_id() -> String {
    let hex: String = bytes(16).into_iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
