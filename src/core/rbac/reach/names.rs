//! For which names of a resource something is allowed, and by which bindings.

use std::collections::BTreeMap;

use crate::core::rbac::inventory::Binding;

/// The bindings that allow something; none where an earlier step of a path gave the right.
pub(super) type By<'a> = Vec<&'a Binding>;

/// For which names something is allowed.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowedNames<'a> {
    any: Option<By<'a>>,
    only: BTreeMap<&'a str, By<'a>>,
}

impl<'a> AllowedNames<'a> {
    pub(super) fn allow_any(&mut self, by: Option<&'a Binding>) {
        self.any.get_or_insert_with(|| by.into_iter().collect());
    }

    pub(super) fn allow(&mut self, name: &'a str, by: Option<&'a Binding>) {
        self.only.entry(name).or_insert_with(|| by.into_iter().collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.any.is_none() && self.only.is_empty()
    }

    /// What allows it whatever the name is, and without one.
    pub(super) fn any(&self) -> Option<&By<'a>> {
        self.any.as_ref()
    }

    /// What allows it for this name.
    pub(super) fn get(&self, name: &str) -> Option<&By<'a>> {
        self.any.as_ref().or_else(|| self.only.get(name))
    }

    /// The names for which alone it is allowed.
    pub(super) fn only(&self) -> impl Iterator<Item = (&'a str, &By<'a>)> {
        self.only.iter().map(|(name, by)| (*name, by))
    }

    /// One name for which it is allowed, empty for any.
    pub(super) fn first(&self) -> Option<(&'a str, &By<'a>)> {
        self.any.as_ref().map(|by| ("", by)).or_else(|| self.only().next())
    }

    /// The names for which both are allowed.
    pub(super) fn and(&self, other: &Self) -> Self {
        let both = |one: &By<'a>, other: &By<'a>| joined([one, other]);
        let any = self.any.as_ref().zip(other.any.as_ref()).map(|(one, other)| both(one, other));
        let names = self.only.keys().chain(other.only.keys());
        let only = names.filter_map(|name| Some((*name, both(self.get(name)?, other.get(name)?)))).collect();
        Self { any, only }
    }
}

/// For which names each of some verbs is allowed.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowedVerbs<'a>(pub(super) Vec<(&'static str, AllowedNames<'a>)>);

impl<'a> AllowedVerbs<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, names)| names.is_empty())
    }

    /// The first verb that is allowed whatever the name is.
    pub(super) fn any(&self) -> Option<(&'static str, &By<'a>)> {
        self.0.iter().find_map(|(verb, names)| Some((*verb, names.any()?)))
    }

    /// The first verb that is allowed for this name.
    pub(super) fn get(&self, name: &str) -> Option<(&'static str, &By<'a>)> {
        self.0.iter().find_map(|(verb, names)| Some((*verb, names.get(name)?)))
    }

    /// The first verb that is allowed, with a name for which it is; empty for any.
    pub(super) fn first(&self) -> Option<(&'static str, &'a str, &By<'a>)> {
        let for_any = self.any().map(|(verb, by)| (verb, "", by));
        for_any.or_else(|| self.0.iter().find_map(|(verb, names)| names.first().map(|(name, by)| (*verb, name, by))))
    }
}

/// The bindings of several rights, each once.
pub(super) fn joined<'a, 'b>(all: impl IntoIterator<Item = &'b By<'a>>) -> By<'a>
where
    'a: 'b,
{
    let mut joined: By<'a> = Vec::new();
    for binding in all.into_iter().flatten() {
        if !joined.iter().any(|known| std::ptr::eq(*known, *binding)) {
            joined.push(binding);
        }
    }
    joined
}
