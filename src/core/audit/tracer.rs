//! Follows credentials through a log, record by record, until each was read with all that is known.

mod links;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::action::RequestOutcome;
use super::actors::{Actor, ActorKey, Actors, LinkSource};
use super::body::{Bodies, NamedBody};
use super::decode::decode;
use super::event::{Event, Level, User};
use super::grants::WrittenBinding;
use super::kept::{KeptEvent, Object, Texts, stage_bit};
use super::leads::Leads;
use super::link::{Evidence, Link};
use super::log_head::LogHead;
use super::period::Period;
use super::screen::{Screen, Screened};
use super::window::Window;
use crate::core::ids::Uid;

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub struct AskedFor {
    /// Credentials, as API servers name them.
    pub credentials: Vec<Arc<str>>,
    /// User names, as they are written.
    pub names: Vec<Arc<str>>,
    /// RAM identities, under all their names.
    pub uids: Vec<Uid>,
    /// How many links are followed.
    pub depth: usize,
    /// Whether command lines are kept.
    pub with_commands: bool,
    /// What is shown.
    pub period: Period,
}

/// What could not be followed.
#[derive(Debug, Default)]
pub struct NotFollowed {
    /// How many lines repeat an event.
    pub doubled: u64,
    /// How many tokens were minted without the log saying which.
    pub nameless_tokens: u64,
    /// How many bindings were written without the log saying for whom.
    pub grants_to_unknown: u64,
    /// Groups of everyone that something was granted to.
    pub groups_of_everyone: BTreeSet<String>,
    /// How many links are older than what standard input keeps.
    pub too_late: u64,
}

/// Follows credentials through a log.
pub struct Tracer {
    pub(super) asked: AskedFor,
    pub(super) screen: Screen,
    pub(super) actors: Actors,
    grants: Vec<WrittenBinding>,
    pub(super) leads: Leads,
    has_learned: bool,
    since_learned: u64,
    pub(super) events: Vec<KeptEvent>,
    by_request: HashMap<[u8; 16], u32>,
    texts: Texts,
    pub(super) not_followed: NotFollowed,
    window: Option<Window>,
}

/// What of a record is at hand.
struct Source<'r> {
    record: &'r [u8],
    /// Of a list, which event.
    place: usize,
}

impl Tracer {
    /// Begins. Of a log that can be read once, the last lines are kept.
    pub fn new(asked: AskedFor, can_be_read_again: bool) -> Self {
        let mut screen = Screen::default();
        for id in &asked.credentials {
            screen.needles.add_credential(id);
        }
        for name in asked.names.iter().map(|name| &**name).chain(asked.uids.iter().map(Uid::as_str)) {
            screen.needles.add_name(name);
        }
        Self {
            asked,
            screen,
            actors: Actors::default(),
            grants: Vec::new(),
            leads: Leads::default(),
            has_learned: false,
            since_learned: 0,
            events: Vec::new(),
            by_request: HashMap::new(),
            texts: Texts::default(),
            not_followed: NotFollowed::default(),
            window: (!can_be_read_again).then(Window::default),
        }
    }

    /// How many records were read since one showed something that others may be about. A log that can be read again is read in a circle
    /// until this is all of them: then each was read with all that is known.
    pub fn since_learned(&self) -> u64 {
        self.since_learned
    }

    /// What was learned stays, what was counted doesn't: all of it is read again.
    fn count_anew(&mut self) {
        self.since_learned = 0;
        self.screen.head = LogHead::default();
        self.events.clear();
        self.by_request.clear();
        self.not_followed = NotFollowed::default();
        self.leads.count_anew();
    }

    /// How many requests of actors were read.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// A record that is too long to be an event.
    pub fn take_unreadable(&mut self) {
        self.since_learned += 1;
        self.screen.take_unreadable();
    }

    /// Takes a record.
    pub fn take(&mut self, record: &[u8]) {
        self.since_learned += 1;
        let events = match self.screen.take(record) {
            Screened::Unreadable => return,
            Screened::OfOthers(received) => {
                if let Some(window) = &mut self.window {
                    window.push(received, record);
                }
                return;
            }
            Screened::Events(events) => events,
        };
        for (place, event) in events.iter().enumerate() {
            let is_of_nobody = event.code == Some(401) && event.user.username.is_empty();
            self.screen.head.unauthenticated += u64::from(is_of_nobody);
            let source = Source { record, place };
            if !is_of_nobody && !self.follow(event, &source) {
                self.leads.note(event);
                if let Some(window) = self.window.as_mut().filter(|_| events.len() == 1) {
                    window.push(event.received, record);
                }
            }
        }
        while std::mem::take(&mut self.has_learned) {
            match self.window {
                Some(_) => self.look_again(),
                None => self.count_anew(),
            }
        }
    }

    /// Looks for what was learned in the lines that are kept.
    fn look_again(&mut self) {
        let lines = self.window.as_mut().map(Window::drain).unwrap_or_default();
        for (received, line) in lines {
            let is_followed = self.screen.may_want(&line)
                && decode(&line).is_ok_and(|events| {
                    let source = Source { record: &line, place: 0 };
                    events.first().is_some_and(|event| self.follow(event, &source))
                });
            if let Some(window) = self.window.as_mut().filter(|_| !is_followed) {
                window.put_back(received, line);
            }
        }
    }

    /// Takes an event if it is an actor's; says whether it is.
    fn follow(&mut self, event: &Event<'_>, source: &Source<'_>) -> bool {
        let Some(actor) = self.actor_of(event) else { return false };
        self.actors.name(actor, effective(event));
        let is_new = self.keep(event, actor, source);
        let outcome = RequestOutcome::of(event.stage, event.code);
        if is_new && outcome.is_in_effect() {
            self.follow_links(event, actor, source);
        }
        true
    }

