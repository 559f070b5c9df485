//! Who holds access: one [`Grant`] for each RAM identity in each binding, and for each mapping of ack-ram-authenticator.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;

use super::inventory::{Binding, BoundSubject, Inventory, Role};
use super::mapping::Mapping;
use super::others::Others;
use crate::core::ids::{Uid, split_subject_name};

/// The grants of one cluster.
#[derive(Debug, Default)]
pub struct Grants {
    inventory: Inventory,
    mappings: Vec<Mapping>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
enum Row {
    Subject { binding: usize, subject: usize },
    Mapping { mapping: usize, binding: Option<usize> },
}

/// One row: an identity, and what gives it access.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The RAM UID; for a mapping only where the authenticator has recorded it.
    pub uid: Option<&'a str>,
    /// The Kubernetes user name, as the binding or the mapping has it.
    pub subject: &'a str,
    /// What gives access: the binding, or the mapping.
    pub source: GrantSource<'a>,
    /// The role; `None` for a mapping whose user name and groups are in no binding.
    pub role: Option<&'a Role>,
    /// When the binding or the mapping was created.
    pub created: Option<Timestamp>,
}

/// What gives access.
#[derive(Clone, Copy, Debug)]
pub enum GrantSource<'a> {
    /// A binding that names them.
    Binding {
        /// The binding.
        binding: &'a Binding,
        /// Their place among its subjects.
        subject: usize,
    },
    /// A mapping to a user name and groups.
    Mapping {
        /// The mapping.
        mapping: &'a Mapping,
        /// The binding that names the user name or one of the groups.
        through: Option<&'a Binding>,
    },
}

impl Grants {
    /// The bindings alone.
    pub fn into_inventory(self) -> Inventory {
        self.inventory
    }

    /// Finds the grants. Every binding gives one for each of its subjects that is a RAM identity; every mapping gives one
    /// for each binding that names its user name or one of its groups, or a single one without a role where none does.
    ///
    /// Groups that every user is in, such as `system:authenticated`, join nothing unless a mapping names them.
    pub fn extract(inventory: Inventory, mappings: Vec<Mapping>) -> Self {
        let mut rows = Vec::new();
        for (index, binding) in inventory.bindings().iter().enumerate() {
            let ram = binding.subjects().iter().enumerate().filter(|(_, subject)| subject.ram_uid().is_some());
            rows.extend(ram.map(|(subject, _)| Row::Subject { binding: index, subject }));
        }
        if !mappings.is_empty() {
            join(&inventory, &mappings, &mut rows);
        }
        let mut grants = Self { inventory, mappings, rows: Vec::new() };
        rows.sort_by(|left, right| grants.grant(*left).cmp_by_identity(&grants.grant(*right)));
        rows.shrink_to_fit();
        grants.rows = rows;
        grants
    }

    /// How many grants there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no identity holds access.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The grant at a place of [`iter`](Self::iter)'s order, so that a caller's own order can be a list of numbers.
    pub fn get(&self, index: usize) -> Option<Grant<'_>> {
        self.rows.get(index).map(|row| self.grant(*row))
    }

    /// The grants in the order of [`Grant::cmp_by_identity`].
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Grant<'_>> {
        self.rows.iter().map(|row| self.grant(*row))
    }

    /// Every binding that was read, whatever its subjects are.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What bindings give to users who are no RAM identity by their name.
    pub fn of_other_users(&self) -> impl Iterator<Item = Grant<'_>> {
        self.inventory.bindings().iter().flat_map(|binding| {
            let users = binding.subjects().iter().enumerate();
            let is_other = |name: &str| split_subject_name(name).is_none();
            let others = users.filter(move |(_, subject)| subject.user_name().is_some_and(is_other));
            others.map(|(subject, _)| of_subject(binding, subject))
        })
    }

    /// What ack-ram-authenticator maps.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// The accounts that mappings know identities to belong to: pairs of an identity's UID and an account's.
    pub fn accounts(&self) -> impl Iterator<Item = (&Uid, &Uid)> {
        self.mappings.iter().filter_map(|mapping| mapping.uid.as_ref().zip(mapping.account.as_ref()))
    }

    /// The UIDs that ack-ram-authenticator recorded in mappings.
    pub fn recorded_uids(&self) -> impl Iterator<Item = &Uid> {
        self.mappings.iter().filter_map(|mapping| mapping.uid.as_ref())
    }

    fn grant(&self, row: Row) -> Grant<'_> {
        let bindings = self.inventory.bindings();
        match row {
            Row::Subject { binding, subject } => of_subject(&bindings[binding], subject),
            Row::Mapping { mapping, binding } => {
                of_mapping(&self.mappings[mapping], binding.map(|binding| &bindings[binding]))
            }
        }
    }
}

