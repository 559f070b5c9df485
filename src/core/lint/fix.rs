//! What ends a finding: a sentence, and the commands that do it where they can be written exactly.
//!
//! A command names what it expects to find (`test` in a JSON patch), so that it fails where the object was changed in between.

use serde_json::{Value, json};

use super::concern::Concern;
use super::place::Place;
use crate::core::rbac::PolicyRule;
use crate::core::rbac::inventory::{Binding, Role};
use crate::core::shell;

/// What to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// In a sentence, without a full stop.
    pub text: String,
    /// The commands that do it, all of them; none where it takes a decision that only people can make.
    pub commands: Vec<String>,
}

impl Fix {
    /// A sentence alone.
    pub(super) fn advice(text: impl Into<String>) -> Self {
        Self { text: text.into(), commands: Vec::new() }
    }

    /// A sentence with its commands, if each could be written.
    pub(super) fn new(text: impl Into<String>, commands: impl IntoIterator<Item = Option<String>>) -> Self {
        let commands = commands.into_iter().collect::<Option<Vec<String>>>().unwrap_or_default();
        Self { text: text.into(), commands }
    }
}

/// How commands reach the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubectl {
    /// Flags that lead there, such as `--context` and its value.
    pub flags: Vec<String>,
    /// Whether no kubeconfig of this machine leads there, so that no command does.
    pub is_out_of_reach: bool,
}

impl Kubectl {
    /// A command; `None` where none leads there, or where a name in it can't be shown as it is.
    pub(super) fn command(&self, words: &[&str]) -> Option<String> {
        let words: Vec<&str> = words.iter().copied().chain(self.flags.iter().map(String::as_str)).collect();
        if self.is_out_of_reach { None } else { shell::kubectl(&words) }
    }

    fn on(&self, verb: &[&str], kind: &str, place: &Place, more: &[&str]) -> Option<String> {
        let name = shell::argument(&place.name)?;
        let in_namespace = place.namespace.as_deref().map(|namespace| ["-n", namespace]);
        let words = [verb, &[kind, name], in_namespace.as_ref().map_or(&[][..], |words| words), more].concat();
        self.command(&words)
    }

    /// Deletes an object.
    pub(super) fn delete(&self, place: &Place) -> Option<String> {
        self.on(&["delete"], &place.kind.to_lowercase(), place, &[])
    }

    /// Labels an object.
    pub(super) fn label(&self, place: &Place, label: &str) -> Option<String> {
        self.on(&["label"], &place.kind.to_lowercase(), place, &[label])
    }

    fn patch(&self, place: &Place, operations: &[Value]) -> Option<String> {
        let patch = Value::from(operations).to_string();
        self.on(&["patch"], &place.kind.to_lowercase(), place, &["--type=json", "-p", &patch])
    }

    /// Takes the concerned subjects out of a binding; the binding goes where no one else is in it.
    pub(super) fn without_subjects(&self, concern: &Concern<'_>) -> Option<String> {
        let place = Place::of_binding(concern.binding);
        if concern.is_whole() {
            return self.delete(&place);
        }
        let tests = concern.subjects.iter().flat_map(|subject| tests_of(concern.binding, *subject));
        let removals = concern.subjects.iter().rev();
        let removals = removals.map(|subject| json!({"op": "remove", "path": format!("/subjects/{subject}")}));
        self.patch(&place, &tests.chain(removals).collect::<Vec<_>>())
    }

    /// Writes the concerned subjects of a binding in another way.
    pub(super) fn with_subjects(&self, concern: &Concern<'_>, written: impl Fn(usize) -> Value) -> Option<String> {
        let tests = concern.subjects.iter().flat_map(|subject| tests_of(concern.binding, *subject));
        let changes = concern.subjects.iter().map(
            |subject| json!({"op": "replace", "path": format!("/subjects/{subject}"), "value": written(*subject)}),
        );
        self.patch(&Place::of_binding(concern.binding), &tests.chain(changes).collect::<Vec<_>>())
    }

    /// Writes other rules in the places of these rules of a role.
    pub(super) fn with_rules(&self, role: &Place, changes: &[RuleChange<'_>]) -> Option<String> {
        let mut operations = Vec::new();
        for RuleChange { index, before, .. } in changes {
            operations.push(test(&format!("/rules/{index}/verbs"), json!(before.verbs)));
            let (key, value) = match before.resources.is_empty() {
                true => ("nonResourceURLs", &before.non_resource_urls),
                false => ("resources", &before.resources),
            };
            operations.push(test(&format!("/rules/{index}/{key}"), json!(value)));
        }
        for RuleChange { index, after, .. } in changes {
            let mut rules = after.iter();
            if let Some(first) = rules.next() {
                operations.push(json!({"op": "replace", "path": format!("/rules/{index}"), "value": first}));
            }
            operations.extend(rules.map(|rule| json!({"op": "add", "path": "/rules/-", "value": rule})));
        }
        let mut gone: Vec<usize> =
            changes.iter().filter(|change| change.after.is_empty()).map(|change| change.index).collect();
        gone.sort_unstable_by(|one, other| other.cmp(one));
        operations.extend(gone.iter().map(|index| json!({"op": "remove", "path": format!("/rules/{index}")})));
        self.patch(role, &operations)
    }
}

/// What becomes of a rule of a role.
#[derive(Clone, Debug)]
pub(super) struct RuleChange<'a> {
    /// Its place among the rules.
    pub(super) index: usize,
    /// As it was read.
    pub(super) before: &'a PolicyRule,
    /// What stands in its place; nothing where it goes.
    pub(super) after: Vec<PolicyRule>,
}

/// Whether a role is one that others keep as it is, so that a change of it would not stay: Kubernetes' own, ACK's own, or one that is put
/// together from others.
pub(super) fn is_kept_by_others(role: &Role, is_aggregated: bool) -> bool {
    let user_facing = ["cluster-admin", "admin", "edit", "view"];
    let is_known =
        user_facing.contains(&&*role.name) || role.name.starts_with("cs:") || role.name.starts_with("system:");
    &*role.kind == "ClusterRole" && (is_known || is_aggregated)
}

fn tests_of(binding: &Binding, place: usize) -> [Value; 2] {
    let subject = &binding.subjects()[place];
    [
        test(&format!("/subjects/{place}/kind"), json!(subject.kind())),
        test(&format!("/subjects/{place}/name"), json!(subject.name())),
    ]
}

fn test(path: &str, value: Value) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_can_not_be_written_exactly_is_none() {
        let kubectl = Kubectl { flags: vec!["--context".into(), "my prod".into()], is_out_of_reach: false };
        let binding = |name: &str| Place::new("RoleBinding", Some("shop"), name);
        let expected = "kubectl delete rolebinding a -n shop --context 'my prod'";
        assert_eq!(kubectl.delete(&binding("a")).as_deref(), Some(expected));
        for name in ["-f", "a\nb", "a\u{202e}b", "\u{1b}[31m"] {
            assert_eq!(kubectl.delete(&binding(name)), None, "{name:?}");
        }
        let elsewhere = Kubectl { is_out_of_reach: true, ..kubectl };
        assert_eq!(elsewhere.delete(&binding("a")), None);
        let fix = Fix::new("do it", [Some("one".to_owned()), None]);
        assert!(fix.commands.is_empty(), "half of a fix is none");
    }
}
