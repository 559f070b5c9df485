//! The credentials that are followed, and which one led to which.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::body::{Bodies, TokenBody};
use super::kept::Object;
use super::link::{Evidence, Link};

/// A credential, or a user name without one.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The credential, as API servers name it.
    pub credential: Option<Arc<str>>,
    /// The user name.
    pub name: Option<Arc<str>>,
    /// The actor that led to it: an index.
    pub parent: Option<u32>,
    /// By what.
    pub link: Link,
    /// How sure that is.
    pub evidence: Evidence,
    /// The request that made the link.
    pub linked_by: Option<LinkSource>,
    /// What is known of a minted token.
    pub token: Option<TokenFacts>,
    /// Which kind of constrained impersonation allowed it.
    pub constraint: Option<Arc<str>>,
}

/// The request that made a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSource {
    /// When it was received.
    pub time: Timestamp,
    /// Its `Audit-ID`.
    pub audit_id: Arc<str>,
    /// What it is about.
    pub object: Option<Arc<Object>>,
}

/// What is known of a minted token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whom it is for.
    pub audiences: Vec<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// The object with which it ends: `Pod/web-1`.
    pub bound_to: Option<String>,
}

impl TokenFacts {
    /// From the bodies of the request by which it was minted at this time.
    pub fn of(bodies: Bodies<TokenBody>, minted: Timestamp) -> Self {
        let (asked, given) = (bodies.request.unwrap_or_default(), bodies.response.unwrap_or_default());
        let asked_end = asked
            .spec
            .expiration_seconds
            .and_then(|seconds| minted.checked_add(jiff::SignedDuration::from_secs(seconds)).ok());
        let bound = given.spec.bound_object_ref.or(asked.spec.bound_object_ref);
        Self {
            audiences: given.spec.audiences.or(asked.spec.audiences).unwrap_or_default(),
            expires: given.status.expiration_timestamp.or(asked_end),
            bound_to: bound
                .filter(|bound| !bound.name.is_empty())
                .map(|bound| format!("{}/{}", bound.kind, bound.name)),
        }
    }
}

/// What distinguishes actors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActorKey {
    /// A credential.
    Credential(Arc<str>),
    /// A user name, where the log has no credential.
    Name(Arc<str>),
    /// An actor as another user.
    As(u32, Arc<str>),
    /// Another's credential, as a user that is asked about.
    Foreign(Arc<str>, Arc<str>),
}

/// All actors, in the order in which they were found.
#[derive(Default)]
pub struct Actors {
    list: Vec<Actor>,
    by_key: HashMap<ActorKey, u32>,
    /// Whether links were left out because they are too far from what was asked about.
    pub has_deeper: bool,
}

impl Actors {
    /// All of them.
    pub fn list(&self) -> &[Actor] {
        &self.list
    }

    /// One of them.
    pub fn at(&self, index: u32) -> &Actor {
        &self.list[index as usize]
    }

    /// The user name of one, for who has not been seen before.
    pub fn name(&mut self, index: u32, name: &str) {
        let actor = &mut self.list[index as usize];
        if actor.name.is_none() && !name.is_empty() {
            actor.name = Some(name.into());
        }
    }

    /// The one with this key.
    pub fn find(&self, key: &ActorKey) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// One that nothing led to.
    pub fn root(&mut self, key: ActorKey, actor: Actor) -> u32 {
        self.find(&key).unwrap_or_else(|| self.add(key, actor))
    }

    /// One that another led to; `None`: that is deeper than `depth`. What is known already by a weaker link gets this one.
    pub fn child(&mut self, key: ActorKey, actor: Actor, depth: usize) -> Option<u32> {
        let parent = actor.parent?;
        if let Some(known) = self.find(&key) {
            let before = self.at(known);
            let time = |actor: &Actor| actor.linked_by.as_ref().map(|source| source.time);
            let is_stronger = (actor.link, time(&actor)) < (before.link, time(before));
            if is_stronger && before.link != Link::Root && !self.is_above(known, parent) {
                let name = actor.name.clone().or_else(|| before.name.clone());
                self.list[known as usize] = Actor { name, ..actor };
            }
            return Some(known);
        }
        if self.depth(parent) >= depth {
            self.has_deeper = true;
            return None;
        }
        Some(self.add(key, actor))
    }

    fn add(&mut self, key: ActorKey, actor: Actor) -> u32 {
        let index = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(actor);
        self.by_key.insert(key, index);
        index
    }

    /// How many links are between an actor and what was asked about.
    pub fn depth(&self, index: u32) -> usize {
        std::iter::successors(self.at(index).parent, |parent| self.at(*parent).parent).count()
    }

    /// Whether one is the other, or led to it.
    fn is_above(&self, one: u32, other: u32) -> bool {
        std::iter::successors(Some(other), |actor| self.at(*actor).parent).any(|actor| actor == one)
    }
}
