//! What each source says of one identity, and what the statements come to together.

use super::cluster::ClusterDirectory;
use super::{Basis, State};
use crate::core::identity::ack::AccountState;
use crate::core::ids::Uid;

/// The source for ACK's statements.
pub(super) const ACK: &str = "cs:ListClusterKubeconfigStates";
/// The source that finds a user who exists, frozen or not, and doesn't say which.
pub(super) const GET_USER: &str = "ims:GetUser";
/// The source that finds a user in the recycle bin by UID.
pub(super) const GET_USER_IN_BIN: &str = "ims:GetUserInRecycleBin";

/// What one source says of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) claim: Claim,
    pub(super) source: &'static str,
    /// Whether the source keeps the identities itself (RAM, IMS, STS), or repeats what it was given (ACK).
    pub(super) first_hand: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Exists,
    Active,
    Frozen,
    Recycled,
    Deleted,
}

impl Claim {
    fn word(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Active => "Active",
            Self::Frozen => "Frozen",
            Self::Recycled => "Recycled",
            Self::Deleted => "Deleted",
        }
    }

    fn is_live(self) -> bool {
        matches!(self, Self::Exists | Self::Active | Self::Frozen)
    }

    fn contradicts(self, other: Self) -> bool {
        let exists = |claim| matches!(claim, Self::Exists);
        self != other && !(exists(self) && other.is_live() || exists(other) && self.is_live())
    }
}

/// What ACK says of an identity, each statement once: it can have several rows, and they needn't agree.
pub(super) fn claims_of_ack(uid: &Uid, cluster: &ClusterDirectory) -> Vec<Claim> {
    let mut claims = Vec::new();
    for claim in cluster.kubeconfigs(uid).filter_map(|state| claim_of_ack(state.account_state)) {
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    claims
}

fn claim_of_ack(state: AccountState) -> Option<Claim> {
    match state {
        AccountState::Active => Some(Claim::Active),
        AccountState::Inactive => Some(Claim::Frozen),
        AccountState::Deleted => Some(Claim::Deleted),
        AccountState::Unstated => None,
    }
}

/// Active, Frozen and Recycled beat Deleted; Frozen beats Active. Who is known to exist from `ims:GetUser` alone may be frozen. An
/// identity that RAM or IMS list as living and IMS
/// lists in the recycle bin was moved between two reads, in an unknown direction.
pub(super) fn decide(statements: &[Statement], inferred: bool) -> State {
    let says = |claim| statements.iter().any(|statement| statement.claim == claim);
    if says(Claim::Recycled) {
        let seen_alive = statements.iter().any(|statement| statement.first_hand && statement.claim.is_live());
        return if seen_alive { State::Unknown } else { State::Recycled };
    }
    if says(Claim::Frozen) {
        return State::Frozen;
    }
    let is_listed = |statement: &Statement| statement.claim == Claim::Exists && statement.source != GET_USER;
    if says(Claim::Active) || statements.iter().any(is_listed) {
        return State::Active;
    }
    if says(Claim::Exists) {
        return State::Unknown;
    }
    if says(Claim::Deleted) {
        return State::Deleted(Basis::Confirmed);
    }
    if inferred { State::Deleted(Basis::Inferred) } else { State::Unknown }
}

pub(super) fn describe(statements: &[Statement]) -> String {
    let texts: Vec<String> = statements.iter().map(|one| format!("{} in {}", one.claim.word(), one.source)).collect();
    texts.join(", ")
}

pub(super) fn disagreement(statements: &[Statement], state: State, inferred: bool) -> Option<String> {
    let contradicted =
        statements.iter().any(|statement| statements.iter().any(|other| statement.claim.contradicts(other.claim)));
    if contradicted {
        return Some(describe(statements));
    }
    let only_reported = !statements.is_empty() && statements.iter().all(|statement| !statement.first_hand);
    let lives = matches!(state, State::Active | State::Frozen);
    (only_reported && lives && inferred).then(|| format!("{}, but absent from RAM and IMS", describe(statements)))
}
