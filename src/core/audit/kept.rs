//! What is kept of an event: as little as is shown of it, and each text once.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, RequestOutcome};
use super::event::{Event, Level, ObjectRef, Stage};
use super::reason::granting_binding;
use crate::core::percent;

/// A request of an actor.
#[derive(Clone, Debug)]
pub struct KeptEvent {
    /// When it was received.
    pub time: Timestamp,
    /// Whose it is: an index.
    pub actor: u32,
    /// What it is for.
    pub action: Action,
    /// The last stage that is in the log.
    pub stage: Stage,
    /// The HTTP status.
    pub code: Option<u16>,
    /// Its level.
    pub level: Level,
    /// Which stages were read, one bit each.
    pub stages: u8,
    /// The verb.
    pub verb: Arc<str>,
    /// What it is about.
    pub object: Option<Arc<Object>>,
    /// The path, where it is about no object.
    pub path: Option<Arc<str>>,
    /// What the authorizer said.
    pub decision: Option<Arc<str>>,
    /// The binding that allowed it.
    pub granted_by: Option<Arc<str>>,
    /// Its `Audit-ID`.
    pub audit_id: Arc<str>,
    /// As whom it was sent.
    pub impersonated: Option<Arc<str>>,
    /// The addresses, joined.
    pub from: Option<Arc<str>>,
    /// What was run.
    pub command: Option<Arc<str>>,
}

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// The API group.
    pub api_group: String,
    /// The resource.
    pub resource: String,
    /// The subresource.
    pub subresource: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The name.
    pub name: Option<String>,
}

impl Object {
    /// From an event's own words, with the name that a body may have.
    pub fn of(object: &ObjectRef<'_>, name: Option<String>) -> Self {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            api_group: object.api_group.to_string(),
            resource: object.resource.to_string(),
            subresource: known(&object.subresource),
            namespace: known(&object.namespace),
            name: known(&object.name).or(name),
        }
    }
}

impl KeptEvent {
    /// What came of it.
    pub fn outcome(&self) -> RequestOutcome {
        RequestOutcome::of(self.stage, self.code)
    }

    /// Takes over what a later stage says.
    pub fn advance(&mut self, event: &Event<'_>, texts: &mut Texts) {
        self.stage = event.stage;
        self.code = event.code.or(self.code);
        self.level = self.level.max(event.level);
        let annotations = &event.annotations;
        self.decision = annotations.decision.as_deref().map(|text| texts.one(text)).or(self.decision.take());
        self.granted_by = granted_by(event, texts).or(self.granted_by.take());
    }
}

/// Texts, each of which is kept once.
#[derive(Default)]
pub struct Texts {
    texts: HashSet<Arc<str>>,
    objects: HashSet<Arc<Object>>,
}

impl Texts {
    /// The kept copy of a text.
    pub fn one(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.texts.insert(new.clone());
        new
    }

    /// The kept copy of an object.
    pub fn object(&mut self, object: Object) -> Arc<Object> {
        if let Some(known) = self.objects.get(&object) {
            return known.clone();
        }
        let new = Arc::new(object);
        self.objects.insert(new.clone());
        new
    }

    /// What is kept of an event.
    pub fn keep(
        &mut self,
        event: &Event<'_>,
        actor: u32,
        object: Option<Arc<Object>>,
        with_command: bool,
    ) -> KeptEvent {
        let addresses: Vec<&str> = event.source_ips.iter().map(|address| &**address).collect();
        let path = event.request_uri.split('?').next().unwrap_or_default();
        let action = Action::of(event);
        let command = (with_command && action == Action::Execute).then(|| command(&event.request_uri));
        KeptEvent {
            time: event.received,
            actor,
            action,
            stage: event.stage,
            code: event.code,
            level: event.level,
            stages: stage_bit(event.stage),
            verb: self.one(&event.verb),
            path: object.is_none().then(|| self.one(path)),
            object,
            decision: event.annotations.decision.as_deref().map(|text| self.one(text)),
            granted_by: granted_by(event, self),
            audit_id: (&*event.audit_id).into(),
            impersonated: event.impersonated.as_ref().map(|user| self.one(&user.username)),
            from: (!addresses.is_empty()).then(|| self.one(&addresses.join(","))),
            command: command.filter(|command| !command.is_empty()).map(|command| self.one(&command)),
        }
    }
}

/// The bit of a stage in [`KeptEvent::stages`].
pub fn stage_bit(stage: Stage) -> u8 {
    match stage {
        Stage::RequestReceived => 1,
        Stage::ResponseStarted => 2,
        Stage::ResponseComplete => 4,
        Stage::Panic => 8,
    }
}

fn granted_by(event: &Event<'_>, texts: &mut Texts) -> Option<Arc<str>> {
    let binding = granting_binding(event.annotations.reason.as_deref()?)?;
    Some(texts.one(&binding))
}

/// The command line that `exec` has in its query.
fn command(uri: &str) -> String {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let words = query.split('&').filter_map(|pair| pair.strip_prefix("command="));
    let words: Vec<String> = words.map(|word| percent::decode(&word.replace('+', " "))).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_read_from_the_query() {
        let uri =
            "/api/v1/namespaces/shop/pods/web/exec?command=sh&command=-c&command=echo+a%2Bb&stdin=true&container=c";
        assert_eq!(command(uri), "sh -c echo a+b");
        assert_eq!(command("/api/v1/namespaces/shop/pods/web/attach?stdin=true"), "");
    }
}
