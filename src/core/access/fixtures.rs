//! A row of ACK's list, for tests.

use crate::core::identity::ack::{AccountState, AccountType, CertificateState, KubeconfigState};
use crate::core::ids::Uid;

/// A RAM user's kubeconfig, of which ACK says nothing but what became of its certificate.
pub(super) fn kubeconfig(uid: &str, certificate: CertificateState) -> KubeconfigState {
    KubeconfigState {
        uid: Uid::parse(uid).unwrap(),
        account_type: AccountType::RamUser,
        account_state: AccountState::Unstated,
        account_name: String::new(),
        display_name: String::new(),
        certificate,
        expires: None,
        revocable: None,
        cloud_service: None,
    }
}
