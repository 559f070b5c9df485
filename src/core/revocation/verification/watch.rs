//! Check `Settled`: whether something puts access back while bindings are watched.

use std::collections::BTreeSet;
use std::time::Duration;

use super::rbac::{is_named, names};
use super::{Check, CheckReport};
use crate::core::rbac::binding_object::{BindingObject, BindingRef, WatchEvent, WatchedChange, user_name};
use crate::core::rbac::inventory::{Binding, Inventory};
use crate::core::rbac::managed_by::{Manager, field_manager_of_subjects, reconciler};
use crate::core::revocation::target::Target;

/// How long to watch by default.
pub const SETTLE: Duration = Duration::from_secs(2);
/// How long to watch where a manager reconciles one of the bindings by itself.
pub const SETTLE_RECONCILED: Duration = Duration::from_secs(15);

/// The first of the bindings that a manager reconciles by itself, and that manager: it may put the identities back soon.
pub fn reconciled<'a>(bindings: impl IntoIterator<Item = &'a BindingObject>) -> Option<(&'a BindingObject, Manager)> {
    bindings.into_iter().find_map(|object| Some((object, reconciler(object)?)))
}

/// What was seen while the time passed.
#[derive(Debug, Default)]
pub struct Window {
    /// What happened, each with the time since the first list.
    pub events: Vec<(Duration, WatchEvent)>,
    /// Whether bindings may not be watched: then only the lists say something.
    pub is_watch_forbidden: bool,
    /// When the bindings had been listed again, since the first list.
    pub listed_after: Duration,
    /// The bindings of that list.
    pub listed: Inventory,
}

/// A binding that names an identity again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The binding.
    pub binding: BindingRef,
    /// Who wrote its subjects, where that is known.
    pub manager: Option<String>,
    /// How it was found.
    pub seen: Seen,
}

/// How a returned binding was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// By the watch, so long after the first list.
    Watched(Duration),
    /// By the second list, which was read so long after the first. Its manager has to be read from the object.
    Listed(Duration),
}

impl Returned {
    fn describe(&self) -> String {
        let when = match self.seen {
            Seen::Watched(after) => format!("after {:.1} s", after.as_secs_f64()),
            Seen::Listed(after) => format!("within {:.1} s", after.as_secs_f64()),
        };
        match &self.manager {
            Some(manager) => format!("{}: put back by {manager} {when}", self.binding),
            None => format!("{}: put back {when}, by an unknown manager", self.binding),
        }
    }
}

/// The bindings that name an identity again. One that never ceased to belongs to check `Rbac`.
pub fn came_back(target: &Target, first: &Inventory, window: &Window) -> Vec<Returned> {
    let mut naming = bindings_that_name(target, first);
    let (mut back, mut found) = (BTreeSet::new(), Vec::new());
    for (after, WatchEvent { change, object }) in &window.events {
        let binding = object.reference();
        if *change == WatchedChange::Deleted || !is_in(object, target) {
            naming.remove(&binding);
        } else if naming.insert(binding.clone()) && back.insert(binding.clone()) {
            let manager = field_manager_of_subjects(object);
            found.push(Returned { binding, manager, seen: Seen::Watched(*after) });
        }
    }
    let listed = bindings_that_name(target, &window.listed);
    let new = listed.difference(&naming).filter(|binding| !back.contains(binding)).cloned();
    found.extend(new.map(|binding| Returned { binding, manager: None, seen: Seen::Listed(window.listed_after) }));
    found
}

/// What it comes to. `failure` says why the watch or the second list broke off.
pub fn weigh_window(back: &[Returned], failure: Option<&str>, settle: Duration, window: &Window) -> CheckReport {
    match (failure, back.is_empty()) {
        (_, false) => {
            let findings = back.iter().map(Returned::describe).collect();
            CheckReport::failed(Check::Settled, "something came back", findings)
        }
        (Some(failure), true) => CheckReport::error(Check::Settled, failure),
        (None, true) => CheckReport::passed(Check::Settled, nothing_came_back(settle, window)),
    }
}

fn nothing_came_back(settle: Duration, window: &Window) -> String {
    let seconds = settle.as_secs_f64();
    match window.is_watch_forbidden {
        false => format!("watched for {seconds} s, then listed again: nothing came back"),
        true => format!("no right to watch; listed again after {seconds} s: nothing came back"),
    }
}

fn bindings_that_name(target: &Target, inventory: &Inventory) -> BTreeSet<BindingRef> {
    let naming = inventory.bindings().iter().filter(|binding| names(binding, target));
    naming.map(Binding::reference).collect()
}

