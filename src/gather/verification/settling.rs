//! Whether something comes back while it is watched.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::sleep;

use super::{Question, Reading, is_named};
use crate::adapters::cluster::{BindingScope, CallError, WatchEvent, WatchedChange};
use crate::core::binding_object::{BindingObject, ram_uid};
use crate::core::case::TargetCase;
use crate::core::ids::Uid;
use crate::core::managed_by::field_manager_of_subjects;
use crate::core::plan::Plan;
use crate::core::target::Target;
use crate::core::verification::{Voice, VoiceAnswer};
use crate::error::chain;

/// How long to watch: longer where somebody's marks stand on a binding.
pub fn settle_time(flag: Option<Duration>, plan: &Plan) -> Duration {
    flag.unwrap_or(if plan.is_managed() { Duration::from_secs(15) } else { Duration::from_secs(2) })
}

/// Watches both kinds of binding for a name that comes back.
pub(super) async fn watch(question: &Question<'_>, read: &Reading) -> Vec<VoiceAnswer> {
    let nothing = |told: &str| vec![VoiceAnswer::not_asked(Voice::Settled, told); question.targets.len()];
    if question.settle.is_zero() {
        return nothing("--settle 0");
    }
    let seen = RefCell::new(Vec::new());
    let follow = |scope: &'_ BindingScope, since: &'_ str| {
        let (scope, since, seen) = (scope.clone(), since.to_owned(), &seen);
        async move {
            question
                .api
                .watch_bindings(&scope, &since, question.settle, |event: WatchEvent| {
                    if event.change != WatchedChange::Deleted {
                        seen.borrow_mut().push((read.since.elapsed(), event.object));
                    }
                })
                .await
        }
    };
    let [(cluster, from), (namespaced, namespaced_from)] = &read.versions;
    let (one, other) = tokio::join!(follow(cluster, from), follow(namespaced, namespaced_from));
    let mut back = seen.into_inner();
    if let Err(error) = one.and(other) {
        tracing::debug!(error = chain(&error), "can't watch, listing once more");
        match list_again(question, &question.targets, read).await {
            Ok(objects) => back.extend(objects),
            Err(error) => return vec![VoiceAnswer::failed(Voice::Settled, chain(&error)); question.targets.len()],
        }
    }
    question.targets.iter().map(|target| came_back(question, &target.target, &back)).collect()
}

/// Where no watch is to be had: what names an identity after the time has passed and did not before.
async fn list_again(
    question: &Question<'_>,
    targets: &[&TargetCase],
    read: &Reading,
) -> Result<Vec<(Duration, BindingObject)>, CallError> {
    let passed = read.since.elapsed();
    sleep(question.settle.saturating_sub(passed)).await;
    let again = Reading::of(question.api).await?;
    let mut back = Vec::new();
    for binding in again.inventory.bindings() {
        let names = |target: &&&TargetCase| {
            binding.subjects().iter().any(|subject| is_named(subject.ram_uid(), subject.name(), &target.target))
        };
        if targets.iter().any(|target| names(&target)) {
            let reference = binding.reference();
            back.extend(question.api.binding(&reference).await?.map(|object| (read.since.elapsed(), object)));
        }
    }
    Ok(back)
}

fn came_back(question: &Question<'_>, target: &Target, seen: &[(Duration, BindingObject)]) -> VoiceAnswer {
    let own = |object: &BindingObject| {
        object.subjects.iter().any(|subject| {
            let uid: Option<Uid> = ram_uid(subject);
            is_named(uid.as_ref().map(Uid::as_str), &subject.name, target)
        })
    };
    let mut left = Vec::new();
    for (after, object) in seen.iter().filter(|(_, object)| own(object)) {
        let by = field_manager_of_subjects(object).unwrap_or_else(|| "somebody".to_owned());
        left.push(format!("{}: put back by {by} after {:.1} s", object.reference(), after.as_secs_f64()));
    }
    let told = match left.len() {
        0 => format!("{} s, nothing came back", question.settle.as_secs_f64()),
        _ => "something came back".to_owned(),
    };
    VoiceAnswer::of(Voice::Settled, told, left)
}
