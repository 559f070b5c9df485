//! Why something could not be read, and which of several failures have one cause.

use std::collections::BTreeMap;
use std::fmt;

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Inner {
    text: String,
    cause: Option<Cause>,
}

/// What makes every call fail alike: an access key, a certificate, the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What it is, without a word of the single call.
    pub what: String,
    /// What mends it.
    pub hint: &'static str,
}

/// Failures of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What failed; of several calls what they have in common, with their number.
    pub text: String,
    /// What mends it, where that is known.
    pub hint: Option<&'static str>,
}

impl Failure {
    /// A failure of a call that others may share with it.
    pub fn of_cause(text: impl Into<String>, cause: Cause) -> Self {
        Self(Box::new(Inner { text: text.into(), cause: Some(cause) }))
    }

    /// What failed and why, in one line.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What of it other failures may have in common with it.
    pub fn in_common(&self) -> &str {
        self.0.cause.as_ref().map_or(self.text(), |cause| cause.what.as_str())
    }

    /// What mends it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        self.0.cause.as_ref().map(|cause| cause.hint)
    }

    /// The same failure with a word about what it prevents.
    #[must_use]
    pub fn in_words(mut self, words: impl FnOnce(&str) -> String) -> Self {
        self.0.text = words(self.text());
        self
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(Box::new(Inner { text, cause: None }))
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

/// Each cause once, and each failure of its own once, in the order in which they come.
pub fn merged<'a>(failures: impl IntoIterator<Item = &'a Failure>) -> Vec<Merged> {
    let mut groups: Vec<(&Failure, usize)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for failure in failures {
        let key = failure.in_common();
        match places.get(key) {
            Some(place) => groups[*place].1 += 1,
            None => {
                places.insert(key, groups.len());
                groups.push((failure, 1));
            }
        }
    }
    let merge = |(failure, calls): (&Failure, usize)| Merged {
        text: match &failure.0.cause {
            Some(cause) if calls > 1 => format!("{} ({calls} calls)", cause.what),
            _ => failure.text().to_owned(),
        },
        hint: failure.hint(),
    };
    groups.into_iter().map(merge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_one_cause_are_one_with_a_count_and_a_hint() {
        let refused = |call: &str| {
            let cause = Cause { what: "the access key is refused".to_owned(), hint: "check it" };
            Failure::of_cause(format!("{call}: the access key is refused (request 4B1F)"), cause)
        };
        let failures = [refused("sts:A"), "page 2: timeout".into(), refused("ram:B"), "page 2: timeout".into()];
        let seen: Vec<_> = merged(&failures).into_iter().map(|merged| (merged.text, merged.hint)).collect();
        let expected = [
            ("the access key is refused (2 calls)".to_owned(), Some("check it")),
            ("page 2: timeout".to_owned(), None),
        ];
        assert_eq!(seen, expected);
        assert_eq!(merged([&refused("sts:A")])[0].text, "sts:A: the access key is refused (request 4B1F)");
    }
}
