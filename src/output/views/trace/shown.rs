//! How people see a trace: the log's head, a tree of credentials, a table of requests.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::super::trace_words::{ActionWord, EvidenceWord, LinkWord, RequestOutcomeWord};
use super::super::words::Word as _;
use super::super::{counted, distance, distinct_names, nothing_in, time};
use super::{ActorView, LinkedBy, PossibleView, TraceReport, TracedEvent, TracedObject};
use crate::output::html::Page;
use crate::output::markdown::Markdown;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};
use crate::output::tree::TreeLine;

/// How many objects a line of the tree names.
const NAMED: usize = 4;

impl TracedObject {
    /// `pods/exec shop/web-1`, `deployments.apps shop/*`, `nodes n1`.
    pub fn text(&self) -> String {
        let mut text = self.resource.clone();
        if !self.api_group.is_empty() {
            text.push_str(&format!(".{}", self.api_group));
        }
        if let Some(subresource) = &self.subresource {
            text.push_str(&format!("/{subresource}"));
        }
        let name = self.name.as_deref().unwrap_or("*");
        match &self.namespace {
            Some(namespace) => format!("{text} {namespace}/{name}"),
            None => format!("{text} {name}"),
        }
    }
}

impl TracedEvent {
    /// The object, or the path.
    pub fn what(&self) -> String {
        match (&self.object, &self.path) {
            (Some(object), _) => object.text(),
            (None, path) => path.as_deref().unwrap_or_default().to_owned(),
        }
    }

    /// `200`, `403 Refused`, `no answer`.
    pub fn result_text(&self) -> String {
        match (self.code, self.result) {
            (None, RequestOutcomeWord::Unknown) => "no answer".to_owned(),
            (Some(code), RequestOutcomeWord::Done) => code.to_string(),
            (Some(code), result) => format!("{code} {}", result.as_str()),
            (None, result) => result.as_str().to_owned(),
        }
    }

    /// How its result looks.
    pub fn tone(&self) -> Tone {
        let is_in_effect = matches!(self.result, RequestOutcomeWord::Done | RequestOutcomeWord::Open);
        match self.action {
            ActionWord::Read | ActionWord::Write => Tone::Plain,
            _ if is_in_effect => Tone::Danger,
            _ => Tone::Plain,
        }
    }
}

impl ActorView {
    /// The credential, else the user name.
    fn label(&self) -> &str {
        self.credential.as_deref().or(self.name.as_deref()).unwrap_or_default()
    }

    /// By what it is part of the trace: `Minted by #1: proof`.
    pub fn link_text(&self) -> String {
        let link = match (&self.parent, self.link) {
            (_, LinkWord::Root) | (None, _) => self.link.as_str().to_owned(),
            (Some(parent), link) => format!("{} by #{parent}", link.as_str()),
        };
        format!("{link}: {}", evidence_text(self.evidence))
    }

    /// What is known of it beside its requests.
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(LinkedBy { time: at, object, .. }) = &self.linked_by {
            let object = object.as_ref().map(|object| object.text()).unwrap_or_default();
            facts.push(format!("{} at {}, {object}", self.link.as_str().to_lowercase(), time(*at)));
        }
        if let Some(token) = &self.token {
            facts.extend(token.expires.map(|end| format!("the token ends {}", time(end))));
            facts.extend(token.bound_to.as_ref().map(|object| format!("bound to {object}")));
            if !token.audiences.is_empty() {
                facts.push(format!("for {}", token.audiences.join(", ")));
            }
        }
        match self.first.zip(self.last) {
            None => facts.push("no request with it in this log".to_owned()),
            Some((first, last)) => {
                let from: Vec<&str> = self.source_ips.iter().map(|address| &**address).collect();
                let when = match (time(first), time(last)) {
                    (first, last) if first == last => format!("at {first}"),
                    (first, last) => format!("{first} to {last}"),
                };
                facts.push(format!("used {when} from {}", some_of(&from)));
            }
        }
        facts
    }

    /// Its counts, each with its name; those that are nothing are left out.
    pub fn numbers(&self) -> Vec<(&'static str, u64, Tone)> {
        let counts = self.counts;
        let all = [
            ("reads", counts.reads, Tone::Plain),
            ("secrets", counts.secrets, Tone::Danger),
            ("writes", counts.writes, Tone::Attention),
            ("grants", counts.grants, Tone::Danger),
            ("mints", counts.mints, Tone::Danger),
            ("executions", counts.executions, Tone::Danger),
            ("attempts", counts.attempts, Tone::Plain),
            ("no answer", counts.unanswered, Tone::Plain),
        ];
        all.into_iter().filter(|(_, count, _)| *count > 0).collect()
    }
}

