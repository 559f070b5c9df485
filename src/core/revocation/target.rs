//! Whom a revocation is about: one identity, under all its names and in all its groups.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::Subject;

use crate::core::access::likeness::{leading_uid, ram_name};
use crate::core::distinct::distinct;
use crate::core::ids::{Uid, split_subject_name};
use crate::core::rbac::binding_object::user_name;
use crate::core::system_groups::{ACK_USERS, AUTHENTICATED, MASTERS};

/// Where an identity's groups are known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupsFrom {
    /// The organizations of the certificate.
    Certificate,
    /// What ACK's certificates have.
    Assumed,
}

/// An identity, as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The RAM UID.
    pub uid: Uid,
    /// Every user name of it that is known: the UID, those in bindings, the common name of a certificate, and `also_names`.
    pub names: BTreeSet<String>,
    /// Those of the names that only the operator says are the identity's: `--also-name`.
    pub also_names: BTreeSet<String>,
    /// The names that RAM has for it, in lower case: its user or role name, and the name that it signs in with.
    pub ram_names: BTreeSet<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: GroupsFrom,
    /// Whether it goes by `names` alone: of one whose certificates are rotated, the new name is not meant.
    pub is_exact: bool,
}

impl Target {
    /// An identity of which nothing but the UID is known.
    pub fn new(uid: Uid) -> Self {
        Self {
            names: BTreeSet::from([uid.to_string()]),
            also_names: BTreeSet::new(),
            ram_names: BTreeSet::new(),
            uid,
            groups: vec![ACK_USERS.to_owned(), AUTHENTICATED.to_owned()],
            groups_from: GroupsFrom::Assumed,
            is_exact: false,
        }
    }

    /// Takes name and groups from a certificate. The groups of several add up: what one of them gives is asked about for all names.
    #[must_use]
    pub fn with_certificate(mut self, common_name: &str, organizations: &[String]) -> Self {
        self.names.insert(common_name.to_owned());
        if self.groups_from == GroupsFrom::Assumed {
            self.groups.clear();
        }
        let groups = self.groups.iter().chain(organizations).filter(|group| *group != AUTHENTICATED);
        self.groups = distinct(groups.cloned());
        self.groups.push(AUTHENTICATED.to_owned());
        self.groups_from = GroupsFrom::Certificate;
        self
    }

    /// The same identity under these names alone, in these groups: those of its certificates.
    #[must_use]
    pub fn only_as<'a>(self, names: impl IntoIterator<Item = &'a str>, groups: Vec<String>) -> Self {
        let names = names.into_iter().map(str::to_owned).collect();
        Self { names, groups, groups_from: GroupsFrom::Certificate, is_exact: true, ..self }
    }

    /// Adds those of the names that are this identity's.
    pub fn learn<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let own = names.into_iter().filter(|name| is_name_of(&self.uid, name));
        self.names.extend(own.map(str::to_owned));
    }

    /// Adds names that RAM has for the identity.
    pub fn learn_ram_names<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        self.ram_names.extend(names.into_iter().filter(|name| !name.is_empty()).map(str::to_ascii_lowercase));
    }

    /// Adds names that the operator says are this identity's.
    pub fn assert_names<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.names.insert(name.to_owned());
            self.also_names.insert(name.to_owned());
        }
    }

    /// Whether a user name is the identity's: in ACK's manner, with any suffix, or asserted by the operator.
    pub fn bears(&self, name: &str) -> bool {
        if self.is_exact {
            return self.names.contains(name);
        }
        is_name_of(&self.uid, name) || self.also_names.contains(name)
    }

    /// Whether a user name looks like the identity's and is not known to be: it begins with the UID and goes on with no digit, or
    /// it is the name or the ARN that RAM has for it. A name in ACK's manner is that identity's whose UID it has, and no other's.
    pub fn resembles(&self, name: &str) -> bool {
        if self.bears(name) || split_subject_name(name).is_some() {
            return false;
        }
        leading_uid(name) == Some(self.uid.as_str()) || self.ram_names.contains(&ram_name(name))
    }

    /// Whether the operator may say that a user name is the identity's: it resembles it, or no name in RAM is known that it could
    /// be held against, and it is no other UID's.
    pub fn may_bear(&self, name: &str) -> bool {
        let is_of_no_uid = split_subject_name(name).is_none() && leading_uid(name).is_none();
        self.resembles(name) || (self.ram_names.is_empty() && is_of_no_uid && !self.bears(name))
    }

    /// Whether a certificate's holder may do everything, whatever is taken away.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

fn is_name_of(uid: &Uid, name: &str) -> bool {
    split_subject_name(name).is_some_and(|(own, _)| own == uid.as_str())
}

/// The user names of some identities: all that are in ACK's manner, and those that the operator says are theirs.
///
/// What a plan takes out of a binding, what is looked for afterwards and what a restore gives back are decided by this one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetNames(Vec<(Uid, BTreeSet<String>)>);

impl TargetNames {
    /// The names of identities: each UID with the names that the operator says are its own.
    pub fn new(identities: impl IntoIterator<Item = (Uid, BTreeSet<String>)>) -> Self {
        Self(identities.into_iter().collect())
    }

    /// The names of targets.
    pub fn of<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Self {
        Self::new(targets.into_iter().map(|target| (target.uid.clone(), target.also_names.clone())))
    }

