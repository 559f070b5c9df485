//! What bindings, roles and credentials give beyond what is needed: twelve rules, one finding for each cause.
//!
//! A cause is one binding, one role or one credential, in however many namespaces it counts: a binding that stands alike in five hundred
//! namespaces is one finding with five hundred places.

mod allowed;
mod concern;
mod everyone;
mod fix;
mod full_rights;
mod identities;
mod kubeconfigs;
mod kubernetes_own;
mod missing_roles;
mod narrowed;
mod paths;
mod place;
mod role_rules;
mod rules;
mod secrets;
mod service_accounts;
mod static_tokens;
#[cfg(test)]
mod tests;
mod wildcards;

pub use allowed::{Allowance, Allowed};
pub use fix::{Fix, Kubectl};
pub use place::Place;
pub use rules::{Level, Rule};

use concern::Concern;

use jiff::{SignedDuration, Timestamp};

use crate::core::access::scan::ClusterScan;
use crate::core::credential::static_token::StaticToken;
use crate::core::rbac::Roles;
use crate::core::rbac::kinds::Kinds;
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::others::Others;
use crate::core::rbac::reach::{Discovered, ReachPath};

/// What was read of a cluster, and how commands reach it.
#[derive(Clone, Copy, Debug)]
pub struct LintedCluster<'a> {
    /// Its bindings, its mappings, and who the identities are.
    pub scan: &'a ClusterScan,
    /// Its roles.
    pub roles: &'a Roles,
    /// The kinds that it serves.
    pub kinds: &'a Kinds,
    /// What paths depend on.
    pub discovered: Discovered,
    /// The Secrets that hold static tokens.
    pub static_tokens: &'a [StaticToken],
    /// Whether the cloud was asked who the identities are.
    pub cloud_was_asked: bool,
    /// How the commands of fixes begin and end.
    pub kubectl: &'a Kubectl,
}

/// What is held against credentials.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// The time that lifetimes are counted from.
    pub now: Timestamp,
    /// How long an issued kubeconfig may still live; `None`: as long as it does.
    pub longest: Option<SignedDuration>,
}

/// One cause.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The rule that it breaks.
    pub rule: Rule,
    /// How grave it is.
    pub level: Level,
    /// What has to be changed.
    pub place: Place,
    /// The bindings and mappings by which it counts, each once; none for a credential.
    pub places: Vec<Place>,
    /// Whom it is about: `User/ann`.
    pub subjects: Others,
    /// The other subjects of the same bindings, who keep what they have.
    pub shared_with: Others,
    /// What is wrong, in a line; the path says it where there is one.
    pub why: String,
    /// What to do.
    pub fix: Fix,
    /// The path to full rights.
    pub path: Option<ReachPath<'a>>,
}

impl<'a> Finding<'a> {
    /// What is wrong with some bindings, of the rule's own level.
    fn of_bindings(rule: Rule, place: Place, concerns: &[Concern<'a>], why: String, fix: Fix) -> Self {
        Self {
            rule,
            level: rule.text().level,
            place,
            places: concern::places(concerns),
            subjects: concern::concerned(concerns),
            shared_with: concern::sharing(concerns),
            why,
            fix,
            path: None,
        }
    }

    /// What is wrong with a mapping, of the rule's own level; `None` where the mapping or its user is accepted.
    fn of_mapping(
        rule: Rule,
        mapping: &Mapping,
        allowed: &Allowed,
        why: String,
        fix: impl FnOnce(&Place) -> Fix,
    ) -> Option<Self> {
        let place = Place::new("RAMIdentityMapping", None, &mapping.name);
        let subject = format!("User/{}", mapping.username);
        (!allowed.has(rule, &place, &subject)).then(|| Self {
            rule,
            level: rule.text().level,
            fix: fix(&place),
            places: vec![place.clone()],
            place,
            subjects: Others::one(subject),
            shared_with: Others::default(),
            why,
            path: None,
        })
    }
}

/// A rule that could not be held against a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// The rule.
    pub rule: Rule,
    /// Why, in words.
    pub reason: String,
}

/// What a cluster comes to.
#[derive(Clone, Debug, Default)]
pub struct Linted<'a> {
    /// The findings, worst first.
    pub findings: Vec<Finding<'a>>,
    /// What was not asked for, or has no source.
    pub not_checked: Vec<NotChecked>,
}

/// Holds every rule against a cluster but those that are to be skipped.
pub fn lint<'a>(cluster: &LintedCluster<'a>, lifetimes: Lifetimes, allowed: &Allowed, skipped: &[Rule]) -> Linted<'a> {
    let mut linted = Linted::default();
    let findings = &mut linted.findings;
    findings.extend(full_rights::findings(cluster, allowed));
    let held = role_rules::held_roles(cluster);
    findings.extend(wildcards::findings(cluster, &held, allowed));
    findings.extend(secrets::findings(cluster, &held, allowed));
    findings.extend(everyone::findings(cluster, allowed));
    findings.extend(service_accounts::findings(cluster, allowed));
    findings.extend(missing_roles::findings(cluster, allowed));
    findings.extend(paths::findings(cluster, allowed));
    findings.extend(static_tokens::findings(cluster, lifetimes, allowed));
    findings.extend(identities::findings(cluster, allowed));
    findings.extend(kubeconfigs::findings(cluster, lifetimes, allowed));
    findings.sort_by(|one, other| {
        let order = |finding: &Finding<'a>| (finding.level, finding.rule, finding.place.clone());
        order(one).cmp(&order(other))
    });
    linted.not_checked.extend(identities::not_checked(cluster));
    linted.not_checked.extend(kubeconfigs::not_checked(cluster, lifetimes));
    let is_wanted = |rule: Rule| !skipped.contains(&rule);
    linted.findings.retain(|finding| is_wanted(finding.rule));
    linted.not_checked.retain(|one| is_wanted(one.rule));
    let by_request = |rule: &Rule| NotChecked { rule: *rule, reason: "--skip".to_owned() };
    linted.not_checked.extend(skipped.iter().map(by_request));
    linted
}
