//! Where the values of a document stand in its text: for who changes one of them and leaves every other byte as it is.

use std::borrow::Cow;
use std::ops::Range;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, StructureStyle};

use super::{YamlError, grammar};

/// A value, and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<'t> {
    /// The value.
    pub value: PlacedValue<'t>,
    /// Whether it has an anchor, so that other places of the text may stand for it.
    pub is_anchored: bool,
}

/// A value with the places of what it holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PlacedValue<'t> {
    /// A text, a number, a boolean or nothing.
    Scalar {
        /// The text without quotes and escapes.
        text: Cow<'t, str>,
        /// The bytes that it takes, its quotes included.
        range: Range<usize>,
        /// The quote around it.
        quote: Option<char>,
        /// Whether it is a block behind `|` or `>`: then the bytes are not all of it.
        is_block: bool,
    },
    /// A list.
    Sequence {
        /// Its items.
        items: Vec<Place<'t>>,
        /// Whether it is written as `[a, b]`.
        is_flow: bool,
    },
    /// A mapping.
    Mapping {
        /// Its keys with their values, in the order of the text.
        entries: Vec<(Place<'t>, Place<'t>)>,
        /// Whether it is written as `{a: b}`.
        is_flow: bool,
    },
    /// What an anchor elsewhere stands for.
    Alias,
}

/// What a mapping has under a key.
#[derive(Debug, PartialEq)]
pub enum Entry<'p, 't> {
    /// Nothing, or it is no mapping.
    Absent,
    /// This.
    One(&'p Place<'t>),
    /// More than one value.
    Several,
}

impl<'t> Place<'t> {
    /// The places of a text's first document; `None` for a text without one.
    ///
    /// # Errors
    /// Where the text breaks YAML's grammar.
    pub fn parse(text: &'t str) -> Result<Option<Self>, YamlError> {
        // Collections that are open, innermost last, each with what it holds so far.
        let mut open: Vec<(Opened, Vec<Place<'t>>)> = Vec::new();
        let options = granit_parser::options! { emit_comments: false };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| grammar(&error))?;
            let place = match event {
                Event::Scalar(value, style, anchor, _) => {
                    let range = span.byte_range().unwrap_or_default();
                    let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                    let quote = match style {
                        ScalarStyle::SingleQuoted => Some('\''),
                        ScalarStyle::DoubleQuoted => Some('"'),
                        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => None,
                    };
                    Place {
                        value: PlacedValue::Scalar { text: value, range, quote, is_block },
                        is_anchored: anchor > 0,
                    }
                }
                Event::Alias(_) => Place { value: PlacedValue::Alias, is_anchored: false },
                Event::SequenceStart(style, anchor, _) => {
                    open.push((Opened::new(false, style, anchor), Vec::new()));
                    continue;
                }
                Event::MappingStart(style, anchor, _) => {
                    open.push((Opened::new(true, style, anchor), Vec::new()));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                    Some((opened, held)) => opened.close(held),
                    None => continue,
                },
                Event::DocumentEnd => break,
                _ => continue,
            };
            match open.last_mut() {
                Some((_, held)) => held.push(place),
                None => return Ok(Some(place)),
            }
        }
        Ok(None)
    }

    /// What a mapping has under a key.
    pub fn entry(&self, key: &str) -> Entry<'_, 't> {
        let PlacedValue::Mapping { entries, .. } = &self.value else { return Entry::Absent };
        let mut found = entries.iter().filter(|(own, _)| own.text() == Some(key)).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (None, _) => Entry::Absent,
            (Some(value), None) => Entry::One(value),
            (Some(_), Some(_)) => Entry::Several,
        }
    }

    /// The items of a list; of anything else none.
    pub fn items(&self) -> &[Place<'t>] {
        match &self.value {
            PlacedValue::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            PlacedValue::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it, or anything in it, stands for another place of the text, or another place may stand for it.
    pub fn is_shared(&self) -> bool {
        let inside = match &self.value {
            PlacedValue::Sequence { items, .. } => items.iter().any(Place::is_shared),
            PlacedValue::Mapping { entries, .. } => {
                entries.iter().any(|(key, value)| key.text() == Some("<<") || key.is_shared() || value.is_shared())
            }
            PlacedValue::Scalar { .. } => false,
            PlacedValue::Alias => true,
        };
        self.is_anchored || inside
    }
}

/// A collection whose end is still to come.
struct Opened {
    is_mapping: bool,
    is_flow: bool,
    is_anchored: bool,
}

impl Opened {
    fn new(is_mapping: bool, style: StructureStyle, anchor: usize) -> Self {
        Self { is_mapping, is_flow: style == StructureStyle::Flow, is_anchored: anchor > 0 }
    }

    fn close(self, held: Vec<Place<'_>>) -> Place<'_> {
        let Self { is_mapping, is_flow, is_anchored } = self;
        if !is_mapping {
            return Place { value: PlacedValue::Sequence { items: held, is_flow }, is_anchored };
        }
        let (mut entries, mut held) = (Vec::new(), held.into_iter());
        while let (Some(key), Some(value)) = (held.next(), held.next()) {
            entries.push((key, value));
        }
        Place { value: PlacedValue::Mapping { entries, is_flow }, is_anchored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place<'_> {
        Place::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_scalar_stands_where_its_bytes_are_whatever_its_quotes() {
        for (text, written, quote) in [
            ("a: x # c\n", "x", None),
            ("é: 'y'\r\na:  \"x\"  \r\n", "\"x\"", Some('"')),
            ("a: 'x''y'\n", "'x''y'", Some('\'')),
            ("---\na:\n  x\n  y\nb: z\n", "x\n  y", None),
        ] {
            let place = place(text);
            let Entry::One(value) = place.entry("a") else { panic!("{text}") };
            let PlacedValue::Scalar { range, quote: found, is_block, .. } = &value.value else { panic!("{text}") };
            assert_eq!((&text[range.clone()], *found, *is_block), (written, quote, false), "{text:?}");
        }
    }

    #[test]
    fn anchors_aliases_and_merge_keys_are_seen_at_any_depth() {
        for (text, is_shared) in [
            ("a:\n- b: c\n", false),
            ("a:\n- {b: c}\n", false),
            ("a:\n- b: &x c\n", true),
            ("a: &x\n  b: c\n", true),
            ("y: &y {z: 1}\na:\n  <<: *y\n", true),
        ] {
            assert_eq!(place(text).is_shared(), is_shared, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_absent_once_or_repeated() {
        let place = place("a: 1\nb: 2\na: 3\n");
        assert_eq!((place.entry("c"), place.entry("a")), (Entry::Absent, Entry::Several));
        assert!(matches!(place.entry("b"), Entry::One(two) if two.text() == Some("2") && two.items().is_empty()));
        assert_eq!(Place::parse("# nothing\n").unwrap(), None);
    }
}
