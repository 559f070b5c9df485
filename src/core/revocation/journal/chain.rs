//! The chain of hashes through a journal's lines: none can be edited, moved or taken out of the middle unnoticed.
//!
//! Each line ends in `"chain"`, the SHA-256 of the previous line's chain followed by the line up to its own. What the first
//! line follows is the SHA-256 of the operation's `SHA256SUMS`, so that a journal belongs to one record.
//!
//! Lines that are cut off the end leave a chain that holds; the log of all operations keeps the last hash for that. A program
//! that edits a line and computes everything after it anew can't be found out by hashes.

use crate::core::hex::sha256;

const BEFORE: &str = r#","chain":""#;
const AFTER: &str = r#""}"#;
/// Hexadecimal digits of SHA-256.
const DIGITS: usize = 64;

/// How much of a line its chain takes, in bytes, without the line's end.
pub const TAIL: usize = BEFORE.len() + DIGITS + AFTER.len();

/// A place in a chain: after a line, or before the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(String);

impl Chain {
    /// What the first line follows, by the content of the operation's `SHA256SUMS`.
    pub fn root(checksums: &[u8]) -> Self {
        Self(sha256(checksums))
    }

    /// The hash, in hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.0
    }

    /// The line of an event that comes next, its end included, and the place after it. The event is a JSON object in one line.
    pub fn line(&self, event: &str) -> (String, Self) {
        let start = event.strip_suffix('}').unwrap_or(event);
        let after = self.after(start.as_bytes());
        (format!("{start}{BEFORE}{}{AFTER}\n", after.0), after)
    }

    /// The place after a line that comes next, whose end is left out; `None` where the line doesn't follow.
    pub fn follow(&self, line: &[u8]) -> Option<Self> {
        let (start, hash) = split(line)?;
        let after = self.after(start);
        (after.0.as_bytes() == hash).then_some(after)
    }

    /// The place that a line claims to lead to. Whether it does is not looked at.
    pub fn claimed(line: &[u8]) -> Option<Self> {
        let (_, hash) = split(line)?;
        std::str::from_utf8(hash).ok().map(|hash| Self(hash.to_owned()))
    }

    fn after(&self, start: &[u8]) -> Self {
        Self(sha256(&[self.0.as_bytes(), start].concat()))
    }
}

/// The event of a line, as it was before the chain was put to it; `None` where there is no chain.
pub fn event(line: &[u8]) -> Option<Vec<u8>> {
    split(line).map(|(start, _)| [start, b"}"].concat())
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (start, tail) = line.split_at_checked(line.len().checked_sub(TAIL)?)?;
    let hash = tail.strip_prefix(BEFORE.as_bytes())?.strip_suffix(AFTER.as_bytes())?;
    hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some((start, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [&str; 3] = [r#"{"event":"a"}"#, r#"{"event":"b","text":"}"}"#, r#"{"event":"c"}"#];

    fn lines() -> Vec<String> {
        let mut chain = Chain::root(b"sums");
        let mut lines = Vec::new();
        for event in EVENTS {
            let (line, after) = chain.line(event);
            lines.push(line.strip_suffix('\n').unwrap().to_owned());
            chain = after;
        }
        lines
    }

    fn holds(root: &[u8], lines: &[String]) -> bool {
        lines.iter().try_fold(Chain::root(root), |chain, line| chain.follow(line.as_bytes())).is_some()
    }

    #[test]
    fn lines_follow_each_other_and_hold_their_events() {
        let lines = lines();
        assert!(holds(b"sums", &lines) && holds(b"sums", &lines[..2]) && holds(b"sums", &[]));
        for (line, text) in lines.iter().zip(EVENTS) {
            assert_eq!(event(line.as_bytes()).unwrap(), text.as_bytes());
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
        // As a shell computes it: sha256sum of the chain before and the line up to its own.
        let (start, _) = lines[0].split_once(",\"chain\"").unwrap();
        let expected = sha256(format!("{}{start}", sha256(b"sums")).as_bytes());
        assert_eq!(Chain::claimed(lines[0].as_bytes()).unwrap().hash(), expected);
    }

    #[test]
    fn no_line_can_be_edited_moved_added_or_taken_out_before_the_last() {
        let whole = lines();
        for index in 0..whole.len() {
            for byte in 0..whole[index].len() {
                let mut edited = whole.clone();
                let mut bytes = edited[index].clone().into_bytes();
                bytes[byte] ^= 1;
                edited[index] = String::from_utf8(bytes).unwrap();
                assert!(!holds(b"sums", &edited), "{}", edited[index]);
            }
        }
        for order in [&[1, 0, 2][..], &[0, 2], &[1, 2], &[0, 0, 1, 2], &[0, 1, 2, 2], &[2]] {
            assert!(!holds(b"sums", &order.iter().map(|index| whole[*index].clone()).collect::<Vec<_>>()), "{order:?}");
        }
        assert!(!holds(b"other sums", &whole));
        assert!(!holds(b"sums", &[EVENTS[0].to_owned()]), "one without a chain");
        assert!(!holds(b"sums", &[String::new()]));
    }
}