impl PossibleView {
    /// What may have been, in a sentence.
    pub fn sentence(&self) -> String {
        let from: Vec<&str> = self.source_ips.iter().map(|address| &**address).collect();
        let requests = counted(usize::try_from(self.requests).unwrap_or(usize::MAX), "request");
        let credential = self.credential.as_ref().map(|id| format!(" with {id}")).unwrap_or_default();
        let (first, last, from) = (time(self.first), time(self.last), some_of(&from));
        format!(
            "#{} {}: {}. {requests} as {}{credential}, {first} to {last}, from {from}",
            self.actor,
            self.link.as_str(),
            self.why,
            self.name
        )
    }
}

impl TraceReport {
    /// Lines about the log itself, each with its name.
    pub fn log_lines(&self) -> Vec<(&'static str, String)> {
        let log = &self.log;
        let mut lines = Vec::new();
        let records = counted(usize::try_from(log.lines).unwrap_or(usize::MAX), "record");
        let sources = log.sources.join(", ");
        lines.push(match log.from.zip(log.to) {
            Some((from, to)) => ("Log", format!("{} to {}, {records} of {sources}", time(from), time(to))),
            None => ("Log", format!("{records} of {sources}, and no event among them")),
        });
        let levels = log.levels;
        let levels =
            [("Metadata", levels.metadata), ("Request", levels.request), ("RequestResponse", levels.request_response)];
        let levels: Vec<String> =
            levels.iter().filter(|(_, count)| *count > 0).map(|(level, count)| format!("{level} {count}")).collect();
        if !levels.is_empty() {
            lines.push(("Levels", levels.join(", ")));
        }
        if let (Some(true), Some(issued)) = (log.starts_after_issue, self.asked.issued) {
            lines.push((
                "Begins",
                format!("after the credential was issued ({}): earlier requests are not in it", time(issued)),
            ));
        }
        if let Some(longest) = log.gaps.iter().max_by_key(|gap| gap.to.duration_since(gap.from)) {
            let length = longest.to.duration_since(longest.from);
            let number = counted(log.gaps.len(), "time");
            lines.push((
                "Gaps",
                format!(
                    "{number} without any event, the longest {} to {} ({})",
                    time(longest.from),
                    time(longest.to),
                    distance(SignedDuration::as_secs(&length))
                ),
            ));
        }
        match log.unauthenticated {
            0 => {}
            1 => lines.push(("Answer 401", "1 request: whose it was is not in the log".to_owned())),
            number => lines.push(("Answer 401", format!("{number} requests: whose they were is not in the log"))),
        }
        let window = [self.asked.since.map(|at| ("since", at)), self.asked.until.map(|at| ("until", at))];
        let window: Vec<String> =
            window.into_iter().flatten().map(|(word, at)| format!("{word} {}", time(at))).collect();
        if !window.is_empty() {
            lines.push(("Shown", format!("requests {}", window.join(" "))));
        }
        lines
    }

    /// Of each actor and sort of request, what the requests are about, each once.
    fn objects(&self) -> HashMap<(&str, &'static str), Vec<String>> {
        let mut objects: HashMap<(&str, &'static str), Vec<String>> = HashMap::new();
        for event in &self.events {
            let named = objects.entry((&event.actor, sort_of(event))).or_default();
            if named.len() > NAMED {
                continue;
            }
            let what = event.what();
            if !named.contains(&what) {
                named.push(what);
            }
        }
        objects
    }

    fn depths(&self) -> HashMap<&str, usize> {
        let mut depths: HashMap<&str, usize> = HashMap::new();
        for actor in &self.actors {
            let depth = actor.parent.as_deref().and_then(|parent| depths.get(parent)).map_or(0, |depth| depth + 1);
            depths.insert(&actor.id, depth);
        }
        depths
    }

    fn possible_lines(&self) -> Vec<String> {
        if self.possible.is_empty() {
            return Vec::new();
        }
        let lines = self.possible.iter().map(|one| format!("  {}", one.sentence()));
        [String::new(), "Possible, and no proof:".to_owned()].into_iter().chain(lines).collect()
    }
}

/// In which of its actor's counts an event is.
fn sort_of(event: &TracedEvent) -> &'static str {
    match (event.result, event.action) {
        (RequestOutcomeWord::Refused | RequestOutcomeWord::Failed, _) => "attempts",
        (RequestOutcomeWord::Unknown, _) => "no answer",
        (_, ActionWord::Read) => "reads",
        (_, ActionWord::ReadSecret) => "secrets",
        (_, ActionWord::Write) => "writes",
        (_, ActionWord::Grant) => "grants",
        (_, ActionWord::Mint) => "mints",
        (_, ActionWord::Execute) => "executions",
    }
}

