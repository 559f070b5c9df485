//! The state that all requests to one server share.

use std::collections::BTreeMap;

use super::admission::Admission;
use super::audit::AuditLog;
use super::faults::Faults;
use super::store::Store;
use super::user::User;

/// Objects, tokens, faults and admission of one server.
pub(crate) struct ServerState {
    pub(crate) store: Store,
    pub(crate) tokens: BTreeMap<String, User>,
    pub(crate) ram_authenticator: bool,
    pub(crate) faults: Faults,
    pub(crate) admission: Admission,
    pub(crate) audit: AuditLog,
}