fn of_subject(binding: &Binding, subject: usize) -> Grant<'_> {
    let bound = &binding.subjects()[subject];
    Grant {
        uid: bound.ram_uid(),
        subject: bound.name(),
        source: GrantSource::Binding { binding, subject },
        role: Some(binding.role()),
        created: binding.created(),
    }
}

fn of_mapping<'a>(mapping: &'a Mapping, through: Option<&'a Binding>) -> Grant<'a> {
    Grant {
        uid: mapping.uid.as_ref().map(Uid::as_str),
        subject: &mapping.username,
        source: GrantSource::Mapping { mapping, through },
        role: through.map(Binding::role),
        created: mapping.created,
    }
}

fn join(inventory: &Inventory, mappings: &[Mapping], rows: &mut Vec<Row>) {
    let (users, groups) = (bindings_naming(inventory, "User"), bindings_naming(inventory, "Group"));
    for (index, mapping) in mappings.iter().enumerate() {
        let by_user = users.get(mapping.username.as_str()).into_iter();
        let by_group = mapping.groups.iter().filter_map(|group| groups.get(group.as_str()));
        let mut joined: Vec<usize> = by_user.chain(by_group).flatten().copied().collect();
        joined.sort_unstable();
        joined.dedup();
        if joined.is_empty() {
            rows.push(Row::Mapping { mapping: index, binding: None });
        }
        rows.extend(joined.into_iter().map(|binding| Row::Mapping { mapping: index, binding: Some(binding) }));
    }
}

fn bindings_naming<'a>(inventory: &'a Inventory, kind: &str) -> HashMap<&'a str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, binding) in inventory.bindings().iter().enumerate() {
        for subject in binding.subjects().iter().filter(|subject| subject.is_rbac(kind)) {
            places.entry(subject.name()).or_default().push(index);
        }
    }
    places
}

