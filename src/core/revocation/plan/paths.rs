//! What the identities can become by their rights as they are before a revocation, and what of it stays possible after it.

use std::collections::BTreeSet;

use super::Remain;
use super::remain::RemainKind;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::UserInfo;
use crate::core::rbac::binding_object::user_name;
use crate::core::rbac::others::and_more;
use crate::core::rbac::reach::{Certainty, Discovered, KnownPath, Reach, ReachCluster, Target};
use crate::core::revocation::input::{InputTarget, RevocationInput};
use crate::core::revocation::target::TargetNames;

/// How many ServiceAccounts are named.
const MOST_NAMED: usize = 5;

/// What an identity can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPath {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The identity.
    pub uid: Uid,
    /// The user name that goes the path.
    pub user: String,
    /// The path.
    pub path: KnownPath,
}

/// What was found in a cluster.
#[derive(Debug, Default)]
pub(super) struct Becoming {
    /// The paths of all identities, what is worst first.
    pub(super) paths: Vec<PlannedPath>,
    /// Those that stay, for what a revocation takes away is no part of them.
    pub(super) stay: Vec<Remain>,
}

/// Looks for the paths of these identities. Where the roles were not read nothing is looked for.
pub(super) fn of(input: &RevocationInput, targets: &[&InputTarget]) -> Becoming {
    let mut found = Becoming::default();
    if input.roles.are_all_unread() {
        return found;
    }
    let (inventory, mappings) = (input.scan.grants.inventory(), input.scan.grants.mappings());
    let discovered = Discovered { minor_version: input.minor_version };
    let mut reach = Reach::new(ReachCluster::new(inventory, mappings, &input.roles, discovered));
    let leaving = TargetNames::of(targets.iter().map(|target| &target.target));
    for target in targets {
        let to_itself =
            |path: &KnownPath| matches!(&path.target, Target::Identity(Some(name)) if target.target.bears(name));
        let of_user = |info: UserInfo| {
            let paths = known_paths(&mut reach, &info).into_iter().filter(|path| !to_itself(path));
            (info.name.clone(), paths.collect())
        };
        let users = infos(input, target).into_iter().map(of_user).collect();
        found.paths.extend(in_order(input, target, users));
        for (info, by) in infos_after(input, target) {
            let stays = |path: &KnownPath| {
                path.certainty() == Certainty::Exact
                    && !path.steps.is_empty()
                    && !path.targets().any(|on_the_way| is_one_of(on_the_way, &leaving))
            };
            found.stay.extend(known_paths(&mut reach, &info).into_iter().filter(stays).map(|path| Remain {
                cluster_id: input.cluster.id().cloned(),
                uid: Some(target.target.uid.clone()),
                kind: RemainKind::Path,
                what: format!("by {by} it can still become {path}"),
            }));
        }
    }
    found
}

/// What could not be seen for want of what decides it.
pub(super) fn not_checked(input: &RevocationInput) -> Option<String> {
    (!input.unread.is_empty()).then(|| "all that it can become: not every binding and role was read".to_owned())
}

/// The sentence about tokens that are not seen, with the ServiceAccounts that lie on the paths.
pub(super) fn tokens(unseen: &str, paths: &[PlannedPath]) -> String {
    let mut accounts: BTreeSet<(Option<&str>, Option<&str>)> = BTreeSet::new();
    for target in paths.iter().flat_map(|planned| planned.path.targets()) {
        match target {
            Target::Administrator | Target::Masters => accounts.insert((None, None)),
            Target::NamespaceAdmin(namespace) => accounts.insert((namespace.as_deref(), None)),
            Target::ServiceAccount { namespace, name } => accounts.insert((namespace.as_deref(), name.as_deref())),
            Target::AllSecrets | Target::Identity(_) | Target::Role { .. } => continue,
        };
    }
    let is_covered = |(namespace, name): &(Option<&str>, Option<&str>)| {
        let by_any = accounts.contains(&(None, None)) && namespace.is_some();
        by_any || name.is_some() && accounts.contains(&(*namespace, None))
    };
    let named: Vec<String> = accounts
        .iter()
        .filter(|account| !is_covered(account))
        .map(|account| match account {
            (None, _) => "any".to_owned(),
            (Some(namespace), None) => format!("any in namespace {namespace}"),
            (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        })
        .collect();
    match named.len() {
        0 => unseen.to_owned(),
        count => format!("{unseen}: {}", and_more(&named[..count.min(MOST_NAMED)], ", ", count)),
    }
}

/// The identity as its requests show it: under each of its names, and as what mappings make of it.
fn infos(input: &RevocationInput, target: &InputTarget) -> Vec<UserInfo> {
    let subjects = input.bindings.iter().flat_map(|object| &object.subjects);
    let bound = subjects.filter_map(user_name).filter(|name| target.target.bears(name));
    let names: BTreeSet<&str> = target.target.names.iter().map(String::as_str).chain(bound).collect();
    let own = names.into_iter();
    let own = own.map(|name| UserInfo { name: name.to_owned(), groups: target.target.groups.clone() });
    own.chain(mapped(input, target).map(|(info, _)| info)).collect()
}

/// The identity once its names are in no binding any more, and what its rights are then by.
fn infos_after(input: &RevocationInput, target: &InputTarget) -> Vec<(UserInfo, String)> {
    let nameless = |groups: &[String]| UserInfo { name: String::new(), groups: groups.to_vec() };
    let mapped = mapped(input, target).map(|(info, by)| {
        let info = if target.target.bears(&info.name) { nameless(&info.groups) } else { info };
        (info, format!("RAMIdentityMapping/-/{by}"))
    });
    [(nameless(&target.target.groups), "its groups".to_owned())].into_iter().chain(mapped).collect()
}

fn mapped<'a>(input: &'a RevocationInput, target: &'a InputTarget) -> impl Iterator<Item = (UserInfo, &'a str)> {
    let own = input.scan.grants.mappings().iter().filter(|mapping| mapping.uid.as_ref() == Some(&target.target.uid));
    own.map(|mapping| {
        let groups = mapping.groups.iter().map(String::as_str);
        (UserInfo::authenticated(&mapping.username, groups), mapping.name.as_str())
    })
}

