//! The document of what a log says.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    ActorCounts, ActorView, EventLevels, LinkedBy, LogGap, PossibleView, TraceReport, TracedEvent, TracedLog,
    TracedObject, TracedToken,
};
use crate::core::audit::action::Action;
use crate::core::audit::actors::{LinkSource, TokenFacts};
use crate::core::audit::kept::{KeptEvent, Object};
use crate::core::audit::leads::Lead;
use crate::core::audit::link::Link;
use crate::core::audit::log_head::LogHead;
use crate::core::audit::trace::{Tally, Trace, TracedActor};
use crate::output::views::trace::AskedAbout;
use crate::output::views::{ApiVersion, Kind};

impl TraceReport {
    /// What a log of these sources says. `failures` are why a part of it was not read.
    pub fn of(asked: AskedAbout, trace: Trace, sources: Vec<String>, failures: Vec<String>) -> Self {
        let Trace { head, actors, events, leads, caveats } = trace;
        let incomplete = !failures.is_empty() || caveats.iter().any(|caveat| caveat.is_incomplete());
        let ids: Vec<Arc<str>> = (1..=actors.len()).map(|number| number.to_string().into()).collect();
        let mut objects = Objects::default();
        let unreadable = head.unreadable;
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::TraceReport,
            log: log(head, sources, &asked),
            asked,
            actors: actors.into_iter().zip(&ids).map(|(actor, id)| actor_view(actor, id, &ids, &mut objects)).collect(),
            events: events.into_iter().map(|event| event_view(event, &ids, &mut objects)).collect(),
            possible: leads.into_iter().map(|lead| possible(lead, &ids, &mut objects)).collect(),
            unreadable,
            warnings: caveats.iter().map(ToString::to_string).chain(failures).collect(),
            incomplete,
        }
    }
}

impl EventLevels {
    /// How many events a log has of each level.
    pub fn of(head: &LogHead) -> Self {
        let [metadata, request, request_response] = head.levels;
        Self { metadata, request, request_response }
    }
}

fn log(mut head: LogHead, sources: Vec<String>, asked: &AskedAbout) -> TracedLog {
    let bounds = head.bounds();
    TracedLog {
        sources,
        from: bounds.map(|(from, _)| from),
        to: bounds.map(|(_, to)| to),
        lines: head.records,
        levels: EventLevels::of(&head),
        gaps: head.gaps().into_iter().map(|(from, to)| LogGap { from, to }).collect(),
        starts_after_issue: asked.issued.zip(bounds).map(|(issued, (from, _))| from > issued),
        unauthenticated: head.unauthenticated,
    }
}

/// Objects as the document has them, each once.
#[derive(Default)]
struct Objects(HashMap<Arc<Object>, Arc<TracedObject>>);

impl Objects {
    fn view(&mut self, object: Option<Arc<Object>>) -> Option<Arc<TracedObject>> {
        let object = object?;
        let view = |object: &Object| {
            let Object { api_group, resource, subresource, namespace, name } = object.clone();
            Arc::new(TracedObject { api_group, resource, subresource, namespace, name })
        };
        Some(self.0.entry(object).or_insert_with_key(|object| view(object)).clone())
    }

    fn linked_by(&mut self, LinkSource { time, audit_id, object }: LinkSource) -> LinkedBy {
        LinkedBy { time, audit_id, object: self.view(object) }
    }
}

fn actor_view(traced: TracedActor, id: &Arc<str>, ids: &[Arc<str>], objects: &mut Objects) -> ActorView {
    let TracedActor { actor, tally } = traced;
    let token = |TokenFacts { audiences, expires, bound_to }| TracedToken { audiences, expires, bound_to };
    ActorView {
        id: id.clone(),
        credential: actor.credential,
        name: actor.name,
        parent: actor.parent.and_then(|parent| ids.get(parent as usize)).cloned(),
        link: actor.link.into(),
        evidence: actor.evidence.into(),
        linked_by: actor.linked_by.map(|source| objects.linked_by(source)),
        token: actor.token.map(token),
        impersonation_constraint: actor.constraint,
        first: tally.bounds.map(|(first, _)| first),
        last: tally.bounds.map(|(_, last)| last),
        counts: counts(&tally),
        source_ips: tally.source_ips.into_iter().collect(),
    }
}

fn counts(tally: &Tally) -> ActorCounts {
    ActorCounts {
        requests: tally.requests,
        reads: tally.of(Action::Read),
        secrets: tally.of(Action::ReadSecret),
        writes: tally.of(Action::Write),
        grants: tally.of(Action::Grant),
        mints: tally.of(Action::Mint),
        executions: tally.of(Action::Execute),
        attempts: tally.attempts,
        unanswered: tally.unanswered,
    }
}

fn event_view(event: KeptEvent, ids: &[Arc<str>], objects: &mut Objects) -> TracedEvent {
    TracedEvent {
        time: event.time,
        actor: ids[event.actor as usize].clone(),
        action: event.action.into(),
        result: event.outcome().into(),
        verb: event.verb,
        object: objects.view(event.object),
        path: event.path,
        code: event.code,
        decision: event.decision,
        granted_by: event.granted_by,
        audit_id: event.audit_id,
        impersonated: event.impersonated,
        from: event.from,
        level: event.level.into(),
        command: event.command,
    }
}

fn possible(lead: Lead, ids: &[Arc<str>], objects: &mut Objects) -> PossibleView {
    PossibleView {
        link: lead.link.into(),
        evidence: lead.link.evidence().into(),
        actor: ids[lead.source.actor as usize].clone(),
        why: why(&lead),
        linked_by: objects.linked_by(lead.source.source),
        name: lead.name,
        credential: lead.credential,
        requests: lead.requests,
        first: lead.first,
        last: lead.last,
        source_ips: lead.source_ips.into_iter().map(Arc::from).collect(),
    }
}

fn why(lead: &Lead) -> String {
    let Lead { what, has_before, .. } = lead;
    match lead.link {
        Link::Static => {
            format!(
                "it was used to read Secret {what}; then a static token of that name was used, which others may hold"
            )
        }
        Link::Exec if *has_before => {
            format!("it was used to run something in pod {what}; then a token of that pod was used from a new address")
        }
        Link::Exec => format!(
            "it was used to run something in pod {what}; then a token of that pod was used. The log has no earlier request \
             of the pod to compare addresses with"
        ),
        _ => format!("it was used to request a certificate for {what}; then a certificate of that name was first seen"),
    }
}
