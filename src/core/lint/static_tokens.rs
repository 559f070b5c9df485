//! L10: tokens of ServiceAccounts that never end, in Secrets of which only the row in a table is known.

use std::collections::BTreeMap;

use super::allowed::Allowed;
use super::fix::Fix;
use super::place::Place;
use super::rules::Rule;
use super::{Finding, Lifetimes, LintedCluster};
use crate::core::credential::static_token::{INVALID_SINCE, LastUse, RECENT_DAYS, StaticToken, StaticTokenKind};
use crate::core::rbac::others::Others;

const RULE: Rule = Rule::StaticToken;
/// The first minor version of Kubernetes that looks at the label.
const KNOWS_THE_LABEL: u32 = 29;
/// How many letters the token controller put behind `-token-` until Kubernetes 1.24.
const RANDOM: usize = 5;

pub(super) fn findings<'a>(cluster: &LintedCluster<'a>, lifetimes: Lifetimes, allowed: &Allowed) -> Vec<Finding<'a>> {
    let mut causes: BTreeMap<(&str, LastUse), Vec<Place>> = BTreeMap::new();
    for token in cluster.static_tokens.iter().filter(|token| is_open(token)) {
        let place = Place::new("Secret", Some(&token.namespace), &token.name);
        if !allowed.has_place(RULE, &place) {
            causes.entry((stem(&token.name), token.last_use)).or_default().push(place);
        }
    }
    causes.into_iter().map(|((_, last_use), places)| finding(cluster, last_use, places, lifetimes)).collect()
}

fn is_open(token: &StaticToken) -> bool {
    token.kind == StaticTokenKind::ServiceAccount && !token.is_ended
}

/// The name without what a controller made up, so that one token in each namespace is one cause.
fn stem(name: &str) -> &str {
    let (stem, random) = name.rsplit_once('-').unwrap_or((name, ""));
    let is_random =
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if is_random && stem.ends_with("-token") { stem } else { name }
}

fn finding<'a>(
    cluster: &LintedCluster<'a>,
    last_use: LastUse,
    places: Vec<Place>,
    lifetimes: Lifetimes,
) -> Finding<'a> {
    let used = match last_use {
        LastUse::Recent => format!("used within the last {RECENT_DAYS} days"),
        LastUse::Older => format!("not used for {RECENT_DAYS} days"),
        LastUse::NoneRecorded => "no use is recorded".to_owned(),
        LastUse::Unread => "its last use could not be read".to_owned(),
    };
    let first = match last_use {
        LastUse::Recent => "give the workload tokens that expire, then mark this one as invalid",
        _ => "mark it as invalid",
    };
    let label = format!("{INVALID_SINCE}={}", lifetimes.now.strftime("%Y-%m-%d"));
    let fix = match cluster.discovered.minor_version {
        Some(version) if version >= KNOWS_THE_LABEL => Fix::new(
            format!("{first}; without the label it is valid again"),
            places.iter().map(|place| cluster.kubectl.label(place, &label)),
        ),
        _ => Fix::advice("request tokens that expire in its place, then delete the Secret"),
    };
    Finding {
        rule: RULE,
        level: RULE.text().level,
        place: places[0].clone(),
        places,
        subjects: Others::default(),
        shared_with: Others::default(),
        why: format!("a token that never expires; {used}"),
        fix,
        path: None,
    }
}