/// The evidence in words.
pub fn evidence_text(evidence: EvidenceWord) -> &'static str {
    match evidence {
        EvidenceWord::Proof => "proof",
        EvidenceWord::GrantOnly => "proof of the grant, not of who used it",
        EvidenceWord::Possible => "possible",
        EvidenceWord::NameOnly => "by its name alone",
    }
}

/// The first few, and how many more there are.
fn some_of(texts: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = texts.iter().take(NAMED).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Report for TraceReport {
    fn heading(&self) -> Vec<String> {
        let lines = self.log_lines().into_iter().map(|(name, text)| format!("{name:<12}{text}"));
        lines.chain([String::new()]).collect()
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let actors: HashMap<&str, &ActorView> = self.actors.iter().map(|actor| (&*actor.id, actor)).collect();
        let mut headers = vec!["TIME", "ACTOR", "VERB", "OBJECT", "RESULT", "FROM", "LINK"];
        if wide {
            headers.extend(["CREDENTIAL", "IMPERSONATED", "GRANTED-BY", "AUDIT-ID", "COMMAND"]);
        }
        let cells = move |event: &'_ TracedEvent| {
            let actor = actors.get(&*event.actor);
            let name = actor.and_then(|actor| actor.name.as_deref()).unwrap_or_default();
            let mut cells = vec![
                Cell::new(time(event.time)),
                Cell::new(format!("#{} {name}", event.actor)),
                Cell::new(event.verb.to_string()),
                Cell::new(event.what()),
                Cell::new(event.result_text()).tone(event.tone()),
                Cell::maybe(event.from.as_deref().map(str::to_owned)),
                Cell::maybe(actor.map(|actor| actor.link.as_str())),
            ];
            if wide {
                let text = |text: &Option<std::sync::Arc<str>>| Cell::maybe(text.as_deref().map(str::to_owned));
                cells.extend([
                    Cell::maybe(actor.and_then(|actor| actor.credential.as_deref()).map(str::to_owned)),
                    text(&event.impersonated),
                    text(&event.granted_by),
                    Cell::new(event.audit_id.to_string()),
                    text(&event.command),
                ]);
            }
            cells
        };
        Table { headers, rows: Box::new(self.events.iter().map(cells)) }
    }

    fn footing(&self) -> Vec<String> {
        self.possible_lines()
    }

    fn tree(&self) -> Option<Vec<TreeLine>> {
        let (objects, depths) = (self.objects(), self.depths());
        let mut lines = Vec::new();
        for actor in &self.actors {
            let depth = depths.get(&*actor.id).copied().unwrap_or_default();
            let name = if actor.credential.is_some() { actor.name.as_deref().unwrap_or_default() } else { "" };
            let credential = Cell::new(actor.label().to_owned()).tone(Tone::Attention);
            let number = Cell::new(format!("#{}", actor.id));
            lines.push(TreeLine {
                level: 2 * depth,
                pieces: vec![
                    ("", number),
                    ("", credential),
                    ("", Cell::new(name.to_owned())),
                    ("", Cell::new(actor.link_text())),
                ],
            });
            let below = |pieces| TreeLine { level: 2 * depth + 2, pieces };
            lines.extend(actor.facts().into_iter().map(|fact| below(vec![("", Cell::new(fact))])));
            for (word, count, tone) in actor.numbers() {
                let named = objects.get(&(&*actor.id, word)).map(|named| named.as_slice()).unwrap_or_default();
                let shown = match named.len() > NAMED {
                    true => format!("{}, ...", named[..NAMED].join(", ")),
                    false => named.join(", "),
                };
                let number = Cell::new(format!("{count:>6} {word:<10}")).tone(tone);
                lines.push(below(vec![("", number), ("", Cell::new(shown))]));
            }
        }
        let possible = self.possible_lines().into_iter();
        lines.extend(possible.map(|line| TreeLine { level: 0, pieces: vec![("", Cell::new(line))] }));
        Some(lines)
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        distinct_names(self.actors.iter().map(|actor| (None, actor.label().to_owned())))
    }

    fn list(&self) -> Option<&'static str> {
        Some("events")
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_trace(self))
    }

    fn markdown(&self) -> Option<Markdown> {
        Some(Markdown::of_trace(self))
    }

    fn nothing_found(&self) -> Option<String> {
        if !self.actors.is_empty() {
            return None;
        }
        let log = match self.log.from.zip(self.log.to) {
            Some((from, to)) => format!("no request by it in this log, which covers {} to {}", time(from), time(to)),
            None => "the log has no event".to_owned(),
        };
        Some(nothing_in(&log, self.incomplete))
    }
}
