//! What the operator has looked at and accepts. It is no finding, and it is counted.

use std::cell::Cell;

use super::place::Place;
use super::rules::Rule;
use crate::core::ids::split_subject_name;

/// Everything that is accepted.
#[derive(Debug, Default)]
pub struct Allowed(Vec<Allowance>);

/// A name that is accepted, for every rule or for one.
#[derive(Debug)]
pub struct Allowance {
    /// As it was given.
    pub text: String,
    rule: Option<Rule>,
    name: String,
    count: Cell<usize>,
}

impl Allowance {
    /// How often it kept something from being a finding.
    pub fn count(&self) -> usize {
        self.count.get()
    }
}

impl Allowed {
    /// Reads names. `L04:NAME` is accepted for that rule alone.
    pub fn new(texts: &[String]) -> Self {
        let read = |text: &String| {
            let (rule, name) = match text.split_once(':').and_then(|(id, name)| Some((Rule::of_id(id)?, name))) {
                Some((rule, name)) => (Some(rule), name),
                None => (None, text.as_str()),
            };
            Allowance { text: text.clone(), rule, name: name.to_owned(), count: Cell::new(0) }
        };
        Self(texts.iter().map(read).collect())
    }

    /// Each name with how often it counted.
    pub fn allowances(&self) -> &[Allowance] {
        &self.0
    }

    /// Whether a place or its one subject is accepted.
    pub(super) fn has(&self, rule: Rule, place: &Place, subject: &str) -> bool {
        self.has_place(rule, place) || self.has_subject(rule, subject)
    }

    /// Whether a place is accepted: by its text or its name.
    pub(super) fn has_place(&self, rule: Rule, place: &Place) -> bool {
        self.accepts(rule, |name| name == place.name || name == place.to_string())
    }

    /// Whether a subject is accepted: by its text, its name or the UID in its name.
    pub(super) fn has_subject(&self, rule: Rule, subject: &str) -> bool {
        let bare = subject.split_once('/').map_or(subject, |(_, name)| name);
        self.accepts(rule, |name| {
            name == subject || name == bare || split_subject_name(bare).is_some_and(|(uid, _)| uid == name)
        })
    }

    fn accepts(&self, rule: Rule, is_meant: impl Fn(&str) -> bool) -> bool {
        let counts = |one: &&Allowance| one.rule.is_none_or(|only| only == rule) && is_meant(&one.name);
        let found = self.0.iter().find(counts);
        if let Some(one) = found {
            one.count.set(one.count.get() + 1);
        }
        found.is_some()
    }
}
