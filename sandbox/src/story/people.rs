//! The people of the story and their certificates.

use jiff::{SignedDuration, Timestamp};

use crate::certs::{Authority, CertError, Identity, KeyKind, Subject, Validity};

/// A person of the story, or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The RAM user's or role's ID.
    pub uid: &'static str,
    /// The name in RAM.
    pub name: &'static str,
    /// Whether they still exist in RAM.
    pub active: bool,
    /// Whether this is a RAM role.
    pub role: bool,
}

/// The operator: an administrator of the cluster.
pub const OPERATOR: Person = Person { uid: "200000000000000101", name: "ann", active: true, role: false };
/// A developer at work.
pub const DEVELOPER: Person = Person { uid: "200000000000000102", name: "bo", active: true, role: false };
/// The person who left and whose kubeconfig leaked.
pub const LEAVER: Person = Person { uid: "200000000000000103", name: "carl", active: false, role: false };
/// The role under which deployments run.
pub const DEPLOYER: Person = Person { uid: "300000000000000201", name: "deployer", active: true, role: true };
/// All of them.
pub const PEOPLE: [Person; 4] = [OPERATOR, DEVELOPER, LEAVER, DEPLOYER];

/// The time at which a person's kubeconfig was issued: the number in its common name.
fn issued(person: Person, now: Timestamp) -> Timestamp {
    let days = if person.active { 30 } else { 400 };
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
