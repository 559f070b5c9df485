//! In which lines of a text the keys of a document stand.

use serde_saphyr::granit_parser::{Event, Parser};

/// A key of a mapping, or a scalar below one, with the keys and places in lists that lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyLine {
    /// The keys above it, itself last; a place in a list is its number, from 0.
    pub(crate) path: Vec<String>,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its value, where that is a scalar.
    pub(crate) value: Option<String>,
}

/// What is open around a place.
enum Open {
    List(usize),
    Mapping(Option<String>),
}

impl Open {
    fn step(&self) -> String {
        match self {
            Self::List(place) => place.to_string(),
            Self::Mapping(key) => key.clone().unwrap_or_default(),
        }
    }
}

/// The keys of the first document of a text, down to `deepest` steps, as far as the text can be read.
pub(crate) fn key_lines(text: &str, deepest: usize) -> Vec<KeyLine> {
    let mut keys: Vec<KeyLine> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        match event {
            Event::Scalar(value, ..) => {
                if let Some(Open::Mapping(key @ None)) = open.last_mut() {
                    *key = Some(value.into_owned());
                    if open.len() <= deepest {
                        let path = open.iter().map(Open::step).collect();
                        keys.push(KeyLine { path, line: span.start.line(), value: None });
                    }
                    continue;
                }
                if let (Some(Open::Mapping(_)), Some(key)) = (open.last(), keys.last_mut())
                    && open.len() <= deepest
                {
                    key.value = Some(value.into_owned());
                }
                value_ends(&mut open);
            }
            Event::Alias(_) => value_ends(&mut open),
            Event::SequenceStart(..) => open.push(Open::List(0)),
            Event::MappingStart(..) => open.push(Open::Mapping(None)),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                value_ends(&mut open);
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    keys
}

fn value_ends(open: &mut [Open]) {
    match open.last_mut() {
        Some(Open::List(place)) => *place += 1,
        Some(Open::Mapping(key)) => *key = None,
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_line_and_a_scalars_key_its_value() {
        let text = "users:\n- name: a\n  user:\n    token: t\n- {name: b, user: {\n    token: u}}\nlast: 1\n";
        let found: Vec<(String, usize, Option<String>)> =
            key_lines(text, 5).into_iter().map(|key| (key.path.join("."), key.line, key.value)).collect();
        let expected = [
            ("users", 1, None),
            ("users.0.name", 2, Some("a")),
            ("users.0.user", 3, None),
            ("users.0.user.token", 4, Some("t")),
            ("users.1.name", 5, Some("b")),
            ("users.1.user", 5, None),
            ("users.1.user.token", 6, Some("u")),
            ("last", 7, Some("1")),
        ];
        let expected = expected.map(|(path, line, value)| (path.to_owned(), line, value.map(str::to_owned)));
        assert_eq!(found, expected);
        assert_eq!(key_lines(text, 1).len(), 2);
        assert_eq!(key_lines("a: 1\nb: [\n", 5).len(), 2, "as far as it can be read");
    }
}