fn known_paths(reach: &mut Reach<'_>, info: &UserInfo) -> Vec<KnownPath> {
    let paths: Vec<KnownPath> = reach.paths(info).iter().map(KnownPath::from).collect();
    let is_covered = |path: &KnownPath| {
        paths.iter().any(|other| other.certainty() <= path.certainty() && covers(&other.target, &path.target))
    };
    paths.iter().filter(|path| !is_covered(path)).cloned().collect()
}

/// Whether who can become one of them can become the other one, too.
fn covers(any: &Target, one: &Target) -> bool {
    match (any, one) {
        (Target::ServiceAccount { namespace: None, .. }, Target::ServiceAccount { namespace, .. }) => {
            namespace.is_some()
        }
        (
            Target::ServiceAccount { namespace: Some(any), name: None },
            Target::ServiceAccount { namespace: Some(one), name: Some(_) },
        ) => any == one,
        (Target::Identity(None), Target::Identity(Some(_)))
        | (Target::NamespaceAdmin(None), Target::NamespaceAdmin(Some(_))) => true,
        _ => false,
    }
}

fn is_one_of(target: &Target, leaving: &TargetNames) -> bool {
    matches!(target, Target::Identity(Some(name)) if leaving.contain(name))
}

/// Each path once, whichever of the names goes it.
fn in_order(input: &RevocationInput, target: &InputTarget, users: Vec<(String, Vec<KnownPath>)>) -> Vec<PlannedPath> {
    let mut planned: Vec<PlannedPath> = Vec::new();
    for (user, paths) in users {
        for path in paths {
            if !planned.iter().any(|known| known.path == path) {
                let (cluster_id, uid) = (input.cluster.id().cloned(), target.target.uid.clone());
                planned.push(PlannedPath { cluster_id, uid, user: user.clone(), path });
            }
        }
    }
    planned.sort_by_cached_key(|planned| {
        let KnownPath { target, steps, .. } = &planned.path;
        (planned.path.certainty(), target.clone(), steps.len())
    });
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_become_any_of_a_kind_can_become_each() {
        let account = |namespace: Option<&str>, name: Option<&str>| Target::ServiceAccount {
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        let user = |name: Option<&str>| Target::Identity(name.map(str::to_owned));
        let admin = |namespace: Option<&str>| Target::NamespaceAdmin(namespace.map(str::to_owned));
        for (any, one, expected) in [
            (account(None, None), account(Some("shop"), Some("robot")), true),
            (account(None, None), account(Some("shop"), None), true),
            (account(Some("shop"), None), account(Some("shop"), Some("robot")), true),
            (account(Some("shop"), None), account(Some("pay"), Some("robot")), false),
            (account(Some("shop"), Some("robot")), account(Some("shop"), Some("robot")), false),
            (account(Some("shop"), None), account(None, None), false),
            (user(None), user(Some("bo")), true),
            (user(Some("bo")), user(Some("bo")), false),
            (user(None), account(Some("shop"), Some("robot")), false),
            (admin(None), admin(Some("shop")), true),
            (admin(Some("shop")), admin(None), false),
        ] {
            assert_eq!(covers(&any, &one), expected, "{any:?} {one:?}");
        }
    }
}
