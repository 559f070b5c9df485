//! When a credential ends, in one word.

use jiff::{SignedDuration, Timestamp};

use super::duration::{distance, exact};

use crate::core::credential::{Credential, Lifespan, Problem};
use crate::core::lifetime::Lifetime;

/// The state of a credential. The order is from worst to best, so that sorting puts the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialStatus {
    /// It is there and can't work.
    Invalid,
    /// Something that is named is not there, or no credential at all.
    Missing,
    /// Its last second is over.
    Expired,
    /// Its first second is to come.
    NotYetValid,
    /// It ends within the time that was asked for.
    Expiring,
    /// It lives longer than allowed; only where a longest lifetime was given.
    LongLived,
    /// It never ends.
    Static,
    /// It is valid.
    Effective,
    /// It is fetched anew when needed.
    Dynamic,
}

/// What counts as soon, and what as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A credential that ends within this time is [`CredentialStatus::Expiring`].
    pub within: SignedDuration,
    /// A credential that lives longer than this is [`CredentialStatus::LongLived`].
    pub max_lifetime: Option<SignedDuration>,
}

/// The decision about a credential at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The word.
    pub status: CredentialStatus,
    /// Why it is not simply valid.
    pub reason: Option<String>,
    /// Time until the last second is over, to the second; negative when it is over. `None` where there is no end.
    pub remaining: Option<SignedDuration>,
    /// Time from its issue to its last second. `None` where either is unknown.
    pub lifetime: Option<SignedDuration>,
}

impl Default for Limits {
    /// 30 days, and no longest lifetime.
    fn default() -> Self {
        Self { within: SignedDuration::from_hours(30 * 24), max_lifetime: None }
    }
}

/// Decides about a credential. First and last second are both valid.
pub fn assess(credential: &Credential, now: Timestamp, limits: &Limits) -> Expiry {
    let remaining = credential.not_after.map(|end| whole_seconds(now, end));
    let lifetime = credential.issued.zip(credential.not_after).map(|(start, end)| start.duration_until(end));
    let (status, reason) = match &credential.problem {
        Some(Problem::Invalid(reason)) => (CredentialStatus::Invalid, Some(reason.clone())),
        Some(Problem::Missing(reason)) => (CredentialStatus::Missing, Some(reason.clone())),
        None => by_time(credential, now, limits),
    };
    Expiry { status, reason, remaining, lifetime }
}

fn by_time(credential: &Credential, now: Timestamp, limits: &Limits) -> (CredentialStatus, Option<String>) {
    if let Lifespan::Renewed(reason) = &credential.lifespan {
        return (CredentialStatus::Dynamic, Some(reason.clone()));
    }
    let remaining = credential.not_after.map(|end| now.duration_until(end));
    if let Some(over) = remaining.filter(SignedDuration::is_negative) {
        return (CredentialStatus::Expired, Some(format!("expired {} ago", distance(over.abs()))));
    }
    if let Some(start) = credential.not_before.filter(|start| *start > now) {
        return (
            CredentialStatus::NotYetValid,
            Some(format!("valid from {start}, in {}", distance(now.duration_until(start)))),
        );
    }
    if let Some(left) = remaining.filter(|left| *left <= limits.within) {
        return (CredentialStatus::Expiring, Some(format!("ends in {}", distance(left))));
    }
    if let Some(reason) = longer_than_allowed(credential, limits, now) {
        return (CredentialStatus::LongLived, Some(reason));
    }
    match &credential.lifespan {
        Lifespan::Unlimited(reason) => (CredentialStatus::Static, Some((*reason).to_owned())),
        Lifespan::Unknown => (CredentialStatus::Invalid, Some("its kind is unknown".to_owned())),
        _ => (CredentialStatus::Effective, None),
    }
}

/// Why a credential breaks the rule of a longest lifetime, where it does.
fn longer_than_allowed(credential: &Credential, limits: &Limits, now: Timestamp) -> Option<String> {
    let allowed = limits.max_lifetime?;
    let (lifetime, endless) = match &credential.lifespan {
        Lifespan::Unlimited(reason) => (Lifetime::Endless, *reason),
        _ => (Lifetime::until(credential.not_after?, credential.issued, now), ""),
    };
    lifetime.exceeds(allowed).then(|| match lifetime.known() {
        None => format!("{endless}; allowed are {}", exact(allowed)),
        Some(lives) => format!("lives {}, allowed are {}", distance(lives), exact(allowed)),
    })
}

