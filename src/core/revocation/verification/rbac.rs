//! Check `Rbac`: every binding is read again and evaluated here.

use super::{Check, CheckReport};
use crate::core::rbac::Roles;
use crate::core::rbac::inventory::{Binding, Inventory};
use crate::core::revocation::plan::{Flags, RemainKind, access};
use crate::core::revocation::target::Target;

/// Every binding that still names the identity, or gives something to one of its groups or to a name that resembles its own.
pub fn evaluate(target: &Target, inventory: &Inventory, roles: &Roles, flags: &Flags) -> CheckReport {
    let own = inventory.bindings().iter().filter_map(|binding| {
        let subject = binding.subjects().iter().find(|subject| is_named(subject.user_name(), target))?;
        let (role, by) = (binding.role(), binding.reference());
        Some(format!("{by} gives {}/{} to {}", role.kind, role.name, subject.name()))
    });
    let not_by_its_names = |flags: &Flags| -> Vec<String> {
        let found = access(inventory, roles, target, flags).into_iter();
        found.filter(|(kind, _)| *kind != RemainKind::Masters).map(|(_, what)| what).collect()
    };
    let others = not_by_its_names(flags);
    let accepted = not_by_its_names(&Flags::default()).len().saturating_sub(others.len());
    let left: Vec<String> = own.chain(others).collect();
    let (names, groups, bindings) = (target.names.len(), target.groups.len(), inventory.bindings().len());
    let beyond = match accepted {
        0 => "the API server's own defaults".to_owned(),
        count => format!("the API server's own defaults and {count} that you accepted"),
    };
    let detail = match left.len() {
        0 => format!("no grant left for {names} names and {groups} groups beyond {beyond}, {bindings} bindings read"),
        count => format!("{count} grants left, {bindings} bindings read"),
    };
    CheckReport::of(Check::Rbac, detail, left)
}

/// Whether a binding names the identity.
pub(super) fn names(binding: &Binding, target: &Target) -> bool {
    binding.subjects().iter().any(|subject| is_named(subject.user_name(), target))
}

pub(super) fn is_named(user_name: Option<&str>, target: &Target) -> bool {
    user_name.is_some_and(|name| target.bears(name))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{carl, inventory};
    use super::*;
    use crate::core::revocation::verification::CheckResult;

    #[test]
    fn a_grant_is_left_by_a_name_by_a_group_or_by_a_name_that_resembles_the_identitys() {
        for (kind, name, expected) in [
            ("User", "200-17", Some("ClusterRoleBinding/-/b gives ClusterRole/view to 200-17")),
            ("User", "200", Some("ClusterRoleBinding/-/b gives ClusterRole/view to 200")),
            ("User", "carl", Some("ClusterRoleBinding/-/b gives ClusterRole/view to carl")),
            ("Group", "ops", Some("ClusterRoleBinding/-/b gives ClusterRole/view to group ops")),
            ("User", "200.17", Some("200.17")),
            ("User", "2001-17", None),
            ("User", "bo", None),
            ("Group", "dev", None),
            ("ServiceAccount", "200-17", None),
        ] {
            let report = evaluate(&carl(), &inventory(&[("b", kind, name)]), &Roles::default(), &Flags::default());
            let result = if expected.is_some() { CheckResult::Failed } else { CheckResult::Passed };
            assert_eq!(report.result, result, "{kind} {name}");
            assert_eq!(report.findings.len(), usize::from(expected.is_some()), "{kind} {name}");
            let says_it = |text| report.findings.iter().any(|found| found.contains(text));
            assert!(expected.is_none_or(says_it), "{kind} {name}: {report:?}");
        }
    }

    #[test]
    fn what_was_accepted_does_not_count_and_is_mentioned() {
        let bindings = inventory(&[("b", "Group", "ops")]);
        let flags = Flags { accept_group_grants: vec!["ClusterRoleBinding/-/b".to_owned()], ..Flags::default() };
        let report = evaluate(&carl(), &bindings, &Roles::default(), &flags);
        assert_eq!((report.result, report.findings.len()), (CheckResult::Passed, 0));
        assert!(report.detail.contains("and 1 that you accepted, 1 bindings read"), "{}", report.detail);
    }

    #[test]
    fn every_grant_is_counted() {
        let bindings = [("a", "User", "200-1"), ("b", "User", "bo"), ("c", "Group", "ops"), ("d", "User", "carl")];
        let report = evaluate(&carl(), &inventory(&bindings), &Roles::default(), &Flags::default());
        assert_eq!((report.detail.as_str(), report.findings.len()), ("3 grants left, 4 bindings read", 3));
    }
}
