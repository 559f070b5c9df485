//! Which subjects of which bindings a finding is about, and who else is in these bindings.

use std::collections::{BTreeMap, BTreeSet};

use super::allowed::Allowed;
use super::place::Place;
use super::rules::Rule;
use crate::core::rbac::inventory::{Binding, BoundSubject};
use crate::core::rbac::others::Others;

/// A binding with the places of the subjects that are concerned, in their order.
#[derive(Clone, Debug)]
pub(super) struct Concern<'a> {
    pub(super) binding: &'a Binding,
    pub(super) subjects: Vec<usize>,
}

impl<'a> Concern<'a> {
    /// What of a binding is concerned; `None` where nothing is that is not accepted.
    pub(super) fn of(
        binding: &'a Binding,
        rule: Rule,
        allowed: &Allowed,
        is_concerned: impl Fn(&BoundSubject) -> bool,
    ) -> Option<Self> {
        let all = binding.subjects().iter().enumerate();
        let concerned: Vec<usize> = all.filter(|(_, subject)| is_concerned(subject)).map(|(place, _)| place).collect();
        if concerned.is_empty() || allowed.has_place(rule, &Place::of_binding(binding)) {
            return None;
        }
        let is_kept = |place: &usize| !allowed.has_subject(rule, &subject_text(binding, &binding.subjects()[*place]));
        let subjects: Vec<usize> = concerned.into_iter().filter(is_kept).collect();
        (!subjects.is_empty()).then_some(Self { binding, subjects })
    }

    /// Whether the subject in this place is concerned.
    fn has(&self, place: usize) -> bool {
        self.subjects.binary_search(&place).is_ok()
    }

    /// Whether all subjects of the binding are concerned.
    pub(super) fn is_whole(&self) -> bool {
        self.subjects.len() == self.binding.subjects().len()
    }
}

/// A subject as bindings name it: a ServiceAccount with its namespace, which a RoleBinding may leave to its own.
pub(super) fn subject_text(binding: &Binding, subject: &BoundSubject) -> String {
    match (subject.kind(), subject.namespace().or(binding.namespace())) {
        ("ServiceAccount", Some(namespace)) => format!("ServiceAccount/{namespace}/{}", subject.name()),
        _ => subject.to_string(),
    }
}

/// The bindings, each once.
pub(super) fn places(concerns: &[Concern<'_>]) -> Vec<Place> {
    concerns.iter().map(|concern| Place::of_binding(concern.binding)).collect()
}

/// Who is concerned, each once.
pub(super) fn concerned(concerns: &[Concern<'_>]) -> Others {
    distinct(concerns, |concern, place| concern.has(place))
}

/// Who else is in these bindings, each once.
pub(super) fn sharing(concerns: &[Concern<'_>]) -> Others {
    distinct(concerns, |concern, place| !concern.is_whole() && !concern.has(place))
}

fn distinct(concerns: &[Concern<'_>], is_meant: impl Fn(&Concern<'_>, usize) -> bool) -> Others {
    let mut known = BTreeSet::new();
    let mut names = Vec::new();
    for concern in concerns {
        for (place, subject) in concern.binding.subjects().iter().enumerate() {
            let text = subject_text(concern.binding, subject);
            if is_meant(concern, place) && known.insert(text.clone()) {
                names.push(text);
            }
        }
    }
    Others::of(names)
}

/// Puts bindings together that have one cause: those of one name and one role, in whatever namespaces.
pub(super) fn by_cause(concerns: Vec<Concern<'_>>) -> Vec<Vec<Concern<'_>>> {
    let mut causes: BTreeMap<_, Vec<Concern<'_>>> = BTreeMap::new();
    for concern in concerns {
        let binding = concern.binding;
        let key = (binding.kind(), binding.name().to_owned(), binding.role().clone());
        causes.entry(key).or_default().push(concern);
    }
    causes.into_values().collect()
}
