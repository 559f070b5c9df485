//! The people of the story and their certificates.

use jiff::{SignedDuration, Timestamp};

use crate::certs::{Authority, CertError, Identity, KeyKind, Subject, Validity};
use crate::people::{self, Person, State};

/// The operator.
pub const OPERATOR: Person = people::ANN;
/// A developer at work.
pub const DEVELOPER: Person = people::BO;
/// The person who left and whose kubeconfig leaked.
pub const LEAVER: Person = people::CARL;
/// The role under which deployments run.
pub const DEPLOYER: Person = people::DEPLOYER;
/// All of them.
pub const PEOPLE: [Person; 4] = [OPERATOR, DEVELOPER, LEAVER, DEPLOYER];

/// The time at which a person's kubeconfig was issued: the number in its common name.
fn issued(person: Person, now: Timestamp) -> Timestamp {
    let days = if person.state == State::Active { 30 } else { 400 };
    let then = now.saturating_sub(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}

/// The validity of a person's certificate: ACK signs it right after it has chosen the common name.
pub(crate) fn validity(person: Person, now: Timestamp) -> Validity {
    Validity::ack(issued(person, now).saturating_add(SignedDuration::from_secs(1)).unwrap_or(now))
}

/// A person's user name in every cluster: `<uid>-<seconds>`.
pub(crate) fn user_name(person: Person, now: Timestamp) -> String {
    format!("{}-{}", person.uid, issued(person, now).as_second())
}

/// A person's certificate for the clusters of this CA.
///
/// # Errors
/// If the system has no randomness.
pub(crate) fn identity(
    authority: &Authority,
    person: Person,
    kind: KeyKind,
    now: Timestamp,
) -> Result<Identity, CertError> {
    authority.client(&Subject::ack(user_name(person, now)), validity(person, now), kind)
}
