//! What each source in the cloud says, kept apart, so that a verdict can weigh them.

use std::collections::{BTreeMap, BTreeSet};

use super::ack::KubeconfigState;
use crate::core::failure::Failure;
use crate::core::identity::{Caller, IdentityType, ImsUser, RamRole, RamUser, RecycledUser, UserBasicInfo};
use crate::core::ids::Uid;

/// What one listing call brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing<T> {
    /// Read to the end.
    Complete(Vec<T>),
    /// Not read to the end. What was read proves presence and never absence.
    Failed {
        /// The entries before the failure.
        read: Vec<T>,
        /// Why the rest is missing.
        reason: Failure,
    },
    /// Not asked: no credentials, `--offline`, or no need.
    NotAsked,
}

impl<T> Listing<T> {
    /// A listing of which nothing was read.
    pub fn failed(reason: impl Into<Failure>) -> Self {
        Self::Failed { read: Vec::new(), reason: reason.into() }
    }

    /// Every entry that was read, however the listing ended.
    pub fn items(&self) -> &[T] {
        match self {
            Self::Complete(items) | Self::Failed { read: items, .. } => items,
            Self::NotAsked => &[],
        }
    }

    /// Every entry that was read, however the listing ended, to keep.
    pub fn into_items(self) -> Vec<T> {
        match self {
            Self::Complete(items) | Self::Failed { read: items, .. } => items,
            Self::NotAsked => Vec::new(),
        }
    }

    /// Why the listing was not read to the end, where it was begun.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { reason, .. } => Some(reason),
            Self::Complete(_) | Self::NotAsked => None,
        }
    }

    /// Whether the listing was read to the end.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }
}

/// What one single question brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The answer.
    Known(T),
    /// No answer, and why.
    Failed(Failure),
    /// Not asked.
    NotAsked,
}

impl<T> Answer<T> {
    /// The answer, where there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Failed(_) | Self::NotAsked => None,
        }
    }

    /// Why there is no answer, if it was asked for.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Known(_) | Self::NotAsked => None,
        }
    }
}

/// What a call said that was asked about one UID. It proves what it finds, and by not finding it nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// What it found.
    Found(T),
    /// The call knows no such identity.
    NotFound,
    /// The call failed, and why.
    Failed(Failure),
    /// The call was not made for this UID although it would have helped, and why.
    NotAsked(String),
}

/// The sources for the caller's whole account.
#[derive(Clone, Debug)]
pub struct AccountSources {
    /// `sts:GetCallerIdentity`.
    pub caller: Answer<Caller>,
    /// `ram:ListUsers`.
    pub users: Listing<RamUser>,
    /// `ram:ListRoles`.
    pub roles: Listing<RamRole>,
    /// `ims:ListUserBasicInfos` with `active,freeze`.
    pub basic_infos: Listing<UserBasicInfo>,
    /// `ims:ListUsersInRecycleBin`.
    pub recycle_bin: Listing<RecycledUser>,
    /// `ims:GetUser`, for the UIDs that were looked up one by one. It knows neither roles nor users of other accounts.
    pub lookups: BTreeMap<Uid, Lookup<ImsUser>>,
    /// `ims:GetUserInRecycleBin`, for the UIDs that were looked up one by one.
    pub bin_lookups: BTreeMap<Uid, Lookup<RecycledUser>>,
}

impl AccountSources {
    /// Not asked: `--offline`, or no credentials.
    pub fn not_asked() -> Self {
        Self {
            caller: Answer::NotAsked,
            users: Listing::NotAsked,
            roles: Listing::NotAsked,
            basic_infos: Listing::NotAsked,
            recycle_bin: Listing::NotAsked,
            lookups: BTreeMap::new(),
            bin_lookups: BTreeMap::new(),
        }
    }

    /// No source answered, for one reason.
    pub fn failed(reason: &str) -> Self {
        Self {
            caller: Answer::Failed(reason.into()),
            users: Listing::failed(reason),
            roles: Listing::failed(reason),
            basic_infos: Listing::failed(reason),
            recycle_bin: Listing::failed(reason),
            lookups: BTreeMap::new(),
            bin_lookups: BTreeMap::new(),
        }
    }
}

impl AccountSources {
    /// Why sources that were asked are missing or broke off, each reason once.
    pub fn failures(&self) -> Vec<Failure> {
        let caller = self.caller.failure();
        let listings =
            [self.users.failure(), self.roles.failure(), self.basic_infos.failure(), self.recycle_bin.failure()];
        let mut reasons: Vec<Failure> = listings.into_iter().chain([caller]).flatten().cloned().collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }
}

/// The two lists of `cs:ListClusterKubeconfigStates`: ACK gives cloud services' roles only to those who ask for them.
#[derive(Clone, Debug)]
pub struct KubeconfigListings {
    /// Of users and roles of the account, and of the account itself.
    pub people: Listing<KubeconfigState>,
    /// Of the roles by which cloud services work in the cluster.
    pub cloud_services: Listing<KubeconfigState>,
}

impl KubeconfigListings {
    /// Not asked.
    pub fn not_asked() -> Self {
        Self { people: Listing::NotAsked, cloud_services: Listing::NotAsked }
    }

    /// Nothing was read, for one reason.
    pub fn failed(reason: &str) -> Self {
        Self { people: Listing::failed(reason), cloud_services: Listing::NotAsked }
    }

