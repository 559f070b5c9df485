//! Who approved a plan.

use serde::{Deserialize, Serialize};

use crate::core::revocation::approval::Approval;

/// Who approved a plan beside its operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    /// The name of the key's owner in the file of allowed signers.
    pub principal: String,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub key: String,
    /// The namespace of the signature.
    pub namespace: String,
    /// The hash of the plan that was approved, in hexadecimal digits.
    pub hash: String,
}

impl ApprovalView {
    /// The view of an approval.
    pub fn of(approval: &Approval) -> Self {
        let Approval { principal, key, namespace, hash, signature: _ } = approval.clone();
        Self { principal, key, namespace, hash }
    }

    /// Who approved, in one line.
    pub fn line(&self) -> String {
        format!("Approved by   {} with key {}", self.principal, self.key)
    }
}
