//! Whether something comes back while it is watched.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::{Reading, VerificationQuery, is_named};
use crate::adapters::cluster::{BindingScope, CallError, WatchEvent, WatchedChange};
use crate::core::rbac::binding_object::{BindingObject, BindingRef, user_name};
use crate::core::rbac::inventory::{Binding, Inventory};
use crate::core::rbac::managed_by::field_manager_of_subjects;
use crate::core::revocation::plan::Plan;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Check, CheckReport};
use crate::error::chain;

/// How long to watch: longer where somebody's marks stand on a binding.
pub fn settle_time(flag: Option<Duration>, plan: &Plan) -> Duration {
    flag.unwrap_or(if plan.is_managed() { Duration::from_secs(15) } else { Duration::from_secs(2) })
}

/// What was seen while the time passed.
struct Window {
    events: Vec<(Duration, WatchEvent)>,
    /// Whether bindings could be watched at all; where that is denied the lists alone tell.
    is_watched: bool,
    /// The bindings after the time, and when they had been read.
    afterwards: (Duration, Inventory),
}

/// Watches both kinds of binding for a name that comes back, and lists them once more: that a watch shows nothing proves
/// nothing, a proxy may hold it back.
pub(super) async fn watch(question: &VerificationQuery<'_>, read: &Reading) -> Vec<CheckReport> {
    let for_all = |answer: CheckReport| vec![answer; question.targets.len()];
    if question.settle.is_zero() {
        return for_all(CheckReport::skipped(Check::Settled, "--settle 0"));
    }
    let mut window = Window { events: Vec::new(), is_watched: true, afterwards: Default::default() };
    let watched = follow(question, read, &mut window).await;
    sleep(question.settle.saturating_sub(read.since.elapsed())).await;
    let listed = bindings(question).await.map(|inventory| window.afterwards = (read.since.elapsed(), inventory));
    let failure = watched.err().or(listed.err());
    let mut answers = Vec::new();
    for target in &question.targets {
        let back = came_back(question, &target.target, read, &window).await;
        answers.push(match (&failure, back.is_empty()) {
            (Some(error), true) => CheckReport::error(Check::Settled, chain(error)),
            (_, false) => CheckReport::failed(Check::Settled, "something came back", back),
            (None, true) => CheckReport::passed(Check::Settled, nothing_came_back(question.settle, window.is_watched)),
        });
    }
    answers
}

fn nothing_came_back(settle: Duration, is_watched: bool) -> String {
    let seconds = settle.as_secs_f64();
    match is_watched {
        true => format!("watched for {seconds} s, then listed again: nothing came back"),
        false => format!("no right to watch; listed again after {seconds} s: nothing came back"),
    }
}

/// Follows both kinds of binding for as long as the window is open.
async fn follow(question: &VerificationQuery<'_>, read: &Reading, window: &mut Window) -> Result<(), CallError> {
    let seen = RefCell::new(Vec::new());
    let follow = async |(scope, since): &(BindingScope, String)| {
        let take = |event| seen.borrow_mut().push((read.since.elapsed(), event));
        question.api.watch_bindings(scope, since, question.settle, take).await
    };
    let [cluster, namespaced] = &read.versions;
    let (one, other) = tokio::join!(follow(cluster), follow(namespaced));
    window.events = seen.into_inner();
    for ended in [one, other] {
        match ended {
            Err(error) if error.is_forbidden() => window.is_watched = false,
            ended => ended?,
        }
    }
    Ok(())
}

async fn bindings(question: &VerificationQuery<'_>) -> Result<Inventory, CallError> {
    let (cluster, namespaced) = tokio::join!(
        question.api.bindings(&BindingScope::Cluster),
        question.api.bindings(&BindingScope::AllNamespaces),
    );
    let mut inventory = cluster?;
    inventory.append(namespaced?);
    Ok(inventory)
}

/// The bindings that name an identity again. One that never ceased to is the first list's business.
async fn came_back(question: &VerificationQuery<'_>, target: &Target, read: &Reading, window: &Window) -> Vec<String> {
    let mut naming = bindings_that_name(target, &read.inventory);
    let (mut back, mut found) = (BTreeSet::new(), Vec::new());
    for (after, WatchEvent { change, object }) in &window.events {
        let binding = object.reference();
        if *change == WatchedChange::Deleted || !is_in(object, target) {
            naming.remove(&binding);
        } else if naming.insert(binding.clone()) && back.insert(binding) {
            let when = format!("after {:.1} s", after.as_secs_f64());
            found.push(put_back(object.reference(), field_manager_of_subjects(object), &when));
        }
    }
    let (after, inventory) = &window.afterwards;
    for binding in bindings_that_name(target, inventory).difference(&naming).filter(|binding| !back.contains(binding)) {
        // The list has found it: that its manager can not be read takes nothing away.
        let object = question.api.binding(binding).await.ok().flatten();
        let when = format!("within {:.1} s", after.as_secs_f64());
        found.push(put_back(binding.clone(), object.as_ref().and_then(field_manager_of_subjects), &when));
    }
    found
}

fn put_back(binding: BindingRef, by: Option<String>, when: &str) -> String {
    match by {
        Some(by) => format!("{binding}: put back by {by} {when}"),
        None => format!("{binding}: put back {when}, by an unknown manager"),
    }
}

fn bindings_that_name(target: &Target, inventory: &Inventory) -> BTreeSet<BindingRef> {
    let names = |binding: &&Binding| binding.subjects().iter().any(|subject| is_named(subject.user_name(), target));
    inventory.bindings().iter().filter(names).map(Binding::reference).collect()
}

fn is_in(object: &BindingObject, target: &Target) -> bool {
    object.subjects.iter().any(|subject| is_named(user_name(subject), target))
}
