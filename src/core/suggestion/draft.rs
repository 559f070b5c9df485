//! The roles and bindings that allow what was used.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::uncovered::Uncovered;
use super::usage::{Seen, UncoveredRequests, Usage};
use super::whose::subject_object;
use super::widening::{Added, Widening, widened};
use super::{Rights, covers, fewest, rules};
use crate::core::rbac::binding::RBAC_GROUP;
use crate::core::rbac::user_info::NamedSubject;
use crate::core::rbac::{Attributes, PolicyRule, rule_allows};

/// A role of a draft, and its binding of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftedRole {
    /// The namespace; `None`: a ClusterRole.
    pub namespace: Option<String>,
    /// The name of the role and of its binding.
    pub name: String,
    /// What it allows.
    pub rules: Vec<PolicyRule>,
}

/// What a widening adds, as rules of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedRule {
    /// By which widening.
    pub by: Widening,
    /// The namespace; `None`: the whole cluster.
    pub namespace: Option<String>,
    /// The rule.
    pub rule: PolicyRule,
}

/// Roles and bindings that allow what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The roles: that of the cluster first, then by namespace.
    pub roles: Vec<DraftedRole>,
    /// To whom they are given.
    pub subjects: Vec<NamedSubject>,
    /// The rights that they give.
    pub rights: Rights,
    /// What of them was not seen, and is there because the operator asked for it.
    pub added: Vec<AddedRule>,
    /// What was used and they don't allow.
    pub uncovered: UncoveredRequests,
}

impl Draft {
    /// The fewest and smallest roles for what was used, wider in these ways.
    pub fn of(usage: &Usage, ways: &[Widening]) -> Self {
        let used: Rights = usage.asked.keys().cloned().collect();
        let (wide, added) = widened(&used, ways);
        let rights = fewest(&wide);
        let name = format!("suggested-{}", usage.whose.slug());
        let role = |(namespace, rules)| DraftedRole { namespace, name: name.clone(), rules };
        Self {
            roles: by_place(rights.iter()).into_iter().map(role).collect(),
            subjects: usage.subjects(),
            added: added_rules(&added),
            uncovered: uncovered(usage, &rights),
            rights,
        }
    }

    /// Roles and bindings as `kubectl apply` takes them.
    pub fn documents(&self) -> Vec<Value> {
        self.roles.iter().flat_map(|role| [role.document(), self.binding_document(role)]).collect()
    }

    fn binding_document(&self, role: &DraftedRole) -> Value {
        let subjects: Vec<Value> = self.subjects.iter().map(subject_object).collect();
        json!({
            "apiVersion": format!("{RBAC_GROUP}/v1"),
            "kind": role.binding_kind(),
            "metadata": role.metadata(),
            "roleRef": {"apiGroup": RBAC_GROUP, "kind": role.kind(), "name": role.name},
            "subjects": subjects,
        })
    }
}

impl DraftedRole {
    /// `ClusterRole` or `Role`.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "Role" } else { "ClusterRole" }
    }

    /// `ClusterRoleBinding` or `RoleBinding`.
    pub fn binding_kind(&self) -> &'static str {
        if self.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }

    /// How often something of a rule of it was asked about; `None`: never, it is there by a widening alone.
    pub fn seen(&self, rule: &PolicyRule, usage: &Usage) -> Option<Seen> {
        let is_here =
            |asked: &Attributes| self.namespace.as_ref().is_none_or(|namespace| *namespace == asked.namespace);
        let seen = usage.asked.iter().filter(|(asked, _)| is_here(asked) && rule_allows(rule, asked));
        seen.map(|(_, seen)| *seen).reduce(Seen::and)
    }

    fn metadata(&self) -> Value {
        match &self.namespace {
            None => json!({"name": self.name}),
            Some(namespace) => json!({"name": self.name, "namespace": namespace}),
        }
    }

    fn document(&self) -> Value {
        json!({
            "apiVersion": format!("{RBAC_GROUP}/v1"), "kind": self.kind(), "metadata": self.metadata(), "rules": self.rules,
        })
    }
}

/// Rights as rules, by the namespace in which they hold.
fn by_place<'a>(rights: impl Iterator<Item = &'a Attributes>) -> Vec<(Option<String>, Vec<PolicyRule>)> {
    let mut places: BTreeMap<&str, Vec<&Attributes>> = BTreeMap::new();
    for right in rights {
        places.entry(&right.namespace).or_default().push(right);
    }
    let place = |(namespace, rights): (&str, Vec<&Attributes>)| {
        let namespace = Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty());
        (namespace, rules::of(rights.into_iter()))
    };
    places.into_iter().map(place).collect()
}

fn added_rules(added: &[Added]) -> Vec<AddedRule> {
    let mut all = Vec::new();
    for by in [Widening::Reads, Widening::Names, Widening::Namespaces] {
        let rights: Rights = added.iter().filter(|added| added.by == by).map(|added| added.right.clone()).collect();
        for (namespace, rules) in by_place(fewest(&rights).iter()) {
            all.extend(rules.into_iter().map(|rule| AddedRule { by, namespace: namespace.clone(), rule }));
        }
    }
    all
}

/// What was used and the rights don't give: rules may be written into a role by who holds them all.
fn uncovered(usage: &Usage, rights: &Rights) -> UncoveredRequests {
    let mut uncovered = usage.uncovered.clone();
    for (request, (written, seen)) in &usage.written {
        let is_held = |right: &Attributes| rights.iter().any(|held| covers(held, right));
        let mut needed = written.iter().flat_map(|rule| rules::rights_of(rule, &request.namespace));
        if !needed.all(|right| is_held(&right)) {
            uncovered.insert((request.clone(), Uncovered::RulesNotHeld), *seen);
        }
    }
    uncovered
}
