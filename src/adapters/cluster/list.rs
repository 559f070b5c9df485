//! Cuts a Kubernetes list into its items while the bytes arrive.
//!
//! A list of 100,000 bindings is 70 MB of JSON. [`ListDecoder`] holds one item at most: it looks for the end of each item,
//! hands over the item's bytes, and forgets them. An item that lies within one frame is never copied.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json_value::ValueScanner;
use crate::core::json_fault::JsonFault;

/// What a list says of itself, beside its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTrailer {
    /// `apiVersion`, such as `rbac.authorization.k8s.io/v1`; empty when not given.
    pub api_version: String,
    /// `kind`, such as `RoleBindingList`; empty when not given.
    pub kind: String,
    /// The token for the next page; empty on the last page.
    pub continue_token: String,
    /// The version of the cluster's state that the list shows.
    pub resource_version: String,
    /// How many items the next pages hold, where the server says so.
    /// Source: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/list-meta/>
    pub remaining_item_count: Option<i64>,
}

/// Why bytes aren't a list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The document breaks JSON's rules, or isn't an object with `items`.
    #[error("the answer is not a Kubernetes list: {0} at byte {1}")]
    Syntax(&'static str, u64),
    /// A part of the document isn't valid JSON of the expected shape.
    #[error("the answer is not a Kubernetes list: invalid `{member}`")]
    Member {
        /// The member's key.
        member: String,
        /// What the JSON reader says.
        source: JsonFault,
    },
    /// One of the items isn't what the list should hold.
    #[error("item {index} of the list can't be read")]
    Item {
        /// The item's place in this page, from 0.
        index: u64,
        /// What the JSON reader says.
        source: JsonFault,
    },
    /// One item is larger than any object that etcd would store.
    #[error("item {index} of the list is larger than {limit} bytes")]
    ItemTooLarge {
        /// The item's place in this page, from 0.
        index: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The document ended too early.
    #[error("the answer ends in the middle of the list")]
    Truncated,
}

/// A resumable reader of one page of a list.
#[derive(Debug)]
pub struct ListDecoder {
    state: State,
    scanner: ValueScanner,
    carry: Vec<u8>,
    member: Member,
    seen: [bool; 4],
    trailer: ListTrailer,
    items: u64,
    consumed: u64,
    item_limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    FirstKey,
    Key,
    Colon,
    Value,
    AfterValue,
    FirstItem,
    Item,
    AfterItem,
    End,
    Capture(Capture),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capture {
    Key,
    Member,
    Item,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    ApiVersion,
    Kind,
    Metadata,
    Items,
    Other(String),
}

impl Member {
    fn named(key: &str) -> Self {
        match key {
            "apiVersion" => Self::ApiVersion,
            "kind" => Self::Kind,
            "metadata" => Self::Metadata,
            "items" => Self::Items,
            other => Self::Other(other.chars().take(64).collect()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::ApiVersion => "apiVersion",
            Self::Kind => "kind",
            Self::Metadata => "metadata",
            Self::Items => "items",
            Self::Other(name) => name,
        }
    }

    fn slot(&self) -> Option<usize> {
        match self {
            Self::Kind => Some(0),
            Self::Metadata => Some(1),
            Self::Items => Some(2),
            Self::ApiVersion => Some(3),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    #[serde(default, rename = "continue")]
    continue_token: Option<String>,
    #[serde(default)]
    resource_version: Option<String>,
    #[serde(default)]
    remaining_item_count: Option<i64>,
}

impl ListDecoder {
    /// A reader at the start of a page. No item, and no other member of the list, may be larger than `item_limit` bytes.
    pub fn new(item_limit: usize) -> Self {
        Self {
            state: State::Start,
            scanner: ValueScanner::default(),
            carry: Vec::new(),
            member: Member::Items,
            seen: [false; 4],
            trailer: ListTrailer::default(),
            items: 0,
            consumed: 0,
            item_limit,
        }
    }

    /// Reads on. `on_item` gets the bytes of each item that is complete.
    pub fn feed<F>(&mut self, frame: &[u8], mut on_item: F) -> Result<(), ListError>
    where
        F: FnMut(&[u8]) -> Result<(), JsonFault>,
    {
        let mut at = 0;
        while at < frame.len() {
            at = match self.state {
                State::Capture(capture) => self.capture(capture, frame, at, &mut on_item)?,
                state => self.structure(state, frame, at)?,
            };
        }
        self.consumed += frame.len() as u64;
        Ok(())
    }

    /// The end of the bytes: what the list says of itself, if it is complete.
    pub fn finish(self) -> Result<ListTrailer, ListError> {
        if self.state != State::End {
            return Err(ListError::Truncated);
        }
        if !self.seen[2] {
            return Err(ListError::Syntax("it has no `items`", self.consumed));
        }
        Ok(self.trailer)
    }

    /// How many items were handed over.
    pub fn items(&self) -> u64 {
        self.items
    }

    fn structure(&mut self, state: State, frame: &[u8], at: usize) -> Result<usize, ListError> {
        let byte = frame[at];
        if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            return Ok(at + 1);
        }
        self.state = match (state, byte) {
            (State::Start, b'{') => State::FirstKey,
            (State::FirstKey, b'}') | (State::AfterValue, b'}') => State::End,
            (State::FirstKey | State::Key, b'"') => return Ok(self.begin(Capture::Key, at)),
            (State::Colon, b':') => State::Value,
            (State::Value, b'[') if self.member == Member::Items => State::FirstItem,
            (State::Value, _) => return Ok(self.begin(Capture::Member, at)),
            (State::AfterValue, b',') => State::Key,
            (State::FirstItem | State::AfterItem, b']') => State::AfterValue,
            (State::FirstItem | State::Item, _) => return Ok(self.begin(Capture::Item, at)),
            (State::AfterItem, b',') => State::Item,
            _ => return Err(self.syntax(state, at)),
        };
        Ok(at + 1)
    }

    fn begin(&mut self, capture: Capture, at: usize) -> usize {
        self.scanner = ValueScanner::default();
        self.carry.clear();
        self.state = State::Capture(capture);
        at
    }

    fn syntax(&self, state: State, at: usize) -> ListError {
        let expectation = match state {
            State::Start => "it does not begin with `{`",
            State::FirstKey | State::Key => "a key was expected",
            State::Colon => "`:` was expected",
            State::AfterValue | State::AfterItem => "`,` or a closing bracket was expected",
            _ => "there is something behind its end",
        };
        ListError::Syntax(expectation, self.consumed + at as u64)
    }

    fn capture<F>(&mut self, capture: Capture, frame: &[u8], at: usize, on_item: &mut F) -> Result<usize, ListError>
    where
        F: FnMut(&[u8]) -> Result<(), JsonFault>,
    {
        let rest = &frame[at..];
        let end = self.scanner.find_end(rest);
        let part = &rest[..end.unwrap_or(rest.len())];
        if self.carry.len() + part.len() > self.item_limit {
            return Err(ListError::ItemTooLarge { index: self.items, limit: self.item_limit });
        }
        let Some(end) = end else {
            self.carry.extend_from_slice(part);
            return Ok(frame.len());
        };
        if self.carry.is_empty() {
            self.complete(capture, part, on_item)?;
        } else {
            self.carry.extend_from_slice(part);
            let whole = std::mem::take(&mut self.carry);
            self.complete(capture, &whole, on_item)?;
            self.carry = whole;
            self.carry.clear();
        }
        Ok(at + end)
    }

    fn complete<F>(&mut self, capture: Capture, value: &[u8], on_item: &mut F) -> Result<(), ListError>
    where
        F: FnMut(&[u8]) -> Result<(), JsonFault>,
    {
        self.state = match capture {
            Capture::Key => self.complete_key(value)?,
            Capture::Member => self.complete_member(value)?,
            Capture::Item => {
                on_item(value).map_err(|source| ListError::Item { index: self.items, source })?;
                self.items += 1;
                State::AfterItem
            }
        };
        Ok(())
    }

    fn complete_key(&mut self, value: &[u8]) -> Result<State, ListError> {
        let key: Cow<'_, str> = serde_json::from_slice(value).map_err(|source| self.invalid_member(source))?;
        self.member = Member::named(&key);
        if let Some(slot) = self.member.slot()
            && std::mem::replace(&mut self.seen[slot], true)
        {
            return Err(ListError::Syntax("a key is there twice", self.consumed));
        }
        Ok(State::Colon)
    }

    fn complete_member(&mut self, value: &[u8]) -> Result<State, ListError> {
        match self.member {
            Member::ApiVersion => {
                let version: Option<String> = self.parse(value)?;
                self.trailer.api_version = version.unwrap_or_default();
            }
            Member::Kind => {
                let kind: Option<String> = self.parse(value)?;
                self.trailer.kind = kind.unwrap_or_default();
            }
            // serde takes an array for a struct whose fields are all optional.
            Member::Metadata if value.first() == Some(&b'[') => {
                return Err(ListError::Syntax("its `metadata` is not an object", self.consumed));
            }
            Member::Metadata => {
                if let Some(metadata) = self.parse::<Option<ListMetadata>>(value)? {
                    self.trailer.continue_token = metadata.continue_token.unwrap_or_default();
                    self.trailer.resource_version = metadata.resource_version.unwrap_or_default();
                    self.trailer.remaining_item_count = metadata.remaining_item_count;
                }
            }
            // An array of items never comes here: it is cut into its items. API servers write an empty list as `[]`.
            Member::Items => return Err(ListError::Syntax("its `items` is not an array", self.consumed)),
            Member::Other(_) => {
                self.parse::<IgnoredAny>(value)?;
            }
        }
        Ok(State::AfterValue)
    }

    fn parse<'v, T: Deserialize<'v>>(&self, value: &'v [u8]) -> Result<T, ListError> {
        serde_json::from_slice(value).map_err(|source| self.invalid_member(source))
    }

    fn invalid_member(&self, source: serde_json::Error) -> ListError {
        ListError::Member { member: self.member.name().to_owned(), source: source.into() }
    }
}
