//! L12: issued kubeconfigs that live longer than they may.

use super::allowed::Allowed;
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, Lifetimes, LintedCluster, NotChecked};
use crate::core::credential::duration::distance;
use crate::core::identity::ack::{CertificateState, KubeconfigState};
use crate::core::identity::evidence::Listing;
use crate::core::lifetime::Lifetime;
use crate::core::rbac::others::Others;

const RULE: Rule = Rule::LongLived;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, lifetimes: Lifetimes, allowed: &Allowed) -> Vec<Finding<'a>> {
    let listed = cluster.scan.directory.sources().kubeconfigs.items();
    let works = |state: &&KubeconfigState| state.certificate == CertificateState::Unexpired;
    listed.iter().filter(works).filter_map(|state| finding(cluster, state, lifetimes, allowed)).collect()
}

/// How long kubeconfigs live is known from the cloud alone.
pub(super) fn not_checked(cluster: &LintedCluster<'_>, lifetimes: Lifetimes) -> Option<NotChecked> {
    let is_unread = matches!(cluster.scan.directory.sources().kubeconfigs, Listing::NotAsked);
    let reason = "the cloud was not asked which kubeconfigs are issued".to_owned();
    (lifetimes.longest.is_some() && is_unread).then_some(NotChecked { rule: RULE, reason })
}

fn finding<'a>(
    cluster: &LintedCluster<'a>,
    state: &KubeconfigState,
    lifetimes: Lifetimes,
    allowed: &Allowed,
) -> Option<Finding<'a>> {
    let left = Lifetime::until(state.expires?, None, lifetimes.now);
    let place = Place::new("Kubeconfig", None, state.uid.as_str());
    let subject = format!("User/{}", state.uid);
    if !left.exceeds(lifetimes.longest?) || allowed.has(RULE, &place, &subject) {
        return None;
    }
    let name = cluster.scan.verdict(Some(&state.uid)).name.as_ref();
    Some(Finding {
        rule: RULE,
        level: RULE.text().level,
        place,
        places: Vec::new(),
        subjects: Others::one(subject),
        shared_with: Others::default(),
        why: format!(
            "the kubeconfig{} is valid for {} more",
            name.map(|name| format!(" of {name}")).unwrap_or_default(),
            distance(left.known()?)
        ),
        fix: Fix::advice("issue temporary kubeconfigs (TemporaryDurationMinutes), then delete this one in the console"),
        path: None,
    })
}
