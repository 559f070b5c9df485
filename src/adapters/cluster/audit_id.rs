//! The names under which an API server's audit log keeps requests.

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::core::hex;

/// A new random one, in the form of a UUID. The server takes what a client gives.
/// Source: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event>
pub fn new_audit_id() -> String {
    let mut bytes = [0; 16];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::debug!("the system gives no random bytes");
    }
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(&bytes);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_random_uuid_and_new_each_time() {
        let (one, other) = (new_audit_id(), new_audit_id());
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[14..15], one.matches('-').count()), (36, "4", 4));
    }
}
