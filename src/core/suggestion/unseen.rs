//! What is held today, and would be lost by who holds nothing but the drafted roles.

use super::{Rights, covers, rules};
use crate::core::rbac::holdings::HeldRule;
use crate::core::rbac::reach::ReachPath;
use crate::core::rbac::{Attributes, PolicyRule, rule_allows};

/// A part of a rule that is held and would be lost.
#[derive(Clone, Debug)]
pub struct Lost<'a> {
    /// The rule, with the binding and the role that give it.
    pub held: HeldRule<'a>,
    /// The part.
    pub rule: PolicyRule,
    /// Whether some of it was seen: for other names or places, or for some of what a `*` stands for.
    pub is_seen_in_part: bool,
}

/// What of these rules the rights don't give. Of a rule that allows nothing, that everyone has or whose role was not read, nothing is said.
pub fn lost<'a>(held: Vec<HeldRule<'a>>, rights: &Rights) -> Vec<Lost<'a>> {
    let counts = |held: &HeldRule<'a>| held.inert.is_none() && !held.is_default && !held.is_unread;
    let mut lost = Vec::new();
    for held in held.into_iter().filter(counts) {
        let namespace = held.binding.namespace().unwrap_or_default();
        let parts = parts(&held.rule, namespace, rights);
        lost.extend(parts.into_iter().map(|(rule, is_seen_in_part)| Lost {
            held: held.clone(),
            rule,
            is_seen_in_part,
        }));
    }
    lost
}

/// The parts of a rule that would be lost: those of which nothing was seen, and those of which something was.
fn parts(rule: &PolicyRule, namespace: &str, rights: &Rights) -> Vec<(PolicyRule, bool)> {
    let is_seen = |allows: &dyn Fn(&Attributes) -> bool| {
        rights.iter().any(|right| {
            (namespace.is_empty() || right.namespace.is_empty() || right.namespace == namespace) && allows(right)
        })
    };
    let has_star = |texts: &[String]| texts.iter().any(|text| text.contains('*'));
    if [&rule.verbs, &rule.api_groups, &rule.resources, &rule.non_resource_urls]
        .into_iter()
        .any(|texts| has_star(texts))
    {
        return vec![(rule.clone(), is_seen(&|right| rule_allows(rule, right)))];
    }
    let all = rules::rights_of(rule, namespace);
    let (mut unseen, mut in_part) = (Rights::new(), Rights::new());
    for right in all {
        if rights.iter().any(|given| covers(given, &right)) {
            continue;
        }
        let narrower = |given: &Attributes| covers(&right, given);
        if is_seen(&narrower) {
            in_part.insert(right)
        } else {
            unseen.insert(right)
        };
    }
    let of = |rights: &Rights, is_seen_in_part| -> Vec<(PolicyRule, bool)> {
        rules::of(rights.iter()).into_iter().map(|rule| (rule, is_seen_in_part)).collect()
    };
    [of(&unseen, false), of(&in_part, true)].concat()
}

/// Whether a path begins by what the rights give, up to where another user goes on with it.
pub fn is_kept(path: &ReachPath<'_>, rights: &Rights) -> bool {
    let mut own_steps = Vec::new();
    for step in &path.steps {
        own_steps.push(step);
        if step.becomes.is_some() {
            break;
        }
    }
    let is_given = |request: &Attributes| rights.iter().any(|right| covers(right, request));
    !own_steps.is_empty() && own_steps.iter().all(|step| step.attributes.iter().all(is_given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(rule: &PolicyRule, namespace: &str, rights: &[Attributes]) -> Vec<String> {
        let one = |(rule, in_part): &(PolicyRule, bool)| {
            let all = [&rule.verbs, &rule.resources, &rule.resource_names, &rule.non_resource_urls];
            format!("{}{}", all.map(|texts| texts.join(",")).join(" "), if *in_part { "in part" } else { "" })
        };
        parts(rule, namespace, &rights.iter().cloned().collect()).iter().map(one).collect()
    }

    fn rule(verbs: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        PolicyRule {
            verbs: texts(verbs),
            api_groups: texts(&[""]),
            resources: texts(resources),
            resource_names: texts(names),
            non_resource_urls: Vec::new(),
        }
    }

    #[test]
    fn what_was_not_seen_is_distinguished_from_what_was_seen_in_part() {
        let pods = |verb: &str, name: &str, namespace: &str| Attributes::on(verb, "", "pods", name, namespace);
        for (rule, namespace, rights, expected) in [
            (rule(&["get", "list"], &["pods"], &[]), "shop", vec![pods("get", "", "shop")], vec!["list pods  "]),
            (rule(&["get"], &["pods"], &[]), "shop", vec![pods("get", "web", "shop")], vec!["get pods  in part"]),
            (rule(&["get"], &["pods"], &[]), "", vec![pods("get", "", "shop")], vec!["get pods  in part"]),
            (rule(&["get"], &["pods"], &[]), "shop", vec![pods("get", "", "")], vec![]),
            (rule(&["get"], &["pods"], &[]), "shop", vec![pods("get", "", "other")], vec!["get pods  "]),
            (rule(&["get"], &["pods"], &["a", "b"]), "shop", vec![pods("get", "a", "shop")], vec!["get pods b "]),
            (rule(&["*"], &["pods"], &[]), "shop", vec![pods("get", "a", "shop")], vec!["* pods  in part"]),
            (rule(&["*"], &["secrets"], &[]), "shop", vec![pods("get", "a", "shop")], vec!["* secrets  "]),
        ] {
            assert_eq!(described(&rule, namespace, &rights), expected, "{rule:?}");
        }
    }
}
