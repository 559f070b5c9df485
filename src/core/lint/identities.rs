//! L11: what RAM identities hold that are gone or unknown, and mappings that rest on a name alone.

use std::collections::BTreeMap;

use super::allowed::Allowed;
use super::fix::Fix;
use super::place::Place;
use super::rules::{Level, Rule};
use super::{Finding, LintedCluster, NotChecked};
use crate::core::identity::verdict::{State, Verdict};
use crate::core::ids::Uid;
use crate::core::rbac::grants::Grant;
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};
use crate::core::rbac::others::Others;

const RULE: Rule = Rule::IdentityGone;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, allowed: &Allowed) -> Vec<Finding<'a>> {
    let mut by_identity: BTreeMap<&str, Vec<Grant<'a>>> = BTreeMap::new();
    for grant in cluster.scan.grants.iter() {
        if let Some(uid) = grant.uid {
            by_identity.entry(uid).or_default().push(grant);
        }
    }
    let gone = by_identity.into_iter().filter_map(|(uid, grants)| {
        let verdict = cluster.scan.verdict(Uid::parse(uid).as_ref());
        let level = level_of(verdict, cluster.cloud_was_asked)?;
        of_identity(cluster, uid, verdict, level, grants, allowed)
    });
    let nameless = cluster
        .scan
        .grants
        .mappings()
        .iter()
        .filter(|mapping| mapping.uid.is_none() && matches!(mapping.identity, MappedIdentity::Arn(_)));
    gone.chain(nameless.filter_map(|mapping| of_mapping(cluster, mapping, allowed))).collect()
}

/// Without a cloud that was asked, no one is known to be there or gone.
pub(super) fn not_checked(cluster: &LintedCluster<'_>) -> Option<NotChecked> {
    let has_identities = cluster.scan.grants.iter().any(|grant| grant.uid.is_some());
    let reason = "the cloud was not asked whether the identities exist".to_owned();
    (has_identities && !cluster.cloud_was_asked).then_some(NotChecked { rule: RULE, reason })
}

fn level_of(verdict: &Verdict, cloud_was_asked: bool) -> Option<Level> {
    match verdict.state {
        State::Deleted(_) => Some(Level::Error),
        State::Recycled => Some(Level::Warning),
        State::Unknown => cloud_was_asked.then_some(Level::Warning),
        State::Frozen | State::Active => None,
    }
}

fn of_identity<'a>(
    cluster: &LintedCluster<'a>,
    uid: &str,
    verdict: &Verdict,
    level: Level,
    grants: Vec<Grant<'a>>,
    allowed: &Allowed,
) -> Option<Finding<'a>> {
    let subject = format!("User/{uid}");
    let is_accepted = |grant: &Grant<'a>| allowed.has_place(RULE, &Place::of_grant(grant));
    if allowed.has_subject(RULE, &subject) {
        return None;
    }
    let grants: Vec<Grant<'a>> = grants.into_iter().filter(|grant| !is_accepted(grant)).collect();
    let mut places: Vec<Place> = grants.iter().map(Place::of_grant).collect();
    places.sort();
    places.dedup();
    let first = places.first()?.clone();
    let mut sharing: Vec<String> = grants
        .iter()
        .flat_map(Grant::shared_with)
        .filter(|other| other.ram_uid() != Some(uid))
        .map(ToString::to_string)
        .collect();
    sharing.sort();
    sharing.dedup();
    let is_deleted = matches!(verdict.state, State::Deleted(_));
    let fix = if is_deleted {
        let revoke = cluster.kubectl.command(&["ackcred", "revoke", uid]);
        Fix::new("revoke its access; the plan is shown before anything changes", [revoke])
    } else {
        Fix::advice(format!(
            "find out whose it is (kubectl ackcred scan --uid {uid} -o wide), and revoke it if no one needs it"
        ))
    };
    let name = verdict.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
    Some(Finding {
        rule: RULE,
        level,
        place: first,
        places,
        subjects: Others::one(subject),
        shared_with: Others::of(sharing),
        why: format!("{name}is {} ({})", verdict.state.as_str(), verdict.evidence),
        fix,
        path: None,
    })
}

fn of_mapping<'a>(cluster: &LintedCluster<'a>, mapping: &Mapping, allowed: &Allowed) -> Option<Finding<'a>> {
    let why = format!("no UID is recorded: the next identity named {} has what it maps to", mapping.identity.as_str());
    let found = Finding::of_mapping(RULE, mapping, allowed, why, |place| match mapping.origin {
        MappingOrigin::Object => Fix::new(
            "log in once as the identity, so that ack-ram-authenticator records its UID, or delete the mapping",
            [cluster.kubectl.delete(place)],
        ),
        MappingOrigin::ConfigMap => Fix::advice("write it as a RAMIdentityMapping, in which the UID is recorded"),
    });
    found.map(|found| Finding { level: Level::Warning, ..found })
}