impl<'a> Grant<'a> {
    /// `ClusterRoleBinding`, `RoleBinding` or `RAMIdentityMapping`.
    pub fn kind(&self) -> &'static str {
        match self.source {
            GrantSource::Binding { binding, .. } => binding.kind().as_str(),
            GrantSource::Mapping { .. } => "RAMIdentityMapping",
        }
    }

    /// The binding's namespace.
    pub fn namespace(&self) -> Option<&'a str> {
        match self.source {
            GrantSource::Binding { binding, .. } => binding.namespace(),
            GrantSource::Mapping { .. } => None,
        }
    }

    /// The binding's or the mapping's name.
    pub fn name(&self) -> &'a str {
        match self.source {
            GrantSource::Binding { binding, .. } => binding.name(),
            GrantSource::Mapping { mapping, .. } => &mapping.name,
        }
    }

    /// The binding's other subjects, of every kind, in its order. A mapping shares nothing.
    pub fn shared_with(&self) -> impl Iterator<Item = &'a BoundSubject> + use<'a> {
        let (subjects, own) = match self.source {
            GrantSource::Binding { binding, subject } => (binding.subjects(), subject),
            GrantSource::Mapping { .. } => (&[][..], 0),
        };
        subjects.iter().enumerate().filter(move |(index, _)| *index != own).map(|(_, subject)| subject)
    }

    /// The binding's other subjects, a few of them by name.
    pub fn others(&self) -> Others {
        let count = match self.source {
            GrantSource::Binding { binding, .. } => binding.subjects().len().saturating_sub(1),
            GrantSource::Mapping { .. } => 0,
        };
        Others::new(self.shared_with().map(ToString::to_string), count)
    }

    /// A total order: by UID as a number (unknown ones last), then kind, namespace and name of what gives access, then subject
    /// and role.
    pub fn cmp_by_identity(&self, other: &Self) -> Ordering {
        let through = |grant: &Self| match grant.source {
            GrantSource::Mapping { mapping, through } => {
                Some((mapping.origin, through.map(|binding| (binding.kind(), binding.namespace(), binding.name()))))
            }
            GrantSource::Binding { .. } => None,
        };
        (self.uid.is_none().cmp(&other.uid.is_none()))
            .then_with(|| cmp_numbers(self.uid.unwrap_or_default(), other.uid.unwrap_or_default()))
            .then_with(|| self.kind().cmp(other.kind()))
            .then_with(|| self.namespace().cmp(&other.namespace()))
            .then_with(|| self.name().cmp(other.name()))
            .then_with(|| self.subject.cmp(other.subject))
            .then_with(|| self.role.cmp(&other.role))
            .then_with(|| through(self).cmp(&through(other)))
    }
}

impl fmt::Display for Grant<'_> {
    /// The source of access as tables show it: `RoleBinding/namespace/name`, `ClusterRoleBinding/-/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind(), self.namespace().unwrap_or("-"), self.name())
    }
}

