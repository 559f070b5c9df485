//! L06 and L07: the ServiceAccounts that every pod has, and ServiceAccounts that are bound under their user names.

use serde_json::{Value, json};

use super::allowed::Allowed;
use super::concern::{Concern, by_cause};
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::inert::parts;
use crate::core::rbac::inventory::{Binding, BoundSubject};
use crate::core::rbac::user_info::service_account_of;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let bindings = cluster.scan.grants.inventory().bindings();
    let holds_something = |binding: &&Binding| allows_something(cluster, binding);
    let of_default = |binding| Concern::of(binding, Rule::DefaultAccount, allowed, is_default_account);
    let default = by_cause(bindings.iter().filter(holds_something).filter_map(of_default).collect());
    let of_spelled = |binding| Concern::of(binding, Rule::SpelledAsUser, allowed, |subject| spelled(subject).is_some());
    let spelled = by_cause(bindings.iter().filter_map(of_spelled).collect());
    let default = default.into_iter().map(|concerns| default_account(cluster, &concerns));
    let spelled = spelled.into_iter().map(|concerns| spelled_as_user(cluster, &concerns));
    default.chain(spelled).collect()
}

fn is_default_account(subject: &BoundSubject) -> bool {
    let by_user_name = spelled(subject).is_some_and(|(_, name)| name == "default");
    by_user_name || (subject.kind(), subject.name()) == ("ServiceAccount", "default")
}

/// Namespace and name of a ServiceAccount that stands there as a user.
fn spelled(subject: &BoundSubject) -> Option<(&str, &str)> {
    let (namespace, name) = service_account_of(subject.user_name()?)?;
    // The API server makes no such name of another number of parts.
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

fn allows_something(cluster: &LintedCluster<'_>, binding: &Binding) -> bool {
    let role = cluster.roles.granted_by(binding);
    let rules = role.map(|role| role.rules.as_slice()).unwrap_or_default();
    let mut all = rules.iter().flat_map(|rule| parts(rule, binding.kind(), cluster.kinds));
    all.any(|(_, why)| why.is_none())
}

fn default_account<'a>(cluster: &LintedCluster<'a>, concerns: &[Concern<'a>]) -> Finding<'a> {
    let binding = concerns[0].binding;
    let role = binding.role();
    let why = format!("every pod without a ServiceAccount of its own holds {}/{}", role.kind, role.name);
    let fix = Fix::new(
        "bind a ServiceAccount of the workload in its place, then remove this",
        concerns.iter().map(|concern| cluster.kubectl.without_subjects(concern)),
    );
    Finding::of_bindings(Rule::DefaultAccount, Place::of_binding(binding), concerns, why, fix)
}

fn spelled_as_user<'a>(cluster: &LintedCluster<'a>, concerns: &[Concern<'a>]) -> Finding<'a> {
    let written = |binding: &Binding, place: usize| match spelled(&binding.subjects()[place]) {
        Some((namespace, name)) => json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}),
        None => Value::Null,
    };
    let rewritten =
        |concern: &Concern<'a>| cluster.kubectl.with_subjects(concern, |place| written(concern.binding, place));
    let why = "the rights count for that ServiceAccount, and many tools do not show them".to_owned();
    let fix = Fix::new("write the subject as a ServiceAccount", concerns.iter().map(rewritten));
    Finding::of_bindings(Rule::SpelledAsUser, Place::of_binding(concerns[0].binding), concerns, why, fix)
}
