//! Whose rights: user names with their groups, as one request has them. An identity has several, and what needs two rights needs both
//! in one of them: two certificates can't be used in one request.

use std::collections::BTreeSet;

use super::grants::Grants;
use crate::core::ids::{Uid, split_subject_name};
use crate::core::system_groups::{ACK_USERS, AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED};

/// How the API server names service accounts.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/>
pub(super) const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The user of a request without a credential that the API server accepts.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests>
pub const ANONYMOUS: &str = "system:anonymous";

/// Who asks. RBAC knows a user by nothing but these.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserInfo {
    /// The user name; a service account's is `system:serviceaccount:<namespace>:<name>`.
    pub name: String,
    /// The groups, all of them: `system:authenticated` counts only where it is named.
    pub groups: Vec<String>,
}

impl UserInfo {
    /// A user who is in these groups and is authenticated.
    pub fn authenticated<'g>(name: &str, groups: impl IntoIterator<Item = &'g str>) -> Self {
        let mut all: Vec<String> = groups.into_iter().map(str::to_owned).collect();
        if !all.iter().any(|group| group == AUTHENTICATED) {
            all.push(AUTHENTICATED.to_owned());
        }
        Self { name: name.to_owned(), groups: all }
    }

    /// A service account with the groups that the API server gives it.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let of_namespace = format!("{SERVICE_ACCOUNTS}:{namespace}");
        Self::authenticated(&service_account_name(namespace, name), [SERVICE_ACCOUNTS, &of_namespace])
    }

    /// A user of whom only the group is known.
    pub fn member_of(group: &str) -> Self {
        match group {
            UNAUTHENTICATED => Self { name: String::new(), groups: vec![group.to_owned()] },
            group => Self::authenticated("", [group]),
        }
    }

    /// Whether it may do everything, whatever RBAC says.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// Namespace and name, where this is a service account.
    pub fn as_service_account(&self) -> Option<(&str, &str)> {
        service_account_of(&self.name)
    }
}

/// The user name of a service account.
pub fn service_account_name(namespace: &str, name: &str) -> String {
    format!("{SERVICE_ACCOUNT}{namespace}:{name}")
}

/// Namespace and name of a service account, by its user name.
pub fn service_account_of(user_name: &str) -> Option<(&str, &str)> {
    user_name.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')
}

/// Where the groups of a user info are known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupsSource {
    /// The organizations of the certificate.
    Certificate,
    /// What ACK's certificates have, and what the operator added.
    Assumed,
    /// A mapping of ack-ram-authenticator.
    Mapping,
    /// What the API server gives every service account.
    ServiceAccount,
}

/// One user info of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The RAM identity; `None` where it is none.
    pub uid: Option<Uid>,
    /// The user name and the groups.
    pub info: UserInfo,
    /// Where the groups are known from.
    pub groups_from: GroupsSource,
    /// The mapping that leads to it, by name.
    pub mapping: Option<String>,
}

/// What a certificate says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateName {
    /// The common name, which is the user name.
    pub common_name: String,
    /// The organizations, which are the groups.
    pub organizations: Vec<String>,
}

