//! Who approved an operation beside its operator, within `operation.json`.

use serde::{Deserialize, Serialize};

use crate::core::revocation::approval::Approval;

/// An approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalV1 {
    /// The name of the key's owner in the file of allowed signers.
    pub principal: String,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub key: String,
    /// The namespace of the signature.
    pub namespace: String,
    /// The hash of the plan that was approved, in hexadecimal digits.
    pub hash: String,
    /// The signature, in its armor. The text that it is of is the line `sha256:<hash>`.
    pub signature: String,
}

impl From<&Approval> for ApprovalV1 {
    fn from(approval: &Approval) -> Self {
        let Approval { principal, key, namespace, hash, signature } = approval.clone();
        Self { principal, key, namespace, hash, signature }
    }
}

impl From<ApprovalV1> for Approval {
    fn from(approval: ApprovalV1) -> Self {
        let ApprovalV1 { principal, key, namespace, hash, signature } = approval;
        Self { principal, key, namespace, hash, signature }
    }
}
