//! What a line says at first sight, without being decoded: for the many lines that are about others.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use memchr::memmem::{Finder, FinderRev};

use super::event::Level;

/// How kube-apiserver begins each line.
const START: &[u8] = b"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"";
/// A second beginning: a line that was cut off when the API server ended, and the first one that it wrote anew.
static BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(START));
/// The last field before the annotations; one in a body comes before it, one in a text has backslashes.
static RECEIVED: LazyLock<FinderRev<'static>> = LazyLock::new(|| FinderRev::new(b",\"requestReceivedTimestamp\":\""));
/// The last field, a map of texts.
static ANNOTATIONS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b",\"annotations\":{"));
/// The status of a request that was not authenticated.
static UNAUTHENTICATED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"code\":401"));
/// What an annotation of a static token's request begins with.
const LEGACY: &str = "legacy-token-";
/// With more names than this, decoding a line costs less than looking for each.
const MOST_NAMES: usize = 16;
/// The credentials that API servers name by an ID.
const KINDS: [&str; 2] = ["JTI=", "X509SHA256="];

/// What a line says at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Its level.
    pub level: Level,
    /// When the request was received.
    pub received: Timestamp,
    /// Whether it may have been answered 401.
    pub may_be_unauthenticated: bool,
}

impl Glance {
    /// Looks at a line; `None`: it is not written as kube-apiserver writes it, or not to its end.
    pub fn at(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(START)?;
        if BEGIN.find(rest).is_some() {
            return None;
        }
        let level = match &rest[..rest.iter().position(|byte| *byte == b'"')?] {
            b"Metadata" => Level::Metadata,
            b"Request" => Level::Request,
            b"RequestResponse" => Level::RequestResponse,
            _ => return None,
        };
        let from = RECEIVED.rfind(rest)? + RECEIVED.needle().len();
        let length = rest[from..].iter().position(|byte| *byte == b'"')?;
        let received = std::str::from_utf8(&rest[from..from + length]).ok()?.parse().ok()?;
        // Texts alone are behind the times, so that these ends are in no cut line.
        let end: &[u8] = if ANNOTATIONS.find(&rest[from..]).is_some() { b"}}" } else { b"\"}" };
        if !line.ends_with(end) {
            return None;
        }
        Some(Self { level, received, may_be_unauthenticated: UNAUTHENTICATED.find(line).is_some() })
    }
}

/// What the lines hold that are to be decoded.
pub struct Needles {
    credentials: HashSet<Box<str>>,
    kinds: Vec<(Finder<'static>, bool)>,
    names: Vec<Finder<'static>>,
    known: HashSet<Box<str>>,
}

impl Default for Needles {
    /// Nothing yet but the requests of static tokens.
    fn default() -> Self {
        let kinds = KINDS.iter().map(|kind| (Finder::new(*kind), false)).collect();
        Self { credentials: HashSet::new(), kinds, names: vec![Finder::new(LEGACY)], known: HashSet::new() }
    }
}

impl Needles {
    /// Looks for a credential from now on. Says whether it is new.
    pub fn add_credential(&mut self, id: &str) -> bool {
        let Some(kind) = KINDS.iter().position(|kind| id.starts_with(kind)) else { return self.add_name(id) };
        let is_plain = id[KINDS[kind].len()..].bytes().all(is_of_id);
        if !is_plain {
            return self.add_name(id);
        }
        self.kinds[kind].1 = true;
        self.credentials.insert(id.into())
    }

    /// Looks for a name from now on. Says whether it is new.
    pub fn add_name(&mut self, name: &str) -> bool {
        if !self.known.insert(name.into()) {
            return false;
        }
        // Of other characters an export may make something else.
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | ':');
        let longest = name.split(|character| !is_plain(character)).max_by_key(|part| part.len()).unwrap_or_default();
        self.names.push(Finder::new(longest).into_owned());
        true
    }

    /// Whether a line may be about what is looked for.
    pub fn are_in(&self, line: &[u8]) -> bool {
        if self.names.len() > MOST_NAMES {
            return true;
        }
        let mut kinds = self.kinds.iter().filter(|(_, is_wanted)| *is_wanted);
        self.names.iter().any(|name| name.find(line).is_some())
            || kinds.any(|(kind, _)| self.has_credential(kind, line))
    }

    fn has_credential(&self, kind: &Finder<'_>, line: &[u8]) -> bool {
        kind.find_iter(line).any(|start| {
            let value = start + kind.needle().len();
            let length = line[value..].iter().take_while(|byte| is_of_id(**byte)).count();
            let id = std::str::from_utf8(&line[start..value + length]);
            id.is_ok_and(|id| self.credentials.contains(id))
        })
    }
}

/// Whether it can be part of a fingerprint or of a token's ID.
fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    const LINE: &str = "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Request\",\"auditID\":\"a\",\"verb\":\"get\",\
        \"user\":{\"username\":\"u\"},\"requestObject\":{\"level\":\"None\",\"requestReceivedTimestamp\":\"2000-01-01T00:00:00Z\"},\
        \"requestReceivedTimestamp\":\"2026-11-22T03:10:04.1Z\",\"stageTimestamp\":\"2026-11-22T03:10:05Z\",\
        \"annotations\":{\"x\":\"\\\",\\\"requestReceivedTimestamp\\\":\\\"2001-01-01T00:00:00Z\"}}";

    #[test]
    fn a_line_says_its_level_and_time_at_first_sight() {
        let glance = Glance::at(LINE.as_bytes()).unwrap();
        assert_eq!((glance.level, glance.received), (Level::Request, at("2026-11-22T03:10:04.1Z")));
        assert!(!glance.may_be_unauthenticated);
        let unauthenticated = LINE.replace("\"verb\"", "\"responseStatus\":{\"code\":401},\"verb\"");
        assert!(Glance::at(unauthenticated.as_bytes()).unwrap().may_be_unauthenticated);
    }

    /// What is written otherwise, or is cut off, is decoded, whatever it holds.
    #[test]
    fn any_other_line_is_decoded() {
        let joined = format!("{}{LINE}", &LINE[..200]);
        for line in [&LINE[..LINE.len() - 1], &LINE[..200], &joined, &LINE.replace("\":\"", "\": \""), "", "x"] {
            assert_eq!(Glance::at(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn lines_are_decoded_that_hold_what_is_looked_for() {
        let mut needles = Needles::default();
        assert!(!needles.are_in(b"\"JTI=5f-0c\" \"X509SHA256=ab\""));
        assert!(needles.are_in(b"authentication.k8s.io/legacy-token-manual-secret"));
        assert!(needles.add_credential("JTI=5f-0c") && !needles.add_credential("JTI=5f-0c"));
        for (line, is_wanted) in [
            ("[\"JTI=5f-0c\"]", true),
            ("[\\\"JTI=5f-0c\\\"]", true),
            ("JTI=1,JTI=5f-0c", true),
            ("JTI=5f-0c1", false),
            ("JTI=5f-0", false),
            ("X509SHA256=5f-0c", false),
        ] {
            assert_eq!(needles.are_in(line.as_bytes()), is_wanted, "{line}");
        }
        // Of a name, what no export writes otherwise.
        needles.add_name("team/\u{fc}ber<dev>-1");
        assert!(needles.are_in(b"\"team\\/\\u00fcber\\u003cdev\\u003e-1\"") && !needles.are_in(b"dev 1"));
        for number in 0..MOST_NAMES {
            needles.add_name(&format!("name-{number}"));
        }
        assert!(needles.are_in(b""), "with many names each line is decoded");
    }
}
