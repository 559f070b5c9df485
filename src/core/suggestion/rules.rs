//! Rights as the fewest rules that allow exactly them.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::rbac::{Attributes, PolicyRule};

/// So many names fit one rule for people to read.
const NAMES: usize = 20;

/// In which order verbs are written; others follow by name.
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

type Texts = BTreeSet<String>;

/// Rules that together allow these rights of one place, and nothing else. Only what differs in one thing is put together.
pub(super) fn of<'a>(rights: impl Iterator<Item = &'a Attributes>) -> Vec<PolicyRule> {
    let (paths, resources): (Vec<&Attributes>, Vec<&Attributes>) = rights.partition(|right| right.path.is_some());
    let mut rules = of_resources(&resources);
    rules.extend(of_paths(&paths));
    rules
}

fn of_resources(rights: &[&Attributes]) -> Vec<PolicyRule> {
    type Object = (String, String);
    let mut verbs: BTreeMap<(Object, String), Texts> = BTreeMap::new();
    for right in rights {
        let object = (right.group.clone(), right.combined_resource());
        verbs.entry((object, right.name.clone())).or_default().insert(right.verb.clone());
    }
    // A rule without names is for all: it never joins one with names.
    let mut names: BTreeMap<(Object, Texts, bool), Texts> = BTreeMap::new();
    for ((object, name), verbs) in verbs {
        let named = names.entry((object, verbs, !name.is_empty())).or_default();
        named.extend(Some(name).filter(|name| !name.is_empty()));
    }
    let mut resources: BTreeMap<(String, Texts, Texts), Texts> = BTreeMap::new();
    for (((group, resource), verbs, _), names) in names {
        resources.entry((group, names, verbs)).or_default().insert(resource);
    }
    let mut groups: BTreeMap<(Texts, Texts, Texts), Texts> = BTreeMap::new();
    for ((group, names, verbs), resources) in resources {
        groups.entry((resources, names, verbs)).or_default().insert(group);
    }
    let mut rules = Vec::new();
    for ((resources, names, verbs), groups) in groups {
        let names: Vec<String> = names.into_iter().collect();
        let chunks: Vec<&[String]> = if names.is_empty() { vec![&[]] } else { names.chunks(NAMES).collect() };
        rules.extend(chunks.into_iter().map(|names| PolicyRule {
            verbs: in_order(&verbs),
            api_groups: groups.iter().cloned().collect(),
            resources: resources.iter().cloned().collect(),
            resource_names: names.to_vec(),
            non_resource_urls: Vec::new(),
        }));
    }
    rules.sort_by(|one, other| {
        let key = |rule: &PolicyRule| (rule.api_groups.clone(), rule.resources.clone(), rule.resource_names.clone());
        key(one).cmp(&key(other))
    });
    rules
}

fn of_paths(rights: &[&Attributes]) -> Vec<PolicyRule> {
    let mut verbs: BTreeMap<&str, Texts> = BTreeMap::new();
    for right in rights {
        verbs.entry(right.path.as_deref().unwrap_or_default()).or_default().insert(right.verb.clone());
    }
    let mut urls: BTreeMap<Texts, Texts> = BTreeMap::new();
    for (path, verbs) in verbs {
        urls.entry(verbs).or_default().insert(path.to_owned());
    }
    let rule = |(verbs, urls): (Texts, Texts)| PolicyRule {
        verbs: in_order(&verbs),
        non_resource_urls: urls.into_iter().collect(),
        ..PolicyRule::default()
    };
    urls.into_iter().map(rule).collect()
}

fn in_order(verbs: &Texts) -> Vec<String> {
    let known = VERBS.iter().filter(|verb| verbs.contains(**verb)).map(|verb| (*verb).to_owned());
    let others = verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())).cloned();
    known.chain(others).collect()
}

/// What a rule allows in a place, each right by itself; a `*` is taken as it is written.
pub(super) fn rights_of(rule: &PolicyRule, namespace: &str) -> Vec<Attributes> {
    let paths = rule.verbs.iter().flat_map(|verb| {
        let path =
            move |path: &String| Attributes { verb: verb.clone(), path: Some(path.clone()), ..Attributes::default() };
        rule.non_resource_urls.iter().map(path)
    });
    let mut rights: Vec<Attributes> = paths.collect();
    let any_name = [String::new()];
    let names = if rule.resource_names.is_empty() { &any_name[..] } else { &rule.resource_names };
    for verb in &rule.verbs {
        for group in &rule.api_groups {
            for resource in &rule.resources {
                rights.extend(names.iter().map(|name| Attributes::on(verb, group, resource, name, namespace)));
            }
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(rights: &[Attributes]) -> Vec<String> {
        let one = |rule: &PolicyRule| {
            let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = rule;
            let parts = [verbs, api_groups, resources, resource_names, non_resource_urls];
            parts.map(|texts| texts.join(",")).join(" | ")
        };
        of(rights.iter()).iter().map(one).collect()
    }

    #[test]
    fn rules_are_put_together_where_nothing_is_added_by_it() {
        let right = |text: &str| {
            let parts: Vec<&str> = text.split(' ').map(|part| if part == "-" { "" } else { part }).collect();
            Attributes::on(parts[0], parts[1], parts[2], parts[3], "shop")
        };
        for (rights, expected) in [
            (
                &["list - pods -", "get - pods -", "get - services -", "list - services -"][..],
                &["get,list |  | pods,services |  | "][..],
            ),
            (
                &["get - pods a", "get - pods b", "delete - pods b"],
                &["get |  | pods | a | ", "get,delete |  | pods | b | "],
            ),
            (&["get - pods a", "get - secrets b"], &["get |  | pods | a | ", "get |  | secrets | b | "]),
            (
                &["get apps deployments -", "get extensions deployments -"],
                &["get | apps,extensions | deployments |  | "],
            ),
            (
                &["get apps deployments -", "get extensions ingresses -"],
                &["get | apps | deployments |  | ", "get | extensions | ingresses |  | "],
            ),
            (&["get - pods -", "get - pods/log a"], &["get |  | pods |  | ", "get |  | pods/log | a | "]),
            (
                &["impersonate - users bo", "bind x roles r"],
                &["impersonate |  | users | bo | ", "bind | x | roles | r | "],
            ),
        ] {
            let rights: Vec<Attributes> = rights.iter().map(|text| right(text)).collect();
            assert_eq!(described(&rights), expected);
        }
    }

    #[test]
    fn paths_of_the_same_verbs_are_one_rule() {
        let path =
            |verb: &str, path: &str| Attributes { verb: verb.into(), path: Some(path.into()), ..Attributes::default() };
        let rights = [path("get", "/metrics"), path("get", "/logs/a"), path("post", "/x"), path("get", "/x")];
        assert_eq!(described(&rights), ["get |  |  |  | /logs/a,/metrics", "get,post |  |  |  | /x"]);
    }

    #[test]
    fn more_than_twenty_names_are_several_rules() {
        let rights: Vec<Attributes> =
            (0..45).map(|number| Attributes::on("get", "", "pods", &format!("pod-{number:02}"), "shop")).collect();
        let names: Vec<usize> = of(rights.iter()).iter().map(|rule| rule.resource_names.len()).collect();
        assert_eq!(names, [20, 20, 5]);
    }
}