    /// The identities that a user name belongs to.
    pub fn identities<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Uid> {
        self.0.iter().filter(move |(uid, also)| is_name_of(uid, name) || also.contains(name)).map(|(uid, _)| uid)
    }

    /// Whether a user name is one of theirs.
    pub fn contain(&self, name: &str) -> bool {
        self.identities(name).next().is_some()
    }

    /// Whether a subject is one of these identities.
    pub fn have(&self, subject: &Subject) -> bool {
        user_name(subject).is_some_and(|name| self.contain(name))
    }
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
    fn names_that_look_like_the_identitys_resemble_it() {
        let mut target = target();
        target.learn_ram_names(["Carl", "carl@1000.onaliyun.com", ""]);
        for name in [
            "200.17",
            "200@corp.example",
            "200-17-2",
            "200-",
            "200 ",
            "200a",
            "200-a_b",
            "200-é",
            "200:17",
            "carl",
            "CARL",
            "carl@1000.onaliyun.com",
            "acs:ram::1000:user/carl",
            "ACS:RAM::1000:USER/Carl",
            "acs:ram::1000:role/carl",
            "acs:ram::1000:assumed-role/carl/session-7",
            "acs:sts::1000:assumed-role/carl/a/b",
        ] {
            assert!(target.resembles(name) && !target.bears(name), "{name:?}");
        }
        for other in [
            "",
            "2001",
            "2001-17",
            "2001.17",
            "20",
            "20.17",
            "20-0",
            "1200.17",
            "200",
            "200-17",
            "200-a1b2c3",
            "carla",
            "x-carl",
            "carl-1",
            "acs:ram::1000:user/carla",
            "acs:ram::1000:policy/carl",
            "acs:oss::1000:user/carl",
            "carl@corp.example",
            "system:carl",
        ] {
            assert!(!target.resembles(other), "{other:?}");
        }
    }

    #[test]
    fn a_name_that_is_another_identitys_in_acks_manner_resembles_no_other() {
        let mut target = target();
        target.learn_ram_names(["300", "300-1"]);
        assert!(!target.resembles("300") && !target.resembles("300-1"));
    }

    #[test]
    fn where_no_name_in_ram_is_known_the_operator_may_give_any_that_is_of_no_uid() {
        let mut target = target();
        let given = ["carl", "acs:ram::1000:user/carl", "200.17", "system:carl"];
        assert!(given.iter().all(|name| target.may_bear(name)) && !target.resembles("carl"));
        assert!(!["300.1", "300-1", "300", "200", "200-1"].iter().any(|name| target.may_bear(name)));
        target.learn_ram_names(["bo"]);
        assert!(target.may_bear("200.17") && target.may_bear("bo") && !target.may_bear("carl"));
    }

    #[test]
    fn a_name_that_the_operator_gives_is_the_identitys() {
        let mut target = target();
        target.assert_names(["200.17"]);
        assert!(target.bears("200.17") && !target.resembles("200.17") && target.resembles("200.18"));
        assert!(target.names.contains("200.17"));
    }

    #[test]
    fn a_subject_is_one_of_the_identities_by_its_user_name_alone() {
        let mut carl = target();
        carl.assert_names(["carl"]);
        let names = TargetNames::of([&carl, &Target::new(Uid::parse("300").unwrap())]);
        let subject = |kind: &str, name: &str| Subject { kind: kind.into(), name: name.into(), ..Subject::default() };
        let found: Vec<&str> = ["200", "200-a1", "carl", "300-1", "200.17", "2001", "3001-1", "Carl", "400"]
            .into_iter()
            .filter(|name| names.have(&subject("User", name)))
            .collect();
        assert_eq!(found, ["200", "200-a1", "carl", "300-1"]);
        for kind in ["Group", "ServiceAccount", "user"] {
            assert!(!names.have(&subject(kind, "carl")) && !names.have(&subject(kind, "200")), "{kind}");
        }
        assert_eq!(names.identities("carl").map(Uid::as_str).collect::<Vec<_>>(), ["200"]);
    }

    #[test]
    fn groups_are_acks_unless_a_certificate_tells() {
        assert_eq!(target().groups, ["system:users", "system:authenticated"]);
        let known = target().with_certificate("200-17", &["ops".to_owned(), MASTERS.to_owned()]);
        assert_eq!(known.groups, ["ops", "system:masters", "system:authenticated"]);
        let of_both = known.clone().with_certificate("200-18", &["dev".to_owned(), "ops".to_owned()]);
        assert_eq!(of_both.groups, ["ops", "system:masters", "dev", "system:authenticated"]);
        assert!(of_both.names.contains("200-17") && of_both.names.contains("200-18"));
        assert!(known.is_master() && known.groups_from == GroupsFrom::Certificate && !target().is_master());
    }

    #[test]
    fn one_that_goes_by_its_certificates_has_their_names_and_groups_and_no_others() {
        let only = target().only_as(["200-1"], vec!["system:users".to_owned()]);
        assert!(only.bears("200-1") && !only.bears("200-2") && !only.bears("200"));
        assert_eq!(
            (only.groups.as_slice(), only.groups_from),
            (["system:users".to_owned()].as_slice(), GroupsFrom::Certificate)
        );
        let more = only.with_certificate("200-1", &["dev".to_owned()]);
        assert_eq!(more.groups, ["system:users", "dev", AUTHENTICATED], "groups of certificates add up");
    }
}
