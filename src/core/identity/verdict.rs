//! Does this identity still exist? The rules of evidence.
//!
//! Presence is proved by any source that lists the identity. Absence is proved only by a source that says so by name
//! (`confirmed`), or by all four listings of the right account, the identity's own and the cluster
//! owner's, each read to its end, where something shows that the number ever was a RAM identity's (`inferred`). Everything else is
//! `Unknown`, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use super::ack::AccountType;
use super::evidence::{AccountSources, Answer, Listing, Lookup, Standing, Standings};
use super::trace::Trace;
use crate::core::distinct::distinct;
use crate::core::failure::Failure;
use crate::core::identity::{IdentityType, UserStatus};
use crate::core::ids::Uid;

mod cluster;
mod names;
mod statement;

pub use cluster::ClusterDirectory;
use statement::{ACK, Claim, GET_USER, GET_USER_IN_BIN, Statement, claims_of_ack, decide, describe, disagreement};

/// What is known of an identity's existence. Ordered worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Gone.
    Deleted(Basis),
    /// In the recycle bin: can't sign in, can be restored.
    Recycled,
    /// Neither existence nor absence is proved.
    Unknown,
    /// Exists and may do nothing at present.
    Frozen,
    /// Exists.
    Active,
}

impl State {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted(_) => "Deleted",
            Self::Recycled => "Recycled",
            Self::Unknown => "Unknown",
            Self::Frozen => "Frozen",
            Self::Active => "Active",
        }
    }
}

/// What a `Deleted` rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// `cs:ListClusterKubeconfigStates` says so of this UID.
    Confirmed,
    /// Four complete listings of the account that owns the cluster leave it out, and it was a RAM identity once.
    Inferred,
}

/// Who a UID is, whether it still exists, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What kind of principal it is.
    pub identity_type: IdentityType,
    /// Its name, if a source has one.
    pub name: Option<String>,
    /// Whether it exists.
    pub state: State,
    /// What was and what wasn't read, in a few words. Never empty.
    pub evidence: String,
    /// The sources that contradict each other, if some do: worth a warning.
    pub disagreement: Option<String>,
}

impl Verdict {
    /// What is said where there is no UID to ask about.
    pub fn without_uid() -> Self {
        Self { evidence: "no RAM UID is known".to_owned(), ..Self::not_asked() }
    }

    /// The verdict on every identity while no source was asked.
    pub fn not_asked() -> Self {
        Self {
            identity_type: IdentityType::Unknown,
            name: None,
            state: State::Unknown,
            evidence: NOT_ASKED.to_owned(),
            disagreement: None,
        }
    }
}

/// An account's sources, ready to be asked about many UIDs.
#[derive(Debug)]
pub struct AccountDirectory {
    sources: AccountSources,
    standings: Standings,
    users: BTreeMap<Uid, usize>,
    roles: BTreeMap<Uid, usize>,
    basic_infos: BTreeMap<Uid, usize>,
    recycle_bin: BTreeMap<Uid, usize>,
}

fn index<T>(listing: &Listing<T>, uid: impl Fn(&T) -> &Uid) -> BTreeMap<Uid, usize> {
    listing.items().iter().enumerate().map(|(position, item)| (uid(item).clone(), position)).collect()
}

const NOT_ASKED: &str = "the cloud was not asked";
const NOT_SHOWN: &str = "not shown to be a RAM identity";

impl AccountDirectory {
    /// Takes an account's sources and weighs the lists against each other.
    pub fn new(sources: AccountSources) -> Self {
        Self {
            standings: Standings::weigh(&sources),
            users: index(&sources.users, |user| &user.uid),
            roles: index(&sources.roles, |role| &role.uid),
            basic_infos: index(&sources.basic_infos, |user| &user.uid),
            recycle_bin: index(&sources.recycle_bin, |user| &user.uid),
            sources,
        }
    }

    /// The sources, when no more verdicts are needed.
    pub fn into_sources(self) -> AccountSources {
        self.sources
    }

    /// The sources.
    pub fn sources(&self) -> &AccountSources {
        &self.sources
    }