    /// Keeps what is shown of an event; says whether this stage of it is new.
    fn keep(&mut self, event: &Event<'_>, actor: u32, source: &Source<'_>) -> bool {
        let key = event.request_key();
        let bit = stage_bit(event.stage);
        if let Some(index) = self.by_request.get(&key) {
            let kept = &mut self.events[*index as usize];
            if kept.stages & bit != 0 {
                self.not_followed.doubled += 1;
                return false;
            }
            kept.stages |= bit;
            if event.stage >= kept.stage {
                // As whom it is sent, and the name of what is created, are known after it was received.
                kept.actor = actor;
                kept.impersonated = event.impersonated.as_ref().map(|user| self.texts.one(&user.username));
                let index = *index as usize;
                let object = self.object_of(event, source);
                self.events[index].object = object;
                self.events[index].advance(event, &mut self.texts);
            }
            return true;
        }
        let index = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        let object = self.object_of(event, source);
        self.events.push(self.texts.keep(event, actor, object, self.asked.with_commands));
        self.by_request.insert(key, index);
        true
    }

    fn object_of(&mut self, event: &Event<'_>, source: &Source<'_>) -> Option<Arc<Object>> {
        let name = self.name_in_body(event, source);
        event.object.as_ref().map(|object| self.texts.object(Object::of(object, name)))
    }

    /// Of what is created without a name in the URL, the name that the body has.
    fn name_in_body(&self, event: &Event<'_>, source: &Source<'_>) -> Option<String> {
        let is_unnamed = event.object.as_ref().is_some_and(|object| object.name.is_empty());
        let has_body = event.level >= Level::Request && &*event.verb == "create";
        if is_unnamed && has_body { Bodies::<NamedBody>::of(source.record, source.place).name() } else { None }
    }

    /// Whose an event is.
    fn actor_of(&mut self, event: &Event<'_>) -> Option<u32> {
        let base = self.actor_of_user(event);
        let Some(user) = &event.impersonated else { return base };
        let name: Arc<str> = self.texts.one(&user.username);
        if let Some(base) = base {
            let actor = Actor {
                parent: Some(base),
                linked_by: Some(self.source_of(event, None)),
                name: Some(name.clone()),
                constraint: event.impersonation_constraint.as_deref().map(|text| self.texts.one(text)),
                ..of_link(Link::Impersonated, event.user.credential_id())
            };
            return self.actors.child(ActorKey::As(base, name), actor, self.asked.depth).or(Some(base));
        }
        self.is_asked_for(user).then(|| {
            let credential = event.user.credential_id().unwrap_or(&event.user.username);
            let actor = Actor { name: Some(name.clone()), ..of_link(Link::Named, event.user.credential_id()) };
            self.actors.root(ActorKey::Foreign(credential.into(), name), actor)
        })
    }

    /// Whose it is, whomever it was sent as.
    fn actor_of_user(&mut self, event: &Event<'_>) -> Option<u32> {
        let user = &event.user;
        let credential = user.credential_id().map(|id| self.texts.one(id));
        let key = match &credential {
            Some(id) => ActorKey::Credential(id.clone()),
            None if user.username.is_empty() => return None,
            None => ActorKey::Name(self.texts.one(&user.username)),
        };
        if let Some(known) = self.actors.find(&key) {
            let actor = self.actors.at(known);
            let granted = actor.linked_by.as_ref().filter(|_| actor.link == Link::Granted);
            return granted.is_none_or(|source| source.time <= event.received).then_some(known);
        }
        if credential.as_ref().is_some_and(|id| self.asked.credentials.contains(id)) {
            return Some(self.actors.root(key, of_link(Link::Root, credential.as_deref())));
        }
        if self.is_asked_for(user) {
            let link = if self.asked.uids.is_empty() { Link::Named } else { Link::Root };
            let actor = Actor { evidence: Evidence::NameOnly, ..of_link(link, credential.as_deref()) };
            return Some(self.actors.root(key, actor));
        }
        if event.impersonated.is_some() {
            return None;
        }
        let used = self.grants.iter().filter(|grant| grant.is_used_by(event)).min_by_key(|grant| grant.source.time)?;
        let actor = Actor {
            parent: Some(used.actor),
            linked_by: Some(used.source.clone()),
            ..of_link(Link::Granted, credential.as_deref())
        };
        self.actors.child(key, actor, self.asked.depth)
    }

    /// Whether a user has a name that is asked about.
    fn is_asked_for(&self, user: &User<'_>) -> bool {
        self.asked.names.iter().any(|name| **name == *user.username)
            || self.asked.uids.iter().any(|uid| user.is_identity(uid))
    }

    fn source_of(&mut self, event: &Event<'_>, name: Option<String>) -> LinkSource {
        LinkSource {
            time: event.received,
            audit_id: self.texts.one(&event.audit_id),
            object: event.object.as_ref().map(|object| self.texts.object(Object::of(object, name))),
        }
    }
}

/// An actor by this link and nothing else.
fn of_link(link: Link, credential: Option<&str>) -> Actor {
    Actor {
        credential: credential.map(Arc::from),
        name: None,
        parent: None,
        link,
        evidence: link.evidence(),
        linked_by: None,
        token: None,
        constraint: None,
    }
}

/// The user whose rights count.
fn effective<'a>(event: &'a Event<'_>) -> &'a str {
    event.impersonated.as_ref().map_or(&event.user.username, |user| &user.username)
}
