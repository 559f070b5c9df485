//! Questions that rules allow, to be asked before access is taken away and again after it.
//!
//! What is asked is always something concrete: a holder of `get pods` is denied `*` on `*`, so that such a question tells nothing.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::iter;

use super::known_kinds::{GUARDED_PATHS, KNOWN_GROUPS, RESOURCE_VERBS, known_group};
use super::{Attributes, PolicyRule};
use crate::core::rbac::inventory::Binding;

/// What stands for `*` in a group of which no kinds are known. RBAC doesn't ask whether a kind exists.
const ANY_KIND: &str = "anything";

/// How many questions are looked at for each that may be asked: a role can allow more than there is time to ask.
const LOOKED_AT: usize = 20;

/// At most `limit` questions that these bindings' rules allow whom the bindings name: each binding's in turn, each question
/// once, in the same order every time. What is to be skipped (what something else allows, say) leaves its place to the
/// binding's next.
///
/// A RoleBinding is asked about in its namespace, a ClusterRoleBinding cluster-wide. A `*` becomes kinds, verbs and paths that
/// every cluster has. A name that a rule names goes with every verb, `list` and `create` too: that is how the authorizer sees
/// a `list` with a field selector, and without the name it denies them.
pub fn probes(
    grants: &[(&Binding, &[PolicyRule])],
    skip: impl Fn(&Attributes) -> bool,
    limit: usize,
) -> Vec<Attributes> {
    let asked = RefCell::new(HashSet::new());
    let looked_at = (limit.saturating_mul(LOOKED_AT) / grants.len().max(1)).max(LOOKED_AT);
    let of_bindings = grants.iter().map(|&(binding, rules)| {
        let namespace = binding.namespace();
        Turns(rules.iter().map(|rule| questions(namespace, rule)).collect())
            .take(looked_at)
            // Many bindings of one role allow the same: whether to skip it is found out once.
            .filter(|question| asked.borrow_mut().insert(question.clone()) && !skip(question))
    });
    Turns(of_bindings.collect()).take(limit).collect()
}

/// Takes one from each in turn until all have ended.
struct Turns<I>(VecDeque<I>);

impl<I: Iterator> Iterator for Turns<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        while let Some(mut first) = self.0.pop_front() {
            if let Some(item) = first.next() {
                self.0.push_back(first);
                return Some(item);
            }
        }
        None
    }
}

/// Iterators of several kinds in one place.
type Each<'a, T> = Box<dyn Iterator<Item = T> + 'a>;

/// What a rule allows, one verb after the other for all that it is about.
fn questions<'a>(namespace: Option<&'a str>, rule: &'a PolicyRule) -> Each<'a, Attributes> {
    let on_resources = verbs(rule, &RESOURCE_VERBS).flat_map(move |verb| {
        kinds(rule).flat_map(move |(group, resource, subresource)| {
            names(rule).map(move |name| {
                let texts = [verb, group, resource, subresource, name, namespace.unwrap_or_default()];
                let [verb, group, resource, subresource, name, namespace] = texts.map(str::to_owned);
                Attributes { verb, group, resource, subresource, name, namespace, path: None }
            })
        })
    });
    // Paths are in no namespace, so a RoleBinding gives none.
    let urls = if namespace.is_none() { rule.non_resource_urls.as_slice() } else { &[] };
    let on_paths = urls.iter().flat_map(|url| paths(url)).flat_map(move |path| {
        verbs(rule, &["get"]).map(move |verb| Attributes {
            verb: verb.to_owned(),
            path: Some(path.to_owned()),
            ..Attributes::default()
        })
    });
    Box::new(on_resources.chain(on_paths))
}

fn verbs<'a>(rule: &'a PolicyRule, all: &'static [&'static str]) -> impl Iterator<Item = &'a str> {
    rule.verbs.iter().flat_map(move |verb| -> Each<'a, &'a str> {
        match verb.as_str() {
            "*" => Box::new(all.iter().copied()),
            verb => Box::new(iter::once(verb).filter(|verb| !verb.is_empty())),
        }
    })
}

/// The names that a rule is about; the empty one for all. A `*` is a name like any other, and no object has it.
fn names(rule: &PolicyRule) -> impl Iterator<Item = &str> {
    let all = rule.resource_names.is_empty().then_some("");
    all.into_iter().chain(rule.resource_names.iter().map(String::as_str).filter(|name| *name != "*"))
}

/// Group, kind and subresource of all that a rule is about.
fn kinds(rule: &PolicyRule) -> impl Iterator<Item = (&str, &str, &str)> {
    rule.api_groups.iter().flat_map(move |group| {
        rule.resources.iter().flat_map(move |text| {
            let (resource, subresource) = match text.split_once('/') {
                None => (text.as_str(), None),
                Some((resource, subresource)) => (resource, Some(subresource)),
            };
            groups(group, resource).flat_map(move |group| in_group(group, resource, subresource))
        })
    })
}

