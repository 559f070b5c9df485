//! Static tokens that a revocation ends: those in Secrets that the identity could read.
//!
//! A Secret is known by its row in a table alone. Its version is the precondition of a change: it is of one object and of one state of
//! it. The object's own ID can't be read without the object's metadata, which may repeat its data.

use std::fmt;

use super::input::{InputTarget, RevocationInput};
use crate::core::credential::static_token::AboutTime;
use crate::core::ids::Uid;
use crate::core::rbac::{Attributes, UserInfo, allows};

/// API servers from this minor version on refuse a token whose Secret has the label.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-cleaner>
pub const KNOWS_THE_LABEL: u32 = 29;

/// A Secret by its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for SecretRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret/{}/{}", self.namespace, self.name)
    }
}

/// What was read for `--end-static-tokens` in one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputTokens {
    /// The tokens that one of the identities could read, and that are taken.
    pub tokens: Vec<InputToken>,
    /// What could not be read.
    pub unread: Vec<String>,
}

/// A static token of a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputToken {
    /// Its Secret.
    pub secret: SecretRef,
    /// The Secret's version.
    pub resource_version: String,
    /// When the Secret was made.
    pub created: Option<AboutTime>,
    /// The identities that could read it.
    pub readers: Vec<Uid>,
    /// What the API server says to the change by a dry run; `None` where it was not asked.
    pub dry_run: Option<Result<(), String>>,
}

impl InputToken {
    /// Whether a Secret of this age must be another object of the same name.
    pub fn was_replaced_by(&self, created: Option<AboutTime>) -> bool {
        self.created.zip(created).is_some_and(|(then, now)| now.earliest > then.latest)
    }
}

/// A change of a Secret's label, which is the only change of a Secret that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelChange {
    /// The Secret.
    pub secret: SecretRef,
    /// The version that it must have.
    pub resource_version: String,
    /// The label's value.
    pub value: String,
    /// Whether the label with this value is set, or taken away.
    pub sets: bool,
}

/// The identities that could read a Secret: by get, list or watch, each of which carries its data.
pub fn readers(input: &RevocationInput, secret: &SecretRef) -> Vec<Uid> {
    let may_read = |target: &&InputTarget| {
        let target = &target.target;
        target.names.iter().any(|name| {
            let info = UserInfo { name: name.clone(), groups: target.groups.clone() };
            info.is_master()
                || ["get", "list", "watch"].iter().any(|verb| {
                    let asked = Attributes::on(verb, "", "secrets", &secret.name, &secret.namespace);
                    allows(input.scan.grants.inventory(), &input.roles, &info, &asked).is_some()
                })
        })
    };
    input.targets.iter().filter(may_read).map(|target| target.target.uid.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    #[test]
    fn only_a_younger_secret_is_another_one() {
        let now = at("2026-11-29T12:00:00Z");
        let token = InputToken {
            secret: SecretRef { namespace: "shop".to_owned(), name: "robot".to_owned() },
            resource_version: "7".to_owned(),
            created: AboutTime::from_age("3h5m", now),
            readers: Vec::new(),
            dry_run: None,
        };
        for (age, replaced) in [
            ("3h5m", false),
            ("3h6m", false),
            ("185m", false),
            ("184m", false),
            ("3h", false),
            ("4m", true),
            ("0s", true),
        ] {
            assert_eq!(token.was_replaced_by(AboutTime::from_age(age, now)), replaced, "{age}");
        }
        assert!(!token.was_replaced_by(None), "what isn't known is no sign");
        assert!(!InputToken { created: None, ..token }.was_replaced_by(AboutTime::from_age("0s", now)));
    }
}
