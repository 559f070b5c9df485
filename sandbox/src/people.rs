//! Everyone whom the tour, the suites and the benches name: one UID and one state each, wherever they appear.
//!
//! A test that needs another state says so where it sets it.

use jiff::SignedDuration;

use crate::clock;
use crate::cloud::{Account, RamRole, RamUser, RecycledUser};

/// A person, or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The RAM user's or role's ID.
    pub uid: &'static str,
    /// The name in RAM.
    pub name: &'static str,
    /// What RAM says of them.
    pub state: State,
    /// Whether this is a RAM role.
    pub role: bool,
}

/// What RAM says of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They may sign in.
    Active,
    /// They are listed and may not sign in.
    Frozen,
    /// They are in the recycle bin.
    Recycled,
    /// They are in no list.
    Deleted,
}

const fn user(uid: &'static str, name: &'static str, state: State) -> Person {
    Person { uid, name, state, role: false }
}

/// The operator: an administrator of the cluster.
pub const ANN: Person = user("200000000000000101", "ann", State::Active);
/// A developer, who shares bindings with carl.
pub const BO: Person = user("200000000000000102", "bo", State::Active);
/// The leaver, whose kubeconfig leaked.
pub const CARL: Person = user("200000000000000103", "carl", State::Deleted);
/// Someone whom no binding names.
pub const DORA: Person = user("200000000000000104", "dora", State::Active);
/// The second administrator of the cluster.
pub const EVE: Person = user("200000000000000105", "eve", State::Active);
/// Another leaver.
pub const FINN: Person = user("200000000000000106", "finn", State::Deleted);
/// A leaver whose kubeconfig was used a day ago.
pub const GUS: Person = user("200000000000000107", "gus", State::Deleted);
/// A leaver whom ACK has no kubeconfig of.
pub const HAL: Person = user("200000000000000108", "hal", State::Deleted);
/// Someone at work, whom a binding of her own names.
pub const IDA: Person = user("200000000000000109", "ida", State::Active);
/// Someone who may not sign in.
pub const FRED: Person = user("200000000000000110", "fred", State::Frozen);
/// Someone who was deleted two days ago, and may come back.
pub const RITA: Person = user("200000000000000111", "rita", State::Recycled);
/// A leaver whose kubeconfig has expired, and whom no binding names.
pub const UMA: Person = user("200000000000000112", "uma", State::Deleted);
/// The role under which deployments run.
pub const DEPLOYER: Person = Person { uid: "300000000000000201", name: "deployer", state: State::Active, role: true };

impl Person {
    /// An account that lists them as their state has it.
    pub fn in_account(self, account: Account) -> Account {
        let Self { uid, name, .. } = self;
        match self.state {
            State::Active if self.role => account.role(RamRole::new(uid, name)),
            State::Active => account.user(RamUser::new(uid, name)),
            State::Frozen => account.user(RamUser::new(uid, name).frozen()),
            State::Recycled => {
                account.recycled(RecycledUser::new(uid, name, clock::now() - SignedDuration::from_hours(48)))
            }
            State::Deleted => account,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_uid_and_a_name_of_their_own() {
        let all = [ANN, BO, CARL, DORA, EVE, FINN, GUS, HAL, IDA, FRED, RITA, UMA, DEPLOYER];
        assert_eq!(all.map(|person| person.uid).into_iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.map(|person| person.name).into_iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
