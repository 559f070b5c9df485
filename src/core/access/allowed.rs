//! Who may do something in a cluster, and whether they still exist: the rows of `who-can`, and their order.

use super::scan::ClusterScan;
use crate::core::identity::verdict::{State, Verdict};
use crate::core::ids::{Uid, split_subject_name};
use crate::core::rbac::Roles;
use crate::core::rbac::inventory::{Binding, BoundSubject};
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::reach::{Becoming, ReachPath};
use crate::core::rbac::user_info::UserInfo;
use crate::core::rbac::who_can::{AccessQuestion, is_everyone, who_can};
use crate::core::system_groups::MASTERS;

/// A subject as bindings name them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectName {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// The namespace of a service account.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl std::fmt::Display for SubjectName {
    /// `User/alice`, `ServiceAccount/namespace/name`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            None => write!(formatter, "{}/{}", self.kind, self.name),
            Some(namespace) => write!(formatter, "{}/{namespace}/{}", self.kind, self.name),
        }
    }
}

/// Why a subject may do it.
#[derive(Clone, Debug)]
pub enum AllowedBy<'a> {
    /// Members of `system:masters` may do everything before RBAC is asked.
    Masters,
    /// A binding names it.
    Binding(&'a Binding),
    /// A binding names what a mapping maps it to; `None`: the mapping puts it into `system:masters`.
    Mapping(&'a Mapping, Option<&'a Binding>),
    /// It could become a user that may.
    Reach(ReachPath<'a>),
}

impl<'a> AllowedBy<'a> {
    /// The binding.
    pub fn binding(&self) -> Option<&'a Binding> {
        match self {
            Self::Binding(binding) => Some(binding),
            Self::Mapping(_, binding) => *binding,
            Self::Masters | Self::Reach(_) => None,
        }
    }

    /// The path by which it could become a user that may.
    pub fn path(&self) -> Option<&ReachPath<'a>> {
        match self {
            Self::Reach(path) => Some(path),
            _ => None,
        }
    }
}

/// One row: a subject, and what allows it.
#[derive(Clone, Debug)]
pub struct AllowedRow<'a> {
    /// The cluster.
    pub cluster: &'a ClusterScan,
    /// Who may.
    pub subject: SubjectName,
    /// The RAM identity, where it is one.
    pub uid: Option<Uid>,
    /// Whether that identity exists; `None` where it is no RAM identity.
    pub verdict: Option<&'a Verdict>,
    /// Why it may.
    pub by: AllowedBy<'a>,
    /// The only names for which it may; empty for all, or for the one that is asked for.
    pub names: Vec<String>,
}

impl AllowedRow<'_> {
    /// Whether it is a group that everyone is in.
    pub fn is_everyone(&self) -> bool {
        is_everyone(&self.subject.kind, &self.subject.name)
    }

    /// What has to be looked at first stands first: everyone, `system:masters`, identities that don't exist or may not, others.
    fn rank(&self) -> (bool, u8) {
        let rank = match self.verdict.map(|verdict| verdict.state) {
            _ if self.is_everyone() => 0,
            _ if matches!(self.by, AllowedBy::Masters) => 1,
            Some(State::Deleted(_)) => 2,
            Some(State::Recycled) => 3,
            Some(State::Unknown) => 4,
            Some(State::Frozen) => 5,
            None => 6,
            Some(State::Active) => 7,
        };
        (self.by.path().is_some(), rank)
    }
}

/// Every subject that may do what is asked, worst first.
pub fn allowed<'a>(cluster: &'a ClusterScan, roles: &Roles, question: &AccessQuestion) -> Vec<AllowedRow<'a>> {
    let masters = SubjectName { kind: "Group".to_owned(), namespace: None, name: MASTERS.to_owned() };
    let mut rows = vec![row(cluster, masters, AllowedBy::Masters)];
    rows.extend(mapped(cluster, "Group", MASTERS, None));
    for one in who_can(cluster.grants.inventory(), roles, question) {
        // RBAC is not asked for its members.
        if (one.subject.kind(), one.subject.name()) == ("Group", MASTERS) {
            continue;
        }
        let mut of_subject = vec![row(cluster, name_of(one.subject, one.binding), AllowedBy::Binding(one.binding))];
        of_subject.extend(mapped(cluster, one.subject.kind(), one.subject.name(), Some(one.binding)));
        rows.extend(of_subject.into_iter().map(|row| AllowedRow { names: one.names.clone(), ..row }));
    }
    sort(&mut rows);
    rows
}