/// From one time to another in whole seconds, rounded down: half a second after the end is one second too late.
fn whole_seconds(from: Timestamp, to: Timestamp) -> SignedDuration {
    let exact = from.duration_until(to);
    let begun = i64::from(exact.subsec_nanos() < 0);
    SignedDuration::from_secs(exact.as_secs() - begun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use crate::core::kubeconfig::{Exec, User};
    use crate::core::secret::Secret;

    const END: &str = "2026-01-10T06:44:34Z";

    fn dated() -> Credential {
        let mut credential = Credential::of_missing_user("");
        credential.problem = None;
        credential.lifespan = Lifespan::Dated;
        credential.issued = Some(at("2023-01-11T06:44:34Z"));
        credential.not_before = credential.issued;
        credential.not_after = Some(at(END));
        credential
    }

    fn unlimited() -> Credential {
        Credential::assess(
            &User { token: Some(Secret::new("opaque".into())), ..User::default() },
            &crate::core::credential::Material::default(),
        )
    }

    fn renewed() -> Credential {
        let api_version = "client.authentication.k8s.io/v1".into();
        let exec = Exec { command: "x".into(), api_version, ..Exec::default() };
        Credential::assess(&User { exec: Some(exec), ..User::default() }, &crate::core::credential::Material::default())
    }

    fn status(credential: &Credential, now: &str) -> CredentialStatus {
        assess(credential, at(now), &Limits::default()).status
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn first_and_last_second_are_valid_and_the_next_ones_are_not() {
        let mut credential = dated();
        assert_eq!(status(&credential, "2023-01-11T06:44:33.999Z"), CredentialStatus::NotYetValid);
        assert_eq!(status(&credential, "2023-01-11T06:44:34Z"), CredentialStatus::Effective);
        assert_eq!(status(&credential, END), CredentialStatus::Expiring);
        assert_eq!(status(&credential, "2026-01-10T06:44:34.000000001Z"), CredentialStatus::Expired);
        credential.not_before = None;
        assert_eq!(status(&credential, "2000-01-01T00:00:00Z"), CredentialStatus::Effective);
    }

    #[test]
    fn what_ends_exactly_within_the_given_time_is_expiring() {
        assert_eq!(status(&dated(), "2025-12-11T06:44:34Z"), CredentialStatus::Expiring);
        assert_eq!(status(&dated(), "2025-12-11T06:44:33Z"), CredentialStatus::Effective);
        let none = Limits { within: SignedDuration::ZERO, max_lifetime: None };
        assert_eq!(assess(&dated(), at("2026-01-10T06:44:33Z"), &none).status, CredentialStatus::Effective);
    }

    #[test]
    fn a_lifetime_longer_than_allowed_is_reported_only_when_asked() {
        let limits = |hours_allowed| Limits { max_lifetime: Some(hours(hours_allowed)), ..Limits::default() };
        let now = at("2024-01-01T00:00:00Z");
        assert_eq!(assess(&dated(), now, &limits(1095 * 24)).status, CredentialStatus::Effective);
        let expiry = assess(&dated(), now, &limits(1095 * 24 - 1));
        assert_eq!(expiry.status, CredentialStatus::LongLived);
        assert_eq!(expiry.reason.as_deref(), Some("lives 1095d, allowed are 1094d23h"));
        assert_eq!(assess(&unlimited(), now, &limits(24)).status, CredentialStatus::LongLived);
        assert_eq!(assess(&renewed(), now, &limits(24)).status, CredentialStatus::Dynamic);
        assert_eq!(assess(&dated(), at("2026-02-01T00:00:00Z"), &limits(24)).status, CredentialStatus::Expired);
    }

    #[test]
    fn of_an_unknown_lifetime_what_is_left_counts() {
        let mut credential = dated();
        credential.issued = None;
        let limits = Limits { max_lifetime: Some(hours(24)), ..Limits::default() };
        let expiry = assess(&credential, at("2024-01-01T00:00:00Z"), &limits);
        assert_eq!((expiry.status, expiry.lifetime), (CredentialStatus::LongLived, None));
    }

    #[test]
    fn what_never_ends_is_static_and_what_is_fetched_anew_dynamic() {
        let now = "2024-01-01T00:00:00Z";
        assert_eq!(status(&unlimited(), now), CredentialStatus::Static);
        assert_eq!(status(&renewed(), now), CredentialStatus::Dynamic);
        assert!(assess(&unlimited(), at(now), &Limits::default()).reason.is_some());
    }

    #[test]
    fn a_problem_decides_and_the_dates_stay() {
        let mut credential = dated();
        credential.problem = Some(Problem::Invalid("why".into()));
        let expiry = assess(&credential, at("2026-01-11T06:44:34.5Z"), &Limits::default());
        assert_eq!((expiry.status, expiry.reason.as_deref()), (CredentialStatus::Invalid, Some("why")));
        assert_eq!(expiry.remaining, Some(SignedDuration::from_secs(-86_401)));
        assert_eq!(expiry.lifetime, Some(hours(1095 * 24)));
        credential.problem = Some(Problem::Missing("why".into()));
        assert_eq!(status(&credential, END), CredentialStatus::Missing);
    }
}
