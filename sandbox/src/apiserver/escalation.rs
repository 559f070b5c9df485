//! The escalation check: creating or changing a role or binding may grant no more than the user holds.

use super::action::Action;
use super::authorizer::{Authorizer, MissingRole};
use super::object::{Content, Object, PolicyRule};
use super::resources::{RBAC, Resource, Shape};
use super::status::StatusError;
use super::user::User;

/// Refuses a role or binding that would give more than the user holds. Other kinds pass.
pub(crate) fn check(authorizer: &Authorizer<'_>, user: &User, object: &Object) -> Result<(), StatusError> {
    if user.is_master() {
        return Ok(());
    }
    match object.resource.0.shape {
        Shape::Role => check_role(authorizer, user, object),
        Shape::Binding => check_binding(authorizer, user, object),
        _ => Ok(()),
    }
}

fn check_role(authorizer: &Authorizer<'_>, user: &User, role: &Object) -> Result<(), StatusError> {
    let resource = role.resource.0;
    if may(authorizer, user, "escalate", resource.plural, &role.metadata.name, &role.metadata.namespace) {
        return Ok(());
    }
    confirm(authorizer, user, role, role.rules())?;
    let aggregates = matches!(&role.content, Content::Role(content) if content.aggregation_rule.is_some());
    if aggregates && confirm(authorizer, user, role, &everything()).is_err() {
        let detail = "must have cluster-admin privileges to use the aggregationRule";
        return Err(StatusError::forbidden(RBAC, resource.plural, &role.metadata.name, detail));
    }
    Ok(())
}

fn check_binding(authorizer: &Authorizer<'_>, user: &User, object: &Object) -> Result<(), StatusError> {
    let Some(binding) = object.binding() else { return Ok(()) };
    let namespace = &object.metadata.namespace;
    let (roles, role_namespace) = if binding.role_ref.kind == "Role" {
        ("roles", namespace.as_str())
    } else {
        ("clusterroles", namespace.as_str())
    };
    if may(authorizer, user, "bind", roles, &binding.role_ref.name, role_namespace) {
        return Ok(());
    }
    match authorizer.rules_of(&binding.role_ref, namespace) {
        Ok(rules) => confirm(authorizer, user, object, &rules),
        // The server answers with the binding's own resource: a role that is missing reads as a missing binding.
        Err(missing) => Err(StatusError::not_found(object.resource.0, missing.name())),
    }
}

fn may(authorizer: &Authorizer<'_>, user: &User, verb: &str, resource: &str, name: &str, namespace: &str) -> bool {
    let action = Action {
        verb: verb.into(),
        group: RBAC.into(),
        resource: resource.into(),
        name: name.into(),
        namespace: namespace.into(),
        ..Action::default()
    };
    authorizer.decide(user, &action).allowed
}

fn everything() -> [PolicyRule; 2] {
    let star = || vec!["*".to_owned()];
    [
        PolicyRule { verbs: star(), api_groups: star(), resources: star(), ..PolicyRule::default() },
        PolicyRule { verbs: star(), non_resource_urls: star(), ..PolicyRule::default() },
    ]
}

fn confirm(authorizer: &Authorizer<'_>, user: &User, object: &Object, rules: &[PolicyRule]) -> Result<(), StatusError> {
    let (held, missing_roles) = authorizer.rules_for(user, &object.metadata.namespace);
    let lacking: Vec<PolicyRule> =
        rules.iter().flat_map(broken_down).filter(|rule| !held.iter().any(|owner| covers(owner, rule))).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = compacted(lacking).iter().map(describe).collect();
    lines.sort();
    lines.dedup();
    let mut detail = format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        quoted(&user.groups),
        lines.join("\n")
    );
    if !missing_roles.is_empty() {
        let texts: Vec<String> = missing_roles.iter().map(MissingRole::in_escalation).collect();
        let texts = if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) };
        detail.push_str(&format!("; resolution errors: [{texts}]"));
    }
    let resource: &Resource = object.resource.0;
    Err(StatusError::forbidden(RBAC, resource.plural, &object.metadata.name, &detail))
}

/// One rule for each single thing that a rule allows.
fn broken_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let mut out = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let single = PolicyRule {
                    verbs: vec![verb.clone()],
                    api_groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    ..PolicyRule::default()
                };
                if rule.resource_names.is_empty() {
                    out.push(single);
                    continue;
                }
                out.extend(
                    rule.resource_names
                        .iter()
                        .map(|name| PolicyRule { resource_names: vec![name.clone()], ..single.clone() }),
                );
            }
        }
    }
    for url in &rule.non_resource_urls {
        out.extend(rule.verbs.iter().map(|verb| PolicyRule {
            verbs: vec![verb.clone()],
            non_resource_urls: vec![url.clone()],
            ..PolicyRule::default()
        }));
    }
    out
}

fn covers(owner: &PolicyRule, single: &PolicyRule) -> bool {
    let all = |held: &[String], wanted: &[String]| {
        held.iter().any(|one| one == "*") || wanted.iter().all(|one| held.contains(one))
    };
    let names = owner.resource_names.is_empty()
        || (!single.resource_names.is_empty()
            && single.resource_names.iter().all(|name| owner.resource_names.contains(name)));
    all(&owner.verbs, &single.verbs)
        && all(&owner.api_groups, &single.api_groups)
        && names
        && covers_resources(&owner.resources, &single.resources)
        && single.non_resource_urls.iter().all(|url| owner.non_resource_urls.iter().any(|held| covers_url(held, url)))
}

fn covers_resources(held: &[String], wanted: &[String]) -> bool {
    held.iter().any(|one| one == "*")
        || wanted.iter().all(|resource| {
            held.contains(resource)
                || resource.split_once('/').is_some_and(|(_, sub)| held.contains(&format!("*/{sub}")))
        })
}

fn covers_url(held: &str, wanted: &str) -> bool {
    held == wanted || (held.ends_with('*') && wanted.starts_with(held.trim_end_matches('*')))
}

/// Joins rules that differ by their verb alone.
fn compacted(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut out: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        let same = |known: &&mut PolicyRule| {
            known.non_resource_urls.is_empty()
                && rule.non_resource_urls.is_empty()
                && known.api_groups == rule.api_groups
                && known.resources == rule.resources
                && known.resource_names == rule.resource_names
        };
        match out.iter_mut().find(same) {
            Some(known) => known.verbs.extend(rule.verbs),
            None => out.push(rule),
        }
    }
    out
}

fn describe(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.non_resource_urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| format!("{name}:{}", quoted(values)))
        .collect();
    format!("{{{}}}", parts.join(", "))
}

/// A list of texts as Go's `%q` prints it.
fn quoted(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" "))
}
