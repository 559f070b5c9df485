use serde::Serialize;

use super::words::{IdentityTypeWord, Word as _};
use crate::core::identity::Caller;

/// Whom the cloud was asked as, and what of it failed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CloudView {
    /// Who calls, by STS; null where that is unknown.
    pub caller: Option<CallerView>,
    /// Where the credentials are from; null where none could be used.
    pub source: Option<String>,
    /// What was asked and failed.
    pub error: Option<String>,
}

/// The caller of the cloud's APIs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallerView {
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// UID of the user or role.
    pub uid: Option<String>,
    /// Name of the user or role.
    pub name: Option<String>,
    /// The account.
    pub account_id: String,
    /// The ARN.
    pub arn: String,
}

impl CallerView {
    /// Who calls, as STS says.
    pub fn of(caller: &Caller) -> Self {
        Self {
            kind: IdentityTypeWord::from(caller.kind),
            uid: caller.uid.as_ref().map(ToString::to_string),
            name: caller.name().map(str::to_owned),
            account_id: caller.account_id.to_string(),
            arn: caller.arn.clone(),
        }
    }

    /// The caller as people know it.
    pub(super) fn describe(&self) -> String {
        let uid = self.uid.as_deref().unwrap_or(&self.account_id);
        match &self.name {
            Some(name) => format!("{name}   {} {uid}", self.kind.as_str()),
            None => format!("{} {uid}", self.kind.as_str()),
        }
    }
}
