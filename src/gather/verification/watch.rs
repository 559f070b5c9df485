//! Watches the bindings for a while, and lists them once more.

use std::cell::RefCell;

use tokio::time::sleep;

use super::{FirstList, VerificationQuery};
use crate::adapters::cluster::{BindingScope, CallError};
use crate::core::rbac::managed_by::field_manager_of_subjects;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Check, CheckReport, Returned, Seen, Window, came_back, weigh_window};
use crate::error::chain;

/// Watches both kinds of binding for a name that comes back. That a watch shows nothing proves nothing, since a proxy may hold
/// it back: so the bindings are listed again.
pub(super) async fn watch(question: &VerificationQuery<'_>, first: &FirstList) -> Vec<CheckReport> {
    if question.settle.is_zero() {
        return vec![CheckReport::skipped(Check::Settled, "--settle 0"); question.targets.len()];
    }
    let mut window = Window::default();
    let watched = follow(question, first, &mut window).await;
    sleep(question.settle.saturating_sub(first.since.elapsed())).await;
    let listed = question.api.all_bindings().await.map(|inventory| {
        window.listed_after = first.since.elapsed();
        window.listed = inventory;
    });
    let failure = watched.err().or(listed.err()).map(|error| chain(&error));
    let mut reports = Vec::new();
    for target in &question.targets {
        let back = returned(question, &target.target, first, &window).await;
        reports.push(weigh_window(&back, failure.as_deref(), question.settle, &window));
    }
    reports
}

/// What came back, with its managers: a list doesn't say them, so they are read from the objects.
async fn returned(
    question: &VerificationQuery<'_>,
    target: &Target,
    first: &FirstList,
    window: &Window,
) -> Vec<Returned> {
    let mut back = came_back(target, &first.inventory, window);
    for returned in back.iter_mut().filter(|returned| matches!(returned.seen, Seen::Listed(_))) {
        // The list has found it: that its manager can't be read takes nothing away.
        let object = question.api.binding(&returned.binding).await.ok().flatten();
        returned.manager = object.as_ref().and_then(field_manager_of_subjects);
    }
    back
}

/// Follows both kinds of binding for as long as the window is open.
async fn follow(question: &VerificationQuery<'_>, first: &FirstList, window: &mut Window) -> Result<(), CallError> {
    let seen = RefCell::new(Vec::new());
    let follow = async |(scope, since): &(BindingScope, String)| {
        let take = |event| seen.borrow_mut().push((first.since.elapsed(), event));
        question.api.watch_bindings(scope, since, question.settle, take).await
    };
    let [cluster, namespaced] = &first.versions;
    let (one, other) = tokio::join!(follow(cluster), follow(namespaced));
    window.events = seen.into_inner();
    for ended in [one, other] {
        match ended {
            Err(error) if error.is_forbidden() => window.is_watch_forbidden = true,
            ended => ended?,
        }
    }
    Ok(())
}
