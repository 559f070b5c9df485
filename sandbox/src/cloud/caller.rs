//! The caller of an operation.

use serde_json::{Value, json};

use super::keys::{AccessKey, Permissions, Principal};
use super::reply::{CloudError, Product};

/// The identity behind the key that signed a call.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) principal: Principal,
    permissions: Permissions,
}

impl Caller {
    pub(crate) fn of(key: &AccessKey) -> Self {
        let AccessKey { account, principal, permissions, .. } = key.clone();
        Self { account, principal, permissions }
    }

    pub(crate) fn uid(&self) -> &str {
        self.principal.uid(&self.account)
    }

    /// Demands a permission; the error is the product's own and names the action.
    pub(crate) fn demand(&self, action: &str, product: Product) -> Result<(), CloudError> {
        if self.permissions.permit(action) {
            return Ok(());
        }
        let policy = if matches!(self.principal, Principal::Role { .. }) { "STSToken policy" } else { "RAM policy" };
        let mut error = match product {
            Product::Cs => {
                CloudError::product(403, "StatusForbidden", format!("{policy} Forbidden for action {action}"))
            }
            _ => {
                let message = "You are not authorized to do this action. You should be authorized by RAM.";
                CloudError::product(403, "NoPermission", message)
            }
        };
        error.denied = Some(self.denied(action));
        Err(error)
    }

    fn denied(&self, action: &str) -> Value {
        let (kind, name) = match &self.principal {
            Principal::Root => ("RootUser", self.account.clone()),
            Principal::User(uid) => ("SubUser", uid.clone()),
            Principal::Role { id, session } => ("AssumedRoleUser", format!("{id}:{session}")),
        };
        json!({
            "AuthAction": action,
            "AuthPrincipalDisplayName": name,
            "AuthPrincipalOwnerId": self.account,
            "AuthPrincipalType": kind,
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "AccountLevelIdentityBasedPolicy",
        })
    }
}
