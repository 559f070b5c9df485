//! Who is in the soak: the operator, those whom it revokes and restores, and those whom it must leave alone.

use ackcred_sandbox::people::{self, Person};

use crate::bindings::Subject;
use crate::random::Random;

/// The operator, and the second administrator, whom nothing here touches.
pub(crate) const OPERATOR: &str = people::ANN.uid;
pub(crate) const SECOND: &str = people::EVE.uid;

/// Whose access comes and goes: three who are at work, and three who have left.
pub(crate) const IDENTITIES: [Person; 6] =
    [people::BO, people::DORA, people::IDA, people::CARL, people::FINN, people::HAL];

/// Those of them who have left.
pub(crate) const LEFT: [&str; 3] = [people::CARL.uid, people::FINN.uid, people::HAL.uid];

/// How user names go on behind the UID: the certificate of today, none, and one of before.
pub(crate) const SUFFIXES: [&str; 3] = ["-1760000000", "", "-a1B2c3"];

/// Users whom a careless eye takes for one of the identities.
const LOOKALIKES: [&str; 3] = ["20000000000000010", "2000000000000001030", "1200000000000000103-1760000000"];

/// The user name by the certificate of today.
pub(crate) fn user_name(uid: &str) -> String {
    format!("{uid}{}", SUFFIXES[0])
}

/// The user names of an identity.
pub(crate) fn names_of(uid: &str) -> [String; 3] {
    SUFFIXES.map(|suffix| format!("{uid}{suffix}"))
}

/// One of the identities' UIDs.
pub(crate) fn identity(random: &mut Random) -> &'static str {
    random.pick(&IDENTITIES).uid
}

/// One of the identities, by one of its names.
pub(crate) fn identity_subject(random: &mut Random) -> Subject {
    let names = names_of(identity(random));
    Subject::user(&random.pick(&names))
}

/// Who is none of them. `operator` is the operator's user name.
pub(crate) fn other_subject(random: &mut Random, operator: &str) -> Subject {
    match random.below(6) {
        0 => Subject::user(operator),
        1 => Subject::user("alice"),
        2 => Subject::user(random.pick(&LOOKALIKES)),
        3 => Subject::group("developers"),
        // Only a group, or an account, by an identity's number.
        4 => Subject::group(identity(random)),
        _ => Subject::service_account("shop", "releaser"),
    }
}

/// Subjects of a binding, each once and at least one.
pub(crate) fn subjects(random: &mut Random, operator: &str) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for _ in 0..=random.below(4) {
        let subject = if random.percent(60) { identity_subject(random) } else { other_subject(random, operator) };
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}
