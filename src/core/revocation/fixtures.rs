//! A credential that leaked, for tests.

use super::leaked::LeakedFacts;

/// A certificate of this subject, alone in its file.
pub(super) fn leaked_certificate(common_name: &str, organizations: &[&str]) -> LeakedFacts {
    LeakedFacts {
        file: Some("leaked.yaml".to_owned()),
        common_name: common_name.into(),
        organizations: organizations.iter().map(|name| (*name).to_owned()).collect(),
        serial: "1".into(),
        certificate_sha256: "ab".into(),
        key_sha256: "cd".into(),
        not_after: None,
        signed_by_ca: Some(true),
        other_credentials: Vec::new(),
    }
}
