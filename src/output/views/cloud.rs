use serde::Serialize;

use crate::core::identity::IdentityType;
use crate::core::identity::ack::CertificateState;

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
    pub kind: IdentityType,
    /// UID of the user or role.
    pub uid: Option<String>,
    /// Name of the user or role.
    pub name: Option<String>,
    /// The account.
    pub account_id: String,
    /// The ARN.
    pub arn: String,
}

/// State of an identity's kubeconfig, in the documents' words.
/// Source: <https://www.alibabacloud.com/help/en/ack/user-guide/clear-kubeconfig>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum KubeconfigWord {
    /// Never issued.
    NotIssued,
    /// Issued and valid, or deleted while its bindings remain: the cloud's word is the same for both.
    Effective,
    /// Past its end.
    Expired,
    /// Deleted, with its bindings.
    Deleted,
    /// The cloud doesn't say.
    Unknown,
}

impl KubeconfigWord {
    /// The word for what the API says.
    pub fn of(state: CertificateState) -> Self {
        match state {
            CertificateState::Unissued => Self::NotIssued,
            CertificateState::Unexpired => Self::Effective,
            CertificateState::Expired => Self::Expired,
            CertificateState::Removed => Self::Deleted,
            CertificateState::Unknown => Self::Unknown,
        }
    }

    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotIssued => "Not Issued",
            Self::Effective => "Effective",
            Self::Expired => "Expired",
            Self::Deleted => "Deleted",
            Self::Unknown => "Unknown",
        }
    }
}

impl CallerView {
    /// The caller as people know it.
    pub(super) fn describe(&self) -> String {
        let uid = self.uid.as_deref().unwrap_or(&self.account_id);
        match &self.name {
            Some(name) => format!("{name}   {} {uid}", self.kind.as_str()),
            None => format!("{} {uid}", self.kind.as_str()),
        }
    }
}