    /// The listings that were read to the end and leave out what must be in them, each with the reason: they are no better than
    /// listings that failed.
    pub fn doubts(&self) -> Vec<Failure> {
        let AccountSources { users, roles, basic_infos, .. } = &self.sources;
        let listings = [
            ("ram:ListUsers", users.is_complete(), &self.standings.users),
            ("ram:ListRoles", roles.is_complete(), &self.standings.roles),
            ("ims:ListUserBasicInfos", basic_infos.is_complete(), &self.standings.basic_infos),
        ];
        let doubtful = listings.into_iter().filter(|(_, is_complete, _)| *is_complete);
        doubtful.filter_map(|(action, _, standing)| Some(format!("{action}: {}", unread(standing)?).into())).collect()
    }

    /// Says who `uid` is in `cluster`, and whether it still exists.
    pub fn judge(&self, uid: &Uid, cluster: &ClusterDirectory) -> Verdict {
        self.judge_with_trace(uid, cluster, None)
    }

    /// Says the same where `trace`, which the cluster's own sources don't have, shows the number to be a RAM identity's.
    pub fn judge_with_trace(&self, uid: &Uid, cluster: &ClusterDirectory, trace: Option<Trace>) -> Verdict {
        let trace = cluster.trace(uid).or(trace).filter(|_| !uid.begins_with_zero());
        let identity_type = self.identity_type(uid, cluster);
        let mut statements = self.statements(uid, identity_type);
        // A row of a list that broke off can prove that an identity exists, not that it is deleted.
        let is_service = identity_type == IdentityType::CloudService;
        let cut = !cluster.sources().kubeconfigs.is_complete()
            || (is_service && cluster.sources().cloud_services_unread.is_some());
        let reported = claims_of_ack(uid, cluster);
        let unusable = cut && reported.contains(&Claim::Deleted);
        let usable = reported.into_iter().filter(|claim| !(cut && *claim == Claim::Deleted));
        statements.extend(usable.map(|claim| Statement { claim, source: ACK, first_hand: false }));
        let gaps = (identity_type != IdentityType::Root).then(|| {
            let mut gaps = self.gaps_of_absence(uid, cluster);
            if gaps.is_empty() && trace.is_none() {
                gaps.push(gap_of_trace(uid, cluster));
            }
            gaps
        });
        let inferred = gaps.as_ref().is_some_and(Vec::is_empty);
        let state = decide(&statements, inferred);
        Verdict {
            identity_type,
            name: self.name(uid, cluster),
            state,
            evidence: self.evidence(uid, state, &statements, gaps.as_deref(), (trace, unusable)),
            disagreement: disagreement(&statements, state, inferred),
        }
    }

    /// Whether nothing but a trace is missing to infer that an identity is deleted.
    pub fn lacks_only_a_trace(&self, uid: &Uid, cluster: &ClusterDirectory) -> bool {
        let identity_type = self.identity_type(uid, cluster);
        cluster.trace(uid).is_none()
            && !uid.begins_with_zero()
            && identity_type != IdentityType::Root
            && self.statements(uid, identity_type).is_empty()
            && self.gaps_of_absence(uid, cluster).is_empty()
    }

    fn caller_account(&self) -> Option<&Uid> {
        self.sources.caller.known().map(|caller| &caller.account_id)
    }

    fn identity_type(&self, uid: &Uid, cluster: &ClusterDirectory) -> IdentityType {
        let mut account_types = cluster.kubeconfigs(uid).map(|state| state.account_type);
        let account_type = account_types.find(|one| *one != AccountType::Unstated);
        let owns_cluster = cluster.sources().owner.known() == Some(uid);
        if account_type == Some(AccountType::Root) || self.caller_account() == Some(uid) || owns_cluster {
            return IdentityType::Root;
        }
        if cluster.cloud_service(uid).is_some() {
            return IdentityType::CloudService;
        }
        if self.roles.contains_key(uid) {
            return IdentityType::RamRole;
        }
        let looked_up = matches!(self.sources.lookups.get(uid), Some(Lookup::Found(_)))
            || matches!(self.sources.bin_lookups.get(uid), Some(Lookup::Found(_)));
        let listed = [&self.users, &self.basic_infos, &self.recycle_bin].iter().any(|users| users.contains_key(uid));
        if listed || looked_up {
            return IdentityType::RamUser;
        }
        let calling = self.sources.caller.known().filter(|caller| caller.uid.as_ref() == Some(uid));
        match (account_type, calling) {
            (Some(AccountType::RamUser), _) => IdentityType::RamUser,
            (Some(AccountType::RamRole), _) => IdentityType::RamRole,
            (_, Some(caller)) => caller.kind,
            _ => IdentityType::Unknown,
        }
    }

