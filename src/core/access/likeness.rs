//! User names that look like a RAM identity's and are not in ACK's manner: the name alone does not show whose they are. And
//! mappings that give an identity's name to another.
//!
//! A scan shows them apart from the grants; for a revocation they are findings until the operator says what they are.

use std::collections::HashMap;

use super::scan::ClusterScan;
use crate::core::identity::verdict::{AccountDirectory, ClusterDirectory};
use crate::core::ids::{Uid, split_subject_name};
use crate::core::rbac::grants::{Grant, GrantSource};

/// The UID that a user name begins with, where the name goes on with no digit and is not in ACK's manner: `200.17`, `200@corp`,
/// `200-17-2`, `200-`.
pub fn leading_uid(name: &str) -> Option<&str> {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && digits < name.len() && split_subject_name(name).is_none()).then(|| &name[..digits])
}

/// What a user name is compared by with the names in RAM, in lower case: of an ARN the user's or role's name, else the name itself.
pub fn ram_name(name: &str) -> String {
    name_in_arn(name).unwrap_or(name).to_ascii_lowercase()
}

/// The name in `acs:ram::<account>:user/<name>`, `…:role/<name>` and `…:assumed-role/<name>/<session>`, in any case.
fn name_in_arn(text: &str) -> Option<&str> {
    let mut parts = text.splitn(5, ':');
    let is = |part: Option<&str>, words: &[&str]| {
        part.is_some_and(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
    };
    if !is(parts.next(), &["acs"]) || !is(parts.next(), &["ram", "sts"]) {
        return None;
    }
    let (kind, rest) = parts.nth(2)?.split_once('/')?;
    let name = match kind.to_ascii_lowercase().as_str() {
        "user" | "role" => rest,
        "assumed-role" => rest.split('/').next()?,
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

/// Names that RAM has for identities, in lower case, with those who bear them.
#[derive(Debug, Default)]
pub struct RamNames<'a>(HashMap<String, Vec<&'a Uid>>);

impl<'a> RamNames<'a> {
    /// The names in an account.
    pub fn of_account(account: &'a AccountDirectory) -> Self {
        Self::new(account.ram_names())
    }

    /// The names in ACK's list of a cluster's kubeconfigs: those of identities that are gone, too.
    pub fn of_cluster(directory: &'a ClusterDirectory) -> Self {
        Self::new(directory.account_names())
    }

    fn new(pairs: impl Iterator<Item = (&'a Uid, &'a str)>) -> Self {
        let mut names: HashMap<String, Vec<&'a Uid>> = HashMap::new();
        for (uid, name) in pairs.filter(|(_, name)| !name.is_empty()) {
            let bearers = names.entry(name.to_ascii_lowercase()).or_default();
            if !bearers.contains(&uid) {
                bearers.push(uid);
            }
        }
        Self(names)
    }

    fn bearers(&self, key: &str) -> &[&'a Uid] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A user name that looks like an identity's, or a mapping to an identity's name, and what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Likeness<'a> {
    /// The UID that the name looks like, or whose name it is.
    pub uid: &'a str,
    /// Whether it is the identity's name in ACK's manner, which a mapping gives to another.
    pub is_its_name: bool,
    /// What the name is given, and by what.
    pub grant: Grant<'a>,
}

/// Every likeness in a cluster, by UID. The bindings are gone through once; nothing is copied.
pub fn likenesses<'a>(scan: &'a ClusterScan, account: &RamNames<'a>) -> Vec<Likeness<'a>> {
    let cluster = RamNames::of_cluster(&scan.directory);
    let mut found = Vec::new();
    for grant in scan.grants.of_other_users() {
        found.extend(resembled(grant.subject, account, &cluster).map(|uid| Likeness {
            uid,
            is_its_name: false,
            grant,
        }));
    }
    for grant in scan.grants.iter().filter(|grant| matches!(grant.source, GrantSource::Mapping { .. })) {
        // What the authenticator gives an identity itself is a row of its own.
        let is_anothers = |uid: &&'a str| grant.uid != Some(*uid);
        let own = split_subject_name(grant.subject).map(|(uid, _)| uid).filter(is_anothers);
        found.extend(own.map(|uid| Likeness { uid, is_its_name: true, grant }));
        let alike = resembled(grant.subject, account, &cluster).filter(is_anothers);
        found.extend(alike.map(|uid| Likeness { uid, is_its_name: false, grant }));
    }
    let number = |uid: &'a str| (uid.len(), uid);
    found.sort_by(|left, right| {
        number(left.uid).cmp(&number(right.uid)).then_with(|| left.grant.cmp_by_identity(&right.grant))
    });
    found
}

/// The UIDs that a name looks like, each once.
fn resembled<'a>(
    name: &'a str,
    account: &RamNames<'a>,
    cluster: &RamNames<'a>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut uids: Vec<&'a str> = leading_uid(name).into_iter().collect();
    let is_in_acks_manner = split_subject_name(name).is_some();
    let key = if is_in_acks_manner { String::new() } else { ram_name(name) };
    for uid in account.bearers(&key).iter().chain(cluster.bearers(&key)) {
        if !uids.contains(&uid.as_str()) {
            uids.push(uid.as_str());
        }
    }
    uids.into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::kubeconfig;
    use super::*;
    use crate::core::identity::RamUser;
    use crate::core::identity::ack::{CertificateState, KubeconfigState};
    use crate::core::identity::evidence::{AccountSources, ClusterSources, Listing};
    use crate::core::rbac::binding::{BindingItem, BindingKind};
    use crate::core::rbac::grants::Grants;
    use crate::core::rbac::inventory::Inventory;
    use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};

    #[test]
    fn a_name_in_an_arn_is_a_users_or_a_roles() {
        for (text, name) in [
            ("acs:ram::1000:user/carl", Some("carl")),
            ("acs:ram::*:role/ops", Some("ops")),
            ("acs:ram::1000:assumed-role/ops/session", Some("ops")),
            ("acs:sts::1000:assumed-role/ops/a:b/c", Some("ops")),
            ("ACS:Ram::1000:Assumed-Role/ops", Some("ops")),
            ("acs:ram::1000:root", None),
            ("acs:ram::1000:user/", None),
            ("acs:ram:1000:user/carl", None),
            ("acs:ram::1000:group/carl", None),
            ("arn:aws:iam::1000:user/carl", None),
            ("carl", None),
            ("", None),
        ] {
            assert_eq!(name_in_arn(text), name, "{text}");
        }
    }

    #[test]
    fn a_leading_uid_is_all_of_the_first_digits() {
        for (name, uid) in [
            ("200.17", Some("200")),
            ("200-17-2", Some("200")),
            ("200-", Some("200")),
            ("2001.17", Some("2001")),
            ("200é", Some("200")),
            ("200１", Some("200")),
            ("200", None),
            ("200-17", None),
            ("200-a1", None),
            ("x200", None),
            ("", None),
        ] {
            assert_eq!(leading_uid(name), uid, "{name:?}");
        }
    }

    #[test]
    fn the_names_are_those_of_the_account_and_those_in_acks_list_of_the_cluster() {
        let bearer = |names: &RamNames<'_>, name: &str| names.bearers(name).first().map(|uid| uid.to_string());
        let user = RamUser { uid: Uid::parse("200").unwrap(), name: "Carl".to_owned(), display_name: String::new() };
        let users = Listing::Complete(vec![user]);
        let account = AccountDirectory::new(AccountSources { users, ..AccountSources::not_asked() });
        let of_account = RamNames::of_account(&account);
        assert_eq!(bearer(&of_account, "carl").as_deref(), Some("200"));
        assert_eq!(bearer(&of_account, "dora"), None);

        let row = KubeconfigState { account_name: "Dora".to_owned(), ..kubeconfig("300", CertificateState::Unexpired) };
        let kubeconfigs = Listing::Complete(vec![row]);
        let cluster = ClusterDirectory::new(ClusterSources { kubeconfigs, ..ClusterSources::not_asked() });
        let of_cluster = RamNames::of_cluster(&cluster);
        assert_eq!(bearer(&of_cluster, "dora").as_deref(), Some("300"));
        assert_eq!(bearer(&of_cluster, "carl"), None);
    }

    fn scan(subjects: &[(&str, &str)], mappings: Vec<Mapping>) -> ClusterScan {
        let mut inventory = Inventory::default();
        for (index, (kind, name)) in subjects.iter().enumerate() {
            let text = format!(
                r#"{{"metadata":{{"name":"b{index}"}},"roleRef":{{"kind":"ClusterRole","name":"r"}},
                    "subjects":[{{"kind":"{kind}","name":"{name}"}}]}}"#
            );
            let item: BindingItem<'_> = serde_json::from_str(&text).unwrap();
            inventory.add(BindingKind::ClusterRoleBinding, &item);
        }
        let directory = ClusterDirectory::new(ClusterSources::not_asked());
        ClusterScan::new(None, Grants::extract(inventory, mappings), directory)
    }

    fn mapping(name: &str, username: &str, uid: Option<&str>) -> Mapping {
        Mapping {
            origin: MappingOrigin::Object,
            name: name.into(),
            identity: MappedIdentity::Arn("acs:ram::1000:user/ann".into()),
            uid: uid.and_then(Uid::parse),
            account: None,
            username: username.into(),
            groups: Vec::new(),
            created: None,
        }
    }

    #[test]
    fn users_that_look_like_identities_are_found_by_number_with_what_they_are_given() {
        let subjects = [
            ("User", "300.1"),
            ("User", "20.1"),
            ("User", "200-1"),
            ("Group", "200.2"),
            ("ServiceAccount", "200.3"),
            ("User", "Carl"),
            ("User", "acs:ram::1000:user/carl"),
            ("User", "system:kube-scheduler"),
            ("User", "3d"),
        ];
        let (carl, dora) = (Uid::parse("200").unwrap(), Uid::parse("400").unwrap());
        let names = RamNames::new([(&carl, "carl"), (&dora, "3d"), (&carl, "carl"), (&dora, "")].into_iter());
        let scan = scan(&subjects, Vec::new());
        let found: Vec<String> = likenesses(&scan, &names)
            .iter()
            .map(|Likeness { uid, grant, .. }| format!("{uid} {} {grant}", grant.subject))
            .collect();
        assert_eq!(
            found,
            [
                "3 3d ClusterRoleBinding/-/b8",
                "20 20.1 ClusterRoleBinding/-/b1",
                "200 Carl ClusterRoleBinding/-/b5",
                "200 acs:ram::1000:user/carl ClusterRoleBinding/-/b6",
                "300 300.1 ClusterRoleBinding/-/b0",
                "400 3d ClusterRoleBinding/-/b8",
            ]
        );
    }

    #[test]
    fn a_mapping_that_gives_an_identitys_name_to_another_is_found_and_its_own_is_not() {
        let mappings = vec![
            mapping("own", "200-1", Some("200")),
            mapping("anothers", "200-1", Some("300")),
            mapping("unrecorded", "200", None),
            mapping("alike", "200.1", None),
            mapping("template", "{{SessionName}}", None),
        ];
        let scan = scan(&[("User", "200-1")], mappings);
        let found: Vec<String> = likenesses(&scan, &RamNames::default())
            .iter()
            .map(|Likeness { uid, is_its_name, grant }| format!("{uid} {is_its_name} {grant} {}", grant.role.is_some()))
            .collect();
        let mapped = |text: &str| text.replace("M ", "RAMIdentityMapping/-/");
        assert_eq!(
            found,
            [
                mapped("200 true M anothers true"),
                mapped("200 false M alike false"),
                mapped("200 true M unrecorded false"),
            ]
        );
    }
}