    /// Why one of them is missing or broke off. What ails the first ails the second too: that is one reason.
    pub fn failure(&self) -> Option<&Failure> {
        self.people.failure().or(self.cloud_services.failure())
    }

    /// Both as one list, which is read to the end where both are.
    pub fn into_one(self) -> Listing<KubeconfigState> {
        let failure = self.failure().cloned();
        match (self.joined().0, failure) {
            (Listing::Complete(read), Some(reason)) => Listing::Failed { read, reason },
            (joined, _) => joined,
        }
    }

    /// The rows of both as one list that ends as the first did, and why the second was not read to the end. A row of the second is a
    /// cloud service's if it names the service, or is in that list alone: an older ACK may not know the question.
    fn joined(self) -> (Listing<KubeconfigState>, Option<String>) {
        let Self { people, cloud_services } = self;
        let unread = cloud_services.failure().map(ToString::to_string);
        let known: BTreeSet<Uid> = people.items().iter().map(|row| row.uid.clone()).collect();
        let is_whole = people.is_complete();
        let of_services = cloud_services.into_items().into_iter().filter_map(|row| {
            let is_alone = is_whole && !known.contains(&row.uid);
            let service = row.cloud_service.clone().or_else(|| is_alone.then(String::new));
            service.is_some().then_some(KubeconfigState { cloud_service: service, ..row })
        });
        let of_services: Vec<KubeconfigState> = of_services.collect();
        let joined = match people {
            Listing::Complete(rows) => Listing::Complete([rows, of_services].concat()),
            Listing::Failed { read, reason } => Listing::Failed { read: [read, of_services].concat(), reason },
            Listing::NotAsked => Listing::NotAsked,
        };
        (joined, unread)
    }
}

/// The sources for one cluster.
#[derive(Clone, Debug)]
pub struct ClusterSources {
    /// The account that owns the cluster: `uid` in ConfigMap kube-system/ack-cluster-profile.
    pub owner: Answer<Uid>,
    /// `cs:ListClusterKubeconfigStates`, with the rows of cloud services' roles. It ends as the list of people does.
    pub kubeconfigs: Listing<KubeconfigState>,
    /// Why the rows of cloud services' roles were not read to the end, where they were asked for.
    pub cloud_services_unread: Option<String>,
}

impl ClusterSources {
    /// Takes what the cluster says of its owner, and what ACK lists.
    pub fn new(owner: Answer<Uid>, listings: KubeconfigListings) -> Self {
        let (kubeconfigs, cloud_services_unread) = listings.joined();
        Self { owner, kubeconfigs, cloud_services_unread }
    }

    /// Not asked.
    pub fn not_asked() -> Self {
        Self::new(Answer::NotAsked, KubeconfigListings::not_asked())
    }
}

/// How far a source can be trusted to prove absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Read to the end, and nothing speaks against it.
    Complete,
    /// Read, but not to the end or not believable, and why.
    Unread(Failure),
    /// Not asked.
    NotAsked,
}

impl Standing {
    fn of<T>(listing: &Listing<T>) -> Self {
        match listing {
            Listing::Complete(_) => Self::Complete,
            Listing::Failed { reason, .. } => Self::Unread(reason.clone()),
            Listing::NotAsked => Self::NotAsked,
        }
    }

    fn doubt(&mut self, doubtful: bool, reason: &str) {
        if doubtful && *self == Self::Complete {
            *self = Self::Unread(reason.into());
        }
    }
}

/// The four listings that together can prove that an identity is gone.
#[derive(Clone, Debug)]
pub(super) struct Standings {
    pub(super) users: Standing,
    pub(super) roles: Standing,
    pub(super) basic_infos: Standing,
    pub(super) recycle_bin: Standing,
}

impl Standings {
    /// Weighs the lists against the caller and against each other. A complete list without an identity that must be in it
    /// proves nothing.
    pub(super) fn weigh(sources: &AccountSources) -> Self {
        let mut users = Standing::of(&sources.users);
        let mut roles = Standing::of(&sources.roles);
        let mut basic_infos = Standing::of(&sources.basic_infos);
        let listed_users: BTreeSet<&Uid> = sources.users.items().iter().map(|user| &user.uid).collect();
        let listed_infos: BTreeSet<&Uid> = sources.basic_infos.items().iter().map(|user| &user.uid).collect();
        let listed_roles: BTreeSet<&Uid> = sources.roles.items().iter().map(|role| &role.uid).collect();

        let caller = sources.caller.known();
        let caller_as = |kind| caller.filter(|caller| caller.kind == kind).and_then(|caller| caller.uid.as_ref());
        if let Some(uid) = caller_as(IdentityType::RamUser) {
            users.doubt(!listed_users.contains(uid), "the list leaves out the calling user");
            basic_infos.doubt(!listed_infos.contains(uid), "the list leaves out the calling user");
        }
        if let Some(uid) = caller_as(IdentityType::RamRole) {
            roles.doubt(!listed_roles.contains(uid), "the list leaves out the calling role");
        }
        // ACK can't be switched on without service roles: an account that owns a cluster and lists no role doesn't exist.
        roles.doubt(listed_roles.is_empty(), "the list has no role at all");
        let no_user = "the list has no user, others have";
        let known_users = !listed_users.is_empty() || !listed_infos.is_empty();
        users.doubt(known_users && listed_users.is_empty(), no_user);
        basic_infos.doubt(known_users && listed_infos.is_empty(), no_user);
        Self { users, roles, basic_infos, recycle_bin: Standing::of(&sources.recycle_bin) }
    }
}