/// A subject that bindings can name, asked for by the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedSubject {
    /// A user.
    User(String),
    /// The members of a group, which are not known.
    Group(String),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl NamedSubject {
    /// Reads `User/NAME`, `Group/NAME` or `ServiceAccount/NAMESPACE/NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/').filter(|(_, name)| !name.is_empty())?;
        match kind.to_ascii_lowercase().as_str() {
            "user" => Some(Self::User(name.to_owned())),
            "group" => Some(Self::Group(name.to_owned())),
            "serviceaccount" | "sa" => {
                let (namespace, name) = name.split_once('/')?;
                let is_whole = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
                is_whole.then(|| Self::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => None,
        }
    }
}

/// The user infos of a RAM identity in a cluster: one for each of its names, and one for each mapping that is known to be its own.
///
/// A certificate's groups are those of its own name alone; for other names they are assumed to be ACK's.
pub fn of_identity(
    uid: &Uid,
    grants: &Grants,
    certificate: Option<&CertificateName>,
    groups: &[String],
) -> Vec<KnownUser> {
    let mut names = BTreeSet::from([uid.as_str()]);
    let subjects = grants.inventory().bindings().iter().flat_map(|binding| binding.subjects());
    let own = |name: &&str| split_subject_name(name).is_some_and(|(own, _)| own == uid.as_str());
    names.extend(subjects.filter_map(|subject| subject.user_name()).filter(own));
    let mut users = Vec::new();
    if let Some(CertificateName { common_name, organizations }) = certificate {
        names.remove(common_name.as_str());
        users.push(KnownUser {
            uid: Some(uid.clone()),
            info: UserInfo::authenticated(common_name, organizations.iter().map(String::as_str)),
            groups_from: GroupsSource::Certificate,
            mapping: None,
        });
    }
    let assumed = || [ACK_USERS].into_iter().chain(groups.iter().map(String::as_str));
    users.extend(names.into_iter().map(|name| KnownUser {
        uid: Some(uid.clone()),
        info: UserInfo::authenticated(name, assumed()),
        groups_from: GroupsSource::Assumed,
        mapping: None,
    }));
    let mapped = grants.mappings().iter().filter(|mapping| mapping.uid.as_ref() == Some(uid));
    users.extend(mapped.map(|mapping| KnownUser {
        uid: Some(uid.clone()),
        info: UserInfo::authenticated(&mapping.username, mapping.groups.iter().map(String::as_str)),
        groups_from: GroupsSource::Mapping,
        mapping: Some(mapping.name.clone()),
    }));
    users
}

/// The user info of a subject. A user in ACK's manner is taken to have ACK's groups, and a ServiceAccount spelled as a user is one.
pub fn of_subject(subject: &NamedSubject, groups: &[String]) -> KnownUser {
    let more = || groups.iter().map(String::as_str);
    let account = match subject {
        NamedSubject::User(name) => service_account_of(name),
        NamedSubject::ServiceAccount { namespace, name } => Some((namespace.as_str(), name.as_str())),
        NamedSubject::Group(_) => None,
    };
    if let Some((namespace, name)) = account {
        let info = UserInfo::service_account(namespace, name);
        return KnownUser { uid: None, info, groups_from: GroupsSource::ServiceAccount, mapping: None };
    }
    let (uid, info) = match subject {
        NamedSubject::User(name) => {
            let uid = Uid::of_user_name(name);
            let ack = uid.as_ref().map(|_| ACK_USERS);
            (uid, UserInfo::authenticated(name, ack.into_iter().chain(more())))
        }
        NamedSubject::Group(group) => {
            let mut info = UserInfo::member_of(group);
            info.groups.splice(1..1, groups.iter().cloned());
            (None, info)
        }
        NamedSubject::ServiceAccount { .. } => (None, UserInfo::default()),
    };
    KnownUser { uid, info, groups_from: GroupsSource::Assumed, mapping: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::inventory;
    use super::super::mapping::{MappedIdentity, Mapping, MappingOrigin};
    use super::*;

    fn grants() -> Grants {
        let user = |name: &str| json!({"kind": "User", "name": name});
        let bindings = [
            ("", "a", "ClusterRole/x", json!([user("200-1"), user("2001"), user("200.5")])),
            ("shop", "b", "ClusterRole/x", json!([user("200-zz"), {"kind": "Group", "name": "200-9"}])),
        ];
        let mapping = |name: &str, uid: Option<&str>| Mapping {
            origin: MappingOrigin::Object,
            name: name.into(),
            identity: MappedIdentity::Arn("acs:ram::1:user/a".into()),
            uid: uid.and_then(Uid::parse),
            account: None,
            username: "ann".into(),
            groups: vec!["dev".into()],
            created: None,
        };
        Grants::extract(inventory(&bindings), vec![mapping("m", Some("200")), mapping("other", None)])
    }

    fn described(users: &[KnownUser]) -> Vec<String> {
        let one = |user: &KnownUser| {
            let KnownUser { info, groups_from, .. } = user;
            format!("{} [{}] {groups_from:?}", info.name, info.groups.join(","))
        };
        users.iter().map(one).collect()
    }

    #[test]
    fn an_identity_has_a_user_info_for_each_name_and_each_mapping_of_its_own() {
        let uid = Uid::parse("200").unwrap();
        let all = "system:users,system:authenticated";
        let expected = ["200", "200-1", "200-zz"].map(|name| format!("{name} [{all}] Assumed"));
        let mapped = "ann [dev,system:authenticated] Mapping".to_owned();
        let users = of_identity(&uid, &grants(), None, &[]);
        assert_eq!(described(&users), [&expected[..], &[mapped]].concat());
        assert_eq!(users[3].mapping.as_deref(), Some("m"));
    }

    #[test]
    fn a_certificates_groups_are_those_of_its_own_name() {
        let uid = Uid::parse("200").unwrap();
        let certificate = CertificateName { common_name: "200-1".into(), organizations: vec!["system:masters".into()] };
        let users = of_identity(&uid, &grants(), Some(&certificate), &["ops".into()]);
        assert_eq!(
            described(&users)[..3],
            [
                "200-1 [system:masters,system:authenticated] Certificate",
                "200 [system:users,ops,system:authenticated] Assumed",
                "200-zz [system:users,ops,system:authenticated] Assumed",
            ]
        );
        assert!(users[0].info.is_master() && !users[1].info.is_master());
    }

    #[test]
    fn subjects_are_read_and_have_their_groups() {
        let of = |text: &str| described(&[of_subject(&NamedSubject::parse(text).unwrap(), &["more".into()])]).concat();
        assert_eq!(of("User/ann"), "ann [more,system:authenticated] Assumed");
        assert_eq!(of("user/200-1"), "200-1 [system:users,more,system:authenticated] Assumed");
        assert_eq!(of("Group/dev"), " [dev,more,system:authenticated] Assumed");
        assert_eq!(of("Group/system:unauthenticated"), " [system:unauthenticated,more] Assumed");
        let robot = "system:serviceaccount:ci:robot \
                     [system:serviceaccounts,system:serviceaccounts:ci,system:authenticated] ServiceAccount";
        assert_eq!(of("ServiceAccount/ci/robot"), robot);
        assert_eq!(of("User/system:serviceaccount:ci:robot"), robot);
        for wrong in ["ann", "User/", "ServiceAccount/ci", "ServiceAccount/ci/", "ServiceAccount/a/b/c", "Role/x", ""] {
            assert_eq!(NamedSubject::parse(wrong), None, "{wrong}");
        }
        assert_eq!(UserInfo::service_account("ci", "robot").as_service_account(), Some(("ci", "robot")));
    }
}
