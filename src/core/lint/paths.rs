//! L09: users who could become administrator by the API server alone. The cause is what allows the first step.

use std::collections::{BTreeMap, BTreeSet};

use super::allowed::Allowed;
use super::concern::{Concern, subject_text};
use super::fix::{Fix, RuleChange, is_kept_by_others};
use super::kubernetes_own::is_kubernetes_own;
use super::narrowed::without;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, LintedCluster};
use crate::core::rbac::inventory::Binding;
use crate::core::rbac::others::Others;
use crate::core::rbac::reach::{Primitive, Reach, ReachCluster, ReachPath, Step};
use crate::core::rbac::user_info::UserInfo;
use crate::core::rbac::{Attributes, Roles, rule_allows_some};

const RULE: Rule = Rule::PathToFullRights;

/// Users who have one path in common.
struct Cause<'a> {
    users: Vec<UserInfo>,
    path: ReachPath<'a>,
}

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let grants = &cluster.scan.grants;
    let reached = ReachCluster::new(grants.inventory(), grants.mappings(), cluster.roles, cluster.discovered);
    let users = reached.all_users();
    let mut reach = Reach::new(reached);
    let mut causes: BTreeMap<(Primitive, Vec<Place>), Cause<'a>> = BTreeMap::new();
    for user in users {
        let Some(path) = reach.exact_path_to_full_rights(&user) else { continue };
        let Some(first) = path.steps.first() else { continue };
        let granting = granting(cluster, first);
        if is_of_kubernetes(&granting, cluster.roles) {
            continue;
        }
        let key = (first.primitive, granting.iter().map(|binding| role_of(binding)).collect());
        let is_accepted = granting.iter().any(|binding| {
            allowed.has_place(RULE, &Place::of_binding(binding)) || allowed.has_place(RULE, &role_of(binding))
        });
        if !is_accepted && !allowed.has_subject(RULE, &user_text(&user)) {
            causes.entry(key).or_insert(Cause { users: Vec::new(), path }).users.push(user);
        }
    }
    causes.into_values().map(|cause| finding(cluster, cause)).collect()
}

fn is_of_kubernetes(granting: &[&Binding], roles: &Roles) -> bool {
    !granting.is_empty() && granting.iter().all(|binding| is_kubernetes_own(binding, roles))
}

/// The bindings that give the right without which a step can't be gone. Others of the step may only name the role that is to be changed.
fn granting<'a>(cluster: &LintedCluster<'_>, step: &Step<'a>) -> Vec<&'a Binding> {
    let right = right_of(step);
    step.bindings.iter().copied().filter(|binding| allows(cluster, binding, right)).collect()
}

fn role_of(binding: &Binding) -> Place {
    let namespace = binding.namespace().filter(|_| &*binding.role().kind == "Role");
    Place::new(&binding.role().kind, namespace, &binding.role().name)
}

/// A user as a subject of bindings.
fn user_text(user: &UserInfo) -> String {
    match (user.as_service_account(), user.name.as_str()) {
        (Some((namespace, name)), _) => format!("ServiceAccount/{namespace}/{name}"),
        (None, "") => format!("Group/{}", user.groups.first().map(String::as_str).unwrap_or_default()),
        (None, name) => format!("User/{name}"),
    }
}

fn finding<'a>(cluster: &LintedCluster<'a>, Cause { users, path }: Cause<'a>) -> Finding<'a> {
    let first = path.steps[0].clone();
    let right = right_of(&first);
    let granting = granting(cluster, &first);
    let fix = narrowing(cluster, &granting, right).unwrap_or_else(|| unbinding(cluster, &granting, &users));
    let texts: Vec<String> = users.iter().map(user_text).collect();
    Finding {
        rule: RULE,
        level: RULE.text().level,
        place: granting.first().map_or_else(|| Place::new("User", None, &texts[0]), |binding| role_of(binding)),
        places: granting.iter().map(|binding| Place::of_binding(binding)).collect(),
        subjects: Others::of(texts),
        shared_with: Others::default(),
        why: String::new(),
        fix,
        path: Some(path),
    }
}

/// The right of a step without which it can't be gone, whatever else is allowed.
fn right_of<'s>(step: &'s Step<'_>) -> &'s Attributes {
    let special = |attributes: &&Attributes| {
        matches!(attributes.verb.as_str(), "escalate" | "bind") || attributes.verb.starts_with("impersonate")
    };
    step.attributes.iter().find(special).unwrap_or(&step.attributes[0])
}

fn allows(cluster: &LintedCluster<'_>, binding: &Binding, right: &Attributes) -> bool {
    let role = cluster.roles.granted_by(binding);
    role.is_some_and(|role| role.rules.iter().any(|rule| rule_allows_some(rule, right)))
}

/// The right taken out of the roles that give it; `None` where a `*` gives it, or where others keep the role.
fn narrowing(cluster: &LintedCluster<'_>, granting: &[&Binding], right: &Attributes) -> Option<Fix> {
    let resource = right.combined_resource();
    let mut commands = Vec::new();
    let mut known: Vec<Place> = Vec::new();
    for binding in granting {
        let (place, role) = (role_of(binding), cluster.roles.granted_by(binding)?);
        if is_kept_by_others(binding.role(), cluster.roles.is_aggregated(binding.role())) {
            return None;
        }
        if known.contains(&place) {
            continue;
        }
        let mut changes = Vec::new();
        for (index, before) in role.rules.iter().enumerate().filter(|(_, rule)| rule_allows_some(rule, right)) {
            changes.push(RuleChange { index, before, after: without(before, &[&right.verb], &resource)? });
        }
        commands.push(cluster.kubectl.with_rules(&place, &changes));
        known.push(place);
    }
    let text = format!("remove {} {resource} from the role, or allow single names of little power", right.verb);
    (!commands.is_empty()).then(|| Fix::new(text, commands))
}

/// The users taken out of the bindings that give the right.
fn unbinding(cluster: &LintedCluster<'_>, granting: &[&Binding], users: &[UserInfo]) -> Fix {
    let texts: BTreeSet<String> = users.iter().map(user_text).collect();
    let names: BTreeSet<&str> = users.iter().map(|user| user.name.as_str()).collect();
    let concern = |binding: &&Binding| {
        let is_meant = |place: &usize| {
            let subject = &binding.subjects()[*place];
            let is_named = subject.user_name().is_some_and(|name| names.contains(name));
            is_named || texts.contains(&subject_text(binding, subject))
        };
        (0..binding.subjects().len()).filter(is_meant).collect::<Vec<usize>>()
    };
    let concerns = granting.iter().map(|binding| Concern { binding, subjects: concern(binding) });
    let commands = concerns.filter(|concern| !concern.subjects.is_empty());
    let commands = commands.map(|concern| cluster.kubectl.without_subjects(&concern));
    Fix::new("bind a smaller role in its place, then remove this", commands)
}
