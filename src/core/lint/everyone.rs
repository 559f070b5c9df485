//! L05: what everyone holds beyond the API server's defaults.

use super::allowed::Allowed;
use super::concern::{Concern, by_cause};
use super::fix::{Fix, RuleChange};
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::binding::RBAC_GROUP;
use crate::core::rbac::inert::parts;
use crate::core::rbac::inventory::{Binding, BoundSubject};
use crate::core::rbac::user_info::ANONYMOUS;
use crate::core::rbac::who_can::is_everyone;
use crate::core::rbac::{PolicyRule, is_default_for_everyone, is_server_default};
use crate::core::system_groups::{ACK_USERS, AUTHENTICATED, SERVICE_ACCOUNTS};

const RULE: Rule = Rule::Everyone;
/// The API server's own bindings, which it makes anew where they are gone.
const SERVERS_OWN: [&str; 4] =
    ["system:basic-user", "system:discovery", "system:public-info-viewer", "system:service-account-issuer-discovery"];

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let mut concerns = Vec::new();
    for binding in cluster.scan.grants.inventory().bindings() {
        if binding.subjects().iter().any(is_for_all) && gives_more(cluster, binding) {
            concerns.extend(Concern::of(binding, RULE, allowed, is_for_all));
        }
    }
    by_cause(concerns).into_iter().map(|concerns| finding(cluster, &concerns)).collect()
}

/// Whether everyone is one of these: all users, all without a login, all ServiceAccounts, or all who hold a kubeconfig of ACK.
fn is_for_all(subject: &BoundSubject) -> bool {
    is_everyone(subject.kind(), subject.name())
        || matches!((subject.kind(), subject.name()), ("Group", ACK_USERS) | ("User", ANONYMOUS))
}

/// Whether the role allows something there that the defaults don't.
fn gives_more(cluster: &LintedCluster<'_>, binding: &Binding) -> bool {
    !is_server_default(binding, cluster.roles) && !beyond_defaults(cluster, binding).is_empty()
}

/// The places of the rules that allow something beyond the defaults of those whom the binding is for.
fn beyond_defaults(cluster: &LintedCluster<'_>, binding: &Binding) -> Vec<usize> {
    let Some(role) = cluster.roles.granted_by(binding) else { return Vec::new() };
    // Those without a login have fewer of them.
    let has_login = |subject: &BoundSubject| {
        matches!(subject.name(), AUTHENTICATED | SERVICE_ACCOUNTS | ACK_USERS) && subject.kind() == "Group"
    };
    let all_have_a_login = binding.subjects().iter().filter(|subject| is_for_all(subject)).all(has_login);
    let is_more = |rule: &PolicyRule| {
        let parts = parts(rule, binding.kind(), cluster.kinds);
        parts.iter().any(|(part, why)| why.is_none() && !is_default_for_everyone(part, all_have_a_login))
    };
    let rules = role.rules.iter().enumerate();
    rules.filter(|(_, rule)| is_more(rule)).map(|(index, _)| index).collect()
}

fn finding<'a>(cluster: &LintedCluster<'a>, concerns: &[Concern<'a>]) -> Finding<'a> {
    let binding = concerns[0].binding;
    let rules = cluster.roles.granted_by(binding).map(|role| role.rules.as_slice()).unwrap_or_default();
    let beyond = beyond_defaults(cluster, binding);
    let role = binding.role();
    let is_servers_own = SERVERS_OWN.contains(&binding.name()) && &*role.name == binding.name();
    let fix = if is_servers_own {
        let gone = |index: &usize| RuleChange { index: *index, before: &rules[*index], after: Vec::new() };
        let changes: Vec<RuleChange<'_>> = beyond.iter().map(gone).collect();
        let place = Place::new(&role.kind, None, &role.name);
        Fix::new(
            format!("remove from {}/{} what is not the API server's default", role.kind, role.name),
            [cluster.kubectl.with_rules(&place, &changes)],
        )
    } else {
        let commands = concerns.iter().map(|concern| cluster.kubectl.without_subjects(concern));
        Fix::new("bind a group of your own in its place, then remove this", commands)
    };
    let first = beyond.first().map(|index| in_words(&rules[*index])).unwrap_or_default();
    let more = match beyond.len() {
        0 | 1 => String::new(),
        number => format!(" and {} more rules", number - 1),
    };
    let why = format!("everyone in it may {first}{more} by {}/{}", role.kind, role.name);
    Finding::of_bindings(RULE, Place::of_binding(binding), concerns, why, fix)
}

fn in_words(rule: &PolicyRule) -> String {
    let what = if rule.resources.is_empty() { &rule.non_resource_urls } else { &rule.resources };
    let group = match rule.api_groups.as_slice() {
        [group] if !group.is_empty() && group != RBAC_GROUP => format!(" of {group}"),
        _ => String::new(),
    };
    format!("{} {}{group}", rule.verbs.join(","), what.join(","))
}