fn is_in(object: &BindingObject, target: &Target) -> bool {
    object.subjects.iter().any(|subject| is_named(user_name(subject), target))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{binding, carl, inventory};
    use super::*;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed};
    use WatchedChange::{Added, Deleted, Modified};

    fn window(events: &[(WatchedChange, &str)], listed: &[&str]) -> Window {
        let object = |name: &str| serde_json::from_value(binding("b", "User", name)).unwrap();
        let event = |(change, name): &(WatchedChange, &str)| {
            (Duration::from_millis(500), WatchEvent { change: *change, object: object(name) })
        };
        let listed: Vec<(&str, &str, &str)> = listed.iter().map(|name| ("b", "User", *name)).collect();
        Window {
            events: events.iter().map(event).collect(),
            listed: inventory(&listed),
            listed_after: SETTLE,
            is_watch_forbidden: false,
        }
    }

    #[test]
    fn the_first_binding_that_a_controller_reconciles_is_found() {
        let object = |name: &str, labels: serde_json::Value| {
            let mut object = binding(name, "User", "200-17");
            object["metadata"]["labels"] = labels;
            serde_json::from_value::<BindingObject>(object).unwrap()
        };
        let of_a_tool = serde_json::json!({"argocd.argoproj.io/instance": "rbac"});
        let objects = [object("a", serde_json::json!({})), object("b", of_a_tool.clone()), object("c", of_a_tool)];
        let (found, manager) = reconciled(&objects).unwrap();
        assert_eq!(
            (found.reference().name.as_str(), manager.name.contains("Argo CD")),
            ("b", true),
            "{}",
            manager.name
        );
        assert!(reconciled(&objects[..1]).is_none());
    }

    /// Each row: whom the binding names in the first list, what was watched, whom it names in the second list, and how it came back.
    #[test]
    fn a_binding_comes_back_if_it_did_not_name_the_identity_before() {
        let (watched, listed) = (Seen::Watched(Duration::from_millis(500)), Seen::Listed(SETTLE));
        let (none, bo, carl_is_in) = (&[][..], &["bo"][..], &["200-17"][..]);
        for (first, events, second, expected) in [
            (none, &[][..], none, None),
            (bo, &[(Modified, "bo")], bo, None),
            (none, &[(Added, "200-17")], carl_is_in, Some(watched)),
            (bo, &[(Modified, "200-17")], carl_is_in, Some(watched)),
            (bo, &[(Modified, "carl")], carl_is_in, Some(watched)),
            // It came back and went again: that it came counts.
            (none, &[(Added, "200-17"), (Deleted, "200-17")], none, Some(watched)),
            (none, &[(Added, "200-17"), (Modified, "bo"), (Modified, "200-17")], carl_is_in, Some(watched)),
            // A proxy may hold events back.
            (none, &[], carl_is_in, Some(listed)),
            (bo, &[], carl_is_in, Some(listed)),
            (none, &[(Added, "bo")], carl_is_in, Some(listed)),
            // It never ceased to name the identity.
            (carl_is_in, &[], carl_is_in, None),
            (carl_is_in, &[(Modified, "200-17")], carl_is_in, None),
            // It ceased and began again.
            (carl_is_in, &[(Deleted, "200-17")], carl_is_in, Some(listed)),
            (carl_is_in, &[(Deleted, "200-17"), (Added, "200-17")], carl_is_in, Some(watched)),
            // What resembles a name is another check's.
            (none, &[(Added, "200.17")], &["200.17"], None),
        ] {
            let first: Vec<(&str, &str, &str)> = first.iter().map(|name| ("b", "User", *name)).collect();
            let back = came_back(&carl(), &inventory(&first), &window(events, second));
            let seen: Vec<Seen> = back.iter().map(|returned| returned.seen).collect();
            assert_eq!(seen, Vec::from_iter(expected), "{first:?} {events:?} {second:?}");
        }
    }

    #[test]
    fn what_came_back_outweighs_a_failure_and_a_failure_outweighs_silence() {
        let back = |manager: Option<&str>, seen| {
            let binding = inventory(&[("b", "User", "x")]).bindings()[0].reference();
            vec![Returned { binding, manager: manager.map(str::to_owned), seen }]
        };
        let (watched, listed) = (Seen::Watched(Duration::from_millis(540)), Seen::Listed(SETTLE));
        let forbidden = Window { is_watch_forbidden: true, ..Window::default() };
        for (back, failure, window, expected, text) in [
            (Vec::new(), None, Window::default(), Passed, "watched for 2 s, then listed again"),
            (Vec::new(), None, forbidden, Passed, "no right to watch; listed again after 2 s"),
            (Vec::new(), Some("timeout"), Window::default(), Error, "timeout"),
            (
                back(Some("helm"), watched),
                Some("timeout"),
                Window::default(),
                Failed,
                "-/b: put back by helm after 0.5 s",
            ),
            (back(None, listed), None, Window::default(), Failed, "put back within 2.0 s, by an unknown manager"),
        ] {
            let report = weigh_window(&back, failure, SETTLE, &window);
            assert_eq!(report.result, expected, "{text}");
            assert!(report.detail.contains(text) || report.findings[0].contains(text), "{report:?}");
        }
    }
}