/// Users that could become one that may, worst first.
pub fn could_become<'a>(cluster: &'a ClusterScan, becoming: Vec<Becoming<'a>>) -> Vec<AllowedRow<'a>> {
    let of = |Becoming { who, path }| row(cluster, name_of_user(&who), AllowedBy::Reach(path));
    let mut rows: Vec<AllowedRow<'a>> = becoming.into_iter().map(of).collect();
    sort(&mut rows);
    rows
}

fn sort(rows: &mut [AllowedRow<'_>]) {
    let place = |row: &AllowedRow<'_>| {
        let binding = row.by.binding().map(Binding::reference);
        (row.rank(), row.uid.as_ref().map(|uid| uid.as_str().len()), row.subject.clone(), binding)
    };
    rows.sort_by_cached_key(place);
}

fn row<'a>(cluster: &'a ClusterScan, subject: SubjectName, by: AllowedBy<'a>) -> AllowedRow<'a> {
    let is_of_ram = subject.kind == "User" && split_subject_name(&subject.name).is_some();
    let uid = if is_of_ram { Uid::of_user_name(&subject.name) } else { None };
    let verdict = uid.as_ref().map(|uid| cluster.verdict(Some(uid)));
    AllowedRow { cluster, subject, uid, verdict, by, names: Vec::new() }
}

/// The identities that mappings lead to a subject.
fn mapped<'a>(cluster: &'a ClusterScan, kind: &str, name: &str, binding: Option<&'a Binding>) -> Vec<AllowedRow<'a>> {
    let leads_there = |mapping: &&Mapping| match kind {
        "User" => mapping.username == name,
        "Group" => mapping.groups.iter().any(|group| group == name),
        _ => false,
    };
    let of = |mapping: &'a Mapping| AllowedRow {
        cluster,
        subject: SubjectName { kind: "User".to_owned(), namespace: None, name: mapping.username.clone() },
        uid: mapping.uid.clone(),
        verdict: Some(cluster.verdict(mapping.uid.as_ref())),
        by: AllowedBy::Mapping(mapping, binding),
        names: Vec::new(),
    };
    cluster.grants.mappings().iter().filter(leads_there).map(of).collect()
}

fn name_of(subject: &BoundSubject, binding: &Binding) -> SubjectName {
    let namespace = match subject.kind() {
        "ServiceAccount" => subject.namespace().or(binding.namespace()).map(str::to_owned),
        _ => None,
    };
    SubjectName { kind: subject.kind().to_owned(), namespace, name: subject.name().to_owned() }
}

