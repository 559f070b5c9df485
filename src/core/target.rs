//! Whom a revocation is about: one identity, under all its names and in all its groups.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::Subject;
use serde::{Deserialize, Serialize};

use super::binding_object::ram_uid;
use super::credential::MASTERS;
use super::ids::{Uid, split_subject_name};

/// The group that the API server puts everybody into who has signed in. An access review doesn't add it by itself.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles>
pub const AUTHENTICATED: &str = "system:authenticated";

/// The organization that ACK writes into certificates.
pub const ACK_USERS: &str = "system:users";

/// Where an identity's groups are known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum GroupsFrom {
    /// The organizations of the certificate.
    Certificate,
    /// What ACK's certificates have.
    Assumed,
}

/// An identity, as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Target {
    /// The RAM UID.
    pub uid: Uid,
    /// Every user name of it that is known: the UID, those in bindings, the common name of a certificate.
    pub names: BTreeSet<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: GroupsFrom,
}

impl Target {
    /// An identity of which nothing but the UID is known.
    pub fn new(uid: Uid) -> Self {
        Self {
            names: BTreeSet::from([uid.to_string()]),
            uid,
            groups: vec![ACK_USERS.to_owned(), AUTHENTICATED.to_owned()],
            groups_from: GroupsFrom::Assumed,
        }
    }

    /// Takes name and groups from a certificate.
    #[must_use]
    pub fn with_certificate(mut self, common_name: &str, organizations: &[String]) -> Self {
        self.names.insert(common_name.to_owned());
        self.groups = organizations.to_vec();
        self.groups.push(AUTHENTICATED.to_owned());
        self.groups_from = GroupsFrom::Certificate;
        self
    }

    /// Adds those of the names that are this identity's.
    pub fn learn<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let own =
            names.into_iter().filter(|name| split_subject_name(name).is_some_and(|(uid, _)| uid == self.uid.as_str()));
        self.names.extend(own.map(str::to_owned));
    }

    /// Whether a certificate's holder may do everything, whatever is taken away.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

/// Whether a subject is one of these identities, under whatever suffix.
pub fn is_one_of(subject: &Subject, uids: &[Uid]) -> bool {
    ram_uid(subject).is_some_and(|uid| uids.contains(&uid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::new(Uid::parse("200").unwrap())
    }

    #[test]
    fn only_names_of_the_identity_are_learned() {
        let mut target = target();
        target.learn(["200-17", "2001-17", "200-x", "alice", "200", "200.17"]);
        assert_eq!(target.names.iter().map(String::as_str).collect::<Vec<_>>(), ["200", "200-17", "200-x"]);
    }

    #[test]
    fn groups_are_acks_unless_a_certificate_tells() {
        assert_eq!(target().groups, ["system:users", "system:authenticated"]);
        let told = target().with_certificate("200-17", &["ops".to_owned(), MASTERS.to_owned()]);
        assert_eq!(told.groups, ["ops", "system:masters", "system:authenticated"]);
        assert!(told.is_master() && told.groups_from == GroupsFrom::Certificate && !target().is_master());
    }
}
