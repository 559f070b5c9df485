//! Whose requests are looked for, and by which subject a binding names them.

use std::fmt;

use crate::core::audit::event::User;
use crate::core::ids::Uid;
use crate::core::rbac::UserInfo;
use crate::core::rbac::binding::RBAC_GROUP;
use crate::core::rbac::user_info::{NamedSubject, service_account_name, service_account_of};
use serde_json::{Value, json};

/// Whose requests are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A RAM identity's, under all its names.
    Identity(Uid),
    /// Those of a subject; of a group, its members'.
    Subject(NamedSubject),
}

impl Whose {
    /// A subject's. A service account spelled as a user is one.
    pub fn of(subject: NamedSubject) -> Self {
        match &subject {
            NamedSubject::User(name) => match service_account_of(name) {
                Some((namespace, name)) => Self::Subject(NamedSubject::ServiceAccount {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                }),
                None => Self::Subject(subject),
            },
            _ => Self::Subject(subject),
        }
    }

    /// Whether a user of an event is who is looked for.
    pub fn is(&self, user: &User<'_>) -> bool {
        let name = &*user.username;
        match self {
            Self::Identity(uid) => user.is_identity(uid),
            Self::Subject(NamedSubject::User(wanted)) => name == wanted,
            Self::Subject(NamedSubject::Group(wanted)) => user.groups.iter().any(|group| &**group == wanted),
            Self::Subject(NamedSubject::ServiceAccount { namespace, name: wanted }) => {
                service_account_of(name) == Some((namespace, wanted))
            }
        }
    }

    /// The RAM identity that is meant.
    pub fn uid(&self) -> Option<Uid> {
        match self {
            Self::Identity(uid) => Some(uid.clone()),
            Self::Subject(NamedSubject::User(name)) => Uid::of_user_name(name),
            Self::Subject(_) => None,
        }
    }

    /// What every event of such a request holds.
    pub fn name_in_logs(&self) -> String {
        match self {
            Self::Identity(uid) => uid.to_string(),
            Self::Subject(NamedSubject::User(name) | NamedSubject::Group(name)) => name.clone(),
            Self::Subject(NamedSubject::ServiceAccount { namespace, name }) => service_account_name(namespace, name),
        }
    }

    /// A word for it that the name of an object may hold.
    pub fn slug(&self) -> String {
        let text = match self {
            Self::Identity(uid) => uid.to_string(),
            Self::Subject(NamedSubject::User(name) | NamedSubject::Group(name)) => name.clone(),
            Self::Subject(NamedSubject::ServiceAccount { namespace, name }) => format!("{namespace}-{name}"),
        };
        let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':');
        text.chars().map(|character| if fits(character) { character } else { '-' }).collect()
    }
}

impl fmt::Display for Whose {
    /// The UID, or the subject as `--subject` takes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(uid) => write!(formatter, "{uid}"),
            Self::Subject(subject) => formatter.write_str(&subject_text(subject)),
        }
    }
}

/// `User/ann`, `ServiceAccount/ci/robot`.
pub fn subject_text(subject: &NamedSubject) -> String {
    match subject {
        NamedSubject::User(name) => format!("User/{name}"),
        NamedSubject::Group(name) => format!("Group/{name}"),
        NamedSubject::ServiceAccount { namespace, name } => format!("ServiceAccount/{namespace}/{name}"),
    }
}

/// The subject as a binding holds it.
pub fn subject_object(subject: &NamedSubject) -> Value {
    match subject {
        NamedSubject::User(name) => json!({"kind": "User", "apiGroup": RBAC_GROUP, "name": name}),
        NamedSubject::Group(name) => json!({"kind": "Group", "apiGroup": RBAC_GROUP, "name": name}),
        NamedSubject::ServiceAccount { namespace, name } => {
            json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
        }
    }
}

/// One who has nothing but what bindings give to the subject.
pub fn bearer(subject: &NamedSubject) -> UserInfo {
    match subject {
        NamedSubject::User(name) => UserInfo { name: name.clone(), groups: Vec::new() },
        NamedSubject::Group(name) => UserInfo { name: String::new(), groups: vec![name.clone()] },
        NamedSubject::ServiceAccount { namespace, name } => {
            UserInfo { groups: Vec::new(), ..UserInfo::service_account(namespace, name) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Sent, event};
    use super::*;

    #[test]
    fn requests_are_reported_by_the_whole_name_or_by_what_the_authenticator_says() {
        let uid = || Whose::Identity(Uid::parse("20000000000000003").unwrap());
        let subject = |text: &str| Whose::of(NamedSubject::parse(text).unwrap());
        for (whose, name, uid, groups, expected) in [
            (uid(), "20000000000000003", "", &[][..], true),
            (uid(), "20000000000000003-1700000000", "", &[], true),
            (uid(), "200000000000000031", "", &[], false),
            (uid(), "20000000000000003.x", "", &[], false),
            (uid(), "ann", "ack-ram-authenticator:1000000000000001:20000000000000003", &[], true),
            (uid(), "ann", "ack-ram-authenticator:20000000000000003:200", &[], false),
            (subject("User/ann"), "ann", "", &[], true),
            (subject("User/ann"), "anna", "", &["ann"], false),
            (subject("Group/dev"), "bo", "", &["dev"], true),
            (subject("Group/dev"), "dev", "", &[], false),
            (subject("ServiceAccount/ci/robot"), "system:serviceaccount:ci:robot", "", &[], true),
            (subject("ServiceAccount/ci/robot"), "system:serviceaccount:ci:robots", "", &[], false),
            (subject("User/system:serviceaccount:ci:robot"), "system:serviceaccount:ci:robot", "", &[], true),
        ] {
            let sent = Sent { user: name, uid, groups, ..Sent::default() };
            assert_eq!(event(&sent, |event| whose.is(&event.user)), expected, "{whose} {name}");
        }
    }

    #[test]
    fn a_name_for_objects_holds_nothing_that_a_path_could_not() {
        assert_eq!(Whose::of(NamedSubject::User("a/b c@d".into())).slug(), "a-b-c-d");
        assert_eq!(Whose::of(NamedSubject::parse("ServiceAccount/ci/robot").unwrap()).slug(), "ci-robot");
    }
}
