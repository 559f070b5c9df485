//! What a log says of those that were asked about, in the order in which it is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::action::{Action, RequestOutcome};
use super::actors::Actor;
use super::caveat::Caveat;
use super::kept::KeptEvent;
use super::leads::Lead;
use super::link::Link;
use super::log_head::LogHead;
use super::screen::Screen;
use super::tracer::Tracer;
use jiff::Timestamp;

/// What a log says.
#[derive(Debug)]
pub struct Trace {
    /// What the log covers.
    pub head: LogHead,
    /// The actors, each behind the one that led to it.
    pub actors: Vec<TracedActor>,
    /// Their requests, the first one first; `actor` is a place in `actors`.
    pub events: Vec<KeptEvent>,
    /// What may be theirs as well; `actor` is a place in `actors`.
    pub leads: Vec<Lead>,
    /// What a reader must know.
    pub caveats: Vec<Caveat>,
}

/// An actor, and what its requests come to.
#[derive(Debug)]
pub struct TracedActor {
    /// The actor; `parent` is a place in the same list.
    pub actor: Actor,
    /// What its requests come to.
    pub tally: Tally,
}

/// What an actor's requests come to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The first and the last one.
    pub bounds: Option<(Timestamp, Timestamp)>,
    /// The addresses.
    pub source_ips: BTreeSet<Arc<str>>,
    /// How many there are.
    pub requests: u64,
    /// How many were carried out, by what they are for.
    pub done: BTreeMap<Action, u64>,
    /// How many were answered with an error.
    pub attempts: u64,
    /// Of how many the log has no answer.
    pub unanswered: u64,
}

impl Tally {
    /// How many requests of this sort were carried out.
    pub fn of(&self, action: Action) -> u64 {
        self.done.get(&action).copied().unwrap_or_default()
    }

    fn add(&mut self, event: &KeptEvent) {
        let (first, last) = self.bounds.unwrap_or((event.time, event.time));
        self.bounds = Some((first.min(event.time), last.max(event.time)));
        self.source_ips.extend(event.from.clone());
        self.requests += 1;
        match event.outcome() {
            RequestOutcome::Done | RequestOutcome::Open => *self.done.entry(event.action).or_default() += 1,
            RequestOutcome::Refused | RequestOutcome::Failed => self.attempts += 1,
            RequestOutcome::Unknown => self.unanswered += 1,
        }
    }
}

impl Tracer {
    /// What was found.
    pub fn finish(self) -> Trace {
        let Self { asked, actors, leads, screen: Screen { head, .. }, events, not_followed, .. } = self;
        let is_shown = |time: Timestamp| asked.period.holds(time);
        let mut events = events;
        events.retain(|event| is_shown(event.time));
        events.sort_by_key(|event| (event.time, event.actor));
        let mut caveats = Caveat::of(&not_followed, &head, actors.has_deeper);
        caveats.extend(shared_audit_ids(&events));
        let mut tallies = vec![Tally::default(); actors.list().len()];
        events.iter().for_each(|event| tallies[event.actor as usize].add(event));
        let leads: Vec<Lead> = leads.found().into_iter().filter(|lead| is_shown(lead.last)).collect();
        let needed = needed(actors.list(), &tallies, &leads, is_shown);
        let order: Vec<u32> = order(actors.list(), &tallies).into_iter().filter(|one| needed.contains(one)).collect();
        let places: HashMap<u32, u32> = order.iter().copied().zip(0..).collect();
        let place = |index: u32| places.get(&index).copied().unwrap_or_default();
        events.iter_mut().for_each(|event| event.actor = place(event.actor));
        let with_place = |mut lead: Lead| {
            lead.source.actor = place(lead.source.actor);
            lead
        };
        let mut traced = |index: &u32| {
            let actor = actors.at(*index).clone();
            let tally = std::mem::take(&mut tallies[*index as usize]);
            TracedActor { actor: Actor { parent: actor.parent.map(place), ..actor }, tally }
        };
        Trace {
            leads: leads.into_iter().map(with_place).collect(),
            actors: order.iter().map(&mut traced).collect(),
            head,
            events,
            caveats,
        }
    }
}

/// Every actor behind the one that led to it; what was asked about first, then by time.
fn order(actors: &[Actor], tallies: &[Tally]) -> Vec<u32> {
    let mut children: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
    for (index, actor) in (0..).zip(actors) {
        children.entry(actor.parent).or_default().push(index);
    }
    let begin = |index: &u32| {
        let actor = &actors[*index as usize];
        let seen = tallies[*index as usize].bounds.map(|(first, _)| first);
        (actor.link == Link::Named, actor.linked_by.as_ref().map(|source| source.time).or(seen), *index)
    };
    children.values_mut().for_each(|list| list.sort_by_key(begin));
    let mut ordered = Vec::new();
    let mut stack: Vec<u32> = children.get(&None).into_iter().flatten().rev().copied().collect();
    while let Some(index) = stack.pop() {
        ordered.push(index);
        stack.extend(children.get(&Some(index)).into_iter().flatten().rev());
    }
    ordered
}

/// Those with a request or a link in the time that is shown, and those that led to them.
fn needed(actors: &[Actor], tallies: &[Tally], leads: &[Lead], is_shown: impl Fn(Timestamp) -> bool) -> BTreeSet<u32> {
    let mut needed = BTreeSet::new();
    for (index, actor) in (0..).zip(actors) {
        let is_linked = actor.linked_by.as_ref().is_some_and(|source| is_shown(source.time));
        let has_lead = leads.iter().any(|lead| lead.source.actor == index);
        if tallies[index as usize].requests > 0 || is_linked || has_lead {
            needed.extend(std::iter::successors(Some(index), |one| actors[*one as usize].parent));
        }
    }
    needed
}

/// The client chooses the `Audit-ID`; one that stands on several requests is worth a look.
fn shared_audit_ids(events: &[KeptEvent]) -> Option<Caveat> {
    let mut ids: Vec<&str> = events.iter().map(|event| &*event.audit_id).collect();
    ids.sort_unstable();
    let shared: Vec<(&str, usize)> = ids
        .chunk_by(|one, other| one == other)
        .filter(|same| same.len() > 1)
        .map(|same| (same[0], same.len()))
        .collect();
    let (id, most) = *shared.iter().max_by_key(|(_, count)| *count)?;
    Some(Caveat::SharedAuditIds { ids: shared.len(), id: id.to_owned(), most })
}
