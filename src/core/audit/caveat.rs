//! What a reader of a trace must know, each in a sentence.

use super::log_head::LogHead;
use super::tracer::NotFollowed;

/// What a reader must know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Caveat {
    /// Records are no events.
    #[error("{} of the log could not be read", counted(*.0, "record"))]
    Unreadable(u64),
    /// Lines repeat events.
    #[error("{} an event that was read already and {} not counted again", repeat(*.0), is_or_are(*.0))]
    Doubled(u64),
    /// Requests share an ID.
    #[error("{} on more than one request, {id} on {most}: the client chooses the Audit-ID", audit_ids(*ids))]
    SharedAuditIds {
        /// How many such IDs there are.
        ids: usize,
        /// The one that stands on most.
        id: String,
        /// How many requests have it.
        most: usize,
    },
    /// Tokens were minted.
    #[error("{} minted without an ID in the log (Kubernetes before 1.30): requests made with them are not followed", tokens(*.0))]
    NamelessTokens(u64),
    /// Bindings were written.
    #[error("{} of bindings without subjects in the log (level Metadata): whom they were for is not known", counted(*.0, "change"))]
    GrantsToUnknown(u64),
    /// A group of everyone.
    #[error("a binding names the group {0}: the requests of its members are not followed")]
    GroupOfEveryone(String),
    /// Links were left out.
    #[error("links deeper than --depth are not followed")]
    Deeper,
    /// Standard input was not in order.
    #[error("{} older than the 60 s of standard input that are kept: requests that came before in the log may be missing", links(*.0))]
    TooLate(u64),
    /// Times all over the calendar.
    #[error("the log covers too much time: it was not searched for gaps")]
    NoGaps,
}

impl Caveat {
    /// Whether something that was asked for may be missing.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::TooLate(_))
    }

    /// One next step.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::TooLate(_) => Some("sort it, or give a file"),
            _ => None,
        }
    }

    pub(super) fn of(not_followed: &NotFollowed, head: &LogHead, has_deeper: bool) -> Vec<Self> {
        let some = |number: u64, caveat: fn(u64) -> Self| (number > 0).then(|| caveat(number));
        let groups = not_followed.groups_of_everyone.iter().cloned().map(Self::GroupOfEveryone);
        [
            some(head.unreadable, Self::Unreadable),
            some(not_followed.too_late, Self::TooLate),
            some(not_followed.doubled, Self::Doubled),
            some(not_followed.nameless_tokens, Self::NamelessTokens),
            some(not_followed.grants_to_unknown, Self::GrantsToUnknown),
            has_deeper.then_some(Self::Deeper),
            head.has_too_many_spans.then_some(Self::NoGaps),
        ]
        .into_iter()
        .flatten()
        .chain(groups)
        .collect()
    }
}

fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn repeat(number: u64) -> String {
    if number == 1 { "1 line repeats".to_owned() } else { format!("{number} lines repeat") }
}

fn is_or_are(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

fn audit_ids(number: usize) -> String {
    if number == 1 { "1 Audit-ID stands".to_owned() } else { format!("{number} Audit-IDs stand") }
}

fn tokens(number: u64) -> String {
    if number == 1 { "1 token was".to_owned() } else { format!("{number} tokens were") }
}

fn links(number: u64) -> String {
    if number == 1 { "1 link is".to_owned() } else { format!("{number} links are") }
}