/// The group; for `*` those that have the resource, or else the core group.
fn groups<'a>(group: &'a str, resource: &'a str) -> Each<'a, &'a str> {
    if group != "*" {
        return Box::new(iter::once(group));
    }
    let mut having = KNOWN_GROUPS
        .iter()
        .filter(move |group| resource == "*" || group.resources.contains(&resource))
        .map(|group| group.name)
        .peekable();
    let else_core = having.peek().is_none().then_some("");
    Box::new(having.chain(else_core))
}

/// What stands for a rule's resource in a group: kinds for `*`, one of them for `*/scale`. Nothing for what can't be asked
/// for, such as `pods/*`.
fn in_group<'a>(
    group: &'a str,
    resource: &'a str,
    subresource: Option<&'a str>,
) -> Each<'a, (&'a str, &'a str, &'a str)> {
    let known = known_group(group).map_or(&[ANY_KIND][..], |group| group.resources);
    match (resource, subresource) {
        ("", _) | (_, Some("" | "*")) => Box::new(iter::empty()),
        ("*", None) => Box::new(known.iter().map(move |kind| {
            let (resource, subresource) = kind.split_once('/').unwrap_or((kind, ""));
            (group, resource, subresource)
        })),
        ("*", Some(subresource)) => Box::new(known.iter().take(1).map(move |kind| (group, *kind, subresource))),
        (resource, subresource) => Box::new(iter::once((group, resource, subresource.unwrap_or_default()))),
    }
}