    fn statements(&self, uid: &Uid, identity_type: IdentityType) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut say = |claim, source| statements.push(Statement { claim, source, first_hand: true });
        if identity_type == IdentityType::Root {
            if self.caller_account() == Some(uid) {
                say(Claim::Active, "sts:GetCallerIdentity");
            }
            return statements;
        }
        if self.sources.caller.known().is_some_and(|caller| caller.uid.as_ref() == Some(uid)) {
            say(Claim::Active, "sts:GetCallerIdentity");
        }
        if self.users.contains_key(uid) {
            // Whether RAM leaves out frozen users is documented nowhere.
            say(Claim::Exists, "ram:ListUsers");
        }
        if self.roles.contains_key(uid) {
            say(Claim::Active, "ram:ListRoles");
        }
        if let Some(position) = self.basic_infos.get(uid) {
            let claim = match self.sources.basic_infos.items()[*position].status {
                UserStatus::Active => Claim::Active,
                UserStatus::Frozen => Claim::Frozen,
                UserStatus::Unstated => Claim::Exists,
            };
            say(claim, "ims:ListUserBasicInfos");
        }
        if let Some(Lookup::Found(_)) = self.sources.lookups.get(uid) {
            say(Claim::Exists, GET_USER);
        }
        if self.recycle_bin.contains_key(uid) {
            say(Claim::Recycled, "ims:ListUsersInRecycleBin");
        } else if let Some(Lookup::Found(_)) = self.sources.bin_lookups.get(uid) {
            say(Claim::Recycled, GET_USER_IN_BIN);
        }
        statements
    }

    /// What stands between absence from the listings and the proof of it. Nothing does when the list is empty.
    fn gaps_of_absence(&self, uid: &Uid, cluster: &ClusterDirectory) -> Vec<String> {
        let named = self.named_standings();
        let mut gaps = Vec::new();
        let reason_of = |standing: &Standing| unread(standing).map(|failure| failure.in_common().to_owned());
        let reasons: BTreeSet<String> = named.iter().filter_map(|(_, standing)| reason_of(standing)).collect();
        for reason in reasons {
            let unread = names(&named, |standing| reason_of(standing).as_ref() == Some(&reason));
            gaps.push(format!("{unread} unread: {reason}"));
        }
        if named.iter().all(|(_, standing)| **standing == Standing::NotAsked) {
            return vec![NOT_ASKED.to_owned()];
        }
        let not_asked = names(&named, |standing| *standing == Standing::NotAsked);
        if !not_asked.is_empty() {
            gaps.push(format!("{not_asked} not asked"));
        }
        gaps.extend(self.gap_of_ownership(&cluster.sources().owner));
        gaps.extend(self.gap_of_origin(uid, cluster));
        gaps
    }

    fn gap_of_ownership(&self, owner: &Answer<Uid>) -> Option<String> {
        let caller = match &self.sources.caller {
            Answer::Known(caller) => &caller.account_id,
            Answer::Failed(reason) => return Some(format!("the caller's account unread: {}", reason.in_common())),
            Answer::NotAsked => return Some("the caller's account not asked".to_owned()),
        };
        match owner {
            Answer::Known(owner) if owner == caller => None,
            Answer::Known(owner) => Some(format!("the cluster belongs to account {owner}, the caller to {caller}")),
            Answer::Failed(reason) => Some(format!("the cluster's owner unread: {reason}")),
            Answer::NotAsked => Some("the cluster's owner not asked".to_owned()),
        }
    }

    /// Who belongs to another account is in none of this account's listings, living or gone.
    fn gap_of_origin(&self, uid: &Uid, cluster: &ClusterDirectory) -> Option<String> {
        let caller = self.caller_account()?;
        let foreign = cluster.foreign_account(uid, caller)?;
        Some(format!("belongs to account {foreign}, the caller to {caller}"))
    }

    /// Why the calls that could have found the identity did not. Their answers would have been no proof of absence.
    fn gaps_of_lookups(&self, uid: &Uid) -> impl Iterator<Item = String> {
        let user = self.sources.lookups.get(uid).and_then(|lookup| gap_of_lookup(lookup, GET_USER));
        let bin = self.sources.bin_lookups.get(uid).and_then(|lookup| match lookup {
            // What it answers about who is not there is documented nowhere.
            Lookup::NotFound => Some(format!("{GET_USER_IN_BIN} found no such user, which proves nothing")),
            lookup => gap_of_lookup(lookup, GET_USER_IN_BIN),
        });
        user.into_iter().chain(bin)
    }

    fn named_standings(&self) -> [(&'static str, &Standing); 4] {
        let Standings { users, roles, basic_infos, recycle_bin } = &self.standings;
        [("RAM users", users), ("RAM roles", roles), ("IMS users", basic_infos), ("recycle bin", recycle_bin)]
    }

    fn evidence(
        &self,
        uid: &Uid,
        state: State,
        statements: &[Statement],
        gaps: Option<&[String]>,
        (trace, unusable): (Option<Trace>, bool),
    ) -> String {
        match state {
            State::Deleted(Basis::Confirmed) => format!("confirmed: account_state Deleted in {ACK}"),
            State::Deleted(Basis::Inferred) => {
                let absent = "inferred: absent from ram:ListUsers, ram:ListRoles, ims:ListUserBasicInfos and \
                    ims:ListUsersInRecycleBin, all read to the end in the owner's account";
                let shown = trace.map(|trace| format!("; shown to be a RAM identity by {}", trace.describe()));
                format!("{absent}{}", shown.unwrap_or_default())
            }
            State::Unknown if exists_and_no_more(statements) => self.evidence_of_existence(statements),
            State::Unknown if !statements.is_empty() => describe(statements),
            State::Unknown => self.evidence_of_unknown(uid, gaps, unusable),
            State::Active if exists_and_no_more(statements) => self.evidence_of_existence(statements),
            State::Recycled | State::Frozen | State::Active => describe(statements),
        }
    }

    fn evidence_of_existence(&self, statements: &[Statement]) -> String {
        let exists = describe(statements);
        match &self.standings.basic_infos {
            Standing::Unread(reason) => format!("{exists}; whether it is frozen is unknown: {reason}"),
            Standing::Complete | Standing::NotAsked => format!("{exists}; whether it is frozen is unknown"),
        }
    }

    fn evidence_of_unknown(&self, uid: &Uid, gaps: Option<&[String]>, unusable: bool) -> String {
        let Some(gaps) = gaps else {
            return "only the account's own credentials and ACK show an account's state, and neither did".to_owned();
        };
        let named = self.named_standings();
        let absent = match names(&named, |standing| *standing == Standing::Complete).as_str() {
            "" => None,
            "RAM users, RAM roles" => Some("absent from RAM".to_owned()),
            names => Some(format!("absent from {names}")),
        };
        let cut = unusable.then(|| format!("account_state Deleted in {ACK}, which was not read to the end"));
        let parts = absent.into_iter().chain(gaps.iter().cloned()).chain(self.gaps_of_lookups(uid)).chain(cut);
        // Two look-ups can fail by one cause.
        distinct(parts).join("; ")
    }
}