fn name_of_user(info: &UserInfo) -> SubjectName {
    match info.as_service_account() {
        Some((namespace, name)) => SubjectName {
            kind: "ServiceAccount".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        },
        None if info.name.is_empty() => SubjectName {
            kind: "Group".to_owned(),
            namespace: None,
            name: info.groups.first().cloned().unwrap_or_default(),
        },
        None => SubjectName { kind: "User".to_owned(), namespace: None, name: info.name.clone() },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::core::identity::IdentityType;
    use crate::core::identity::evidence::ClusterSources;
    use crate::core::identity::verdict::{Basis, ClusterDirectory};
    use crate::core::rbac::binding::{BindingItem, BindingKind};
    use crate::core::rbac::grants::Grants;
    use crate::core::rbac::inventory::Inventory;
    use crate::core::rbac::kinds::Kinds;
    use crate::core::rbac::mapping::{MappedIdentity, MappingOrigin};
    use crate::core::rbac::{Attributes, RoleFacts};

    fn scan(subjects: Value, mappings: Vec<Mapping>) -> ClusterScan {
        let mut inventory = Inventory::default();
        let item = json!({
            "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": subjects,
        });
        let text = item.to_string();
        inventory.add(BindingKind::ClusterRoleBinding, &serde_json::from_str::<BindingItem<'_>>(&text).unwrap());
        let verdict = |state| Verdict {
            identity_type: IdentityType::RamUser,
            name: None,
            state,
            evidence: String::new(),
            disagreement: None,
        };
        let states = [("200", State::Deleted(Basis::Confirmed)), ("300", State::Active), ("400", State::Unknown)];
        let directory = ClusterDirectory::new(ClusterSources::not_asked());
        let verdicts: BTreeMap<Uid, Verdict> =
            states.into_iter().map(|(uid, state)| (Uid::parse(uid).unwrap(), verdict(state))).collect();
        ClusterScan { verdicts, ..ClusterScan::new(None, Grants::extract(inventory, mappings), directory) }
    }

    fn texts(scan: &ClusterScan) -> Vec<String> {
        let mut roles = Roles::default();
        let rules = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
        let facts = RoleFacts { uid: String::new(), rules: serde_json::from_value(rules).unwrap() };
        roles.insert_cluster_role("r".into(), facts);
        let pods = Attributes { verb: "get".into(), resource: "pods".into(), ..Attributes::default() };
        let question = AccessQuestion::new(pods, None, &Kinds::default());
        let state = |row: &AllowedRow<'_>| row.verdict.map_or("", |verdict| verdict.state.as_str());
        let rows = allowed(scan, &roles, &question);
        rows.iter().map(|row| format!("{} {}", row.subject, state(row)).trim().to_owned()).collect()
    }

    #[test]
    fn what_has_to_be_looked_at_first_stands_first() {
        let user = |name: &str| json!({"kind": "User", "name": name});
        let group = |name: &str| json!({"kind": "Group", "name": name});
        let subjects = json!([
            user("ann"), user("300"), user("400-1"), user("200-1"), group("dev"), group("system:authenticated"),
            {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}, group("system:masters"), group("200-9"),
        ]);
        assert_eq!(
            texts(&scan(subjects, Vec::new())),
            [
                "Group/system:authenticated",
                "Group/system:masters",
                "User/200-1 Deleted",
                "User/400-1 Unknown",
                "Group/200-9",
                "Group/dev",
                "ServiceAccount/ci/robot",
                "User/ann",
                "User/300 Active",
            ]
        );
    }

    #[test]
    fn identities_that_mappings_lead_there_have_rows_of_their_own() {
        let mapping = |name: &str, uid: Option<&str>, groups: &[&str]| Mapping {
            origin: MappingOrigin::Object,
            name: name.into(),
            identity: MappedIdentity::Arn("acs:ram::1:user/a".into()),
            uid: uid.and_then(Uid::parse),
            account: None,
            username: format!("{name}-user"),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            created: None,
        };
        let mappings = vec![
            mapping("m", Some("200"), &["dev"]),
            mapping("n", None, &["system:masters"]),
            mapping("o", Some("300"), &["other"]),
        ];
        let scan = scan(json!([{"kind": "Group", "name": "dev"}]), mappings);
        assert_eq!(texts(&scan), ["Group/system:masters", "User/m-user Deleted", "User/n-user Unknown", "Group/dev"]);
        let named = self::scan(json!([{"kind": "User", "name": "m-user"}]), vec![mapping("m", Some("200"), &["dev"])]);
        assert_eq!(texts(&named), ["Group/system:masters", "User/m-user Deleted", "User/m-user"]);
    }

    #[test]
    fn who_is_in_a_group_alone_goes_by_its_name() {
        let name = |name: &str| {
            name_of_user(&UserInfo { name: name.into(), groups: vec!["ops".into(), "system:authenticated".into()] })
                .to_string()
        };
        assert_eq!(name(""), "Group/ops");
        assert_eq!(name("ann"), "User/ann");
        assert_eq!(name("system:serviceaccount:shop:robot"), "ServiceAccount/shop/robot");
    }
}
