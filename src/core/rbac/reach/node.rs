//! One user info on the way, with every right that it has there.

use std::rc::Rc;
use std::sync::LazyLock;

use super::names::{AllowedNames, AllowedVerbs, By};
use crate::core::rbac::authorizer::{KindRequest, rule_allows, rule_covers};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::inventory::{Binding, Role};
use crate::core::rbac::user_info::UserInfo;
use crate::core::rbac::{Attributes, PolicyRule, RoleFacts};

/// Where something is held, and where something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place<'a> {
    /// Everywhere; asked about what is in no namespace.
    Cluster,
    /// In each namespace; asked about what is in any namespace.
    Every,
    /// In this namespace.
    Namespace(&'a str),
}

impl<'a> Place<'a> {
    pub(super) fn of(binding: &'a Binding) -> Self {
        match binding.kind() {
            BindingKind::ClusterRoleBinding => Self::Cluster,
            BindingKind::RoleBinding => Self::Namespace(binding.namespace().unwrap_or_default()),
        }
    }

    pub(super) fn namespace(self) -> Option<&'a str> {
        match self {
            Self::Cluster | Self::Every => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }

    /// Whether what is held here counts where it is asked there.
    fn counts_in(self, asked: Self) -> bool {
        match (self, asked) {
            (Self::Cluster, _) | (Self::Every, Self::Every | Self::Namespace(_)) => true,
            (Self::Namespace(held), Self::Namespace(asked)) => held == asked,
            (Self::Every, Self::Cluster) | (Self::Namespace(_), Self::Cluster | Self::Every) => false,
        }
    }
}

/// A role that was gained on the way; `None`: full rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gained<'a> {
    pub(super) place: Place<'a>,
    pub(super) role: Option<Role>,
}

/// What makes two nodes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeKey<'a> {
    pub(super) info: UserInfo,
    pub(super) gained: Vec<Gained<'a>>,
    /// Who acts as this user for some verbs alone, and by which mode.
    pub(super) narrowed: Option<(usize, &'static str)>,
}

impl NodeKey<'_> {
    pub(super) fn of(info: UserInfo) -> Self {
        Self { info, ..Self::default() }
    }
}

/// A role that is held.
#[derive(Clone, Debug)]
pub(super) struct HeldRole<'a> {
    pub(super) place: Place<'a>,
    pub(super) rules: &'a [PolicyRule],
    /// `None` for what was gained on the way.
    pub(super) binding: Option<&'a Binding>,
    /// Whether the role is there.
    pub(super) exists: bool,
}

/// One user info with its roles.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) key: NodeKey<'a>,
    pub(super) held: Vec<HeldRole<'a>>,
    pub(super) narrowed: Option<(Rc<Node<'a>>, &'static str)>,
}

static FULL: LazyLock<[PolicyRule; 1]> = LazyLock::new(|| {
    let all = || vec!["*".to_owned()];
    [PolicyRule { verbs: all(), api_groups: all(), resources: all(), ..PolicyRule::default() }]
});

impl<'a> Node<'a> {
    pub(super) fn new(
        key: NodeKey<'a>,
        bindings: Vec<&'a Binding>,
        narrowed: Option<(Rc<Self>, &'static str)>,
        role_of: impl Fn(Option<&str>, &Role) -> Option<&'a RoleFacts>,
    ) -> Self {
        let mut held: Vec<HeldRole<'a>> = Vec::new();
        for binding in bindings {
            let role = role_of(binding.namespace(), binding.role());
            let rules = role.map(|facts| facts.rules.as_slice()).unwrap_or_default();
            held.push(HeldRole { place: Place::of(binding), rules, binding: Some(binding), exists: role.is_some() });
        }
        for Gained { place, role } in &key.gained {
            let rules = match role {
                None => &*FULL as &'a [PolicyRule],
                Some(role) => {
                    let facts = role_of(place.namespace(), role);
                    facts.map(|facts| facts.rules.as_slice()).unwrap_or_default()
                }
            };
            held.push(HeldRole { place: *place, rules, binding: None, exists: true });
        }
        Self { key, held, narrowed }
    }

    pub(super) fn info(&self) -> &UserInfo {
        &self.key.info
    }

    /// The roles that bindings give, each once, with where they count.
    pub(super) fn roles(&self) -> Vec<(Place<'a>, &'a Role)> {
        let mut roles: Vec<_> = self.held.iter().filter_map(|held| Some((held.place, held.binding?.role()))).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The places in which something namespaced can be held beyond others: in each namespace, then in single ones.
    pub(super) fn places(&self) -> Vec<Place<'a>> {
        let mut single: Vec<Place<'a>> =
            self.held.iter().map(|held| held.place).filter(|place| place.namespace().is_some()).collect();
        single.sort_unstable();
        single.dedup();
        single.insert(0, Place::Every);
        single
    }

    /// For which names of a resource (`pods`, `pods/exec`) the verb is allowed.
    pub(super) fn names(&self, place: Place<'_>, verb: &str, group: &str, resource: &str) -> AllowedNames<'a> {
        let own = self.own_names(place, verb, group, resource);
        match &self.narrowed {
            None => own,
            Some((by, mode)) => own.and(&by.names(place, &format!("impersonate-on:{mode}:{verb}"), group, resource)),
        }
    }

    fn own_names(&self, place: Place<'_>, verb: &str, group: &str, resource: &str) -> AllowedNames<'a> {
        let mut names = AllowedNames::default();
        let asked = KindRequest { verb, group, resource };
        for held in self.held.iter().filter(|held| held.place.counts_in(place)) {
            for rule in held.rules.iter().filter(|rule| rule_covers(rule, asked)) {
                if rule.resource_names.is_empty() {
                    names.allow_any(held.binding);
                }
                rule.resource_names.iter().for_each(|name| names.allow(name, held.binding));
            }
        }
        names
    }

    /// As [`Self::names`], for each of these verbs.
    pub(super) fn names_of_each(
        &self,
        place: Place<'_>,
        verbs: &[&'static str],
        group: &str,
        resource: &str,
    ) -> AllowedVerbs<'a> {
        AllowedVerbs(verbs.iter().map(|verb| (*verb, self.names(place, verb, group, resource))).collect())
    }

    /// What gives full rights in this place, where it does. Acting as others for some verbs alone never does.
    pub(super) fn full_rights(&self, place: Place<'_>) -> Option<By<'a>> {
        if self.narrowed.is_some() {
            return None;
        }
        self.names(place, "*", "*", "*").any().cloned()
    }

    /// Whether a request is allowed.
    pub(super) fn allows(&self, attributes: &Attributes, place: Place<'_>) -> bool {
        if self.info().is_master() && self.narrowed.is_none() {
            return true;
        }
        let counts = |held: &&HeldRole<'_>| held.place.counts_in(place);
        let own =
            self.held.iter().filter(counts).any(|held| held.rules.iter().any(|rule| rule_allows(rule, attributes)));
        own && self.narrowed.as_ref().is_none_or(|(by, mode)| {
            let verb = format!("impersonate-on:{mode}:{}", attributes.verb);
            by.allows(&Attributes { verb, ..attributes.clone() }, place)
        })
    }
}