fn exists_and_no_more(statements: &[Statement]) -> bool {
    !statements.is_empty() && statements.iter().all(|statement| statement.claim == Claim::Exists)
}

fn gap_of_lookup<T>(lookup: &Lookup<T>, call: &str) -> Option<String> {
    match lookup {
        Lookup::Failed(reason) => Some(format!("look-up failed: {}", reason.in_common())),
        Lookup::NotAsked(reason) => Some(format!("{call} not asked: {reason}")),
        Lookup::Found(_) | Lookup::NotFound => None,
    }
}

/// Why absence from RAM says nothing of a number.
fn gap_of_trace(uid: &Uid, cluster: &ClusterDirectory) -> String {
    let unread = || Some(format!("its permission records unread: {}", cluster.unread_records(uid)?));
    let zero = || uid.begins_with_zero().then(|| "no RAM identity's UID begins with 0".to_owned());
    match zero().or_else(unread) {
        None => NOT_SHOWN.to_owned(),
        Some(why) => format!("{NOT_SHOWN} ({why})"),
    }
}

fn unread(standing: &Standing) -> Option<&Failure> {
    match standing {
        Standing::Unread(reason) => Some(reason),
        Standing::Complete | Standing::NotAsked => None,
    }
}

fn names(named: &[(&str, &Standing)], wanted: impl Fn(&Standing) -> bool) -> String {
    let names: Vec<&str> = named.iter().filter(|(_, standing)| wanted(standing)).map(|(name, _)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