/// A path for a rule's URL: what is before a `*`, and for `*` alone some that not every user may read.
fn paths(url: &str) -> Each<'_, &str> {
    match url.trim_end_matches('*') {
        "" if url.is_empty() => Box::new(iter::empty()),
        "" | "/" if url.ends_with('*') => Box::new(GUARDED_PATHS.iter().copied()),
        stem => Box::new(iter::once(stem)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::allows;
    use super::super::fixtures::{inventory, roles, rules_of, user_info};
    use super::*;

    /// The questions for one binding's rules, as texts.
    fn asked(namespace: &str, rules: &Value, limit: usize) -> Vec<String> {
        let inventory = inventory(&[(namespace, "b", "ClusterRole/r", json!([]))]);
        let probes = probes(&[(&inventory.bindings()[0], &rules_of(rules))], |_| false, limit);
        probes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_that_a_rule_names_is_asked() {
        let rules = json!([{"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "resourceNames": ["a", "b"]}]);
        let found = asked("shop", &rules, 100);
        assert_eq!(found.len(), 2 * 2 * 2 * 2);
        assert_eq!(found[0], "get pods/a in namespace shop");
        assert!(found.contains(&"list pods.apps/b --subresource=log in namespace shop".to_owned()), "{found:?}");
        let cluster = json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]}, {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]);
        assert_eq!(asked("", &cluster, 100), ["list nodes", "get /metrics"]);
        assert_eq!(asked("shop", &cluster, 100), ["list nodes in namespace shop"], "a RoleBinding gives no path");
    }

    #[test]
    fn stars_become_things_that_clusters_have() {
        let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}]);
        let found = asked("", &all, 200);
        assert_eq!(found.len(), 200);
        for expected in [
            "get pods",
            "get secrets",
            "get deployments.apps",
            "create pods --subresource=exec",
            "list roles.rbac.authorization.k8s.io",
            "get /metrics",
        ] {
            assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:?}");
        }
        let of = |group: &str, resource: &str| {
            asked("", &json!([{"verbs": ["get"], "apiGroups": [group], "resources": [resource]}]), 100)
        };
        assert_eq!(of("*", "deployments"), ["get deployments.apps"]);
        assert_eq!(of("*", "events"), ["get events", "get events.events.k8s.io"]);
        assert_eq!(of("*", "gadgets"), ["get gadgets"]);
        assert_eq!(of("apps", "*/scale"), ["get deployments.apps --subresource=scale"]);
        assert_eq!(of("example.com", "*"), ["get anything.example.com"]);
        assert_eq!(of("batch", "*"), ["get jobs.batch", "get cronjobs.batch"]);
        for nothing in ["pods/*", "*/*", "", "pods/", "/log"] {
            assert!(of("", nothing).is_empty(), "{nothing}");
        }
        let named =
            json!([{"verbs": ["create", ""], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["*", "a"]}]);
        assert_eq!(asked("", &named, 100), ["create pods/a"]);
    }

    #[test]
    fn paths_are_asked_without_their_star() {
        let of = |url: &str| asked("", &json!([{"verbs": ["get", "post"], "nonResourceURLs": [url]}]), 100);
        assert_eq!(of("/logs/*"), ["get /logs/", "post /logs/"]);
        assert_eq!(of("/logs**"), ["get /logs", "post /logs"]);
        assert_eq!(of("/"), ["get /", "post /"]);
        assert!(of("/*").contains(&"get /metrics".to_owned()));
        assert!(of("").is_empty());
    }

    #[test]
    fn no_binding_and_no_rule_takes_the_others_turn() {
        let inventory =
            inventory(&[("", "big", "ClusterRole/r", json!([])), ("shop", "small", "ClusterRole/r", json!([]))]);
        let all = rules_of(&json!([
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
        ]));
        let few = rules_of(&json!([{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods"]}]));
        let grants = [(&inventory.bindings()[0], all.as_slice()), (&inventory.bindings()[1], few.as_slice())];
        let texts = |skip: fn(&Attributes) -> bool, limit| -> Vec<String> {
            probes(&grants, skip, limit).iter().map(ToString::to_string).collect()
        };
        let expected =
            ["get pods", "get pods in namespace shop", "get /metrics", "list pods in namespace shop", "get secrets"];
        assert_eq!(texts(|_| false, 5), expected);
        assert_eq!(texts(|_| false, 5), expected, "the order is the same every time");
        let without_gets = texts(|question| question.verb == "get", 4);
        assert_eq!(
            without_gets,
            ["list pods", "list pods in namespace shop", "list secrets", "watch pods in namespace shop"]
        );
        assert!(texts(|_| true, 5).is_empty());
        assert!(texts(|_| false, 0).is_empty());
    }

    #[test]
    fn a_question_that_two_bindings_allow_is_asked_once() {
        let inventory = inventory(&[("", "a", "ClusterRole/r", json!([])), ("", "b", "ClusterRole/r", json!([]))]);
        let rules = rules_of(&json!([{"verbs": ["get", "get"], "apiGroups": [""], "resources": ["pods"]}]));
        let grants = [(&inventory.bindings()[0], rules.as_slice()), (&inventory.bindings()[1], rules.as_slice())];
        assert_eq!(probes(&grants, |_| false, 10).len(), 1);
    }

    #[test]
    fn a_role_of_any_size_ends() {
        let many: Vec<String> = (0..3000).map(|number| format!("x{number}")).collect();
        let rules = json!([{"verbs": many, "apiGroups": many, "resources": many, "resourceNames": many}]);
        assert_eq!(asked("", &rules, 200).len(), 200);
        let inventory = inventory(&[("", "b", "ClusterRole/r", json!([]))]);
        assert!(probes(&[(&inventory.bindings()[0], &rules_of(&rules))], |_| true, 200).is_empty());
    }

    fn some(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
        proptest::collection::vec(proptest::sample::select(texts), 0..3)
    }

    prop_compose! {
        fn rule()(
            verbs in some(&["get", "list", "create", "*", "post", ""]),
            groups in some(&["", "apps", "example.com", "*"]),
            resources in some(&["pods", "*", "*/log", "pods/*", "pods/exec", "*/*", "gadgets", "a/b/c", "pods/", "/log", ""]),
            names in some(&["a", "*", ""]),
            urls in some(&["*", "/*", "/a", "/a/*", "/a*", "/a**", "**", "", "a", "/*/b"]),
        ) -> Value {
            json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names, "nonResourceURLs": urls})
        }
    }

    proptest! {
        #[test]
        fn every_question_is_allowed_by_its_binding_and_is_concrete(
            rules in proptest::collection::vec(rule(), 1..4), namespace in proptest::sample::select(&["", "shop"][..]), limit in 1..60_usize,
        ) {
            let ann = json!([{"kind": "User", "name": "ann"}]);
            let inventory = inventory(&[(namespace, "b", "ClusterRole/r", ann)]);
            let roles = roles(&[("", "r", json!(rules))]);
            let binding = &inventory.bindings()[0];
            let found = probes(&[(binding, &rules_of(&json!(rules)))], |_| false, limit);
            prop_assert!(found.len() <= limit);
            let distinct: HashSet<&Attributes> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
            for question in &found {
                prop_assert!(allows(&inventory, &roles, &user_info("ann", &[]), question).is_some(), "{} is denied", question);
                prop_assert!(allows(&inventory, &roles, &user_info("bo", &[]), question).is_none());
                let texts = [&question.verb, &question.group, &question.resource, &question.subresource, &question.name];
                prop_assert!(texts.iter().all(|text| *text != "*"), "{} is a star", question);
                prop_assert!(!question.verb.is_empty() && question.resource.is_empty() == question.path.is_some());
            }
        }

        #[test]
        fn a_rule_that_allows_something_has_a_question(
            verbs in some(&["get", "*"]), groups in some(&["", "example.com", "*"]), resources in some(&["pods", "*", "*/log"]),
        ) {
            let rules = json!([{"verbs": verbs, "apiGroups": groups, "resources": resources}]);
            let is_empty = verbs.is_empty() || groups.is_empty() || resources.is_empty();
            prop_assert_eq!(asked("", &rules, 10).is_empty(), is_empty);
        }
    }
}
