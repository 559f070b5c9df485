//! What a revocation is made of, for tests.

use super::input::Confirmation;
use super::leaked::LeakedFacts;
use super::operation::ClusterRecord;
use super::plan::Flags;

/// Every flag, each with a name of its own.
pub(super) fn all_flags() -> Flags {
    let names = |name: &str| vec![name.to_owned()];
    Flags {
        force: true,
        rbac_only: true,
        all_deleted: true,
        accept_inferred: true,
        leave_no_admin: true,
        end_static_tokens: true,
        accept_group_grants: names("a"),
        also_names: names("b"),
        accept_names: names("c"),
    }
}

/// A cluster of which nothing is on record.
pub(super) fn cluster_record() -> ClusterRecord {
    ClusterRecord {
        id: None,
        key: String::new(),
        name: None,
        context: None,
        server: String::new(),
        ca_keys: Vec::new(),
        region: None,
        confirmation: Confirmation::Nothing,
        roles: Vec::new(),
        probes: Vec::new(),
        answers: None,
    }
}

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