/// Compares digits as numbers of any length; equal numbers with different leading zeros by their text.
fn cmp_numbers(left: &str, right: &str) -> Ordering {
    let (short, other) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    (short.len().cmp(&other.len())).then_with(|| short.cmp(other)).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::super::binding::{BindingItem, BindingKind};
    use super::super::mapping::{MappedIdentity, MappingOrigin};
    use super::*;

    fn inventory(items: &[(&str, &str, &str)]) -> Inventory {
        let mut inventory = Inventory::default();
        for (namespace, name, subjects) in items {
            let kind = if namespace.is_empty() { BindingKind::ClusterRoleBinding } else { BindingKind::RoleBinding };
            let text = format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"subjects":[{subjects}],
                    "roleRef":{{"kind":"ClusterRole","name":"role-of-{name}"}}}}"#
            );
            let item: BindingItem<'_> = serde_json::from_str(&text).unwrap();
            inventory.add(kind, &item);
        }
        inventory
    }

    fn user(name: &str) -> String {
        format!(r#"{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{name}"}}"#)
    }

    fn mapping(name: &str, username: &str, groups: &[&str]) -> Mapping {
        Mapping {
            origin: MappingOrigin::Object,
            name: name.into(),
            identity: MappedIdentity::Arn("acs:ram::1:user/a".into()),
            uid: None,
            account: None,
            username: username.into(),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            created: None,
        }
    }

    fn rows(grants: &Grants) -> Vec<String> {
        grants.iter().map(|grant| format!("{} {grant}", grant.subject)).collect()
    }

    #[test]
    fn there_are_none_where_no_identity_is_bound() {
        for (subject, count) in [("system:kube-scheduler", 0), ("12", 1)] {
            let grants = Grants::extract(inventory(&[("n", "b", &user(subject))]), vec![]);
            assert_eq!((grants.len(), grants.is_empty()), (count, count == 0), "{subject}");
        }
    }

    #[test]
    fn a_shared_binding_gives_two_rows_that_name_each_other() {
        let grants = Grants::extract(inventory(&[("n", "b", &[user("12"), user("7-99")].join(","))]), vec![]);
        assert_eq!(rows(&grants), ["7-99 RoleBinding/n/b", "12 RoleBinding/n/b"]);
        let shared: Vec<String> =
            grants.iter().flat_map(|grant| grant.shared_with().map(ToString::to_string)).collect();
        assert_eq!(shared, ["User/12", "User/7-99"]);
        assert_eq!(grants.get(0).unwrap().uid, Some("7"));
    }

    #[test]
    fn groups_and_service_accounts_with_digits_are_no_ram_identities() {
        let subjects = [
            r#"{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"12"}"#,
            r#"{"kind":"ServiceAccount","name":"13","namespace":"n"}"#,
            r#"{"kind":"User","apiGroup":"example.com","name":"14"}"#,
            r#"{"kind":"user","apiGroup":"rbac.authorization.k8s.io","name":"15"}"#,
            r#"{"kind":"User","name":"16"}"#,
        ];
        let grants = Grants::extract(inventory(&[("", "b", &subjects.join(","))]), vec![]);
        assert_eq!(rows(&grants), ["16 ClusterRoleBinding/-/b"]);
        let others: Vec<String> = grants.get(0).unwrap().shared_with().map(ToString::to_string).collect();
        assert_eq!(others, ["Group/12", "ServiceAccount/n/13", "User/14", "user/15"]);
    }

    #[test]
    fn a_subject_that_is_there_twice_is_one_grant_and_not_shared() {
        for count in [2, 40] {
            let subjects = vec![user("12"); count].join(",");
            let grants = Grants::extract(inventory(&[("n", "b", &subjects)]), vec![]);
            assert_eq!(grants.len(), 1);
            assert_eq!(grants.get(0).unwrap().shared_with().count(), 0);
        }
    }

    #[test]
    fn uids_are_ordered_as_numbers_then_by_place() {
        let items = [
            ("b", "x", user("100")),
            ("", "x", user("9")),
            ("a", "y", user("100")),
            ("a", "x", user("100-2")),
            ("", "z", user("100")),
        ];
        let items: Vec<_> =
            items.iter().map(|(namespace, name, subject)| (*namespace, *name, subject.as_str())).collect();
        let grants = Grants::extract(inventory(&items), vec![]);
        assert_eq!(
            rows(&grants),
            [
                "9 ClusterRoleBinding/-/x",
                "100 ClusterRoleBinding/-/z",
                "100-2 RoleBinding/a/x",
                "100 RoleBinding/a/y",
                "100 RoleBinding/b/x",
            ]
        );
    }

    #[test]
    fn mappings_are_joined_to_bindings_by_user_name_and_groups() {
        let group = r#"{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"dev"}"#;
        let inventory = inventory(&[("n", "one", &user("alice")), ("", "two", group), ("", "three", &user("bob"))]);
        let mappings = vec![mapping("m", "alice", &["dev", "other"]), mapping("idle", "carol", &["alice"])];
        let grants = Grants::extract(inventory, mappings);
        let roles: Vec<_> = grants
            .iter()
            .map(|grant| (grant.to_string(), grant.role.map(|role| role.name.to_string()), grant.uid))
            .collect();
        assert_eq!(
            roles,
            [
                ("RAMIdentityMapping/-/idle".into(), None, None),
                ("RAMIdentityMapping/-/m".into(), Some("role-of-one".into()), None),
                ("RAMIdentityMapping/-/m".into(), Some("role-of-two".into()), None),
            ]
        );
    }

    #[test]
    fn appended_inventories_are_one() {
        let mut whole = inventory(&[("", "a", &user("1"))]);
        whole.append(inventory(&[("n", "b", &user("1"))]));
        assert_eq!(rows(&Grants::extract(whole, vec![])), ["1 ClusterRoleBinding/-/a", "1 RoleBinding/n/b"]);
    }
}
